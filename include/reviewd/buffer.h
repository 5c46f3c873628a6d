/* A growing run of bytes, and JSON written into it (RFC 8259; numbers as RFC 8785 wants them).
 *
 * Failure is sticky: after one, further writes do nothing and buffer_failed() says so. The buffer owns its bytes. */
#ifndef REVIEWD_BUFFER_H
#define REVIEWD_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buffer {
    char *data;
    size_t length;
    size_t capacity;
    bool failed;
};

void buffer_finish(struct buffer *buffer);

static inline bool buffer_failed(const struct buffer *buffer)
{
    return buffer->failed;
}

/* Makes room for `more` bytes beyond the length; false (and sticky) when memory is out. */
bool buffer_reserve(struct buffer *buffer, size_t more);

static inline void buffer_add(struct buffer *buffer, const char *data, size_t length)
{
    if (buffer->capacity - buffer->length < length && !buffer_reserve(buffer, length))
        return;
    if (length) /* either may be NULL where there is nothing */
        memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
}

static inline void buffer_char(struct buffer *buffer, char c)
{
    buffer_add(buffer, &c, 1);
}

static inline void buffer_put(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The bytes as a NUL-terminated string that the caller frees; NULL if anything failed. Empties the buffer. */
char *buffer_take(struct buffer *buffer);

/* A quoted JSON string. The text is valid UTF-8. */
void json_put_text(struct buffer *buffer, const char *text, size_t length);

void json_put_integer(struct buffer *buffer, int64_t value);

/* The shortest form that reads back as the same double, laid out as ECMAScript does (RFC 8785, 3.2.2.3). */
void json_put_number(struct buffer *buffer, double value);

#endif
