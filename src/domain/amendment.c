#include "reviewd/amendment.h"

enum { REASON_MIN = 10 };

#define RECORD struct amendment
static const struct field amendment_fields[] = {
    {"decision_id", FIELD_REF(decision_id, "decision"), .read_only = true, .description = "The decision amended."},
    {"action_item_id", FIELD_REF(action_item_id, "action_item"), .read_only = true,
     .description = "The action item amended."},
    {"reason", FIELD_TEXT(reason), .required = true, .min = REASON_MIN, .max = 5000, .searched = true,
     .description = "Why.", .example = "\"The supplier delivers the new platform a month late.\""},
    {"approved_by_id", FIELD_REF(approved_by_id, "person"), .required = true,
     .description = "Who approves it: top management, ISMS manager or department head, and neither owner.",
     .example = "\"mirko.kovac@example.org\""},
    {"owner_id", FIELD_REF(owner_id, "person"), .description = "The new owner."},
    {"deadline", FIELD_DATE(deadline), .description = "The new deadline.", .example = "\"2027-04-30\""},
    {"success_criteria", FIELD_LIST(success_criteria, criterion_shape), .count_rule = "success_criteria.count",
     .min = 1, .max = 20, .description = "The new success criteria, all of them.", .example = "null"},
    {"before", FIELD_RAW(before), .read_only = true, .description = "What is changed, as it was."},
    {"after", FIELD_RAW(after), .read_only = true, .description = "What is changed, as it is from now on."},
};

static const struct rule amendment_rules[] = {
    {"amendment.nothing_changed", "An amendment changes owner, deadline or success criteria.", 422, RULE_PRACTICE, NULL,
     NULL},
    {"amendment.approver.role", "Top management, an ISMS manager or a department head approves an amendment.", 422,
     RULE_PRACTICE, NULL, NULL},
    {"amendment.approver.owner", "Neither the old nor the new owner approves an amendment.", 422, RULE_PRACTICE, NULL,
     NULL},
    {"amendment.deadline.escalation", "From the third extension of a deadline on, top management approves it.", 422,
     RULE_PRACTICE, NULL, NULL},
    {"amendment.not_open", "Only an adopted decision, or an action item neither closed nor cancelled, is amended.", 409,
     RULE_PROCEDURE, NULL, NULL},
};

const struct resource amendment_resource = {
    .name = "amendment",
    .collection = "amendments",
    .title = "amendment",
    .description = "A change of owner, deadline or success criteria, with its reason and approval; append-only.",
    .size = sizeof(struct amendment),
    .fields = amendment_fields,
    .field_count = COUNT_OF(amendment_fields),
    .rules = amendment_rules,
    .rule_count = COUNT_OF(amendment_rules),
    .append_only = true,
    .importable = true,
};

static void check_approver(const struct amendment *amendment, const struct amendment_facts *facts, bool extension,
                           struct violations *violations)
{
    unsigned role = facts->approver_role;
    if (role != ROLE_TOP_MANAGEMENT && role != ROLE_ISMS_MANAGER && role != ROLE_DEPARTMENT_HEAD)
        violation_add(violations, "amendment.approver.role", "#/approved_by_id", "The approver has the role '%s'.",
                      role ? role_names[role - 1] : "none");
    if (id_equal(&amendment->approved_by_id, &facts->commitment.owner_id) ||
        (id_is_set(&amendment->owner_id) && id_equal(&amendment->approved_by_id, &amendment->owner_id)))
        violation_add(violations, "amendment.approver.owner", "#/approved_by_id",
                      "Owners do not approve changes of their own commitments.");
    if (extension && facts->extension_count >= EXTENSIONS_UNESCALATED && role != ROLE_TOP_MANAGEMENT)
        violation_add(violations, "amendment.deadline.escalation", "#/approved_by_id",
                      "The deadline was extended %zu times already; top management approves further extensions.",
                      facts->extension_count);
}

void amendment_check(const struct amendment *amendment, const struct amendment_facts *facts,
                     struct violations *violations)
{
    const struct commitment *old = &facts->commitment;
    bool owner = id_is_set(&amendment->owner_id) && !id_equal(&amendment->owner_id, &old->owner_id);
    bool deadline = date_is_set(&amendment->deadline) && !date_equal(&amendment->deadline, &old->deadline);
    bool criteria =
        amendment->success_criteria.json &&
        (amendment->success_criteria.length != old->success_criteria.length ||
         memcmp(amendment->success_criteria.json, old->success_criteria.json, old->success_criteria.length) != 0);
    if (facts->target_state)
        violation_add(violations, "amendment.not_open", NULL, "The %s is %s.", facts->target->title,
                      facts->target_state);
    required_check(&amendment_resource, amendment, violations);
    bool misread = violations_at(violations, "#/owner_id") || violations_at(violations, "#/deadline") ||
                   violations_at(violations, "#/success_criteria");
    if (!owner && !deadline && !criteria && !misread)
        violation_add(violations, "amendment.nothing_changed", NULL,
                      "Give an 'owner_id', 'deadline' or 'success_criteria' other than the present.");
    if (id_is_set(&amendment->approved_by_id))
        check_approver(amendment, facts, deadline && date_before(&old->deadline, &amendment->deadline), violations);
    if (amendment->success_criteria.json)
        criteria_check(&amendment->success_criteria, violations);
    if (!deadline)
        return;
    decision_check_items(facts->later_items, facts->later_item_count, violations);
    if (facts->target == &decision_resource)
        decision_check_deadline(&amendment->deadline, &facts->action_item.today, facts->horizon_months, violations);
    else
        action_item_check_deadline(&amendment->deadline, &facts->action_item, violations);
}
