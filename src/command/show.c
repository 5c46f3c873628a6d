/* What reviewd says of itself: description, catalogue, version, settings, manual. */
#include "command.h"

#include "reviewd/digest.h"
#include "reviewd/late.h"

#include "version.h"

#include <cmark.h>
#include <jansson.h>
#include <microhttpd.h>
#include <sodium.h>
#include <stdio.h>
#include <zlib.h>

int run_openapi(struct invocation *invocation)
{
    (void)invocation;
    struct buffer text = {0};
    size_t length;
    const char *description = api_openapi(&length);
    if (!description)
        return fail("out of memory");
    buffer_add(&text, description, length);
    return print(&text);
}

int run_rules(struct invocation *invocation)
{
    struct buffer text = {0};
    if (invocation->json) {
        api_catalogue(&text);
        buffer_char(&text, '\n');
        return print(&text);
    }
    for (size_t i = 0; i < catalogue_count(); i++)
        buffer_format(&text, "%-46s %d  %s\n", catalogue_at(i)->name, catalogue_at(i)->status,
                      catalogue_at(i)->statement);
    return print(&text);
}

int run_version(struct invocation *invocation)
{
    const char *libraries[][2] = {{"database", db_driver_version()},
                                  {"libmicrohttpd", MHD_get_version()},
                                  {"jansson", jansson_version_str()},
                                  {"libsodium", sodium_version_string()},
                                  {"nettle", digest_nettle_version()},
                                  {"xxhash", digest_xxhash_version()},
                                  {"libxlsxwriter", late_version(LATE_XLSXWRITER)},
                                  {"zlib", zlibVersion()},
                                  {"cairo", late_version(LATE_CAIRO)},
                                  {"pango", late_version(LATE_PANGO)},
                                  {"cmark", cmark_version_string()},
                                  {"libarchive", late_version(LATE_ARCHIVE)}};
    struct buffer text = {0};
    buffer_format(&text, invocation->json ? "{\"reviewd\":\"%s\",\"build\":\"%s\"" : "reviewd %s (%s)\n",
                  REVIEWD_VERSION, REVIEWD_BUILD);
    for (size_t i = 0; i < COUNT_OF(libraries); i++)
        buffer_format(&text, invocation->json ? ",\"%s\":\"%s\"" : "%s %s\n", libraries[i][0], libraries[i][1]);
    buffer_put(&text, invocation->json ? "}\n" : "");
    return print(&text);
}

int run_config(struct invocation *invocation)
{
    struct buffer text = {0};
    buffer_put(&text, invocation->json ? "{" : "");
    for (size_t i = 0; i < settings_count; i++) {
        char number[20];
        const struct setting *setting = &settings_table[i];
        const char *value = settings_value(&invocation->settings, i, number, sizeof number);
        char found[4200];
        const char *origin = settings_origin_name(i, found, sizeof found);
        if (!invocation->json) {
            buffer_format(&text, "# %s\n%s = %s  # %s\n", setting->description, setting->name, value, origin);
            continue;
        }
        buffer_format(&text, "%s\n \"%s\":{\"value\":", i ? "," : "", setting->name);
        if (setting->kind == SETTING_TEXT)
            json_put_text(&text, value, strlen(value));
        else
            buffer_put(&text, value);
        buffer_put(&text, ",\"origin\":");
        json_put_text(&text, origin, strlen(origin));
        buffer_char(&text, '}');
    }
    buffer_put(&text, invocation->json ? "\n}\n" : "");
    return print(&text);
}

/* --- the manual page (man(7)), from the same tables as --help ----------------------------------------------------- */

enum { MANUAL_COLUMNS = 72 };

/* Plain text as source lines: each sentence begins one, and none is long or mistaken for a request. */
static void put_text(struct buffer *text, const char *plain)
{
    size_t column = 0;
    for (; *plain; plain++) {
        bool sentence_ends = column && *plain == ' ' && (plain[-1] == '.' || plain[-1] == ':');
        if (*plain == ' ' && (sentence_ends || column + strcspn(plain + 1, " ") >= MANUAL_COLUMNS)) {
            buffer_char(text, '\n');
            column = 0;
            continue;
        }
        if (column == 0 && (*plain == '.' || *plain == '\''))
            buffer_put(text, "\\&");
        if (*plain == '-' || *plain == '\\')
            buffer_char(text, '\\');
        buffer_char(text, *plain == '\\' ? 'e' : *plain);
        column++;
    }
    buffer_char(text, '\n');
}

/* A tagged paragraph: "name" bold, then what it takes in italics. */
static void put_tag(struct buffer *text, const char *name, const char *value)
{
    buffer_put(text, value ? ".TP\n.BI \"" : ".TP\n.B \"");
    for (; *name; name++)
        buffer_format(text, *name == '-' ? "\\%c" : "%c", *name);
    buffer_format(text, value ? " \" \"%s\"\n" : "\"\n", value);
}

static void put_command(struct buffer *text, const struct command *command)
{
    buffer_format(text, ".SS \"reviewd %s%s%s\"\n", command->name, command->operands ? " " : "",
                  command->operands ? command->operands : "");
    put_text(text, command->description);
    for (size_t i = 0; i < command->option_count; i++) {
        const struct option_row *row = &command->options[i];
        put_tag(text, row->name, row->value);
        put_text(text, row->description);
        if (row->required)
            buffer_put(text, "Required.\n");
    }
}

