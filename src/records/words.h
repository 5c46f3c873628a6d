/* Values of records in words, as documents say them. All in an arena. */
#ifndef REVIEWD_RECORDS_WORDS_H
#define REVIEWD_RECORDS_WORDS_H

#include "gather.h"

/* An enum's member as words ("Continual improvement"); NULL where it is not set. */
const char *enum_words(struct arena *arena, const struct field *fields, size_t count, const char *name,
                       const void *record);
const char *field_words(struct arena *arena, const struct resource *resource, const char *name, const void *record);

/* "2026-11-21 18:46 UTC"; NULL where it is not set. */
const char *instant_words(struct arena *arena, const struct instant *instant);

/* NULL where it is not set. */
const char *date_words(const struct date *date);

/* "93.5 %"; "" where it is not known. */
const char *number_words(struct arena *arena, const struct number *number, const char *unit);

/* "≥ 95 %"; "" without a target. */
const char *target_words(struct arena *arena, unsigned comparator, const struct number *target, const char *unit);

/* Success criteria, one to a line. */
const char *criteria_words(struct arena *arena, const struct nested *criteria);

/* Joined by a separator, where both are there. */
const char *joined(struct arena *arena, const char *a, const char *separator, const char *b);

#endif
