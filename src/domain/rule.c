#include "reviewd/resource.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { CATALOGUE_MAX = 400, NAME_MAX_BYTES = 96 };

static const struct rule general_rules[] = {
    {"access.read_only_token", "A token made with --read-only writes nothing.", 403, RULE_PROCEDURE, NULL, "access"},
    {"access.role", "Who writes needs a role, or the ownership, that allows it.", 403, RULE_PROCEDURE, "5.3", "access"},
    {"body.enum", "A member with a list of values takes one of them.", 422, RULE_PROCEDURE, NULL, "body"},
    {"body.format", "Dates, e-mail addresses and URIs have their form.", 422, RULE_PROCEDURE, NULL, "body"},
    {"body.length", "Texts and lists keep within their lengths, white space at the ends not counted.", 422,
     RULE_PROCEDURE, NULL, "body"},
    {"body.range", "Numbers keep within their limits.", 422, RULE_PROCEDURE, NULL, "body"},
    {"body.read_only", "Members that the server sets are not sent.", 422, RULE_PROCEDURE, NULL, "body"},
    {"body.type", "Every member has its JSON type.", 422, RULE_PROCEDURE, NULL, "body"},
    {"body.unknown_field", "Only members that the resource has are sent.", 422, RULE_PROCEDURE, NULL, "body"},
    {"commitment.amendment_required",
     "Owner, deadline and success criteria of a commitment are changed by an amendment, never by PATCH.", 422,
     RULE_PRACTICE, NULL, "commitment"},
    {"idempotency.in_flight", "A key is used again only once its first request has been answered.", 409, RULE_PROCEDURE,
     NULL, "idempotency"},
    {"idempotency.invalid", "An Idempotency-Key is 8 to 255 printable ASCII characters.", 400, RULE_PROCEDURE, NULL,
     "idempotency"},
    {"idempotency.mismatch", "A key stands for one request: the same method, path and body.", 422, RULE_PROCEDURE, NULL,
     "idempotency"},
    {"query.invalid", "A query parameter has a value of its kind.", 400, RULE_PROCEDURE, NULL, "query"},
    {"query.repeated", "A query parameter is given once.", 400, RULE_PROCEDURE, NULL, "query"},
    {"query.unknown", "Only query parameters that the path knows are given.", 400, RULE_PROCEDURE, NULL, "query"},
    {"reference.not_found", "A reference names a record that exists and that the caller may see.", 422, RULE_PROCEDURE,
     NULL, "reference"},
    {"reference.person.inactive", "No inactive person is named as a new owner, chair, presenter, approver or attendee.",
     422, RULE_PRACTICE, NULL, "reference"},
    {"success_criteria.count", "A commitment has 1 to 20 success criteria.", 422, RULE_PRACTICE, NULL,
     "success_criteria"},
    {"success_criteria.duplicate", "The statements of a commitment's success criteria are all different.", 422,
     RULE_PRACTICE, NULL, "success_criteria"},
    {"success_criteria.id", "Success criteria that come with their ids have c1, c2 and so on, each its own.", 422,
     RULE_PROCEDURE, NULL, "success_criteria"},
    {"success_criteria.measurable",
     "A success criterion has metric, comparator and target together, or says in 10 characters or more how it will "
     "be verified.",
     422, RULE_PRACTICE, NULL, "success_criteria"},
    {"transition.not_allowed", "A verb is taken only in a state that knows it.", 409, RULE_PROCEDURE, NULL,
     "transition"},
};

static struct rule catalogue[CATALOGUE_MAX];
static size_t count;
static char names[CATALOGUE_MAX][NAME_MAX_BYTES];
static char statements[CATALOGUE_MAX][NAME_MAX_BYTES * 2];

static void catalogue_insert(const struct rule *rule)
{
    assert(count < CATALOGUE_MAX);
    size_t at = count++;
    for (; at > 0 && strcmp(catalogue[at - 1].name, rule->name) > 0; at--)
        catalogue[at] = catalogue[at - 1];
    catalogue[at] = *rule;
}

/* The rule of a required member, unless a row of a resource already says it in better words. */
static void catalogue_require(const char *resource, const char *noun, const char *field, const char *rule_name)
{
    char *name = names[count];
    snprintf(name, NAME_MAX_BYTES, "%s.%s.required", noun, field);
    if (rule_name)
        snprintf(name, NAME_MAX_BYTES, "%s", rule_name);
    if (catalogue_find(name))
        return;
    char *statement = statements[count];
    snprintf(statement, sizeof *statements, "Every %s has '%s'.", noun, field);
    for (char *at = statement; *at != '\''; at++) /* of the member, whose name stays */
        *at = *at == '_' ? ' ' : *at;
    catalogue_insert(&(struct rule){name, statement, 422, RULE_PRACTICE, NULL, resource});
}

static void catalogue_require_all(const struct resource *resource, const struct field *fields, size_t field_count,
                                  const char *noun)
{
    for (size_t i = 0; i < field_count; i++) {
        if (fields[i].required)
            catalogue_require(resource->name, noun, fields[i].name, fields[i].required_rule);
        if (fields[i].shape)
            catalogue_require_all(resource, fields[i].shape->fields, fields[i].shape->field_count,
                                  fields[i].shape->noun);
    }
}

static void catalogue_require_arguments(const struct resource *resource)
{
    for (size_t i = 0; i < resource->transition_count; i++) {
        const struct transition *transition = &resource->transitions[i];
        for (size_t a = 0; a < transition->argument_count; a++) {
            if (transition->arguments[a].required)
                catalogue_require(resource->name, resource->name, transition->arguments[a].name, NULL);
        }
    }
}

