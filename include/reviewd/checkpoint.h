/* Signed heads of the audit log. A bare chain shows that an entry was changed, but not that its end was cut off, nor
 * that all of it was worked out anew; a signed head that is kept elsewhere shows both.
 *
 * What is signed is a text of six lines, each ended by LF:
 *
 *   reviewd-checkpoint-1
 *   instance 0199f0a2-…      which log: made with its first checkpoint
 *   seq 1234                 the newest entry
 *   hash 60303ae2…           its hash
 *   at 2026-11-21T18:00:00.000Z
 *   key 1A2B3C4D5E6F7081     the id of the key that signs
 *
 * In a file of checkpoints each is that text, the four lines of its signature (a .minisig file), and an empty line. */
#ifndef REVIEWD_CHECKPOINT_H
#define REVIEWD_CHECKPOINT_H

#include "reviewd/keyring.h"
#include "reviewd/store.h"

/* Texts live as long as the row that they come from. */
struct checkpoint {
    int64_t seq;
    const char *hash;
    const char *at;
    const char *key_id;
    const char *text;
    const char *signature;
};

/* Signs the head, in the writer's transaction; does nothing where the log has not grown since the last checkpoint. */
MUST_USE bool checkpoint_append(struct store *store, struct keyring *ring, const struct instant *now);

/* Whether the last one is so old, or there is none, and the log has grown since. */
MUST_USE bool checkpoint_due(struct store *store, int64_t now_ms, int64_t interval_ms, bool *ret_due);

/* Whether there is any. */
MUST_USE bool checkpoint_exists(struct store *store, bool *ret_exists);

/* Those after a seq (or before it, newest first; 0: from the newest), at most limit. `row` returns false to stop. */
struct checkpoint_query {
    int64_t after_seq;
    bool newest_first;
    const struct instant *as_of; /* those that were there then; NULL: all */
    int limit;
};
MUST_USE bool checkpoint_list(struct store *store, const struct checkpoint_query *query,
                              bool (*row)(void *context, const struct checkpoint *checkpoint), void *context);
MUST_USE bool checkpoint_count(struct store *store, const struct instant *as_of, int64_t *ret_count);

/* As the API shows it. */
void checkpoint_render(struct buffer *buffer, const struct checkpoint *checkpoint);

/* As a file of checkpoints has it. */
void checkpoint_put(struct buffer *buffer, const struct checkpoint *checkpoint);

/* --- checking (checkpoint_verify.c) */

struct checkpoint_finding {
    int64_t checked;
    int64_t unknown; /* of those of the database: by keys that are not there, so that only seq and hash were compared */
    int64_t newest;  /* the greatest seq that was checked */
    char text[600];  /* the first that does not fit; "" when all do */
};

/* Checks those of a file against the keys and the log. False where the database failed; a finding is no failure. */
MUST_USE bool checkpoint_check_file(struct store *store, const struct known_keys *keys, const char *text, size_t length,
                                    struct checkpoint_finding *finding);

/* One that came by itself. */
MUST_USE bool checkpoint_check(struct store *store, const struct known_keys *keys, const char *text, size_t text_length,
                               const char *signature, size_t signature_length, struct checkpoint_finding *finding);

/* What a checkpoint says of a log that is not at hand. */
struct checkpoint_claim {
    int64_t seq;
    char hash[65];
    char at[25];
    char key_id[KEY_ID_TEXT_BYTES];
};

/* Checks the signature of one alone; without a finding it is by one of the keys. */
void checkpoint_check_claim(const struct known_keys *keys, const char *text, size_t text_length, const char *signature,
                            size_t signature_length, struct checkpoint_claim *ret_claim,
                            struct checkpoint_finding *finding);

/* Those that the database itself has. */
MUST_USE bool checkpoint_check_stored(struct store *store, const struct known_keys *keys,
                                      struct checkpoint_finding *finding);

#endif
