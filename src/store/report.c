/* What reports ask of the database. Only names out of our own tables reach the text; what the caller sent is a
 * parameter. */
#include "reviewd/report_rows.h"

#include "ask.h"

#include "reviewd/follow_up.h"

#include <stdlib.h>

const char *const grouping_names[] = {"none", "owner", "department", "review", "decision_kind", "quarter"};

/* Prepares the text and binds $1 to the view's person, the others ("" where there is none) from $2 on; NULL on failure.
 */
static struct db_statement *report_query(struct store *store, struct buffer *sql, const struct view *view,
                                         struct arena *arena, const char *const *others)
{
    char *text = buffer_take(sql);
    if (!text) {
        arena->failed = true;
        return NULL;
    }
    struct db_statement *statement = db_query(store->db, text);
    free(text);
    if (!statement)
        return NULL;
    db_bind_text(statement, 1, view->person.text);
    for (int i = 0; others && others[i]; i++)
        db_bind_text(statement, i + 2, others[i]);
    return statement;
}

/* --- action items --------------------------------------------------------------------------------------------------
 */

/* Key and label of a group, and the order of the groups. Quarters are of four digits, a hyphen, Q and one more. */
static const struct {
    const char *columns;
    const char *order;
} groups[GROUP_COUNT] = {
    [GROUP_NONE] = {"NULL, NULL", "t.key"},
    [GROUP_OWNER] = {"p.id, p.name", "p.name, p.id"},
    [GROUP_DEPARTMENT] = {"nullif(p.department, ''), nullif(p.department, '')",
                          "nullif(p.department, '') IS NULL, p.department"},
    [GROUP_REVIEW] = {"r.id, r.reference", "r.reference"},
    [GROUP_DECISION_KIND] = {"d.kind, d.kind", "d.kind IS NULL, d.kind"},
    [GROUP_QUARTER] = {"substr(t.deadline, 1, 4) || '-Q' || ((CAST(substr(t.deadline, 6, 2) AS INTEGER) + 2) / 3), "
                       "substr(t.deadline, 1, 4) || '-Q' || ((CAST(substr(t.deadline, 6, 2) AS INTEGER) + 2) / 3)",
                       "t.deadline"},
};

/* Adds a condition with a parameter, the next one from $2 on. */
static void put_condition(struct buffer *sql, const char *condition, const char *value, const char **values)
{
    int count = 0;
    while (values[count])
        count++;
    values[count] = value;
    buffer_format(sql, " AND %s $%d", condition, count + 2);
}

enum { CONDITIONS_MAX = 5 };

static void put_items_sql(struct buffer *sql, const struct report_filter *filter, enum grouping grouping,
                          const char **values)
{
    buffer_format(sql,
                  "SELECT %s, t.status, t.deadline, t.original_deadline, t.extension_count, "
                  "substr(t.created_at, 1, 10), t.completed_on, t.closed_on, "
                  "(SELECT f.outcome FROM follow_up AS f WHERE f.action_item_id = t.id AND f.kind = 'effectiveness' "
                  "AND NOT EXISTS (SELECT 1 FROM follow_up AS s WHERE s.action_item_id = t.id AND "
                  "s.supersedes_id = f.id) ORDER BY f.performed_on, f.id LIMIT 1) FROM action_item AS t",
                  groups[grouping].columns);
    if (grouping == GROUP_OWNER || grouping == GROUP_DEPARTMENT || filter->department)
        buffer_put(sql, " JOIN person AS p ON p.id = t.owner_id");
    if (grouping == GROUP_REVIEW) /* whoever sees an action item sees the reference of its review */
        buffer_put(sql, " JOIN review AS r ON r.id = t.review_id");
    if (grouping == GROUP_DECISION_KIND)
        buffer_format(sql, " LEFT JOIN (SELECT t.id, t.kind FROM decision AS t WHERE %s) AS d ON d.id = t.decision_id",
                      store_visible(&decision_resource, filter->view.clearance));
    buffer_format(sql, " WHERE %s", store_visible(&action_item_resource, filter->view.clearance));
    if (date_is_set(&filter->from))
        put_condition(sql, "t.deadline >=", filter->from.text, values);
    if (date_is_set(&filter->to))
        put_condition(sql, "t.deadline <=", filter->to.text, values);
    if (id_is_set(&filter->owner))
        put_condition(sql, "t.owner_id =", filter->owner.text, values);
    if (id_is_set(&filter->review)) {
        put_condition(sql, "t.decision_id IN (SELECT x.id FROM decision AS x WHERE x.review_id =", filter->review.text,
                      values);
        buffer_put(sql, ")");
    }
    if (filter->department)
        put_condition(sql, "p.department =", filter->department, values);
    buffer_format(sql, " ORDER BY %s", groups[grouping].order);
}

