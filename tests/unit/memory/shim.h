/* Memory that fails when it is told to: malloc and its kin of our own code (linked with --wrap), jansson's in a parse
 * (the same) and SQLite's. What is not freed is counted: jansson's as ours, since an arena is of our malloc, and what
 * it takes outside of a parse is, too. */
#ifndef REVIEWD_TESTS_UNIT_SHIM_H
#define REVIEWD_TESTS_UNIT_SHIM_H

#include <stdbool.h>
#include <stddef.h>

enum shim_source { SHIM_OURS, SHIM_JANSSON, SHIM_SQLITE, SHIM_COUNT };

/* Before SQLite is initialised. */
void shim_install(void);

/* From now on the n-th allocation (from 1) of a source fails: it alone, or all that come after it, too. 0: none. */
void shim_arm(enum shim_source source, size_t n, bool for_good);

/* No more failures; whether there was one. */
bool shim_disarm(void);

/* Allocations since shim_arm(). */
size_t shim_asked(void);

/* Allocations that were not freed yet. */
long shim_held(enum shim_source source);

#endif
