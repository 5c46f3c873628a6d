/* What an evidence pack is made of: which records belong to a review, and their versions. Versions and audit entries
 * never change, so that a pack that was planned in one transaction can be made of what any later one reads. */
#ifndef REVIEWD_PACK_ROWS_H
#define REVIEWD_PACK_ROWS_H

#include "reviewd/store.h"

/* A record, with the audit entries of its first version and of its last one at the time of planning. */
struct pack_record {
    struct id id;
    int64_t first;
    int64_t last;
};

/* The kinds of records that a review has, itself first. */
enum { PACK_RESOURCES = 8 };
extern const struct resource *const pack_resources[PACK_RESOURCES];

/* Those of one kind, withdrawn ones too, in the order of their ids; in the arena. */
MUST_USE bool store_pack_records(struct store *store, const struct resource *resource, const struct id *review,
                                 struct arena *arena, const struct pack_record **ret_records, size_t *ret_count);

/* A version; body and at live during the call. */
struct pack_version {
    int64_t seq;
    int64_t version;
    struct instant at;
    const char *body;
    size_t length;
};

/* The versions of a record from one on, up to the one of its last entry, oldest first, at most `limit`. `row` returns
 * false where it fails, which is a failure of the whole. */
MUST_USE bool store_pack_versions(struct store *store, const struct pack_record *record, int64_t from, int limit,
                                  bool (*row)(void *context, const struct pack_version *version), void *context);

/* The last one, and the record as it says, with what is derived of it now; false also where there is none, and the
 * database is damaged. */
MUST_USE bool store_pack_last(struct store *store, const struct resource *resource, const struct pack_record *record,
                              const struct view *view, const struct date *today, struct arena *arena, void *ret_record,
                              bool (*row)(void *context, const struct pack_version *version), void *context);

#endif
