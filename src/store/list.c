/* Lists: filters, order and page of one resource, as SQL. Only names out of our own tables reach the text; whatever
 * the caller sent is a parameter. */
#include "ask.h"

#include <stdio.h>
#include <stdlib.h>

enum { PARAMETERS_MAX = 3400, WORDS_BYTES = 4096 };

struct sql {
    struct buffer text;
    int as_of;                              /* the parameter of the instant */
    const char *parameters[PARAMETERS_MAX]; /* from $2 on */
    int count;
};

static int sql_parameter(struct sql *sql, const char *value)
{
    if (sql->count == PARAMETERS_MAX) {
        sql->text.failed = true;
        return 1;
    }
    sql->parameters[sql->count++] = value;
    return sql->count + 1;
}

/* A field of the row, or of the version of then. */
static struct expression expression(const struct list_query *query, const char *name)
{
    struct expression made;
    if (query->view.as_of)
        return past_text(resource_field_named(query->resource, name));
    snprintf(made.text, sizeof made.text, "t.\"%s\"", name);
    return made;
}

/* A list of references has one of the values where the table of its links has (decision_input), or where the version of
 * then names it. What stands in another record as well, which never changes, is looked for there. */
static void put_in(struct sql *sql, const struct filter *filter, const struct list_query *query)
{
    struct buffer *text = &sql->text;
    const char *name = query->resource->name;
    const char *target = filter->field->target;
    bool linked = filter->field->kind == FIELD_KIND_REFS;
    const struct field *through =
        filter->field->through ? resource_field_named(query->resource, filter->field->through) : NULL;
    if (linked && query->view.as_of)
        buffer_format(text, " AND EXISTS (SELECT 1 FROM json_each(w.body, '$.%s') AS x WHERE x.value IN (",
                      filter->field->name);
    else if (linked)
        buffer_format(text, " AND t.id IN (SELECT x.%s_id FROM %s_%s AS x WHERE x.%s_id IN (", name, name, target,
                      target);
    else if (through)
        buffer_format(text, " AND t.%s IN (SELECT x.id FROM %s AS x WHERE x.%s IN (", through->name, through->target,
                      filter->field->name);
    else
        buffer_format(text, " AND %s IN (", expression(query, filter->field->name).text);
    for (size_t i = 0; i < filter->count; i++)
        buffer_format(text, "%s$%d", i ? ", " : "", sql_parameter(sql, filter->values[i]));
    buffer_put(text, linked || through ? "))" : ")");
    if (filter->field->veiled && query->view.clearance < CLASSIFICATION_RESTRICTED)
        buffer_format(text, " AND sees_review_%u($1, t.\"%s\")", query->view.clearance, filter->field->name);
}

/* Of then, too, out of the rows: whichever of these instants comes before the start of the review, which has come, was
 * there when the version of then was made. The plus keeps SQLite from gathering all of those decisions, with the
 * versions of each, where it may walk by id and end with the page. */
static void put_carried(struct sql *sql, const struct filter *filter, const struct list_query *query)
{
    int review = sql_parameter(sql, filter->values[0]);
    int started = sql_parameter(sql, filter->values[1]);
    buffer_format(&sql->text,
                  " AND t.created_at <= $%d AND (t.ended_at IS NULL OR t.ended_at >= $%d) AND %st.decision_id IN "
                  "(SELECT d.id FROM review AS c JOIN decision AS d ON d.review_id = c.id WHERE c.id <> $%d AND "
                  "c.started_at <= $%d)",
                  started, started, query->view.as_of && !query->sort ? "+" : "", review, started);
}

