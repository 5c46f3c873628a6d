/* Examples out of the field tables. They tell one story, as of 2026-11-21: what a request's example makes is what the
 * answer's example shows. */
#include "openapi.h"

#include <stdio.h>
#include <stdlib.h>

#define NOW "\"2026-11-21T18:46:00.123Z\""
#define TODAY "\"2026-11-21\""
#define ANA "\"019aa87c-5e3c-7d0a-9a51-0f6f2c3b7a01\""
#define MIRKO "\"019aa87c-5e3c-7d0a-9a51-0f6f2c3b7a00\""
#define DIGEST "\"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\""

enum { CHAIN_MAX = 6 };

/* What a creation (verb NULL) or a verb sets beside what the request says. */
static const struct effect {
    const struct resource *resource;
    const char *verb;
    const char *field;
    const char *json;
} effects[] = {
    {&person_resource, "erase", "name", "\"Erased person 0f6f2c3b7a01\""},
    {&person_resource, "erase", "email", "\"erased-019aa87c-5e3c-7d0a-9a51-0f6f2c3b7a01@erased.invalid\""},
    {&person_resource, "erase", "erased_at", NOW},
    {&person_resource, "hold", "legal_hold_at", NOW},
    {&person_resource, "release", "version", "3"}, /* there was a hold */
    {&attendee_resource, NULL, "job_title_at_review", "\"Information security manager\""},
    {&calendar_token_resource, "revoke", "revoked_at", NOW},
    {&review_resource, "start", "started_at", NOW},
    {&review_resource, "conclude", "summary", "\"Patching slipped; the maintenance window is extended.\""},
    {&review_resource, "conclude", "concluded_at", NOW},
    {&review_resource, "conclude", "concluded_by", ANA},
    {&review_resource, "approve", "approved_at", NOW},
    {&review_resource, "approve", "approved_by", MIRKO},
    {&review_resource, "approve", "minutes_sha256",
     "{\"extract_html\":null,\"extract_json\":null,\"extract_markdown\":null,\"extract_pdf\":null,\"html\":" DIGEST
     ",\"json\":" DIGEST ",\"markdown\":" DIGEST ",\"pdf\":" DIGEST "}"},
    {&review_resource, "reopen", "concluded_at", "null"},
    {&review_resource, "reopen", "concluded_by", "null"},
    {&decision_resource, "adopt", "original_deadline", "\"2027-06-30\""},
    {&action_item_resource, "unblock", "status_reason", "null"},
    {&action_item_resource, "cancel", "cancelled_on", TODAY},
    {&action_item_resource, "cancel", "ended_at", NOW},
    {&import_resource, NULL, "version", "2"}, /* it was running before */
    {&import_resource, NULL, "size", "95"},
    {&import_resource, NULL, "sha256", DIGEST},
    {&import_resource, NULL, "status", "\"done\""},
    {&import_resource, NULL, "lines", "1"},
    {&import_resource, NULL, "created", "1"},
    {&import_resource, NULL, "unchanged", "0"},
    {&import_resource, NULL, "refused", "0"},
    {&import_resource, NULL, "violation_count", "0"},
    {&import_resource, NULL, "violations", "[]"},
    {&import_resource, NULL, "finished_at", NOW},
};

/* What only the answer to a creation shows. */
#define FEED_TOKEN "rvf_Jm3rXb0qk5t2Vd8uYh1sLw7eZc4aPn6oGi9fQxTyRvM"
static const struct effect shown_once[] = {
    {&calendar_token_resource, NULL, "token", "\"" FEED_TOKEN "\""},
    {&calendar_token_resource, NULL, "url", "\"/v1/calendar.ics?token=" FEED_TOKEN "\""},
};

static bool has_example(const struct field *field)
{
    bool nested = field->kind == FIELD_KIND_OBJECT || field->kind == FIELD_KIND_LIST || field->kind == FIELD_KIND_REFS;
    return field->example ? strcmp(field->example, "null") != 0 : nested;
}

static void put_id(struct buffer *out, const struct resource *target, const char *example)
{
    if (target == &person_resource)
        buffer_put(out, example && strstr(example, "mirko") ? MIRKO : ANA);
    else
        buffer_format(out, "\"019aa87c-5e3c-7d0a-9a51-0f6f2c3b7a%02zx\"", resource_index(target) + 1);
}

static void put_absent(struct buffer *out, const struct field *field)
{
    bool list = field->kind == FIELD_KIND_LIST || field->kind == FIELD_KIND_TEXTS || field->kind == FIELD_KIND_REFS;
    buffer_put(out, list ? "[]" : "null");
}

static void put_shape_example(struct buffer *out, const struct shape *shape, bool read)
{
    buffer_char(out, '{');
    for (size_t i = 0; i < shape->field_count; i++) {
        const struct field *field = &shape->fields[i];
        if (read || (!field->read_only && has_example(field)))
            put_json(out, field->name, has_example(field) ? field->example : "null");
    }
    buffer_char(out, '}');
}

