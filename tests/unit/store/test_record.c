/* src/store/record.c: records of each resource into rows and back, every kind of member. */
#include "../world.h"

#include "reviewd/amendment.h"
#include "reviewd/attachment.h"
#include "reviewd/attendee.h"
#include "reviewd/calendar_token.h"
#include "reviewd/follow_up.h"
#include "reviewd/input.h"
#include "reviewd/token.h"

#include <stdio.h>

static struct world world;
static struct arena arena;
static const struct date today = {"2026-11-21"};

static void begin(void)
{
    world_begin(&world);
    arena_init(&arena);
}

static void end(void)
{
    arena_finish(&arena);
    world_end(&world);
}

/* --- one record of each, in two versions, with every member set in the first ---------------------------------------
 */

#define ID(last)                                                                                                       \
    {                                                                                                                  \
        "00000000-0000-7000-8000-0000000000" last                                                                      \
    }
#define RECORD(last, number)                                                                                           \
    .record = {.id = ID(last),                                                                                         \
               .version = {true, number},                                                                              \
               .created_at = {"2026-11-21T12:00:00.000Z"},                                                             \
               .updated_at = {"2026-11-21T12:00:00.001Z"}}
#define BY_ANA .record.created_by = ID("0a"), .record.updated_by = ID("0a")
#define JSON(text)                                                                                                     \
    {                                                                                                                  \
        .json = text, .length = sizeof(text) - 1                                                                       \
    }
#define CRITERIA JSON("[{\"id\":\"c1\",\"statement\":\"\xC4\x8D\xF0\x9F\x93\x9D \\\"quoted\\\"\"}]")
#define DAY(day)                                                                                                       \
    {                                                                                                                  \
        "2026-12-" day                                                                                                 \
    }
#define INSTANT(second)                                                                                                \
    {                                                                                                                  \
        "2026-11-21T12:00:" second ".000Z"                                                                             \
    }

static const struct person ana = {
    RECORD("0a", 1), .name = "Ana \xC4\x8D'\"%$1", .email = "Ana@x.org",   .role = ROLE_ISMS_MANAGER,
    .job_title = "", .department = "IT",           .external = TRUTH_TRUE, .active = TRUTH_TRUE};
static const struct person ana_2 = {RECORD("0a", 2),
                                    BY_ANA,
                                    .record.created_by = {""},
                                    .name = "Ana",
                                    .email = "ana@y.org",
                                    .role = ROLE_EMPLOYEE,
                                    .external = TRUTH_FALSE,
                                    .active = TRUTH_FALSE,
                                    .legal_hold_at = INSTANT("11"),
                                    .privacy_reason = "A case at court"};
static const struct person mirko = {RECORD("0b", 1),         .name = "Mirko",
                                    .email = "mirko@x.org",  .role = ROLE_TOP_MANAGEMENT,
                                    .external = TRUTH_FALSE, .active = TRUTH_TRUE};
static const struct token token = {RECORD("70", 1),      .person_id = ID("0a"),   .label = "unit",
                                   .role = ROLE_AUDITOR, .read_only = TRUTH_TRUE, .expires_at = INSTANT("10")};
static const struct token token_2 = {RECORD("70", 2), .person_id = ID("0a"), .label = "unit", .read_only = TRUTH_FALSE,
                                     .revoked_at = INSTANT("11")};
