/* Records in the database: the interpreter of the field table that faces the rows, and the queries that rules ask.
 *
 * A store is one connection and belongs to one thread. Failures of the database come back as false or BROKEN; what
 * failed is asked of the store's `db`. */
#ifndef REVIEWD_STORE_H
#define REVIEWD_STORE_H

#include "reviewd/db.h"
#include "reviewd/review.h"

/* The answer of a look-up. */
enum found { FOUND, ABSENT, BROKEN };

/* How far the present caller sees. */
struct view {
    struct id person;
    unsigned clearance; /* the greatest classification read without attending; CLASSIFICATION_RESTRICTED: all */
    const struct instant *as_of; /* NULL: the records as they are; else those that it sees now, as they were then */
};

extern const struct view view_all;

/* The newest entry of the audit chain. */
struct audit_head {
    int64_t seq;
    char hash[65];
};

/* What records show of their parents, kept as long as the database is as it was when it was read. */
struct parents;

struct store {
    struct db *db;
    bool created; /* by this very store_open() */
    struct parents *parents;
    struct db_statement *borrowed; /* whose row a record of store_load() without an arena still points into */
    struct id key;                 /* what is looked up by its id: bound, and so kept as long as the statement is */
    struct audit_head head;        /* as this transaction sees it */
    bool head_known;
    bool has_snapshot;    /* of a reader: a transaction is open for all that this round reads … */
    uint64_t snapshot_of; /* … begun after so many commits */
    bool is_stale;        /* memory was out: another connection is to take this one's place before it writes again */
    bool ids_known;       /* those made from now on are greater than … */
    unsigned ids_as_of;   /* … all that were stored in this state (db_snapshot) */
    bool scrubs;          /* something was erased: the log is to be cut to nothing, since it holds what was before */
    size_t unindexed[RESOURCE_COUNT]; /* rows that the index of words may lack, at the least; 0: none */
};

/* From now on ids are made that are greater than all in the database: to be asked before any is made, and in each
 * transaction that writes, since another process may have written. It reads only if one has. */
MUST_USE bool store_learn_ids(struct store *store);

/* Makes the SQL of all resources. Once, before threads and after domain_init(). False when memory is out. */
MUST_USE bool store_init(void);

/* The database's file in a data folder. */
#define STORE_FILE "reviewd.db"

/* Makes a database by the migrations, as a file of its own, not synced. */
MUST_USE bool store_build(const char *path, const char **ret_message);

/* From now on a new database is a copy of this one, which is borrowed for good. Before threads. */
void store_use_template(const void *database, size_t length);

/* Opens the database; a writer or guest makes and migrates it where there is none. */
MUST_USE bool store_open(struct store *store, const char *data_folder, enum db_mode mode, const char **ret_message);
void store_close(struct store *store);

/* Lets a reader see one state of the database until store_let_go(), at least as new as the `commits` that the caller
 * has counted: where they are more than last time, a newer one. False on failure. */
MUST_USE bool store_snapshot(struct store *store, uint64_t commits);

/* Soon: a snapshot keeps the writer from beginning its log anew. */
void store_let_go(struct store *store);

/* Lets go where there have been more commits since: what is read next is not older than they are. */
void store_let_go_older(struct store *store, uint64_t commits);

/* --- migrations ------------------------------------------------------------------------------------------------ */

enum migrated { MIGRATED, MIGRATED_NOTHING, MIGRATED_OLDER, MIGRATED_NEWER, MIGRATED_FAILED };

/* How the database stands to this build, without changing it: MIGRATED_NOTHING is as it should be. */
MUST_USE enum migrated store_standing(struct store *store, int *ret_from, int *ret_to);

/* Brings the database to this build's last migration, after a backup beside it where it holds anything.
 * *ret_from and *ret_to are its number before and after. */
MUST_USE enum migrated store_migrate(struct store *store, const char *data_folder, int *ret_from, int *ret_to);

/* Before a daemon opens the database: what the log has is on the disk from then on (db_settle_log). False with errno.
 */
bool store_settle_log(const char *data_folder);

/* --- records --------------------------------------------------------------------------------------------------- */

/* The id of the record that `key` names: an id, a reference, or what the resource is found by; all of it as it is now,
 * whatever instant the view has. */
MUST_USE enum found store_find(struct store *store, const struct resource *resource, const char *key,
                               const struct view *view, struct id *ret_id);

/* Reads the record that `key` names into `record` (of the resource's size). With an arena texts are copied into it;
 * without one they live until store_release(), which is to be called soon: till then this connection goes on seeing
 * the database as it was. Derived members are filled for `today`. */
