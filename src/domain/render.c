/* Records as JSON: the interpreter of the field table that faces outward. */
#include "reviewd/resource.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIELDS_MAX = 64, SHAPES_MAX = 16, KEY_BYTES = 40 };

/* The indices of fields in the order of their names, which for our ASCII names is RFC 8785's. */
struct order {
    const void *of; /* a resource or a shape */
    unsigned char index[FIELDS_MAX];
    size_t count;
};

/* A member and the text before its value: ',"name":', of the first '{"name":'. */
struct member {
    const struct field *field;
    size_t length;
    char key[KEY_BYTES];
};

/* The members that are shown, in the table's order. */
struct shown {
    struct member members[FIELDS_MAX];
    size_t count;
};

static struct order resource_orders[RESOURCE_COUNT];
static struct shown resource_shown[RESOURCE_COUNT];
static struct order shape_orders[SHAPES_MAX];
static size_t shape_order_count;

static void order_insert(struct order *order, const char *name, size_t index,
                         const char *(*name_of)(const void *, size_t))
{
    assert(order->count < FIELDS_MAX);
    size_t at = order->count++;
    for (; at > 0 && strcmp(name_of(order->of, order->index[at - 1]), name) > 0; at--)
        order->index[at] = order->index[at - 1];
    order->index[at] = (unsigned char)index;
}

static const char *resource_name_at(const void *resource, size_t index)
{
    return resource_field(resource, index)->name;
}

static const char *shape_name_at(const void *shape, size_t index)
{
    return ((const struct shape *)shape)->fields[index].name;
}

static const struct order *shape_order(const struct shape *shape)
{
    for (size_t i = 0; i < shape_order_count; i++) {
        if (shape_orders[i].of == shape)
            return &shape_orders[i];
    }
    return NULL;
}

static void shape_order_make(const struct shape *shape)
{
    if (shape_order(shape))
        return;
    assert(shape_order_count < SHAPES_MAX);
    struct order *order = &shape_orders[shape_order_count++];
    order->of = shape;
    for (size_t i = 0; i < shape->field_count; i++)
        order_insert(order, shape->fields[i].name, i, shape_name_at);
}

static void shown_add(struct shown *shown, const struct field *field)
{
    assert(shown->count < FIELDS_MAX && strlen(field->name) + sizeof ",\"\":" <= KEY_BYTES);
    struct member *member = &shown->members[shown->count];
    member->field = field;
    member->length =
        (size_t)snprintf(member->key, sizeof member->key, "%s\"%s\":", shown->count ? "," : "{", field->name);
    shown->count++;
}

void render_init(void)
{
    if (resource_orders[0].of)
        return;
    for (size_t r = 0; r < RESOURCE_COUNT; r++) {
        struct order *order = &resource_orders[r];
        order->of = resources[r];
        for (size_t i = 0; i < resource_field_count(resources[r]); i++) {
            const struct field *field = resource_field(resources[r], i);
            if (field->shape)
                shape_order_make(field->shape);
            if (!field->derived && resource_has(resources[r], field))
                order_insert(order, field->name, i, resource_name_at);
            if (!field->hidden && resource_has(resources[r], field))
                shown_add(&resource_shown[r], field);
        }
    }
}

/* A text that needs no escapes. */
static void put_short(struct buffer *buffer, const char *text)
{
    size_t length = strlen(text);
    if (buffer->capacity - buffer->length < length + 2 && !buffer_reserve(buffer, length + 2))
        return;
    char *at = buffer->data + buffer->length;
    at[0] = '"';
    memcpy(at + 1, text, length); // NOLINT(bugprone-not-null-terminated-result): a quotation mark ends it
    at[length + 1] = '"';
    buffer->length += length + 2;
}

