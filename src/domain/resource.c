#include "reviewd/resource.h"

#include <assert.h>
#include <stdio.h>

const struct resource *const resources[RESOURCE_COUNT] = {
    &person_resource,     &review_resource,         &attendee_resource,  &input_resource,
    &decision_resource,   &action_item_resource,    &amendment_resource, &follow_up_resource,
    &attachment_resource, &calendar_token_resource, &token_resource,     &import_resource,
};

#define RECORD struct record
const struct field record_fields[] = {
    {"id", FIELD_REF(id, NULL), .read_only = true, .description = "UUID version 7, made by the server.",
     .example = "\"019aa87c-5e3c-7d0a-9a51-0f6f2c3b7a10\""},
    {"reference", FIELD_TEXT(reference), .read_only = true, .sortable = true, .searched = true, .max = 40,
     .description = "What people call the record; numbered per year and never reused."},
    {"version", FIELD_INTEGER(version), .read_only = true, .min = 1,
     .description = "1 at creation, and one more with every change.", .example = "1"},
    {"created_at", FIELD_INSTANT(created_at), .read_only = true, .sortable = true,
     .description = "When the record was made.", .example = "\"2026-11-21T18:46:00.123Z\""},
    {"created_by", FIELD_REF(created_by, "person"), .read_only = true,
     .description = "Who made it; null for the command line."},
    {"updated_at", FIELD_INSTANT(updated_at), .read_only = true, .sortable = true,
     .description = "When it was last changed.", .example = "\"2026-11-21T18:46:00.123Z\""},
    {"updated_by", FIELD_REF(updated_by, "person"), .read_only = true,
     .description = "Who last changed it; null for the command line."},
    {"imported", FIELD_TRUTH(imported), .read_only = true, .initial = TRUTH_FALSE,
     .description = "Whether it came with a history that was moved in: with an id, a date or a state of its own.",
     .example = "false"},
};
#undef RECORD
const size_t record_field_count = COUNT_OF(record_fields);

const struct resource *resource_find(const char *name)
{
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        if (strcmp(resources[i]->name, name) == 0)
            return resources[i];
    }
    return NULL;
}

size_t resource_index(const struct resource *resource)
{
    size_t i = 0;
    while (resources[i] != resource)
        i++;
    return i;
}

const struct field *resource_field_named(const struct resource *resource, const char *name)
{
    const struct field *field = fields_find(record_fields, record_field_count, name);
    if (field)
        return resource_has(resource, field) ? field : NULL;
    return fields_find(resource->fields, resource->field_count, name);
}

bool resource_is_personal(const struct resource *resource)
{
    for (size_t i = 0; i < resource->field_count; i++) {
        if (resource->fields[i].personal)
            return true;
    }
    return false;
}

const struct id *record_subject(const struct resource *resource, const void *record)
{
    const struct field *field = resource_field_named(resource, "person_id");
    return field ? field_of(field, record) : &((const struct record *)record)->id;
}

bool resource_is_searched(const struct resource *resource)
{
    for (size_t i = 0; i < resource->field_count; i++) {
        if (resource->fields[i].searched)
            return true;
    }
    return false;
}

const struct transition *resource_transition(const struct resource *resource, const char *verb)
{
    for (size_t i = 0; i < resource->transition_count; i++) {
        if (strcmp(resource->transitions[i].verb, verb) == 0)
            return &resource->transitions[i];
    }
    return NULL;
}

unsigned record_state(const struct resource *resource, const void *record)
{
    const struct field *field = resource_field_named(resource, resource->state);
    assert(field && (field->kind == FIELD_KIND_ENUM || field->kind == FIELD_KIND_TRUTH));
    return *(const unsigned *)field_of(field, record);
}

const char *record_state_name(const struct resource *resource, const void *record)
{
    const struct field *field = resource_field_named(resource, resource->state);
    unsigned state = record_state(resource, record);
    assert(field && state && "record_state() has found it, and every record has one");
    if (field->kind == FIELD_KIND_ENUM)
        return field->values[state - 1];
    bool on = state == TRUTH_TRUE;
    return strcmp(field->name, "active") == 0 ? (on ? "active" : "inactive") : (on ? "withdrawn" : "not withdrawn");
}

bool transition_check(const struct resource *resource, const void *record, const struct transition *transition,
                      struct violations *violations)
{
    unsigned state = record_state(resource, record);
    if (transition->from & STATE(state))
        return true;
    char allowed[200] = "";
    size_t length = 0;
    for (size_t i = 0; i < resource->transition_count; i++) {
        const struct transition *other = &resource->transitions[i];
        if (!(other->from & STATE(state)))
            continue;
        length += (size_t)snprintf(allowed + length, sizeof allowed - length, "%s%s", length ? ", " : "", other->verb);
        assert(length < sizeof allowed && "the verbs of a state have room");
    }
    violation_add(violations, "transition.not_allowed", NULL, "%s %s that is %s cannot be taken through '%s'. %s%s.",
                  strchr("aeio", resource->title[0]) ? "An" : "A", resource->title, record_state_name(resource, record),
                  transition->verb, length ? "Allowed now: " : "No verb is allowed now", allowed);
    return false;
}

void required_check(const struct resource *resource, const void *record, struct violations *violations)
{
    for (size_t i = 0; i < resource->field_count; i++) {
        const struct field *field = &resource->fields[i];
        if (!field->required || field_is_set(field, record))
            continue;
        char name[120];
        snprintf(name, sizeof name, "%s.%s.required", resource->name, field->name);
        violation_add(violations, field->required_rule ? field->required_rule : name,
                      arena_format(violations->arena, "#/%s", field->name), "'%s' is required.", field->name);
    }
}

bool record_equal(const struct resource *resource, const void *a, const void *b)
{
    for (size_t i = 0; i < resource->field_count; i++) {
        if (!resource->fields[i].derived && !field_equal(&resource->fields[i], a, b))
            return false;
    }
    return true;
}

void domain_init(void)
{
    catalogue_init();
    render_init();
}
