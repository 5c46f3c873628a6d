/* CSV on its way back: records out of bytes, cells out of records, JSON out of cells. */
#include "column.h"

#include <stdio.h>
#include <stdlib.h>

/* --- records and cells ---------------------------------------------------------------------------------------------
 */

bool csv_scan(struct csv_scan *scan, char c)
{
    switch (scan->at) {
    case CSV_QUOTED:
        if (c == '"')
            scan->at = CSV_AFTER_QUOTE;
        return false;
    case CSV_AT_START:
    case CSV_AFTER_QUOTE:
        if (c == '"') { /* the first of a cell, or the second of two */
            scan->at = CSV_QUOTED;
            return false;
        }
        break;
    case CSV_PLAIN:
        break;
    }
    scan->at = c == ',' ? CSV_AT_START : CSV_PLAIN;
    return c == '\n';
}

/* A quoted cell, from behind its first quote; its text moves up by one for each pair of quotes. */
static enum csv_fault split_quoted(char *line, size_t length, size_t *at, struct csv_cell *ret_cell)
{
    size_t from = *at;
    size_t to = from;
    while (*at < length && (line[*at] != '"' || (*at + 1 < length && line[*at + 1] == '"'))) {
        *at += line[*at] == '"';
        line[to++] = line[(*at)++];
    }
    if (*at == length)
        return CSV_OPEN;
    (*at)++;
    if (*at < length && line[*at] != ',')
        return CSV_AFTER;
    line[to] = '\0';
    *ret_cell = (struct csv_cell){line + from, to - from, true};
    return CSV_FINE;
}

enum csv_fault csv_split(char *line, size_t length, struct csv_cell *ret_cells, size_t max, size_t *ret_count)
{
    size_t count = 0;
    for (size_t at = 0;; at++) {
        struct csv_cell cell = {line + at, 0, false};
        if (at < length && line[at] == '"') {
            at++;
            enum csv_fault fault = split_quoted(line, length, &at, &cell);
            if (fault != CSV_FINE)
                return fault;
        } else {
            for (; at < length && line[at] != ','; at++) {
                if (line[at] == '"')
                    return CSV_QUOTE;
            }
            cell.length = (size_t)(line + at - cell.text);
        }
        bool last = at >= length;
        if (!cell.quoted)
            line[at] = '\0';
        if (count < max)
            ret_cells[count] = cell;
        count++;
        if (last)
            break;
    }
    *ret_count = count;
    return CSV_FINE;
}

/* --- heads ---------------------------------------------------------------------------------------------------------
 */

static void put_name(char *name, size_t size, const struct column *column)
{
    snprintf(name, size, "%s%s%s", column->field->name, column->member ? "." : "",
             column->member ? column->member->name : "");
}

bool csv_head_add(struct csv_head *head, const char *name)
{
    struct column columns[COLUMNS_MAX];
    size_t count = columns_of(head->resource, columns);
    for (size_t i = 0; i < count && head->count < COLUMNS_MAX; i++) {
        char known[200];
        put_name(known, sizeof known, &columns[i]);
        if (strcmp(known, name) == 0) {
            head->columns[head->count++] = (unsigned char)i;
            return true;
        }
    }
    return false;
}

const char *csv_head_name(const struct csv_head *head, size_t place, char *ret_name, size_t size)
{
    struct column columns[COLUMNS_MAX];
    columns_of(head->resource, columns);
    put_name(ret_name, size, &columns[head->columns[place]]);
    return ret_name;
}

/* Whether the pointer leads to the name, or into it; behind it then. */
static const char *behind(const char *pointer, const char *name)
{
    size_t length = strlen(name);
    bool leads = *pointer == '/' && strncmp(pointer + 1, name, length) == 0 &&
                 (pointer[1 + length] == '\0' || pointer[1 + length] == '/');
    return leads ? pointer + 1 + length : NULL;
}

int csv_head_place(const struct csv_head *head, const char *pointer)
{
    struct column columns[COLUMNS_MAX];
    columns_of(head->resource, columns);
    int object = -1; /* the first column of an object stands for the whole of it */
    for (size_t i = 0; *pointer == '#' && i < head->count; i++) {
        const struct column *column = &columns[head->columns[i]];
        const char *rest = behind(pointer + 1, column->field->name);
        if (!rest)
            continue;
        if (!column->member || behind(rest, column->member->name))
            return (int)i;
        object = object < 0 ? (int)i : object;
    }
    return object;
}

