/* Lists: filters, order and page of one resource, as SQL. Only names out of our own tables reach the text; whatever
 * the caller sent is a parameter. */
#include "reviewd/store.h"

#include <stdio.h>
#include <stdlib.h>

enum { PARAMETERS_MAX = 3400, WORDS_BYTES = 4096 };

struct sql {
    struct buffer text;
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

/* A list of references has one of the values where the table of its links has (decision_input). */
static void put_in(struct sql *sql, const struct resource *resource, const struct filter *filter)
{
    struct buffer *text = &sql->text;
    const char *name = resource->name;
    const char *target = filter->field->target;
    bool linked = filter->field->kind == FIELD_KIND_REFS;
    if (linked)
        buffer_format(text, " AND t.id IN (SELECT x.%s_id FROM %s_%s AS x WHERE x.%s_id IN (", name, name, target,
                      target);
    else
        buffer_format(text, " AND t.\"%s\" IN (", filter->field->name);
    for (size_t i = 0; i < filter->count; i++)
        buffer_format(text, "%s$%d", i ? ", " : "", sql_parameter(sql, filter->values[i]));
    buffer_put(text, linked ? "))" : ")");
}

static void put_filter(struct sql *sql, const struct resource *resource, const struct filter *filter,
                       const struct date *today)
{
    struct buffer *text = &sql->text;
    switch (filter->kind) {
    case FILTER_IN:
        put_in(sql, resource, filter);
        return;
    case FILTER_FROM:
    case FILTER_TO:
        buffer_format(text, " AND t.\"%s\" %s $%d", filter->field->name,
                      filter->kind == FILTER_FROM ? ">=" : "<=", sql_parameter(sql, filter->values[0]));
        return;
    case FILTER_OVERDUE:
        buffer_format(
            text,
            " AND %s((t.status = 'open' OR t.status = 'in_progress' OR t.status = 'blocked') AND t.deadline < $%d)",
            filter->values[0][0] == 't' ? "" : "NOT ", sql_parameter(sql, today->text));
        return;
    case FILTER_CARRIED: {
        int review = sql_parameter(sql, filter->values[0]);
        int started = sql_parameter(sql, filter->values[1]);
        buffer_format(text,
                      " AND t.created_at <= $%d AND (t.ended_at IS NULL OR t.ended_at >= $%d) AND t.review_id IN "
                      "(SELECT c.id FROM review AS c WHERE c.id <> $%d AND c.started_at <= $%d)",
                      started, started, review, started);
        return;
    }
    }
}

static void put_from_where(struct sql *sql, const struct list_query *query, char *words)
{
    struct buffer *text = &sql->text;
    buffer_format(text, " FROM %s AS t WHERE %s", query->resource->name,
                  store_visible(query->resource, query->view.clearance));
    for (size_t i = 0; i < query->filter_count; i++)
        put_filter(sql, query->resource, &query->filters[i], &query->today);
    if (query->resource->withdrawable && !query->with_withdrawn)
        buffer_put(text, " AND t.withdrawn = 0");
    if (query->words) {
        char condition[200];
        if (db_words_query(query->words, words, WORDS_BYTES))
            buffer_format(
                text, " AND %s",
                db_words_condition(query->resource->name, sql_parameter(sql, words), condition, sizeof condition));
        else
            buffer_put(text, " AND 0");
    }
}

static void put_sort_key(struct buffer *text, const struct field *field)
{
    bool common = field >= record_fields && field < record_fields + record_field_count;
    bool always = field->required || common || field->kind == FIELD_KIND_INTEGER;
    buffer_format(text, always ? "t.\"%s\"" : "coalesce(t.\"%s\", '')", field->name);
}

static void put_page(struct sql *sql, const struct list_query *query, const char *limit)
{
    struct buffer *text = &sql->text;
    const char *than = query->descending ? "<" : ">";
    const char *direction = query->descending ? " DESC" : "";
    if (query->after_id && query->sort) {
        bool integer = query->sort->kind == FIELD_KIND_INTEGER;
        buffer_put(text, " AND (");
        put_sort_key(text, query->sort);
        int value = sql_parameter(sql, query->after_value);
        buffer_format(text, integer ? ", t.id) %s (CAST($%d AS INTEGER), $%d)" : ", t.id) %s ($%d, $%d)", than, value,
                      sql_parameter(sql, query->after_id));
    } else if (query->after_id) {
        buffer_format(text, " AND t.id %s $%d", than, sql_parameter(sql, query->after_id));
    }
    buffer_put(text, " ORDER BY ");
    if (query->sort) {
        put_sort_key(text, query->sort);
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

bool store_list(struct store *store, const struct list_query *query, struct arena *arena,
                bool (*row)(void *context, const void *record), void *context)
{
    struct sql sql = {0};
    char words[WORDS_BYTES];
    char limit[16];
    buffer_format(&sql.text, "SELECT %s", store_columns(query->resource));
    put_from_where(&sql, query, words);
    snprintf(limit, sizeof limit, "%d", query->limit);
    put_page(&sql, query, limit);
    void *record = arena_alloc(arena, query->resource->size);
    struct db_statement *statement = sql_statement(&sql, store, &query->view, arena);
    if (!statement || !record)
        return false;
    enum db_step step;
    bool fine = true;
    while (fine && (step = db_step(statement)) != DB_DONE) {
        fine = step == DB_ROW && store_row(store, statement, 0, query->resource, &query->today, NULL, record);
        if (fine && !row(context, record))
            break;
    }
    db_reset(statement);
    return fine;
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
