#include "member.h"

#include <string.h>

/* The end of a value: of a text, an object, a list, or a number or word. */
static const char *value_end(const char *at, const char *end)
{
    size_t depth = 0;
    bool quoted = false;
    for (; at < end; at++) {
        if (quoted && *at == '\\') {
            at++;
        } else if (quoted) {
            quoted = *at != '"';
            if (!quoted && !depth)
                return at + 1;
        } else if (*at == '"') {
            quoted = true;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (*at == '}' || *at == ']') {
            if (!depth)
                return at;
            if (--depth == 0)
                return at + 1;
        } else if (*at == ',' && !depth) {
            return at;
        }
    }
    return end;
}

const char *first_member(struct json_text object)
{
    return object.at && *object.at == '{' ? object.at + 1 : NULL;
}

bool next_member(const char **at, struct json_text object, struct json_text *ret_name, struct json_text *ret_value)
{
    const char *end = object.end;
    if (!*at || *at >= end || **at != '"')
        return false;
    *ret_name = (struct json_text){*at, value_end(*at, end)};
    const char *value = ret_name->end + 1; /* behind the colon */
    if (value >= end)                      /* the database was tampered with */
        return false;
    *ret_value = (struct json_text){value, value_end(value, end)};
    *at = ret_value->end + 1;
    return true;
}

bool member_is_named(struct json_text own, const char *name, size_t length)
{
    return (size_t)(own.end - own.at) == length + 2 && memcmp(own.at + 1, name, length) == 0;
}

struct json_text member_of(struct json_text object, const char *name, size_t length)
{
    struct json_text own, value;
    for (const char *at = first_member(object); next_member(&at, object, &own, &value);) {
        if (member_is_named(own, name, length))
            return value;
    }
    return (struct json_text){0};
}

bool member_is_set(struct json_text value)
{
    return value.at && *value.at != 'n';
}

bool object_is_bare(struct json_text object)
{
    struct json_text name, value;
    for (const char *at = first_member(object); next_member(&at, object, &name, &value);) {
        if (member_is_set(value))
            return false;
    }
    return true;
}

static unsigned hex_value(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* RFC 8785 escapes nothing beyond ASCII. */
void member_put_plain(struct buffer *buffer, struct json_text value)
{
    static const char escaped[] = "bfnrt";
    static const char plain[] = "\b\f\n\r\t";
    const char *end = value.end - 1;
    for (const char *at = value.at + 1; at < end; at++) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        buffer_add(buffer, at, (size_t)((escape ? escape : end) - at));
        if (!escape)
            return;
        at = escape + 1;
        const char *known = strchr(escaped, *at);
        if (*at == 'u' && end - at > 4) {
            buffer_char(buffer, (char)(hex_value(at[3]) * 16 + hex_value(at[4])));
            at += 4;
        } else {
            buffer_char(buffer, known ? plain[known - escaped] : *at);
        }
    }
}
