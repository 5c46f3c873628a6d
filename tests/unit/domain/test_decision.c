/* src/domain/decision.c */
#include "domain.h"

#include "reviewd/action_item.h"
#include "reviewd/decision.h"
#include "reviewd/review.h"

#define CRITERIA LIST_OF(struct criterion, CRITERION_MEASURED, CRITERION_VERIFIED)
#define VALID                                                                                                          \
    .record = {.id = THIS_RECORD, .reference = "DEC-2026-001"}, .review_id = THIS_REVIEW,                              \
    .kind = DECISION_CORRECTIVE_ACTION, .title = "A longer window", .statement = "Six hours a week.",                  \
    .rationale = "Two do not suffice.", .input_ids = {.json = "[]", .length = 2}, .decided_by_id = ANA,                \
    .owner_id = BORIS, .action_required = TRUTH_TRUE, .deadline = {"2027-06-30"}, .success_criteria = CRITERIA,        \
    .status = DECISION_PROPOSED
#define NO_ACTION                                                                                                      \
    VALID, .action_required = TRUTH_FALSE, .deadline = {""}, .success_criteria = {0}, .no_action_reason = "All is well."
#define ISMS_CHANGE VALID, .kind = DECISION_ISMS_CHANGE
#define AFFECTS .affects = {.json = "[{}]", .length = 4, .count = 1}
#define FACTS                                                                                                          \
    .today = TODAY, .horizon_months = 24, .review_status = REVIEW_IN_PROGRESS, .decided_by_role = ROLE_TOP_MANAGEMENT, \
    .decided_by_attends = true

static const struct decision proposed = {VALID};
static const struct decision adopted = {VALID, .status = DECISION_ADOPTED, .decided_on = TODAY};
static const size_t foreign[] = {0, 2};

