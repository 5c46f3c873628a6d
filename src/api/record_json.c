/* JSON -> records: the interpreter of the field table that faces inward. */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>

/* Where we are in the body, and into what the members go. */
struct place {
    struct call *call;
    const char *pointer;             /* "#" or "#/metrics/0" */
    const void *before;              /* the record before the change, or NULL */
    const struct resource *resource; /* of an import's line, at its top */
    enum body_mode mode;
};

static void wrong(struct place *place, const char *rule, const char *name, const char *what)
{
    const char *pointer = name ? arena_format(place->call->arena, "%s/%s", place->pointer, name) : place->pointer;
    violation_add(&place->call->violations, rule, pointer, "'%.100s' %s.", name ? name : place->pointer, what);
}

/* RFC 6901: "~" and "/" in a name that we do not know. */
static const char *pointer_name(struct arena *arena, const char *name)
{
    struct buffer escaped = {0};
    for (; *name; name++) {
        if (*name == '~' || *name == '/')
            buffer_put(&escaped, *name == '~' ? "~0" : "~1");
        else
            buffer_char(&escaped, *name);
    }
    arena->failed |= buffer_failed(&escaped);
    const char *text =
        buffer_failed(&escaped) ? "" : arena_copy(arena, escaped.length ? escaped.data : "", escaped.length);
    buffer_finish(&escaped);
    return text;
}

/* --- single values -------------------------------------------------------------------------------------------------
 */

static size_t code_points(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static bool has_control(const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
            return true;
    }
    return false;
}

static bool is_url(const char *text)
{
    size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    return scheme > 0 && strncmp(text + scheme, "://", 3) == 0 && text[scheme + 3] &&
           !strpbrk(text, " \t\r\n<>\"\\^`{|}");
}

static void parse_text(struct place *place, const struct field *field, const json_t *value, size_t min, void *record)
{
    const char *text = json_string_value(value);
    if (!text) {
        wrong(place, "body.type", field->name, "is a string");
        return;
    }
    size_t max = field_max(field);
    size_t least = field->min > min ? field->min : min;
    if (text_length(text) < least || code_points(text) > max) {
        char what[100];
        snprintf(what, sizeof what, "has %zu to %zu characters", least, max);
        wrong(place, "body.length", field->name, what);
        return;
    }
    if (has_control(text))
        wrong(place, "body.format", field->name, "contains control characters");
    else if (field->url && !is_url(text))
        wrong(place, "body.format", field->name, "is a URL with its scheme, such as https://…");
    else
        *(const char **)field_in(field, record) = arena_text(place->call->arena, text);
}

static void parse_date(struct place *place, const struct field *field, const json_t *value, void *record)
{
    const char *text = json_string_value(value);
    bool instant = field->kind == FIELD_KIND_INSTANT;
    if (!text)
        wrong(place, "body.type", field->name, "is a string");
    else if (instant ? !instant_parse(text, field_in(field, record)) : !date_parse(text, field_in(field, record)))
        wrong(place, "body.format", field->name,
              instant ? "is an instant in UTC (RFC 3339)" : "is a day of the calendar, YYYY-MM-DD");
}

static void parse_enum(struct place *place, const struct field *field, const json_t *value, void *record)
{
    const char *text = json_string_value(value);
    if (!text) {
        wrong(place, "body.type", field->name, "is a string");
        return;
    }
    unsigned number = field_enum_value(field, text);
    if (number) {
        *(unsigned *)field_in(field, record) = number;
        return;
    }
    char what[400] = "is one of ";
    size_t length = strlen(what);
    for (unsigned i = 0; i < field->value_count && length < sizeof what; i++)
        length += (size_t)snprintf(what + length, sizeof what - length, "%s%s", i ? ", " : "", field->values[i]);
    wrong(place, "body.enum", field->name, what);
}

enum { EXACT_BITS = 53 }; /* of an integer that a double holds without rounding it */

/* 50.0 is an integer as well as 50 is (RFC 8259 knows one kind of number, and so does JSON Schema). */
static bool whole_number(const json_t *value, json_int_t *ret_number)
{
    const double bound = (double)((json_int_t)1 << EXACT_BITS);
    if (json_is_integer(value)) {
        *ret_number = json_integer_value(value);
        return true;
    }
    if (!json_is_real(value))
        return false;
    double number = json_real_value(value);
    if (number >= bound || number <= -bound) { /* all of these are whole, and beyond every limit */
        *ret_number = number > 0 ? INT64_MAX : INT64_MIN;
        return true;
    }
    *ret_number = (json_int_t)number;
    return (double)*ret_number == number;
}