/* A value as it is sent, or as it is shown. */
static void put_value(struct buffer *out, const struct field *field, bool read)
{
    const struct resource *target = field->target ? resource_find(field->target) : NULL;
    switch (field->kind) {
    case FIELD_KIND_OBJECT:
        put_shape_example(out, field->shape, read);
        return;
    case FIELD_KIND_LIST:
    case FIELD_KIND_REFS:
        buffer_char(out, '[');
        if (field->shape)
            put_shape_example(out, field->shape, read);
        else
            put_id(out, target, NULL);
        buffer_char(out, ']');
        return;
    case FIELD_KIND_REF:
        if (read && target) {
            put_id(out, target, field->example);
            return;
        }
        break;
    case FIELD_KIND_TEXT:
    case FIELD_KIND_DATE:
    case FIELD_KIND_INSTANT:
    case FIELD_KIND_INTEGER:
    case FIELD_KIND_NUMBER:
    case FIELD_KIND_TRUTH:
    case FIELD_KIND_ENUM:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_RAW:
        break;
    }
    buffer_put(out, field->example ? field->example : "null");
}

static const struct effect *effect_find(const struct resource *resource, const char *verb, const char *field)
{
    for (size_t i = 0; i < COUNT_OF(effects); i++) {
        const struct effect *effect = &effects[i];
        bool same = verb && effect->verb ? strcmp(verb, effect->verb) == 0 : verb == effect->verb;
        if (effect->resource == resource && same && strcmp(effect->field, field) == 0)
            return effect;
    }
    return NULL;
}

/* --- requests ---------------------------------------------------------------------------------------------------- */

void put_create_example(struct buffer *out, const char *name, const struct resource *resource)
{
    put_begin(out, name, '{');
    for (size_t i = 0; i < resource->field_count; i++) {
        const struct field *field = &resource->fields[i];
        if (!field_is_writable(field, BODY_CREATE) || !has_example(field))
            continue;
        put_name(out, field->name);
        put_value(out, field, false);
    }
    put_end(out, '}');
}

/* The first member that may be changed, with the value that it has: any change is as good as another, but that of a
 * reference, which may bring others along. */
static const struct field *changed_field(const struct resource *resource)
{
    const struct field *field = resource->fields;
    while (!field_is_writable(field, BODY_CHANGE) || !has_example(field) || field->kind == FIELD_KIND_REF)
        field++;
    return field;
}

void put_change_example(struct buffer *out, const char *name, const struct resource *resource)
{
    const struct field *field = changed_field(resource);
    put_begin(out, name, '{');
    put_name(out, field->name);
    put_value(out, field, false);
    put_end(out, '}');
}

static void put_argument(struct buffer *out, const struct resource *resource, const struct transition *transition,
                         const struct field *field, bool read)
{
    const struct effect *effect = effect_find(resource, transition->verb, field->name);
    if (effect)
        buffer_put(out, effect->json);
    else
        put_value(out, field, read);
}

void put_verb_example(struct buffer *out, const char *name, const struct resource *resource,
                      const struct transition *transition)
{
    put_begin(out, name, '{');
    for (size_t i = 0; i < transition->argument_count; i++) {
        const struct argument *argument = &transition->arguments[i];
        put_name(out, argument->name);
        put_argument(out, resource, transition, resource_field_named(resource, argument->field), false);
    }
    put_end(out, '}');
}

/* --- answers ----------------------------------------------------------------------------------------------------- */

/* The verbs by which a new record comes through `last`, in their order. */
static size_t chain_make(const struct resource *resource, const struct transition *last,
                         const struct transition *ret_chain[CHAIN_MAX])
{
    if (!last)
        return 0;
    const struct transition *before = NULL;
    unsigned initial = resource_field_named(resource, resource->state)->initial;
    for (size_t i = 0; !(last->from & STATE(initial)) && !before && i < resource->transition_count; i++) {
        if (last->from & STATE(resource->transitions[i].to))
            before = &resource->transitions[i];
    }
    size_t count = chain_make(resource, before, ret_chain);
    if (count < CHAIN_MAX)
        ret_chain[count++] = last;
    return count;
}

static const struct argument *argument_for(const struct transition *transition, const struct field *field)
{
    for (size_t i = 0; i < transition->argument_count; i++) {
        if (strcmp(transition->arguments[i].field, field->name) == 0)
            return &transition->arguments[i];
    }
    return NULL;
}

/* The state that the record is in; a truth's numbers are not its names. */
static void put_state(struct buffer *out, const struct field *field, unsigned state)
{
    if (field->kind == FIELD_KIND_ENUM)
        json_put_text(out, field->values[state - 1], strlen(field->values[state - 1]));
    else
        buffer_put(out, state == TRUTH_TRUE ? "true" : "false");
}

