/* The requests whose allocations fail: at least one of every route of the API. */
#ifndef REVIEWD_TESTS_UNIT_REQUESTS_H
#define REVIEWD_TESTS_UNIT_REQUESTS_H

#include "../world.h"

struct named_request {
    const char *name;
    struct ask_for ask;
};

/* Those that are written down, and a GET of every route that none of them asks for. */
extern struct named_request requests[];
extern size_t request_count;

/* Makes the list; once, before the suites. */
void requests_make(void);

/* Tells on what the requests need beside world_fill()'s story, and puts the ids of its records into them. */
void requests_tell(struct world *world);

/* A route that no request asks for; NULL where there is none. */
const struct route *requests_lack(void);

#endif