static void parse_integer(struct place *place, const struct field *field, const json_t *value, void *record)
{
    json_int_t number;
    if (!whole_number(value, &number)) {
        wrong(place, "body.type", field->name, "is a whole number");
        return;
    }
    if (number < (json_int_t)field->min || (field->max && number > (json_int_t)field->max)) {
        char what[100];
        snprintf(what, sizeof what, "is from %zu to %zu", field->min, field->max);
        wrong(place, "body.range", field->name, what);
        return;
    }
    *(struct integer *)field_in(field, record) = (struct integer){true, number};
}

static void parse_number(struct place *place, const struct field *field, const json_t *value, void *record)
{
    const json_int_t exact = (json_int_t)1 << EXACT_BITS; /* beyond it a double would round what was sent */
    if (!json_is_number(value))
        wrong(place, "body.type", field->name, "is a number");
    else if (field->not_negative && json_number_value(value) < 0)
        wrong(place, "body.range", field->name, "is not below 0");
    else if (json_is_integer(value) && (json_integer_value(value) > exact || json_integer_value(value) < -exact))
        wrong(place, "body.range", field->name, "is an integer that no double holds");
    else
        *(struct number *)field_in(field, record) = (struct number){true, json_number_value(value)};
}

/* --- references ----------------------------------------------------------------------------------------------------
 */

/* False when the database failed. Whoever may not be seen is not found. */
static bool resolve(struct place *place, const struct field *field, const char *name, const json_t *value,
                    const struct id *before, struct id *ret_id)
{
    const char *key = json_string_value(value);
    const struct resource *target = field->target ? resource_find(field->target) : NULL;
    struct call *call = place->call;
    if (!key) {
        wrong(place, "body.type", name, "is a string: an id, a reference or, for a person, an e-mail address");
        return true;
    }
    if (!target) { /* the record's own id */
        if (!id_parse(key, ret_id))
            wrong(place, "body.format", name, "is a UUID");
        return true;
    }
    switch (store_find(call->store, target, key, &call->view, ret_id)) {
    case BROKEN:
        return false;
    case ABSENT:
        if (call->importing && call->importing->find(call->importing->context, target, key, ret_id))
            return true;
        *ret_id = (struct id){0};
        wrong(place, "reference.not_found", name, "names nothing that there is, or that you may see");
        return true;
    case FOUND:
        break;
    }
    if (target != &person_resource || field->may_have_left || (before && id_equal(before, ret_id)))
        return true;
    struct person_brief person;
    if (store_person(call->store, ret_id, call->arena, &person) != FOUND)
        return false;
    if (!person.active)
        wrong(place, "reference.person.inactive", name, "names a person who is inactive");
    return true;
}

static bool parse_ref(struct place *place, const struct field *field, const json_t *value, void *record)
{
    const struct id *before = place->before ? field_of(field, place->before) : NULL;
    struct id id = {0};
    if (!resolve(place, field, field->name, value, before, &id))
        return false;
    *(struct id *)field_in(field, record) = id;
    return true;
}

/* --- nested values -------------------------------------------------------------------------------------------------
 */

static bool parse_members(struct place *place, const struct field *fields, size_t count, json_t *object, void *record);

static const struct shape *item_shape(const struct field *field)
{
    return field->kind == FIELD_KIND_OBJECT || field->kind == FIELD_KIND_LIST ? field->shape : NULL;
}

static size_t item_size(const struct field *field)
{
    const struct shape *shape = item_shape(field);
    return shape ? shape->size : field->kind == FIELD_KIND_REFS ? sizeof(struct id) : sizeof(const char *);
}

bool nested_render(struct arena *arena, const struct field *field, struct nested *nested)
{
    struct buffer text = {0};
    const struct shape *shape = item_shape(field);
    bool list = field->kind != FIELD_KIND_OBJECT;
    if (list)
        buffer_char(&text, '[');
    for (size_t i = 0; i < nested->count; i++) {
        if (i)
            buffer_char(&text, ',');
        const char *item = (const char *)nested->items + i * item_size(field);
        if (shape)
            shape_render(&text, shape, item);
        else if (field->kind == FIELD_KIND_REFS)
            json_put_text(&text, ((const struct id *)item)->text, strlen(((const struct id *)item)->text));
        else
            json_put_text(&text, *(const char *const *)item, strlen(*(const char *const *)item));
    }
    if (list)
        buffer_char(&text, ']');
    bool fine = !buffer_failed(&text);
    if (fine) {
        nested->json = arena_copy(arena, text.data, text.length);
        nested->length = text.length;
    }
    buffer_finish(&text);
    return fine && !arena_failed(arena);
}

