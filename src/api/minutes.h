/* What an approval does for the minutes, and what an evidence pack takes of them. */
#ifndef REVIEWD_API_MINUTES_H
#define REVIEWD_API_MINUTES_H

#include "api.h"

#include "reviewd/minutes.h"

/* Makes the minutes of a review that is being approved, or arrives approved by an import, keeps them, and sets its
 * minutes_sha256; before the review's new version is written, so that its audit entry covers them. In the writer's
 * transaction. False where the database or memory fails, or a library is not there. */
MUST_USE bool minutes_keep(struct call *call, struct review *review);

/* The minutes kept at a revision's approval, or the extract for who may not see all that they show; the body in the
 * arena. */
MUST_USE enum found minutes_kept(struct call *call, const struct id *review, int64_t revision, enum minutes_form form,
                                 struct arena *arena, struct kept_minutes *ret_minutes);

/* The minutes as they would be now, as far as the caller sees, in the arena. NULL where the database or memory fails.
 */
struct minutes *minutes_fresh(struct call *call, struct review *review, struct arena *arena);

#endif
