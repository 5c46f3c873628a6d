/* Rows of text: CSV (RFC 4180) and NDJSON. */
#include "column.h"

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