static void value_render(struct buffer *buffer, const struct field *field, const void *record)
{
    if (!field_is_set(field, record)) {
        bool list = field->kind == FIELD_KIND_LIST || field->kind == FIELD_KIND_TEXTS || field->kind == FIELD_KIND_REFS;
        buffer_put(buffer, list ? "[]" : "null");
        return;
    }
    const void *at = field_of(field, record);
    switch (field->kind) { // GCOVR_EXCL_BR_LINE: it has no other value; each has a line of its own
    case FIELD_KIND_TEXT: {
        const char *text = *(const char *const *)at;
        json_put_text(buffer, text, strlen(text));
        return;
    }
    case FIELD_KIND_REF:
    case FIELD_KIND_DATE:
    case FIELD_KIND_INSTANT:
        put_short(buffer, at);
        return;
    case FIELD_KIND_INTEGER:
        json_put_integer(buffer, ((const struct integer *)at)->value);
        return;
    case FIELD_KIND_NUMBER:
        json_put_number(buffer, ((const struct number *)at)->value);
        return;
    case FIELD_KIND_TRUTH:
        buffer_put(buffer, *(const unsigned *)at == TRUTH_TRUE ? "true" : "false");
        return;
    case FIELD_KIND_ENUM:
        put_short(buffer, field->values[*(const unsigned *)at - 1]);
        return;
    case FIELD_KIND_OBJECT:
    case FIELD_KIND_LIST:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_REFS:
    case FIELD_KIND_RAW:
        break;
    }
    const struct nested *nested = at;
    buffer_add(buffer, nested->json, nested->length);
}

static void member_render(struct buffer *buffer, const struct field *field, const void *record, bool first)
{
    size_t length = strlen(field->name);
    if (buffer->capacity - buffer->length < length + 4 && !buffer_reserve(buffer, length + 4))
        return;
    char *at = buffer->data + buffer->length;
    if (!first)
        *at++ = ',';
    *at++ = '"';
    memcpy(at, field->name, length);
    at += length;
    *at++ = '"';
    *at++ = ':';
    buffer->length = (size_t)(at - buffer->data);
    value_render(buffer, field, record);
}

void shape_render(struct buffer *buffer, const struct shape *shape, const void *object)
{
    const struct order *order = shape_order(shape);
    buffer_char(buffer, '{');
    for (size_t i = 0; i < order->count; i++)
        member_render(buffer, &shape->fields[order->index[i]], object, i == 0);
    buffer_char(buffer, '}');
}

/* Whether it says no more than the member's absence does. */
static bool is_initial(const struct field *field, const void *record)
{
    return !field_is_set(field, record) ||
           (field->initial && *(const unsigned *)field_of(field, record) == field->initial);
}

static bool knows(const char *body, const char *name)
{
    char member[80];
    snprintf(member, sizeof member, "\"%s\":", name);
    return strstr(body, member) != NULL;
}

void record_render_as(struct buffer *buffer, const struct resource *resource, const void *record, const char *body)
{
    const struct order *order = &resource_orders[resource_index(resource)];
    bool first = true;
    buffer_char(buffer, '{');
    for (size_t i = 0; i < order->count; i++) {
        const struct field *field = resource_field(resource, order->index[i]);
        if (body && is_initial(field, record) && !knows(body, field->name))
            continue;
        member_render(buffer, field, record, first);
        first = false;
    }
    buffer_char(buffer, '}');
}

static void record_show(struct buffer *buffer, const struct shown *shown, const void *record)
{
    for (size_t i = 0; i < shown->count; i++) {
        const struct member *member = &shown->members[i];
        buffer_add(buffer, member->key, member->length);
        value_render(buffer, member->field, record);
    }
    buffer_char(buffer, '}');
}

void record_show_as(struct buffer *buffer, const struct resource *resource, const void *record, const char *body)
{
    bool first = true;
    buffer_char(buffer, '{');
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (field->hidden || !resource_has(resource, field) || (is_initial(field, record) && !knows(body, field->name)))
            continue;
        member_render(buffer, field, record, first);
        first = false;
    }
    buffer_char(buffer, '}');
}

static void commitment_render(struct buffer *buffer, const struct field *field, const void *record, bool first)
{
    assert(!first && "a member that is about nobody comes before it");
    buffer_format(buffer, ",\"%s\":{\"commitment\":", field->name);
    value_render(buffer, field, record);
    buffer_char(buffer, '}');
}

void record_render(struct buffer *buffer, const struct resource *resource, const void *record, enum render render)
{
    if (render == RENDER_SHOWN) {
        record_show(buffer, &resource_shown[resource_index(resource)], record);
        return;
    }
    const struct order *order = &resource_orders[resource_index(resource)];
    buffer_char(buffer, '{');
    for (size_t i = 0; i < order->count; i++) {
        const struct field *field = resource_field(resource, order->index[i]);
        bool sealed = field->personal && render == RENDER_SEALED && field_is_set(field, record);
        (sealed ? commitment_render : member_render)(buffer, field, record, i == 0);
    }
    buffer_char(buffer, '}');
}
