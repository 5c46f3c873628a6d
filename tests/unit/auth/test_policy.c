/* src/auth/policy.c: what ties a caller to a record. The matrix as a whole is tried over HTTP
 * (tests/api/test_access.py). */
#include "../unit.h"

#include "reviewd/caller.h"
#include "reviewd/person.h"

static const struct id ana = {"00000000-0000-7000-8000-00000000000a"};
static const struct id boris = {"00000000-0000-7000-8000-00000000000b"};

static const struct {
    enum operation operation;
    struct caller caller; /* Ana */
    struct stake stake;
    bool allowed;
} rows[] = {
    {OPERATION_NONE, {.role = ROLE_ISMS_MANAGER}, {0}, false},
    {OPERATION_NONE, {.is_console = true}, {0}, true},

    /* An item of somebody of one's own department. */
    {OPERATION_ACTION_ITEM_AMEND, {.role = ROLE_DEPARTMENT_HEAD, .department = "IT"}, {.owner_department = "IT"}, true},
    {OPERATION_ACTION_ITEM_AMEND,
     {.role = ROLE_DEPARTMENT_HEAD, .department = "IT"},
     {.owner_department = "HR"},
     false},
    {OPERATION_ACTION_ITEM_AMEND, {.role = ROLE_DEPARTMENT_HEAD, .department = "IT"}, {0}, false},
    {OPERATION_ACTION_ITEM_AMEND, {.role = ROLE_DEPARTMENT_HEAD}, {.owner_department = "IT"}, false},
    {OPERATION_ACTION_ITEM_AMEND, {.role = ROLE_DEPARTMENT_HEAD}, {.owner_department = ""}, false},
    {OPERATION_ACTION_ITEM_AMEND, {.role = ROLE_DEPARTMENT_HEAD}, {0}, false},

    {OPERATION_ACTION_ITEM_WORK, {.role = ROLE_EMPLOYEE}, {.owner_id = &ana}, true},
    {OPERATION_ACTION_ITEM_WORK, {.role = ROLE_EMPLOYEE}, {.owner_id = &boris}, false},
    {OPERATION_ACTION_ITEM_WORK, {.role = ROLE_EMPLOYEE}, {0}, false},
    {OPERATION_ACTION_ITEM_VERIFY, {.role = ROLE_DEPARTMENT_HEAD}, {.owner_id = &ana}, false},
    {OPERATION_ACTION_ITEM_VERIFY, {.role = ROLE_DEPARTMENT_HEAD}, {.owner_id = &boris}, true},
    {OPERATION_INPUT_WRITE, {.role = ROLE_DEPARTMENT_HEAD}, {.attends = true}, true},
    {OPERATION_INPUT_WRITE, {.role = ROLE_DEPARTMENT_HEAD}, {0}, false},

    /* A token's role and its person's both have to allow. */
    {OPERATION_PERSON_WRITE, {.role = ROLE_ISMS_MANAGER, .token_role = ROLE_ISMS_MANAGER}, {0}, true},
    {OPERATION_PERSON_WRITE, {.role = ROLE_ISMS_MANAGER, .token_role = ROLE_EMPLOYEE}, {0}, false},
    {OPERATION_PERSON_WRITE, {.role = ROLE_EMPLOYEE, .token_role = ROLE_ISMS_MANAGER}, {0}, false},
};

START_TEST(who_may)
{
    struct caller caller = rows[_i].caller;
    caller.person_id = ana;
    ck_assert_msg(policy_allows(&caller, rows[_i].operation, &rows[_i].stake) == rows[_i].allowed, "row %d", _i);
}
END_TEST

START_TEST(a_token_sees_no_further_than_its_person)
{
    const struct caller console = {.is_console = true};
    const struct caller plain = {.role = ROLE_ISMS_MANAGER};
    const struct caller lesser = {.role = ROLE_ISMS_MANAGER, .token_role = ROLE_EMPLOYEE};
    const struct caller greater = {.role = ROLE_EMPLOYEE, .token_role = ROLE_ISMS_MANAGER};
    ck_assert_uint_eq(policy_view(&console).clearance, view_all.clearance);
    ck_assert_uint_gt(policy_view(&plain).clearance, policy_view(&lesser).clearance);
    ck_assert_uint_eq(policy_view(&lesser).clearance, policy_view(&greater).clearance);
}
END_TEST

Suite *policy_suite(void)
{
    Suite *suite = suite_create("auth/policy");
    TCase *tcase = unit_case(suite, "policy");
    tcase_add_loop_test(tcase, who_may, 0, ROWS(rows));
    tcase_add_test(tcase, a_token_sees_no_further_than_its_person);
    return suite;
}
