/* The values that records are made of. Each is "absent" when zeroed; texts are kept in the form in which the
 * contract shows them, so that storing and rendering them is a copy. Pure functions, no clock. */
#ifndef REVIEWD_VALUE_H
#define REVIEWD_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* RFC 9562 UUID (version 7) in lower case. */
struct id {
    char text[37];
};

/* RFC 3339 full-date, in UTC. */
struct date {
    char text[11];
};

/* RFC 3339 date-time in UTC with milliseconds. */
struct instant {
    char text[25];
};

struct integer {
    bool known;
    int64_t value;
};

struct number {
    bool known;
    double value;
};

enum truth { TRUTH_UNKNOWN, TRUTH_FALSE, TRUTH_TRUE };

/* A list or an object within a record. `json` is its canonical text, as it is stored and shown; `items` are its
 * parsed members, which only the write path has (json set and items NULL: not parsed yet). */
struct nested {
    const char *json;
    size_t length;
    void *items;
    size_t count;
};

static inline bool id_is_set(const struct id *id)
{
    return id->text[0] != '\0';
}

static inline bool id_equal(const struct id *a, const struct id *b)
{
    return memcmp(a->text, b->text, sizeof a->text) == 0;
}

static inline bool date_is_set(const struct date *date)
{
    return date->text[0] != '\0';
}

/* Whether both are set and a is before b. */
static inline bool date_before(const struct date *a, const struct date *b)
{
    return date_is_set(a) && date_is_set(b) && strcmp(a->text, b->text) < 0;
}

static inline bool date_equal(const struct date *a, const struct date *b)
{
    return strcmp(a->text, b->text) == 0;
}

static inline bool instant_is_set(const struct instant *instant)
{
    return instant->text[0] != '\0';
}

/* Whether text has the form of a UUID, in any case (RFC 9562, 4); the id is in lower case. */
bool id_parse(const char *text, struct id *ret_id);

/* A day of the Gregorian calendar between 0001 and 9999. */
bool date_parse(const char *text, struct date *ret_date);

/* Days since 1970-01-01. The date is set. */
int64_t date_days(const struct date *date);
struct date date_from_days(int64_t days);

/* The same day of a later month, or that month's last day where it has none such. */
struct date date_add_months(const struct date *date, int months);

/* Any RFC 3339 date-time in UTC ("Z") or a full-date (midnight). */
bool instant_parse(const char *text, struct instant *ret_instant);
struct instant instant_from_ms(int64_t ms_since_epoch);
struct date instant_date(const struct instant *instant);

/* The number of code points of valid UTF-8, without white space at either end. */
size_t text_length(const char *text);

/* Whether the bytes are UTF-8 as RFC 3629 has it (no surrogates, no overlong forms, no NUL). */
bool text_is_utf8(const char *text, size_t length);

#endif