static void put_settings(struct buffer *text)
{
    buffer_put(text, ".SH SETTINGS\n");
    put_text(text,
             "They come from the file, then from the environment, then from flags, and the last one counts. A "
             "setting has one name: listen is 'listen = VALUE' in the file, REVIEWD_LISTEN in the environment and "
             "'--listen VALUE' on the command line. In the file a line that begins with # is a comment. "
             "'reviewd config' prints what is in force and where each value came from.");
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings_table[i];
        put_tag(text, setting->name, NULL);
        put_text(text, setting->description);
        if (setting->kind == SETTING_NUMBER)
            buffer_format(text, "From %d to %d.\n", setting->min, setting->max);
        if (setting->reloads)
            buffer_put(text, "Taken over anew on SIGHUP.\n");
        buffer_put(text, "Default: ");
        put_text(text, *setting->initial ? setting->initial : "empty");
    }
}

/* The commands are run as they stand here by tests/deploy/test_restore.py. */
static void put_restoring(struct buffer *text)
{
    buffer_put(text, ".SH BACKUP AND RESTORE\n");
    put_text(
        text,
        "A backup is made while the server runs, and holds up no write. It is the database, with all evidence; the "
        "keys that sign are kept in another place, so that a thief of one has not both, and so are the signed heads "
        "(checkpoint_file). Each night, and the second line once and after each 'reviewd key rotate':");
    buffer_put(text, ".PP\n.nf\n"
                     "reviewd backup \\-\\-data /var/lib/reviewd /backup/reviewd\\-$(date +%F).db\n"
                     "cp \\-a /var/lib/reviewd/keys /elsewhere/\n"
                     ".fi\n.PP\n");
    put_text(text,
             "To restore, as root under systemd; to try whether one could, into another folder and without systemctl:");
    buffer_put(text, ".PP\n.nf\n"
                     "systemctl stop reviewd\n"
                     "mkdir \\-p \\-m 700 /var/lib/reviewd.before\n"
                     "find /var/lib/reviewd/ \\-mindepth 1 \\-maxdepth 1 \\-exec mv \\-t /var/lib/reviewd.before {} +\n"
                     "cp \\-a /elsewhere/keys /var/lib/reviewd/\n"
                     "reviewd restore \\-\\-data /var/lib/reviewd $(ls /backup/reviewd\\-*.db | tail \\-1)\n"
                     "reviewd check \\-\\-data /var/lib/reviewd\n"
                     "reviewd audit verify \\-\\-data /var/lib/reviewd \\-\\-checkpoint /elsewhere/checkpoints\n"
                     "chown \\-R \\-\\-reference=/var/lib/reviewd/ /var/lib/reviewd/\n"
                     "systemctl start reviewd\n"
                     ".fi\n.PP\n");
    put_text(
        text,
        "What was written after the backup is lost. A signed head of that time finds that the log is cut short, and "
        "says where it ends. Tokens are those of the backup: what was revoked since is to be revoked again.");
}

int run_manual(struct invocation *invocation)
{
    static const char *const files[][2] = {
        {"/etc/reviewd/reviewd.conf", "The settings, where neither --config nor REVIEWD_CONFIG names another file."},
        {STORE_FILE, "In the data folder: the database, with its -wal and -shm files while it is in use."},
        {KEYS_FOLDER "/reviewd.key", "In the data folder: the secret key that signs, in the form of minisign. No "
                                     "backup of the database has it: keep "
                                     "a copy of the folder apart."},
        {KEYS_FOLDER "/*.pub", "In the data folder: the public keys, present and former, in the form of minisign."},
        {"checkpoint.delivered", "In the data folder: how far checkpoint_file and checkpoint_command have come."}};
    static const char *const signals[][2] = {
        {"SIGTERM, SIGINT", "Requests that were accepted are answered, for 5 seconds at most; then the server stops."},
        {"SIGHUP", "The log file is opened anew, and the settings that can be are taken over anew."}};
    (void)invocation;
    struct buffer text = {0};
    buffer_format(&text, ".TH REVIEWD 8 \"\" \"reviewd %s\" \"System administration\"\n.SH NAME\n", REVIEWD_VERSION);
    buffer_put(&text, "reviewd \\- server for the management reviews of ISO/IEC 27001\n.SH SYNOPSIS\n.B reviewd\n"
                      ".I command\n.RI [ options ]\n.SH DESCRIPTION\n");
    put_text(&text,
             "Keeps management reviews as ISO/IEC 27001:2022 asks for them in clause 9.3: inputs, decisions, action "
             "items and their follow-ups, over HTTP with JSON, in one SQLite database, with an audit log that "
             "shows every later change. GET /docs of a running server explains the API, GET /v1/rules its rules.");
    buffer_put(&text, ".SH COMMANDS\n");
    put_text(&text,
             "Every command takes --data DIR, --config FILE, --json and --help, and every setting as a flag. All of "
             "them work beside a running server on the same data. 'reviewd help COMMAND' explains one, and 'reviewd "
             "--version' is 'reviewd version'.");
    for (size_t i = 0; i < command_count; i++)
        put_command(&text, &commands[i]);
    put_settings(&text);
    buffer_put(&text, ".SH FILES\n");
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        put_tag(&text, files[i][0], NULL);
        put_text(&text, files[i][1]);
    }
    buffer_put(&text, ".SH SIGNALS\n");
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        put_tag(&text, signals[i][0], NULL);
        put_text(&text, signals[i][1]);
    }
    put_restoring(&text);
    buffer_put(&text, ".SH EXIT STATUS\n");
    put_text(&text, "0: done. 1: it failed, and one line on standard error says why. 2: wrong usage. "
                    "3: 'reviewd due' found something overdue.");
    buffer_put(&text, ".SH EXAMPLES\n.nf\nreviewd person upsert \\-\\-name 'Ana Horvat' \\-\\-email ana@example.org "
                      "\\-\\-role isms_manager\nreviewd token create \\-\\-person ana@example.org \\-\\-label first\n"
                      "reviewd serve \\-\\-listen 127.0.0.1:8080\n.fi\n");
    return print(&text);
}
