/* What reviewd says of itself: description, catalogue, version, settings, manual. */
#include "command.h"

#include "version.h"

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
        buffer_format(&text, "%-46s %d  %s\n", catalogue_at(i)->name, catalogue_at(i)->status, catalogue_at(i)->statement);
    return print(&text);
}

int run_version(struct invocation *invocation)
{
    const char *libraries[][2] = {{"database", db_driver_version()},
                                  {"libmicrohttpd", MHD_get_version()},
                                  {"jansson", jansson_version_str()},
                                  {"libsodium", sodium_version_string()},
                                  {"zlib", zlibVersion()}};
    struct buffer text = {0};
    buffer_format(&text, invocation->json ? "{\"reviewd\":\"%s\",\"build\":\"%s\"" : "reviewd %s (%s)\n", REVIEWD_VERSION,
                  REVIEWD_BUILD);
    for (size_t i = 0; i < COUNT_OF(libraries); i++)
        buffer_format(&text, invocation->json ? ",\"%s\":\"%s\"" : "%s %s\n", libraries[i][0], libraries[i][1]);
    buffer_put(&text, invocation->json ? "}\n" : "");
    return print(&text);
}

int run_config(struct invocation *invocation)
{
    static const char *const origins[] = {"default", "file", "environment", "flag"};
    struct buffer text = {0};
    buffer_put(&text, invocation->json ? "{" : "");
    for (size_t i = 0; i < settings_count; i++) {
        char number[20];
        const struct setting *setting = &settings_table[i];
        const char *value = settings_value(&invocation->settings, i, number, sizeof number);
        const char *origin = origins[settings_origin(i)];
        if (!invocation->json) {
            bool from_file = settings_origin(i) == SETTING_FILE;
            buffer_format(&text, "# %s\n%s = %s  # %s%s%s\n", setting->description, setting->name, value, origin,
                          from_file ? " " : "", from_file ? settings_file() : "");
            continue;
        }
        buffer_format(&text, "%s\n \"%s\":{\"value\":", i ? "," : "", setting->name);
        if (setting->kind == SETTING_TEXT)
            json_put_text(&text, value, strlen(value));
        else
            buffer_put(&text, value);
        buffer_format(&text, ",\"origin\":\"%s\"", origin);
        if (settings_origin(i) == SETTING_FILE) {
            buffer_put(&text, ",\"file\":");
            json_put_text(&text, settings_file(), strlen(settings_file()));
        }
        buffer_char(&text, '}');
    }
    buffer_put(&text, invocation->json ? "\n}\n" : "");
    return print(&text);
}

/* --- the manual page (man(7)), from the same tables as --help ------------------------------------------------------- */

static void put_escaped(struct buffer *text, const char *plain)
{
    for (; *plain; plain++) {
        if (*plain == '-' || *plain == '\\')
            buffer_char(text, '\\');
        buffer_char(text, *plain == '\\' ? 'e' : *plain);
    }
}

static void put_command(struct buffer *text, const struct command *command)
{
    buffer_put(text, ".SS reviewd ");
    put_escaped(text, command->name);
    buffer_format(text, " %s\n", command->operands ? command->operands : "");
    put_escaped(text, command->description);
    buffer_char(text, '\n');
    for (size_t i = 0; i < command->option_count; i++) {
        const struct option_row *row = &command->options[i];
        buffer_put(text, ".TP\n.B ");
        put_escaped(text, row->name);
        buffer_format(text, " %s\n", row->value ? row->value : "");
        put_escaped(text, row->description);
        buffer_put(text, row->required ? " Required.\n" : "\n");
    }
}

int run_manual(struct invocation *invocation)
{
    (void)invocation;
    struct buffer text = {0};
    buffer_format(&text,
                  ".TH REVIEWD 8 \"\" \"reviewd %s\" \"System administration\"\n.SH NAME\nreviewd \\- server for the "
                  "management review of ISO/IEC 27001:2022, clause 9.3\n.SH SYNOPSIS\n.B reviewd\n.I COMMAND\n"
                  "[options]\n.SH COMMANDS\nEvery command takes \\-\\-data DIR, \\-\\-config FILE, \\-\\-json and "
                  "\\-\\-help. Exit status: 0 fine, 1 failed, 2 wrong usage.\n",
                  REVIEWD_VERSION);
    for (size_t i = 0; i < command_count; i++)
        put_command(&text, &commands[i]);
    buffer_put(&text, ".SH SETTINGS\nFrom the file, then the environment, then flags: a setting listen is\n.B listen = "
                      "VALUE\nin the file, REVIEWD_LISTEN in the environment, \\-\\-listen VALUE on the command line.\n");
    for (size_t i = 0; i < settings_count; i++) {
        buffer_format(&text, ".TP\n.B %s\n", settings_table[i].name);
        put_escaped(&text, settings_table[i].description);
        buffer_put(&text, " Default: ");
        put_escaped(&text, *settings_table[i].initial ? settings_table[i].initial : "empty");
        buffer_put(&text, settings_table[i].reloads ? ". Reloaded on SIGHUP.\n" : ".\n");
    }
    buffer_put(&text, ".SH FILES\n.TP\n.B /etc/reviewd/reviewd.conf\nSettings, where REVIEWD_CONFIG and \\-\\-config name no "
                      "other file.\n.SH SIGNALS\nSIGTERM and SIGINT drain and stop; SIGHUP opens the log anew and reloads "
                      "settings.\n");
    return print(&text);
}