static void put_filter(struct sql *sql, const struct filter *filter, const struct list_query *query)
{
    struct buffer *text = &sql->text;
    switch (filter->kind) {
    case FILTER_IN:
        put_in(sql, filter, query);
        return;
    case FILTER_FROM:
    case FILTER_TO:
        buffer_format(text, " AND %s %s $%d", expression(query, filter->field->name).text,
                      filter->kind == FILTER_FROM ? ">=" : "<=", sql_parameter(sql, filter->values[0]));
        return;
    case FILTER_OVERDUE: {
        const struct expression status = expression(query, "status");
        buffer_format(text, " AND %s((%s = 'open' OR %s = 'in_progress' OR %s = 'blocked') AND %s < $%d)",
                      filter->values[0][0] == 't' ? "" : "NOT ", status.text, status.text, status.text,
                      expression(query, "deadline").text, sql_parameter(sql, query->today.text));
        return;
    }
    case FILTER_CARRIED:
        put_carried(sql, filter, query);
        return;
    }
}

static void put_from_where(struct sql *sql, const struct list_query *query, char *words)
{
    struct buffer *text = &sql->text;
    buffer_format(text, " FROM %s AS t", query->resource->name);
    if (query->view.as_of)
        past_join(text, sql_parameter(sql, query->view.as_of->text));
    buffer_format(text, " WHERE %s", store_visible(query->resource, query->view.clearance));
    for (size_t i = 0; i < query->filter_count; i++)
        put_filter(sql, &query->filters[i], query);
    if (query->resource->withdrawable && !query->with_withdrawn)
        buffer_format(text, query->view.as_of ? " AND %s = '0'" : " AND %s = 0", expression(query, "withdrawn").text);
    if (query->words && !query->among) {
        char condition[200];
        if (db_words_query(query->words, words, WORDS_BYTES))
            buffer_format(
                text, " AND %s",
                db_words_condition(query->resource->name, sql_parameter(sql, words), condition, sizeof condition));
        else
            buffer_put(text, " AND 0");
    }
}

static void put_sort_key(struct buffer *text, const struct list_query *query)
{
    const struct field *field = query->sort;
    bool common = field >= record_fields && field < record_fields + record_field_count;
    bool always = field->required || common || field->kind == FIELD_KIND_INTEGER;
    if (query->view.as_of && field->kind == FIELD_KIND_INTEGER)
        buffer_format(text, "coalesce(CAST((w.body ->> '%s') AS INTEGER), 0)", field->name);
    else
        buffer_format(text, always && !query->view.as_of ? "%s" : "coalesce(%s, '')",
                      expression(query, field->name).text);
}

/* Only rows that are "<", ">=" or the like than the row of this value and id. */
static void put_side(struct sql *sql, const struct list_query *query, const char *than, const char *value,
                     const char *id)
{
    struct buffer *text = &sql->text;
    if (!id)
        return;
    if (!query->sort) {
        buffer_format(text, " AND t.id %s $%d", than, sql_parameter(sql, id));
        return;
    }
    bool integer = query->sort->kind == FIELD_KIND_INTEGER;
    buffer_put(text, " AND (");
    put_sort_key(text, query);
    int parameter = sql_parameter(sql, value);
    buffer_format(text, integer ? ", t.id) %s (CAST($%d AS INTEGER), $%d)" : ", t.id) %s ($%d, $%d)", than, parameter,
                  sql_parameter(sql, id));
}

static void put_after(struct sql *sql, const struct list_query *query)
{
    put_side(sql, query, query->descending ? "<" : ">", query->after_value, query->after_id);
}

static void put_page(struct sql *sql, const struct list_query *query, const char *limit)
{
    struct buffer *text = &sql->text;
    const char *direction = query->descending ? " DESC" : "";
    put_after(sql, query);
    put_side(sql, query, query->descending ? ">=" : "<=", query->until_value, query->until_id);
    buffer_put(text, " ORDER BY ");
    if (query->sort) {
        put_sort_key(text, query);
        buffer_format(text, "%s, ", direction);
    }
    buffer_format(text, "t.id%s LIMIT CAST($%d AS INTEGER)", direction, sql_parameter(sql, limit));
}

