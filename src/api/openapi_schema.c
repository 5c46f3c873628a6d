/* JSON Schema (draft 2020-12) out of the field tables: one for what is read, one for what creates, one for changes. */
#include "openapi.h"

#include <ctype.h>
#include <stdio.h>

/* --- JSON, member by member -------------------------------------------------------------------------------------- */

struct camel camel(const char *text)
{
    struct camel camel = {0};
    size_t length = 0;
    bool upper = true;
    for (; *text && length + 1 < sizeof camel.text; text++) {
        bool letter = isalnum((unsigned char)*text);
        if (letter)
            camel.text[length++] = (char)(upper ? toupper((unsigned char)*text) : *text);
        upper = !letter;
    }
    return camel;
}

void put_name(struct buffer *out, const char *name)
{
    if (out->length && !strchr("{[:", out->data[out->length - 1]))
        buffer_char(out, ',');
    if (name)
        buffer_format(out, "\"%s\":", name);
}

void put_begin(struct buffer *out, const char *name, char bracket)
{
    put_name(out, name);
    buffer_char(out, bracket);
}

void put_end(struct buffer *out, char bracket)
{
    buffer_char(out, bracket);
}

void put_string(struct buffer *out, const char *name, const char *text)
{
    put_name(out, name);
    json_put_text(out, text, strlen(text));
}

void put_json(struct buffer *out, const char *name, const char *json)
{
    put_name(out, name);
    buffer_put(out, json);
}

static void put_size(struct buffer *out, const char *name, size_t size)
{
    put_name(out, name);
    json_put_integer(out, (int64_t)size);
}

void put_ref(struct buffer *out, const char *name, const char *section, const char *component, const char *ending)
{
    put_name(out, name);
    buffer_format(out, "{\"$ref\":\"#/components/%s/%s%s\"}", section, component, ending);
}

/* --- a field ----------------------------------------------------------------------------------------------------- */

enum facing { FACING_READ, FACING_CREATE, FACING_CHANGE };

bool field_always_set(const struct field *field)
{
    switch (field->kind) {
    case FIELD_KIND_LIST:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_REFS:
    case FIELD_KIND_RAW:
        return true;
    case FIELD_KIND_TRUTH: /* one that the server works out may stay unknown */
        if (field->read_only && !field->derived && !field->initial)
            return false;
        break;
    case FIELD_KIND_TEXT:
    case FIELD_KIND_REF:
    case FIELD_KIND_DATE:
    case FIELD_KIND_INSTANT:
    case FIELD_KIND_INTEGER:
    case FIELD_KIND_NUMBER:
    case FIELD_KIND_ENUM:
    case FIELD_KIND_OBJECT:
        break;
    }
    /* An example of what only the server sets stands for: it is set in every record. */
    return field->required || field->initial || field == &record_fields[1] ||
           (field->read_only && !field->by_verb && field->example);
}

bool field_is_writable(const struct field *field, enum body_mode mode)
{
    return !field->read_only && !field->derived && !field->hidden && !(field->fixed && mode == BODY_CHANGE);
}

static bool is_shown(const struct field *field, enum facing facing)
{
    if (facing == FACING_READ)
        return !field->hidden;
    return field_is_writable(field, facing == FACING_CHANGE ? BODY_CHANGE : BODY_CREATE);
}

/* A change leaves out what it does not touch, but can clear nothing that is required. */
static bool is_nullable(const struct field *field, enum facing facing)
{
    return facing == FACING_READ ? !field_always_set(field) : !field->required;
}

static void put_type(struct buffer *out, const char *type, bool nullable)
{
    put_name(out, "type");
    buffer_format(out, nullable ? "[\"%s\",\"null\"]" : "\"%s\"", type);
}

void put_enum(struct buffer *out, const struct field *field, bool nullable)
{
    put_begin(out, "enum", '[');
    for (unsigned i = 0; i < field->value_count; i++)
        put_string(out, NULL, field->values[i]);
    if (nullable)
        put_json(out, NULL, "null");
    put_end(out, ']');
}

static void put_text_limits(struct buffer *out, const struct field *field)
{
    if (field->min)
        put_size(out, "minLength", field->min);
    put_size(out, "maxLength", field_max(field));
    if (field->email || field->url)
        put_string(out, "format", field->email ? "email" : "uri");
}

