/* What is kept beside the records: revisions of approved reviews, answers to requests with an Idempotency-Key, and what
 * triggers and counters keep. */
#include "ask.h"

#include <stdio.h>

bool store_keep_revision(struct store *store, const struct review *review, const char *body)
{
    if (DB_FAILPOINT(store->db, "revision.keep"))
        return false;
    struct db_statement *statement =
        ASK(store, "INSERT INTO revision (review_id, approved_at, body, revision) VALUES ($1, $2, $3, $4)",
            review->record.id.text, review->approved_at.text, body);
    if (statement)
        db_bind_integer(statement, 4, review->revision.value);
    return ask_done(statement);
}

enum found store_revision(struct store *store, const struct id *review, int64_t revision, struct arena *arena,
                          const char **ret_body)
{
    struct db_statement *statement =
        ASK(store, "SELECT body FROM revision WHERE review_id = $1 AND revision = $2", review->text);
    if (!statement)
        return BROKEN;
    db_bind_integer(statement, 2, revision);
    enum db_step step = db_step(statement);
    if (step == DB_ROW)
        *ret_body = ask_copy(statement, 0, arena);
    if (step == DB_ROW && !db_whole(statement))
        step = DB_ERROR;
    db_reset(statement);
    return step == DB_ROW ? FOUND : step == DB_DONE ? ABSENT : BROKEN;
}

enum found store_next_revision(struct store *store, const struct id *review, int64_t last, struct arena *arena,
                               int64_t *after, const char **ret_body)
{
    struct db_statement *statement = ASK(store,
                                         "SELECT revision, body FROM revision WHERE review_id = $1 AND revision > $2 "
                                         "AND revision <= $3 ORDER BY revision LIMIT 1",
                                         review->text);
    if (!statement)
        return BROKEN;
    db_bind_integer(statement, 2, *after);
    db_bind_integer(statement, 3, last);
    enum db_step step = db_step(statement);
    if (step == DB_ROW) {
        *after = db_integer(statement, 0);
        *ret_body = ask_copy(statement, 1, arena);
    }
    if (step == DB_ROW && !db_whole(statement))
        step = DB_ERROR;
    db_reset(statement);
    return step == DB_ROW ? FOUND : step == DB_DONE ? ABSENT : BROKEN;
}

bool store_count_revisions(struct store *store, const struct id *review, int64_t last, int64_t *ret_count)
{
    struct db_statement *statement =
        ASK(store, "SELECT count(*) FROM revision WHERE review_id = $1 AND revision <= $2", review->text);
    if (!statement)
        return false;
    db_bind_integer(statement, 2, last);
    return ask_integer(statement, ret_count);
}

enum found store_kept_answer(struct store *store, const struct id *caller, const char *key,
                             const struct instant *not_before, struct arena *arena, struct kept_answer *ret_answer)
{
    struct db_statement *statement =
        ASK(store,
            "SELECT request_sha256, status, headers, body FROM idempotency WHERE caller_id = $1 AND "
            "idempotency_key = $2 AND created_at >= $3",
            caller->text, key, not_before->text);
    if (!statement || DB_FAILPOINT(store->db, "answer.look"))
        return BROKEN;
    enum db_step step = db_step(statement);
    if (step == DB_ROW) {
        memcpy(ret_answer->request_sha256, db_blob(statement, 0), sizeof ret_answer->request_sha256);
        ret_answer->status = (int)db_integer(statement, 1);
        ret_answer->headers = ask_copy(statement, 2, arena);
        ret_answer->body_length = db_length(statement, 3);
        ret_answer->body =
            arena_copy(arena, ret_answer->body_length ? db_blob(statement, 3) : "", ret_answer->body_length);
        step = db_whole(statement) ? step : DB_ERROR;
    }
    db_reset(statement);
    return step == DB_ROW ? FOUND : step == DB_DONE ? ABSENT : BROKEN;
}

