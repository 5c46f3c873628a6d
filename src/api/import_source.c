/* Lines out of a file of CSV or NDJSON: nothing of them means anything yet. */
#include "import.h"

#include <ctype.h>
#include <stdio.h>

void reader_open(struct import_reader *ret_reader, const struct spool *spool, const struct import_part *part,
                 size_t line_max)
{
    ret_reader->spool = spool;
    ret_reader->part = part;
    ret_reader->line_max = line_max;
    ret_reader->at = part->begin;
    ret_reader->line = 1;
    ret_reader->window_length = 0;
    ret_reader->text = (struct buffer){0};
}

void reader_seek(struct import_reader *reader, int64_t offset, size_t line)
{
    reader->at = offset;
    reader->line = line;
}

void reader_close(struct import_reader *reader)
{
    buffer_finish(&reader->text);
}

/* The next byte; -1 at the end of the part, -2 where it cannot be read. */
static int next_byte(struct import_reader *reader)
{
    if (reader->at >= reader->part->end)
        return -1;
    int64_t place = reader->at - reader->window_at;
    if (!reader->window_length || place < 0 || place >= (int64_t)reader->window_length) {
        ssize_t length = spool_read(reader->spool, reader->at, reader->window, sizeof reader->window);
        if (length <= 0)
            return -2;
        reader->window_at = reader->at;
        reader->window_length = (size_t)length;
        place = 0;
    }
    reader->at++;
    return (unsigned char)reader->window[place];
}

enum import_read reader_next(struct import_reader *reader, int64_t *ret_offset, size_t *ret_line)
{
    struct csv_scan scan = {0};
    bool fits = true;
    bool any = false;
    *ret_offset = reader->at;
    *ret_line = reader->line;
    reader->text.length = 0;
    for (;;) {
        int byte = next_byte(reader);
        if (byte == -2)
            return READ_BROKEN;
        if (byte < 0)
            break;
        any = true;
        reader->line += byte == '\n';
        if (reader->part->csv ? csv_scan(&scan, (char)byte) : byte == '\n')
            break;
        fits = fits && reader->text.length < reader->line_max;
        if (fits)
            buffer_char(&reader->text, (char)byte);
    }
    if (!any)
        return READ_END;
    struct buffer *text = &reader->text;
    if (text->length && text->data[text->length - 1] == '\r')
        text->length--;
    buffer_char(text, '\0');
    if (buffer_failed(text))
        return READ_BROKEN;
    text->length--;
    return fits ? READ_LINE : READ_LONG;
}

/* --- CSV -----------------------------------------------------------------------------------------------------------
 */

static const char *fault_text(enum csv_fault fault)
{
    switch (fault) {
    case CSV_OPEN:
        return "A cell begins with a quote, and no quote ends it.";
    case CSV_AFTER:
        return "Something follows the quote that ends a cell; a quote within one is written twice.";
    case CSV_QUOTE:
        return "A quote stands within a cell that is not quoted; quote the cell, and write the quote twice.";
    case CSV_FINE:
        break;
    }
    return "";
}

static void check_column(struct import_part *part, const struct csv_cell *cell, size_t place,
                         struct violations *violations)
{
    size_t before = violations->count;
    for (size_t i = 0; i < part->head.count; i++) {
        char name[200];
        if (strcmp(csv_head_name(&part->head, i, name, sizeof name), cell->text) == 0)
            violation_add(violations, "import.csv.head", NULL, "The column '%.100s' is there twice.", cell->text);
    }
    if (violations->count == before && !csv_head_add(&part->head, cell->text))
        violation_add(violations, "body.unknown_field", NULL, "'%.100s' is no column that %s have.%s", cell->text,
                      part->resource->collection, strchr(cell->text, ';') ? " Commas part the columns." : "");
    for (size_t i = before; i < violations->count; i++) {
        violations->items[i].column = place + 1;
        violations->items[i].column_name = arena_text(violations->arena, cell->text);
    }
}

bool source_head(struct import_reader *reader, struct import_part *part, struct violations *violations)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* that some programs begin UTF-8 with */
    struct csv_cell cells[COLUMNS_MAX];
    size_t count = 0, line;
    int64_t offset;
    part->head = (struct csv_head){.resource = part->resource};
    enum import_read read = reader_next(reader, &offset, &line);
    if (read == READ_BROKEN)
        return false;
    char *text = reader->text.data;
    size_t length = reader->text.length;
    if (read == READ_LINE && length >= 3 && memcmp(text, mark, 3) == 0) {
        text += 3;
        length -= 3;
    }
    if (read == READ_LINE && !text_is_utf8(text, length)) {
        violation_add(violations, "import.line.encoding", NULL, "The head is not UTF-8, or holds a NUL.");
        return false;
    }
    enum csv_fault fault = read == READ_LINE ? csv_split(text, length, cells, COLUMNS_MAX, &count) : CSV_FINE;
    if (fault != CSV_FINE)
        violation_add(violations, "import.csv.form", NULL, "%s", fault_text(fault));
    else if (read != READ_LINE || !length || count > COLUMNS_MAX)
        violation_add(violations, "import.csv.head", NULL, "The first line names the columns.");
    for (size_t i = 0; fault == CSV_FINE && i < count && count <= COLUMNS_MAX && length; i++)
        check_column(part, &cells[i], i, violations);
    return violations->count == 0;
}

