#include "reviewd/criterion.h"

#include <assert.h>
#include <stdlib.h>

enum { CRITERIA_MAX = 20, STATEMENT_MIN = 10, VERIFICATION_MIN = 10 };

#define RECORD struct criterion

const char *const comparator_names[] = {"lt", "lte", "eq", "gte", "gt"};

static const struct field criterion_fields[] = {
    {"id", FIELD_TEXT(id), .read_only = true, .min = 1, .max = 20,
     .description = "Names the criterion within its commitment.", .example = "\"c1\""},
    {"statement", FIELD_TEXT(statement), .required = true, .min = STATEMENT_MIN, .max = 1000,
     .description = "What will be true.", .example = "\"Critical patches are installed within 14 days\""},
    {"metric", FIELD_TEXT(metric), .min = 1, .max = 200, .description = "What is measured.",
     .example = "\"critical patches installed in time\""},
    {"comparator", FIELD_ENUM(comparator, comparator_names),
     .description = "How the measured value stands to the target.", .example = "\"gte\""},
    {"target", FIELD_NUMBER(target), .description = "The figure to reach.", .example = "95"},
    {"unit", FIELD_TEXT(unit), .max = 50, .description = "The unit of the target.", .example = "\"%\""},
    {"verification", FIELD_TEXT(verification), .max = 1000,
     .description = "How it will be verified, where nothing is measured."},
};

const struct shape criterion_shape = {"success_criterion", criterion_fields, COUNT_OF(criterion_fields),
                                      sizeof(struct criterion)};

bool comparator_holds(unsigned comparator, double value, double target)
{
    switch ((enum comparator)comparator) {
    case COMPARATOR_LT:
        return value < target;
    case COMPARATOR_LTE:
        return value <= target;
    case COMPARATOR_EQ:
        return value == target;
    case COMPARATOR_GTE:
        return value >= target;
    case COMPARATOR_GT:
        return value > target;
    }
    return false;
}

bool criterion_is_measured(const struct criterion *criterion)
{
    return criterion->metric && criterion->comparator && criterion->target.known;
}

static bool is_measurable(const struct criterion *criterion)
{
    return criterion_is_measured(criterion) ||
           (criterion->verification && text_length(criterion->verification) >= VERIFICATION_MIN);
}

/* Whether one of the members that make it measurable is there, but not as it has to be: that has been said. */
static bool is_malformed(const char *pointer, const struct violations *violations)
{
    static const char *const members[] = {"metric", "comparator", "target", "verification"};
    bool said = false;
    for (size_t i = 0; i < COUNT_OF(members); i++)
        said = said || violations_at(violations, arena_format(violations->arena, "%s/%s", pointer, members[i]));
    return said;
}

static bool is_id(const char *id)
{
    size_t digits = strspn(id + 1, "0123456789");
    return id[0] == 'c' && id[1] != '0' && digits >= 1 && digits <= 5 && !id[1 + digits];
}

/* The server makes them, but for those that an import brings. */
static void check_id(const struct criterion *items, size_t index, const char *pointer, struct violations *violations)
{
    const char *id = items[index].id;
    bool fine = !id || is_id(id);
    for (size_t i = 0; id && fine && i < index; i++)
        fine = !items[i].id || strcmp(items[i].id, id) != 0;
    if (!fine)
        violation_add(violations, "success_criteria.id", arena_format(violations->arena, "%s/id", pointer),
                      "The id '%.20s' is none such as c1, or is that of another one.", id);
}

void criteria_check(const struct nested *criteria, struct violations *violations)
{
    if (criteria->count < 1 || criteria->count > CRITERIA_MAX)
        violation_add(violations, "success_criteria.count", "#/success_criteria",
                      "There are %zu success criteria; 1 to %d are allowed.", criteria->count, CRITERIA_MAX);
    const struct criterion *items = criteria->items;
    for (size_t i = 0; i < criteria->count && i < CRITERIA_MAX; i++) {
        const char *pointer = arena_format(violations->arena, "#/success_criteria/%zu", i);
        check_id(items, i, pointer, violations);
        if (!is_measurable(&items[i]) && !is_malformed(pointer, violations))
            violation_add(violations, "success_criteria.measurable", pointer,
                          "Give 'metric', 'comparator' and 'target' together, or say in 'verification', in %d "
                          "characters or more, how it will be verified.",
                          VERIFICATION_MIN);
        for (size_t j = 0; j < i; j++) {
            if (items[i].statement && items[j].statement && strcmp(items[i].statement, items[j].statement) == 0) {
                violation_add(violations, "success_criteria.duplicate", pointer,
                              "The statement is the same as that of criterion %zu.", j + 1);
                break;
            }
        }
    }
}

static long highest_number(const struct nested *criteria)
{
    long highest = 0;
    const struct criterion *items = criteria ? criteria->items : NULL;
    for (size_t i = 0; items && i < criteria->count; i++) {
        long number = items[i].id ? strtol(items[i].id + 1, NULL, 10) : 0;
        highest = number > highest ? number : highest;
    }
    return highest;
}

void criteria_number(struct nested *criteria, const struct nested *before, long used, struct arena *arena)
{
    long highest = highest_number(before);
    if (highest < used)
        highest = used;
    long own = highest_number(criteria); /* those that an import brings */
    highest = own > highest ? own : highest;
    assert(criteria && (criteria->items || !criteria->count));
    struct criterion *items = criteria->items;
    const struct criterion *olds = before ? before->items : NULL;
    for (size_t i = 0; i < criteria->count; i++) {
        for (size_t j = 0; olds && j < before->count && !items[i].id; j++) {
            if (items[i].statement && strcmp(items[i].statement, olds[j].statement) == 0)
                items[i].id = olds[j].id;
        }
        if (!items[i].id)
            items[i].id = arena_format(arena, "c%ld", ++highest);
    }
}
