/* Names of files in headers: Content-Disposition (RFC 6266) with its two ways to write one (RFC 9110, 5.6; RFC 8187).
 */
#include "api.h"

#include <stdlib.h>
#include <strings.h>

const char *text_as_utf8(struct arena *arena, const char *text)
{
    if (text_is_utf8(text, strlen(text)))
        return text;
    char *made = arena_alloc(arena, 2 * strlen(text) + 1);
    char *to = made;
    for (const unsigned char *from = (const unsigned char *)text; made && *from; from++) {
        if (*from >= 0x80)
            *to++ = (char)(0xC0 | *from >> 6);
        *to++ = (char)(*from >= 0x80 ? 0x80 | (*from & 0x3F) : *from);
    }
    return made ? made : "";
}

/* A token, or a quoted string without its quotes and backslashes; *at goes behind it. NULL where it is neither. */
static const char *take_value(struct arena *arena, const char **at)
{
    const char *from = *at;
    if (*from != '"') {
        size_t length = strcspn(from, "; \t");
        *at = from + length;
        return length ? arena_copy(arena, from, length) : NULL;
    }
    char *value = arena_text(arena, from + 1);
    char *to = value;
    for (from++; *from && *from != '"' && !arena_failed(arena); from++) {
        from += *from == '\\' && from[1];
        *to++ = *from;
    }
    if (*from != '"' || arena_failed(arena))
        return NULL;
    *to = '\0';
    *at = from + 1;
    return value;
}

/* RFC 8187: charset'language'percent-encoded. */
static const char *extended(struct arena *arena, const char *value)
{
    const char *language = strchr(value, '\'');
    const char *coded = language ? strchr(language + 1, '\'') : NULL;
    if (!coded)
        return NULL;
    if (strncasecmp(value, "UTF-8'", 6) == 0)
        return percent_decode(arena, coded + 1, strlen(coded + 1), false);
    if (strncasecmp(value, "ISO-8859-1'", 11) != 0)
        return NULL;
    struct buffer latin = {0};
    for (const char *at = coded + 1; *at; at++) { /* the bytes of Latin 1 are code points */
        unsigned byte = (unsigned char)*at;
        if (*at == '%') {
            bool coded_byte = strspn(at + 1, "0123456789abcdefABCDEF") >= 2;
            byte = coded_byte ? (unsigned)strtoul((char[]){at[1], at[2], '\0'}, NULL, 16) : 0;
            at += 2 * (size_t)coded_byte;
        }
        if (!byte) { /* malformed, or a NUL */
            buffer_finish(&latin);
            return NULL;
        }
        buffer_char(&latin, (char)byte);
    }
    char *text = buffer_take(&latin);
    const char *name = text ? arena_text(arena, text_as_utf8(arena, text)) : NULL;
    free(text);
    return name;
}

const char *disposition_name(struct arena *arena, const char *header)
{
    const char *plain = NULL;
    const char *wide = NULL;
    const char *at = header + strcspn(header, ";");
    while (*at == ';') {
        at += 1 + strspn(at + 1, " \t");
        size_t length = strcspn(at, "= \t;");
        const char *name = at;
        at += length + strspn(at + length, " \t");
        if (*at != '=')
            break;
        at += 1 + strspn(at + 1, " \t");
        const char *value = take_value(arena, &at);
        if (!value)
            break;
        if (length == 8 && strncasecmp(name, "filename", 8) == 0 && !plain)
            plain = text_as_utf8(arena, value);
        if (length == 9 && strncasecmp(name, "filename*", 9) == 0 && !wide)
            wide = extended(arena, value);
        at += strspn(at, " \t");
    }
    return wide ? wide : plain;
}

const char *disposition_attachment(struct arena *arena, const char *name)
{
    struct buffer text = {0};
    buffer_put(&text, "attachment; filename=\"");
    for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
        if ((*c & 0xC0) != 0x80) /* one for each character that is none of ASCII, or has a meaning there */
            buffer_char(&text, *c < 0x20 || *c >= 0x7F || strchr("\"\\%", *c) ? '_' : (char)*c);
    }
    buffer_put(&text, "\"; filename*=UTF-8''");
    for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
        bool plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        if (plain || strchr("!#$&+-.^_`|~", *c))
            buffer_char(&text, (char)*c);
        else
            buffer_format(&text, "%%%02X", *c);
    }
    arena->failed |= buffer_failed(&text);
    const char *made = buffer_failed(&text) ? "" : arena_copy(arena, text.data, text.length);
    buffer_finish(&text);
    return made;
}