static void put_id_form(struct buffer *out, enum facing facing)
{
    if (facing == FACING_READ)
        put_json(out, "format", "\"uuid\"");
    else
        put_json(out, "minLength", "1,\"maxLength\":254");
}

static const char *shape_ending(const struct field *field, enum facing facing)
{
    if (facing == FACING_READ)
        return "";
    return facing == FACING_CHANGE && field->kind == FIELD_KIND_OBJECT ? "Change" : "Write";
}

static void put_object(struct buffer *out, const struct field *field, enum facing facing, bool nullable)
{
    struct camel name = camel(field->shape->noun);
    if (!nullable) {
        put_name(out, "$ref");
        buffer_format(out, "\"#/components/schemas/%s%s\"", name.text, shape_ending(field, facing));
        return;
    }
    put_begin(out, "oneOf", '[');
    put_ref(out, NULL, "schemas", name.text, shape_ending(field, facing));
    put_json(out, NULL, "{\"type\":\"null\"}");
    put_end(out, ']');
}

static void put_list(struct buffer *out, const struct field *field, enum facing facing, bool nullable)
{
    put_type(out, "array", nullable);
    if (facing != FACING_READ && field->min)
        put_size(out, "minItems", field->min);
    put_size(out, "maxItems", field_max(field));
    if (field->kind == FIELD_KIND_LIST) {
        put_ref(out, "items", "schemas", camel(field->shape->noun).text, shape_ending(field, facing));
        return;
    }
    put_begin(out, "items", '{');
    put_type(out, "string", false);
    if (field->kind == FIELD_KIND_REFS)
        put_id_form(out, facing);
    else
        put_json(out, "minLength", "1,\"maxLength\":200");
    put_end(out, '}');
}

static void put_value(struct buffer *out, const struct field *field, enum facing facing, bool nullable)
{
    switch (field->kind) {
    case FIELD_KIND_TEXT:
        put_type(out, "string", nullable);
        put_text_limits(out, field);
        break;
    case FIELD_KIND_REF:
        put_type(out, "string", nullable);
        put_id_form(out, facing);
        break;
    case FIELD_KIND_DATE:
        put_type(out, "string", nullable);
        put_json(out, "format", "\"date\"");
        break;
    case FIELD_KIND_INSTANT:
        put_type(out, "string", nullable);
        put_json(out, "format", "\"date-time\"");
        break;
    case FIELD_KIND_INTEGER:
        put_type(out, "integer", nullable);
        put_size(out, "minimum", field->min);
        if (field->max)
            put_size(out, "maximum", field->max);
        break;
    case FIELD_KIND_NUMBER:
        put_type(out, "number", nullable);
        break;
    case FIELD_KIND_TRUTH:
        put_type(out, "boolean", nullable);
        break;
    case FIELD_KIND_ENUM:
        put_type(out, "string", nullable);
        put_enum(out, field, nullable);
        break;
    case FIELD_KIND_OBJECT:
        put_object(out, field, facing, nullable);
        break;
    case FIELD_KIND_LIST:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_REFS:
        put_list(out, field, facing, nullable);
        break;
    case FIELD_KIND_RAW:
        put_json(out, "$ref", "\"#/components/schemas/Commitment\"");
        break;
    }
}

static void put_description(struct buffer *out, const struct field *field, enum facing facing)
{
    bool write = facing != FACING_READ;
    const struct resource *target = write && field->target ? resource_find(field->target) : NULL;
    const char *takes = !target                    ? ""
                        : target->found_by         ? " Takes an id or an e-mail address."
                        : target->reference_prefix ? " Takes an id or a reference."
                                                   : " Takes an id.";
    const char *guarded = facing == FACING_CHANGE && field->guarded
                              ? " Part of the commitment: once that is made, it is changed by an amendment."
                              : "";
    char text[500];
    snprintf(text, sizeof text, "%s%s%s", field->description, takes, guarded);
    put_string(out, "description", text);
}

static void put_default(struct buffer *out, const struct field *field)
{
    if (field->kind == FIELD_KIND_ENUM)
        put_string(out, "default", field->values[field->initial - 1]);
    else
        put_json(out, "default", field->initial == TRUTH_TRUE ? "true" : "false");
}

