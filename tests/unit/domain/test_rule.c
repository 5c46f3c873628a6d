/* src/domain/rule.c: the catalogue, and the violations of its rules. */
#include "domain.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>

/* Every rule that the contract names, with its status. */
static const struct {
    const char *name;
    int status;
} contract[] = {
    {"body.unknown_field", 422},
    {"body.read_only", 422},
    {"body.type", 422},
    {"body.enum", 422},
    {"body.format", 422},
    {"body.length", 422},
    {"body.range", 422},
    {"query.unknown", 400},
    {"query.repeated", 400},
    {"query.invalid", 400},
    {"transition.not_allowed", 409},
    {"idempotency.mismatch", 422},
    {"idempotency.in_flight", 409},
    {"access.role", 403},
    {"access.read_only_token", 403},
    {"reference.not_found", 422},
    {"reference.person.inactive", 422},
    {"person.email.format", 422},
    {"person.email.unique", 422},
    {"person.deactivate.open_commitments", 409},
    {"review.trigger.required", 422},
    {"review.trigger.unexpected", 422},
    {"review.period.order", 422},
    {"review.chair.top_management", 422},
    {"review.start.attendees", 422},
    {"review.held_on.in_future", 422},
    {"review.next_review.interval", 422},
    {"review.conclude.inputs", 422},
    {"review.conclude.top_management_present", 422},
    {"review.conclude.decision", 422},
    {"review.conclude.proposed_decisions", 422},
    {"review.conclude.action_items", 422},
    {"review.conclude.major_nonconformity", 422},
    {"review.conclude.carried_action_items", 422},
    {"review.approve.role", 403},
    {"review.approve.separation", 403},
    {"review.reopen.role", 403},
    {"review.frozen", 409},
    {"review.reason.required", 422},
    {"review.held_on.required", 422},
    {"review.chair_id.required", 422},
    {"attendee.unique", 422},
    {"attendee.chair.single", 422},
    {"attendee.withdraw.chair", 409},
    {"attendee.person_id.required", 422},
    {"attendee.reason.required", 422},
    {"input.considered.summary", 422},
    {"input.considered.conclusion", 422},
    {"input.nothing_to_report.summary", 422},
    {"input.considered.trend", 422},
    {"input.considered.source", 422},
    {"input.severity.clause", 422},
    {"input.withdraw.agenda", 409},
    {"input.reason.required", 422},
    {"decision.owner.required", 422},
    {"decision.deadline.required", 422},
    {"decision.deadline.in_past", 422},
    {"decision.deadline.horizon", 422},
    {"decision.success_criteria.required", 422},
    {"decision.no_action_reason.required", 422},
    {"decision.no_change.action", 422},
    {"decision.inputs.other_review", 422},
    {"decision.decided_by.decision_maker", 422},
    {"decision.adopt.review_open", 0},
    {"decision.isms_change.affects", 422},
    {"decision.implement.action_items", 409},
    {"decision.by.required", 422},
    {"decision.reason.required", 422},
    {"decision.decided_on.required", 422},
    {"action_item.owner.required", 422},
    {"action_item.deadline.required", 422},
    {"action_item.success_criteria.required", 422},
    {"action_item.deadline.in_past", 422},
    {"action_item.deadline.after_decision", 422},
    {"action_item.root_cause.required", 422},
    {"action_item.decision.adopted", 409},
    {"action_item.cancel.approver", 422},
    {"action_item.reason.required", 422},
    {"action_item.approved_by_id.required", 422},
    {"success_criteria.measurable", 422},
    {"success_criteria.count", 422},
    {"success_criteria.duplicate", 422},
    {"commitment.amendment_required", 422},
    {"amendment.nothing_changed", 422},
    {"amendment.approver.role", 422},
    {"amendment.approver.owner", 422},
    {"amendment.deadline.escalation", 422},
    {"amendment.not_open", 409},
    {"follow_up.outcome.kind", 422},
    {"follow_up.performed_on.in_future", 422},
    {"follow_up.performed_on.before_action", 422},
    {"follow_up.next.required", 422},
    {"follow_up.review.open", 409},
    {"follow_up.review.same", 422},
    {"follow_up.evidence.required", 422},
    {"follow_up.criteria.complete", 422},
    {"follow_up.criteria.measured", 422},
    {"follow_up.criteria.met_mismatch", 422},
    {"follow_up.effective.criteria_met", 422},
    {"follow_up.effectiveness.completed", 409},
    {"follow_up.effectiveness.separation", 403},
    {"follow_up.action_item.open", 409},
    {"follow_up.supersedes.same_item", 422},
    {"follow_up.criteria.duplicate", 422},
    {"success_criterion.statement.required", 422},
    {"metric.name.required", 422},
    {"metric.value.required", 422},
    {"source.system.required", 422},
    {"affected_item.kind.required", 422},
    {"affected_item.title.required", 422},
    {"criterion_result.criterion_id.required", 422},
    {"assessment.verdict.required", 422},
    {"assessment.rationale.required", 422},
};