/* Prepares and binds the text; NULL on failure. */
static struct db_statement *sql_statement(struct sql *sql, struct store *store, const struct view *view,
                                          struct arena *arena)
{
    char *text = buffer_take(&sql->text);
    if (!text) {
        arena->failed = true;
        return NULL;
    }
    struct db_statement *statement = db_query(store->db, text);
    free(text);
    if (!statement)
        return NULL;
    db_bind_text(statement, 1, view->person.text);
    for (int i = 0; i < sql->count; i++)
        db_bind_text(statement, i + 2, sql->parameters[i]);
    return statement;
}

static int compare_keys(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool has_key(const struct key_set *keys, int64_t key)
{
    return keys->count && bsearch(&key, keys->keys.data, keys->count, sizeof key, compare_keys);
}

bool store_find_keys(struct store *store, const struct list_query *query, struct key_set *ret_keys)
{
    char words[WORDS_BYTES];
    *ret_keys = (struct key_set){0};
    if (!db_words_query(query->words, words, sizeof words))
        return true;
    char *sql = db_words_keys_sql(query->resource->name);
    struct db_statement *statement = sql ? db_query(store->db, sql) : NULL;
    free(sql);
    if (!statement)
        return false;
    db_bind_text(statement, 1, words);
    enum db_step step;
    while ((step = db_step(statement)) == DB_ROW) {
        int64_t key = db_integer(statement, 0);
        buffer_add(&ret_keys->keys, (const char *)&key, sizeof key);
        ret_keys->count++;
    }
    db_reset(statement);
    return step == DB_DONE && !buffer_failed(&ret_keys->keys);
}

bool store_list(struct store *store, const struct list_query *query, struct arena *arena,
                bool (*row)(void *context, const void *record), void *context)
{
    struct sql sql = {0};
    char words[WORDS_BYTES];
    char limit[16], key[24];
    buffer_put(&sql.text, query->among ? "SELECT t.key, " : "SELECT ");
    if (query->view.as_of)
        past_columns(&sql.text, query->resource, query->view.clearance);
    else
        buffer_put(&sql.text, store_columns(query->resource, query->view.clearance));
    put_from_where(&sql, query, words);
    snprintf(limit, sizeof limit, "%d", query->limit);
    if (query->only) {
        snprintf(key, sizeof key, "%lld", (long long)*query->only);
        buffer_format(&sql.text, " AND t.key = CAST($%d AS INTEGER)", sql_parameter(&sql, key));
    } else {
        put_page(&sql, query, limit);
    }
    void *record = arena_alloc(arena, query->resource->size);
    struct db_statement *statement = sql_statement(&sql, store, &query->view, arena);
    if (!statement || !record)
        return false;
    enum db_step step;
    bool fine = true;
    while (fine && (step = db_step(statement)) != DB_DONE) {
        int column = query->among ? 1 : 0;
        fine = step == DB_ROW &&
               store_row(store, statement, column, query->resource, query->view.as_of, &query->today, NULL, record);
        bool found = !query->among || has_key(query->among, db_integer(statement, 0));
        if (fine && !(found ? row : query->beside)(context, record))
            break;
    }
    db_reset(statement);
    return fine;
}

bool store_list_lead(struct store *store, struct list_query *query)
{
    bool fine = true;
    for (size_t i = 0; i < query->filter_count && fine && !query->lead; i++) {
        const struct filter *filter = &query->filters[i];
        bool indexed = false;
        if (filter->kind == FILTER_IN && filter->field->kind == FIELD_KIND_REF && !filter->field->through &&
            filter->count == 1 && (!query->view.as_of || past_is_lasting(filter->field)))
            fine = db_is_indexed(store->db, query->resource->name, filter->field->name, &indexed);
        if (indexed)
            query->lead = filter;
    }
    return fine;
}

bool store_list_id(struct store *store, const struct resource *resource, int64_t key, struct id *ret_id)
{
    struct buffer sql = {0};
    buffer_format(&sql, "SELECT id FROM %s WHERE key = $1", resource->name);
    struct db_statement *statement = buffer_failed(&sql) ? NULL : db_query(store->db, sql.data);
    buffer_finish(&sql);
    if (!statement)
        return false;
    db_bind_integer(statement, 1, key);
    bool read = db_step(statement) == DB_ROW && db_text(statement, 0) && id_parse(db_text(statement, 0), ret_id);
    db_reset(statement);
    return read;
}

enum found store_list_border(struct store *store, const struct list_query *query, int rows, struct arena *arena,
                             const char **ret_value, const char **ret_id)
{
    struct sql sql = {0};
    char offset[16];
    buffer_put(&sql.text, "SELECT t.id, ");
    if (query->sort)
        put_sort_key(&sql.text, query);
    else
        buffer_put(&sql.text, "''");
    buffer_format(&sql.text, " FROM %s AS t WHERE $1 IS NOT NULL", query->resource->name);
    if (query->lead)
        buffer_format(&sql.text, " AND t.\"%s\" = $%d", query->lead->field->name,
                      sql_parameter(&sql, query->lead->values[0]));
    put_page(&sql, query, "1");
    snprintf(offset, sizeof offset, "%d", rows - 1);
    buffer_format(&sql.text, " OFFSET CAST($%d AS INTEGER)", sql_parameter(&sql, offset));
    struct db_statement *statement = sql_statement(&sql, store, &query->view, arena);
    enum db_step step = statement ? db_step(statement) : DB_ERROR;
    if (step == DB_ROW) {
        *ret_id = ask_copy(statement, 0, arena);
        *ret_value = ask_copy(statement, 1, arena);
    }
    if (step == DB_ROW && (!*ret_id || !*ret_value || !db_whole(statement)))
        step = DB_ERROR;
    if (statement)
        db_reset(statement);
    return step == DB_ROW ? FOUND : step == DB_DONE ? ABSENT : BROKEN;
}

bool store_list_values(struct store *store, const struct list_query *query, int rows, struct arena *arena,
                       struct id *walked, bool *ret_more, bool (*row)(void *context, int64_t key, const char *value),
                       void *context)
{
    struct list_query by_id = *query;
    struct sql sql = {0};
    char words[WORDS_BYTES];
    by_id.sort = NULL;
    by_id.descending = false;
    by_id.after_id = id_is_set(walked) ? walked->text : NULL;
    enum found border = store_list_border(store, &by_id, rows, arena, &by_id.until_value, &by_id.until_id);
    if (border == BROKEN)
        return false;
    *ret_more = border == FOUND;
    buffer_put(&sql.text, "SELECT t.key, ");
    put_sort_key(&sql.text, query);
    put_from_where(&sql, &by_id, words);
    put_after(&sql, query);
    put_page(&sql, &by_id, "-1"); /* all of them */
    struct db_statement *statement = sql_statement(&sql, store, &query->view, arena);
    enum db_step step = statement ? DB_ROW : DB_ERROR;
    bool fine = true;
    while (fine && step == DB_ROW && (step = db_step(statement)) == DB_ROW)
        fine = db_text(statement, 1) && db_whole(statement) &&
               row(context, db_integer(statement, 0), db_text(statement, 1));
    if (statement)
        db_reset(statement);
    if (border == FOUND)
        memcpy(walked->text, by_id.until_id, sizeof walked->text);
    return fine && step == DB_DONE;
}

bool store_count(struct store *store, const struct list_query *query, struct arena *arena, int64_t *ret_count)
{
    struct sql sql = {0};
    char words[WORDS_BYTES];
    buffer_put(&sql.text, "SELECT count(*)");
    put_from_where(&sql, query, words);
    struct db_statement *statement = sql_statement(&sql, store, &query->view, arena);
    if (!statement)
        return false;
    bool counted = db_step(statement) == DB_ROW;
    if (counted)
        *ret_count = db_integer(statement, 0);
    db_reset(statement);
    return counted;
}

/* No row is ever deleted, so that the last one's key is their number. */
bool store_count_most(struct store *store, const struct resource *resource, int64_t *ret_count)
{
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT coalesce(max(key), 0) FROM %s", resource->name);
    struct db_statement *statement = db_query(store->db, sql);
    return statement && ask_integer(statement, ret_count);
}
