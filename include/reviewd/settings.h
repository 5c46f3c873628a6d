/* What can be set, and what is in force. */
#ifndef REVIEWD_SETTINGS_H
#define REVIEWD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

struct settings {
    const char *data;
    const char *listen;
    const char *log_file;
    const char *log_level;
    int workers; /* 0: as many as there are cores */
    int connections_max;
    int queue_max;
    int group_max;
    _Atomic int body_max_bytes; /* atomic: what reloads while other threads read it */
    _Atomic int attachment_max_bytes;
    _Atomic int attachments_total_max_mib;
    _Atomic int import_max_bytes;
    int idle_timeout_s;
    _Atomic int write_timeout_ms;
    _Atomic int next_review_max_months;
    _Atomic int decision_horizon_months;
    _Atomic int checkpoint_interval_minutes;
    const char *checkpoint_file; /* __atomic_load_n: it reloads, too */
    const char *checkpoint_command;
    _Atomic bool operations_need_token; /* /metrics, /openapi.json, /docs and /readyz too */
    const char *docs_bundle;
    const char *public_url; /* "https://reviews.example.org", or "" */
};

enum setting_kind { SETTING_TEXT, SETTING_NUMBER, SETTING_SWITCH };
enum setting_origin { SETTING_DEFAULT, SETTING_FILE, SETTING_ENVIRONMENT, SETTING_FLAG };

/* One setting has one name: `next_review_max_months` in the file, REVIEWD_NEXT_REVIEW_MAX_MONTHS in the environment,
 * --next-review-max-months on the command line. */
struct setting {
    const char *name;
    enum setting_kind kind;
    size_t offset;
    const char *initial;
    int min;
    int max;
    bool reloads; /* on SIGHUP */
    const char *description;
    bool (*fits)(const char *value); /* of a text: whether it has its form … */
    const char *form;                /* … which is this */
};

extern const struct setting settings_table[];
extern const size_t settings_count;

/* Splits "127.0.0.1:8080", "[::1]:8080" or ":0" into host (without brackets) and port, which points into the text;
 * false where it is none. Whether there is such a host, nobody has asked yet. */
bool listen_split(const char *text, char *ret_host, size_t size, const char **ret_port);

/* Reads the defaults, then the file (REVIEWD_CONFIG or --config, else /etc/reviewd/reviewd.conf where there is one),
 * the environment and the flags. Flags are taken out of the arguments (argc and argv are changed); `--name value` and
 * `--name=value`. False with one line in ret_message on the first thing wrong. Texts live as long as the process. */
bool settings_load(struct settings *ret_settings, int *argc, char **argv, char *ret_message, size_t message_size);

/* Reads file, environment and the same flags again and takes over what `reloads`. Other threads may read numbers
 * meanwhile: each is written at once. False (and nothing is changed) on the first thing wrong. */
bool settings_reload(struct settings *settings, char *ret_message, size_t message_size);

/* The value's origin as people find it: "default", "file /etc/…", "environment REVIEWD_LISTEN", "flag --listen". */
const char *settings_origin_name(size_t index, char *buffer, size_t size);

/* The value in force as text, in a buffer of the caller. */
const char *settings_value(const struct settings *settings, size_t index, char *buffer, size_t size);

#endif
