#include "reviewd/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buffer_finish(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

bool buffer_reserve(struct buffer *buffer, size_t more)
{
    if (buffer->failed || more > SIZE_MAX / 4 || buffer->length > SIZE_MAX / 4) {
        buffer->failed = true;
        return false;
    }
    if (buffer->capacity - buffer->length >= more)
        return true;
    size_t capacity = buffer->capacity ? buffer->capacity * 2 : 2048;
    while (capacity - buffer->length < more)
        capacity *= 2;
    char *data = realloc(buffer->data, capacity);
    if (!data) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    enum { USUAL_BYTES = 128 }; /* most texts are not made twice to know their length */
    if (!buffer_reserve(buffer, USUAL_BYTES))
        return;
    size_t room = buffer->capacity - buffer->length;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(buffer->data + buffer->length, room, format, arguments);
    va_end(arguments);
    if (length < 0 || ((size_t)length >= room && !buffer_reserve(buffer, (size_t)length + 1))) {
        buffer->failed = true;
        return;
    }
    if ((size_t)length >= room) {
        va_start(arguments, format);
        vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
        va_end(arguments);
    }
    buffer->length += (size_t)length;
}

char *buffer_take(struct buffer *buffer)
{
    buffer_char(buffer, '\0');
    char *data = buffer->data;
    if (buffer->failed) {
        free(data);
        data = NULL;
    }
    char *fitted = data ? realloc(data, buffer->length) : NULL; /* many of these stay for good */
    *buffer = (struct buffer){0};
    return fitted ? fitted : data;
}
