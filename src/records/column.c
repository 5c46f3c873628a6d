#include "column.h"

#include <assert.h>
#include <stdlib.h>

size_t columns_of(const struct resource *resource, struct column columns[COLUMNS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (field->hidden || !resource_has(resource, field))
            continue;
        bool object = field->kind == FIELD_KIND_OBJECT;
        size_t members = object ? field->shape->field_count : 1;
        assert(count + members <= COLUMNS_MAX);
        for (size_t m = 0; m < members; m++)
            columns[count++] = (struct column){field, object ? &field->shape->fields[m] : NULL};
    }
    return count;
}

enum field_kind column_kind(const struct column *column)
{
    return column->member ? column->member->kind : column->field->kind;
}

/* --- canonical JSON ----------------------------------------------------------------------------------------------
 *
 * What is stored of an object is our own text in RFC 8785's form: there is no white space in it, and nothing to
 * refuse. */

/* The end of a value: of a text, an object, a list, or a number or word. */
static const char *value_end(const char *at, const char *end)
{
    size_t depth = 0;
    bool quoted = false;
    for (; at < end; at++) {
        if (quoted && *at == '\\') {
            at++;
        } else if (quoted) {
            quoted = *at != '"';
            if (!quoted && !depth)
                return at + 1;
        } else if (*at == '"') {
            quoted = true;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (*at == '}' || *at == ']') {
            if (!depth)
                return at;
            if (--depth == 0)
                return at + 1;
        } else if (*at == ',' && !depth) {
            return at;
        }
    }
    return end;
}

/* Where the value of a member begins, or NULL. */
static const char *member_value(const struct nested *object, const char *name, const char **ret_end)
{
    const char *end = object->json + object->length;
    size_t length = strlen(name);
    for (const char *at = object->json + 1; at < end && *at == '"';) {
        const char *value = value_end(at, end) + 1; /* behind the colon */
        const char *after = value_end(value, end);
        if ((size_t)(value - at) == length + 3 && memcmp(at + 1, name, length) == 0) {
            *ret_end = after;
            return value;
        }
        at = after + 1;
    }
    return NULL;
}

static unsigned hex_value(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* A quoted text without its quotes and escapes. RFC 8785 escapes nothing beyond ASCII. */
static void put_plain(struct buffer *buffer, const char *at, const char *end)
{
    static const char escaped[] = "bfnrt";
    static const char plain[] = "\b\f\n\r\t";
    for (at++, end--; at < end; at++) {
        if (*at != '\\') {
            buffer_char(buffer, *at);
            continue;
        }
        at++;
        const char *known = strchr(escaped, *at);
        if (*at == 'u') {
            buffer_char(buffer, (char)(hex_value(at[3]) * 16 + hex_value(at[4])));
            at += 4;
        } else {
            buffer_char(buffer, known ? plain[known - escaped] : *at);
        }
    }
}

static struct cell member_cell(const struct column *column, const void *record, struct buffer *scratch)
{
    const struct nested *object = field_of(column->field, record);
    if (!field_is_set(column->field, record))
        return (struct cell){0};
    const char *end;
    const char *value = member_value(object, column->member->name, &end);
    if (!value || *value == 'n') {
        bool first = column->member == column->field->shape->fields;
        for (size_t i = 1; first && i < column->field->shape->field_count; i++) {
            const char *other = member_value(object, column->field->shape->fields[i].name, &end);
            first = !other || *other == 'n';
        }
        return first ? (struct cell){.is_set = true, .text = "{}", .length = 2, .bare = true} : (struct cell){0};
    }
    scratch->length = 0;
    if (*value == '"')
        put_plain(scratch, value, end);
    else
        buffer_add(scratch, value, (size_t)(end - value));
    struct cell cell = {.is_set = true, .truth = *value == 't', .length = scratch->length};
    buffer_char(scratch, '\0');
    cell.text = buffer_failed(scratch) ? "" : scratch->data;
    cell.number = strtod(cell.text, NULL);
    return cell;
}

struct cell cell_of(const struct column *column, const void *record, struct buffer *scratch)
{
    const struct field *field = column->field;
    const void *at = field_of(field, record);
    if (column->member)
        return member_cell(column, record, scratch);
    bool list = field->kind == FIELD_KIND_LIST || field->kind == FIELD_KIND_TEXTS || field->kind == FIELD_KIND_REFS;
    if (!field_is_set(field, record))
        return list ? (struct cell){.is_set = true, .text = "[]", .length = 2} : (struct cell){0};
    struct cell cell = {.is_set = true};
    switch (field->kind) {
    case FIELD_KIND_TEXT:
        cell.text = *(const char *const *)at;
        break;
    case FIELD_KIND_REF:
    case FIELD_KIND_DATE:
    case FIELD_KIND_INSTANT:
        cell.text = at;
        break;
    case FIELD_KIND_ENUM:
        cell.text = field->values[*(const unsigned *)at - 1];
        break;
    case FIELD_KIND_INTEGER:
        cell.number = (double)((const struct integer *)at)->value;
        return cell;
    case FIELD_KIND_NUMBER:
        cell.number = ((const struct number *)at)->value;
        return cell;
    case FIELD_KIND_TRUTH:
        cell.truth = *(const unsigned *)at == TRUTH_TRUE;
        return cell;
    case FIELD_KIND_OBJECT:
    case FIELD_KIND_LIST:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_REFS:
    case FIELD_KIND_RAW:
        cell.text = ((const struct nested *)at)->json;
        cell.length = ((const struct nested *)at)->length;
        return cell;
    }
    cell.length = strlen(cell.text);
    return cell;
}
