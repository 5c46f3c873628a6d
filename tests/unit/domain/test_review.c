/* src/domain/review.c: from the agenda to the approval. */
#include "domain.h"

#include "reviewd/decision.h"
#include "reviewd/input.h"
#include "reviewd/review.h"

#define VALID                                                                                                          \
    .record = {.id = THIS_RECORD, .reference = "MR-2026-01"}, .title = "Management review", .type = REVIEW_SCHEDULED,  \
    .scope = "The whole ISMS", .period_start = {"2026-07-01"}, .period_end = {"2026-12-31"},                           \
    .planned_on = {"2027-01-20"}, .chair_id = ANA, .classification = CLASSIFICATION_INTERNAL, .status = REVIEW_PLANNED
#define FACTS .today = TODAY, .next_review_max_months = 12, .chair_role = ROLE_TOP_MANAGEMENT

enum { TRIGGER_OTHER = 6 };

/* --- creating and changing -----------------------------------------------------------------------------------------
 */

static const struct review planned = {VALID};
static const struct review in_progress = {VALID, .status = REVIEW_IN_PROGRESS};
static const struct review concluded = {VALID, .status = REVIEW_CONCLUDED};
static const struct review approved = {VALID, .status = REVIEW_APPROVED};
static const struct review cancelled = {VALID, .status = REVIEW_CANCELLED};

static const struct {
    const char *name;
    struct review after;
    const struct review *before;
    struct review_facts facts;
    const char *rules[RULES_MAX];
} rows[] = {
    {"a scheduled review", {VALID}, .facts = {FACTS}},
    {"an extraordinary one", {VALID, .type = REVIEW_EXTRAORDINARY, .trigger = TRIGGER_OTHER}, .facts = {FACTS}},
    {"an extraordinary one without a trigger",
     {VALID, .type = REVIEW_EXTRAORDINARY},
     .facts = {FACTS},
     .rules = {"review.trigger.required"}},
    {"a scheduled one with a trigger", {VALID, .trigger = 1}, .facts = {FACTS}, .rules = {"review.trigger.unexpected"}},
    {"a trigger without a type", {VALID, .type = 0, .trigger = 1}, .facts = {FACTS}, .rules = {"review.type.required"}},
    {"a period of a day", {VALID, .period_end = {"2026-07-01"}}, .facts = {FACTS}},
    {"a period that ends before",
     {VALID, .period_end = {"2026-06-30"}},
     .facts = {FACTS},
     .rules = {"review.period.order"}},
    {"no title", {VALID, .title = NULL}, .facts = {FACTS}, .rules = {"review.title.required"}},
    {"no scope", {VALID, .scope = NULL}, .facts = {FACTS}, .rules = {"review.scope.required"}},
    {"no period",
     {VALID, .period_start = {""}, .period_end = {""}},
     .facts = {FACTS},
     .rules = {"review.period_start.required", "review.period_end.required"}},
    {"no planned day", {VALID, .planned_on = {""}}, .facts = {FACTS}, .rules = {"review.planned_on.required"}},
    {"no chair", {VALID, .chair_id = {""}}, .facts = {FACTS, .chair_role = 0}, .rules = {"review.chair_id.required"}},
    {"nobody who has a role in the chair",
     {VALID},
     .facts = {FACTS, .chair_role = 0},
     .rules = {"review.chair.top_management"}},
    {"an ISMS manager in the chair",
     {VALID},
     .facts = {FACTS, .chair_role = ROLE_ISMS_MANAGER},
     .rules = {"review.chair.top_management"}},
    {"a change that leaves the chair",
     {VALID, .title = "Other"},
     .before = &planned,
     .facts = {FACTS, .chair_role = ROLE_EMPLOYEE}},
    {"a change of the chair", {VALID, .chair_id = BORIS}, .before = &planned, .facts = {FACTS}},
    {"a change of the chair to an employee",
     {VALID, .chair_id = BORIS},
     .before = &planned,
     .facts = {FACTS, .chair_role = ROLE_EMPLOYEE},
     .rules = {"review.chair.top_management"}},
    {"a change in progress", {VALID, .status = REVIEW_IN_PROGRESS}, .before = &in_progress, .facts = {FACTS}},
    {"a change once concluded", {VALID}, .before = &concluded, .facts = {FACTS}, .rules = {"review.frozen"}},
    {"a change once approved", {VALID}, .before = &approved, .facts = {FACTS}, .rules = {"review.frozen"}},
    {"a change once cancelled", {VALID}, .before = &cancelled, .facts = {FACTS}, .rules = {"review.frozen"}},
    {"all at once",
     {VALID, .type = REVIEW_EXTRAORDINARY, .period_end = {"2026-06-30"}, .title = NULL},
     .before = &concluded,
     .facts = {FACTS},
     .rules = {"review.frozen", "review.trigger.required", "review.period.order", "review.title.required"}},
};

