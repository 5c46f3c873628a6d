/* The time of day, as every record is stamped with it, and a time that never goes back. */
#ifndef REVIEWD_CLOCK_H
#define REVIEWD_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970-01-01 in UTC. */
int64_t clock_now_ms(void);

/* From now on clock_now_ms() answers this (and goes on from it in no way): for `reviewd demo`, which tells a story
 * of the past. 0 ends it. Only while nothing is served. */
void clock_pretend(int64_t now_ms);

int64_t clock_monotonic_us(void);

#endif
