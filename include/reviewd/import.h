/* An import: records that came in by a file, and what became of each line of it. */
#ifndef REVIEWD_IMPORT_H
#define REVIEWD_IMPORT_H

#include "reviewd/resource.h"

enum import_status {
    IMPORT_RUNNING = 1,
    IMPORT_DONE,    /* what could be stored is */
    IMPORT_REFUSED, /* lines broke rules, and all or nothing was asked for: nothing is */
    IMPORT_FAILED,  /* it was broken off */
};

/* What one line broke. */
struct import_violation {
    const char *resource;
    struct integer line;
    struct integer column; /* of a CSV, with the column's name */
    const char *column_name;
    const char *rule;
    const char *pointer;
    const char *detail;
};

struct import {
    struct record record;
    unsigned resource; /* of import_collections; 0: mixed */
    enum truth partial;
    const char *name;
    struct integer size;
    const char *sha256;
    unsigned status;
    struct integer lines;
    struct integer created;
    struct integer unchanged;
    struct integer refused;
    struct integer violation_count;
    struct nested violations;
    struct instant finished_at;
    const char *reason;
};

/* The collections that an import brings records of; parents come before what hangs from them. */
enum { IMPORT_KINDS = 8 };
extern const char *const import_collections[IMPORT_KINDS];

/* The resource of one of them. */
const struct resource *import_kind(size_t index);

/* The number among them of the one that is called so; IMPORT_KINDS where none is. */
size_t import_collection(const char *name, size_t length);

/* The media type of a file by the ending of its name; NULL where that says none. */
const char *import_type_by_name(const char *name);

/* The number of the resource among them; IMPORT_KINDS where it is none that is imported. */
size_t import_kind_of(const struct resource *resource);

/* A state that a record of the past arrives in has the members that come with it, and none that come with another
 * (import.state.incomplete, import.state.unexpected). */
void import_check_state(const struct resource *resource, const void *record, struct violations *violations);

/* Adds import.history.time for what happened in another order than it can have, or is still to come. Whether its
 * created_at `is_known`: what was moved once before may have been given that of its import. */
void import_check_order(const struct resource *resource, const void *record, bool is_known, const struct instant *now,
                        struct violations *violations);

#endif
