/* RFC 8785 once more, by other means than src/ has: numbers by trying one digit after another, members sorted anew. */
#include "fuzz.h"

#include "reviewd/action_item.h"
#include "reviewd/review.h"

#include <math.h>

/* The digits of a decimal with so many behind its first, one step up or down of it, where they read back as the value.
 */
static bool reads_back(double value, const char *text, int precision, int step, char ret_digits[32], int *ret_power)
{
    char digits[32], candidate[64];
    int power = atoi(strchr(text, 'e') + 1);
    long long number = text[0] - '0';
    for (int i = 0; i < precision; i++)
        number = number * 10 + (text[2 + i] - '0');
    snprintf(digits, sizeof digits, "%lld", number + step);
    snprintf(candidate, sizeof candidate, "%se%d", digits, power - precision);
    if ((int)strlen(digits) != precision + 1 || strtod(candidate, NULL) != value)
        return false;
    memcpy(ret_digits, digits, sizeof digits);
    *ret_power = power + 1;
    return true;
}

/* The fewest digits that read back as the value, and of several such the nearest, which the C library rounds to (the
 * even one of two that are as near). Next to a power of two that one need not read back where its neighbour does.
 * Without a point; the power of ten is 1 for 1.5. */
static void shortest(double value, char ret_digits[32], int *ret_power)
{
    for (int precision = 0; precision <= 16; precision++) {
        char text[64];
        snprintf(text, sizeof text, "%.*e", precision, value);
        if (reads_back(value, text, precision, 0, ret_digits, ret_power) ||
            reads_back(value, text, precision, 1, ret_digits, ret_power) ||
            reads_back(value, text, precision, -1, ret_digits, ret_power))
            break;
    }
    size_t length = strlen(ret_digits);
    while (length > 1 && ret_digits[length - 1] == '0')
        ret_digits[--length] = '\0';
}

/* ECMA-262, Number::toString. */
void canonical_put_number(struct buffer *out, double value)
{
    char digits[32] = "0";
    int n = 0;
    if (value == 0) {
        buffer_char(out, '0');
        return;
    }
    if (value < 0)
        buffer_char(out, '-');
    shortest(fabs(value), digits, &n);
    int k = (int)strlen(digits);
    if (k <= n && n <= 21) {
        buffer_put(out, digits);
        for (int i = k; i < n; i++)
            buffer_char(out, '0');
    } else if (0 < n && n <= 21) {
        buffer_format(out, "%.*s.%s", n, digits, digits + n);
    } else if (-6 < n && n <= 0) {
        buffer_put(out, "0.");
        for (int i = n; i < 0; i++)
            buffer_char(out, '0');
        buffer_put(out, digits);
    } else {
        buffer_format(out, k > 1 ? "%.1s.%se%+d" : "%.1s%se%+d", digits, digits + 1, n - 1);
    }
}

static void put_text(struct buffer *out, const char *text, size_t length)
{
    static const char named[] = "\b\t\n\f\r\"\\";
    static const char letters[] = "btnfr\"\\";
    buffer_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        const char *found = text[i] ? strchr(named, text[i]) : NULL;
        if (found)
            buffer_format(out, "\\%c", letters[found - named]);
        else if ((unsigned char)text[i] < 0x20)
            buffer_format(out, "\\u%04x", (unsigned char)text[i]);
        else
            buffer_char(out, text[i]);
    }
    buffer_char(out, '"');
}

/* By UTF-16 code units, which for the names of members, all ASCII, are bytes. */
static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_object(struct buffer *out, const json_t *value)
{
    const char *names[200];
    size_t count = 0;
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        REQUIRE(count < COUNT_OF(names), "too many members");
        names[count++] = name;
    }
    qsort(names, count, sizeof *names, compare_names);
    buffer_char(out, '{');
    for (size_t i = 0; i < count; i++) {
        buffer_put(out, i ? "," : "");
        put_text(out, names[i], strlen(names[i]));
        buffer_char(out, ':');
        canonical_put(out, json_object_get(value, names[i]));
    }
    buffer_char(out, '}');
}