MUST_USE enum found store_load(struct store *store, const struct resource *resource, const char *key,
                               const struct view *view, const struct date *today, struct arena *arena,
                               void *ret_record);

void store_release(struct store *store);

/* Takes rows inserted since the last time into the index of words: before anybody searches, and better many at once. */
MUST_USE bool store_index_words(struct store *store);

/* How many rows may be waiting for that. */
size_t store_unindexed(const struct store *store);

MUST_USE bool store_insert(struct store *store, const struct resource *resource, const void *record);
MUST_USE bool store_update(struct store *store, const struct resource *resource, const void *record);

/* The next reference of the resource in a year, in the arena; NULL on failure. */
const char *store_next_reference(struct store *store, const struct resource *resource, int year, struct arena *arena);

/* The number of a record's version of an instant; ABSENT where it was not there yet. */
MUST_USE enum found store_version_then(struct store *store, const struct id *record, const struct instant *as_of,
                                       int64_t *ret_version);

/* Columns of a resource, in the order in which store_row() reads them. */
const char *store_columns(const struct resource *resource, unsigned clearance);

/* The condition under which a view of this clearance sees a row of alias t; its person is parameter $1. */
const char *store_visible(const struct resource *resource, unsigned clearance);

/* Reads the present row, beginning at a column. Without an arena texts live until the next step. */
MUST_USE bool store_row(struct store *store, struct db_statement *statement, int column,
                        const struct resource *resource, const struct instant *as_of, const struct date *today,
                        struct arena *arena, void *ret_record);

/* Fills derived members: those shown from a parent record (as it was then, or NULL as it is), and those of the
 * resource's derive(). */
MUST_USE bool store_derive(struct store *store, const struct resource *resource, const struct instant *as_of,
                           const struct date *today, void *record);

/* Copies what is shown of parents, which else lives until the next record is derived. */
void store_keep_derived(const struct resource *resource, struct arena *arena, void *record);

/* Forgets what was read of parents, and what is known of the index of words: after a rollback, which may have taken it
 * back. */
void store_forget(struct store *store);

/* --- lists ----------------------------------------------------------------------------------------------------- */

enum filter_kind {
    FILTER_IN,      /* the field is one of the values, or a list of references that has one of them */
    FILTER_FROM,    /* at or after the value */
    FILTER_TO,      /* at or before the value */
    FILTER_OVERDUE, /* of action items: the value is "true" or "false" */
    FILTER_CARRIED, /* of action items: carried into the review with the id values[0] that starts at values[1] */
};

struct filter {
    enum filter_kind kind;
    const struct field *field;
    const char *const *values;
    size_t count;
};

enum { FILTERS_MAX = 64 };

/* The rows in which words were found, sorted; store_list() asks it of each row that it reads. */
struct key_set {
    struct buffer keys; /* of int64_t */
    size_t count;
};

struct list_query {
    const struct resource *resource;
    struct view view;
    struct date today;
    struct filter filters[FILTERS_MAX];
    size_t filter_count;
    const char *words;                                 /* or NULL */
    const struct key_set *among;                       /* in place of words: store_list() hands on only these … */
    bool (*beside)(void *context, const void *record); /* … and the others to this, of which it counts as many */
    bool with_withdrawn;
    const struct field *sort; /* NULL: by id */
    bool descending;
    const char *after_value; /* the last row of the page before, or NULL; "" for a value that is absent */
    const char *after_id;
    const struct filter *lead; /* whose index leads to its rows, as they follow by their ids; NULL: there is none */
    const char *until_value;   /* the last row that is looked at, likewise (store_list_border) */
    const char *until_id;
    const int64_t *only; /* the key of the one row that may be chosen, wherever it stands; NULL: of all */
    int limit;
};

/* Calls `row` with each record, at most limit of them; texts live during the call. It returns false to stop. Of then
 * there is no index but those of ids that never change: a sort looks at all records of the kind. */
MUST_USE bool store_list(struct store *store, const struct list_query *query, struct arena *arena,
                         bool (*row)(void *context, const void *record), void *context);

/* Sets the query's lead, where an index leads from one value of a filter to all that the query chooses. */
MUST_USE bool store_list_lead(struct store *store, struct list_query *query);

/* The id of a row. */
MUST_USE bool store_list_id(struct store *store, const struct resource *resource, int64_t key, struct id *ret_id);

/* The last of the next `rows` rows of the kind, or of those to which the query's lead leads, whether the query chooses
 * them or not: what finds few of many is looked for up to there, then from there on. Without an until, and of then or
 * with a lead without a sort; the texts are in the arena. ABSENT where fewer are left. */
