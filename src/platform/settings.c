#include "reviewd/settings.h"

#include "reviewd/log.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTING(member) .offset = offsetof(struct settings, member)

bool listen_split(const char *text, char *ret_host, size_t size, const char **ret_port)
{
    const char *colon = strrchr(text, ':');
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    if (!digits || colon[1 + digits] || digits > 5 || strtol(colon + 1, NULL, 10) > 65535 ||
        (size_t)(colon - text) >= size)
        return false;
    bool bracketed = text[0] == '[' && colon > text + 1 && colon[-1] == ']';
    snprintf(ret_host, size, "%.*s", (int)(colon - text) - (bracketed ? 2 : 0), text + bracketed);
    *ret_port = colon + 1;
    return true;
}

static bool is_listen(const char *value)
{
    char host[256];
    const char *port;
    return listen_split(value, host, sizeof host, &port);
}

static bool is_log_level(const char *value)
{
    for (size_t i = 0; i < LOG_LEVELS; i++) {
        if (strcmp(log_level_names[i], value) == 0)
            return true;
    }
    return false;
}

/* An http(s) address that paths can be put behind, or nothing. */
static bool is_base(const char *value)
{
    size_t scheme = strncmp(value, "https://", 8) == 0 ? 8 : strncmp(value, "http://", 7) == 0 ? 7 : 0;
    size_t length = strlen(value);
    if (!length)
        return true;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)value[i] <= ' ' || (unsigned char)value[i] >= 0x7F || strchr("\"<>\\^`{|}?#", value[i]))
            return false;
    }
    return scheme && value[scheme] && value[scheme] != '/' && value[length - 1] != '/' && length <= 500;
}

const struct setting settings_table[] = {
    {"data", SETTING_TEXT, SETTING(data), "./reviewd-data", 0, 0, false,
     "Folder of the database; made with mode 0700 if need be."},
    {"listen", SETTING_TEXT, SETTING(listen), "127.0.0.1:8080", 0, 0, false,
     "Address and port to listen on; port 0 takes a free one. Anything but loopback belongs behind a TLS proxy.",
     is_listen, "an address and a port, such as 127.0.0.1:8080 or [::1]:8080"},
    {"log_file", SETTING_TEXT, SETTING(log_file), "", 0, 0, false,
     "Log lines go to this file (opened anew on SIGHUP); empty: standard error."},
    {"log_level", SETTING_TEXT, SETTING(log_level), "info", 0, 0, true,
     "The least that is logged: debug, info, warning or error.", is_log_level, "debug, info, warning or error"},
    {"workers", SETTING_NUMBER, SETTING(workers), "0", 0, 64, false, "Event-loop threads; 0: one for each core."},
    {"connections_max", SETTING_NUMBER, SETTING(connections_max), "8000", 32, 1000000, false,
     "Connections in all; beyond them requests are refused with 503."},
    {"queue_max", SETTING_NUMBER, SETTING(queue_max), "4096", 1, 1000000, false,
     "Writes that may wait; beyond them requests are refused with 503."},
    {"group_max", SETTING_NUMBER, SETTING(group_max), "256", 1, 10000, false, "Writes to one transaction at most."},
    {"body_max_bytes", SETTING_NUMBER, SETTING(body_max_bytes), "1048576", 1024, 16777216, true,
     "The largest JSON body taken; beyond it 413."},
    {"attachment_max_bytes", SETTING_NUMBER, SETTING(attachment_max_bytes), "26214400", 1024, 1073741824, true,
     "The largest file taken as evidence; beyond it 413."},
    {"attachments_total_max_mib", SETTING_NUMBER, SETTING(attachments_total_max_mib), "1024", 1, 16777216, true,
     "MiB of evidence files in all, the same bytes counted once; beyond them 507."},
    {"import_max_bytes", SETTING_NUMBER, SETTING(import_max_bytes), "268435456", 1024, 1073741824, true,
     "The largest file taken as an import; beyond it 413."},
    {"idle_timeout_s", SETTING_NUMBER, SETTING(idle_timeout_s), "60", 1, 86400, false,
     "Seconds after which a silent connection is closed."},
    {"write_timeout_ms", SETTING_NUMBER, SETTING(write_timeout_ms), "10000", 10, 600000, true,
     "Milliseconds that a write may wait for its turn; beyond them 503."},
    {"next_review_max_months", SETTING_NUMBER, SETTING(next_review_max_months), "12", 1, 60, true,
     "Months after a review within which the next one has to be (9.3.1)."},
    {"decision_horizon_months", SETTING_NUMBER, SETTING(decision_horizon_months), "24", 1, 240, true,
     "Months within which a decision's deadline has to be."},
    {"checkpoint_interval_minutes", SETTING_NUMBER, SETTING(checkpoint_interval_minutes), "60", 1, 10080, true,
     "Minutes after which the head of the audit log is signed anew where it has moved."},
    {"checkpoint_file", SETTING_TEXT, SETTING(checkpoint_file), "", 0, 0, true,
     "Signed heads are appended to this file, best on another machine; empty: to none."},
    {"checkpoint_command", SETTING_TEXT, SETTING(checkpoint_command), "", 0, 0, true,
     "Signed heads go to the standard input of this command: a program and its arguments, separated by spaces, without "
     "a shell, for 10 seconds at most; empty: to none."},
    {"operations_need_token", SETTING_SWITCH, SETTING(operations_need_token), "false", 0, 0, true,
     "Whether /readyz, /metrics, /openapi.json and /docs need a token too."},
    {"docs_bundle", SETTING_TEXT, SETTING(docs_bundle), "/usr/local/share/reviewd/redoc.standalone.js", 0, 0, false,
     "Redoc's bundle for /docs; without the file the page says how to get it."},
    {"public_url", SETTING_TEXT, SETTING(public_url), "", 0, 0, false,
     "Where people reach it: what addresses in calendars begin with. Empty: calendars link to nothing.", is_base,
     "an address such as https://reviews.example.org, without a slash at its end"},
};