static const struct review review = {
    RECORD("f1", 1),
    .record.reference = "MR-2026-01",
    BY_ANA,
    .title = "Review",
    .type = REVIEW_EXTRAORDINARY,
    .trigger = 2,
    .scope = "All\nof it",
    .period_start = DAY("01"),
    .period_end = DAY("02"),
    .planned_on = DAY("03"),
    .chair_id = ID("0b"),
    .location = "Zagreb",
    .classification = CLASSIFICATION_RESTRICTED,
    .also_covers = JSON("[\"a\",\"b\"]"),
    .summary = "So",
    .status = REVIEW_IN_PROGRESS,
    .held_on = DAY("04"),
    .suitability = JSON("{\"verdict\":\"yes\"}"),
    .adequacy = JSON("{}"),
    .effectiveness = JSON("{\"x\":{}}"),
    .next_review_on = DAY("05"),
    .started_at = INSTANT("01"),
    .concluded_at = INSTANT("02"),
    .concluded_by = ID("0a"),
    .approved_at = INSTANT("03"),
    .approved_by = ID("0b"),
    .revision = {true, 7},
    .cancel_reason = "never",
    .reopen_reason = "again, for twenty letters",
};
static const struct review review_2 = {
    RECORD("f1", 2),
    .record.reference = "MR-2026-01",
    BY_ANA,
    .title = "Other",
    .type = REVIEW_SCHEDULED,
    .scope = "Part",
    .period_start = DAY("02"),
    .period_end = DAY("02"),
    .planned_on = DAY("04"),
    .chair_id = ID("0a"),
    .classification = CLASSIFICATION_PUBLIC,
    .status = REVIEW_PLANNED,
    .revision = {true, 1},
};
static const struct attendee attendee = {RECORD("a1", 1),
                                         BY_ANA,
                                         .review_id = ID("f1"),
                                         .person_id = ID("0b"),
                                         .capacity = CAPACITY_CHAIR,
                                         .attendance = ATTENDANCE_APOLOGIES,
                                         .delegate_for_id = ID("0a"),
                                         .name_at_review = "Mirko",
                                         .job_title_at_review = "Head",
                                         .withdrawn = TRUTH_FALSE};
static const struct attendee attendee_2 = {RECORD("a1", 2),
                                           BY_ANA,
                                           .review_id = ID("f1"),
                                           .person_id = ID("0b"),
                                           .capacity = CAPACITY_OBSERVER,
                                           .attendance = ATTENDANCE_INVITED,
                                           .name_at_review = "M",
                                           .withdrawn = TRUTH_TRUE,
                                           .withdrawn_reason = "ill"};
static const struct input input = {RECORD("b1", 1),
                                   BY_ANA,
                                   .review_id = ID("f1"),
                                   .clause = CLAUSE_D3,
                                   .title = "Audit",
                                   .presenter_id = ID("0a"),
                                   .position = {true, 11},
                                   .minutes_allotted = {true, 0},
                                   .summary = "s",
                                   .conclusion = "c",
                                   .trend = 1,
                                   .severity = SEVERITY_MAJOR,
                                   .source = JSON("{\"system\":\"x\"}"),
                                   .metrics = JSON("[{\"value\":1.5}]"),
                                   .state = INPUT_CONSIDERED,
                                   .agenda = TRUTH_TRUE,
                                   .withdrawn = TRUTH_FALSE};
static const struct input input_2 = {RECORD("b1", 2),
                                     BY_ANA,
                                     .review_id = ID("f1"),
                                     .clause = CLAUSE_A,
                                     .title = "Other",
                                     .position = {true, 1000},
                                     .minutes_allotted = {true, 1440},
                                     .state = INPUT_PENDING,
                                     .agenda = TRUTH_FALSE,
                                     .withdrawn = TRUTH_TRUE,
                                     .withdrawn_reason = "twice"};
static const struct decision decision = {RECORD("d1", 1),
                                         .record.reference = "DEC-2026-001",
                                         BY_ANA,
                                         .review_id = ID("f1"),
                                         .kind = DECISION_CORRECTIVE_ACTION,
                                         .title = "Do",
                                         .statement = "st",
                                         .rationale = "ra",
                                         .input_ids = JSON("[\"00000000-0000-7000-8000-0000000000b1\"]"),
                                         .affects = JSON("[{\"kind\":\"policy\"}]"),
                                         .decided_by_id = ID("0b"),
                                         .owner_id = ID("0a"),
                                         .action_required = TRUTH_TRUE,
                                         .deadline = DAY("10"),
                                         .success_criteria = CRITERIA,
                                         .no_action_reason = "none",
                                         .status = DECISION_ADOPTED,
                                         .decided_on = DAY("01"),
                                         .original_deadline = DAY("09"),
                                         .status_reason = "so"};
