/* src/domain/input.c */
#include "domain.h"

#include "reviewd/input.h"
#include "reviewd/review.h"

enum { TREND_STABLE = 2 };

#define VALID                                                                                                          \
    .review_id = THIS_REVIEW, .clause = CLAUSE_B, .title = "New supplier", .state = INPUT_PENDING,                     \
    .agenda = TRUTH_FALSE, .withdrawn = TRUTH_FALSE
#define CONSIDERED                                                                                                     \
    VALID, .state = INPUT_CONSIDERED, .summary = "One supplier is new.", .conclusion = "The register was updated."
#define PERFORMANCE CONSIDERED, .trend = TREND_STABLE, .source = OBJECT_TEXT
#define FACTS .review_status = REVIEW_IN_PROGRESS

static const struct {
    const char *name;
    struct input after;
    const char *verb;
    struct input_facts facts;
    const char *rules[RULES_MAX];
} rows[] = {
    {"pending", {VALID}, .facts = {FACTS}},
    {"prepared", {VALID, .state = INPUT_PREPARED}, .facts = {FACTS}},
    {"without a clause", {VALID, .clause = 0}, .facts = {FACTS}, .rules = {"input.clause.required"}},
    {"without a title", {VALID, .title = NULL}, .facts = {FACTS}, .rules = {"input.title.required"}},
    {"considered", {CONSIDERED}, .facts = {FACTS}},
    {"considered without a summary",
     {CONSIDERED, .summary = NULL},
     .facts = {FACTS},
     .rules = {"input.considered.summary"}},
    {"considered with a blank summary",
     {CONSIDERED, .summary = " \xC2\xA0"},
     .facts = {FACTS},
     .rules = {"input.considered.summary"}},
    {"considered without a conclusion",
     {CONSIDERED, .conclusion = NULL},
     .facts = {FACTS},
     .rules = {"input.considered.conclusion"}},
    {"considered with a blank conclusion",
     {CONSIDERED, .conclusion = ""},
     .facts = {FACTS},
     .rules = {"input.considered.conclusion"}},
    {"c needs no trend", {CONSIDERED, .clause = CLAUSE_C}, .facts = {FACTS}},
    {"d1 needs trend and source",
     {CONSIDERED, .clause = CLAUSE_D1},
     .facts = {FACTS},
     .rules = {"input.considered.trend", "input.considered.source"}},
    {"d2 needs its trend",
     {PERFORMANCE, .clause = CLAUSE_D2, .trend = 0},
     .facts = {FACTS},
     .rules = {"input.considered.trend"}},
    {"d3 needs its source",
     {PERFORMANCE, .clause = CLAUSE_D3, .source = {0}},
     .facts = {FACTS},
     .rules = {"input.considered.source"}},
    {"d4 needs trend and source",
     {CONSIDERED, .clause = CLAUSE_D4},
     .facts = {FACTS},
     .rules = {"input.considered.trend", "input.considered.source"}},
    {"d1 with both", {PERFORMANCE, .clause = CLAUSE_D1}, .facts = {FACTS}},
    {"d4 with both", {PERFORMANCE, .clause = CLAUSE_D4}, .facts = {FACTS}},
    {"e needs no trend", {CONSIDERED, .clause = CLAUSE_E}, .facts = {FACTS}},
    {"d1 prepared without either", {VALID, .clause = CLAUSE_D1, .state = INPUT_PREPARED}, .facts = {FACTS}},
    {"nothing to report, in ten characters",
     {VALID, .state = INPUT_NOTHING_TO_REPORT, .summary = TEN_CHARACTERS},
     .facts = {FACTS}},
    {"nothing to report, in nine",
     {VALID, .state = INPUT_NOTHING_TO_REPORT, .summary = NINE_CHARACTERS},
     .facts = {FACTS},
     .rules = {"input.nothing_to_report.summary"}},
    {"nothing to report, in eight and spaces",
     {VALID, .state = INPUT_NOTHING_TO_REPORT, .summary = TEN_WITH_SPACES},
     .facts = {FACTS},
     .rules = {"input.nothing_to_report.summary"}},
    {"nothing to report, in nothing",
     {VALID, .state = INPUT_NOTHING_TO_REPORT},
     .facts = {FACTS},
     .rules = {"input.nothing_to_report.summary"}},
    {"severity of d1", {VALID, .clause = CLAUSE_D1, .severity = SEVERITY_MAJOR}, .facts = {FACTS}},
    {"severity of d3", {VALID, .clause = CLAUSE_D3, .severity = SEVERITY_MINOR}, .facts = {FACTS}},
    {"severity of d2",
     {VALID, .clause = CLAUSE_D2, .severity = SEVERITY_MINOR},
     .facts = {FACTS},
     .rules = {"input.severity.clause"}},
    {"severity of d4",
     {VALID, .clause = CLAUSE_D4, .severity = SEVERITY_MAJOR},
     .facts = {FACTS},
     .rules = {"input.severity.clause"}},
    {"severity of a",
     {VALID, .clause = CLAUSE_A, .severity = SEVERITY_MAJOR},
     .facts = {FACTS},
     .rules = {"input.severity.clause"}},
    {"severity of no clause",
     {VALID, .clause = 0, .severity = SEVERITY_MAJOR},
     .facts = {FACTS},
     .rules = {"input.clause.required"}},
    {"of a planned review", {VALID}, .facts = {.review_status = REVIEW_PLANNED}},
    {"of a concluded review", {VALID}, .facts = {.review_status = REVIEW_CONCLUDED}, .rules = {"review.frozen"}},
    {"of a cancelled review", {VALID}, .facts = {.review_status = REVIEW_CANCELLED}, .rules = {"review.frozen"}},
    {"withdrawn", {VALID}, .verb = "withdraw", .facts = {FACTS}},
    {"one of the ten withdrawn",
     {VALID, .agenda = TRUTH_TRUE},
     .verb = "withdraw",
     .facts = {FACTS},
     .rules = {"input.withdraw.agenda"}},
    {"changed when withdrawn", {VALID, .withdrawn = TRUTH_TRUE}, .facts = {FACTS}, .rules = {"input.withdrawn"}},
    {"withdrawn once approved",
     {VALID},
     .verb = "withdraw",
     .facts = {.review_status = REVIEW_APPROVED},
     .rules = {"review.frozen"}},
};