const size_t settings_count = sizeof settings_table / sizeof *settings_table;

enum { SETTINGS_MAX = 32 };
static enum setting_origin origins[SETTINGS_MAX];

static const char *config_path = "/etc/reviewd/reviewd.conf";

/* REVIEWD_NEXT_REVIEW_MAX_MONTHS */
static void environment_name(const struct setting *setting, char *ret_name, size_t size)
{
    size_t length = (size_t)snprintf(ret_name, size, "REVIEWD_%s", setting->name);
    for (size_t i = 0; i < length && i < size; i++)
        ret_name[i] = (char)toupper((unsigned char)ret_name[i]);
}

const char *settings_origin_name(size_t index, char *buffer, size_t size)
{
    char name[80];
    switch (origins[index]) {
    case SETTING_DEFAULT:
        return "default";
    case SETTING_FILE:
        snprintf(buffer, size, "file %s", config_path);
        return buffer;
    case SETTING_ENVIRONMENT:
        environment_name(&settings_table[index], name, sizeof name);
        snprintf(buffer, size, "environment %s", name);
        return buffer;
    case SETTING_FLAG:
        break;
    }
    snprintf(name, sizeof name, "%s", settings_table[index].name);
    for (char *c = name; *c; c++)
        *c = *c == '_' ? '-' : *c;
    snprintf(buffer, size, "flag --%s", name);
    return buffer;
}

static const struct setting *find(const char *name)
{
    for (size_t i = 0; i < settings_count; i++) {
        if (strcmp(settings_table[i].name, name) == 0)
            return &settings_table[i];
    }
    return NULL;
}

/* Texts live as long as the process: each is kept once, however often settings are read again. */
static const char *keep_text(const char *value)
{
    static struct kept_text {
        struct kept_text *next;
        char text[];
    } * first;
    for (const struct kept_text *kept = first; kept; kept = kept->next) {
        if (strcmp(kept->text, value) == 0)
            return kept->text;
    }
    size_t size = strlen(value) + 1;
    struct kept_text *fresh = malloc(sizeof *fresh + size);
    if (!fresh)
        return NULL;
    memcpy(fresh->text, value, size);
    fresh->next = first;
    first = fresh;
    return fresh->text;
}

/* NUL among them. None has a place in a setting, nor in a message about one. */
static bool has_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return true;
    }
    return false;
}

