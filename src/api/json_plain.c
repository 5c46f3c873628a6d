/* The JSON that nearly every client sends, read in a sixth of jansson's time: jansson fetches each byte by two calls,
 * which was half of what a loop did for a write.
 *
 * Only what leaves no question is read here: no escapes, no fractions, no signs, no member twice, no depth. Whatever
 * else it meets, right or wrong, is left to jansson from its beginning, so that there is one meaning and one wording of
 * errors. */
#include "api.h"

enum { DEPTH_MAX = 32, DIGITS_MAX = 15 };

struct reader {
    const char *at;
    const char *end;
    bool integers_are_real;
};

static char next_mark(struct reader *reader)
{
    while (reader->at < reader->end &&
           (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
        reader->at++;
    return reader->at < reader->end ? *reader->at : '\0';
}

static bool take(struct reader *reader, char mark)
{
    if (next_mark(reader) != mark)
        return false;
    reader->at++;
    return true;
}

/* The text at a quote, where it lies; NULL for one that is not plain. */
static const char *take_text(struct reader *reader, size_t *ret_length)
{
    const char *text = ++reader->at;
    const char *at = text;
    bool ascii = true;
    for (; at < reader->end && *at != '"'; at++) {
        unsigned char c = (unsigned char)*at;
        if (c < 0x20 || c == '\\')
            return NULL;
        ascii = ascii && c < 0x80;
    }
    size_t length = (size_t)(at - text);
    if (at == reader->end || (!ascii && !text_is_utf8(text, length)))
        return NULL;
    reader->at = at + 1;
    *ret_length = length;
    return text;
}

static json_t *take_number(struct reader *reader)
{
    const char *first = reader->at;
    int64_t value = 0;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9' && reader->at - first < DIGITS_MAX)
        value = value * 10 + (*reader->at++ - '0');
    bool ends = reader->at < reader->end && strchr(",]} \n\r\t", *reader->at) && *reader->at;
    if (!ends || (*first == '0' && reader->at - first > 1))
        return NULL;
    return reader->integers_are_real ? json_real((double)value) : json_integer(value);
}

static json_t *take_word(struct reader *reader)
{
    static const struct {
        const char *text;
        size_t length;
    } words[] = {{"null", 4}, {"true", 4}, {"false", 5}};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        size_t length = words[i].length;
        if ((size_t)(reader->end - reader->at) <= length || memcmp(reader->at, words[i].text, length) != 0)
            continue;
        reader->at += length;
        return i == 0 ? json_null() : json_boolean(i == 1);
    }
    return NULL;
}

static json_t *take_value(struct reader *reader, int depth);

static bool take_items(struct reader *reader, int depth, json_t *list)
{
    if (take(reader, ']'))
        return true;
    do {
        json_t *item = take_value(reader, depth);
        if (!item || json_array_append_new(list, item) != 0)
            return false;
    } while (take(reader, ','));
    return take(reader, ']');
}

static bool take_members(struct reader *reader, int depth, json_t *object)
{
    if (take(reader, '}'))
        return true;
    do {
        size_t length;
        const char *name = next_mark(reader) == '"' ? take_text(reader, &length) : NULL;
        if (!name || json_object_getn(object, name, length) || !take(reader, ':'))
            return false;
        json_t *value = take_value(reader, depth);
        if (!value || json_object_setn_new_nocheck(object, name, length, value) != 0)
            return false;
    } while (take(reader, ','));
    return take(reader, '}');
}

/* An object or list, at its bracket. */
static json_t *take_nested(struct reader *reader, int depth)
{
    bool is_object = *reader->at++ == '{';
    json_t *nested = is_object ? json_object() : json_array();
    if (nested && (is_object ? take_members : take_items)(reader, depth + 1, nested))
        return nested;
    json_decref(nested);
    return NULL;
}

static json_t *take_value(struct reader *reader, int depth)
{
    char mark = next_mark(reader);
    size_t length;
    if (mark == '"') {
        const char *text = take_text(reader, &length);
        return text ? json_stringn_nocheck(text, length) : NULL;
    }
    if (mark >= '0' && mark <= '9')
        return take_number(reader);
    if ((mark == '{' || mark == '[') && depth < DEPTH_MAX)
        return take_nested(reader, depth);
    return take_word(reader);
}

json_t *json_parse_plain(const char *text, size_t length, size_t flags)
{
    struct reader reader = {text, text + length, flags & JSON_DECODE_INT_AS_REAL};
    char mark = next_mark(&reader);
    json_t *value = mark == '{' || mark == '[' ? take_value(&reader, 0) : NULL;
    if (value && next_mark(&reader) == '\0' && reader.at == reader.end)
        return value;
    json_decref(value);
    return NULL;
}
