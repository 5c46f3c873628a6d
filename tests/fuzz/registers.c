/* Records as rows: CSV, NDJSON and XLSX, read again by readers of our own. */
#include "fuzz.h"

#include "records/column.h"
#include "reviewd/csv.h"

/* The cells of one row of CSV (RFC 4180), each as its text; an absent one is NULL (nothing, without quotes). */
static size_t read_row(struct arena *arena, const struct buffer *row, const char *ret_cells[COLUMNS_MAX + 1])
{
    const char *at = row->data;
    const char *end = row->data + row->length;
    size_t count = 0;
    REQUIRE(row->length >= 2 && memcmp(end - 2, "\r\n", 2) == 0, "the row does not end");
    end -= 2;
    for (;;) {
        REQUIRE(count <= COLUMNS_MAX, "more cells than columns");
        const char **cell = &ret_cells[count++];
        bool quoted = at < end && *at == '"';
        char *text = arena_copy(arena, at, (size_t)(end - at));
        char *to = text;
        for (at += quoted; at < end && (quoted || *at != ','); at++) {
            if (quoted && *at == '"') {
                at++;
                if (at == end || *at != '"')
                    break;
            }
            REQUIRE(quoted || !strchr("\"\r\n", *at), "a cell is to be quoted: %s", text);
            *to++ = *at;
        }
        *to = '\0';
        *cell = quoted || *text ? text : NULL;
        if (at == end)
            return count;
        REQUIRE(*at == ',', "what follows a cell is no comma but '%c'", *at);
        at++;
    }
}

static const struct resource *choose(struct input *input)
{
    return resources[input_byte(input) % RESOURCE_COUNT];
}

/* What is made of a record's JSON is what is made of the record. */
static void require_the_same_row(const struct resource *resource, const struct buffer *json, const struct buffer *row)
{
    struct buffer columns = {0}, again = {0};
    csv_put_head(&columns, resource);
    REQUIRE(columns.length > 2, "there is no head");
    columns.data[columns.length - 2] = '\0';
    csv_put_object(&again, columns.data, json->data, json->length - 1);
    REQUIRE(again.length == row->length && memcmp(again.data, row->data, row->length) == 0, "%.*s is not %.*s",
            (int)again.length, again.data, (int)row->length, row->data);
    buffer_finish(&columns);
    buffer_finish(&again);
}

/* Texts come back as they were out of either form; what is absent stays absent. */
void fuzz_register(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena arena;
    struct buffer out = {0};
    arena_init(&arena);
    const struct resource *resource = choose(&input);
    void *record = arena_alloc(&arena, resource->size);
    record_fill(resource, record, &input, &arena);
    struct column columns[COLUMNS_MAX];
    const char *cells[COLUMNS_MAX + 1];
    const char *names[COLUMNS_MAX + 1];
    size_t count = columns_of(resource, columns);
    csv_put_head(&out, resource);
    REQUIRE(read_row(&arena, &out, names) == count, "the head has another width");
    out.length = 0;
    csv_put_record(&out, resource, record);
    REQUIRE(!buffer_failed(&out) && read_row(&arena, &out, cells) == count, "the row has another width");
    json_t *line = NULL;
    struct buffer json = {0};
    ndjson_put_record(&json, resource, record);
    line = json_loadb(json.data, json.length, JSON_REJECT_DUPLICATES, NULL);
    REQUIRE(line && json.data[json.length - 1] == '\n' && !memchr(json.data, '\n', json.length - 1), "no line: %.*s",
            (int)json.length, json.data);
    for (size_t i = 0; i < count; i++) {
        const struct field *field = columns[i].field;
        if (columns[i].member || field->kind != FIELD_KIND_TEXT)
            continue;
        const char *text = *(const char *const *)field_of(field, record);
        const char *told = json_string_value(json_object_get(line, field->name));
        REQUIRE(!text == !told && (!text || strcmp(text, told) == 0), "%s has become '%s'", field->name, told);
        REQUIRE(strcmp(names[i], field->name) == 0, "%s stands under %s", field->name, names[i]);
        REQUIRE(!text == !cells[i], "%s is there, or is not: '%s'", field->name, cells[i] ? cells[i] : "nothing");
        REQUIRE(!text || strcmp(csv_text(cells[i]), text) == 0, "%s has become '%s'", field->name, cells[i]);
    }
    require_the_same_row(resource, &json, &out);
    json_decref(line);
    buffer_finish(&json);
    buffer_finish(&out);
    arena_finish(&arena);
}