static const struct decision other_decision = {RECORD("d2", 1),
                                               .record.reference = "DEC-2026-002",
                                               .review_id = ID("f1"),
                                               .kind = DECISION_NO_CHANGE,
                                               .title = "Leave",
                                               .statement = "st",
                                               .rationale = "ra",
                                               .input_ids = JSON("[\"00000000-0000-7000-8000-0000000000b1\"]"),
                                               .decided_by_id = ID("0b"),
                                               .owner_id = ID("0a"),
                                               .action_required = TRUTH_FALSE,
                                               .no_action_reason = "none",
                                               .status = DECISION_PROPOSED};
static const struct decision decision_2 = {RECORD("d1", 2),
                                           .record.reference = "DEC-2026-001",
                                           BY_ANA,
                                           .review_id = ID("f1"),
                                           .kind = DECISION_NO_CHANGE,
                                           .title = "Leave",
                                           .statement = "s",
                                           .rationale = "r",
                                           .input_ids = JSON("[\"00000000-0000-7000-8000-0000000000b1\"]"),
                                           .decided_by_id = ID("0a"),
                                           .owner_id = ID("0b"),
                                           .action_required = TRUTH_FALSE,
                                           .no_action_reason = "none",
                                           .status = DECISION_SUPERSEDED,
                                           .decided_on = DAY("01"),
                                           .superseded_by_id = ID("d2")};
static const struct action_item first_item = {RECORD("c2", 1),
                                              .record.reference = "ACT-2026-0002",
                                              .review_id = ID("f1"),
                                              .decision_id = ID("d1"),
                                              .kind = ACTION_CHANGE,
                                              .title = "Before",
                                              .owner_id = ID("0a"),
                                              .deadline = DAY("08"),
                                              .success_criteria = CRITERIA,
                                              .priority = 1,
                                              .status = ACTION_OPEN,
                                              .original_deadline = DAY("08"),
                                              .extension_count = {true, 0}};
static const struct action_item item = {RECORD("c1", 1),
                                        .record.reference = "ACT-2026-0001",
                                        BY_ANA,
                                        .review_id = ID("f1"),
                                        .decision_id = ID("d1"),
                                        .kind = ACTION_CORRECTIVE,
                                        .title = "Act",
                                        .description = "d",
                                        .root_cause = "r",
                                        .owner_id = ID("0a"),
                                        .deadline = DAY("08"),
                                        .success_criteria = CRITERIA,
                                        .priority = 4,
                                        .resources = JSON("{\"budget_amount\":0.1}"),
                                        .predecessor_id = ID("c2"),
                                        .status = ACTION_COMPLETED,
                                        .original_deadline = DAY("07"),
                                        .extension_count = {true, 2},
                                        .progress_percent = {true, 100},
                                        .completed_on = DAY("01"),
                                        .status_reason = "done",
                                        .cancel_approved_by_id = ID("0b")};
static const struct action_item item_2 = {RECORD("c1", 2),
                                          .record.reference = "ACT-2026-0001",
                                          BY_ANA,
                                          .review_id = ID("f1"),
                                          .decision_id = ID("d1"),
                                          .kind = ACTION_CHANGE,
                                          .title = "Act",
                                          .owner_id = ID("0b"),
                                          .deadline = DAY("09"),
                                          .success_criteria = CRITERIA,
                                          .priority = 1,
                                          .status = ACTION_CANCELLED,
                                          .original_deadline = DAY("07"),
                                          .extension_count = {true, 3},
                                          .cancelled_on = DAY("02"),
                                          .ended_at = INSTANT("30"),
                                          .status_reason = "no",
                                          .cancel_approved_by_id = ID("0a")};