START_TEST(inputs)
{
    struct violations *violations = violations_new();
    input_check(&rows[_i].after, rows[_i].verb, &rows[_i].facts, violations);
    expect_rules(rows[_i].name, violations, rows[_i].rules);
}
END_TEST

static const struct {
    struct metric metric;
    enum truth on_target;
} metrics[] = {
    {{.value = {true, 95}, .target = {true, 95}, .comparator = COMPARATOR_GTE}, TRUTH_TRUE},
    {{.value = {true, 94.9}, .target = {true, 95}, .comparator = COMPARATOR_GTE}, TRUTH_FALSE},
    {{.value = {true, 0}, .target = {true, 0}, .comparator = COMPARATOR_EQ}, TRUTH_TRUE},
    {{.value = {true, 95}, .target = {true, 95}}, TRUTH_UNKNOWN},
    {{.value = {true, 95}, .comparator = COMPARATOR_GTE}, TRUTH_UNKNOWN},
    {{.target = {true, 95}, .comparator = COMPARATOR_LT}, TRUTH_UNKNOWN},
    {{.value = {true, 95}, .on_target = TRUTH_TRUE}, TRUTH_UNKNOWN}, /* what was known is worked out anew */
};

START_TEST(a_metric_is_on_its_target_or_not)
{
    struct metric metric = metrics[_i].metric;
    metric_derive(&metric);
    ck_assert_int_eq(metric.on_target, metrics[_i].on_target);
}
END_TEST

Suite *input_suite(void)
{
    Suite *suite = suite_create("domain/input");
    TCase *tcase = unit_case(suite, "input");
    tcase_add_checked_fixture(tcase, domain_begin, domain_end);
    tcase_add_loop_test(tcase, inputs, 0, ROWS(rows));
    tcase_add_loop_test(tcase, a_metric_is_on_its_target_or_not, 0, ROWS(metrics));
    return suite;
}
