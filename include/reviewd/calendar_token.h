/* A feed token, as it is kept: it opens the calendar (/v1/calendar.ics) of one person, and nothing else. The token
 * itself is told once; only its hash is kept, apart from the record. */
#ifndef REVIEWD_CALENDAR_TOKEN_H
#define REVIEWD_CALENDAR_TOKEN_H

#include "reviewd/person.h"

enum calendar_token_status { CALENDAR_TOKEN_ACTIVE = 1, CALENDAR_TOKEN_REVOKED };

struct calendar_token {
    struct record record;
    struct id person_id;
    const char *label;
    unsigned role; /* shows no more than this role reads, 0: all that the person may */
    struct instant expires_at;
    unsigned status;
    struct instant revoked_at;
    const char *token; /* in the answer to its creation alone … */
    const char *url;
    const char *secret; /* … till then it stands here, and is no member */
};

void calendar_token_check(const struct calendar_token *after, const struct calendar_token *before, const char *verb,
                          const struct instant *now, struct violations *violations);

#endif
