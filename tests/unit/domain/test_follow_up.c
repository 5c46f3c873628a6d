/* src/domain/follow_up.c */
#include "domain.h"

#include "reviewd/follow_up.h"
#include "reviewd/review.h"

#define MET                                                                                                            \
    {                                                                                                                  \
        .criterion_id = "c1", .measured_value = {true, 96}, .met = TRUTH_TRUE                                          \
    }
#define VERIFIED                                                                                                       \
    {                                                                                                                  \
        .criterion_id = "c2", .met = TRUTH_TRUE, .evidence = TEN_CHARACTERS                                            \
    }
#define RESULTS(...) .criteria_results = LIST_OF(struct criterion_result, __VA_ARGS__)
#define VALID                                                                                                          \
    .action_item_id = THIS_RECORD, .kind = FOLLOW_UP_PROGRESS, .performed_by_id = CVITA, .performed_on = TODAY,        \
    .note = "Agreed with operations.", .outcome = OUTCOME_ON_TRACK, .next_follow_up_on = {"2027-01-15"}
#define COMPLETION VALID, .kind = FOLLOW_UP_COMPLETION, .outcome = OUTCOME_COMPLETED
#define EFFECTIVE                                                                                                      \
    VALID, .kind = FOLLOW_UP_EFFECTIVENESS, .outcome = OUTCOME_EFFECTIVE, .next_follow_up_on = {""},                   \
           RESULTS(MET, VERIFIED)
#define IN_REVIEW VALID, .review_id = LATER_REVIEW

#define ITEM                                                                                                           \
    .record = {.id = THIS_RECORD, .created_at = {"2026-11-10T23:59:59.999Z"}}, .review_id = THIS_REVIEW,               \
    .owner_id = BORIS, .status = ACTION_IN_PROGRESS,                                                                   \
    .success_criteria = LIST_OF(struct criterion, CRITERION_MEASURED, CRITERION_VERIFIED)

static const struct action_item item = {ITEM};
static const struct action_item completed = {ITEM, .status = ACTION_COMPLETED};
static const struct action_item closed = {ITEM, .status = ACTION_CLOSED};
static const struct action_item cancelled = {ITEM, .status = ACTION_CANCELLED};

