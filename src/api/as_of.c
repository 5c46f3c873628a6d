/* Records as they were: versions of the history, read back into the structs that everything else takes. */
#include "api.h"

/* A nested member's canonical text: the members of a canonical body are in their order already. */
static bool restore_nested(struct arena *arena, json_t *value, struct nested *ret_nested)
{
    struct buffer text = {0};
    json_put(&text, value);
    bool fine = !buffer_failed(&text);
    if (fine) {
        ret_nested->json = arena_copy(arena, text.data, text.length);
        ret_nested->length = text.length;
    }
    buffer_finish(&text);
    return fine;
}

/* What was checked when it was stored; false only where memory is out, or the history is damaged. */
static bool restore_value(struct arena *arena, const struct field *field, json_t *value, void *record)
{
    void *at = field_in(field, record);
    const char *text = json_string_value(value);
    switch (field->kind) {
    case FIELD_KIND_TEXT:
        *(const char **)at = text ? arena_text(arena, text) : NULL;
        return text != NULL;
    case FIELD_KIND_REF:
        return text && id_parse(text, at);
    case FIELD_KIND_DATE:
        return text && date_parse(text, at);
    case FIELD_KIND_INSTANT:
        return text && instant_parse(text, at);
    case FIELD_KIND_INTEGER:
        *(struct integer *)at = (struct integer){true, (int64_t)json_number_value(value)};
        return json_is_number(value);
    case FIELD_KIND_NUMBER:
        *(struct number *)at = (struct number){true, json_number_value(value)};
        return json_is_number(value);
    case FIELD_KIND_TRUTH:
        *(enum truth *)at = json_is_true(value) ? TRUTH_TRUE : TRUTH_FALSE;
        return json_is_boolean(value);
    case FIELD_KIND_ENUM:
        *(unsigned *)at = field_enum_value(field, text);
        return *(unsigned *)at != 0;
    case FIELD_KIND_OBJECT:
    case FIELD_KIND_LIST:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_REFS:
    case FIELD_KIND_RAW:
        break;
    }
    return restore_nested(arena, value, at);
}

/* A member of the parent's version of then. */
static bool restore_parent(struct call *call, const struct resource *resource, const struct field *field,
                           const struct instant *as_of, struct arena *arena, void *record)
{
    const struct field *via = resource_field_named(resource, field->via);
    const char *body;
    if (!field_is_set(via, record))
        return true;
    if (store_version_as_of(call->store, field_of(via, record), as_of, arena, &body) != FOUND)
        return false;
    json_t *parent = json_parse(arena, body, strlen(body), JSON_DECODE_INT_AS_REAL, NULL);
    const char *text = json_string_value(json_object_get(parent, field->of));
    if (text)
        *(const char **)field_in(field, record) = arena_text(arena, text);
    return text != NULL;
}

/* What was derived of it then. */
static bool derive_then(struct call *call, const struct resource *resource, const struct instant *as_of,
                        struct arena *arena, void *record)
{
    const struct date day = instant_date(as_of);
    for (size_t i = 0; i < resource->field_count; i++) {
        if (resource->fields[i].via && !restore_parent(call, resource, &resource->fields[i], as_of, arena, record))
            return false;
    }
    if (resource->derive)
        resource->derive(record, &day);
    return true;
}

bool may_see(struct call *call, const struct field *field, json_t *id, bool *ret_sees)
{
    struct id found;
    enum found sees = store_find(call->store, resource_find(field->target), json_string_value(id), &call->view, &found);
    *ret_sees = sees == FOUND;
    return sees != BROKEN;
}

bool record_restore(struct call *call, const struct resource *resource, const struct instant *as_of, const char *body,
                    size_t length, struct arena *arena, void *ret_record)
{
    const char *opened = store_opened(call->store, resource, body, true, arena);
    if (!opened)
        return false;
    json_t *object = json_parse(arena, opened, opened == body ? length : strlen(opened), JSON_DECODE_INT_AS_REAL, NULL);
    bool fine = json_is_object(object);
    memset(ret_record, 0, resource->size);
    for (size_t i = 0; fine && i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        json_t *value = json_object_get(object, field->name);
        if (field->derived || !resource_has(resource, field))
            continue;
        bool seen = true;
        if (field->veiled && json_is_string(value) && !may_see(call, field, value, &seen))
            return false;
        if (!seen)
            continue;
        if (value && !json_is_null(value))
            fine = restore_value(arena, field, value, ret_record);
        else if (!value && field->initial) /* the member is newer than the version */
            *(unsigned *)field_in(field, ret_record) = field->initial;
    }
    if (fine)
        fine = as_of ? derive_then(call, resource, as_of, arena, ret_record)
                     : store_derive(call->store, resource, &call->today, ret_record);
    return fine && !arena_failed(arena);
}

bool read_record_as_of(struct call *call, const struct instant *as_of)
{
    const struct resource *resource = call->route->resource;
    void *record = arena_alloc(call->arena, resource->size);
    const char *body;
    struct id id;
    if (call->violations.count) {
        answer_violations(call);
        return true;
    }
    enum found found = record ? store_find(call->store, resource, call->keys[0], &call->view, &id) : BROKEN;
    if (found == FOUND)
        found = store_version_as_of(call->store, &id, as_of, call->arena, &body);
    if (found != FOUND) {
        answer_not_found(call);
        return found == ABSENT;
    }
    if (!record_restore(call, resource, as_of, body, strlen(body), call->arena, record))
        return false;
    record_render(&call->response->body, resource, record, RENDER_SHOWN);
    answer_json(call, 200, &call->response->body);
    return true;
}