/* --- XLSX ----------------------------------------------------------------------------------------------------------
 */

static int hexadecimal(const char *at)
{
    int number = 0;
    for (int i = 0; i < 4; i++) {
        const char *digit = at[i] ? strchr("0123456789abcdef0123456789ABCDEF", at[i]) : NULL;
        if (!digit)
            return -1;
        number = number * 16 + (int)(digit - "0123456789abcdef0123456789ABCDEF") % 16;
    }
    return number;
}

/* Entities, and Excel's own escape of characters that XML has not: _x0001_. */
static char *shown(struct arena *arena, const char *from, size_t length)
{
    static const struct {
        const char *entity;
        char is;
    } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}};
    char *text = arena_copy(arena, from, length);
    char *to = text;
    for (const char *at = text; *at; at++) {
        int number = at[0] == '_' && at[1] == 'x' ? hexadecimal(at + 2) : -1;
        char is = *at;
        size_t more = 0;
        for (int i = 0; i < ROWS(entities); i++) {
            if (strncmp(at, entities[i].entity, strlen(entities[i].entity)) == 0) {
                is = entities[i].is;
                more = strlen(entities[i].entity) - 1;
            }
        }
        if (number > 0 && number < 0x80 && at[6] == '_') {
            is = (char)number;
            more = 6;
        }
        at += more;
        *to++ = is;
    }
    *to = '\0';
    return text;
}

/* The text of the cell in the second row ("B2"); NULL where there is none. */
static const char *sheet_cell(struct arena *arena, const char *sheet, size_t column)
{
    char name[40];
    char letters[3] = {0};
    if (column >= 26)
        snprintf(letters, sizeof letters, "%c%c", 'A' + (int)(column / 26) - 1, 'A' + (int)(column % 26));
    else
        letters[0] = (char)('A' + column);
    snprintf(name, sizeof name, "<c r=\"%s2\"", letters);
    const char *cell = strstr(sheet, name);
    const char *end = cell ? strstr(cell, "</c>") : NULL;
    const char *text = cell ? strstr(cell, "<t") : NULL;
    if (!cell || !text || !end || text > end)
        return NULL;
    text = strchr(text, '>') + 1;
    return shown(arena, text, (size_t)(strstr(text, "</t>") - text));
}

void fuzz_xlsx(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena arena;
    arena_init(&arena);
    const struct resource *resource = choose(&input);
    void *record = arena_alloc(&arena, resource->size);
    record_fill(resource, record, &input, &arena);
    struct instant now = instant_from_ms(WORLD_NOW_MS);
    struct buffer out = {0};
    struct xlsx *xlsx =
        xlsx_begin(&out, resource, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", "Records", &now);
    REQUIRE(xlsx && xlsx_add(xlsx, record) && xlsx_finish(xlsx), "there is no sheet");
    xlsx_drop(xlsx);
    size_t sheet_length;
    char *sheet = zip_read(&out, "xl/worksheets/sheet1.xml", &sheet_length);
    REQUIRE(sheet, "the workbook has no sheet");
    markup_check(sheet, sheet_length);
    REQUIRE(!strstr(sheet, "<f>"), "there is a formula");
    struct column columns[COLUMNS_MAX];
    size_t count = columns_of(resource, columns);
    for (size_t i = 0; i < count; i++) {
        const struct field *field = columns[i].field;
        if (columns[i].member || field->kind != FIELD_KIND_TEXT)
            continue;
        const char *text = *(const char *const *)field_of(field, record);
        const char *got = sheet_cell(&arena, sheet, i);
        REQUIRE(strcmp(text ? text : "", got ? got : "") == 0, "%s: '%s' has become '%s'", field->name, text, got);
    }
    free(sheet);
    buffer_finish(&out);
    arena_finish(&arena);
}
