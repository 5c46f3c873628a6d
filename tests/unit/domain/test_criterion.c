/* src/domain/criterion.c: success criteria. */
#include "domain.h"

#include "reviewd/criterion.h"

#include <stdio.h>

static const struct {
    unsigned comparator;
    bool below, equal, above;
} comparators[] = {
    {COMPARATOR_LT, true, false, false}, {COMPARATOR_LTE, true, true, false}, {COMPARATOR_EQ, false, true, false},
    {COMPARATOR_GTE, false, true, true}, {COMPARATOR_GT, false, false, true}, {0, false, false, false},
};

START_TEST(a_value_stands_to_its_target)
{
    ck_assert_int_eq(comparator_holds(comparators[_i].comparator, 94.5, 95), comparators[_i].below);
    ck_assert_int_eq(comparator_holds(comparators[_i].comparator, 95, 95), comparators[_i].equal);
    ck_assert_int_eq(comparator_holds(comparators[_i].comparator, 95.5, 95), comparators[_i].above);
}
END_TEST

#define MEASURED                                                                                                       \
    .statement = "Patches are in time", .metric = "share", .comparator = COMPARATOR_GTE, .target = {true, 95}
#define PLAIN .statement = "The procedure is known"

static const struct {
    const char *name;
    struct criterion criterion;
    bool measurable;
} criteria[] = {
    {"metric, comparator, target", {MEASURED}, true},
    {"a target of zero", {MEASURED, .target = {true, 0}}, true},
    {"and verification too", {MEASURED, .verification = "x"}, true},
    {"no metric", {MEASURED, .metric = NULL}, false},
    {"no comparator", {MEASURED, .comparator = 0}, false},
    {"no target", {MEASURED, .target = {0}}, false},
    {"a metric alone", {PLAIN, .metric = "share"}, false},
    {"a metric alone, but verification", {PLAIN, .metric = "share", .verification = TEN_CHARACTERS}, true},
    {"a target alone, but verification", {PLAIN, .target = {true, 1}, .verification = TEN_CHARACTERS}, true},
    {"a target alone, and verification in nine", {PLAIN, .target = {true, 1}, .verification = NINE_CHARACTERS}, false},
    {"nothing", {PLAIN}, false},
    {"a unit alone", {PLAIN, .unit = "%"}, false},
    {"verification in ten characters", {PLAIN, .verification = TEN_CHARACTERS}, true},
    {"verification in nine", {PLAIN, .verification = NINE_CHARACTERS}, false},
    {"verification in eight and spaces", {PLAIN, .verification = TEN_WITH_SPACES}, false},
    {"verification in ten letters of two bytes",
     {PLAIN, .verification = "\xC4\x8D\xC4\x8D\xC4\x8D\xC4\x8D\xC4\x8D\xC4\x8D\xC4\x8D\xC4\x8D\xC4\x8D\xC4\x8D"},
     true},
    {"verification in nine letters of two bytes",
     {PLAIN, .verification = "\xC4\x8D\xC4\x8D\xC4\x8D\xC4\x8D\xC4\x8D\xC4\x8D\xC4\x8D\xC4\x8D\xC4\x8D"},
     false},
};

START_TEST(a_criterion_is_measurable_or_verifiable)
{
    struct criterion criterion = criteria[_i].criterion;
    const struct nested nested = {.json = "[]", .length = 2, .items = &criterion, .count = 1};
    struct violations *violations = violations_new();
    criteria_check(&nested, violations);
    const char *rules[] = {criteria[_i].measurable ? NULL : "success_criteria.measurable", NULL};
    expect_rules(criteria[_i].name, violations, rules);
    if (!criteria[_i].measurable)
        ck_assert_str_eq(violations->items[0].pointer, "#/success_criteria/0");
}
END_TEST

/* So many criteria, all different. */
static struct nested many(size_t count)
{
    static struct criterion items[32];
    static char statements[32][40];
    for (size_t i = 0; i < count; i++) {
        snprintf(statements[i], sizeof statements[i], "Statement number %zu", i);
        items[i] = (struct criterion){.statement = statements[i], .verification = "By looking at it"};
    }
    return (struct nested){.json = "[]", .length = 2, .items = items, .count = count};
}

START_TEST(there_are_one_to_twenty)
{
    static const struct {
        size_t count;
        bool right;
    } counts[] = {{0, false}, {1, true}, {2, true}, {20, true}, {21, false}, {32, false}};
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        struct nested nested = many(counts[i].count);
        struct violations *violations = violations_new();
        criteria_check(&nested, violations);
        expect_rules("count", violations, (const char *[]){counts[i].right ? NULL : "success_criteria.count", NULL});
    }
}
END_TEST

START_TEST(statements_are_all_different)
{
    struct nested nested = many(4);
    struct criterion *items = nested.items;
    items[3].statement = items[1].statement;
    struct violations *violations = violations_new();
    criteria_check(&nested, violations);
    expect_rules("twice", violations, (const char *[]){"success_criteria.duplicate", NULL});
    ck_assert_uint_eq(violations->count, 1);
    ck_assert_str_eq(violations->items[0].pointer, "#/success_criteria/3");
    items[3].statement = items[1].statement = NULL; /* missing ones are not the same */
    violations = violations_new();
    criteria_check(&nested, violations);
    expect_rules("missing", violations, (const char *[]){NULL});
}
END_TEST

