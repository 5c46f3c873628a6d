/* src/domain/person.c */
#include "domain.h"

#include "reviewd/action_item.h"

#define VALID                                                                                                          \
    .name = "Ana Horvat", .email = "ana@example.org", .role = ROLE_EMPLOYEE, .active = TRUTH_TRUE,                     \
    .external = TRUTH_FALSE

#define HELD .legal_hold_at = {"2026-11-21T18:46:00.123Z"}
#define ERASED .erased_at = {"2026-11-21T18:46:00.123Z"}

static const struct named owned[] = {{&action_item_resource, THIS_RECORD, "ACT-2026-0001", "Extend the window"},
                                     {&action_item_resource, OTHER_RECORD, "ACT-2026-0002", "Tell operations"}};

static const struct {
    const char *name;
    struct person after;
    const struct person *before;
    const char *verb;
    struct person_facts facts;
    const char *rules[RULES_MAX];
} rows[] = {
    {"a person", {VALID}},
    {"without a name", {VALID, .name = NULL}, .rules = {"person.name.required"}},
    {"without an address", {VALID, .email = NULL}, .rules = {"person.email.required"}},
    {"without a role", {VALID, .role = 0}, .rules = {"person.role.required"}},
    {"without anything", {0}, .rules = {"person.name.required", "person.email.required", "person.role.required"}},
    {"no address", {VALID, .email = "ana"}, .rules = {"person.email.format"}},
    {"an address that is taken", {VALID}, .facts = {.email_taken = true}, .rules = {"person.email.unique"}},
    {"made inactive", {VALID, .active = TRUTH_FALSE}, .before = &(struct person){{0}, VALID}},
    {"made inactive as an owner",
     {VALID, .active = TRUTH_FALSE},
     .before = &(struct person){{0}, VALID},
     .facts = {.commitments = owned, .commitment_count = 2},
     .rules = {"person.deactivate.open_commitments"}},
    {"inactive before",
     {VALID, .active = TRUTH_FALSE},
     .before = &(struct person){{0}, VALID, .active = TRUTH_FALSE},
     .facts = {.commitments = owned, .commitment_count = 2}},
    {"an owner who stays active",
     {VALID},
     .before = &(struct person){{0}, VALID},
     .facts = {.commitments = owned, .commitment_count = 2}},
    {"made so", {VALID, .active = TRUTH_FALSE}},
    {"an address of the erased", {VALID, .email = "ana@Erased.Invalid"}, .rules = {"person.email.format"}},
    {"an address like it", {VALID, .email = "ana@not-erased.invalid"}},
    {"erased", {VALID}, .before = &(struct person){{0}, VALID}, .verb = "erase"},
    {"erased as an owner",
     {VALID, .active = TRUTH_FALSE},
     .before = &(struct person){{0}, VALID},
     .verb = "erase",
     .facts = {.commitments = owned, .commitment_count = 1},
     .rules = {"person.deactivate.open_commitments"}},
    {"erased while held",
     {VALID, HELD},
     .before = &(struct person){{0}, VALID, HELD},
     .verb = "erase",
     .rules = {"person.erase.legal_hold"}},
    {"erased with a plain history, while held",
     {VALID, HELD},
     .before = &(struct person){{0}, VALID, HELD},
     .verb = "erase",
     .facts = {.has_plain_history = true},
     .rules = {"person.erase.legal_hold", "person.erase.plain_history"}},
    {"held", {VALID}, .before = &(struct person){{0}, VALID}, .verb = "hold"},
    {"held twice",
     {VALID, HELD},
     .before = &(struct person){{0}, VALID, HELD},
     .verb = "hold",
     .rules = {"person.hold.held"}},
    {"released", {VALID, HELD}, .before = &(struct person){{0}, VALID, HELD}, .verb = "release"},
    {"released without a hold",
     {VALID},
     .before = &(struct person){{0}, VALID},
     .verb = "release",
     .rules = {"person.release.not_held"}},
    {"changed while held", {VALID, HELD}, .before = &(struct person){{0}, VALID, HELD}},
    {"changed once erased",
     {VALID, .email = "wrong"},
     .before = &(struct person){{0}, VALID, ERASED},
     .rules = {"person.erased"}},
    {"erased twice",
     {VALID},
     .before = &(struct person){{0}, VALID, ERASED},
     .verb = "erase",
     .rules = {"person.erased"}},
};