static void require_members(struct place *place, const struct shape *shape, const void *item)
{
    for (size_t i = 0; i < shape->field_count; i++) {
        const struct field *field = &shape->fields[i];
        if (!field->required || field_is_set(field, item))
            continue;
        violation_add(
            &place->call->violations, arena_format(place->call->arena, "%s.%s.required", shape->noun, field->name),
            arena_format(place->call->arena, "%s/%s", place->pointer, field->name), "'%s' is required.", field->name);
    }
}

static bool parse_item(struct place *place, const struct field *field, json_t *value, const char *pointer, void *item)
{
    struct place inside = {.call = place->call, .pointer = pointer, .mode = place->mode};
    const struct shape *shape = item_shape(field);
    if (shape) {
        if (!json_is_object(value)) {
            wrong(&inside, "body.type", NULL, "is an object");
            return true;
        }
        if (!parse_members(&inside, shape->fields, shape->field_count, value, item))
            return false;
        require_members(&inside, shape, item);
        return true;
    }
    if (field->kind == FIELD_KIND_REFS) {
        inside.pointer = place->pointer;
        const char *name = pointer + strlen(place->pointer) + 1;
        return resolve(&inside, field, name, value, NULL, item);
    }
    const struct field text = {.name = pointer + strlen(place->pointer) + 1, .min = 1, .max = 200};
    inside.pointer = place->pointer;
    *(const char **)item = "";
    parse_text(&inside, &text, value, 0, item);
    return true;
}

static bool parse_list(struct place *place, const struct field *field, json_t *value, void *record)
{
    struct arena *arena = place->call->arena;
    struct nested *nested = field_in(field, record);
    if (!json_is_array(value)) {
        wrong(place, "body.type", field->name, "is a list");
        return true;
    }
    size_t count = json_array_size(value);
    if (field->count_rule && count > field_max(field)) {
        violation_add(&place->call->violations, field->count_rule,
                      arena_format(arena, "%s/%s", place->pointer, field->name), "There are %zu; %zu are allowed.",
                      count, field_max(field));
        return true;
    }
    if (!field->count_rule && (count < field->min || count > field_max(field))) {
        char what[100];
        snprintf(what, sizeof what, "has %zu to %zu items", field->min, field_max(field));
        wrong(place, "body.length", field->name, what);
        return true;
    }
    struct nested parsed = {.count = count};
    parsed.items = arena_array(arena, count + 1, item_size(field));
    if (!parsed.items)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *pointer = arena_format(arena, "%s/%s/%zu", place->pointer, field->name, i);
        if (!parse_item(place, field, json_array_get(value, i), pointer, (char *)parsed.items + i * item_size(field)))
            return false;
    }
    *nested = parsed;
    return nested_render(arena, field, nested);
}