MUST_USE enum found store_list_border(struct store *store, const struct list_query *query, int rows,
                                      struct arena *arena, const char **ret_value, const char **ret_id);

/* Where an order has no index, as in the past, or behind a lead: calls `row` with key and sort value of what the query
 * chooses behind its `after`, out of the next `rows` rows (store_list_border()) behind the id *walked, as they follow
 * by their ids, and moves *walked there. *ret_more: rows are left. */
MUST_USE bool store_list_values(struct store *store, const struct list_query *query, int rows, struct arena *arena,
                                struct id *walked, bool *ret_more,
                                bool (*row)(void *context, int64_t key, const char *value), void *context);

/* All rows in which the query's words are found, seen or not: for who reads a list to its end by pages, since the
 * condition on words costs as much at each page as there are finds. The caller finishes ret_keys->keys. */
MUST_USE bool store_find_keys(struct store *store, const struct list_query *query, struct key_set *ret_keys);

MUST_USE bool store_count(struct store *store, const struct list_query *query, struct arena *arena, int64_t *ret_count);

/* How many records of the kind there are at most, whoever sees them; without counting them. */
MUST_USE bool store_count_most(struct store *store, const struct resource *resource, int64_t *ret_count);

/* --- search ---------------------------------------------------------------------------------------------------- */

enum { SEARCH_CANDIDATES = 500 }; /* of each resource, so many of the newest finds are weighed */

struct word_search {
    const char *words;
    struct view view;
    bool among[RESOURCE_COUNT]; /* the resources to look into, by resource_index() */
    int limit;
};

/* Around each find in a hit's snippet. No text holds them, since they are no UTF-8. */
#define SNIPPET_BEGIN '\xFE'
#define SNIPPET_END '\xFF'

struct hit {
    const struct resource *resource;
    int64_t key;
    double weight;
    struct id id;
    const char *reference; /* or NULL */
    const char *title;     /* or NULL */
    const char *snippet;
};

/* The records that hold every word, or a word that begins with it; the heaviest first. Texts are in the arena. */
MUST_USE bool store_search(struct store *store, const struct word_search *search, struct arena *arena,
                           const struct hit **ret_hits, size_t *ret_count);

/* --- what rules ask -------------------------------------------------------------------------------------------- */

struct person_brief {
    struct id id;
    unsigned role;
    bool active;
    const char *department; /* in the arena; NULL: none */
    const char *name;
    const char *job_title;
};

MUST_USE enum found store_person(struct store *store, const struct id *id, struct arena *arena,
                                 struct person_brief *ret_person);
/* The same as it was then, or NULL as it is. */
MUST_USE enum found store_person_then(struct store *store, const struct id *id, const struct instant *as_of,
                                      struct arena *arena, struct person_brief *ret_person);
MUST_USE bool store_email_taken(struct store *store, const char *email, const struct id *except, bool *ret_taken);

/* What keeps a person from leaving. Of this and the other lists of named records: what the view sees is named one by
 * one, and all that it does not see by one item without an id. */
MUST_USE bool store_commitments(struct store *store, const struct id *person, const struct view *view,
                                struct arena *arena, const struct named **ret_items, size_t *ret_count);
MUST_USE bool store_attends(struct store *store, const struct id *review, const struct id *person, bool *ret_attends);
MUST_USE enum found store_attendee_of(struct store *store, const struct id *review, const struct id *person,
                                      struct id *ret_attendee);
MUST_USE bool store_next_position(struct store *store, const struct id *review, int64_t *ret_position);
MUST_USE bool store_extensions(struct store *store, const struct id *decision, size_t *ret_count);

/* The highest number of a success criterion that amendments of this commitment have replaced; 0 where there is none. */
MUST_USE bool store_criteria_used(struct store *store, const struct id *commitment, int64_t *ret_number);

/* The part of the facts that starting and concluding need, for a review that starts (or started) at `started_at`.
 * Carried action items that the view does not see are one item without an id. */
MUST_USE bool store_review_facts(struct store *store, const struct review *review, const struct instant *started_at,
                                 const struct view *view, struct arena *arena, struct review_facts *ret_facts);

/* An action item that a review has to revisit. */
struct carried {
    struct id id;
    const char *reference;
    const char *title;
    bool overdue;
    bool followed_up;
    bool visible; /* to the view */
};
MUST_USE bool store_carried(struct store *store, const struct id *review, const struct instant *started_at,
                            const struct date *today, const struct view *view, struct arena *arena,
                            const struct carried **ret_items, size_t *ret_count);

/* A decision's action items, neither closed nor cancelled, that are due after a day. */
MUST_USE bool store_items_after(struct store *store, const struct id *decision, const struct date *day,
                                const struct view *view, struct arena *arena, const struct named **ret_items,
                                size_t *ret_count);

