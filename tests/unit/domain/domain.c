#include "domain.h"

#include <stdio.h>

static struct arena arena;
static struct violations violations;

void domain_begin(void)
{
    domain_init();
    arena_init(&arena);
}

void domain_end(void)
{
    ck_assert(!arena_failed(&arena));
    arena_finish(&arena);
}

struct violations *violations_new(void)
{
    violations = (struct violations){.arena = &arena};
    return &violations;
}

void expect_rules(const char *name, const struct violations *found, const char *const *rules)
{
    for (size_t i = 0; rules[i]; i++) {
        ck_assert_msg(catalogue_find(rules[i]) != NULL, "%s: there is no rule %s", name, rules[i]);
        ck_assert_msg(violations_have(found, rules[i]), "%s: %s is not said to be broken", name, rules[i]);
    }
    for (size_t i = 0; i < found->count; i++) {
        bool expected = false;
        for (size_t j = 0; rules[j]; j++)
            expected = expected || strcmp(rules[j], found->items[i].rule->name) == 0;
        ck_assert_msg(expected, "%s: %s is said to be broken: %s", name, found->items[i].rule->name,
                      found->items[i].detail);
        ck_assert_msg(*found->items[i].detail != '\0', "%s: %s has no detail", name, found->items[i].rule->name);
    }
}

const struct violation *violation_of(const struct violations *found, const char *rule)
{
    for (size_t i = 0; i < found->count; i++) {
        if (strcmp(found->items[i].rule->name, rule) == 0)
            return &found->items[i];
    }
    ck_abort_msg("%s is not said to be broken", rule);
    return NULL;
}

static void field_fill(const struct field *field, void *record, unsigned seed)
{
    static const struct nested list = {.json = "[\"{\\\"\"]", .length = 8};
    static const struct nested object = {.json = "{\"a\":{\"b\":[1,2]}}", .length = 17};
    void *at = field_in(field, record);
    switch (field->kind) {
    case FIELD_KIND_TEXT:
        *(const char **)at = arena_format(&arena, "text \"%s\" {%u,}", field->name, seed);
        return;
    case FIELD_KIND_REF:
        snprintf(at, sizeof(struct id), "00000000-0000-7000-8000-%012u", seed);
        return;
    case FIELD_KIND_DATE:
        *(struct date *)at = date_from_days(20000 + seed);
        return;
    case FIELD_KIND_INSTANT:
        *(struct instant *)at = instant_from_ms(1795286760123 + seed);
        return;
    case FIELD_KIND_INTEGER:
        *(struct integer *)at = (struct integer){true, seed};
        return;
    case FIELD_KIND_NUMBER:
        *(struct number *)at = (struct number){true, seed + 0.5};
        return;
    case FIELD_KIND_TRUTH:
        *(enum truth *)at = seed % 2 ? TRUTH_TRUE : TRUTH_FALSE;
        return;
    case FIELD_KIND_ENUM:
        *(unsigned *)at = 1 + seed % field->value_count;
        return;
    case FIELD_KIND_OBJECT:
    case FIELD_KIND_RAW:
        *(struct nested *)at = object;
        return;
    case FIELD_KIND_LIST:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_REFS:
        *(struct nested *)at = list;
        return;
    }
}

void record_fill(const struct resource *resource, void *record, bool derived)
{
    memset(record, 0, resource->size);
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (resource_has(resource, field) && (derived || !field->derived))
            field_fill(field, record, (unsigned)i + 1);
    }
}
