/* Rows of text: CSV (RFC 4180) and NDJSON. */
#include "column.h"
#include "member.h"

#include "reviewd/csv.h"

void csv_put_head(struct buffer *buffer, const struct resource *resource)
{
    struct column columns[COLUMNS_MAX];
    size_t count = columns_of(resource, columns);
    for (size_t i = 0; i < count; i++) {
        buffer_put(buffer, i ? "," : "");
        buffer_put(buffer, columns[i].field->name);
        buffer_put(buffer, columns[i].member ? "." : "");
        buffer_put(buffer, columns[i].member ? columns[i].member->name : "");
    }
    csv_line(buffer);
}

static void put_value(struct buffer *buffer, enum field_kind kind, const struct cell *cell)
{
    if (!cell->is_set)
        return;
    if (cell->bare || kind != FIELD_KIND_TEXT) {
        switch (cell->bare ? FIELD_KIND_RAW : kind) {
        case FIELD_KIND_TRUTH:
            buffer_put(buffer, cell->truth ? "true" : "false");
            return;
        case FIELD_KIND_INTEGER:
        case FIELD_KIND_NUMBER:
            json_put_number(buffer, cell->number);
            return;
        default:
            csv_value(buffer, cell->text, cell->length);
            return;
        }
    }
    if (cell->length)
        csv_cell(buffer, cell->text, cell->length);
    else
        buffer_put(buffer, "\"\""); /* an empty text, which is not none */
}

void csv_put_record(struct buffer *buffer, const struct resource *resource, const void *record)
{
    struct column columns[COLUMNS_MAX];
    struct buffer scratch = {0};
    size_t count = columns_of(resource, columns);
    for (size_t i = 0; i < count; i++) {
        if (i)
            csv_comma(buffer);
        struct cell cell = cell_of(&columns[i], record, &scratch);
        put_value(buffer, column_kind(&columns[i]), &cell);
    }
    csv_line(buffer);
    buffer->failed |= buffer_failed(&scratch);
    buffer_finish(&scratch);
}

void ndjson_put_record(struct buffer *buffer, const struct resource *resource, const void *record)
{
    record_render(buffer, resource, record, RENDER_SHOWN);
    buffer_char(buffer, '\n');
}

/* --- what is no record ------------------------------------------------------------------------------------------- */

static void put_json(struct buffer *buffer, struct json_text value, struct buffer *scratch)
{
    size_t length = (size_t)(value.end - value.at);
    if (*value.at == '{' || *value.at == '[') {
        csv_value(buffer, value.at, length);
        return;
    }
    if (*value.at != '"') {
        buffer_add(buffer, value.at, length);
        return;
    }
    scratch->length = 0;
    member_put_plain(scratch, value);
    length = scratch->length;
    buffer_char(scratch, '\0');
    if (buffer_failed(scratch))
        return;
    if (length)
        csv_cell(buffer, scratch->data, length);
    else
        buffer_put(buffer, "\"\"");
}

/* The value of the next column's member. As a rule it comes behind the one before, at *at; a row may lack it. */
static struct json_text take_member(const char **at, struct json_text row, const char *name, size_t length)
{
    struct json_text own, value;
    const char *next = *at;
    if (next_member(&next, row, &own, &value) && member_is_named(own, name, length)) {
        *at = next;
        return value;
    }
    value = member_of(row, name, length);
    if (value.at)
        *at = value.end + 1;
    return value;
}

void csv_put_object(struct buffer *buffer, const char *columns, const char *json, size_t length)
{
    const struct json_text row = {json, json + length};
    const char *at = first_member(row);
    struct buffer scratch = {0};
    struct json_text value = {0};
    const char *before = ""; /* the column before this one */
    for (const char *name = columns; *name; name += *name == ',') {
        size_t outer = strcspn(name, ".,");
        size_t whole = strcspn(name, ",");
        bool member = outer < whole;
        bool first = !member || strncmp(before, name, outer + 1) != 0; /* of an object's columns */
        if (name != columns)
            csv_comma(buffer);
        if (first)
            value = take_member(&at, row, name, outer);
        struct json_text cell = member ? member_of(value, name + outer + 1, whole - outer - 1) : value;
        if (member_is_set(cell))
            put_json(buffer, cell, &scratch);
        else if (member && first && member_is_set(value) && object_is_bare(value))
            buffer_put(buffer, "{}");
        before = name;
        name += whole;
    }
    csv_line(buffer);
    buffer->failed |= buffer_failed(&scratch);
    buffer_finish(&scratch);
}