/* A decision's action items: how many are closed, and which are unfinished. */
MUST_USE bool store_items_of(struct store *store, const struct id *decision, const struct view *view,
                             struct arena *arena, size_t *ret_closed, const struct named **ret_unfinished,
                             size_t *ret_count);

/* Whether one leads from a record to another by what action items follow, decisions are superseded by, or follow-ups
 * supersede. A record leads to itself. */
MUST_USE bool store_leads_to(struct store *store, const struct resource *resource, const struct id *from,
                             const struct id *to, bool *ret_leads);

/* --- imports --------------------------------------------------------------------------------------------------- */

/* The references of that year go on after this number, at the least. */
MUST_USE bool store_raise_reference(struct store *store, const struct resource *resource, int year, int64_t number);

/* Whether there is a record of any kind with this id. */
MUST_USE bool store_id_known(struct store *store, const struct id *id, bool *ret_known);

/* What the "owner_id" or "success_criteria" of an action item or a decision was at an instant, as the first amendment
 * afterwards says; NULL in *ret_text where none does. */
MUST_USE bool store_as_amended(struct store *store, const struct resource *target, const struct id *id,
                               const char *member, const struct instant *at, struct arena *arena,
                               const char **ret_text);

/* What a follow-up did to its action item. */
struct follow_up_brief {
    unsigned kind;
    unsigned outcome;
    struct date performed_on;
    bool in_review;
};

/* An action item's follow-ups, in their order. */
MUST_USE bool store_follow_ups_of(struct store *store, const struct id *action_item, struct arena *arena,
                                  const struct follow_up_brief **ret_items, size_t *ret_count);

/* An amendment of an action item or a decision that moved its deadline. */
struct move_brief {
    struct date from;
    struct date to;
    unsigned approver_role; /* as it is now */
};
MUST_USE bool store_moves_of(struct store *store, const struct resource *target, const struct id *id,
                             struct arena *arena, const struct move_brief **ret_items, size_t *ret_count);

/* A place in the transaction to which all that is written afterwards can be taken back, before it is left. */
MUST_USE bool store_mark(struct store *store);
MUST_USE bool store_return_to_mark(struct store *store);
MUST_USE bool store_leave_mark(struct store *store);

/* The imports that are running, as far as the database knows. */
MUST_USE bool store_running_imports(struct store *store, struct arena *arena, const struct id **ret_ids,
                                    size_t *ret_count);

/* --- revisions, idempotency, tokens ---------------------------------------------------------------------------- */

MUST_USE bool store_keep_revision(struct store *store, const struct review *review, const char *body);
MUST_USE enum found store_revision(struct store *store, const struct id *review, int64_t revision, struct arena *arena,
                                   const char **ret_body);
/* The one behind number *after, up to `last`; moves *after there. */
MUST_USE enum found store_next_revision(struct store *store, const struct id *review, int64_t last, struct arena *arena,
                                        int64_t *after, const char **ret_body);
MUST_USE bool store_count_revisions(struct store *store, const struct id *review, int64_t last, int64_t *ret_count);

/* Whether what the database keeps beside the records fits them: inputs of decisions, counters of references, how far
 * the index of words goes. ret_finding: the first that does not, or "". False where memory or the database fails. */
MUST_USE bool store_check_kept(struct store *store, struct arena *arena, char *ret_finding, size_t size);

/* The kept minutes of an approved revision: its forms ("html", "json", "markdown", "pdf"), whole and as an extract. */
struct kept_minutes {
    const char *form;
    bool extract;
    const char *body;
    size_t length;
    char sha256[65];
};
MUST_USE bool store_keep_minutes(struct store *store, const struct review *review, const struct kept_minutes *minutes);

/* The one of the form and extract that *ret_minutes names; its body in the arena. */
MUST_USE enum found store_kept_minutes(struct store *store, const struct id *review, int64_t revision,
                                       struct arena *arena, struct kept_minutes *ret_minutes);

/* A record of another review that the minutes show something of. */
MUST_USE bool store_keep_outsider(struct store *store, const struct review *review, const struct resource *resource,
                                  const struct id *record);

/* Whether a view sees all of those. */
MUST_USE bool store_sees_outsiders(struct store *store, const struct id *review, int64_t revision,
                                   const struct view *view, struct arena *arena, bool *ret_sees);

/* Calls `row` with each of the minutes kept, with the revision and what the approved review says of them (JSON; NULL:
 * nothing); and then, with `minutes` NULL, for each approval whose minutes are not there. It returns false to stop. */