static const struct {
    const char *first, *second; /* ids that an import brings */
    bool right;
} ids[] = {
    {"c1", "c2", true},       {NULL, "c2", true},   {"c99999", NULL, true}, {"c1", "c1", false},  {"x1", "c2", false},
    {"c100000", "c2", false}, {"c01", "c2", false}, {"c", "c2", false},     {"c1x", "c2", false},
};

START_TEST(ids_have_a_form_and_are_there_once)
{
    struct nested nested = many(2);
    ((struct criterion *)nested.items)[0].id = ids[_i].first;
    ((struct criterion *)nested.items)[1].id = ids[_i].second;
    struct violations *violations = violations_new();
    criteria_check(&nested, violations);
    expect_rules("ids", violations, (const char *[]){ids[_i].right ? NULL : "success_criteria.id", NULL});
}
END_TEST

/* --- numbering -----------------------------------------------------------------------------------------------------
 */

/* Statements before (with their ids) and after, as words; the ids that the later ones get. */
static const struct {
    const char *name;
    const char *before[5];
    const char *before_ids[5];
    const char *after[5];
    const char *ids[5];
    long used;
} numberings[] = {
    {"new ones", {NULL}, {NULL}, {"A", "B", "C"}, {"c1", "c2", "c3"}},
    {"the same ones", {"A", "B"}, {"c1", "c2"}, {"A", "B"}, {"c1", "c2"}},
    {"in another order", {"A", "B", "C"}, {"c1", "c2", "c3"}, {"C", "A", "B"}, {"c3", "c1", "c2"}},
    {"one more", {"A", "B"}, {"c1", "c2"}, {"A", "B", "C"}, {"c1", "c2", "c3"}},
    {"one more in front", {"A"}, {"c1"}, {"B", "A"}, {"c2", "c1"}},
    {"one replaced", {"A", "B"}, {"c1", "c2"}, {"A", "C"}, {"c1", "c3"}},
    {"all replaced", {"A", "B"}, {"c1", "c2"}, {"C", "D"}, {"c3", "c4"}},
    {"one gone", {"A", "B", "C"}, {"c1", "c2", "c3"}, {"A", "C"}, {"c1", "c3"}},
    {"a gap stays", {"A", "C"}, {"c1", "c9"}, {"A", "C", "D"}, {"c1", "c9", "c10"}},
    {"after one that is gone", {"A"}, {"c1"}, {"A", "C"}, {"c1", "c3"}, 2},
    {"after none that is gone", {"A", "B"}, {"c1", "c2"}, {"C"}, {"c3"}, 1},
    {"a statement that is missing", {"A"}, {"c1"}, {"A", ""}, {"c1", "c2"}},
};

static size_t fill(struct criterion *items, const char *const *statements, const char *const *own_ids)
{
    size_t count = 0;
    for (; count < 5 && statements[count]; count++)
        items[count] = (struct criterion){.statement = *statements[count] ? statements[count] : NULL,
                                          .id = own_ids ? own_ids[count] : NULL};
    return count;
}

START_TEST(criteria_keep_their_numbers)
{
    struct criterion old_items[5], new_items[5];
    struct nested before = {.json = "[]", .items = old_items};
    struct nested after = {.json = "[]", .items = new_items};
    before.count = fill(old_items, numberings[_i].before, numberings[_i].before_ids);
    after.count = fill(new_items, numberings[_i].after, NULL);
    criteria_number(&after, &before, numberings[_i].used, violations_new()->arena);
    for (size_t i = 0; i < after.count; i++)
        ck_assert_msg(strcmp(new_items[i].id, numberings[_i].ids[i]) == 0, "%s: %s is %s, not %s", numberings[_i].name,
                      numberings[_i].after[i], new_items[i].id, numberings[_i].ids[i]);
}
END_TEST

START_TEST(the_first_criteria_have_none_before)
{
    struct nested nested = many(20);
    criteria_number(&nested, NULL, 0, violations_new()->arena);
    ck_assert_str_eq(((struct criterion *)nested.items)[0].id, "c1");
    ck_assert_str_eq(((struct criterion *)nested.items)[19].id, "c20");
    struct nested again = many(1);
    const struct nested absent = {0};
    criteria_number(&again, &absent, 0, violations_new()->arena);
    ck_assert_str_eq(((struct criterion *)again.items)[0].id, "c1");
}
END_TEST

Suite *criterion_suite(void)
{
    Suite *suite = suite_create("domain/criterion");
    TCase *tcase = unit_case(suite, "criterion");
    tcase_add_checked_fixture(tcase, domain_begin, domain_end);
    tcase_add_loop_test(tcase, a_value_stands_to_its_target, 0, ROWS(comparators));
    tcase_add_loop_test(tcase, a_criterion_is_measurable_or_verifiable, 0, ROWS(criteria));
    tcase_add_test(tcase, there_are_one_to_twenty);
    tcase_add_test(tcase, statements_are_all_different);
    tcase_add_loop_test(tcase, ids_have_a_form_and_are_there_once, 0, ROWS(ids));
    tcase_add_loop_test(tcase, criteria_keep_their_numbers, 0, ROWS(numberings));
    tcase_add_test(tcase, the_first_criteria_have_none_before);
    return suite;
}