/* --- JSON ----------------------------------------------------------------------------------------------------------
 */

/* The grammar of RFC 8259, 6. */
static bool is_number(const char *text)
{
    text += *text == '-';
    size_t digits = strspn(text, "0123456789");
    if (!digits || (*text == '0' && digits > 1))
        return false;
    text += digits;
    if (*text == '.') {
        digits = strspn(text + 1, "0123456789");
        text += 1 + digits;
        if (!digits)
            return false;
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '+' || *text == '-';
        digits = strspn(text, "0123456789");
        text += digits;
        if (!digits)
            return false;
    }
    return !*text;
}

static const char *truth_word(const char *text)
{
    static const char *const words[] = {"true", "TRUE", "false", "FALSE"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(text, words[i]) == 0)
            return words[i / 2 * 2];
    }
    return NULL;
}

static void put_value(struct buffer *buffer, enum field_kind kind, const struct csv_cell *cell)
{
    switch (kind) {
    case FIELD_KIND_TEXT: {
        const char *text = csv_text(cell->text);
        json_put_text(buffer, text, cell->length - (size_t)(text - cell->text));
        return;
    }
    case FIELD_KIND_INTEGER:
    case FIELD_KIND_NUMBER:
        if (!is_number(cell->text))
            break;
        buffer_add(buffer, cell->text, cell->length);
        return;
    case FIELD_KIND_TRUTH:
        if (!truth_word(cell->text))
            break;
        buffer_put(buffer, truth_word(cell->text));
        return;
    case FIELD_KIND_OBJECT:
    case FIELD_KIND_LIST:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_REFS:
    case FIELD_KIND_RAW:
        buffer_add(buffer, cell->text, cell->length);
        return;
    case FIELD_KIND_REF:
    case FIELD_KIND_DATE:
    case FIELD_KIND_INSTANT:
    case FIELD_KIND_ENUM:
        break;
    }
    json_put_text(buffer, cell->text, cell->length);
}

/* An empty text is one where it is quoted; all else is absent. */
static bool is_absent(const struct column *column, const struct csv_cell *cell)
{
    return !cell->length && (!cell->quoted || column_kind(column) != FIELD_KIND_TEXT);
}

static void put_name_of(struct buffer *buffer, const char *name, bool first)
{
    buffer_put(buffer, first ? "\"" : ",\"");
    buffer_put(buffer, name);
    buffer_put(buffer, "\":");
}

/* The columns of one object, wherever they stand; false where all of them are empty. */
static bool put_object(struct buffer *buffer, const struct csv_head *head, const struct column *columns,
                       const struct csv_cell *cells, const struct field *field, bool first)
{
    bool any = false;
    bool bare = false;
    size_t members = 0;
    for (size_t i = 0; i < head->count; i++) {
        const struct column *column = &columns[head->columns[i]];
        if (column->field != field || is_absent(column, &cells[i]))
            continue;
        if (!any) {
            put_name_of(buffer, field->name, first);
            buffer_char(buffer, '{');
        }
        any = true;
        bare = !cells[i].quoted && strcmp(cells[i].text, "{}") == 0 && column->member == field->shape->fields;
        if (bare)
            continue;
        put_name_of(buffer, column->member->name, members++ == 0);
        put_value(buffer, column->member->kind, &cells[i]);
    }
    if (any)
        buffer_char(buffer, '}');
    return any;
}

static bool is_first_of(const struct csv_head *head, const struct column *columns, size_t place)
{
    for (size_t i = 0; i < place; i++) {
        if (columns[head->columns[i]].field == columns[head->columns[place]].field)
            return false;
    }
    return true;
}

void csv_put_json(struct buffer *buffer, const struct csv_head *head, const struct csv_cell *cells, size_t *ret_members)
{
    struct column columns[COLUMNS_MAX];
    size_t members = 0;
    columns_of(head->resource, columns);
    buffer_char(buffer, '{');
    for (size_t i = 0; i < head->count; i++) {
        const struct column *column = &columns[head->columns[i]];
        if (column->member) {
            members +=
                is_first_of(head, columns, i) && put_object(buffer, head, columns, cells, column->field, members == 0);
        } else if (!is_absent(column, &cells[i])) {
            put_name_of(buffer, column->field->name, members++ == 0);
            put_value(buffer, column->field->kind, &cells[i]);
        }
    }
    buffer_char(buffer, '}');
    *ret_members = members;
}