static bool set(struct settings *settings, const struct setting *setting, const char *value, enum setting_origin origin,
                char *ret_message, size_t size)
{
    void *at = (char *)settings + setting->offset;
    origins[setting - settings_table] = origin;
    if (has_control(value, strlen(value))) {
        snprintf(ret_message, size, "%s contains a control character", setting->name);
        return false;
    }
    if (setting->fits && !setting->fits(value)) {
        snprintf(ret_message, size, "%s is %s, not '%s'", setting->name, setting->form, value);
        return false;
    }
    if (setting->kind == SETTING_TEXT) {
        const char *copy = keep_text(value);
        *(const char **)at = copy;
        if (!copy)
            snprintf(ret_message, size, "out of memory");
        return copy != NULL;
    }
    if (setting->kind == SETTING_SWITCH) {
        bool on = strcmp(value, "true") == 0;
        if (!on && strcmp(value, "false") != 0) {
            snprintf(ret_message, size, "%s is true or false, not '%s'", setting->name, value);
            return false;
        }
        *(bool *)at = on;
        return true;
    }
    char *end;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (errno || end == value || *end || number < setting->min || number > setting->max) {
        snprintf(ret_message, size, "%s is a number from %d to %d, not '%s'", setting->name, setting->min, setting->max,
                 value);
        return false;
    }
    *(int *)at = (int)number;
    return true;
}

static char *trim(char *text)
{
    text += strspn(text, " \t\r\n");
    size_t length = strlen(text);
    while (length && strchr(" \t\r\n", text[length - 1]))
        text[--length] = '\0';
    return text;
}

/* A line of `name = value`; `#` begins a comment. */
static bool read_line(struct settings *settings, char *line, size_t length, char *ret_why, size_t size)
{
    length -= length && line[length - 1] == '\n';
    length -= length && line[length - 1] == '\r';
    if (has_control(line, length)) {
        snprintf(ret_why, size, "a control character");
        return false;
    }
    char *name = trim(line);
    if (!*name || *name == '#')
        return true;
    char *equals = strchr(name, '=');
    if (!equals) {
        snprintf(ret_why, size, "a line is name = value");
        return false;
    }
    *equals = '\0';
    const struct setting *setting = find(trim(name));
    if (!setting) {
        snprintf(ret_why, size, "there is no setting '%.100s'", trim(name));
        return false;
    }
    if (origins[setting - settings_table] == SETTING_FILE) {
        snprintf(ret_why, size, "'%s' is set a second time", setting->name);
        return false;
    }
    return set(settings, setting, trim(equals + 1), SETTING_FILE, ret_why, size);
}

static bool read_file(struct settings *settings, const char *path, bool needed, char *ret_message, size_t size)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        if (!needed && errno == ENOENT)
            return true;
        snprintf(ret_message, size, "cannot read %s: %s", path, error_text(errno));
        return false;
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    bool fine = true;
    errno = 0;
    for (int number = 1; fine && (length = getline(&line, &room, file)) >= 0; number++) {
        char why[300];
        fine = read_line(settings, line, (size_t)length, why, sizeof why);
        if (!fine)
            snprintf(ret_message, size, "%s, line %d: %s", path, number, why);
    }
    if (fine && !feof(file)) {
        snprintf(ret_message, size, "cannot read %s: %s", path, error_text(errno));
        fine = false;
    }
    free(line);
    (void)fclose(file); /* it was only read */
    return fine;
}

static bool read_environment(struct settings *settings, char *ret_message, size_t size)
{
    for (size_t i = 0; i < settings_count; i++) {
        char name[80];
        environment_name(&settings_table[i], name, sizeof name);
        const char *value = getenv(name);
        if (value && !set(settings, &settings_table[i], value, SETTING_ENVIRONMENT, ret_message, size))
            return false;
    }
    return true;
}

/* The setting that "--next-review-max-months" or "--listen=…" names; its value where it is in the same argument. */
static const struct setting *flag_find(const char *argument, const char **ret_value)
{
    if (strncmp(argument, "--", 2) != 0)
        return NULL;
    char name[80];
    size_t length = strcspn(argument + 2, "=");
    if (length >= sizeof name)
        return NULL;
    for (size_t i = 0; i < length; i++)
        name[i] = argument[2 + i] == '-' ? '_' : argument[2 + i];
    name[length] = '\0';
    *ret_value = argument[2 + length] == '=' ? argument + 3 + length : NULL;
    return find(name);
}

