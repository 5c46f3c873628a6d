/* Places at which a build for tests can be told to end, to wait or to fail, where a call beside them could: in any
 * other build they are false, and leave no trace. Safe in any thread.
 *
 * The build: -Dc_args=-DREVIEWD_FAILPOINTS. What happens: REVIEWD_FAILPOINT=name:action[:n][,…], or the path of a file
 * with that, which may change at any time. The n-th time (the first, if left out) that the place is reached since the
 * order was given the process is killed (abort), waits 300 ms (delay), or the place is true and errno EIO (error). The
 * names that are reached since are added to the file REVIEWD_FAILPOINT_LOG; REVIEWD_FAILPOINT=list prints all there
 * are. */
#ifndef REVIEWD_FAILPOINT_H
#define REVIEWD_FAILPOINT_H

#include <stdbool.h>

bool failpoint_reached(const char *name);

#ifdef REVIEWD_FAILPOINTS
#define FAILPOINT(name)                                                                                                \
    __extension__({                                                                                                    \
        static const char *const failpoint_name __attribute__((section("failpoints"), used)) = name;                   \
        failpoint_reached(failpoint_name);                                                                             \
    })
#else
#define FAILPOINT(name) false
#endif

/* Where nothing can fail. */
#define FAILPOINT_PASS(name) ((void)FAILPOINT(name))

#endif