static void put_created(struct buffer *out, const struct resource *resource, const struct resource *parent,
                        const struct field *field)
{
    const struct effect *effect = effect_find(resource, NULL, field->name);
    bool of_parent = field->read_only && field->target && parent && strcmp(field->target, parent->name) == 0;
    bool common = field >= record_fields && field < record_fields + record_field_count;
    bool shown = field_is_writable(field, BODY_CREATE) ? has_example(field) : field_always_set(field);
    if (effect)
        buffer_put(out, effect->json);
    else if (field->kind == FIELD_KIND_RAW) /* a commitment, before and after the amendment */
        buffer_format(
            out, "{\"deadline\":%s}",
            resource_field_named(strcmp(field->name, "before") == 0 ? parent : resource, "deadline")->example);
    else if (strcmp(field->name, "id") == 0)
        put_id(out, resource, NULL);
    else if (field == &record_fields[1])
        buffer_format(out, "\"%s-2026-%0*d\"", resource->reference_prefix, resource->reference_digits, 1);
    else if (shown || common || of_parent)
        put_value(out, field, true);
    else if (field->initial)
        put_state(out, field, field->initial);
    else
        put_absent(out, field);
}

static void put_member(struct buffer *out, const struct resource *resource, const struct resource *parent,
                       const struct field *field, const struct transition *const *chain, size_t count)
{
    put_name(out, field->name);
    const struct effect *last = effect_find(resource, count ? chain[count - 1]->verb : NULL, field->name);
    if (strcmp(field->name, "version") == 0) {
        json_put_integer(out, last ? strtoll(last->json, NULL, 10) : (int64_t)count + 1);
        return;
    }
    if (count && chain[count - 1]->to && strcmp(field->name, resource->state) == 0) {
        put_state(out, field, chain[count - 1]->to);
        return;
    }
    for (; count; count--) {
        const struct transition *verb = chain[count - 1];
        if (!argument_for(verb, field) && !effect_find(resource, verb->verb, field->name))
            continue;
        put_argument(out, resource, verb, field, true);
        return;
    }
    put_created(out, resource, parent, field);
}

static void put_record(struct buffer *out, const char *name, const struct resource *resource,
                       const struct resource *parent, const struct transition *transition, bool created)
{
    const struct transition *chain[CHAIN_MAX];
    size_t count = chain_make(resource, transition, chain);
    put_begin(out, name, '{');
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        const char *once = NULL;
        for (size_t e = 0; created && e < COUNT_OF(shown_once); e++) {
            if (shown_once[e].resource == resource && strcmp(shown_once[e].field, field->name) == 0)
                once = shown_once[e].json;
        }
        if (once)
            put_json(out, field->name, once);
        else if (!field->hidden && resource_has(resource, field))
            put_member(out, resource, parent, field, chain, count);
    }
    put_end(out, '}');
}

void put_record_example(struct buffer *out, const char *name, const struct resource *resource,
                        const struct resource *parent, const struct transition *transition)
{
    put_record(out, name, resource, parent, transition, false);
}

void put_created_example(struct buffer *out, const char *name, const struct resource *resource,
                         const struct resource *parent)
{
    put_record(out, name, resource, parent, NULL, true);
}

/* The first version's changes: a merge patch out of nothing, which names no absent member. */
static void put_creation(struct buffer *out, const char *name, const struct resource *resource)
{
    put_begin(out, name, '{');
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        size_t before = out->length;
        if (field->derived || !resource_has(resource, field))
            continue;
        put_member(out, resource, &action_item_resource, field, NULL, 0);
        if (!buffer_failed(out) && strncmp(out->data + out->length - 4, "null", 4) == 0)
            out->length = before;
    }
    put_end(out, '}');
}

void put_history_example(struct buffer *out, const char *name, const struct resource *resource)
{
    int version = resource->append_only ? 1 : 2;
    put_begin(out, name, '{');
    buffer_format(out, "\"version\":%d,\"at\":" NOW ",\"by\":" ANA ",\"event\":\"%s.%s\"", version, resource->name,
                  version == 1                   ? "create"
                  : resource == &import_resource ? "finish"
                  : resource->uploaded           ? "withdraw"
                                                 : "update");
    if (version == 1) {
        put_creation(out, "changes", resource);
    } else if (resource == &import_resource) {
        put_begin(out, "changes", '{');
        put_json(out, "created",
                 "1,\"finished_at\":" NOW ",\"lines\":1,\"status\":\"done\",\"updated_at\":" NOW ",\"version\":2");
        put_end(out, '}');
    } else if (resource->uploaded) {
        put_begin(out, "changes", '{');
        put_json(out, "updated_at", NOW ",\"version\":2,\"withdrawn\":true");
        put_name(out, "withdrawn_reason");
        put_value(out, resource_field_named(resource, "withdrawn_reason"), true);
        put_end(out, '}');
    } else {
        const struct field *field = changed_field(resource);
        put_begin(out, "changes", '{');
        put_name(out, field->name);
        put_value(out, field, true);
        buffer_put(out, ",\"updated_at\":" NOW ",\"version\":2}");
    }
    put_end(out, '}');
}
