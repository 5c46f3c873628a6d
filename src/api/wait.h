/* Reads that wait for the writer: their job stores nothing, but comes behind what is being written. */
#ifndef REVIEWD_API_WAIT_H
#define REVIEWD_API_WAIT_H

#include "api.h"

/* Gives a read its job, where it has to wait: a search for what was written lately to be in the index of words; an
 * answer as of an instant behind which nothing is stored yet for what has its time by then, but is not seen yet. */
bool read_waits(struct call *call);

/* Whether the job of a read came to nothing, which says nothing of the read. */
bool read_waited_in_vain(const struct call *call);

#endif