/* RFC 7396: members of an object are merged into those that are there; null takes one away. */
static json_t *merged(struct arena *arena, const struct nested *old, const struct shape *shape, json_t *patch)
{
    json_t *object = json_parse(arena, old->json, old->length, JSON_DECODE_INT_AS_REAL, NULL);
    for (size_t i = 0; object && i < shape->field_count; i++) {
        if (shape->fields[i].read_only)
            json_object_del(object, shape->fields[i].name);
    }
    if (object && json_object_update(object, patch) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static bool parse_object(struct place *place, const struct field *field, json_t *value, void *record)
{
    struct arena *arena = place->call->arena;
    struct nested *nested = field_in(field, record);
    const struct nested *old = place->mode == BODY_CHANGE && place->before ? field_of(field, place->before) : NULL;
    json_t *object =
        old && old->json && json_is_object(value) ? merged(arena, old, field->shape, value) : json_incref(value);
    if (!object)
        return false;
    struct nested parsed = {.count = 1, .items = arena_alloc(arena, item_size(field))};
    const char *pointer = arena_format(arena, "%s/%s", place->pointer, field->name);
    bool fine = parsed.items && parse_item(place, field, object, pointer, parsed.items);
    json_decref(object);
    if (!fine)
        return false;
    *nested = parsed;
    return nested_render(arena, field, nested);
}

/* --- members -------------------------------------------------------------------------------------------------------
 */

static bool parse_value(struct place *place, const struct field *field, json_t *value, size_t min, void *record)
{
    switch (field->kind) {
    case FIELD_KIND_TEXT:
        parse_text(place, field, value, min, record);
        return true;
    case FIELD_KIND_REF:
        return parse_ref(place, field, value, record);
    case FIELD_KIND_DATE:
    case FIELD_KIND_INSTANT:
        parse_date(place, field, value, record);
        return true;
    case FIELD_KIND_INTEGER:
        parse_integer(place, field, value, record);
        return true;
    case FIELD_KIND_NUMBER:
        parse_number(place, field, value, record);
        return true;
    case FIELD_KIND_TRUTH:
        if (json_is_boolean(value))
            *(enum truth *)field_in(field, record) = json_is_true(value) ? TRUTH_TRUE : TRUTH_FALSE;
        else
            wrong(place, "body.type", field->name, "is true or false");
        return true;
    case FIELD_KIND_ENUM:
        parse_enum(place, field, value, record);
        return true;
    case FIELD_KIND_OBJECT:
        return parse_object(place, field, value, record);
    case FIELD_KIND_LIST:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_REFS:
        return parse_list(place, field, value, record);
    case FIELD_KIND_RAW:
        break;
    }
    return true;
}

bool field_is_link(const struct field *field)
{
    return field->kind == FIELD_KIND_REF && field->read_only && !field->by_verb && field->target &&
           strcmp(field->target, "person") != 0;
}

/* What the server works out, or what is told apart from the rest. */
static bool is_passed_over(const struct field *field)
{
    return field->derived || field->kind == FIELD_KIND_RAW || field_is_link(field) ||
           strcmp(field->name, "version") == 0 || strcmp(field->name, "imported") == 0;
}

/* A member of an import's line. */
static bool import_member(struct place *place, const struct field *field, const char *name, json_t *value, void *record)
{
    if (!field && place->resource)
        field = resource_field_named(place->resource, name);
    bool list =
        field && (field->kind == FIELD_KIND_LIST || field->kind == FIELD_KIND_TEXTS || field->kind == FIELD_KIND_REFS);
    if (!field || field->hidden) {
        wrong(place, "body.unknown_field", pointer_name(place->call->arena, name), "is no member that is known here");
        return true;
    }
    if (place->resource && is_passed_over(field))
        return true;
    /* A register shows a list that is not there as an empty one. The record is new: what it has by now, the server gave
     * it. */
    if (json_is_null(value) || (list && json_is_array(value) && !json_array_size(value)))
        return true;
    return parse_value(place, field, value, 0, record);
}

static bool parse_members(struct place *place, const struct field *fields, size_t count, json_t *object, void *record)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        const struct field *field = fields_find(fields, count, name);
        bool common = !field && place->pointer[1] == '\0' && fields_find(record_fields, record_field_count, name);
        if (place->mode == BODY_IMPORT) {
            if (!import_member(place, field, name, value, record))
                return false;
        } else if ((!field || field->hidden) && !common) {
            wrong(place, "body.unknown_field", pointer_name(place->call->arena, name),
                  "is no member that is known here");
        } else if (common || field->read_only || (field->fixed && place->mode == BODY_CHANGE)) {
            wrong(place, "body.read_only", name, "is not sent: the server sets it");
        } else if (json_is_null(value)) {
            field_clear(field, record);
        } else if (!parse_value(place, field, value, 0, record)) {
            return false;
        }
    }
    return !arena_failed(place->call->arena);
}

static bool body_is_object(struct call *call, struct place *place)
{
    if (json_is_object(call->body))
        return true;
    violation_add(&call->violations, "body.type", place->pointer, "The body is a JSON object.");
    return false;
}

bool record_parse(struct call *call, const struct resource *resource, enum body_mode mode, void *record,
                  const void *before)
{
    struct place place = {.call = call,
                          .pointer = "#",
                          .before = before,
                          .mode = mode,
                          .resource = mode == BODY_IMPORT ? resource : NULL};
    if (!body_is_object(call, &place))
        return true;
    return parse_members(&place, resource->fields, resource->field_count, call->body, record);
}

