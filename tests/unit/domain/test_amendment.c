/* src/domain/amendment.c */
#include "domain.h"

#include "reviewd/amendment.h"

#define CRITERIA LIST_OF(struct criterion, CRITERION_MEASURED)
#define OTHER_CRITERIA                                                                                                 \
    {                                                                                                                  \
        .json = "[{},{}]", .length = 7, .items = (struct criterion[]){CRITERION_MEASURED, CRITERION_VERIFIED},         \
        .count = 2                                                                                                     \
    }
#define VALID .action_item_id = THIS_RECORD, .reason = TEN_CHARACTERS, .approved_by_id = ANA, .deadline = {"2027-04-30"}
#define NO_DEADLINE VALID, .deadline = {""}
#define FACTS                                                                                                          \
    .target = &action_item_resource, .commitment = {BORIS, {"2027-03-31"}, CRITERIA},                                  \
    .approver_role = ROLE_ISMS_MANAGER, .horizon_months = 24,                                                          \
    .action_item = {.today = TODAY, .decision_deadline = {"2027-06-30"}}
#define DECISION FACTS, .target = &decision_resource

static const struct {
    const char *name;
    struct amendment amendment;
    struct amendment_facts facts;
    const char *rules[RULES_MAX];
} rows[] = {
    {"a later deadline", {VALID}, {FACTS}, {NULL}},
    {"without a reason", {VALID, .reason = NULL}, {FACTS}, {"amendment.reason.required"}},
    {"without an approver",
     {VALID, .approved_by_id = {""}},
     {FACTS, .approver_role = 0},
     {"amendment.approved_by_id.required"}},
    {"of one that is closed", {VALID}, {FACTS, .target_state = "closed"}, {"amendment.not_open"}},
    {"of nothing", {NO_DEADLINE}, {FACTS}, {"amendment.nothing_changed"}},
    {"of the same deadline", {VALID, .deadline = {"2027-03-31"}}, {FACTS}, {"amendment.nothing_changed"}},
    {"of the same owner", {NO_DEADLINE, .owner_id = BORIS}, {FACTS}, {"amendment.nothing_changed"}},
    {"of the same criteria", {NO_DEADLINE, .success_criteria = CRITERIA}, {FACTS}, {"amendment.nothing_changed"}},
    {"of the owner", {NO_DEADLINE, .owner_id = CVITA}, {FACTS}, {NULL}},
    {"of the criteria", {NO_DEADLINE, .success_criteria = OTHER_CRITERIA}, {FACTS}, {NULL}},
    {"of criteria where there were none",
     {NO_DEADLINE, .success_criteria = CRITERIA},
     {FACTS, .commitment = {BORIS, {""}, {0}}},
     {NULL}},
    {"the same owner and another deadline", {VALID, .owner_id = BORIS}, {FACTS}, {NULL}},
    {"approved by top management", {VALID}, {FACTS, .approver_role = ROLE_TOP_MANAGEMENT}, {NULL}},
    {"approved by a department head", {VALID}, {FACTS, .approver_role = ROLE_DEPARTMENT_HEAD}, {NULL}},
    {"approved by an employee", {VALID}, {FACTS, .approver_role = ROLE_EMPLOYEE}, {"amendment.approver.role"}},
    {"approved by nobody who has a role", {VALID}, {FACTS, .approver_role = 0}, {"amendment.approver.role"}},
    {"approved by an auditor", {VALID}, {FACTS, .approver_role = ROLE_AUDITOR}, {"amendment.approver.role"}},
    {"approved by the old owner", {VALID, .approved_by_id = BORIS}, {FACTS}, {"amendment.approver.owner"}},
    {"approved by the new owner", {VALID, .owner_id = ANA}, {FACTS}, {"amendment.approver.owner"}},
    {"the second extension", {VALID}, {FACTS, .extension_count = 1}, {NULL}},
    {"the third extension", {VALID}, {FACTS, .extension_count = 2}, {"amendment.deadline.escalation"}},
    {"the third, by top management",
     {VALID},
     {FACTS, .extension_count = 2, .approver_role = ROLE_TOP_MANAGEMENT},
     {NULL}},
    {"an earlier deadline after two extensions",
     {VALID, .deadline = {"2027-03-30"}},
     {FACTS, .extension_count = 2},
     {NULL}},
    {"an owner after two extensions", {NO_DEADLINE, .owner_id = CVITA}, {FACTS, .extension_count = 2}, {NULL}},
    {"a deadline today", {VALID, .deadline = TODAY}, {FACTS}, {NULL}},
    {"a deadline in the past", {VALID, .deadline = YESTERDAY}, {FACTS}, {"action_item.deadline.in_past"}},
    {"a deadline with the decision's", {VALID, .deadline = {"2027-06-30"}}, {FACTS}, {NULL}},
    {"a deadline after the decision's",
     {VALID, .deadline = {"2027-07-01"}},
     {FACTS},
     {"action_item.deadline.after_decision"}},
    {"a decision's deadline in the past", {VALID, .deadline = YESTERDAY}, {DECISION}, {"decision.deadline.in_past"}},
    {"a decision's deadline at the horizon", {VALID, .deadline = {"2028-11-21"}}, {DECISION}, {NULL}},
    {"a decision's deadline beyond it", {VALID, .deadline = {"2028-11-22"}}, {DECISION}, {"decision.deadline.horizon"}},
    {"criteria that nobody can verify",
     {NO_DEADLINE,
      .success_criteria = {.json = "[1]", .length = 3, .items = (struct criterion[]){{.statement = "x"}}, .count = 1}},
     {FACTS},
     {"success_criteria.measurable"}},
    {"no criteria at all",
     {NO_DEADLINE, .success_criteria = {.json = "[]", .length = 2}},
     {FACTS},
     {"success_criteria.count"}},
    {"all at once",
     {.approved_by_id = BORIS, .deadline = YESTERDAY},
     {FACTS, .target_state = "cancelled", .approver_role = ROLE_EMPLOYEE},
     {"amendment.reason.required", "amendment.not_open", "amendment.approver.role", "amendment.approver.owner",
      "action_item.deadline.in_past"}},
};

START_TEST(amendments)
{
    struct violations *violations = violations_new();
    amendment_check(&rows[_i].amendment, &rows[_i].facts, violations);
    expect_rules(rows[_i].name, violations, rows[_i].rules);
}
END_TEST

START_TEST(a_reason_has_ten_characters)
{
    ck_assert_uint_eq(resource_field_named(&amendment_resource, "reason")->min, 10);
}
END_TEST

Suite *amendment_suite(void)
{
    Suite *suite = suite_create("domain/amendment");
    TCase *tcase = unit_case(suite, "amendment");
    tcase_add_checked_fixture(tcase, domain_begin, domain_end);
    tcase_add_loop_test(tcase, amendments, 0, ROWS(rows));
    tcase_add_test(tcase, a_reason_has_ten_characters);
    return suite;
}
