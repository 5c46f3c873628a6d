/* Between the files that verify. */
#ifndef REVIEWD_AUDIT_VERIFY_H
#define REVIEWD_AUDIT_VERIFY_H

#include "reviewd/audit.h"

/* A query that was put together in the arena. NULL where memory or the database fails. */
struct db_statement *verify_query(struct store *store, const struct arena *arena, const char *sql);

/* What a finding calls a record beside its id. */
const char *verify_reference(const struct record *record);

/* Every approval has its revision and every revision its approval, with the body that the versions of then make. To be
 * asked once the versions and the records were found to fit. False where memory or the database fails. */
MUST_USE bool verify_revisions(struct store *store, struct arena *arena, struct audit_finding *finding);

/* Every kept value opens its commitment, or is the pseudonym of a person who was erased; every commitment has its
 * value, and no value is without one. */
MUST_USE bool verify_personal(struct store *store, struct arena *arena, struct audit_finding *finding);

#endif