static void item_row(struct db_statement *statement, const struct field *status, const struct field *outcome,
                     struct report_item *item)
{
    *item = (struct report_item){.key = db_text(statement, 0), .label = db_text(statement, 1)};
    item->status = field_enum_value(status, db_text(statement, 2));
    ask_text(statement, 3, item->deadline.text, sizeof item->deadline.text);
    ask_text(statement, 4, item->original_deadline.text, sizeof item->original_deadline.text);
    item->extensions = db_integer(statement, 5);
    ask_text(statement, 6, item->created_on.text, sizeof item->created_on.text);
    ask_text(statement, 7, item->completed_on.text, sizeof item->completed_on.text);
    ask_text(statement, 8, item->closed_on.text, sizeof item->closed_on.text);
    item->first_outcome = db_is_null(statement, 9) ? 0 : field_enum_value(outcome, db_text(statement, 9));
}

bool store_report_items(struct store *store, const struct report_filter *filter, enum grouping grouping,
                        struct arena *arena, bool (*row)(void *context, const struct report_item *item), void *context)
{
    const struct field *status = resource_field_named(&action_item_resource, "status");
    const struct field *outcome = resource_field_named(&follow_up_resource, "outcome");
    const char *values[CONDITIONS_MAX + 1] = {NULL};
    struct buffer sql = {0};
    put_items_sql(&sql, filter, grouping, values);
    struct db_statement *statement = report_query(store, &sql, &filter->view, arena, values);
    enum db_step step = DB_ERROR;
    while (statement && (step = db_step(statement)) == DB_ROW) {
        struct report_item item;
        item_row(statement, status, outcome, &item);
        if (!db_whole(statement) || !row(context, &item)) {
            step = DB_ERROR;
            break;
        }
    }
    if (statement)
        db_reset(statement);
    return step == DB_DONE;
}

/* --- reviews and their inputs --------------------------------------------------------------------------------------
 */

enum { REVIEW_COLUMN_COUNT = 8 };
#define REVIEW_COLUMNS "r.id, r.reference, r.title, r.type, r.status, r.planned_on, r.held_on, r.next_review_on"
#define REVIEW_ORDER "coalesce(r.held_on, r.planned_on), r.reference"

static void review_columns(struct db_statement *statement, struct arena *arena, struct report_review *review)
{
    ask_text(statement, 0, review->id.text, sizeof review->id.text);
    review->reference = ask_copy(statement, 1, arena);
    review->title = ask_copy(statement, 2, arena);
    review->type = ask_copy(statement, 3, arena);
    review->status = ask_copy(statement, 4, arena);
    ask_text(statement, 5, review->planned_on.text, sizeof review->planned_on.text);
    ask_text(statement, 6, review->held_on.text, sizeof review->held_on.text);
    ask_text(statement, 7, review->next_review_on.text, sizeof review->next_review_on.text);
}

static void review_row(struct db_statement *statement, struct arena *arena, void *item)
{
    review_columns(statement, arena, item);
}

bool store_report_reviews(struct store *store, const struct view *view, struct arena *arena,
                          struct report_review **ret_reviews, size_t *ret_count)
{
    struct buffer sql = {0};
    void *rows;
    buffer_format(&sql,
                  "SELECT " REVIEW_COLUMNS " FROM review AS r WHERE r.status <> 'cancelled' AND r.id IN "
                  "(SELECT t.id FROM review AS t WHERE %s) ORDER BY " REVIEW_ORDER,
                  store_visible(&review_resource, view->clearance));
    if (!ask_rows(report_query(store, &sql, view, arena, NULL), arena, sizeof **ret_reviews, review_row, &rows,
                  ret_count))
        return false;
    *ret_reviews = rows;
    return true;
}