START_TEST(people)
{
    struct violations *violations = violations_new();
    person_check(&rows[_i].after, rows[_i].before, rows[_i].verb, &rows[_i].facts, violations);
    expect_rules(rows[_i].name, violations, rows[_i].rules);
}
END_TEST

START_TEST(each_commitment_is_named)
{
    const struct person before = {VALID}, after = {{0}, VALID, .active = TRUTH_FALSE};
    const struct person_facts facts = {.commitments = owned, .commitment_count = 2};
    struct violations *violations = violations_new();
    person_check(&after, &before, NULL, &facts, violations);
    ck_assert_uint_eq(violations->count, 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_ptr_nonnull(strstr(violations->items[i].detail, owned[i].reference));
        ck_assert_ptr_nonnull(strstr(violations->items[i].detail, owned[i].id.text));
        ck_assert_ptr_nonnull(strstr(violations->items[i].detail, owned[i].title));
    }
}
END_TEST

#define LETTERS_63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static const struct {
    const char *text;
    bool good;
} emails[] = {
    {"ana@example.org", true},
    {"a@b.c", true},
    {"ana.horvat+isms@example.org", true},
    {"o'neill@example.org", true},
    {"ana@mail-1.example.org", true},
    {"\xC4\x8D@example.org", true},
    {"ana@b\xC3\xBC"
     "cher.example",
     true},
    {LETTERS_63 "h@example.org", true},
    {"ana@" LETTERS_63 ".org", true},
    {LETTERS_63 "hh@example.org", false},
    {"ana@" LETTERS_63 "h.org", false},
    {"", false},
    {"ana", false},
    {"@example.org", false},
    {"ana@", false},
    {"ana@example", false},
    {"ana@.org", false},
    {"ana@example.", false},
    {"ana@example..org", false},
    {"ana@@example.org", false},
    {"ana@b@example.org", false},
    {".ana@example.org", false},
    {"ana.@example.org", false},
    {"a..na@example.org", false},
    {"ana horvat@example.org", false},
    {"ana@exam ple.org", false},
    {"ana@-example.org", false},
    {"ana@example-.org", false},
    {"ana@example.org-", false},
    {"<ana@example.org>", false},
    {"ana,b@example.org", false},
    {"ana@example.org,b@example.org", false},
    {"ana\x7F@example.org", false},
    {"ana\t@example.org", false},
    {"ana@exam_ple.org", false},
    {"ana@[127.0.0.1]", false},
};

START_TEST(addresses)
{
    ck_assert_msg(email_is_valid(emails[_i].text) == emails[_i].good, "'%s' is %s", emails[_i].text,
                  emails[_i].good ? "an address" : "no address");
}
END_TEST

START_TEST(a_pseudonym_stands_for_name_and_address_alone)
{
    const struct id ana = ANA;
    const struct pseudonym pseudonym = person_pseudonym(&ana);
    ck_assert_str_eq(pseudonym_of(&pseudonym, resource_field_named(&person_resource, "name")),
                     "Erased person 00000000000a");
    ck_assert_ptr_nonnull(strstr(pseudonym_of(&pseudonym, resource_field_named(&person_resource, "email")), ana.text));
    ck_assert_ptr_null(pseudonym_of(&pseudonym, resource_field_named(&person_resource, "privacy_reason")));
}
END_TEST

Suite *person_suite(void)
{
    Suite *suite = suite_create("domain/person");
    TCase *tcase = unit_case(suite, "person");
    tcase_add_checked_fixture(tcase, domain_begin, domain_end);
    tcase_add_loop_test(tcase, people, 0, ROWS(rows));
    tcase_add_test(tcase, each_commitment_is_named);
    tcase_add_test(tcase, a_pseudonym_stands_for_name_and_address_alone);
    tcase_add_loop_test(tcase, addresses, 0, ROWS(emails));
    return suite;
}