static const struct amendment amendment = {RECORD("e1", 1),
                                           BY_ANA,
                                           .action_item_id = ID("c1"),
                                           .reason = "ten letters",
                                           .approved_by_id = ID("0b"),
                                           .owner_id = ID("0a"),
                                           .deadline = DAY("20"),
                                           .success_criteria = CRITERIA,
                                           .before = JSON("{\"deadline\":null}"),
                                           .after = JSON("{\"deadline\":\"2026-12-20\"}")};
static const struct follow_up first_follow_up = {RECORD("91", 1),
                                                 .action_item_id = ID("c1"),
                                                 .kind = FOLLOW_UP_PROGRESS,
                                                 .performed_by_id = ID("0a"),
                                                 .performed_on = DAY("01"),
                                                 .note = "n",
                                                 .outcome = OUTCOME_AT_RISK,
                                                 .next_follow_up_on = DAY("03")};
static const struct follow_up follow_up = {RECORD("92", 1),
                                           BY_ANA,
                                           .action_item_id = ID("c1"),
                                           .kind = FOLLOW_UP_EFFECTIVENESS,
                                           .performed_by_id = ID("0b"),
                                           .performed_on = DAY("02"),
                                           .note = "note",
                                           .outcome = OUTCOME_PARTIALLY_EFFECTIVE,
                                           .review_id = ID("f1"),
                                           .progress_percent = {true, 0},
                                           .criteria_results = JSON("[{\"met\":true}]"),
                                           .next_follow_up_on = DAY("03"),
                                           .supersedes_id = ID("91")};

static const struct calendar_token feed = {
    RECORD("71", 1),      .person_id = ID("0b"),       .label = "label",
    .role = ROLE_AUDITOR, .expires_at = INSTANT("12"), .status = CALENDAR_TOKEN_ACTIVE};
static const struct calendar_token feed_2 = {RECORD("71", 2),
                                             .person_id = ID("0b"),
                                             .label = "another label",
                                             .role = ROLE_AUDITOR,
                                             .expires_at = INSTANT("12"),
                                             .status = CALENDAR_TOKEN_REVOKED,
                                             .revoked_at = INSTANT("11")};
#define SHA "eded671cf6ab17ddc1f65ec4c4b657895769ec23da1f50d21a033bc69d791422"
#define FILE_OF(id, member, value)                                                                                     \
    {                                                                                                                  \
        RECORD(id, 1), BY_ANA, .review_id = ID("f1"), .member = ID(value), .name = "scan.csv",                         \
                               .media_type = "text/csv", .size = {true, 24}, .sha256 = SHA, .description = "Shows it", \
                               .withdrawn = TRUTH_FALSE                                                                \
    }
static const struct attachment of_input = FILE_OF("81", input_id, "b1");
static const struct attachment of_decision = FILE_OF("82", decision_id, "d1");
static const struct attachment of_item = FILE_OF("83", action_item_id, "c1");
static const struct attachment of_follow_up = FILE_OF("84", follow_up_id, "91");
static const struct attachment of_follow_up_2 = {RECORD("84", 2),
                                                 BY_ANA,
                                                 .review_id = ID("f1"),
                                                 .follow_up_id = ID("91"),
                                                 .name = "scan.csv",
                                                 .media_type = "text/csv",
                                                 .size = {true, 24},
                                                 .sha256 = SHA,
                                                 .description = "Shows it",
                                                 .withdrawn = TRUTH_TRUE,
                                                 .withdrawn_reason = "Another month's"};

/* In an order in which each finds what it names. */
static const struct {
    const struct resource *resource;
    const void *first;
    const void *second; /* NULL: append-only, or there to be named */
} rows[] = {
    {&person_resource, &ana, &ana_2},
    {&person_resource, &mirko, NULL},
    {&token_resource, &token, &token_2},
    {&calendar_token_resource, &feed, &feed_2},
    {&review_resource, &review, &review_2},
    {&attendee_resource, &attendee, &attendee_2},
    {&input_resource, &input, &input_2},
    {&decision_resource, &other_decision, NULL},
    {&decision_resource, &decision, &decision_2},
    {&action_item_resource, &first_item, NULL},
    {&action_item_resource, &item, &item_2},
    {&amendment_resource, &amendment, NULL},
    {&follow_up_resource, &first_follow_up, NULL},
    {&follow_up_resource, &follow_up, NULL},
    {&attachment_resource, &of_input, NULL},
    {&attachment_resource, &of_decision, NULL},
    {&attachment_resource, &of_item, NULL},
    {&attachment_resource, &of_follow_up, &of_follow_up_2},
};