/* A cell of JSON that is none spoils the object: this finds it. */
static void blame_cells(const struct csv_head *head, const struct csv_cell *cells, struct violations *violations)
{
    for (size_t i = 0; i < head->count; i++) {
        char name[200];
        const struct field *field = resource_field_named(head->resource, csv_head_name(head, i, name, sizeof name));
        bool json = field && field->kind >= FIELD_KIND_OBJECT && cells[i].length;
        if (!json || (!json_is_deep(cells[i].text, cells[i].length) &&
                      json_parse(violations->arena, cells[i].text, cells[i].length,
                                 JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL)))
            continue;
        violation_add(violations, "body.type", arena_format(violations->arena, "#/%s", name),
                      "'%s' is a list as JSON has it, such as [].", name);
    }
}

static json_t *parse_cells(struct import_reader *reader, struct violations *violations)
{
    const struct csv_head *head = &reader->part->head;
    struct csv_cell cells[COLUMNS_MAX];
    size_t count, members;
    enum csv_fault fault = csv_split(reader->text.data, reader->text.length, cells, COLUMNS_MAX, &count);
    if (fault != CSV_FINE) {
        violation_add(violations, "import.csv.form", NULL, "%s", fault_text(fault));
        return NULL;
    }
    if (count != head->count) {
        violation_add(violations, "import.csv.cells", NULL, "The line has %zu cells, the head %zu.", count,
                      head->count);
        return NULL;
    }
    struct buffer text = {0};
    csv_put_json(&text, head, cells, &members);
    violations->arena->failed |= buffer_failed(&text);
    bool deep = !buffer_failed(&text) && json_is_deep(text.data, text.length);
    json_t *object = buffer_failed(&text) || deep
                         ? NULL
                         : json_parse(violations->arena, text.data, text.length, JSON_REJECT_DUPLICATES, NULL);
    buffer_finish(&text);
    if (object && json_object_size(object) == members)
        return object;
    blame_cells(head, cells, violations);
    if (!violations->count && !arena_failed(violations->arena))
        violation_add(violations, "import.csv.form", NULL, "A cell of JSON gives a member twice, or is not whole.");
    return NULL;
}

/* --- NDJSON --------------------------------------------------------------------------------------------------------
 */

/* Of "invalid token near 'Ana'" not what stands there: it may be anybody's name, and is kept. */
static int what_length(const char *text)
{
    const char *near = strstr(text, " near ");
    return (int)(near ? (size_t)(near - text) : strlen(text));
}

static json_t *parse_json(struct import_reader *reader, struct violations *violations)
{
    const char *text = reader->text.data;
    json_error_t error;
    if (json_is_deep(text, reader->text.length)) {
        violation_add(violations, "import.line.json", NULL, "The line nests deeper than is read.");
        return NULL;
    }
    json_t *object =
        json_parse(violations->arena, text, reader->text.length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (json_is_object(object) || arena_failed(violations->arena))
        return object;
    if (object)
        violation_add(violations, "import.line.json", NULL, "The line is JSON, and no object.");
    else
        violation_add(violations, "import.line.json", NULL, "The line is no JSON: %.*s (column %d).",
                      what_length(error.text), error.text, error.column);
    return NULL;
}

/* The kind that a line of mixed records names. */
static const struct resource *kind_of(json_t *object, struct violations *violations)
{
    const char *name = json_string_value(json_object_get(object, "resource"));
    const struct resource *resource = name ? resource_find(name) : NULL;
    if (resource && import_kind_of(resource) < IMPORT_KINDS) {
        json_object_del(object, "resource");
        return resource;
    }
    violation_add(violations, "import.resource", "#/resource",
                  "'resource' names the line's kind: person, review, attendee, input, decision, action_item, amendment "
                  "or follow_up. Files and tokens are not imported.");
    return NULL;
}

json_t *source_parse(struct import_reader *reader, struct violations *violations, const struct resource **ret_resource)
{
    const struct import_part *part = reader->part;
    *ret_resource = part->resource;
    if (!text_is_utf8(reader->text.data, reader->text.length)) {
        violation_add(violations, "import.line.encoding", NULL, "The line is not UTF-8, or holds a NUL.");
        return NULL;
    }
    json_t *object = part->csv ? parse_cells(reader, violations) : parse_json(reader, violations);
    if (!object || part->resource)
        return object;
    *ret_resource = kind_of(object, violations);
    return *ret_resource ? object : NULL;
}

void source_place(const struct import_part *part, const struct resource *resource, size_t line,
                  struct violations *violations)
{
    for (size_t i = 0; i < violations->count; i++) {
        struct violation *violation = &violations->items[i];
        int place = part->csv && violation->pointer ? csv_head_place(&part->head, violation->pointer) : -1;
        violation->line = line;
        violation->resource = resource ? resource->name : NULL;
        if (place >= 0) {
            char name[200];
            violation->column = (size_t)place + 1;
            violation->column_name =
                arena_text(violations->arena, csv_head_name(&part->head, (size_t)place, name, sizeof name));
        }
    }
}
