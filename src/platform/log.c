#include "reviewd/log.h"

#include "reviewd/buffer.h"
#include "reviewd/clock.h"
#include "reviewd/failpoint.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static _Atomic int log_file = STDERR_FILENO;
const char *const log_level_names[LOG_LEVELS] = {"debug", "info", "warning", "error"};

static _Atomic int log_from = LOG_INFO;
static char log_path[4096];

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load(&log_from);
}

static bool log_reopen(void)
{
    if (!log_path[0])
        return true;
    if (FAILPOINT("log.reopen"))
        return false;
    int file = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (file < 0)
        return false;
    /* The old file keeps its number, so that a line under way ends up in one of the two. */
    int old = atomic_load(&log_file);
    if (old == STDERR_FILENO) {
        atomic_store(&log_file, file);
        return true;
    }
    bool replaced = dup3(file, old, O_CLOEXEC) >= 0;
    close(file);
    return replaced;
}

bool log_open(enum log_level level, const char *path)
{
    atomic_store(&log_from, (int)level);
    log_path[0] = '\0';
    if (path)
        snprintf(log_path, sizeof log_path, "%s", path);
    return log_reopen();
}

static void put_time(struct buffer *line)
{
    int64_t now = clock_now_ms();
    time_t seconds = (time_t)(now / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    char text[40];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    buffer_format(line, "{\"time\":\"%s.%03dZ\"", text, (int)(now % 1000));
}

void log_line(enum log_level level, const char *event, const struct log_field *fields)
{
    if (!log_enabled(level))
        return;
    struct buffer line = {0};
    put_time(&line);
    buffer_format(&line, ",\"level\":\"%s\",\"event\":\"%s\"", log_level_names[level], event);
    for (; fields->name; fields++) {
        buffer_format(&line, ",\"%s\":", fields->name);
        if (fields->text)
            json_put_text(&line, fields->text, strlen(fields->text));
        else
            json_put_integer(&line, fields->number);
    }
    buffer_put(&line, "}\n");
    if (!buffer_failed(&line) && write(atomic_load(&log_file), line.data, line.length) < 0)
        atomic_store(&log_from, atomic_load(&log_from)); /* nowhere left to complain */
    buffer_finish(&line);
}
