#include "column.h"

#include "member.h"

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

static struct cell member_cell(const struct column *column, const void *record, struct buffer *scratch)
{
    const struct nested *nested = field_of(column->field, record);
    if (!field_is_set(column->field, record))
        return (struct cell){0};
    const struct json_text object = {nested->json, nested->json + nested->length};
    struct json_text value = member_of(object, column->member->name, strlen(column->member->name));
    if (!member_is_set(value)) {
        bool first = column->member == column->field->shape->fields;
        return first && object_is_bare(object) ? (struct cell){.is_set = true, .text = "{}", .length = 2, .bare = true}
                                               : (struct cell){0};
    }
    scratch->length = 0;
    if (*value.at == '"')
        member_put_plain(scratch, value);
    else
        buffer_add(scratch, value.at, (size_t)(value.end - value.at));
    struct cell cell = {.is_set = true, .truth = *value.at == 't', .length = scratch->length};
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
