/* Values of the contract, against what is known of them by other means; signatures and keys in their files. */
#include "fuzz.h"

#include "reviewd/keyring.h"
#include "reviewd/sign.h"

#include <sodium.h>
#include <time.h>

/* UTF-8 by the table of RFC 3629, 4, row for row. */
static bool is_utf8(const uint8_t *at, size_t left)
{
    static const struct {
        uint8_t from[4], to[4];
        size_t length;
    } rows[] = {
        {{0x01}, {0x7F}, 1},
        {{0xC2, 0x80}, {0xDF, 0xBF}, 2},
        {{0xE0, 0xA0, 0x80}, {0xE0, 0xBF, 0xBF}, 3},
        {{0xE1, 0x80, 0x80}, {0xEC, 0xBF, 0xBF}, 3},
        {{0xED, 0x80, 0x80}, {0xED, 0x9F, 0xBF}, 3},
        {{0xEE, 0x80, 0x80}, {0xEF, 0xBF, 0xBF}, 3},
        {{0xF0, 0x90, 0x80, 0x80}, {0xF0, 0xBF, 0xBF, 0xBF}, 4},
        {{0xF1, 0x80, 0x80, 0x80}, {0xF3, 0xBF, 0xBF, 0xBF}, 4},
        {{0xF4, 0x80, 0x80, 0x80}, {0xF4, 0x8F, 0xBF, 0xBF}, 4},
    };
    while (left) {
        size_t length = 0;
        for (int i = 0; i < ROWS(rows) && !length; i++) {
            length = rows[i].length <= left ? rows[i].length : 0;
            for (size_t j = 0; j < length; j++)
                length = at[j] >= rows[i].from[j] && at[j] <= rows[i].to[j] ? length : 0;
        }
        if (!length)
            return false;
        at += length;
        left -= length;
    }
    return true;
}

/* Seconds since 1970 by the C library; false where it is no such time. */
static bool seconds_of(const char *text, time_t *ret_seconds)
{
    struct tm tm = {0}, again;
    int year;
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) <
        3)
        return false;
    tm.tm_year = year - 1900;
    tm.tm_mon--;
    *ret_seconds = timegm(&tm);
    gmtime_r(ret_seconds, &again);
    return again.tm_year == year - 1900;
}

static void check_date(const char *text)
{
    struct date date, next;
    if (!date_parse(text, &date))
        return;
    time_t seconds;
    REQUIRE(strlen(text) == 10 && seconds_of(text, &seconds), "%s is taken for a day", text);
    int64_t days = date_days(&date);
    next = date_from_days(days);
    REQUIRE(days == (int64_t)(seconds / 86400), "%s is day %lld", text, (long long)days);
    REQUIRE(date_equal(&date, &next), "%s has become %s", text, next.text);
    next = date_from_days(days + 1);
    REQUIRE(!date_is_set(&next) || date_before(&date, &next), "%s is not before %s", text, next.text);
    for (int months = 0; months <= 240; months += 7) {
        next = date_add_months(&date, months);
        REQUIRE(!date_is_set(&next) || date_parse(next.text, &next), "%s and %d months is %s", text, months, next.text);
    }
}

static void check_instant(const char *text)
{
    struct instant instant, again;
    if (!instant_parse(text, &instant))
        return;
    REQUIRE(strlen(instant.text) == 24 && instant.text[23] == 'Z', "%s has become %s", text, instant.text);
    REQUIRE(instant_parse(instant.text, &again) && strcmp(again.text, instant.text) == 0, "%s is none", instant.text);
    time_t seconds;
    REQUIRE(seconds_of(instant.text, &seconds), "%s is no time", instant.text);
    again = instant_from_ms((int64_t)seconds * 1000 + atoi(instant.text + 20));
    /* A leap second, which RFC 3339 knows and POSIX does not, may be the second after it. */
    REQUIRE(strcmp(again.text, instant.text) == 0 || strncmp(instant.text + 17, "60", 2) == 0, "%s is %s", instant.text,
            again.text);
}

void fuzz_value(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena arena;
    arena_init(&arena);
    REQUIRE(text_is_utf8((const char *)data, size) == is_utf8(data, size), "UTF-8");
    const char *text = input_line(&input, &arena);
    check_date(text);
    check_instant(text);
    struct id id;
    if (id_parse(text, &id))
        REQUIRE(strlen(text) == 36 && strcasecmp(text, id.text) == 0, "%s is the id %s", text, id.text);
    const char *clean = input_text(&(struct input){data, size}, &arena);
    REQUIRE(text_length(clean) <= strlen(clean), "more characters than bytes");
    arena_finish(&arena);
}

/* The first byte says what it is to be. What is taken holds; a signature of somebody else's, or of other bytes, never
 * does. */
void fuzz_signature(const uint8_t *data, size_t size)
{
    static struct secret_key secret;
    static bool made;
    struct input input = {data, size};
    if (!made)
        secret_key_make(&secret);
    made = true;
    uint8_t kind = input_byte(&input) % 4;
    const char *text = (const char *)input.data;
    if (kind == 0) {
        struct signature signature;
        if (signature_parse(text, input.size, &signature)) {
            REQUIRE(signature.comment >= text && signature.comment + signature.comment_length <= text + input.size,
                    "the comment lies elsewhere");
            memcpy(signature.key_id, secret.public.id, sizeof signature.key_id);
            REQUIRE(!signature_holds(&signature, &secret.public, "x", 1), "a signature of somebody else's holds");
        }
    } else if (kind == 1) {
        struct known_keys keys = {0};
        char message[300];
        if (known_keys_parse(text, input.size, &keys, message, sizeof message))
            known_keys_finish(&keys);
    } else if (kind == 2) {
        struct secret_key parsed;
        struct public_key key;
        char line[PUBLIC_LINE_BYTES];
        secret_key_parse(text, input.size, &parsed);
        if (public_key_parse(text, input.size, &key)) {
            public_key_line(&key, line);
            REQUIRE(input.size == strlen(line) && memcmp(line, text, input.size) == 0, "another key than '%.*s'",
                    (int)input.size, text);
        }
    } else {
        struct arena arena;
        arena_init(&arena);
        const char *name = input_text_line(&input, &arena);
        struct buffer out = {0};
        struct signature signature;
        sign_bytes(&secret, input.data, input.size, 1795262400, name, &out);
        REQUIRE(signature_parse(out.data, out.length, &signature), "its own signature is none: %.*s", (int)out.length,
                out.data);
        REQUIRE(signature_holds(&signature, &secret.public, input.data, input.size), "its own signature does not hold");
        REQUIRE(!signature_holds(&signature, &secret.public, out.data, out.length), "it holds for other bytes");
        buffer_finish(&out);
        arena_finish(&arena);
    }
}
