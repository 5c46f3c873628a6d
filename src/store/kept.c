/* What is kept beside the records: revisions of approved reviews, and answers to requests with an Idempotency-Key. */
#include "ask.h"

bool store_keep_revision(struct store *store, const struct review *review, const char *body)
{
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

enum found store_kept_answer(struct store *store, const struct id *caller, const char *key,
                             const struct instant *not_before, struct arena *arena, struct kept_answer *ret_answer)
{
    struct db_statement *statement =
        ASK(store,
            "SELECT request_sha256, status, headers, body FROM idempotency WHERE caller_id = $1 AND "
            "idempotency_key = $2 AND created_at >= $3",
            caller->text, key, not_before->text);
    if (!statement)
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
    if (statement) {
        db_bind_blob(statement, 5, answer->request_sha256, sizeof answer->request_sha256);
        db_bind_integer(statement, 6, answer->status);
        db_bind_blob(statement, 7, answer->body_length ? answer->body : "", answer->body_length);
    }
    return ask_done(statement);
}

bool store_drop_answers(struct store *store, const struct instant *before)
{
    return ask_done(ASK(store, "DELETE FROM idempotency WHERE created_at < $1", before->text));
}