static void put_field(struct buffer *out, const struct field *field, enum facing facing)
{
    put_begin(out, field->name, '{');
    put_value(out, field, facing, is_nullable(field, facing));
    put_description(out, field, facing);
    if (facing == FACING_CREATE && field->initial)
        put_default(out, field);
    if (facing == FACING_READ && field->read_only)
        put_json(out, "readOnly", "true");
    put_end(out, '}');
}

/* --- records and shapes ------------------------------------------------------------------------------------------ */

/* The reference is the one common field that not every record has, and its form is the resource's own. */
static void put_reference(struct buffer *out, const struct resource *resource)
{
    put_begin(out, "reference", '{');
    put_json(out, "type", "\"string\"");
    put_name(out, "pattern");
    buffer_format(out, "\"^%s-[0-9]{4}-[0-9]{%d,}$\"", resource->reference_prefix, resource->reference_digits);
    put_string(out, "description", record_fields[1].description);
    put_json(out, "readOnly", "true");
    put_end(out, '}');
}

static void put_required(struct buffer *out, const struct field *field, enum facing facing)
{
    bool required = facing == FACING_READ || (facing == FACING_CREATE && field->required);
    if (required && is_shown(field, facing))
        put_string(out, NULL, field->name);
}

static void put_record_members(struct buffer *out, const struct resource *resource)
{
    size_t count = resource_field_count(resource);
    put_begin(out, "required", '[');
    for (size_t i = 0; i < count; i++) {
        if (resource_has(resource, resource_field(resource, i)))
            put_required(out, resource_field(resource, i), FACING_READ);
    }
    put_end(out, ']');
    put_begin(out, "properties", '{');
    for (size_t i = 0; i < count; i++) {
        const struct field *field = resource_field(resource, i);
        if (field == &record_fields[1] && resource->reference_prefix)
            put_reference(out, resource);
        else if (resource_has(resource, field) && is_shown(field, FACING_READ))
            put_field(out, field, FACING_READ);
    }
    put_end(out, '}');
}

static void put_object_head(struct buffer *out, const char *name, const char *ending, const char *description)
{
    put_name(out, NULL);
    buffer_format(out, "\"%s%s\":{\"type\":\"object\",\"description\":", name, ending);
    json_put_text(out, description, strlen(description));
}

/* Objects of a table: of a shape as it is read, and of anything as it is written. */
static void put_fields(struct buffer *out, const struct field *fields, size_t count, enum facing facing)
{
    if (facing != FACING_READ)
        put_json(out, "additionalProperties", "false");
    bool any = facing == FACING_READ;
    for (size_t i = 0; i < count; i++)
        any = any || (facing == FACING_CREATE && fields[i].required);
    if (any) {
        put_begin(out, "required", '[');
        for (size_t i = 0; i < count; i++)
            put_required(out, &fields[i], facing);
        put_end(out, ']');
    }
    put_begin(out, "properties", '{');
    for (size_t i = 0; i < count; i++) {
        if (is_shown(&fields[i], facing))
            put_field(out, &fields[i], facing);
    }
    put_end(out, '}');
}

static void put_shape(struct buffer *out, const struct field *field)
{
    const struct shape *shape = field->shape;
    struct camel name = camel(shape->noun);
    struct {
        const char *ending;
        enum facing facing;
    } const sides[] = {{"", FACING_READ}, {"Write", FACING_CREATE}, {"Change", FACING_CHANGE}};
    bool sent = field->by_verb || !field->read_only;
    size_t count = !sent ? 1 : field->kind == FIELD_KIND_OBJECT && !field->by_verb ? 3 : 2;
    for (size_t i = 0; i < count; i++) {
        put_object_head(out, name.text, sides[i].ending, field->description);
        put_fields(out, shape->fields, shape->field_count, sides[i].facing);
        put_end(out, '}');
    }
}

/* What a verb takes: fields of the record, under names of its own. */
static void put_verb_schema(struct buffer *out, const struct resource *resource, const struct transition *transition)
{
    put_object_head(out, camel(resource->name).text, camel(transition->verb).text, transition->description);
    put_json(out, "additionalProperties", "false");
    put_begin(out, "required", '[');
    for (size_t i = 0; i < transition->argument_count; i++) {
        if (transition->arguments[i].required)
            put_string(out, NULL, transition->arguments[i].name);
    }
    put_end(out, ']');
    put_begin(out, "properties", '{');
    for (size_t i = 0; i < transition->argument_count; i++) {
        const struct argument *argument = &transition->arguments[i];
        struct field field = *resource_field_named(resource, argument->field);
        field.name = argument->name;
        field.required = argument->required;
        field.min = argument->min > field.min ? argument->min : field.min;
        put_field(out, &field, FACING_CREATE);
    }
    put_end(out, '}');
    put_end(out, '}');
}