START_TEST(created_and_changed)
{
    struct violations *violations = violations_new();
    review_check(&rows[_i].after, rows[_i].before, NULL, &rows[_i].facts, violations);
    expect_rules(rows[_i].name, violations, rows[_i].rules);
}
END_TEST

/* --- start, approve, cancel, reopen ----------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    const char *verb;
    struct review before;
    struct review_facts facts;
    const char *rules[RULES_MAX];
} verbs[] = {
    {"start with nobody", "start", {VALID}, {FACTS}, {"review.start.attendees"}},
    {"start with one", "start", {VALID}, {FACTS, .other_attendees = 1}, {NULL}},
    {"approve what another concluded", "approve", {VALID, .concluded_by = ANA}, {FACTS, .caller_id = BORIS}, {NULL}},
    {"approve what one concluded",
     "approve",
     {VALID, .concluded_by = ANA},
     {FACTS, .caller_id = ANA},
     {"review.approve.separation"}},
    {"approve what the console concluded, as the console", "approve", {VALID}, {FACTS}, {NULL}},
    {"cancel", "cancel", {VALID}, {FACTS}, {NULL}},
    {"reopen", "reopen", {VALID, .concluded_by = ANA}, {FACTS, .caller_id = ANA}, {NULL}},
};

START_TEST(taken_through_verbs)
{
    struct violations *violations = violations_new();
    review_check(&verbs[_i].before, &verbs[_i].before, verbs[_i].verb, &verbs[_i].facts, violations);
    expect_rules(verbs[_i].name, violations, verbs[_i].rules);
}
END_TEST

/* --- conclude ------------------------------------------------------------------------------------------------------
 */

#define BRIEF(letter)                                                                                                  \
    {                                                                                                                  \
        .id = THIS_RECORD, .title = "Input", .clause = CLAUSE_##letter, .state = INPUT_CONSIDERED                      \
    }
#define TEN BRIEF(A), BRIEF(B), BRIEF(C), BRIEF(D1), BRIEF(D2), BRIEF(D3), BRIEF(D4), BRIEF(E), BRIEF(F), BRIEF(G)
#define INPUTS(...)                                                                                                    \
    .inputs = (struct input_brief[]){__VA_ARGS__}, .input_count = COUNT_OF(((struct input_brief[]){__VA_ARGS__}))
#define READY FACTS, INPUTS(TEN), .top_management_attended = true, .adopted_count = 1
#define HELD                                                                                                           \
    VALID, .status = REVIEW_IN_PROGRESS, .summary = "All was said.", .held_on = YESTERDAY,                             \
           .next_review_on = {"2027-05-20"}

static const struct named some[] = {{&decision_resource, OTHER_RECORD, "DEC-2026-001", "A longer window"}};

