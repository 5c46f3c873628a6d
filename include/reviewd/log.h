/* Log lines: one JSON object a line, without secrets. Any thread; a line is written whole. */
#ifndef REVIEWD_LOG_H
#define REVIEWD_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum { LOG_LEVELS = 4 };
extern const char *const log_level_names[LOG_LEVELS];

struct log_field {
    const char *name;
    const char *text; /* NULL: the number */
    int64_t number;
};

#define LOG_TEXT(key, value)                                                                                           \
    {                                                                                                                  \
        .name = (key), .text = (value)                                                                                 \
    }
#define LOG_NUMBER(key, value)                                                                                         \
    {                                                                                                                  \
        .name = (key), .number = (value)                                                                               \
    }

/* LOG(LOG_INFO, "listening", LOG_TEXT("address", address)) */
#define LOG(level, event, ...) log_line(level, event, (const struct log_field[]){__VA_ARGS__, {0}})

void log_line(enum log_level level, const char *event, const struct log_field *fields);

/* Lines from this level on, to a file (appended; NULL: standard error). False when the file cannot be opened. */
bool log_open(enum log_level level, const char *path);

bool log_enabled(enum log_level level);

/* What errno says; from any thread, unlike strerror() where the C library is another. */
const char *error_text(int error);

#endif
