#include "reviewd/caller.h"

enum grant {
    NO,
    YES,
    OWN,        /* of what the caller owns */
    DEPARTMENT, /* of what somebody of the caller's department owns at present */
    ATTENDED,   /* in reviews that the caller attends */
    NOT_OWN,
};

/* The matrix of the contract's section 3. What is not here is NO. */
static const enum grant matrix[OPERATION_COUNT][ROLE_COUNT] = {
    [OPERATION_READ] = {[ROLE_TOP_MANAGEMENT] = YES,
                        [ROLE_ISMS_MANAGER] = YES,
                        [ROLE_DEPARTMENT_HEAD] = YES,
                        [ROLE_EMPLOYEE] = YES,
                        [ROLE_AUDITOR] = YES},
    [OPERATION_PERSON_WRITE] = {[ROLE_ISMS_MANAGER] = YES},
    [OPERATION_REVIEW_WRITE] = {[ROLE_TOP_MANAGEMENT] = YES, [ROLE_ISMS_MANAGER] = YES},
    [OPERATION_INPUT_WRITE] =
        {[ROLE_TOP_MANAGEMENT] = YES, [ROLE_ISMS_MANAGER] = YES, [ROLE_DEPARTMENT_HEAD] = ATTENDED},
    [OPERATION_REVIEW_HOLD] = {[ROLE_TOP_MANAGEMENT] = YES, [ROLE_ISMS_MANAGER] = YES},
    [OPERATION_REVIEW_APPROVE] = {[ROLE_TOP_MANAGEMENT] = YES},
    [OPERATION_REVIEW_MANAGE] = {[ROLE_ISMS_MANAGER] = YES},
    [OPERATION_DECISION_AMEND] = {[ROLE_TOP_MANAGEMENT] = YES, [ROLE_ISMS_MANAGER] = YES},
    [OPERATION_ACTION_ITEM_CREATE] = {[ROLE_TOP_MANAGEMENT] = YES, [ROLE_ISMS_MANAGER] = YES},
    [OPERATION_ACTION_ITEM_AMEND] =
        {[ROLE_TOP_MANAGEMENT] = YES, [ROLE_ISMS_MANAGER] = YES, [ROLE_DEPARTMENT_HEAD] = DEPARTMENT},
    [OPERATION_ACTION_ITEM_WORK] =
        {[ROLE_TOP_MANAGEMENT] = YES, [ROLE_ISMS_MANAGER] = YES, [ROLE_DEPARTMENT_HEAD] = OWN, [ROLE_EMPLOYEE] = OWN},
    [OPERATION_ACTION_ITEM_VERIFY] =
        {[ROLE_TOP_MANAGEMENT] = YES, [ROLE_ISMS_MANAGER] = YES, [ROLE_DEPARTMENT_HEAD] = NOT_OWN},
    [OPERATION_CALENDAR_TOKEN] = {[ROLE_TOP_MANAGEMENT] = OWN,
                                  [ROLE_ISMS_MANAGER] = YES,
                                  [ROLE_DEPARTMENT_HEAD] = OWN,
                                  [ROLE_EMPLOYEE] = OWN,
                                  [ROLE_AUDITOR] = OWN},
    [OPERATION_IMPORT] =
        {[ROLE_TOP_MANAGEMENT] = YES, [ROLE_ISMS_MANAGER] = YES, [ROLE_DEPARTMENT_HEAD] = YES, [ROLE_EMPLOYEE] = YES},
    [OPERATION_IMPORT_HISTORY] = {[ROLE_ISMS_MANAGER] = YES},
    [OPERATION_AUDIT_READ] = {[ROLE_TOP_MANAGEMENT] = YES, [ROLE_ISMS_MANAGER] = YES, [ROLE_AUDITOR] = YES},
};

/* The greatest classification that a role reads without attending. */
static const unsigned clearances[ROLE_COUNT] = {
    [ROLE_TOP_MANAGEMENT] = CLASSIFICATION_CONFIDENTIAL, [ROLE_ISMS_MANAGER] = CLASSIFICATION_RESTRICTED,
    [ROLE_DEPARTMENT_HEAD] = CLASSIFICATION_INTERNAL,    [ROLE_EMPLOYEE] = CLASSIFICATION_PUBLIC,
    [ROLE_AUDITOR] = CLASSIFICATION_RESTRICTED,
};

static bool role_allows(const struct caller *caller, unsigned role, enum operation operation, const struct stake *stake)
{
    bool owner = stake->owner_id && id_equal(stake->owner_id, &caller->person_id);
    switch (matrix[operation][role]) { // GCOVR_EXCL_BR_LINE: it has no other value; each has a line of its own
    case NO:
        return false;
    case YES:
        return true;
    case OWN:
        return owner;
    case NOT_OWN:
        return !owner;
    case DEPARTMENT:
        return stake->owner_department && caller->department[0] &&
               strcmp(stake->owner_department, caller->department) == 0;
    case ATTENDED:
        return stake->attends;
    }
    return false;
}

bool policy_allows(const struct caller *caller, enum operation operation, const struct stake *stake)
{
    if (caller->is_console)
        return true;
    return role_allows(caller, caller->role, operation, stake) &&
           (!caller->token_role || role_allows(caller, caller->token_role, operation, stake));
}

struct view policy_view(const struct caller *caller)
{
    if (caller->is_console)
        return view_all;
    struct view view = {.person = caller->person_id, .clearance = clearances[caller->role]};
    if (caller->token_role && clearances[caller->token_role] < view.clearance)
        view.clearance = clearances[caller->token_role];
    return view;
}
