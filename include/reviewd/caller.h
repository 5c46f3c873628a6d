/* Who is asking, and may they: bearer tokens (RFC 6750) and the matrix of roles (ISO/IEC 27001:2022, 5.3). */
#ifndef REVIEWD_CALLER_H
#define REVIEWD_CALLER_H

#include "reviewd/store.h"

struct caller {
    struct id person_id;
    struct id token_id;
    unsigned role;
    unsigned token_role; /* what the token carries, no more: 0 for all */
    bool read_only;
    bool is_console; /* the command line: may all, and is nobody */
    char department[801];
};

/* What a caller may want; each is a row of the matrix. */
enum operation {
    OPERATION_NONE, /* a route without one is denied */
    OPERATION_READ,
    OPERATION_PERSON_WRITE,
    OPERATION_REVIEW_WRITE, /* reviews, attendees, decisions: create and change */
    OPERATION_INPUT_WRITE,
    OPERATION_REVIEW_HOLD,    /* start, conclude; adopt, reject */
    OPERATION_REVIEW_APPROVE, /* approve, reopen */
    OPERATION_REVIEW_MANAGE,  /* the other verbs of reviews, attendees, inputs, decisions */
    OPERATION_DECISION_AMEND,
    OPERATION_ACTION_ITEM_CREATE,
    OPERATION_ACTION_ITEM_AMEND,
    OPERATION_ACTION_ITEM_WORK,   /* start, block; follow-ups of progress and completion */
    OPERATION_ACTION_ITEM_VERIFY, /* follow-ups of effectiveness */
    OPERATION_AUDIT_READ,
    OPERATION_CALENDAR_TOKEN, /* make, change and revoke feed tokens */
    OPERATION_IMPORT,         /* send a file; each of its lines is judged as by itself */
    OPERATION_IMPORT_HISTORY, /* with what the server sets by itself */
    OPERATION_COUNT,
};

/* What ties the caller to the record that it is about. */
struct stake {
    const struct id *owner_id;
    const char *owner_department;
    bool attends; /* the review that it belongs to */
};

bool policy_allows(const struct caller *caller, enum operation operation, const struct stake *stake);

/* How far the caller sees. */
struct view policy_view(const struct caller *caller);

/* --- tokens ---------------------------------------------------------------------------------------------------- */

#define TOKEN_PREFIX "rvd_"
#define FEED_PREFIX "rvf_"
enum { TOKEN_TEXT_BYTES = 4 + 43 + 1 };

/* Makes a token: the text for its holder, and its hash to be kept. */
void token_make(char ret_text[TOKEN_TEXT_BYTES], unsigned char ret_hash[32]);

/* Makes a feed token, which opens one person's calendar and nothing else: calendar programs send no headers, so that it
 * stands in an address, where more people come to see it than see a header. */
void feed_token_make(char ret_text[TOKEN_TEXT_BYTES], unsigned char ret_hash[32]);

enum identity { IDENTITY_KNOWN, IDENTITY_MISSING, IDENTITY_INVALID, IDENTITY_BROKEN };

/* Callers that this thread has looked up in the last half second. */
struct caller_cache;
struct caller_cache *caller_cache_create(void);
void caller_cache_destroy(struct caller_cache *cache);

/* Who stands behind an Authorization header (NULL: none was sent). */
enum identity caller_identify(struct caller_cache *cache, struct store *store, const char *authorization,
                              struct caller *ret_caller);

/* Who stands behind a feed token. Looked up each time: feeds are read seldom, and what was revoked is refused at once.
 */
enum identity caller_identify_feed(struct store *store, const char *token, struct caller *ret_caller);

/* Makes every thread look its callers up again: after a person or a token was changed. Any thread. */
void caller_forget_all(void);

/* Writes down when tokens were last used, of those used since the last call. In the writer's transaction. */
MUST_USE bool caller_flush_last_use(struct store *store);

#endif
