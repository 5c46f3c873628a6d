/* What fails when it is told to: malloc and its kin of our own code (linked with --wrap), jansson's in a parse
 * (the same), SQLite's; what is asked of the database: to prepare a statement, to step, whether a row is whole, and
 * apart from these to run one that answers nothing, or a script; and what our own code asks of the system for its
 * files, and threads. What is not freed is counted: jansson's as ours, since an arena is of our malloc, and what it
 * takes outside of a parse is, too.
 */
#ifndef REVIEWD_TESTS_UNIT_SHIM_H
#define REVIEWD_TESTS_UNIT_SHIM_H

#include "reviewd/db.h"

#include <stdbool.h>
#include <stddef.h>

enum shim_source {
    SHIM_OURS,
    SHIM_JANSSON,
    SHIM_SQLITE,
    SHIM_DATABASE,
    SHIM_RUN,
    SHIM_SCRIPT,
    SHIM_SYSTEM,
    SHIM_THREAD,
    SHIM_COUNT
};

/* Before SQLite is initialised. */
void shim_install(void);

/* From now on the n-th allocation (from 1) of a source fails: it alone, or all that come after it, too. 0: none. */
void shim_arm(enum shim_source source, size_t n, bool for_good);

/* What db_fault() says of a failure of the database's; DB_FAULT_IO unless it is told. */
void shim_fault(enum db_fault fault);

/* No more failures; whether there was one. */
bool shim_disarm(void);

/* Allocations since shim_arm(). */
size_t shim_asked(void);

/* Allocations that were not freed yet. */
long shim_held(enum shim_source source);

/* Whether all takes ten times as long, under a sanitizer or valgrind (UNIT_MEMORY_SPARSE): then some is left out. */
bool shim_is_slow(void);

#endif