bool store_keep_answer(struct store *store, const struct id *caller, const char *key, const struct instant *now,
                       const struct kept_answer *answer)
{
    struct db_statement *statement =
        ASK(store,
            "INSERT INTO idempotency (caller_id, idempotency_key, created_at, headers, request_sha256, status, "
            "body) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (caller_id, idempotency_key) DO UPDATE SET "
            "created_at = excluded.created_at, headers = excluded.headers, request_sha256 = "
            "excluded.request_sha256, status = excluded.status, body = excluded.body",
            caller->text, key, now->text, answer->headers);
    if (DB_FAILPOINT(store->db, "answer.keep"))
        return false;
    if (statement) {
        db_bind_blob(statement, 5, answer->request_sha256, sizeof answer->request_sha256);
        db_bind_integer(statement, 6, answer->status);
        db_bind_blob(statement, 7, answer->body_length ? answer->body : "", answer->body_length);
    }
    return ask_done(statement);
}

bool store_drop_answers(struct store *store, const struct instant *before, const struct instant *now)
{
    return !DB_FAILPOINT(store->db, "answer.drop") &&
           ask_done(ASK(store, "DELETE FROM idempotency WHERE created_at < $1", before->text)) &&
           ask_done(ASK(store, "UPDATE idempotency SET created_at = $1 WHERE created_at > $1", now->text));
}

/* --- whether it fits -----------------------------------------------------------------------------------------------
 */

/* Runs a query that answers a text where something does not fit. */
static bool check(struct store *store, const char *sql, const char *what, char *ret_finding, size_t size)
{
    struct db_statement *statement = db_query(store->db, sql);
    enum db_step step = statement ? db_step(statement) : DB_ERROR;
    if (step == DB_ROW)
        snprintf(ret_finding, size, "%s: %s", db_text(statement, 0), what);
    if (statement)
        db_reset(statement);
    return step != DB_ERROR;
}

static bool check_inputs(struct store *store, char *ret_finding, size_t size)
{
    static const char missing[] =
        "SELECT 'decision ' || d.id || ' (' || d.reference || ')' FROM decision AS d, json_each(d.input_ids) AS i "
        "WHERE NOT EXISTS (SELECT 1 FROM decision_input AS k WHERE k.decision_id = d.id AND k.input_id = i.value) "
        "LIMIT 1";
    static const char added[] =
        "SELECT 'decision ' || k.decision_id FROM decision_input AS k WHERE NOT EXISTS (SELECT 1 FROM decision AS d, "
        "json_each(d.input_ids) AS i WHERE d.id = k.decision_id AND i.value = k.input_id) LIMIT 1";
    const char what[] = "its rows of decision_input are not its input_ids";
    return check(store, missing, what, ret_finding, size) &&
           (*ret_finding || check(store, added, what, ret_finding, size));
}

/* A number that is counted up to again would be given twice. */
static bool check_counter(struct store *store, struct arena *arena, const struct resource *resource, char *ret_finding,
                          size_t size)
{
    int prefix = (int)strlen(resource->reference_prefix);
    const char *sql = arena_format(
        arena,
        "SELECT '%s ' || t.id || ' (' || t.reference || ')' FROM %s AS t LEFT JOIN reference_counter AS c ON c.prefix "
        "= '%s' AND c.year = CAST(substr(t.reference, %d, 4) AS INTEGER) WHERE CAST(substr(t.reference, %d) AS "
        "INTEGER) > coalesce(c.last, 0) LIMIT 1",
        resource->name, resource->name, resource->reference_prefix, prefix + 2, prefix + 7);
    return !arena_failed(arena) &&
           check(store, sql, "the counter of references has not come so far", ret_finding, size);
}

/* Rows that come later would never be found by their words. */
static bool check_words(struct store *store, struct arena *arena, const struct resource *resource, char *ret_finding,
                        size_t size)
{
    const char *sql = arena_format(arena,
                                   "SELECT w.resource FROM words_indexed AS w WHERE w.resource = '%s' AND w.last > "
                                   "(SELECT coalesce(max(t.key), 0) FROM %s AS t)",
                                   resource->name, resource->name);
    return !arena_failed(arena) && check(store, sql, "words_indexed is beyond the last record", ret_finding, size);
}

bool store_check_kept(struct store *store, struct arena *arena, char *ret_finding, size_t size)
{
    *ret_finding = '\0';
    bool fine = check_inputs(store, ret_finding, size);
    for (size_t i = 0; fine && !*ret_finding && i < RESOURCE_COUNT; i++) {
        if (resources[i]->reference_prefix)
            fine = check_counter(store, arena, resources[i], ret_finding, size);
        if (fine && !*ret_finding)
            fine = check_words(store, arena, resources[i], ret_finding, size);
    }
    return fine;
}