static void expect_stored(const struct resource *resource, const void *expected, struct arena *copies)
{
    max_align_t record[64];
    const char *id = ((const struct record *)expected)->id.text;
    ck_assert_int_eq(store_load(&world.store, resource, id, &view_all, &today, copies, record), FOUND);
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (resource_has(resource, field) && !field->derived)
            ck_assert_msg(field_equal(field, record, expected), "%s.%s comes back otherwise", resource->name,
                          field->name);
    }
    store_release(&world.store);
}

static void insert_all(void)
{
    ck_assert(db_run(world.store.db, "BEGIN IMMEDIATE"));
    ck_assert(db_run(world.store.db, "INSERT INTO content (sha256, size, created_at) VALUES ('" SHA
                                     "', 24, '2026-11-01T10:00:00.000Z')"));
    for (int i = 0; i < ROWS(rows); i++)
        ck_assert_msg(store_insert(&world.store, rows[i].resource, rows[i].first), "%s: %s", rows[i].resource->name,
                      db_message(world.store.db));
    ck_assert(store_index_words(&world.store));
    ck_assert_msg(db_run(world.store.db, "COMMIT"), "%s", db_message(world.store.db));
}

START_TEST(what_is_inserted_comes_back)
{
    insert_all();
    for (int i = 0; i < ROWS(rows); i++) {
        expect_stored(rows[i].resource, rows[i].first, NULL);
        expect_stored(rows[i].resource, rows[i].first, &arena);
    }
}
END_TEST

START_TEST(what_is_updated_comes_back)
{
    insert_all();
    ck_assert(db_run(world.store.db, "BEGIN IMMEDIATE"));
    for (int i = ROWS(rows) - 1; i >= 0; i--) {
        if (rows[i].second)
            ck_assert_msg(store_update(&world.store, rows[i].resource, rows[i].second), "%s: %s",
                          rows[i].resource->name, db_message(world.store.db));
    }
    ck_assert(store_index_words(&world.store));
    ck_assert_msg(db_run(world.store.db, "COMMIT"), "%s", db_message(world.store.db));
    for (int i = 0; i < ROWS(rows); i++)
        expect_stored(rows[i].resource, rows[i].second ? rows[i].second : rows[i].first, &arena);
}
END_TEST

START_TEST(every_member_of_every_resource_was_tried)
{
    for (size_t r = 0; r < RESOURCE_COUNT; r++) {
        for (size_t i = 0; i < resources[r]->field_count; i++) {
            const struct field *field = &resources[r]->fields[i];
            bool set = field->derived;
            for (int row = 0; row < ROWS(rows); row++) {
                bool same = rows[row].resource == resources[r];
                set = set || (same && field_is_set(field, rows[row].first)) ||
                      (same && rows[row].second && field_is_set(field, rows[row].second));
            }
            bool other_parent = resources[r] == &amendment_resource && strcmp(field->name, "decision_id") == 0;
            bool at_the_end = resources[r] == &action_item_resource && strcmp(field->name, "closed_on") == 0;
            at_the_end = at_the_end || strcmp(field->name, "minutes_sha256") == 0; /* of an approved review alone */
            at_the_end = at_the_end || strcmp(field->name, "erased_at") == 0;      /* nothing can follow */
            ck_assert_msg(set || other_parent || at_the_end, "%s.%s", resources[r]->name, field->name);
        }
    }
}
END_TEST

