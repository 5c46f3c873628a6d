#include "reviewd/buffer.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void json_put_escape(struct buffer *buffer, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '"':
        buffer_add(buffer, "\\\"", 2);
        return;
    case '\\':
        buffer_add(buffer, "\\\\", 2);
        return;
    case '\b':
        buffer_add(buffer, "\\b", 2);
        return;
    case '\f':
        buffer_add(buffer, "\\f", 2);
        return;
    case '\n':
        buffer_add(buffer, "\\n", 2);
        return;
    case '\r':
        buffer_add(buffer, "\\r", 2);
        return;
    case '\t':
        buffer_add(buffer, "\\t", 2);
        return;
    default:
        buffer_add(buffer, (const char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
    }
}

/* A byte, eight times. */
#define EACH(c) (0x0101010101010101u * (c))

/* Whether one of eight bytes has to be escaped: it is below 0x20, '"' or '\\'. (A byte less than n borrows from its
 * highest bit when n is taken from each; bytes of UTF-8 sequences, whose highest bit is set, are left out.) */
static bool any_escape(uint64_t eight)
{
    uint64_t quotes = eight ^ EACH('"');
    uint64_t slashes = eight ^ EACH('\\');
    uint64_t marks =
        ((eight - EACH(0x20)) & ~eight) | ((quotes - EACH(1)) & ~quotes) | ((slashes - EACH(1)) & ~slashes);
    return (marks & EACH(0x80)) != 0;
}

/* How many bytes from here on need no escape. */
static size_t plain_length(const char *text, size_t length)
{
    size_t i = 0;
    for (uint64_t eight; i + sizeof eight <= length; i += sizeof eight) {
        memcpy(&eight, text + i, sizeof eight);
        if (any_escape(eight))
            break;
    }
    for (; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == '"' || c == '\\')
            break;
    }
    return i;
}

void json_put_text(struct buffer *buffer, const char *text, size_t length)
{
    buffer_char(buffer, '"');
    for (size_t from = 0;;) {
        size_t plain = plain_length(text + from, length - from);
        buffer_add(buffer, text + from, plain);
        from += plain;
        if (from == length)
            break;
        json_put_escape(buffer, (unsigned char)text[from++]);
    }
    buffer_char(buffer, '"');
}

void json_put_integer(struct buffer *buffer, int64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        buffer_char(buffer, '-');
    buffer_add(buffer, digits + at, sizeof digits - at);
}

/* The next decimal of as many digits; false where there is none. */
static bool decimal_step_up(char *text)
{
    for (char *at = strchr(text, 'e'); at > text;) {
        if (*--at == '.')
            continue;
        if (*at != '9') {
            ++*at;
            return true;
        }
        *at = '0';
    }
    return false;
}

/* Splits a finite, positive double into its shortest decimal digits and the exponent of the first of them. */
static int number_digits(double value, char *ret_digits, int *ret_count)
{
    char text[40];
    int exponent;
    /* Above a power of two the doubles lie twice as far apart as below: the nearest decimal may be another double's
     * while the next one up is still this one's. */
    bool lopsided = frexp(value, &exponent) == 0.5;
    for (int precision = 0; precision < 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, value);
        if (strtod(text, NULL) == value || (lopsided && decimal_step_up(text) && strtod(text, NULL) == value))
            break;
    }
    int count = 0;
    const char *at = text;
    for (; *at && *at != 'e'; at++) {
        if (*at != '.')
            ret_digits[count++] = *at;
    }
    while (count > 1 && ret_digits[count - 1] == '0')
        count--;
    *ret_count = count;
    return atoi(at + 1);
}

static void put_zeros(struct buffer *buffer, int count)
{
    for (int i = 0; i < count; i++)
        buffer_char(buffer, '0');
}

void json_put_number(struct buffer *buffer, double value)
{
    assert(isfinite(value));
    if (value == 0) {
        buffer_char(buffer, '0');
        return;
    }
    if (value < 0) {
        buffer_char(buffer, '-');
        value = -value;
    }
    if (value < 9007199254740992.0 && value == floor(value)) {
        json_put_integer(buffer, (int64_t)value);
        return;
    }
    char digits[40];
    int count;
    int point = number_digits(value, digits, &count) + 1; /* digits before the decimal point */
    if (point > 21 || point < -5) {
        buffer_char(buffer, digits[0]);
        if (count > 1)
            buffer_char(buffer, '.');
        buffer_add(buffer, digits + 1, (size_t)(count - 1));
        buffer_format(buffer, "e%+d", point - 1);
    } else if (point <= 0) {
        buffer_put(buffer, "0.");
        put_zeros(buffer, -point);
        buffer_add(buffer, digits, (size_t)count);
    } else if (point >= count) {
        buffer_add(buffer, digits, (size_t)count);
        put_zeros(buffer, point - count);
    } else {
        buffer_add(buffer, digits, (size_t)point);
        buffer_char(buffer, '.');
        buffer_add(buffer, digits + point, (size_t)(count - point));
    }
}