static void put_list_schema(struct buffer *out, const char *item, const char *title)
{
    char description[120];
    snprintf(description, sizeof description, "A page of a list: %s.", title);
    put_object_head(out, item, "List", description);
    put_json(out, "required", "[\"data\",\"next_cursor\"]");
    put_begin(out, "properties", '{');
    put_begin(out, "data", '{');
    put_json(out, "type", "\"array\",\"maxItems\":200,\"description\":\"The items of this page.\"");
    put_ref(out, "items", "schemas", item, "");
    put_end(out, '}');
    put_json(out, "next_cursor",
             "{\"type\":[\"string\",\"null\"],\"description\":\"The `cursor` of the next page; null on the last.\"}");
    put_json(out, "total",
             "{\"type\":\"integer\",\"minimum\":0,\"description\":\"The number of items on all pages, "
             "with `count=true`.\"}");
    put_end(out, '}');
    put_end(out, '}');
}

static void put_resource(struct buffer *out, const struct resource *resource)
{
    struct camel name = camel(resource->name);
    put_object_head(out, name.text, "", resource->description);
    put_record_members(out, resource);
    put_end(out, '}');
    put_list_schema(out, name.text, resource->collection);
    if (!resource->uploaded) {
        put_object_head(out, name.text, "Create", resource->description);
        put_fields(out, resource->fields, resource->field_count, FACING_CREATE);
        put_end(out, '}');
    }
    if (!resource->append_only && !resource->uploaded) {
        put_object_head(out, name.text, "Change", "A merge patch (RFC 7396).");
        put_fields(out, resource->fields, resource->field_count, FACING_CHANGE);
        put_end(out, '}');
    }
    for (size_t i = 0; i < resource->transition_count; i++) {
        if (resource->transitions[i].argument_count)
            put_verb_schema(out, resource, &resource->transitions[i]);
    }
}

/* An approved review goes on with what was frozen with it. */
static void put_revision(struct buffer *out)
{
    const struct resource *const parts[] = {&attendee_resource, &input_resource, &decision_resource};
    put_begin(out, "Revision", '{');
    put_string(out, "description", "A review as it was approved, with its attendees, inputs and decisions.");
    put_begin(out, "allOf", '[');
    put_ref(out, NULL, "schemas", "Review", "");
    put_begin(out, NULL, '{');
    put_json(out, "type", "\"object\",\"required\":[\"attendees\",\"inputs\",\"decisions\"]");
    put_begin(out, "properties", '{');
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        put_begin(out, parts[i]->collection, '{');
        put_json(out, "type", "\"array\"");
        put_string(out, "description", parts[i]->description);
        put_ref(out, "items", "schemas", camel(parts[i]->name).text, "");
        put_end(out, '}');
    }
    put_end(out, '}');
    put_end(out, '}');
    put_end(out, ']');
    put_end(out, '}');
}

void put_schemas(struct buffer *out)
{
    const struct shape *done[16] = {0};
    size_t count = 0;
    for (size_t r = 0; r < RESOURCE_COUNT; r++) {
        if (!resources[r]->collection) /* the command line's alone */
            continue;
        put_resource(out, resources[r]);
        for (size_t i = 0; i < resources[r]->field_count; i++) {
            const struct field *field = &resources[r]->fields[i];
            bool seen = !field->shape || count == COUNT_OF(done);
            for (size_t d = 0; d < count; d++)
                seen = seen || done[d] == field->shape;
            if (seen)
                continue;
            done[count++] = field->shape;
            put_shape(out, field);
        }
    }
    put_revision(out);
    put_list_schema(out, "Revision", "approved revisions");
    put_list_schema(out, "HistoryVersion", "versions");
    put_list_schema(out, "SealedVersion", "versions");
    put_list_schema(out, "Rule", "rules");
    put_list_schema(out, "AuditEntry", "entries");
    put_list_schema(out, "Checkpoint", "signed heads");
    put_list_schema(out, "Key", "public keys");
}