static bool read_flags(struct settings *settings, int *argc, char **argv, char *ret_message, size_t size)
{
    int kept = 0;
    for (int i = 0; i < *argc; i++) {
        const char *value;
        const struct setting *setting = flag_find(argv[i], &value);
        if (!setting) {
            argv[kept++] = argv[i];
            continue;
        }
        if (!value && i + 1 < *argc)
            value = argv[++i];
        if (!value) {
            snprintf(ret_message, size, "%s needs a value", argv[i]);
            return false;
        }
        if (!set(settings, setting, value, SETTING_FLAG, ret_message, size))
            return false;
    }
    *argc = kept;
    return true;
}

/* --config FILE is no setting: it says where the settings are. */
static const char *take_config(int *argc, char **argv)
{
    for (int i = 0; i < *argc; i++) {
        bool apart = strcmp(argv[i], "--config") == 0 && i + 1 < *argc;
        bool joined = strncmp(argv[i], "--config=", 9) == 0;
        if (!apart && !joined)
            continue;
        const char *path = apart ? argv[i + 1] : argv[i] + 9;
        memmove(&argv[i], &argv[i + 1 + apart], (size_t)(*argc - i - 1 - apart) * sizeof *argv);
        *argc -= 1 + apart;
        return path;
    }
    return getenv("REVIEWD_CONFIG");
}

/* What settings_load() was given, for settings_reload(). */
enum { FLAGS_MAX = 64 };
static const char *given_config;
static char *given_flags[FLAGS_MAX];
static int given_count;

static bool load(struct settings *ret_settings, int *argc, char **argv, char *ret_message, size_t size)
{
    for (size_t i = 0; i < settings_count; i++) {
        if (!set(ret_settings, &settings_table[i], settings_table[i].initial, SETTING_DEFAULT, ret_message, size))
            return false;
    }
    config_path = given_config ? given_config : config_path;
    return read_file(ret_settings, config_path, given_config != NULL, ret_message, size) &&
           read_environment(ret_settings, ret_message, size) && read_flags(ret_settings, argc, argv, ret_message, size);
}

bool settings_load(struct settings *ret_settings, int *argc, char **argv, char *ret_message, size_t message_size)
{
    given_config = take_config(argc, argv);
    for (given_count = 0; given_count < *argc && given_count < FLAGS_MAX; given_count++)
        given_flags[given_count] = argv[given_count];
    return load(ret_settings, argc, argv, ret_message, message_size);
}

bool settings_reload(struct settings *settings, char *ret_message, size_t message_size)
{
    struct settings fresh;
    char *flags[FLAGS_MAX];
    int count = given_count;
    memcpy(flags, given_flags, sizeof flags);
    if (!load(&fresh, &count, flags, ret_message, message_size))
        return false;
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings_table[i];
        size_t offset = setting->offset;
        if (!setting->reloads)
            continue;
        if (setting->kind == SETTING_TEXT)
            __atomic_store_n((const char **)((char *)settings + offset), *(const char **)((char *)&fresh + offset),
                             __ATOMIC_RELAXED);
        else if (setting->kind == SETTING_NUMBER)
            __atomic_store_n((int *)((char *)settings + offset), *(int *)((char *)&fresh + offset), __ATOMIC_RELAXED);
        else
            __atomic_store_n((bool *)((char *)settings + offset), *(bool *)((char *)&fresh + offset), __ATOMIC_RELAXED);
    }
    return true;
}

const char *settings_value(const struct settings *settings, size_t index, char *buffer, size_t size)
{
    const struct setting *setting = &settings_table[index];
    const void *at = (const char *)settings + setting->offset;
    switch (setting->kind) {
    case SETTING_TEXT:
        return *(const char *const *)at;
    case SETTING_NUMBER:
        snprintf(buffer, size, "%d", *(const int *)at);
        return buffer;
    case SETTING_SWITCH:
        break;
    }
    return *(const bool *)at ? "true" : "false";
}