static void metric_row(struct db_statement *statement, struct arena *arena, void *item)
{
    enum { AT = REVIEW_COLUMN_COUNT };
    struct report_metric *row = item;
    struct metric *metric = &row->metric;
    review_columns(statement, arena, &row->review);
    ask_text(statement, AT, row->input_id.text, sizeof row->input_id.text);
    row->clause = ask_copy(statement, AT + 1, arena);
    row->trend = ask_copy(statement, AT + 2, arena);
    metric->name = ask_copy(statement, AT + 3, arena);
    metric->value = (struct number){!db_is_null(statement, AT + 4), db_number(statement, AT + 4)};
    metric->unit = ask_copy(statement, AT + 5, arena);
    metric->target = (struct number){!db_is_null(statement, AT + 6), db_number(statement, AT + 6)};
    for (unsigned i = 0; i < COMPARATOR_GT && !db_is_null(statement, AT + 7); i++) {
        if (strcmp(comparator_names[i], db_text(statement, AT + 7)) == 0)
            metric->comparator = i + 1;
    }
    metric_derive(metric);
}

bool store_report_metrics(struct store *store, const struct view *view, const char *name, struct arena *arena,
                          struct report_metric **ret_metrics, size_t *ret_count)
{
    struct buffer sql = {0};
    void *rows;
    buffer_format(&sql,
                  "SELECT " REVIEW_COLUMNS ", t.id, t.clause, t.trend, json_extract(m.value, '$.name'), "
                  "json_extract(m.value, '$.value'), json_extract(m.value, '$.unit'), "
                  "json_extract(m.value, '$.target'), json_extract(m.value, '$.comparator') FROM input AS t "
                  "JOIN json_each(t.metrics) AS m JOIN review AS r ON r.id = t.review_id WHERE %s AND t.withdrawn = 0 "
                  "AND r.status <> 'cancelled'%s ORDER BY " REVIEW_ORDER ", t.position, t.id, m.key",
                  store_visible(&input_resource, view->clearance),
                  name ? " AND json_extract(m.value, '$.name') = $2" : "");
    const char *const others[] = {name, NULL};
    if (!ask_rows(report_query(store, &sql, view, arena, others), arena, sizeof **ret_metrics, metric_row, &rows,
                  ret_count))
        return false;
    *ret_metrics = rows;
    return true;
}

static void clause_row(struct db_statement *statement, struct arena *arena, void *item)
{
    enum { AT = REVIEW_COLUMN_COUNT };
    struct report_clause *row = item;
    review_columns(statement, arena, &row->review);
    row->clause = field_enum_value(resource_field_named(&input_resource, "clause"), db_text(statement, AT));
    row->figures.inputs = db_integer(statement, AT + 1);
    row->figures.considered = db_integer(statement, AT + 2);
    row->figures.nothing_to_report = db_integer(statement, AT + 3);
    row->figures.open = db_integer(statement, AT + 4);
    row->figures.conclusions = db_integer(statement, AT + 5);
    row->figures.decisions = db_integer(statement, AT + 6);
}

bool store_report_clauses(struct store *store, const struct view *view, struct arena *arena,
                          struct report_clause **ret_clauses, size_t *ret_count)
{
    struct buffer sql = {0};
    void *rows;
    buffer_format(&sql,
                  "SELECT " REVIEW_COLUMNS ", t.clause, count(*), "
                  "sum(CASE WHEN t.state = 'considered' THEN 1 ELSE 0 END), "
                  "sum(CASE WHEN t.state = 'nothing_to_report' THEN 1 ELSE 0 END), "
                  "sum(CASE WHEN t.state IN ('pending', 'prepared') THEN 1 ELSE 0 END), "
                  "sum(CASE WHEN length(trim(t.conclusion)) > 0 THEN 1 ELSE 0 END), "
                  "(SELECT count(DISTINCT d.id) FROM input AS i JOIN decision_input AS x ON x.input_id = i.id "
                  "JOIN decision AS d ON d.id = x.decision_id WHERE i.review_id = r.id AND i.clause = t.clause AND "
                  "i.withdrawn = 0 AND d.status IN ('adopted', 'implemented', 'superseded')) FROM input AS t "
                  "JOIN review AS r ON r.id = t.review_id WHERE %s AND t.withdrawn = 0 AND r.status <> 'cancelled' "
                  "GROUP BY " REVIEW_COLUMNS ", t.clause ORDER BY " REVIEW_ORDER ", t.clause",
                  store_visible(&input_resource, view->clearance));
    if (!ask_rows(report_query(store, &sql, view, arena, NULL), arena, sizeof **ret_clauses, clause_row, &rows,
                  ret_count))
        return false;
    *ret_clauses = rows;
    return true;
}