START_TEST(what_the_contract_names_is_in_the_catalogue)
{
    const struct rule *rule = catalogue_find(contract[_i].name);
    ck_assert_msg(rule != NULL, "%s", contract[_i].name);
    if (contract[_i].status)
        ck_assert_msg(rule->status == contract[_i].status, "%s answers %d", rule->name, rule->status);
}
END_TEST

START_TEST(the_catalogue_is_sorted_and_each_name_is_there_once)
{
    ck_assert_uint_gt(catalogue_count(), 100);
    for (size_t i = 0; i < catalogue_count(); i++) {
        const struct rule *rule = catalogue_at(i);
        ck_assert_ptr_eq(catalogue_find(rule->name), rule);
        if (i)
            ck_assert_msg(strcmp(catalogue_at(i - 1)->name, rule->name) < 0, "%s", rule->name);
    }
    ck_assert_ptr_null(catalogue_find("review"));
    ck_assert_ptr_null(catalogue_find(""));
    size_t count = catalogue_count();
    catalogue_init(); /* again: nothing */
    ck_assert_uint_eq(catalogue_count(), count);
}
END_TEST

START_TEST(every_rule_says_what_it_wants)
{
    static const int statuses[] = {400, 403, 409, 422};
    for (size_t i = 0; i < catalogue_count(); i++) {
        const struct rule *rule = catalogue_at(i);
        size_t length = strlen(rule->statement);
        ck_assert_msg(length > 10 && isupper((unsigned char)rule->statement[0]) && rule->statement[length - 1] == '.',
                      "%s: '%s' is no sentence", rule->name, rule->statement);
        bool fitting = false;
        for (size_t s = 0; s < COUNT_OF(statuses); s++)
            fitting = fitting || rule->status == statuses[s];
        ck_assert_msg(fitting, "%s: status %d", rule->name, rule->status);
        ck_assert_msg(rule->resource && *rule->resource, "%s belongs to something", rule->name);
        ck_assert_msg(rule->source != RULE_STANDARD || rule->clause, "%s names its clause", rule->name);
        ck_assert_msg(strspn(rule->name, "abcdefghijklmnopqrstuvwxyz_.") == strlen(rule->name), "%s", rule->name);
        ck_assert_msg(strchr(rule->name, '.') != NULL, "%s", rule->name);
    }
}
END_TEST

/* The catalogue says truthfully that these are practice, not the text of 9.3. */
START_TEST(commitments_are_practice)
{
    static const char *const names[] = {
        "decision.owner.required",    "decision.deadline.required",    "decision.success_criteria.required",
        "action_item.owner.required", "action_item.deadline.required", "action_item.success_criteria.required"};
    const struct rule *rule = catalogue_find(names[_i]);
    ck_assert_int_eq(rule->source, RULE_PRACTICE);
    ck_assert_ptr_null(rule->clause);
}
END_TEST

/* --- violations ----------------------------------------------------------------------------------------------------
 */

START_TEST(a_violation_names_a_rule_of_the_catalogue)
{
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
    violation_add(violations_new(), "review.no_such_rule", NULL, "x");
}
END_TEST

START_TEST(required_is_not_said_of_what_is_wrong)
{
    struct violations *violations = violations_new();
    violation_add(violations, "body.type", "#/title", "wrong");
    violation_add(violations, "review.title.required", "#/title", "missing");
    violation_add(violations, "review.scope.required", "#/scope", "missing");
    violation_add(violations, "body.length", "#/title", "wrong in another way");
    expect_rules("title", violations, (const char *[]){"body.type", "review.scope.required", "body.length", NULL});
    ck_assert_uint_eq(violations->count, 3);
}
END_TEST

START_TEST(required_is_said_where_nothing_is_pointed_at)
{
    struct violations *violations = violations_new();
    violation_add(violations, "body.type", "#/title", "wrong");
    violation_add(violations, "review.title.required", NULL, "missing");
    expect_rules("title", violations, (const char *[]){"body.type", "review.title.required", NULL});
}
END_TEST

/* Where memory is out, the name of a rule may be cut short, which is no bug then. */
START_TEST(nothing_is_added_where_memory_is_out)
{
    struct violations *violations = violations_new();
    for (int i = 0; i < 200; i++)
        violation_add(violations, "body.type", NULL, "%d", i);
    violations->arena->failed = true;
    violation_add(violations, "review.no_such_rule", NULL, "x");
    violations->arena->failed = false;
    ck_assert_uint_eq(violations->count, 200);
    ck_assert_str_eq(violations->items[199].detail, "199");
}
END_TEST

START_TEST(the_catalogue_is_made_once)
{
    const struct rule *rule = catalogue_find("body.type");
    domain_init();
    ck_assert_ptr_eq(catalogue_find("body.type"), rule);
}
END_TEST