static const struct {
    const char *name;
    struct review after;
    struct review_facts facts;
    const char *rules[RULES_MAX];
} conclusions[] = {
    {"all is there", {HELD}, {READY}, {NULL}},
    {"held today", {HELD, .held_on = TODAY}, {READY}, {NULL}},
    {"held tomorrow", {HELD, .held_on = TOMORROW}, {READY}, {"review.held_on.in_future"}},
    {"the next one twelve months later", {HELD, .next_review_on = {"2027-11-20"}}, {READY}, {NULL}},
    {"the next one a day too late", {HELD, .next_review_on = {"2027-11-21"}}, {READY}, {"review.next_review.interval"}},
    {"the next one the day after", {HELD, .next_review_on = TODAY}, {READY}, {NULL}},
    {"the next one the same day", {HELD, .next_review_on = YESTERDAY}, {READY}, {"review.next_review.interval"}},
    {"the next one before", {HELD, .next_review_on = {"2026-11-19"}}, {READY}, {"review.next_review.interval"}},
    {"the maximum is a setting",
     {HELD, .next_review_on = {"2027-05-20"}},
     {READY, .next_review_max_months = 6},
     {NULL}},
    {"beyond the setting",
     {HELD, .next_review_on = {"2027-05-21"}},
     {READY, .next_review_max_months = 6},
     {"review.next_review.interval"}},
    {"from the end of a month",
     {HELD, .held_on = {"2026-08-31"}, .next_review_on = {"2027-02-28"}},
     {READY, .next_review_max_months = 6},
     {NULL}},
    {"no summary", {HELD, .summary = NULL}, {READY}, {"review.summary.required"}},
    {"a blank summary", {HELD, .summary = " \n"}, {READY}, {"review.summary.required"}},
    {"no inputs", {HELD}, {READY, .inputs = NULL, .input_count = 0}, {"review.conclude.inputs"}},
    {"no input for the last clause", {HELD}, {READY, .input_count = 9}, {"review.conclude.inputs"}},
    {"one still pending",
     {HELD},
     {READY, INPUTS(TEN, {.title = "x", .clause = CLAUSE_A, .state = INPUT_PENDING})},
     {"review.conclude.inputs"}},
    {"one still prepared",
     {HELD},
     {READY, INPUTS(TEN, {.title = "x", .clause = CLAUSE_A, .state = INPUT_PREPARED})},
     {"review.conclude.inputs"}},
    {"one with nothing to report",
     {HELD},
     {READY, INPUTS(TEN, {.title = "x", .clause = CLAUSE_A, .state = INPUT_NOTHING_TO_REPORT})},
     {NULL}},
    {"a major one without a corrective action",
     {HELD},
     {READY, INPUTS(TEN, {.title = "x", .clause = CLAUSE_D1, .state = INPUT_CONSIDERED, .severity = SEVERITY_MAJOR})},
     {"review.conclude.major_nonconformity"}},
    {"a major one with it",
     {HELD},
     {READY, INPUTS(TEN, {.title = "x",
                          .clause = CLAUSE_D1,
                          .state = INPUT_CONSIDERED,
                          .severity = SEVERITY_MAJOR,
                          .corrected = true})},
     {NULL}},
    {"a minor one without",
     {HELD},
     {READY, INPUTS(TEN, {.title = "x", .clause = CLAUSE_D1, .state = INPUT_CONSIDERED, .severity = SEVERITY_MINOR})},
     {NULL}},
    {"no top management",
     {HELD},
     {READY, .top_management_attended = false},
     {"review.conclude.top_management_present"}},
    {"no decision", {HELD}, {READY, .adopted_count = 0}, {"review.conclude.decision"}},
    {"a proposed decision",
     {HELD},
     {READY, .proposed = some, .proposed_count = 1},
     {"review.conclude.proposed_decisions"}},
    {"a decision without action items",
     {HELD},
     {READY, .without_action_items = some, .without_action_items_count = 1},
     {"review.conclude.action_items"}},
    {"a carried action item",
     {HELD},
     {READY, .not_followed_up = some, .not_followed_up_count = 1},
     {"review.conclude.carried_action_items"}},
    {"nothing is there",
     {VALID, .held_on = TOMORROW, .next_review_on = TODAY},
     {FACTS},
     {"review.summary.required", "review.held_on.in_future", "review.next_review.interval", "review.conclude.inputs",
      "review.conclude.top_management_present", "review.conclude.decision"}},
};