/* --- creating and changing -----------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    struct decision after;
    const struct decision *before;
    struct decision_facts facts;
    const char *rules[RULES_MAX];
} rows[] = {
    {"a decision", {VALID}, .facts = {FACTS}},
    {"without a kind", {VALID, .kind = 0}, .facts = {FACTS}, .rules = {"decision.kind.required"}},
    {"without a title", {VALID, .title = NULL}, .facts = {FACTS}, .rules = {"decision.title.required"}},
    {"without a statement", {VALID, .statement = NULL}, .facts = {FACTS}, .rules = {"decision.statement.required"}},
    {"without a rationale", {VALID, .rationale = NULL}, .facts = {FACTS}, .rules = {"decision.rationale.required"}},
    {"without inputs", {VALID, .input_ids = {0}}, .facts = {FACTS}, .rules = {"decision.input_ids.required"}},
    {"without who decides",
     {VALID, .decided_by_id = {""}},
     .facts = {FACTS, .decided_by_role = 0, .decided_by_attends = false},
     .rules = {"decision.decided_by_id.required"}},
    {"without an owner", {VALID, .owner_id = {""}}, .facts = {FACTS}, .rules = {"decision.owner.required"}},
    {"without a deadline", {VALID, .deadline = {""}}, .facts = {FACTS}, .rules = {"decision.deadline.required"}},
    {"without criteria",
     {VALID, .success_criteria = {0}},
     .facts = {FACTS},
     .rules = {"decision.success_criteria.required"}},
    {"with an empty list of criteria",
     {VALID, .success_criteria = {.json = "[]", .length = 2}},
     .facts = {FACTS},
     .rules = {"success_criteria.count"}},
    {"with a criterion that nobody can verify",
     {VALID, .success_criteria = LIST_OF(struct criterion, {.statement = "It gets better"})},
     .facts = {FACTS},
     .rules = {"success_criteria.measurable"}},
    {"due today", {VALID, .deadline = TODAY}, .facts = {FACTS}},
    {"due yesterday", {VALID, .deadline = YESTERDAY}, .facts = {FACTS}, .rules = {"decision.deadline.in_past"}},
    {"due in 24 months", {VALID, .deadline = {"2028-11-21"}}, .facts = {FACTS}},
    {"due a day later", {VALID, .deadline = {"2028-11-22"}}, .facts = {FACTS}, .rules = {"decision.deadline.horizon"}},
    {"the horizon is a setting", {VALID, .deadline = {"2026-12-21"}}, .facts = {FACTS, .horizon_months = 1}},
    {"beyond the setting",
     {VALID, .deadline = {"2026-12-22"}},
     .facts = {FACTS, .horizon_months = 1},
     .rules = {"decision.deadline.horizon"}},
    {"no action, and why", {NO_ACTION}, .facts = {FACTS}},
    {"without saying whether anything is to be done",
     {NO_ACTION, .action_required = 0, .no_action_reason = NULL},
     .facts = {FACTS}},
    {"of inputs that are not known", {VALID, .input_ids = LIST_OF(struct id, {""}, {""})}, .facts = {FACTS}},
    {"no action, and no reason",
     {NO_ACTION, .no_action_reason = NULL},
     .facts = {FACTS},
     .rules = {"decision.no_action_reason.required"}},
    {"no action, but a deadline and criteria all the same",
     {NO_ACTION, .deadline = TOMORROW, .success_criteria = CRITERIA},
     .facts = {FACTS}},
    {"no action, but a deadline in the past",
     {NO_ACTION, .deadline = YESTERDAY},
     .facts = {FACTS},
     .rules = {"decision.deadline.in_past"}},
    {"nothing changes", {NO_ACTION, .kind = DECISION_NO_CHANGE}, .facts = {FACTS}},
    {"nothing changes, with action",
     {VALID, .kind = DECISION_NO_CHANGE},
     .facts = {FACTS},
     .rules = {"decision.no_change.action"}},
    {"an ISMS change", {ISMS_CHANGE, AFFECTS}, .facts = {FACTS}},
    {"an ISMS change of nothing", {ISMS_CHANGE}, .facts = {FACTS}, .rules = {"decision.isms_change.affects"}},
    {"an ISMS change of an empty list",
     {ISMS_CHANGE, .affects = {.json = "[]", .length = 2}},
     .facts = {FACTS},
     .rules = {"decision.isms_change.affects"}},
    {"on inputs of another review",
     {VALID},
     .facts = {FACTS, .foreign_inputs = foreign, .foreign_input_count = 2},
     .rules = {"decision.inputs.other_review"}},
    {"decided by an ISMS manager",
     {VALID},
     .facts = {FACTS, .decided_by_role = ROLE_ISMS_MANAGER},
     .rules = {"decision.decided_by.decision_maker"}},
    {"decided by one who does not attend",
     {VALID},
     .facts = {FACTS, .decided_by_attends = false},
     .rules = {"decision.decided_by.decision_maker"}},
    {"for a planned review", {VALID}, .facts = {FACTS, .review_status = REVIEW_PLANNED}},
    {"for a concluded review",
     {VALID},
     .facts = {FACTS, .review_status = REVIEW_CONCLUDED},
     .rules = {"review.frozen"}},

    {"changed, with the old deadline in the past",
     {VALID, .deadline = YESTERDAY, .title = "Other"},
     .before = &(struct decision){VALID, .deadline = YESTERDAY},
     .facts = {FACTS}},
    {"changed to a deadline in the past",
     {VALID, .deadline = YESTERDAY},
     .before = &proposed,
     .facts = {FACTS},
     .rules = {"decision.deadline.in_past"}},
    {"changed, who decided has left",
     {VALID, .title = "Other"},
     .before = &proposed,
     .facts = {FACTS, .decided_by_attends = false}},
    {"changed to another who decides",
     {VALID, .decided_by_id = CVITA},
     .before = &proposed,
     .facts = {FACTS, .decided_by_attends = false},
     .rules = {"decision.decided_by.decision_maker"}},
    {"owner changed while proposed", {VALID, .owner_id = CVITA}, .before = &proposed, .facts = {FACTS}},
    {"title changed once adopted",
     {VALID, .status = DECISION_ADOPTED, .title = "Other"},
     .before = &adopted,
     .facts = {FACTS}},
    {"owner changed once adopted",
     {VALID, .status = DECISION_ADOPTED, .owner_id = CVITA},
     .before = &adopted,
     .facts = {FACTS},
     .rules = {"commitment.amendment_required"}},
    {"deadline changed once adopted",
     {VALID, .status = DECISION_ADOPTED, .deadline = TOMORROW},
     .before = &adopted,
     .facts = {FACTS},
     .rules = {"commitment.amendment_required"}},
    {"owner changed once rejected",
     {VALID, .owner_id = CVITA},
     .before = &(struct decision){VALID, .status = DECISION_REJECTED},
     .facts = {FACTS},
     .rules = {"decision.ended"}},
    {"title changed once superseded",
     {VALID, .status = DECISION_SUPERSEDED, .title = "Other"},
     .before = &(struct decision){VALID, .status = DECISION_SUPERSEDED},
     .facts = {FACTS},
     .rules = {"decision.ended"}},
    {"title changed once implemented",
     {VALID, .status = DECISION_IMPLEMENTED, .title = "Other"},
     .before = &(struct decision){VALID, .status = DECISION_IMPLEMENTED},
     .facts = {FACTS}},
    {"criteria changed once adopted",
     {VALID, .status = DECISION_ADOPTED,
      .success_criteria = {.json = "[x]", .length = 3, .items = (struct criterion[]){CRITERION_VERIFIED}, .count = 1}},
     .before = &adopted,
     .facts = {FACTS},
     .rules = {"commitment.amendment_required"}},
};

START_TEST(created_and_changed)
{
    struct violations *violations = violations_new();
    decision_check(&rows[_i].after, rows[_i].before, NULL, &rows[_i].facts, violations);
    expect_rules(rows[_i].name, violations, rows[_i].rules);
}
END_TEST

START_TEST(each_foreign_input_is_pointed_at)
{
    const struct decision after = {VALID};
    const struct decision_facts facts = {FACTS, .foreign_inputs = foreign, .foreign_input_count = 2};
    struct violations *violations = violations_new();
    decision_check(&after, NULL, NULL, &facts, violations);
    ck_assert_uint_eq(violations->count, 2);
    ck_assert_str_eq(violations->items[0].pointer, "#/input_ids/0");
    ck_assert_str_eq(violations->items[1].pointer, "#/input_ids/2");
}
END_TEST

/* --- verbs ---------------------------------------------------------------------------------------------------------
 */