START_TEST(derived_members_are_worked_out)
{
    insert_all();
    struct action_item loaded;
    const struct date later = {"2027-01-01"};
    ck_assert_int_eq(
        store_load(&world.store, &action_item_resource, "ACT-2026-0001", &view_all, &later, &arena, &loaded), FOUND);
    ck_assert_str_eq(loaded.review_reference, "MR-2026-01");
    ck_assert_str_eq(loaded.review_title, "Review");
    ck_assert_str_eq(loaded.decision_reference, "DEC-2026-001");
    ck_assert_str_eq(loaded.decision_title, "Do");
    ck_assert_int_eq(loaded.overdue, TRUTH_FALSE); /* completed */
}
END_TEST

static const struct {
    const struct resource *resource;
    const char *key;
    const char *id; /* NULL: nothing */
} keys[] = {
    {&person_resource, "00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000a"},
    {&person_resource, "ANA@X.ORG", "00000000-0000-7000-8000-00000000000a"},
    {&person_resource, "ana@x.or", NULL},
    {&person_resource, "", NULL},
    {&review_resource, "MR-2026-01", "00000000-0000-7000-8000-0000000000f1"},
    {&review_resource, "MR-2026-1", NULL},
    {&decision_resource, "DEC-2026-002", "00000000-0000-7000-8000-0000000000d2"},
    {&decision_resource, "MR-2026-01", NULL},
    {&input_resource, "MR-2026-01", NULL},
    {&input_resource, "00000000-0000-7000-8000-0000000000b1", "00000000-0000-7000-8000-0000000000b1"},
    {&input_resource, "00000000-0000-7000-8000-0000000000d1", NULL},
    {&review_resource, "' OR 1=1 --", NULL},
};

START_TEST(records_are_found_by_their_keys)
{
    insert_all();
    struct id id = {""};
    enum found found = store_find(&world.store, keys[_i].resource, keys[_i].key, &view_all, &id);
    ck_assert_int_eq(found, keys[_i].id ? FOUND : ABSENT);
    ck_assert_str_eq(id.text, keys[_i].id ? keys[_i].id : "");
}
END_TEST

START_TEST(references_count_by_year)
{
    static const struct {
        const struct resource *resource;
        int year;
        const char *reference;
    } made[] = {
        {&review_resource, 2026, "MR-2026-01"},     {&review_resource, 2026, "MR-2026-02"},
        {&decision_resource, 2026, "DEC-2026-001"}, {&review_resource, 2027, "MR-2027-01"},
        {&review_resource, 2026, "MR-2026-03"},     {&action_item_resource, 2026, "ACT-2026-0001"},
    };
    ck_assert(db_run(world.store.db, "BEGIN IMMEDIATE"));
    for (int i = 0; i < ROWS(made); i++)
        ck_assert_str_eq(store_next_reference(&world.store, made[i].resource, made[i].year, &arena), made[i].reference);
    for (int i = 4; i <= 100; i++)
        ck_assert_ptr_nonnull(store_next_reference(&world.store, &review_resource, 2026, &arena));
    ck_assert_str_eq(store_next_reference(&world.store, &review_resource, 2026, &arena), "MR-2026-101");
    ck_assert(db_run(world.store.db, "ROLLBACK"));
}
END_TEST

/* A SELECT that fails may end the transaction: nothing is written outside of one. */
START_TEST(nothing_is_written_outside_a_transaction)
{
    ck_assert(!store_insert(&world.store, &person_resource, &ana));
    ck_assert_int_eq(world_integer(&world, "SELECT count(*) FROM person"), 0);
}
END_TEST

Suite *record_suite(void)
{
    Suite *suite = suite_create("store/record");
    TCase *tcase = unit_case(suite, "record");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, what_is_inserted_comes_back);
    tcase_add_test(tcase, what_is_updated_comes_back);
    tcase_add_test(tcase, every_member_of_every_resource_was_tried);
    tcase_add_test(tcase, derived_members_are_worked_out);
    tcase_add_loop_test(tcase, records_are_found_by_their_keys, 0, ROWS(keys));
    tcase_add_test(tcase, references_count_by_year);
    tcase_add_test(tcase, nothing_is_written_outside_a_transaction);
    return suite;
}