static const struct {
    const char *name;
    struct follow_up follow_up;
    const struct action_item *item; /* in progress where it is left out */
    unsigned review_status;
    bool review_carries;
    bool supersedes_other;
    const char *rules[RULES_MAX];
} rows[] = {
    {"of progress", {VALID}},
    {"without a kind", {VALID, .kind = 0}, .rules = {"follow_up.kind.required"}},
    {"without who looked", {VALID, .performed_by_id = {""}}, .rules = {"follow_up.performed_by_id.required"}},
    {"without a day", {VALID, .performed_on = {""}}, .rules = {"follow_up.performed_on.required"}},
    {"without a note", {VALID, .note = NULL}, .rules = {"follow_up.note.required"}},
    {"without an outcome", {VALID, .outcome = 0}, .rules = {"follow_up.outcome.required"}},
    {"performed tomorrow", {VALID, .performed_on = TOMORROW}, .rules = {"follow_up.performed_on.in_future"}},
    {"performed on the day it was made", {VALID, .performed_on = {"2026-11-10"}}},
    {"performed the day before",
     {VALID, .performed_on = {"2026-11-09"}},
     .rules = {"follow_up.performed_on.before_action"}},
    {"to be looked at again today", {VALID, .next_follow_up_on = TODAY}},
    {"to have been looked at again", {VALID, .next_follow_up_on = YESTERDAY}, .rules = {"follow_up.next.required"}},
    {"never to be looked at again", {VALID, .next_follow_up_on = {""}}, .rules = {"follow_up.next.required"}},
    {"completed and never looked at again",
     {COMPLETION, .next_follow_up_on = {""}},
     .rules = {"follow_up.next.required"}},
    {"effective, and that is it", {EFFECTIVE}, .item = &completed},
    {"effective, and looked at again", {EFFECTIVE, .next_follow_up_on = TOMORROW}, .item = &completed},
    {"effective, looked at again in the past",
     {EFFECTIVE, .next_follow_up_on = YESTERDAY},
     .item = &completed,
     .rules = {"follow_up.next.required"}},
    {"not effective, and never looked at again",
     {EFFECTIVE, .outcome = OUTCOME_NOT_EFFECTIVE},
     .item = &completed,
     .rules = {"follow_up.next.required"}},

    {"in a later review", {IN_REVIEW}, .review_status = REVIEW_IN_PROGRESS},
    {"in a planned review", {IN_REVIEW}, .review_status = REVIEW_PLANNED, .rules = {"follow_up.review.open"}},
    {"in a concluded review", {IN_REVIEW}, .review_status = REVIEW_CONCLUDED, .rules = {"follow_up.review.open"}},
    {"in the review that made it",
     {VALID, .review_id = THIS_REVIEW},
     .review_status = REVIEW_IN_PROGRESS,
     .rules = {"follow_up.review.same"}},
    {"of a closed item", {VALID}, .item = &closed, .rules = {"follow_up.action_item.open"}},
    {"of a cancelled item", {VALID}, .item = &cancelled, .rules = {"follow_up.action_item.open"}},
    {"of a cancelled item, in a review that carries it",
     {IN_REVIEW},
     .item = &cancelled,
     .review_status = REVIEW_IN_PROGRESS,
     .review_carries = true},
    {"of a cancelled item, in another review",
     {IN_REVIEW},
     .item = &cancelled,
     .review_status = REVIEW_IN_PROGRESS,
     .rules = {"follow_up.action_item.open"}},
    {"superseding another item's",
     {VALID, .supersedes_id = OTHER_RECORD},
     .supersedes_other = true,
     .rules = {"follow_up.supersedes.same_item"}},
    {"superseding its own", {VALID, .supersedes_id = OTHER_RECORD}},

    {"a result of no criterion",
     {VALID, RESULTS({.criterion_id = "c9", .met = TRUTH_TRUE})},
     .rules = {"reference.not_found"}},
    {"a result without a kind",
     {VALID, .kind = 0, RESULTS({.criterion_id = "c2", .met = TRUTH_TRUE})},
     .rules = {"follow_up.kind.required"}},
    {"a result of none beside one", {VALID, RESULTS({.met = TRUTH_TRUE, .evidence = TEN_CHARACTERS}, MET)}},
    {"effective, with a result of none",
     {EFFECTIVE, RESULTS({.met = TRUTH_TRUE, .evidence = TEN_CHARACTERS}, MET, VERIFIED)},
     .item = &completed},
    {"effective, by nobody",
     {EFFECTIVE, .performed_by_id = {""}},
     .item = &completed,
     .rules = {"follow_up.performed_by_id.required"}},
    {"two results of one", {VALID, RESULTS(MET, MET)}, .rules = {"follow_up.criteria.duplicate"}},
    {"a measured one without a value",
     {VALID, RESULTS({.criterion_id = "c1", .met = TRUTH_TRUE})},
     .rules = {"follow_up.criteria.measured"}},
    {"a value that says otherwise, below",
     {VALID, RESULTS({.criterion_id = "c1", .measured_value = {true, 94.99}, .met = TRUTH_TRUE})},
     .rules = {"follow_up.criteria.met_mismatch"}},
    {"a value that says otherwise, at the target",
     {VALID, RESULTS({.criterion_id = "c1", .measured_value = {true, 95}, .met = TRUTH_FALSE})},
     .rules = {"follow_up.criteria.met_mismatch"}},
    {"a value that agrees, below",
     {VALID, RESULTS({.criterion_id = "c1", .measured_value = {true, 94.99}, .met = TRUTH_FALSE})}},
    {"a value that agrees, at the target",
     {VALID, RESULTS({.criterion_id = "c1", .measured_value = {true, 95}, .met = TRUTH_TRUE})}},
    {"progress needs no evidence", {VALID, RESULTS({.criterion_id = "c2", .met = TRUTH_FALSE})}},
    {"completion without results", {COMPLETION}},
    {"completion with evidence", {COMPLETION, RESULTS(VERIFIED)}},
    {"completion with evidence in nine characters",
     {COMPLETION, RESULTS({.criterion_id = "c2", .met = TRUTH_TRUE, .evidence = NINE_CHARACTERS})},
     .rules = {"follow_up.evidence.required"}},
    {"completion with spaces for evidence",
     {COMPLETION, RESULTS({.criterion_id = "c2", .met = TRUTH_TRUE, .evidence = TEN_WITH_SPACES})},
     .rules = {"follow_up.evidence.required"}},
    {"completion with a value for evidence",
     {COMPLETION, RESULTS({.criterion_id = "c2", .met = TRUTH_TRUE, .measured_value = {true, 0}})}},
    {"effectiveness without evidence",
     {EFFECTIVE, RESULTS(MET, {.criterion_id = "c2", .met = TRUTH_TRUE})},
     .item = &completed,
     .rules = {"follow_up.evidence.required"}},

    {"effectiveness without results",
     {EFFECTIVE, .criteria_results = {0}},
     .item = &completed,
     .rules = {"follow_up.criteria.complete", "follow_up.effective.criteria_met"}},
    {"effectiveness of one criterion alone",
     {EFFECTIVE, RESULTS(MET)},
     .item = &completed,
     .rules = {"follow_up.criteria.complete", "follow_up.effective.criteria_met"}},
    {"not effective, of one alone",
     {EFFECTIVE, .outcome = OUTCOME_NOT_EFFECTIVE, RESULTS(MET), .next_follow_up_on = TOMORROW},
     .item = &completed,
     .rules = {"follow_up.criteria.complete"}},
    {"effective with one not met",
     {EFFECTIVE, RESULTS(MET, {.criterion_id = "c2", .met = TRUTH_FALSE, .evidence = TEN_CHARACTERS})},
     .item = &completed,
     .rules = {"follow_up.effective.criteria_met"}},
    {"effective with one not said",
     {EFFECTIVE, RESULTS(MET, {.criterion_id = "c2", .evidence = TEN_CHARACTERS})},
     .item = &completed,
     .rules = {"follow_up.effective.criteria_met"}},
    {"partially effective with one not met",
     {EFFECTIVE, .outcome = OUTCOME_PARTIALLY_EFFECTIVE, .next_follow_up_on = TOMORROW,
      RESULTS(MET, {.criterion_id = "c2", .met = TRUTH_FALSE, .evidence = TEN_CHARACTERS})},
     .item = &completed},
    {"effective before its completion", {EFFECTIVE}, .rules = {"follow_up.effectiveness.completed"}},
    {"effective after its end", {EFFECTIVE}, .item = &closed, .rules = {"follow_up.action_item.open"}},
    {"verified by its owner",
     {EFFECTIVE, .performed_by_id = BORIS},
     .item = &completed,
     .rules = {"follow_up.effectiveness.separation"}},
    {"progress reported by its owner", {VALID, .performed_by_id = BORIS}},
};

