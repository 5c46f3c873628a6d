/* Revisions of approved reviews are not hashed: each is made again here out of the versions that were, as the API made
 * it (revision_render), and compared. */
#include "verify.h"

#include "reviewd/review.h"

#include <stdio.h>

/* A resource's columns as store_row() reads them, out of the body of a version v. */
static const char *version_columns(struct arena *arena, const struct resource *resource)
{
    struct buffer sql = {0};
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (field->derived || !resource_has(resource, field))
            continue;
        buffer_put(&sql, sql.length ? ", " : "");
        if (field->personal)
            buffer_format(&sql, STORE_OPENED, "v", field->name, "v", field->name);
        else
            buffer_format(&sql, "json_extract(v.body, '$.%s')", field->name);
    }
    arena->failed |= buffer_failed(&sql);
    const char *text = buffer_failed(&sql) ? "" : arena_copy(arena, sql.data, sql.length);
    buffer_finish(&sql);
    return text;
}

/* What is shown of the parent is what the parent was then. */
static void derive(const struct resource *resource, const struct review *review, void *record)
{
    for (size_t i = 0; i < resource->field_count; i++) {
        const struct field *field = &resource->fields[i];
        if (field->via)
            *(const char **)field_in(field, record) = field->of[0] == 'r' ? review->record.reference : review->title;
    }
}

/* The review's records of a resource, as they were after the entry `seq`. */
static bool put_members(struct store *store, struct arena *arena, const struct resource *resource,
                        const struct review *review, int64_t seq, const char *kept, struct buffer *body)
{
    const char *sql =
        arena_format(arena,
                     "SELECT %s FROM %s AS t JOIN version AS v ON v.record_id = t.id AND v.version = (SELECT "
                     "max(w.version) FROM version AS w WHERE w.record_id = t.id AND w.seq <= $2) WHERE t.review_id = "
                     "$1%s ORDER BY t.id",
                     version_columns(arena, resource), resource->name,
                     resource->withdrawable ? " AND NOT json_extract(v.body, '$.withdrawn')" : "");
    void *record = arena_alloc(arena, resource->size);
    struct db_statement *statement = verify_query(store, arena, sql);
    if (!statement)
        return false;
    db_bind_text(statement, 1, review->record.id.text);
    db_bind_integer(statement, 2, seq);
    buffer_format(body, ",\"%s\":[", resource->collection);
    const struct date today = {0};
    enum db_step step;
    bool first = true;
    while ((step = db_step(statement)) == DB_ROW) {
        if (!store_row(store, statement, 0, resource, NULL, &today, NULL, record)) {
            step = DB_ERROR;
            break;
        }
        derive(resource, review, record);
        buffer_put(body, first ? "" : ",");
        first = false;
        record_show_as(body, resource, record, kept);
    }
    db_reset(statement);
    buffer_char(body, ']');
    return step == DB_DONE;
}

/* As what was kept has it: a member may be newer. */
static bool rebuild(struct store *store, const struct review *review, int64_t seq, const char *kept,
                    struct buffer *ret_body)
{
    static const struct resource *const frozen[] = {&attendee_resource, &input_resource, &decision_resource};
    struct arena arena; /* of this revision: there may be many */
    arena_init(&arena);
    record_show_as(ret_body, &review_resource, review, kept);
    bool fine = !buffer_failed(ret_body);
    if (fine)
        ret_body->length--; /* the record goes on with what was frozen with it */
    for (size_t i = 0; fine && i < COUNT_OF(frozen); i++)
        fine = put_members(store, &arena, frozen[i], review, seq, kept, ret_body);
    buffer_char(ret_body, '}');
    arena_finish(&arena);
    return fine && !buffer_failed(ret_body);
}

/* One approval: columns are its seq, approved_at and body of the revision, and then the review's own. */
static bool verify_approval(struct store *store, struct db_statement *statement, struct review *review,
                            struct audit_finding *finding)
{
    const struct date today = {0};
    struct buffer body = {0};
    int64_t seq = db_integer(statement, 0);
    if (!store_row(store, statement, 3, &review_resource, NULL, &today, NULL, review))
        return false;
    const char *kept_at = db_text(statement, 1);
    const char *kept = db_text(statement, 2);
    bool fine = rebuild(store, review, seq, kept ? kept : "", &body);
    const char *wrong = NULL;
    if (!kept)
        wrong = "is missing";
    else if (!kept_at || strcmp(kept_at, review->approved_at.text) != 0 || db_length(statement, 2) != body.length ||
             memcmp(kept, body.data, body.length) != 0)
        wrong = "is not what was approved";
    if (fine && wrong)
        snprintf(finding->text, sizeof finding->text, "audit entry %lld: revision %lld of review %s (%s) %s",
                 (long long)seq, (long long)review->revision.value, review->record.id.text,
                 verify_reference(&review->record), wrong);
    buffer_finish(&body);
    return fine && db_whole(statement);
}

static bool verify_approvals(struct store *store, struct arena *arena, struct audit_finding *finding)
{
    const char *sql = arena_format(
        arena,
        "SELECT a.seq, r.approved_at, r.body, %s FROM audit_log AS a JOIN version AS v ON v.seq = a.seq LEFT JOIN "
        "revision AS r ON r.review_id = a.resource_id AND r.revision = json_extract(v.body, '$.revision') WHERE "
        "(a.event = 'review.approve' OR (a.event = 'review.import' AND json_extract(v.body, '$.status') = 'approved')) "
        "ORDER BY a.seq",
        version_columns(arena, &review_resource));
    struct review *review = arena_alloc(arena, sizeof *review);
    struct db_statement *statement = verify_query(store, arena, sql);
    enum db_step step = DB_ERROR;
    while (statement && !finding->text[0] && (step = db_step(statement)) == DB_ROW) {
        if (!verify_approval(store, statement, review, finding)) {
            step = DB_ERROR;
            break;
        }
    }
    if (statement)
        db_reset(statement);
    return step != DB_ERROR;
}

/* A revision that nobody approved. */
static bool verify_origin(struct store *store, struct audit_finding *finding)
{
    struct db_statement *statement = db_fixed(
        store->db, "SELECT r.revision, r.review_id FROM revision AS r WHERE NOT EXISTS (SELECT 1 FROM version AS v "
                   "JOIN audit_log AS a ON a.seq = v.seq WHERE v.record_id = r.review_id AND (a.event = "
                   "'review.approve' OR a.event = 'review.import') AND json_extract(v.body, '$.status') = 'approved' "
                   "AND json_extract(v.body, '$.revision') = r.revision) LIMIT 1");
    enum db_step step = statement ? db_step(statement) : DB_ERROR;
    if (step == DB_ROW)
        snprintf(finding->text, sizeof finding->text, "revision %lld of review %s: no audit entry approved it",
                 (long long)db_integer(statement, 0), db_text(statement, 1));
    if (statement)
        db_reset(statement);
    return step != DB_ERROR;
}

bool verify_revisions(struct store *store, struct arena *arena, struct audit_finding *finding)
{
    return verify_approvals(store, arena, finding) && (finding->text[0] || verify_origin(store, finding));
}
