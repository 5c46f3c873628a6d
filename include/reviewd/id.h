/* Identifiers. */
#ifndef REVIEWD_ID_H
#define REVIEWD_ID_H

#include "reviewd/value.h"

/* A UUID version 7 (RFC 9562): ordered by time, and within a millisecond by a counter. It never goes back, also when
 * the clock does, within a process; beyond it, by id_not_before(). Any thread. */
struct id id_make(void);

/* From now on ids are made that are greater than any of that millisecond: for what other processes have made. */
void id_not_before(int64_t ms);

/* The millisecond since 1970 at which an id was made; -1 where it is no UUID version 7. */
int64_t id_made_ms(const struct id *id);

/* 128 random bits as lower-case hexadecimal digits: what makes a commitment to a short text impossible to guess. */
enum { SALT_TEXT_BYTES = 33 };
void salt_make(char ret_text[SALT_TEXT_BYTES]);

/* Sixteen letters that no other request of this process has. Any thread. */
void request_id_make(char ret_text[17]);

#endif
