/* What imports ask of the database. */
#include "ask.h"

#include "reviewd/decision.h"
#include "reviewd/follow_up.h"
#include "reviewd/person.h"

bool store_raise_reference(struct store *store, const struct resource *resource, int year, int64_t number)
{
    struct db_statement *statement =
        ASK(store,
            "INSERT INTO reference_counter (prefix, year, last) VALUES ($1, $2, $3) ON CONFLICT (prefix, year) DO "
            "UPDATE SET last = excluded.last WHERE excluded.last > last",
            resource->reference_prefix);
    if (statement) {
        db_bind_integer(statement, 2, year);
        db_bind_integer(statement, 3, number);
    }
    return ask_done(statement);
}

bool store_id_known(struct store *store, const struct id *id, bool *ret_known)
{
    int64_t count = 0;
    bool asked =
        ask_integer(ASK(store, "SELECT EXISTS (SELECT 1 FROM version WHERE record_id = $1)", id->text), &count);
    *ret_known = count > 0;
    return asked;
}

/* The two statements differ in the column by which an amendment names what it is of. */
#define OF_TARGET(target, head, tail)                                                                                  \
    ((target) == &decision_resource ? head "decision_id" tail : head "action_item_id" tail)

bool store_as_amended(struct store *store, const struct resource *target, const struct id *id, const char *member,
                      const struct instant *at, struct arena *arena, const char **ret_text)
{
    struct db_statement *statement =
        ASK(store,
            OF_TARGET(target, "SELECT json_extract(m.before, '$.' || $2) FROM amendment AS m WHERE m.",
                      " = $1 AND m.created_at > $3 AND json_type(m.before, '$.' || $2) IS NOT NULL ORDER BY "
                      "m.created_at, m.key LIMIT 1"),
            id->text, member, at->text);
    *ret_text = NULL;
    if (!statement)
        return false;
    enum db_step step = db_step(statement);
    if (step == DB_ROW)
        *ret_text = ask_copy(statement, 0, arena);
    db_reset(statement);
    return step != DB_ERROR;
}

static void follow_up_row(struct db_statement *statement, struct arena *arena, void *item)
{
    (void)arena;
    struct follow_up_brief *brief = item;
    brief->kind = field_enum_value(resource_field_named(&follow_up_resource, "kind"), db_text(statement, 0));
    brief->outcome = field_enum_value(resource_field_named(&follow_up_resource, "outcome"), db_text(statement, 1));
    ask_text(statement, 2, brief->performed_on.text, sizeof brief->performed_on.text);
    brief->in_review = !db_is_null(statement, 3);
}

bool store_follow_ups_of(struct store *store, const struct id *action_item, struct arena *arena,
                         const struct follow_up_brief **ret_items, size_t *ret_count)
{
    void *rows;
    bool read = ask_rows(ASK(store,
                             "SELECT kind, outcome, performed_on, review_id FROM follow_up WHERE action_item_id = $1 "
                             "ORDER BY created_at, key",
                             action_item->text),
                         arena, sizeof(struct follow_up_brief), follow_up_row, &rows, ret_count);
    *ret_items = read ? rows : NULL;
    return read;
}

static void move_row(struct db_statement *statement, struct arena *arena, void *item)
{
    (void)arena;
    struct move_brief *brief = item;
    ask_text(statement, 0, brief->from.text, sizeof brief->from.text);
    ask_text(statement, 1, brief->to.text, sizeof brief->to.text);
    brief->approver_role = field_enum_value(resource_field_named(&person_resource, "role"), db_text(statement, 2));
}

bool store_moves_of(struct store *store, const struct resource *target, const struct id *id, struct arena *arena,
                    const struct move_brief **ret_items, size_t *ret_count)
{
    void *rows;
    bool read = ask_rows(ASK(store,
                             OF_TARGET(target,
                                       "SELECT json_extract(m.before, '$.deadline'), m.deadline, p.role FROM amendment "
                                       "AS m JOIN person AS p ON p.id = m.approved_by_id WHERE m.",
                                       " = $1 AND m.deadline IS NOT NULL ORDER BY m.created_at, m.key"),
                             id->text),
                         arena, sizeof(struct move_brief), move_row, &rows, ret_count);
    *ret_items = read ? rows : NULL;
    return read;
}

bool store_running_imports(struct store *store, struct arena *arena, const struct id **ret_ids, size_t *ret_count)
{
    return ask_ids(db_fixed(store->db, "SELECT id FROM import WHERE status = 'running' ORDER BY id"), arena, ret_ids,
                   ret_count);
}

bool store_mark(struct store *store)
{
    return !DB_FAILPOINT(store->db, "import.savepoint") && db_run(store->db, "SAVEPOINT import");
}

bool store_return_to_mark(struct store *store)
{
    store->head_known = false;
    store_forget(store);
    return !DB_FAILPOINT(store->db, "import.rollback") && db_run(store->db, "ROLLBACK TO import");
}

bool store_leave_mark(struct store *store)
{
    return !DB_FAILPOINT(store->db, "import.release") && db_run(store->db, "RELEASE import");
}
