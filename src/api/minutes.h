/* What an approval does for the minutes. */
#ifndef REVIEWD_API_MINUTES_H
#define REVIEWD_API_MINUTES_H

#include "api.h"

/* Makes the minutes of a review that is being approved, keeps them, and sets its minutes_sha256; before the review's
 * new version is written, so that the approval's audit entry covers them. In the writer's transaction. False where the
 * database or memory fails, or a library is not there. */
MUST_USE bool minutes_keep(struct call *call, struct review *review);

#endif