static const struct named unfinished[] = {{&action_item_resource, OTHER_RECORD, "ACT-2026-0001", "Extend it"}};

static const struct {
    const char *name;
    const char *verb;
    struct decision after;
    struct decision_facts facts;
    const char *rules[RULES_MAX];
} verbs[] = {
    {"adopted", "adopt", {VALID, .decided_on = TODAY}, {FACTS}, {NULL}},
    {"adopted yesterday", "adopt", {VALID, .decided_on = YESTERDAY}, {FACTS}, {NULL}},
    {"adopted tomorrow", "adopt", {VALID, .decided_on = TOMORROW}, {FACTS}, {"decision.decided_on.in_future"}},
    {"adopted before the review",
     "adopt",
     {VALID, .decided_on = TODAY},
     {FACTS, .review_status = REVIEW_PLANNED},
     {"decision.adopt.review_open"}},
    {"adopted after the review",
     "adopt",
     {VALID, .decided_on = TODAY},
     {FACTS, .review_status = REVIEW_CONCLUDED},
     {"decision.adopt.review_open", "review.frozen"}},
    {"adopted by one who was moved down",
     "adopt",
     {VALID, .decided_on = TODAY},
     {FACTS, .decided_by_role = ROLE_EMPLOYEE},
     {"decision.decided_by.decision_maker"}},
    {"adopted by one who left",
     "adopt",
     {VALID, .decided_on = TODAY},
     {FACTS, .decided_by_attends = false},
     {"decision.decided_by.decision_maker"}},
    {"adopted after its deadline",
     "adopt",
     {VALID, .decided_on = TODAY, .deadline = YESTERDAY},
     {FACTS},
     {"decision.deadline.in_past"}},
    {"adopted without action", "adopt", {NO_ACTION, .decided_on = TODAY}, {FACTS}, {NULL}},
    {"rejected", "reject", {VALID}, {FACTS}, {NULL}},
    {"rejected after the review", "reject", {VALID}, {FACTS, .review_status = REVIEW_APPROVED}, {"review.frozen"}},
    {"rejected once the review is cancelled", "reject", {VALID}, {FACTS, .review_status = REVIEW_CANCELLED}, {NULL}},
    {"withdrawn once the review is cancelled", "withdraw", {VALID}, {FACTS, .review_status = REVIEW_CANCELLED}, {NULL}},
    {"adopted once the review is cancelled",
     "adopt",
     {VALID, .decided_on = TODAY},
     {FACTS, .review_status = REVIEW_CANCELLED},
     {"decision.adopt.review_open", "review.frozen"}},
    {"withdrawn", "withdraw", {VALID}, {FACTS, .review_status = REVIEW_PLANNED}, {NULL}},
    {"withdrawn after the review", "withdraw", {VALID}, {FACTS, .review_status = REVIEW_CONCLUDED}, {"review.frozen"}},
    {"implemented, after the review",
     "implement",
     {VALID},
     {FACTS, .review_status = REVIEW_APPROVED, .closed_items = 1},
     {NULL}},
    {"implemented with one unfinished",
     "implement",
     {VALID},
     {FACTS, .closed_items = 1, .unfinished_items = unfinished, .unfinished_item_count = 1},
     {"decision.implement.action_items"}},
    {"implemented with none closed", "implement", {VALID}, {FACTS}, {"decision.implement.action_items"}},
    {"superseded, after the review",
     "supersede",
     {VALID, .superseded_by_id = OTHER_RECORD},
     {FACTS, .review_status = REVIEW_APPROVED},
     {NULL}},
    {"superseded by itself",
     "supersede",
     {VALID, .superseded_by_id = THIS_RECORD},
     {FACTS},
     {"decision.supersede.other"}},
    {"superseded by one that it superseded",
     "supersede",
     {VALID, .superseded_by_id = OTHER_RECORD},
     {FACTS, .supersedes_itself = true},
     {"decision.supersede.other"}},
};

START_TEST(taken_through_verbs)
{
    struct violations *violations = violations_new();
    decision_check(&verbs[_i].after, &proposed, verbs[_i].verb, &verbs[_i].facts, violations);
    expect_rules(verbs[_i].name, violations, verbs[_i].rules);
}
END_TEST

Suite *decision_suite(void)
{
    Suite *suite = suite_create("domain/decision");
    TCase *tcase = unit_case(suite, "decision");
    tcase_add_checked_fixture(tcase, domain_begin, domain_end);
    tcase_add_loop_test(tcase, created_and_changed, 0, ROWS(rows));
    tcase_add_test(tcase, each_foreign_input_is_pointed_at);
    tcase_add_loop_test(tcase, taken_through_verbs, 0, ROWS(verbs));
    return suite;
}