bool object_parse(struct call *call, const struct resource *resource, const char *pointer, json_t *object, void *record)
{
    struct place place = {.call = call, .pointer = pointer, .mode = BODY_IMPORT};
    return parse_members(&place, resource->fields, resource->field_count, object, record);
}

bool arguments_parse(struct call *call, const struct resource *resource, const struct transition *transition,
                     void *record, const void *before)
{
    struct place place = {.call = call, .pointer = "#", .before = before, .mode = BODY_CREATE};
    if (!body_is_object(call, &place))
        return true;
    size_t known = 0;
    for (size_t i = 0; i < transition->argument_count; i++) {
        const struct argument *argument = &transition->arguments[i];
        struct field field = *resource_field_named(resource, argument->field);
        field.name = argument->name;
        json_t *value = json_object_get(call->body, argument->name);
        known += value != NULL;
        if (value && !json_is_null(value)) {
            field_clear(&field, record);
            if (!parse_value(&place, &field, value, argument->min, record))
                return false;
        } else if (argument->required) {
            field_clear(&field, record);
            violation_add(&call->violations,
                          arena_format(call->arena, "%s.%s.required", resource->name, argument->name),
                          arena_format(call->arena, "#/%s", argument->name), "'%s' is required.", argument->name);
        }
    }
    if (known == json_object_size(call->body))
        return !arena_failed(call->arena);
    const char *name;
    json_t *value;
    json_object_foreach(call->body, name, value)
    {
        bool taken = false;
        for (size_t i = 0; i < transition->argument_count; i++)
            taken = taken || strcmp(transition->arguments[i].name, name) == 0;
        if (!taken)
            wrong(&place, "body.unknown_field", pointer_name(call->arena, name), "is no member that this verb takes");
    }
    return !arena_failed(call->arena);
}

/* --- out of the database -------------------------------------------------------------------------------------------
 */

/* Our own canonical text again as items: nothing in it can be wrong, but memory may run out. */
static bool expand_item(struct arena *arena, const struct field *field, json_t *value, void *item)
{
    const struct shape *shape = item_shape(field);
    if (!shape) {
        const char *text = json_string_value(value);
        if (field->kind == FIELD_KIND_REFS)
            return id_parse(text, item);
        *(const char **)item = arena_text(arena, text);
        return true;
    }
    for (size_t i = 0; i < shape->field_count; i++) {
        const struct field *member = &shape->fields[i];
        const json_t *inner = json_object_get(value, member->name);
        void *at = field_in(member, item);
        if (!inner || json_is_null(inner))
            continue;
        if (member->kind == FIELD_KIND_TEXT)
            *(const char **)at = arena_text(arena, json_string_value(inner));
        else if (member->kind == FIELD_KIND_NUMBER)
            *(struct number *)at = (struct number){true, json_number_value(inner)};
        else if (member->kind == FIELD_KIND_ENUM)
            *(unsigned *)at = field_enum_value(member, json_string_value(inner));
        else if (member->kind == FIELD_KIND_TRUTH)
            *(enum truth *)at = json_is_true(inner) ? TRUTH_TRUE : TRUTH_FALSE;
        else if (member->kind == FIELD_KIND_DATE && !date_parse(json_string_value(inner), at))
            return false;
    }
    return true;
}

bool record_expand(struct call *call, const struct resource *resource, void *record)
{
    for (size_t i = 0; i < resource->field_count; i++) {
        const struct field *field = &resource->fields[i];
        if (field->kind < FIELD_KIND_OBJECT || field->kind == FIELD_KIND_RAW || !field_is_set(field, record))
            continue;
        struct nested *nested = field_in(field, record);
        json_t *value = json_parse(call->arena, nested->json, nested->length, JSON_DECODE_INT_AS_REAL, NULL);
        bool list = json_is_array(value);
        nested->count = list ? json_array_size(value) : 1;
        nested->items = value ? arena_array(call->arena, nested->count + 1, item_size(field)) : NULL;
        bool fine = nested->items != NULL;
        for (size_t n = 0; fine && n < nested->count; n++)
            fine = expand_item(call->arena, field, list ? json_array_get(value, n) : value,
                               (char *)nested->items + n * item_size(field));
        if (!fine)
            return false;
    }
    return !arena_failed(call->arena);
}
