/* src/domain/action_item.c */
#include "domain.h"

#include "reviewd/action_item.h"
#include "reviewd/decision.h"

#define CRITERIA LIST_OF(struct criterion, CRITERION_MEASURED)
#define VALID                                                                                                          \
    .record = {.id = THIS_RECORD, .reference = "ACT-2026-0001"}, .review_id = THIS_REVIEW,                             \
    .decision_id = OTHER_RECORD, .kind = ACTION_IMPROVEMENT, .title = "Extend the window", .owner_id = BORIS,          \
    .deadline = {"2027-03-31"}, .success_criteria = CRITERIA, .status = ACTION_OPEN
#define FACTS .today = TODAY, .decision_status = DECISION_ADOPTED, .decision_deadline = {"2027-06-30"}

static const struct action_item open_item = {VALID};
static const struct action_item corrective = {VALID, .kind = ACTION_CORRECTIVE,
                                              .root_cause = "The window was sized for less."};
static const struct action_item closed = {VALID, .status = ACTION_CLOSED};
static const struct action_item cancelled = {VALID, .status = ACTION_CANCELLED};
static const struct action_item completed = {VALID, .status = ACTION_COMPLETED};

static const struct {
    const char *name;
    struct action_item after;
    const struct action_item *before;
    struct action_item_facts facts;
    const char *rules[RULES_MAX];
} rows[] = {
    {"an action item", {VALID}, .facts = {FACTS}},
    {"without a kind", {VALID, .kind = 0}, .facts = {FACTS}, .rules = {"action_item.kind.required"}},
    {"without a title", {VALID, .title = NULL}, .facts = {FACTS}, .rules = {"action_item.title.required"}},
    {"without an owner", {VALID, .owner_id = {""}}, .facts = {FACTS}, .rules = {"action_item.owner.required"}},
    {"without a deadline", {VALID, .deadline = {""}}, .facts = {FACTS}, .rules = {"action_item.deadline.required"}},
    {"without criteria",
     {VALID, .success_criteria = {0}},
     .facts = {FACTS},
     .rules = {"action_item.success_criteria.required"}},
    {"with an empty list of criteria",
     {VALID, .success_criteria = {.json = "[]", .length = 2}},
     .facts = {FACTS},
     .rules = {"success_criteria.count"}},
    {"due today", {VALID, .deadline = TODAY}, .facts = {FACTS}},
    {"due yesterday", {VALID, .deadline = YESTERDAY}, .facts = {FACTS}, .rules = {"action_item.deadline.in_past"}},
    {"due with its decision", {VALID, .deadline = {"2027-06-30"}}, .facts = {FACTS}},
    {"due after its decision",
     {VALID, .deadline = {"2027-07-01"}},
     .facts = {FACTS},
     .rules = {"action_item.deadline.after_decision"}},
    {"of a decision without a deadline",
     {VALID, .deadline = {"2099-01-01"}},
     .facts = {FACTS, .decision_deadline = {""}}},
    {"corrective", {VALID, .kind = ACTION_CORRECTIVE, .root_cause = "x"}, .facts = {FACTS}},
    {"corrective without a root cause",
     {VALID, .kind = ACTION_CORRECTIVE},
     .facts = {FACTS},
     .rules = {"action_item.root_cause.required"}},
    {"corrective with a blank root cause",
     {VALID, .kind = ACTION_CORRECTIVE, .root_cause = " "},
     .facts = {FACTS},
     .rules = {"action_item.root_cause.required"}},
    {"a correction needs none", {VALID, .kind = ACTION_CORRECTION}, .facts = {FACTS}},
    {"of a proposed decision", {VALID}, .facts = {FACTS, .decision_status = DECISION_PROPOSED}},
    {"of an implemented decision", {VALID}, .facts = {FACTS, .decision_status = DECISION_IMPLEMENTED}},
    {"of a rejected decision",
     {VALID},
     .facts = {FACTS, .decision_status = DECISION_REJECTED},
     .rules = {"action_item.decision.adopted"}},
    {"of a withdrawn decision",
     {VALID},
     .facts = {FACTS, .decision_status = DECISION_WITHDRAWN},
     .rules = {"action_item.decision.adopted"}},
    {"of a superseded decision",
     {VALID},
     .facts = {FACTS, .decision_status = DECISION_SUPERSEDED},
     .rules = {"action_item.decision.adopted"}},

    {"title changed", {VALID, .title = "Other"}, .before = &open_item, .facts = {FACTS}},
    {"changed after its deadline",
     {VALID, .deadline = YESTERDAY, .title = "Other"},
     .before = &(struct action_item){VALID, .deadline = YESTERDAY},
     .facts = {FACTS}},
    {"changed, of a superseded decision",
     {VALID, .title = "Other"},
     .before = &open_item,
     .facts = {FACTS, .decision_status = DECISION_SUPERSEDED}},
    {"owner changed",
     {VALID, .owner_id = CVITA},
     .before = &open_item,
     .facts = {FACTS},
     .rules = {"commitment.amendment_required"}},
    {"deadline changed",
     {VALID, .deadline = TOMORROW},
     .before = &open_item,
     .facts = {FACTS},
     .rules = {"commitment.amendment_required"}},
    {"deadline changed to what it may not be",
     {VALID, .deadline = YESTERDAY},
     .before = &open_item,
     .facts = {FACTS},
     .rules = {"commitment.amendment_required", "action_item.deadline.in_past"}},
    {"criteria changed",
     {VALID, .success_criteria = {.json = "[x]", .length = 3, .count = 0}},
     .before = &open_item,
     .facts = {FACTS},
     .rules = {"commitment.amendment_required", "success_criteria.count"}},
    {"owner taken away",
     {VALID, .owner_id = {""}},
     .before = &open_item,
     .facts = {FACTS},
     .rules = {"commitment.amendment_required", "action_item.owner.required"}},
    {"made to follow another", {VALID, .predecessor_id = OTHER_RECORD}, .before = &open_item, .facts = {FACTS}},
    {"made to follow itself",
     {VALID, .predecessor_id = THIS_RECORD},
     .before = &open_item,
     .facts = {FACTS},
     .rules = {"action_item.predecessor.self"}},
    {"made to follow one that follows it",
     {VALID, .predecessor_id = OTHER_RECORD},
     .before = &open_item,
     .facts = {FACTS, .follows_itself = true},
     .rules = {"action_item.predecessor.self"}},
    {"root cause taken away",
     {VALID, .kind = ACTION_CORRECTIVE},
     .before = &corrective,
     .facts = {FACTS},
     .rules = {"action_item.root_cause.required"}},
    {"changed once completed", {VALID, .title = "Other"}, .before = &completed, .facts = {FACTS}},
    {"changed once closed",
     {VALID, .title = "Other"},
     .before = &closed,
     .facts = {FACTS},
     .rules = {"action_item.ended"}},
    {"changed once cancelled",
     {VALID, .title = "Other"},
     .before = &cancelled,
     .facts = {FACTS},
     .rules = {"action_item.ended"}},
};