START_TEST(follow_ups)
{
    const struct follow_up_facts facts = {.today = TODAY,
                                          .action_item = rows[_i].item ? rows[_i].item : &item,
                                          .review_status = rows[_i].review_status,
                                          .review_carries = rows[_i].review_carries,
                                          .supersedes_other = rows[_i].supersedes_other};
    struct violations *violations = violations_new();
    follow_up_check(&rows[_i].follow_up, &facts, violations);
    expect_rules(rows[_i].name, violations, rows[_i].rules);
}
END_TEST

/* Which kind knows which outcome. */
START_TEST(each_kind_has_its_outcomes)
{
    for (unsigned kind = FOLLOW_UP_PROGRESS; kind <= FOLLOW_UP_EFFECTIVENESS; kind++) {
        for (unsigned outcome = OUTCOME_ON_TRACK; outcome <= OUTCOME_NOT_EFFECTIVE; outcome++) {
            unsigned of = outcome <= OUTCOME_OFF_TRACK       ? FOLLOW_UP_PROGRESS
                          : outcome <= OUTCOME_NOT_COMPLETED ? FOLLOW_UP_COMPLETION
                                                             : FOLLOW_UP_EFFECTIVENESS;
            const struct follow_up follow_up = {EFFECTIVE, .kind = kind, .outcome = outcome,
                                                .next_follow_up_on = TOMORROW};
            const struct follow_up_facts facts = {.today = TODAY, .action_item = &completed};
            struct violations *violations = violations_new();
            follow_up_check(&follow_up, &facts, violations);
            ck_assert_msg(violations_have(violations, "follow_up.outcome.kind") == (kind != of), "%u, %u", kind,
                          outcome);
        }
    }
}
END_TEST