MUST_USE bool store_walk_minutes(struct store *store,
                                 bool (*row)(void *context, const char *review, int64_t revision,
                                             const struct kept_minutes *minutes, const char *said),
                                 void *context);

/* The first answer to a request with a key, as it is replayed. */
struct kept_answer {
    unsigned char request_sha256[32];
    int status;
    const char *headers; /* lines of "Name: value\n" */
    const char *body;
    size_t body_length;
};
MUST_USE enum found store_kept_answer(struct store *store, const struct id *caller, const char *key,
                                      const struct instant *not_before, struct arena *arena,
                                      struct kept_answer *ret_answer);
MUST_USE bool store_keep_answer(struct store *store, const struct id *caller, const char *key,
                                const struct instant *now, const struct kept_answer *answer);
/* What was kept before goes; what was kept later than it is now, by a clock that was set back since, is kept a day from
 * now. */
MUST_USE bool store_drop_answers(struct store *store, const struct instant *before, const struct instant *now);

/* --- personal data (personal.c, erase.c) ------------------------------------------------------------------------ */

/* SHA-256("reviewd-personal-1" LF salt LF value) in hex. */
void personal_commitment(const char *salt, const char *value, char ret_hex[65]);

/* The record as the chain hashes it: with a commitment in each personal member, whose salt and value are kept beside.
 * A value that stays keeps its commitment. The record itself where nothing of it is personal, else in the arena; NULL
 * on failure. */
const void *store_seal(struct store *store, const struct resource *resource, const void *record, struct arena *arena);

/* The body of a version with the values in the place of the commitments, or the pseudonyms of what was erased: the body
 * itself where it has none, else in the arena. Hidden members are null where they are not asked for. NULL on failure.
 */
const char *store_opened(struct store *store, const struct resource *resource, const char *body, bool with_hidden,
                         struct arena *arena);

/* The same in SQL, of one member: the alias of the version, the member, and both again. */
#define STORE_OPENED                                                                                                   \
    "coalesce((SELECT p.value FROM personal AS p WHERE p.commitment = (%s.body ->> '$.%s.commitment')), (%s.body ->> " \
    "'%s'))"

/* What a commitment stands for; without a salt: erased. */
struct opening {
    const char *member;
    const char *salt;
    const char *value;
};
MUST_USE enum found store_opening(struct store *store, const char *commitment, struct arena *arena,
                                  struct opening *ret_opening);

/* Whether a version of the person holds its name as it is: one that was written before there were commitments. */
MUST_USE bool store_has_plain_history(struct store *store, const struct id *person, bool *ret_has);

/* Takes away the salts and values of a person who was erased, but for what is frozen evidence, and out of kept answers.
 */
MUST_USE bool store_erase_person(struct store *store, const struct id *person, struct arena *arena);

/* Takes the words that were deleted out of the index for good. */
MUST_USE bool store_purge_words(struct store *store);

/* The attendees of a person under another name than its pseudonym, in reviews that are neither concluded nor approved.
 */
MUST_USE bool store_unfrozen_attendees(struct store *store, const struct id *person, struct arena *arena,
                                       const struct id **ret_ids, size_t *ret_count);

/* The erased people among the attendees of a review. */
MUST_USE bool store_erased_attendees(struct store *store, const struct id *review, struct arena *arena,
                                     const struct id **ret_people, size_t *ret_count);

/* A person's tokens of a kind that are not revoked. */
MUST_USE bool store_good_tokens(struct store *store, const struct id *person, const struct resource *resource,
                                struct arena *arena, const struct id **ret_ids, size_t *ret_count);

/* What a token's hash stands for. */
struct token_brief {
    struct id token_id;
    struct person_brief person;
    unsigned role; /* 0: the person's */
    bool read_only;
    bool revoked;
    struct instant expires_at;
};
MUST_USE enum found store_token(struct store *store, const unsigned char hash[32], struct arena *arena,
                                struct token_brief *ret_token);
MUST_USE bool store_keep_secret(struct store *store, const struct id *token, const unsigned char hash[32]);

/* The same of a feed token, which is always read-only. */
MUST_USE enum found store_calendar_token(struct store *store, const unsigned char hash[32], struct arena *arena,
                                         struct token_brief *ret_token);
MUST_USE bool store_keep_calendar_secret(struct store *store, const struct id *token, const unsigned char hash[32]);

/* Of a token of either kind. */
MUST_USE bool store_token_used(struct store *store, const struct id *token, const struct instant *at);

/* When each token was last used: "" for never. */
MUST_USE bool store_token_last_use(struct store *store, const struct id *token, struct instant *ret_at);

#endif