START_TEST(created_and_changed)
{
    struct violations *violations = violations_new();
    action_item_check(&rows[_i].after, rows[_i].before, NULL, &rows[_i].facts, violations);
    expect_rules(rows[_i].name, violations, rows[_i].rules);
}
END_TEST

static const struct {
    const char *name;
    const char *verb;
    struct action_item after;
    unsigned approver_role;
    const char *rules[RULES_MAX];
} verbs[] = {
    {"started", "start", {VALID}, 0, {NULL}},
    {"blocked", "block", {VALID}, 0, {NULL}},
    {"cancelled", "cancel", {VALID, .cancel_approved_by_id = ANA}, ROLE_TOP_MANAGEMENT, {NULL}},
    {"cancelled by its owner",
     "cancel",
     {VALID, .cancel_approved_by_id = BORIS},
     ROLE_TOP_MANAGEMENT,
     {"action_item.cancel.approver"}},
    {"cancelled by an ISMS manager",
     "cancel",
     {VALID, .cancel_approved_by_id = ANA},
     ROLE_ISMS_MANAGER,
     {"action_item.cancel.approver"}},
    {"cancelled by nobody: said by the argument", "cancel", {VALID}, 0, {NULL}},
};

START_TEST(taken_through_verbs)
{
    const struct action_item_facts facts = {FACTS, .approver_role = verbs[_i].approver_role};
    struct violations *violations = violations_new();
    action_item_check(&verbs[_i].after, &open_item, verbs[_i].verb, &facts, violations);
    expect_rules(verbs[_i].name, violations, verbs[_i].rules);
}
END_TEST

static const struct {
    unsigned status;
    const char *deadline;
    int days;
} overdue[] = {
    {ACTION_OPEN, "2026-11-20", 1},        {ACTION_OPEN, "2026-11-21", 0},      {ACTION_OPEN, "2026-11-22", 0},
    {ACTION_IN_PROGRESS, "2026-11-20", 1}, {ACTION_BLOCKED, "2025-11-21", 365}, {ACTION_COMPLETED, "2026-11-20", 0},
    {ACTION_CLOSED, "2026-11-20", 0},      {ACTION_CANCELLED, "2026-11-20", 0}, {ACTION_OPEN, "2024-02-29", 631 + 365},
};

START_TEST(overdue_is_worked_out)
{
    const struct date today = TODAY;
    struct action_item item = {VALID, .status = overdue[_i].status};
    memcpy(item.deadline.text, overdue[_i].deadline, sizeof item.deadline.text);
    action_item_resource.derive(&item, &today);
    ck_assert_int_eq(item.overdue, overdue[_i].days ? TRUTH_TRUE : TRUTH_FALSE);
    ck_assert(item.days_overdue.known);
    ck_assert_int_eq(item.days_overdue.value, overdue[_i].days);
}
END_TEST

START_TEST(closed_and_cancelled_are_the_end)
{
    for (unsigned status = ACTION_OPEN; status <= ACTION_CANCELLED; status++)
        ck_assert_int_eq(action_item_is_ended(status), status == ACTION_CLOSED || status == ACTION_CANCELLED);
}
END_TEST

Suite *action_item_suite(void)
{
    Suite *suite = suite_create("domain/action_item");
    TCase *tcase = unit_case(suite, "action item");
    tcase_add_checked_fixture(tcase, domain_begin, domain_end);
    tcase_add_loop_test(tcase, created_and_changed, 0, ROWS(rows));
    tcase_add_loop_test(tcase, taken_through_verbs, 0, ROWS(verbs));
    tcase_add_loop_test(tcase, overdue_is_worked_out, 0, ROWS(overdue));
    tcase_add_test(tcase, closed_and_cancelled_are_the_end);
    return suite;
}
