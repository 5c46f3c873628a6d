/* Records as they were: in place of a row, the body of its last version up to an instant, out of the history. */
#include "ask.h"

#include <stdio.h>
#include <stdlib.h>

bool past_is_lasting(const struct field *field)
{
    bool parent = field->kind == FIELD_KIND_REF && field->read_only && !field->by_verb && field->target &&
                  strcmp(field->target, person_resource.name) != 0;
    return parent || strcmp(field->name, "id") == 0;
}

struct expression past_value(const struct field *field)
{
    struct expression made;
    size_t size = sizeof made.text;
    const char *name = field->name;
    if (field->personal)
        snprintf(made.text, size, STORE_OPENED, "w", name, "w", name);
    else if (past_is_lasting(field))
        snprintf(made.text, size, "t.\"%s\"", name);
    else if (!field->initial)
        snprintf(made.text, size, "(w.body ->> '%s')", name);
    else if (field->kind == FIELD_KIND_TRUTH) /* the member may be newer than the version */
        snprintf(made.text, size, "coalesce((w.body ->> '%s'), %d)", name, field->initial == TRUTH_TRUE);
    else
        snprintf(made.text, size, "coalesce((w.body ->> '%s'), '%s')", name, field->values[field->initial - 1]);
    return made;
}

struct expression past_text(const struct field *field)
{
    struct expression value = past_value(field);
    struct expression made = value;
    if (!field->personal && !past_is_lasting(field))
        snprintf(made.text, sizeof made.text, "CAST(%.200s AS TEXT)", value.text);
    return made;
}

void past_join(struct buffer *sql, int parameter)
{
    buffer_format(sql,
                  " JOIN version AS w ON w.seq = (SELECT v.seq FROM version AS v JOIN audit_log AS a ON a.seq = v.seq "
                  "WHERE v.record_id = t.id AND a.at <= $%d ORDER BY v.version DESC LIMIT 1)",
                  parameter);
}

static bool is_stored(const struct resource *resource, const struct field *field)
{
    return !field->derived && resource_has(resource, field);
}

void past_columns(struct buffer *sql, const struct resource *resource, unsigned clearance)
{
    bool first = true;
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (!is_stored(resource, field))
            continue;
        const struct expression value = past_value(field);
        buffer_put(sql, first ? "" : ", ");
        first = false;
        if (field->veiled && clearance < CLASSIFICATION_RESTRICTED)
            buffer_format(sql, "CASE WHEN sees_review_%u($1, %s) THEN %s END", clearance, value.text, value.text);
        else
            buffer_put(sql, value.text);
    }
}

struct db_statement *past_load(struct store *store, const struct resource *resource, const char *by,
                               const struct view *view)
{
    enum { PARAMETER = 3 };
    struct buffer sql = {0};
    buffer_put(&sql, "SELECT ");
    past_columns(&sql, resource, view->clearance);
    buffer_format(&sql, " FROM %s AS t", resource->name);
    past_join(&sql, PARAMETER);
    buffer_format(&sql, " WHERE t.%s = $2 AND %s", by, store_visible(resource, view->clearance));
    char *text = buffer_take(&sql);
    struct db_statement *statement = text ? db_query(store->db, text) : NULL;
    free(text);
    if (statement)
        db_bind_text(statement, PARAMETER, view->as_of->text);
    return statement;
}

/* Named like the table, which its schema's name then stands for. */
static void put_table(struct buffer *sql, const struct resource *resource, int parameter)
{
    const char *separator = "SELECT ";
    buffer_format(sql, "%s AS NOT MATERIALIZED (", resource->name);
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (!is_stored(resource, field))
            continue;
        buffer_format(sql, "%s%s AS \"%s\"", separator, past_value(field).text, field->name);
        separator = ", ";
    }
    buffer_format(sql, " FROM main.%s AS t", resource->name);
    past_join(sql, parameter);
    buffer_char(sql, ')');
}

/* "WITH ", and for each table that the query names what it held then, under its name: the query behind it asks the past
 * without knowing. */
static void put_tables(struct buffer *sql, const char *query, int parameter)
{
    const char *separator = "WITH ";
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        if (!strstr(query, resources[i]->name))
            continue;
        buffer_put(sql, separator);
        put_table(sql, resources[i], parameter);
        separator = ", ";
    }
    if (strstr(query, "decision_input"))
        buffer_put(sql, ", decision_input AS NOT MATERIALIZED (SELECT d.id AS decision_id, x.value AS input_id FROM "
                        "decision AS d JOIN json_each(d.input_ids) AS x)");
    buffer_char(sql, ' ');
}

struct db_statement *ask_then(struct store *store, const struct instant *as_of, const char *sql,
                              const char *const *texts)
{
    enum { PARAMETER = 9 }; /* beyond those of the query */
    if (!as_of)
        return ask(store, sql, texts);
    struct buffer text = {0};
    put_tables(&text, sql, PARAMETER);
    buffer_put(&text, sql);
    char *whole = buffer_take(&text);
    struct db_statement *statement = whole ? db_query(store->db, whole) : NULL;
    free(whole);
    for (int i = 0; statement && texts[i]; i++)
        db_bind_text(statement, i + 1, texts[i]);
    if (statement)
        db_bind_text(statement, PARAMETER, as_of->text);
    return statement;
}

enum found store_version_then(struct store *store, const struct id *record, const struct instant *as_of,
                              int64_t *ret_version)
{
    int64_t version = 0;
    if (!ask_integer(ASK(store,
                         "SELECT coalesce(max(v.version), 0) FROM version AS v JOIN audit_log AS a ON a.seq = v.seq "
                         "WHERE v.record_id = $1 AND a.at <= $2",
                         record->text, as_of->text),
                     &version))
        return BROKEN;
    *ret_version = version;
    return version ? FOUND : ABSENT;
}