/* --- what is due ---------------------------------------------------------------------------------------------------
 */

static void put_reviews_due(struct buffer *sql, const struct view *view)
{
    const char *visible = store_visible(&review_resource, view->clearance);
    buffer_format(sql,
                  "SELECT 'review' AS kind, t.planned_on AS due_on, t.id AS id, t.reference AS reference, "
                  "t.title AS title, t.chair_id AS owner_id FROM review AS t WHERE %s AND t.status = 'planned'",
                  visible);
    /* The review held last says when the next one is due, unless one is under way or planned in time. */
    buffer_format(sql,
                  " UNION ALL SELECT 'next_review', l.next_review_on, l.id, l.reference, l.title, l.chair_id FROM "
                  "(SELECT t.id, t.reference, t.title, t.chair_id, t.next_review_on FROM review AS t WHERE %s AND "
                  "t.status IN ('concluded', 'approved') ORDER BY t.held_on DESC, t.reference DESC LIMIT 1) AS l "
                  "WHERE NOT EXISTS (SELECT 1 FROM review AS t WHERE %s AND (t.status = 'in_progress' OR "
                  "(t.status = 'planned' AND t.planned_on <= l.next_review_on)))",
                  visible, visible);
}

static void put_commitments_due(struct buffer *sql, const struct view *view)
{
    const char *visible = store_visible(&action_item_resource, view->clearance);
    buffer_format(sql,
                  " UNION ALL SELECT 'decision', t.deadline, t.id, t.reference, t.title, t.owner_id FROM decision AS t "
                  "WHERE %s AND t.status = 'adopted' AND t.deadline IS NOT NULL",
                  store_visible(&decision_resource, view->clearance));
    buffer_format(sql,
                  " UNION ALL SELECT 'action_item', t.deadline, t.id, t.reference, t.title, t.owner_id FROM "
                  "action_item AS t WHERE %s AND t.status IN ('open', 'in_progress', 'blocked')",
                  visible);
    buffer_format(sql,
                  " UNION ALL SELECT 'follow_up', f.next_follow_up_on, t.id, t.reference, t.title, t.owner_id FROM "
                  "action_item AS t JOIN follow_up AS f ON f.action_item_id = t.id WHERE %s AND t.status NOT IN "
                  "('closed', 'cancelled') AND f.id = (SELECT max(n.id) FROM follow_up AS n WHERE n.action_item_id = "
                  "t.id)",
                  visible);
}

static void due_row(struct db_statement *statement, struct arena *arena, void *item)
{
    struct due *due = item;
    due->kind = ask_copy(statement, 0, arena);
    ask_text(statement, 1, due->due_on.text, sizeof due->due_on.text);
    ask_text(statement, 2, due->id.text, sizeof due->id.text);
    due->reference = ask_copy(statement, 3, arena);
    due->title = ask_copy(statement, 4, arena);
    due->owner_name = ask_copy(statement, 5, arena);
    due->owner_email = ask_copy(statement, 6, arena);
}

bool store_due(struct store *store, const struct view *view, const struct date *until, bool reviews_alone,
               struct arena *arena, struct due **ret_dues, size_t *ret_count)
{
    struct buffer sql = {0};
    void *rows;
    buffer_put(&sql, "SELECT u.kind, u.due_on, u.id, u.reference, u.title, p.name, p.email FROM (");
    put_reviews_due(&sql, view);
    if (!reviews_alone)
        put_commitments_due(&sql, view);
    buffer_put(&sql, ") AS u JOIN person AS p ON p.id = u.owner_id WHERE u.due_on <= $2 ORDER BY u.due_on, u.kind, "
                     "u.reference");
    const char *const others[] = {until->text, NULL};
    if (!ask_rows(report_query(store, &sql, view, arena, others), arena, sizeof **ret_dues, due_row, &rows, ret_count))
        return false;
    *ret_dues = rows;
    return true;
}
