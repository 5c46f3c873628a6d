/* Identifiers. */
#ifndef REVIEWD_ID_H
#define REVIEWD_ID_H

#include "reviewd/value.h"

/* A UUID version 7 (RFC 9562): ordered by time, and within a millisecond by a counter. It never goes back, also when
 * the clock does. Any thread. */
struct id id_make(void);

/* Sixteen letters that no other request of this process has. Any thread. */
void request_id_make(char ret_text[17]);

#endif
