/* Content lines of RFC 5545, 3.1: folded at 75 octets between characters, ended by CR LF, texts escaped (3.3.11). */
#ifndef REVIEWD_RECORDS_ICALENDAR_H
#define REVIEWD_RECORDS_ICALENDAR_H

#include "reviewd/buffer.h"
#include "reviewd/value.h"

struct icalendar {
    struct buffer *out; /* whose failure is the calendar's */
    size_t column;      /* octets in the present line */
};

/* A line of a value that is in its form already: a date, a number, a URI without control characters. */
void icalendar_put(struct icalendar *calendar, const char *name, const char *value);
void icalendar_put_integer(struct icalendar *calendar, const char *name, int64_t value);

/* A line of one text. */
void icalendar_put_text(struct icalendar *calendar, const char *name, const char *text);

/* A line of several texts, one after another. */
void icalendar_begin(struct icalendar *calendar, const char *name);
void icalendar_add(struct icalendar *calendar, const char *text);
void icalendar_end(struct icalendar *calendar);

/* DATE and DATE-TIME values. The latter loses its milliseconds. */
void icalendar_put_date(struct icalendar *calendar, const char *name, const struct date *date);
void icalendar_put_instant(struct icalendar *calendar, const char *name, const char *instant);

#endif