static const struct {
    struct criterion_result result;
    enum truth met;
} derived[] = {
    {{.criterion_id = "c1", .measured_value = {true, 95}}, TRUTH_TRUE},
    {{.criterion_id = "c1", .measured_value = {true, 94}}, TRUTH_FALSE},
    {{.criterion_id = "c1", .measured_value = {true, 94}, .met = TRUTH_TRUE},
     TRUTH_TRUE}, /* said: the check refuses it */
    {{.criterion_id = "c1"}, TRUTH_UNKNOWN},
    {{.criterion_id = "c2", .measured_value = {true, 95}}, TRUTH_UNKNOWN},
    {{.criterion_id = "c9", .measured_value = {true, 95}}, TRUTH_UNKNOWN},
    {{.measured_value = {true, 95}}, TRUTH_UNKNOWN},
};

START_TEST(met_is_worked_out)
{
    struct criterion_result result = derived[_i].result;
    struct follow_up follow_up = {VALID, .criteria_results = {.json = "[]", .items = &result, .count = 1}};
    follow_up_derive(&follow_up, &item);
    ck_assert_int_eq(result.met, derived[_i].met);
}
END_TEST

static const struct {
    const char *name;
    struct follow_up follow_up;
    bool changes;
    unsigned status;
    const char *completed_on, *closed_on;
    int progress; /* -1: unknown */
} effects[] = {
    {"without an outcome", {VALID, .outcome = 0}, false, ACTION_COMPLETED, "2026-11-15", "", -1},
    {"on track", {VALID}, false, ACTION_COMPLETED, "2026-11-15", "", -1},
    {"on track, with progress", {VALID, .progress_percent = {true, 40}}, true, ACTION_COMPLETED, "2026-11-15", "", 40},
    {"completed on the same day",
     {COMPLETION, .performed_on = {"2026-11-15"}},
     true,
     ACTION_COMPLETED,
     "2026-11-15",
     "",
     100},
    {"not completed", {COMPLETION, .outcome = OUTCOME_NOT_COMPLETED}, false, ACTION_COMPLETED, "2026-11-15", "", -1},
    {"completed", {COMPLETION, .progress_percent = {true, 90}}, true, ACTION_COMPLETED, "2026-11-21", "", 100},
    {"effective", {EFFECTIVE}, true, ACTION_CLOSED, "2026-11-15", "2026-11-21", -1},
    {"partially effective", {EFFECTIVE, .outcome = OUTCOME_PARTIALLY_EFFECTIVE}, true, ACTION_IN_PROGRESS, "", "", -1},
    {"not effective",
     {EFFECTIVE, .outcome = OUTCOME_NOT_EFFECTIVE, .progress_percent = {true, 60}},
     true,
     ACTION_IN_PROGRESS,
     "",
     "",
     60},
};

START_TEST(a_follow_up_moves_its_item)
{
    const struct instant now = {"2026-11-21T18:46:00.123Z"};
    struct action_item moved = {ITEM, .status = ACTION_COMPLETED, .completed_on = {"2026-11-15"}};
    bool changes = follow_up_apply(&effects[_i].follow_up, &moved, &now);
    ck_assert_msg(changes == effects[_i].changes, "%s", effects[_i].name);
    ck_assert_uint_eq(moved.status, effects[_i].status);
    ck_assert_str_eq(moved.completed_on.text, effects[_i].completed_on);
    ck_assert_str_eq(moved.closed_on.text, effects[_i].closed_on);
    ck_assert_str_eq(moved.ended_at.text, effects[_i].status == ACTION_CLOSED ? now.text : "");
    ck_assert_int_eq(moved.progress_percent.known ? moved.progress_percent.value : -1, effects[_i].progress);
}
END_TEST

Suite *follow_up_suite(void)
{
    Suite *suite = suite_create("domain/follow_up");
    TCase *tcase = unit_case(suite, "follow-up");
    tcase_add_checked_fixture(tcase, domain_begin, domain_end);
    tcase_add_loop_test(tcase, follow_ups, 0, ROWS(rows));
    tcase_add_test(tcase, each_kind_has_its_outcomes);
    tcase_add_loop_test(tcase, met_is_worked_out, 0, ROWS(derived));
    tcase_add_loop_test(tcase, a_follow_up_moves_its_item, 0, ROWS(effects));
    return suite;
}