void catalogue_init(void)
{
    if (count)
        return;
    for (size_t i = 0; i < COUNT_OF(general_rules); i++)
        catalogue_insert(&general_rules[i]);
    for (size_t r = 0; r < RESOURCE_COUNT; r++) {
        for (size_t i = 0; i < resources[r]->rule_count; i++) {
            struct rule rule = resources[r]->rules[i];
            rule.resource = resources[r]->name;
            catalogue_insert(&rule);
        }
    }
    for (size_t r = 0; r < RESOURCE_COUNT; r++) {
        if (!resources[r]->collection) /* the command line's alone */
            continue;
        catalogue_require_all(resources[r], resources[r]->fields, resources[r]->field_count, resources[r]->name);
        catalogue_require_arguments(resources[r]);
    }
}

size_t catalogue_count(void)
{
    return count;
}

const struct rule *catalogue_at(size_t index)
{
    return &catalogue[index];
}

static int compare_name(const void *name, const void *rule)
{
    return strcmp(name, ((const struct rule *)rule)->name);
}

const struct rule *catalogue_find(const char *name)
{
    return bsearch(name, catalogue, count, sizeof *catalogue, compare_name);
}

bool violations_at(const struct violations *violations, const char *pointer)
{
    for (size_t i = 0; i < violations->count; i++) {
        if (violations->items[i].pointer && strcmp(violations->items[i].pointer, pointer) == 0)
            return true;
    }
    return false;
}

/* What is there but wrong is not missing as well. */
static bool is_said(const struct violations *violations, const struct violation *violation)
{
    if (violation->line) /* judged by its own line's list */
        return false;
    size_t length = strlen(violation->rule->name);
    bool required = length > 9 && strcmp(violation->rule->name + length - 9, ".required") == 0;
    return required && violation->pointer && violations_at(violations, violation->pointer);
}

/* Where violations of several kinds meet, the first of these is the status (contract, section 1). */
static const int status_order[] = {403, 409, 422, 400};

/* Whether there is room for one, or it makes the status: then it takes the last one's place, and is listed. */
static bool has_place(const struct violations *violations, const struct rule *rule)
{
    if (violations->count < VIOLATIONS_MAX || !rule)
        return true;
    int status = violations_status(violations);
    size_t i = 0; /* a status is one of them */
    while (status_order[i] != status && status_order[i] != rule->status)
        i++;
    return status_order[i] != status;
}

static void add(struct violations *violations, struct violation violation)
{
    if (arena_failed(violations->arena)) /* its texts may be cut short, the rule's name too */
        return;
    assert(violation.rule && "a violation names a rule of the catalogue");
    if (is_said(violations, &violation))
        return;
    if (violations->count == VIOLATIONS_MAX) /* it has_place() */
        violations->count--;
    if (violations->count == violations->capacity) {
        size_t capacity = violations->capacity ? violations->capacity * 2 : 8;
        struct violation *items = arena_array(violations->arena, capacity, sizeof *items);
        if (!items)
            return; /* the arena remembers that it failed */
        if (violations->count)
            memcpy(items, violations->items, violations->count * sizeof *items);
        violations->items = items;
        violations->capacity = capacity;
    }
    violations->items[violations->count++] = violation;
}

static const char *format_detail(struct arena *arena, const char *format, va_list arguments)
{
    char text[1000];
    vsnprintf(text, sizeof text, format, arguments);
    size_t length = strlen(text);
    while (!text_is_utf8(text, length)) /* cut at a code point; nothing is UTF-8, too */
        length--;
    return arena_copy(arena, text, length);
}

void violation_add(struct violations *violations, const char *rule, const char *pointer, const char *format, ...)
{
    const struct rule *found = catalogue_find(rule);
    if (!has_place(violations, found))
        return;
    va_list arguments;
    va_start(arguments, format);
    add(violations, (struct violation){.rule = found,
                                       .pointer = pointer,
                                       .detail = format_detail(violations->arena, format, arguments)});
    va_end(arguments);
}

void violation_add_parameter(struct violations *violations, const char *rule, const char *parameter, const char *format,
                             ...)
{
    const struct rule *found = catalogue_find(rule);
    if (!has_place(violations, found))
        return;
    va_list arguments;
    va_start(arguments, format);
    add(violations, (struct violation){.rule = found,
                                       .parameter = parameter,
                                       .detail = format_detail(violations->arena, format, arguments)});
    va_end(arguments);
}

static const char *text_or_null(struct arena *arena, const char *text)
{
    return text ? arena_text(arena, text) : NULL;
}

void violation_take(struct violations *violations, const struct violation *violation)
{
    struct violation taken = *violation;
    if (!has_place(violations, taken.rule))
        return;
    taken.pointer = text_or_null(violations->arena, violation->pointer);
    taken.parameter = text_or_null(violations->arena, violation->parameter);
    taken.column_name = text_or_null(violations->arena, violation->column_name);
    taken.detail = arena_text(violations->arena, violation->detail);
    add(violations, taken);
}

bool violations_have(const struct violations *violations, const char *rule)
{
    for (size_t i = 0; i < violations->count; i++) {
        if (strcmp(violations->items[i].rule->name, rule) == 0)
            return true;
    }
    return false;
}

int violations_status(const struct violations *violations)
{
    for (size_t o = 0; o < COUNT_OF(status_order); o++) {
        for (size_t i = 0; i < violations->count; i++) {
            if (violations->items[i].rule->status == status_order[o])
                return status_order[o];
        }
    }
    return 0;
}
