/* src/domain/attendee.c */
#include "domain.h"

#include "reviewd/attendee.h"
#include "reviewd/review.h"

#define VALID                                                                                                          \
    .review_id = THIS_REVIEW, .person_id = BORIS, .capacity = CAPACITY_CONTRIBUTOR, .attendance = ATTENDANCE_INVITED,  \
    .withdrawn = TRUTH_FALSE
#define FACTS .review_status = REVIEW_PLANNED, .chair_id = ANA

static const struct attendee before = {VALID};
static const struct attendee chair_before = {VALID, .person_id = ANA, .capacity = CAPACITY_CHAIR};

static const struct {
    const char *name;
    struct attendee after;
    const struct attendee *before;
    const char *verb;
    struct attendee_facts facts;
    const char *rules[RULES_MAX];
} rows[] = {
    {"an attendee", {VALID}, .facts = {FACTS}},
    {"the chair", {VALID, .person_id = ANA, .capacity = CAPACITY_CHAIR}, .facts = {FACTS}},
    {"without a person", {VALID, .person_id = {""}}, .facts = {FACTS}, .rules = {"attendee.person_id.required"}},
    {"without a capacity", {VALID, .capacity = 0}, .facts = {FACTS}, .rules = {"attendee.capacity.required"}},
    {"without either",
     {VALID, .person_id = {""}, .capacity = 0},
     .facts = {FACTS},
     .rules = {"attendee.person_id.required", "attendee.capacity.required"}},
    {"there already", {VALID}, .facts = {FACTS, .attends_already = true}, .rules = {"attendee.unique"}},
    {"changed, and there as before",
     {VALID, .attendance = ATTENDANCE_ATTENDED},
     .before = &before,
     .facts = {FACTS, .attends_already = true}},
    {"a second chair", {VALID, .capacity = CAPACITY_CHAIR}, .facts = {FACTS}, .rules = {"attendee.chair.single"}},
    {"the chair as an observer",
     {VALID, .person_id = ANA, .capacity = CAPACITY_OBSERVER},
     .facts = {FACTS},
     .rules = {"attendee.chair.single"}},
    {"changed into a chair",
     {VALID, .capacity = CAPACITY_CHAIR},
     .before = &before,
     .facts = {FACTS},
     .rules = {"attendee.chair.single"}},
    {"another person in its place", {VALID, .person_id = CVITA}, .before = &before, .facts = {FACTS}},
    {"another person who attends already",
     {VALID, .person_id = CVITA},
     .before = &before,
     .facts = {FACTS, .attends_already = true},
     .rules = {"attendee.unique"}},
    {"its person taken away",
     {VALID, .person_id = {""}},
     .before = &before,
     .facts = {FACTS},
     .rules = {"attendee.person_id.required"}},
    {"the chair's person taken away",
     {VALID, .person_id = {""}, .capacity = CAPACITY_CHAIR},
     .before = &chair_before,
     .facts = {FACTS},
     .rules = {"attendee.person_id.required"}},
    {"another person in the chair's place",
     {VALID, .capacity = CAPACITY_CHAIR},
     .before = &chair_before,
     .facts = {FACTS},
     .rules = {"attendee.chair.single"}},
    {"another person in the chair's place, as an observer",
     {VALID, .capacity = CAPACITY_OBSERVER},
     .before = &chair_before,
     .facts = {FACTS},
     .rules = {"attendee.chair.single"}},
    {"a chair changed into a secretary",
     {VALID, .person_id = ANA, .capacity = CAPACITY_SECRETARY},
     .before = &chair_before,
     .facts = {FACTS},
     .rules = {"attendee.chair.single"}},
    {"in progress", {VALID}, .facts = {FACTS, .review_status = REVIEW_IN_PROGRESS}},
    {"once concluded", {VALID}, .facts = {FACTS, .review_status = REVIEW_CONCLUDED}, .rules = {"review.frozen"}},
    {"once approved",
     {VALID},
     .before = &before,
     .facts = {FACTS, .review_status = REVIEW_APPROVED},
     .rules = {"review.frozen"}},
    {"once cancelled", {VALID}, .facts = {FACTS, .review_status = REVIEW_CANCELLED}, .rules = {"review.frozen"}},
    {"withdrawn", {VALID}, .before = &before, .verb = "withdraw", .facts = {FACTS}},
    {"changed when withdrawn",
     {VALID, .withdrawn = TRUTH_TRUE},
     .before = &before,
     .facts = {FACTS},
     .rules = {"attendee.withdrawn"}},
    {"the chair withdrawn",
     {VALID, .person_id = ANA, .capacity = CAPACITY_CHAIR},
     .before = &chair_before,
     .verb = "withdraw",
     .facts = {FACTS},
     .rules = {"attendee.withdraw.chair"}},
    {"withdrawn once concluded",
     {VALID},
     .before = &before,
     .verb = "withdraw",
     .facts = {FACTS, .review_status = REVIEW_CONCLUDED},
     .rules = {"review.frozen"}},
};

START_TEST(attendees)
{
    struct violations *violations = violations_new();
    attendee_check(&rows[_i].after, rows[_i].before, rows[_i].verb, &rows[_i].facts, violations);
    expect_rules(rows[_i].name, violations, rows[_i].rules);
}
END_TEST

Suite *attendee_suite(void)
{
    Suite *suite = suite_create("domain/attendee");
    TCase *tcase = unit_case(suite, "attendee");
    tcase_add_checked_fixture(tcase, domain_begin, domain_end);
    tcase_add_loop_test(tcase, attendees, 0, ROWS(rows));
    return suite;
}
