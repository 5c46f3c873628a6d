/* Paths taken apart, and the routes that have their form. */
#ifndef REVIEWD_API_PATH_H
#define REVIEWD_API_PATH_H

#include "api.h"

enum { SEGMENTS_MAX = 8 };

struct path {
    const char *segments[SEGMENTS_MAX]; /* decoded, in the arena */
    size_t count;
    unsigned mark; /* differs from the marks of most routes that have another form */
};

/* Marks the routes. Before threads, and as often as one likes. False when memory is out. */
MUST_USE bool paths_init(void);

/* Splits the target's path; false where it can be no path of ours. */
bool path_split(struct arena *arena, const char *target, struct path *ret_path);

/* Whether the path has the form of a route; what stands for {…} goes to keys. */
bool path_matches(size_t route, const struct path *path, const char *keys[PATH_KEYS_MAX]);

#endif