START_TEST(concluded_when_all_is_there)
{
    struct violations *violations = violations_new();
    review_check(&conclusions[_i].after, &in_progress, "conclude", &conclusions[_i].facts, violations);
    expect_rules(conclusions[_i].name, violations, conclusions[_i].rules);
}
END_TEST

START_TEST(each_clause_is_missed_by_name)
{
    const struct review after = {HELD};
    const struct review_facts facts = {FACTS, .top_management_attended = true, .adopted_count = 1};
    struct violations *violations = violations_new();
    review_check(&after, &in_progress, "conclude", &facts, violations);
    ck_assert_uint_eq(violations->count, CLAUSE_COUNT);
    for (size_t i = 0; i < CLAUSE_COUNT; i++) {
        ck_assert_ptr_nonnull(strstr(violations->items[i].detail, clause_titles[i]));
        ck_assert_ptr_nonnull(strstr(violations->items[i].detail, clause_names[i]));
    }
}
END_TEST

START_TEST(readiness_asks_what_concluding_asks_of_the_records)
{
    const struct review_facts ready = {READY}, nothing = {FACTS};
    struct violations *violations = violations_new();
    review_check_complete(&ready, violations);
    ck_assert_uint_eq(violations->count, 0);
    review_check_complete(&nothing, violations);
    expect_rules("readiness", violations,
                 (const char *[]){"review.conclude.inputs", "review.conclude.decision",
                                  "review.conclude.top_management_present", NULL});
}
END_TEST

/* --- the rest ------------------------------------------------------------------------------------------------------
 */

static const struct {
    unsigned status;
    bool frozen;
} frozen[] = {
    {REVIEW_PLANNED, false}, {REVIEW_IN_PROGRESS, false}, {REVIEW_CONCLUDED, true},
    {REVIEW_APPROVED, true}, {REVIEW_CANCELLED, true},
};

START_TEST(frozen_from_its_conclusion_on)
{
    struct violations *violations = violations_new();
    ck_assert_int_eq(review_is_frozen(frozen[_i].status), frozen[_i].frozen);
    review_check_frozen(frozen[_i].status, violations);
    ck_assert_int_eq(violations_have(violations, "review.frozen"), frozen[_i].frozen);
}
END_TEST

START_TEST(a_clause_is_covered_when_all_its_inputs_are_dealt_with)
{
    const struct review_facts facts = {INPUTS(BRIEF(A), BRIEF(A), BRIEF(B),
                                              {.clause = CLAUSE_B, .state = INPUT_PREPARED},
                                              {.clause = CLAUSE_C, .state = INPUT_NOTHING_TO_REPORT})};
    static const struct clause_coverage expected[] = {{2, 2, true}, {2, 1, false}, {1, 1, true}, {0, 0, false}};
    struct clause_coverage coverage = clause_coverage(&facts, CLAUSE_A + (unsigned)_i);
    ck_assert_uint_eq(coverage.inputs, expected[_i].inputs);
    ck_assert_uint_eq(coverage.considered, expected[_i].considered);
    ck_assert_int_eq(coverage.covered, expected[_i].covered);
}
END_TEST

Suite *review_suite(void)
{
    Suite *suite = suite_create("domain/review");
    TCase *tcase = unit_case(suite, "review");
    tcase_add_checked_fixture(tcase, domain_begin, domain_end);
    tcase_add_loop_test(tcase, created_and_changed, 0, ROWS(rows));
    tcase_add_loop_test(tcase, taken_through_verbs, 0, ROWS(verbs));
    tcase_add_loop_test(tcase, concluded_when_all_is_there, 0, ROWS(conclusions));
    tcase_add_test(tcase, each_clause_is_missed_by_name);
    tcase_add_test(tcase, readiness_asks_what_concluding_asks_of_the_records);
    tcase_add_loop_test(tcase, frozen_from_its_conclusion_on, 0, ROWS(frozen));
    tcase_add_loop_test(tcase, a_clause_is_covered_when_all_its_inputs_are_dealt_with, 0, 4);
    return suite;
}
