#include "reviewd/pack_rows.h"

#include "ask.h"

#include "reviewd/action_item.h"
#include "reviewd/amendment.h"
#include "reviewd/attachment.h"
#include "reviewd/attendee.h"
#include "reviewd/decision.h"
#include "reviewd/follow_up.h"
#include "reviewd/input.h"

#include <stdlib.h>

const struct resource *const pack_resources[PACK_RESOURCES] = {
    &review_resource,      &attendee_resource,  &input_resource,     &decision_resource,
    &action_item_resource, &amendment_resource, &follow_up_resource, &attachment_resource,
};

#define FIRST_ENTRY "(SELECT v.seq FROM version AS v WHERE v.record_id = t.id ORDER BY v.version LIMIT 1)"
#define LAST_ENTRY "(SELECT v.seq FROM version AS v WHERE v.record_id = t.id ORDER BY v.version DESC LIMIT 1)"
#define OF_REVIEW(table, which)                                                                                        \
    "SELECT t.id, " FIRST_ENTRY ", " LAST_ENTRY " FROM " table " AS t WHERE " which " ORDER BY t.id"
#define DECISIONS "(SELECT d.id FROM decision AS d WHERE d.review_id = $1)"
#define ACTION_ITEMS "(SELECT i.id FROM action_item AS i WHERE i.review_id = $1)"

/* In the order of pack_resources. What hangs from a record never comes to hang from another. */
static const char *const records_sql[PACK_RESOURCES] = {
    OF_REVIEW("review", "t.id = $1"),
    OF_REVIEW("attendee", "t.review_id = $1"),
    OF_REVIEW("input", "t.review_id = $1"),
    OF_REVIEW("decision", "t.review_id = $1"),
    OF_REVIEW("action_item", "t.review_id = $1"),
    OF_REVIEW("amendment", "(t.decision_id IN " DECISIONS " OR t.action_item_id IN " ACTION_ITEMS ")"),
    OF_REVIEW("follow_up", "t.action_item_id IN " ACTION_ITEMS),
    OF_REVIEW("attachment", "t.review_id = $1"),
};

static void record_row(struct db_statement *statement, struct arena *arena, void *item)
{
    (void)arena;
    struct pack_record *record = item;
    ask_text(statement, 0, record->id.text, sizeof record->id.text);
    record->first = db_integer(statement, 1);
    record->last = db_integer(statement, 2);
}

bool store_pack_records(struct store *store, const struct resource *resource, const struct id *review,
                        struct arena *arena, const struct pack_record **ret_records, size_t *ret_count)
{
    size_t which = 0;
    while (pack_resources[which] != resource)
        which++;
    void *records = NULL;
    struct db_statement *statement = ASK(store, records_sql[which], review->text);
    if (!ask_rows(statement, arena, sizeof **ret_records, record_row, &records, ret_count))
        return false;
    *ret_records = records;
    return true;
}

static struct pack_version version_of(struct db_statement *statement)
{
    struct pack_version version = {.seq = db_integer(statement, 0),
                                   .version = db_integer(statement, 1),
                                   .body = db_text(statement, 3),
                                   .length = db_length(statement, 3)};
    ask_text(statement, 2, version.at.text, sizeof version.at.text);
    return version;
}

static bool walk(struct db_statement *statement, bool (*row)(void *context, const struct pack_version *version),
                 void *context)
{
    enum db_step step = DB_ERROR;
    bool fine = statement != NULL;
    while (fine && (step = db_step(statement)) == DB_ROW) {
        const struct pack_version version = version_of(statement);
        fine = db_whole(statement) && version.body && row(context, &version);
    }
    if (statement)
        db_reset(statement);
    return fine && step == DB_DONE;
}

#define VERSIONS "SELECT v.seq, v.version, a.at, v.body FROM version AS v JOIN audit_log AS a ON a.seq = v.seq WHERE "

bool store_pack_versions(struct store *store, const struct pack_record *record, int64_t from, int limit,
                         bool (*row)(void *context, const struct pack_version *version), void *context)
{
    struct db_statement *statement =
        ASK(store, VERSIONS "v.record_id = $1 AND v.version >= $2 AND v.seq <= $3 ORDER BY v.version LIMIT $4",
            record->id.text);
    if (statement) {
        db_bind_integer(statement, 2, from);
        db_bind_integer(statement, 3, record->last);
        db_bind_integer(statement, 4, limit);
    }
    return walk(statement, row, context);
}

static struct db_statement *last_version(struct store *store, const struct resource *resource,
                                         const struct pack_record *record, const struct view *view)
{
    struct buffer sql = {0};
    buffer_put(&sql, "SELECT w.seq, w.version, a.at, w.body, ");
    past_columns(&sql, resource, view->clearance);
    buffer_format(&sql,
                  " FROM %s AS t JOIN version AS w ON w.record_id = t.id JOIN audit_log AS a ON a.seq = w.seq WHERE "
                  "$1 IS NOT NULL AND t.id = $2 AND w.seq = $3",
                  resource->name);
    char *text = buffer_take(&sql);
    struct db_statement *statement = text ? db_query(store->db, text) : NULL;
    free(text);
    if (statement) {
        db_bind_text(statement, 1, view->person.text);
        db_bind_text(statement, 2, record->id.text);
        db_bind_integer(statement, 3, record->last);
    }
    return statement;
}

bool store_pack_last(struct store *store, const struct resource *resource, const struct pack_record *record,
                     const struct view *view, const struct date *today, struct arena *arena, void *ret_record,
                     bool (*row)(void *context, const struct pack_version *version), void *context)
{
    struct db_statement *statement = last_version(store, resource, record, view);
    if (!statement)
        return false;
    bool fine = db_step(statement) == DB_ROW;
    if (fine) {
        const struct pack_version version = version_of(statement);
        fine = db_whole(statement) && version.body && row(context, &version) &&
               store_row(store, statement, 4, resource, NULL, today, arena, ret_record);
    }
    db_reset(statement);
    if (fine)
        store_keep_derived(resource, arena, ret_record);
    return fine && !arena_failed(arena);
}
