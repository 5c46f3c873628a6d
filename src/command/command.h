/* The command line: one table of commands, from which usage, --help and the manual page come. */
#ifndef REVIEWD_COMMAND_COMMAND_H
#define REVIEWD_COMMAND_COMMAND_H

#include "reviewd/api.h"
#include "reviewd/caller.h"
#include "reviewd/checkpoint.h"
#include "reviewd/settings.h"
#include "reviewd/store.h"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_OVERDUE = 3, OPTIONS_MAX = 10 };

/* An option of a command, beside the settings, which every command takes. */
struct option_row {
    const char *name;  /* "--name" */
    const char *value; /* what it takes, as usage shows it; NULL: a switch */
    bool required;
    const char *description;
};

struct invocation;

struct command {
    const char *name;     /* "person upsert" */
    const char *operands; /* "FILE", or NULL */
    int operand_count;
    const struct option_row *options;
    size_t option_count;
    int (*run)(struct invocation *invocation);
    const char *summary;
    const char *description;
};

extern const struct command commands[];
extern const size_t command_count;

/* One call of a command. */
struct invocation {
    const struct command *command;
    struct settings settings;
    const char *options[OPTIONS_MAX]; /* by the command's rows; "" for a switch that is there; NULL: not given */
    const char *operands[4];
    bool json;
};

const char *option(const struct invocation *invocation, const char *name);

/* One line on standard error; returns EXIT_FAILED. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes the buffer to standard output, or says why not. Frees the buffer. */
int print(struct buffer *text);

/* The data folder with a migrated database, opened as a guest that may write beside a running daemon. */
struct data {
    struct store store;
    struct api *api;
    struct api_worker *worker;
    struct arena arena;
};

/* False after saying why. */
bool data_open(struct data *data, const struct invocation *invocation);
void data_close(struct data *data);

/* Makes the data folder (mode 0700) where there is none; false after saying why. */
bool data_folder_make(const char *path);

/* Calls the API in this process. The body of the answer lives until the next call. */
struct response *data_call(struct data *data, const struct invocation *invocation, enum method method,
                           const char *target, const char *body, const char *idempotency_key,
                           const struct id *as_person);

/* Runs writes on the store in one transaction; false after saying why. */
bool data_write(struct data *data, const struct invocation *invocation,
                bool (*write)(struct store *store, struct arena *arena, void *context), void *context);

/* The detail of a problem with its violations, as one line in the arena. */
const char *problem_line(struct arena *arena, const struct response *response);

/* The public keys to check with: those of --key, else of the data folder, which may have none. False after saying why
 * they cannot be read. */
bool verify_keys(const struct invocation *invocation, struct known_keys *ret_keys);

/* Verifies the evidence pack that --pack names, and says what it found; the exit status. */
int verify_pack(const struct invocation *invocation);

/* Checks the signed heads that --checkpoint names, else those of the database, against the log and the public keys (of
 * --key, else of the data folder). False after saying why it cannot. */
bool verify_checkpoints(const struct invocation *invocation, struct store *store,
                        struct checkpoint_finding *ret_finding);

int run_serve(struct invocation *invocation);
int run_person_upsert(struct invocation *invocation);
int run_token_create(struct invocation *invocation);
int run_token_list(struct invocation *invocation);
int run_token_revoke(struct invocation *invocation);
int run_migrate(struct invocation *invocation);
int run_check(struct invocation *invocation);
int run_backup(struct invocation *invocation);
int run_restore(struct invocation *invocation);
int run_audit_verify(struct invocation *invocation);
int run_due(struct invocation *invocation);
int run_key_show(struct invocation *invocation);
int run_key_rotate(struct invocation *invocation);
int run_openapi(struct invocation *invocation);
int run_rules(struct invocation *invocation);
int run_version(struct invocation *invocation);
int run_config(struct invocation *invocation);
int run_demo(struct invocation *invocation);
int run_manual(struct invocation *invocation);

/* Tells systemd (sd_notify(3)), where it started us; else nothing. */
void notify(const char *state);

#endif