START_TEST(violations_have_their_parts)
{
    struct violations *violations = violations_new();
    violation_add(violations, "review.frozen", "#/title", "The %s is %d.", "answer", 42);
    violation_add_parameter(violations, "query.unknown", "colour", "'%s'", "colour");
    ck_assert_str_eq(violations->items[0].pointer, "#/title");
    ck_assert_ptr_null(violations->items[0].parameter);
    ck_assert_str_eq(violations->items[0].detail, "The answer is 42.");
    ck_assert_str_eq(violations->items[1].parameter, "colour");
    ck_assert_ptr_null(violations->items[1].pointer);
}
END_TEST

START_TEST(violations_are_limited)
{
    struct violations *violations = violations_new();
    for (int i = 0; i < 500; i++)
        violation_add(violations, "body.type", NULL, "%d", i);
    ck_assert_uint_eq(violations->count, 200);
    ck_assert_str_eq(violations->items[199].detail, "199");
}
END_TEST

START_TEST(what_makes_the_status_is_listed_however_many_there_are)
{
    struct violations *violations = violations_new();
    for (int i = 0; i < 300; i++)
        violation_add(violations, "body.type", NULL, "%d", i);
    violation_add_parameter(violations, "query.unknown", "colour", "x"); /* no better than what is there */
    ck_assert_str_eq(violations->items[199].detail, "199");
    static const char *const worse[] = {"review.frozen", "access.role"};
    for (size_t i = 0; i < COUNT_OF(worse); i++) {
        violation_add(violations, worse[i], NULL, "first");
        violation_add(violations, worse[i], NULL, "second");
        ck_assert_uint_eq(violations->count, 200);
        ck_assert_str_eq(violations->items[199].rule->name, worse[i]);
        ck_assert_str_eq(violations->items[199].detail, "first");
        ck_assert_int_eq(violations_status(violations), violations->items[199].rule->status);
    }
}
END_TEST

START_TEST(a_long_detail_is_cut_at_a_character)
{
    char text[1201];
    for (size_t i = 0; i < 1200; i += 3)
        memcpy(text + i, "\xE2\x82\xAC", 3);
    text[1200] = '\0';
    struct violations *violations = violations_new();
    violation_add(violations, "body.type", NULL, "%s", text);
    violation_add(violations, "body.type", NULL, "a%s", text);
    for (size_t i = 0; i < 2; i++) {
        const char *detail = violations->items[i].detail;
        ck_assert(text_is_utf8(detail, strlen(detail)));
        ck_assert_uint_gt(strlen(detail), 990);
    }
}
END_TEST

/* The first of 403, 409, 422, 400. */
static const struct {
    const char *rules[4];
    int status;
} meetings[] = {
    {{NULL}, 0},
    {{"query.unknown"}, 400},
    {{"body.type"}, 422},
    {{"review.frozen"}, 409},
    {{"access.role"}, 403},
    {{"query.unknown", "body.type"}, 422},
    {{"body.type", "review.frozen"}, 409},
    {{"body.type", "review.frozen", "access.role"}, 403},
    {{"access.role", "body.type"}, 403},
};

START_TEST(violations_come_to_one_status)
{
    struct violations *violations = violations_new();
    for (size_t i = 0; i < 4 && meetings[_i].rules[i]; i++)
        violation_add(violations, meetings[_i].rules[i], NULL, "x");
    ck_assert_int_eq(violations_status(violations), meetings[_i].status);
}
END_TEST

Suite *rule_suite(void)
{
    Suite *suite = suite_create("domain/rule");
    TCase *catalogue = unit_case(suite, "catalogue");
    tcase_add_checked_fixture(catalogue, domain_begin, domain_end);
    tcase_add_loop_test(catalogue, what_the_contract_names_is_in_the_catalogue, 0, ROWS(contract));
    tcase_add_test(catalogue, the_catalogue_is_sorted_and_each_name_is_there_once);
    tcase_add_test(catalogue, the_catalogue_is_made_once);
    tcase_add_test(catalogue, every_rule_says_what_it_wants);
    tcase_add_loop_test(catalogue, commitments_are_practice, 0, 6);
    TCase *violations = unit_case(suite, "violations");
    tcase_add_checked_fixture(violations, domain_begin, domain_end);
    tcase_add_test_raise_signal(violations, a_violation_names_a_rule_of_the_catalogue, SIGABRT);
    tcase_add_test(violations, required_is_not_said_of_what_is_wrong);
    tcase_add_test(violations, required_is_said_where_nothing_is_pointed_at);
    tcase_add_test(violations, nothing_is_added_where_memory_is_out);
    tcase_add_test(violations, violations_have_their_parts);
    tcase_add_test(violations, violations_are_limited);
    tcase_add_test(violations, what_makes_the_status_is_listed_however_many_there_are);
    tcase_add_test(violations, a_long_detail_is_cut_at_a_character);
    tcase_add_loop_test(violations, violations_come_to_one_status, 0, ROWS(meetings));
    return suite;
}
