/* The configuration file. */
#include "fuzz.h"

#include <sys/mman.h>

/* The value that a file sets, read by hand: lines of name = value, blanks around either left out. */
static const char *value_in(struct arena *arena, const char *file, const char *name)
{
    static const char blank[] = " \t\r\n";
    for (const char *line = file; *line; line += *line == '\n') {
        size_t length = strcspn(line, "\n");
        const char *text = arena_copy(arena, line, length);
        line += length;
        text += strspn(text, blank);
        size_t named = strcspn(text, "=");
        if (*text == '#' || !text[named])
            continue;
        const char *value = text + named + 1;
        while (named && strchr(blank, text[named - 1]))
            named--;
        if (named != strlen(name) || strncmp(text, name, named) != 0)
            continue;
        value += strspn(value, blank);
        size_t end = strlen(value);
        while (end && strchr(blank, value[end - 1]))
            end--;
        return arena_copy(arena, value, end);
    }
    return NULL;
}

static void check_value(struct arena *arena, const struct settings *settings, size_t index, const char *file)
{
    const struct setting *setting = &settings_table[index];
    char buffer[80];
    const char *value = settings_value(settings, index, buffer, sizeof buffer);
    const char *set = value_in(arena, file, setting->name);
    const char *wanted = set ? set : setting->initial;
    if (setting->kind == SETTING_NUMBER) {
        REQUIRE(atol(value) == atol(wanted), "%s is %s, not %s", setting->name, value, wanted);
        REQUIRE(atol(value) >= setting->min && atol(value) <= setting->max, "%s is %s", setting->name, value);
    } else {
        REQUIRE(strcmp(value, wanted) == 0, "%s is '%s', not '%s'", setting->name, value, wanted);
    }
}

/* A file is taken as a whole, each line for what it says, or it is refused by a line that there is. */
void fuzz_settings(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct settings settings;
    char message[600] = "", path[60];
    arena_init(&arena);
    int file = memfd_create("settings", MFD_CLOEXEC);
    REQUIRE(file >= 0 && write(file, data, size) == (ssize_t)size, "there is no file");
    snprintf(path, sizeof path, "--config=/proc/self/fd/%d", file);
    char *arguments[] = {path, NULL};
    int count = 1;
    bool loaded = settings_load(&settings, &count, arguments, message, sizeof message);
    bool has_nul = memchr(data, '\0', size) != NULL;
    REQUIRE(!loaded || !has_nul, "a line with NUL is taken");
    if (loaded) {
        const char *text = arena_copy(&arena, (const char *)data, size);
        for (size_t i = 0; i < settings_count; i++)
            check_value(&arena, &settings, i, text);
        REQUIRE(settings_reload(&settings, message, sizeof message), "it is refused the second time: %s", message);
    } else {
        const char *line = strstr(message, ", line ");
        int lines = 1;
        for (size_t i = 0; i < size; i++)
            lines += data[i] == '\n';
        REQUIRE(*message && !strpbrk(message, "\r\n"), "the message is '%s'", message);
        REQUIRE(line && atoi(line + 7) >= 1 && atoi(line + 7) <= lines, "no such line: %s", message);
    }
    close(file);
    arena_finish(&arena);
}