void canonical_put(struct buffer *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        put_object(out, value);
        return;
    case JSON_ARRAY:
        buffer_char(out, '[');
        for (size_t i = 0; i < json_array_size(value); i++) {
            buffer_put(out, i ? "," : "");
            canonical_put(out, json_array_get(value, i));
        }
        buffer_char(out, ']');
        return;
    case JSON_STRING:
        put_text(out, json_string_value(value), json_string_length(value));
        return;
    case JSON_INTEGER:
    case JSON_REAL:
        canonical_put_number(out, json_number_value(value));
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        buffer_put(out, json_is_true(value) ? "true" : "false");
        return;
    case JSON_NULL:
        buffer_put(out, "null");
        return;
    }
}

static void check_equal(const struct buffer *a, const struct buffer *b, const char *what)
{
    REQUIRE(!buffer_failed(a) && !buffer_failed(b), "memory");
    REQUIRE(a->length == b->length && memcmp(a->data, b->data, a->length) == 0, "%s: '%.*s' is canonically '%.*s'",
            what, (int)a->length, a->data, (int)b->length, b->data);
}

/* Eight bytes are a double. */
void fuzz_number(const uint8_t *data, size_t size)
{
    double value = 0;
    memcpy(&value, data, size < sizeof value ? size : sizeof value);
    if (!isfinite(value))
        return;
    struct buffer ours = {0}, theirs = {0};
    json_put_number(&ours, value);
    canonical_put_number(&theirs, value);
    check_equal(&ours, &theirs, "a number");
    buffer_char(&ours, '\0');
    REQUIRE(strtod(ours.data, NULL) == value, "%s is another number", ours.data);
    buffer_finish(&ours);
    buffer_finish(&theirs);
}

/* A record as the chain hashes it, an entry of the chain, and any JSON written by json_put(), against the second
 * opinion. The first byte says which. */
void fuzz_canonical(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena arena;
    struct buffer ours = {0}, theirs = {0};
    arena_init(&arena);
    uint8_t kind = input_byte(&input) % (RESOURCE_COUNT + 2);
    json_t *value = NULL;
    if (kind < RESOURCE_COUNT) {
        void *record = arena_alloc(&arena, resources[kind]->size);
        record_fill(resources[kind], record, &input, &arena);
        record_render(&ours, resources[kind], record, RENDER_CANONICAL);
    } else if (kind == RESOURCE_COUNT) {
        struct audit_entry entry = {.seq = input_byte(&input), .at = instant_from_ms(WORLD_NOW_MS)};
        entry.event = input_text_line(&input, &arena);
        entry.resource = input_text_line(&input, &arena);
        entry.request_id = input_text_line(&input, &arena);
        entry.minutes_sha256 = input_byte(&input) % 2 ? "{\"html\":null,\"json\":\"00\"}" : NULL;
        audit_render(&ours, &entry, false);
    } else {
        /* json_put() keeps the order of members, so that the second opinion is asked about its own. */
        value = json_loadb((const char *)input.data, input.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
        char *sorted = value ? json_dumps(value, JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
        json_decref(value);
        value = sorted ? json_loads(sorted, JSON_DECODE_ANY, NULL) : NULL;
        free(sorted);
        if (value)
            json_put(&ours, value);
    }
    if (!value && ours.length)
        value = json_loadb(ours.data, ours.length, JSON_REJECT_DUPLICATES, NULL);
    REQUIRE(value || !ours.length, "it is no JSON: %.*s", (int)ours.length, ours.data);
    if (value) {
        canonical_put(&theirs, value);
        check_equal(&ours, &theirs, kind < RESOURCE_COUNT ? resources[kind]->name : "JSON");
    }
    json_decref(value);
    buffer_finish(&ours);
    buffer_finish(&theirs);
    arena_finish(&arena);
}
