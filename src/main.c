/* The command line: finds the command, reads its options and the settings, and runs it. */
#include "command/command.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage_error(const char *text, const char *what)
{
    fprintf(stderr, "reviewd: %s%s%s; see 'reviewd --help'\n", text, what ? " " : "", what ? what : "");
    return EXIT_USAGE;
}

static void print_options(const struct command *command)
{
    for (size_t i = 0; i < command->option_count; i++) {
        char flag[80];
        const struct option_row *row = &command->options[i];
        snprintf(flag, sizeof flag, "%s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
        printf("  %-26s %s%s\n", flag, row->description, row->required ? " (required)" : "");
    }
    printf("  %-26s %s\n", "--data DIR", "folder of the database (default ./reviewd-data)");
    printf("  %-26s %s\n", "--config FILE", "settings from this file");
    printf("  %-26s %s\n", "--json", "print data as JSON");
    printf("Every setting is an option too: 'reviewd config' lists them.\n");
}

static int print_help(const struct command *command)
{
    if (command) {
        printf("usage: reviewd %s%s%s [options]\n\n%s\n\n", command->name, command->operands ? " " : "",
               command->operands ? command->operands : "", command->description);
        print_options(command);
        return EXIT_FINE;
    }
    printf("usage: reviewd COMMAND [options]\n\nThe server for the management review of ISO/IEC 27001:2022, clause "
           "9.3.\n\n");
    for (size_t i = 0; i < command_count; i++)
        printf("  %-16s %s\n", commands[i].name, commands[i].summary);
    printf("\n'reviewd COMMAND --help' and 'reviewd help COMMAND' say more.\n");
    return EXIT_FINE;
}

/* The command that the arguments begin with, and how many words its name has. */
static const struct command *find_command(int argc, char **argv, int *ret_words)
{
    for (size_t i = 0; i < command_count; i++) {
        char two[64];
        *ret_words = strchr(commands[i].name, ' ') ? 2 : 1;
        if (argc < *ret_words)
            continue;
        snprintf(two, sizeof two, *ret_words == 2 ? "%s %s" : "%s", argv[0], *ret_words == 2 ? argv[1] : "");
        if (strcmp(two, commands[i].name) == 0)
            return &commands[i];
    }
    return NULL;
}

static bool take_option(struct invocation *invocation, int argc, char **argv, int *at)
{
    const struct command *command = invocation->command;
    size_t length = strcspn(argv[*at], "=");
    for (size_t i = 0; i < command->option_count; i++) {
        const struct option_row *row = &command->options[i];
        if (strlen(row->name) != length || strncmp(row->name, argv[*at], length) != 0)
            continue;
        if (!row->value) {
            invocation->options[i] = "";
            return argv[*at][length] == '\0';
        }
        if (argv[*at][length] == '=') {
            invocation->options[i] = argv[*at] + length + 1;
            return true;
        }
        if (*at + 1 >= argc)
            return false;
        invocation->options[i] = argv[++*at];
        return true;
    }
    return false;
}

/* EXIT_FINE, or EXIT_USAGE after saying what is wrong. */
static int read_arguments(struct invocation *invocation, int argc, char **argv)
{
    const struct command *command = invocation->command;
    int operands = 0;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            invocation->json = true;
        } else if (argv[i][0] == '-' && argv[i][1]) {
            if (!take_option(invocation, argc, argv, &i))
                return usage_error("there is no such option, or its value is missing:", argv[i]);
        } else if (operands == command->operand_count) {
            return usage_error("one argument too many:", argv[i]);
        } else {
            invocation->operands[operands++] = argv[i];
        }
    }
    if (operands < command->operand_count)
        return usage_error("missing:", command->operands);
    for (size_t i = 0; i < command->option_count; i++) {
        if (command->options[i].required && !invocation->options[i])
            return usage_error("missing:", command->options[i].name);
    }
    return EXIT_FINE;
}

static bool asks_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return false;
}

/* Made by the build (see meson.build). */
extern const char template_database[];
extern const char template_database_end[];

/* reviewd help [COMMAND] */
static int run_help(int argc, char **argv)
{
    int words = 0;
    const struct command *command = argc ? find_command(argc, argv, &words) : NULL;
    if (argc && !command)
        return usage_error("there is no command", argv[0]);
    if (argc > words)
        return usage_error("one argument too many:", argv[words]);
    return print_help(command);
}

int main(int argc, char **argv)
{
    int words = 0;
    static char version[] = "version";
    if (argc > 1 && strcmp(argv[1], "--version") == 0)
        argv[1] = version;
    struct invocation invocation = {.command = find_command(argc - 1, argv + 1, &words)};
    if (argc > 1 && asks_help(argc - 1, argv + 1))
        return print_help(invocation.command);
    if (argc > 1 && strcmp(argv[1], "help") == 0)
        return run_help(argc - 2, argv + 2);
    if (argc < 2 || !invocation.command)
        return usage_error(argc < 2 ? "say which command" : "there is no command", argc < 2 ? NULL : argv[1]);
    char message[512];
    int rest = argc - 1 - words;
    char **arguments = argv + 1 + words;
    if (!settings_load(&invocation.settings, &rest, arguments, message, sizeof message))
        return usage_error(message, NULL);
    int status = read_arguments(&invocation, rest, arguments);
    if (status != EXIT_FINE)
        return status;
    if (sodium_init() < 0)
        return fail("libsodium cannot be used");
    api_init();
    json_object_seed(0); /* before threads */
    db_global_init();
    domain_init();
    if (!store_init())
        return fail("out of memory");
    // cppcheck-suppress comparePointers ; the linker puts one behind the other
    store_use_template(template_database, (size_t)(template_database_end - template_database));
    return invocation.command->run(&invocation);
}
