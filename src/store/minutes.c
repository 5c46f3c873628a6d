/* The kept minutes of approved revisions. */
#include "ask.h"

#include <stdio.h>

bool store_keep_minutes(struct store *store, const struct review *review, const struct kept_minutes *minutes)
{
    struct db_statement *statement = ASK(
        store, "INSERT INTO minutes (review_id, form, sha256, revision, extract, body) VALUES ($1, $2, $3, $4, $5, $6)",
        review->record.id.text, minutes->form, minutes->sha256);
    if (DB_FAILPOINT(store->db, "minutes.keep"))
        return false;
    if (statement) {
        db_bind_integer(statement, 4, review->revision.value);
        db_bind_integer(statement, 5, minutes->extract);
        db_bind_blob(statement, 6, minutes->body, minutes->length);
    }
    return ask_done(statement);
}

enum found store_kept_minutes(struct store *store, const struct id *review, int64_t revision, struct arena *arena,
                              struct kept_minutes *ret_minutes)
{
    struct db_statement *statement = ASK(
        store, "SELECT sha256, body FROM minutes WHERE review_id = $1 AND form = $2 AND revision = $3 AND extract = $4",
        review->text, ret_minutes->form);
    if (!statement)
        return BROKEN;
    db_bind_integer(statement, 3, revision);
    db_bind_integer(statement, 4, ret_minutes->extract);
    enum db_step step = db_step(statement);
    if (step == DB_ROW) {
        ask_text(statement, 0, ret_minutes->sha256, sizeof ret_minutes->sha256);
        ret_minutes->length = db_length(statement, 1);
        const void *body = db_blob(statement, 1);
        ret_minutes->body = body ? arena_copy(arena, body, ret_minutes->length) : NULL;
        step = db_whole(statement) && body && !arena_failed(arena) ? step : DB_ERROR;
    }
    db_reset(statement);
    return step == DB_ROW ? FOUND : step == DB_DONE ? ABSENT : BROKEN;
}

bool store_keep_outsider(struct store *store, const struct review *review, const struct resource *resource,
                         const struct id *record)
{
    struct db_statement *statement =
        ASK(store, "INSERT INTO minutes_outsider (review_id, resource, record_id, revision) VALUES ($1, $2, $3, $4)",
            review->record.id.text, resource->name, record->text);
    if (statement)
        db_bind_integer(statement, 4, review->revision.value);
    return ask_done(statement);
}

struct outside {
    const struct resource *resource;
    struct id id;
};

static void outside_row(struct db_statement *statement, struct arena *arena, void *item)
{
    (void)arena;
    struct outside *outside = item;
    const char *resource = db_text(statement, 0);
    outside->resource = resource ? resource_find(resource) : NULL;
    ask_text(statement, 1, outside->id.text, sizeof outside->id.text);
}

bool store_sees_outsiders(struct store *store, const struct id *review, int64_t revision, const struct view *view,
                          struct arena *arena, bool *ret_sees)
{
    void *rows;
    size_t count;
    *ret_sees = true;
    struct db_statement *statement = ASK(
        store, "SELECT resource, record_id FROM minutes_outsider WHERE review_id = $1 AND revision = $2", review->text);
    if (statement)
        db_bind_integer(statement, 2, revision);
    if (!ask_rows(statement, arena, sizeof(struct outside), outside_row, &rows, &count))
        return false;
    const struct outside *outside = rows; /* NULL without any */
    for (size_t i = 0; i < count && *ret_sees; i++) {
        struct id id;
        enum found found =
            outside[i].resource ? store_find(store, outside[i].resource, outside[i].id.text, view, &id) : BROKEN;
        if (found == BROKEN)
            return false;
        *ret_sees = found == FOUND;
    }
    return true;
}

/* What an approval says of its minutes is looked up in the version that its audit entry hashes. */
#define APPROVED_VERSION                                                                                               \
    "v.record_id = m.review_id AND json_extract(v.body, '$.revision') = m.revision AND "                               \
    "json_extract(v.body, '$.status') = 'approved'"

static const char *const walk_sql[] = {
    "SELECT m.review_id, m.revision, m.form, m.extract, m.body, (SELECT json_extract(v.body, '$.minutes_sha256.' || "
    "CASE m.extract WHEN 1 THEN 'extract_' ELSE '' END || m.form) FROM version AS v WHERE " APPROVED_VERSION
    " LIMIT 1) FROM minutes AS m ORDER BY m.review_id, m.revision, m.extract, m.form",
    "SELECT m.review_id, m.revision FROM (SELECT v.record_id AS review_id, json_extract(v.body, '$.revision') AS "
    "revision, (SELECT count(*) FROM json_each(v.body, '$.minutes_sha256') AS e WHERE e.value IS NOT NULL) AS said "
    "FROM review AS r JOIN version AS v ON v.record_id = r.id WHERE json_extract(v.body, '$.status') = 'approved') AS "
    "m "
    "WHERE m.said <> (SELECT count(*) FROM minutes AS k WHERE k.review_id = m.review_id AND k.revision = m.revision)",
};

bool store_walk_minutes(struct store *store,
                        bool (*row)(void *context, const char *review, int64_t revision,
                                    const struct kept_minutes *minutes, const char *said),
                        void *context)
{
    bool more = true;
    for (size_t i = 0; i < COUNT_OF(walk_sql) && more; i++) {
        struct db_statement *statement = db_fixed(store->db, walk_sql[i]);
        enum db_step step = DB_ERROR;
        while (statement && more && (step = db_step(statement)) == DB_ROW) {
            struct kept_minutes minutes = {0};
            if (i == 0)
                minutes = (struct kept_minutes){.form = db_text(statement, 2),
                                                .extract = db_integer(statement, 3) != 0,
                                                .body = db_blob(statement, 4),
                                                .length = db_length(statement, 4)};
            const char *said = i == 0 ? db_text(statement, 5) : NULL;
            if (!db_whole(statement)) {
                step = DB_ERROR;
                break;
            }
            more = row(context, db_text(statement, 0), db_integer(statement, 1), i == 0 ? &minutes : NULL, said);
        }
        if (statement)
            db_reset(statement);
        if (more && step != DB_DONE)
            return false;
    }
    return true;
}
