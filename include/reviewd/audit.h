/* The audit log: one hash-chained entry for each version of each record, in the write's own transaction, so that an
 * outsider can tell whether anything was changed behind our back (contract, section 4; RFC 8785). */
#ifndef REVIEWD_AUDIT_H
#define REVIEWD_AUDIT_H

#include "reviewd/store.h"

struct audit_entry {
    int64_t seq;
    struct instant at;
    struct id actor_id; /* absent: the command line */
    const char *event;  /* "action_item.create" */
    const char *resource;
    struct id resource_id;
    const char *request_id; /* NULL: the command line */
    char body_sha256[65];
    const char *minutes_sha256; /* those of an approved review, as JSON; NULL: the record has none */
    char previous_hash[65];
    char hash[65];
};

/* Appends the entry of a record as it is after the write, and keeps that version. `entry` brings at, actor_id, event
 * and request_id. */
MUST_USE bool audit_append(struct store *store, const struct resource *resource, const void *record,
                           const struct audit_entry *entry);

/* Writes an entry as the API shows it, without its hash for what is hashed. Members are in RFC 8785's order. */
void audit_render(struct buffer *buffer, const struct audit_entry *entry, bool with_hash);

/* SHA-256("reviewd-audit-1" LF previous_hash LF canonical entry) in hex. False when memory is out. */
MUST_USE bool audit_entry_hash(const struct audit_entry *entry, char ret_hex[65]);

/* SHA-256 in hex. */
void audit_hash_text(const char *text, size_t length, char ret_hex[65]);

/* The newest entry; seq 0 and 64 zeros for an empty log. */
MUST_USE bool audit_head(struct store *store, struct audit_head *ret_head);

/* The newest one that there was at an instant, or NULL there is. It is looked for as entries come, by their times:
 * where the clock was set back in between, the instant has come more than once, and any of them is meant. */
MUST_USE bool audit_head_then(struct store *store, const struct instant *as_of, struct audit_head *ret_head);

/* Whether there is an entry from after an instant: then none that is yet to be stored is of it or of before. */
MUST_USE bool audit_is_past(struct store *store, const struct instant *instant, bool *ret_past);

/* Which entries: newest last, between two of them, filtered where a text is not NULL. Of what may be several, each is a
 * list of texts as JSON. */
struct audit_query {
    int64_t after_seq;
    int64_t before_seq; /* none from there on; 0: to the newest */
    bool newest_first;
    const char *resource;
    const char *resource_id;
    const char *actor_id;
    const char *event;
    const char *from; /* instants, inclusive */
    const char *to;
    int limit;
};
MUST_USE bool audit_list(struct store *store, const struct audit_query *query,
                         bool (*row)(void *context, const struct audit_entry *entry), void *context);
MUST_USE bool audit_count(struct store *store, const struct audit_query *query, int64_t *ret_count);

/* One version of a record, newest first, before a version. The previous version's body comes with it. Both are as they
 * are hashed: store_opened() puts values in the place of commitments. */
struct history_version {
    int64_t version;
    const char *at;
    const char *by;
    const char *event;
    const char *body;
    const char *previous_body; /* NULL for the first */
    int64_t seq;               /* of its entry */
    const char *body_sha256;
};
MUST_USE bool audit_history(struct store *store, const struct id *record, int64_t before_version, int limit,
                            bool (*row)(void *context, const struct history_version *version), void *context);

/* Walks the whole chain and compares every record with its last entry, every revision of a review with what the chain
 * says was approved, and what is kept beside them (store_check_kept) with the records. */
struct audit_finding {
    struct audit_head head;
    int64_t records;
    char text[600]; /* the first that does not fit; "" when all does */
};
MUST_USE bool audit_verify(struct store *store, struct audit_finding *ret_finding);

#endif
