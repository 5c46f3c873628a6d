#include "reviewd/action_item.h"

#include "reviewd/decision.h"

static const char *const kind_names[] = {"correction", "corrective", "preventive", "improvement", "change"};
static const char *const priority_names[] = {"low", "medium", "high", "critical"};
const char *const action_item_status_names[] = {"open", "in_progress", "blocked", "completed", "closed", "cancelled"};

enum { PRIORITY_MEDIUM = 2 };

struct effort {
    struct number budget_amount;
    const char *currency;
    struct number effort_days;
    const char *note;
};

#define RECORD struct effort
static const struct field effort_fields[] = {
    {"budget_amount", FIELD_NUMBER(budget_amount), .not_negative = true,
     .description = "Money set aside, in the currency.", .example = "12000"},
    {"currency", FIELD_TEXT(currency), .min = 3, .max = 3, .description = "ISO 4217 code.", .example = "\"EUR\""},
    {"effort_days", FIELD_NUMBER(effort_days), .not_negative = true, .description = "Person-days set aside.",
     .example = "15"},
    {"note", FIELD_TEXT(note), .max = 2000, .description = "Anything else that it takes."},
};
#undef RECORD
static const struct shape effort_shape = {"resources", effort_fields, COUNT_OF(effort_fields), sizeof(struct effort)};

#define RECORD struct action_item
static const struct field action_item_fields[] = {
    {"review_id", FIELD_REF(review_id, "review"), .read_only = true, .through = "decision_id",
     .description = "The review that it comes from.", .example = "\"MR-2026-01\""},
    {"review_reference", FIELD_TEXT(review_reference), .read_only = true, .derived = true, .via = "review_id",
     .of = "reference", .description = "The review's reference.", .example = "\"MR-2026-01\""},
    {"review_title", FIELD_TEXT(review_title), .read_only = true, .derived = true, .via = "review_id", .of = "title",
     .description = "The review's title.", .example = "\"Management review, second half of 2026\""},
    {"decision_id", FIELD_REF(decision_id, "decision"), .read_only = true,
     .description = "The decision that it carries out.", .example = "\"DEC-2026-001\""},
    {"decision_reference", FIELD_TEXT(decision_reference), .read_only = true, .derived = true, .via = "decision_id",
     .of = "reference", .description = "The decision's reference.", .example = "\"DEC-2026-001\""},
    {"decision_title", FIELD_TEXT(decision_title), .read_only = true, .derived = true, .via = "decision_id",
     .of = "title", .description = "The decision's title.", .example = "\"A longer maintenance window\""},
    {"kind", FIELD_ENUM(kind, kind_names), .required = true, .description = "What sort of action it is.",
     .example = "\"corrective\""},
    {"title", FIELD_TEXT(title), .required = true, .min = 1, .max = 200, .sortable = true, .searched = true,
     .description = "What is to be done, in a line.", .example = "\"Extend the maintenance window\""},
    {"description", FIELD_TEXT(description), .max = 20000, .searched = true, .description = "What is to be done."},
    {"root_cause", FIELD_TEXT(root_cause), .min = 1, .max = 5000, .searched = true,
     .description = "What a corrective action does away with (10.2).",
     .example = "\"The window was sized for half of today's systems.\""},
    {"owner_id", FIELD_REF(owner_id, "person"), .required = true, .guarded = true,
     .required_rule = "action_item.owner.required", .description = "Who does it, or has it done.",
     .example = "\"ana.horvat@example.org\""},
    {"deadline", FIELD_DATE(deadline), .required = true, .guarded = true, .sortable = true, .description = "By when.",
     .example = "\"2027-03-31\""},
    {"success_criteria", FIELD_LIST(success_criteria, criterion_shape), .count_rule = "success_criteria.count",
     .required = true, .guarded = true, .min = 1, .max = 20, .description = "How one will know that it has worked."},
    {"priority", FIELD_ENUM(priority, priority_names), .initial = PRIORITY_MEDIUM, .description = "How pressing it is.",
     .example = "\"high\""},
    {"resources", FIELD_OBJECT(resources, effort_shape), .description = "What it takes (7.1)."},
    {"predecessor_id", FIELD_REF(predecessor_id, "action_item"), .description = "The action item that it follows."},
    {"status", FIELD_ENUM(status, action_item_status_names), .read_only = true, .initial = ACTION_OPEN,
     .description = "Changed by verbs and follow-ups alone.", .example = "\"open\""},
    {"original_deadline", FIELD_DATE(original_deadline), .read_only = true,
     .description = "The deadline with which it was made.", .example = "\"2027-03-31\""},
    {"extension_count", FIELD_INTEGER(extension_count), .read_only = true, .max = 100000,
     .description = "How often the deadline was moved to a later day.", .example = "0"},
    {"progress_percent", FIELD_INTEGER(progress_percent), .read_only = true, .max = 100,
     .description = "As the newest follow-up reports it."},
    {"completed_on", FIELD_DATE(completed_on), .read_only = true, .sortable = true, .description = "When it was done."},
    {"closed_on", FIELD_DATE(closed_on), .read_only = true, .description = "When it was verified to be effective."},
    {"cancelled_on", FIELD_DATE(cancelled_on), .read_only = true, .description = "When it was cancelled."},
    {"ended_at", FIELD_INSTANT(ended_at), .read_only = true, .description = "When it was closed or cancelled."},
    {"status_reason", FIELD_TEXT(status_reason), .read_only = true, .by_verb = true, .min = 1, .searched = true,
     .description = "Why it is blocked or cancelled.", .example = "\"The supplier delivers in January.\""},
    {"cancel_approved_by_id", FIELD_REF(cancel_approved_by_id, "person"), .read_only = true, .by_verb = true,
     .description = "Who approved the cancellation.", .example = "\"mirko.kovac@example.org\""},
    {"overdue", FIELD_TRUTH(overdue), .read_only = true, .derived = true,
     .description = "Whether it is open, in progress or blocked after its deadline.", .example = "false"},
    {"days_overdue", FIELD_INTEGER(days_overdue), .read_only = true, .derived = true,
     .description = "Days since the deadline, 0 where it is not overdue.", .example = "0"},
};

static const struct rule action_item_rules[] = {
    {"action_item.owner.required", "Every action item has an owner.", 422, RULE_PRACTICE, NULL, NULL},
    {"action_item.deadline.required", "Every action item has a deadline.", 422, RULE_PRACTICE, NULL, NULL},
    {"action_item.success_criteria.required", "Every action item has success criteria.", 422, RULE_PRACTICE, NULL,
     NULL},
    {"action_item.deadline.in_past", "A deadline is not in the past when it is set.", 422, RULE_PRACTICE, NULL, NULL},
    {"action_item.deadline.after_decision", "An action item is due no later than the decision that it carries out.",
     422, RULE_PRACTICE, NULL, NULL},
    {"action_item.root_cause.required", "A corrective action names the root cause that it does away with.", 422,
     RULE_STANDARD, "10.2", NULL},
    {"action_item.predecessor.self", "An action item does not follow itself, be it by others.", 422, RULE_PRACTICE,
     NULL, NULL},
    {"action_item.decision.adopted", "A rejected, withdrawn or superseded decision gets no action items.", 409,
     RULE_PROCEDURE, NULL, NULL},
    {"action_item.cancel.approver", "A cancellation is approved by one of top management who does not own the item.",
     422, RULE_PRACTICE, NULL, NULL},
    {"action_item.ended", "A closed or cancelled action item stays as it is.", 409, RULE_PRACTICE, NULL, NULL},
};

static const struct argument block_arguments[] = {{"reason", "status_reason", true, 0}};
static const struct argument cancel_arguments[] = {{"reason", "status_reason", true, 0},
                                                   {"approved_by_id", "cancel_approved_by_id", true, 0}};

static const struct transition action_item_transitions[] = {
    {"start", STATE(ACTION_OPEN), ACTION_IN_PROGRESS, NULL, 0, "Work on it begins."},
    {"block", STATE(ACTION_OPEN) | STATE(ACTION_IN_PROGRESS), ACTION_BLOCKED, block_arguments,
     COUNT_OF(block_arguments), "Something keeps it from going on."},
    {"unblock", STATE(ACTION_BLOCKED), ACTION_IN_PROGRESS, NULL, 0, "It goes on."},
    {"cancel", STATE(ACTION_OPEN) | STATE(ACTION_IN_PROGRESS) | STATE(ACTION_BLOCKED) | STATE(ACTION_COMPLETED),
     ACTION_CANCELLED, cancel_arguments, COUNT_OF(cancel_arguments), "It will not be done; top management agrees."},
};

static void derive(void *record, const struct date *today)
{
    struct action_item *item = record;
    bool running = item->status == ACTION_OPEN || item->status == ACTION_IN_PROGRESS || item->status == ACTION_BLOCKED;
    bool overdue = running && date_before(&item->deadline, today);
    item->overdue = overdue ? TRUTH_TRUE : TRUTH_FALSE;
    item->days_overdue = (struct integer){true, overdue ? date_days(today) - date_days(&item->deadline) : 0};
}

const struct resource action_item_resource = {
    .name = "action_item",
    .collection = "action-items",
    .title = "action item",
    .description = "What is to be done because of a decision, with owner, deadline and success criteria.",
    .size = sizeof(struct action_item),
    .fields = action_item_fields,
    .field_count = COUNT_OF(action_item_fields),
    .state = "status",
    .transitions = action_item_transitions,
    .transition_count = COUNT_OF(action_item_transitions),
    .rules = action_item_rules,
    .rule_count = COUNT_OF(action_item_rules),
    .reference_prefix = "ACT",
    .reference_digits = 4,
    .derive = derive,
    .importable = true,
};

bool action_item_is_ended(unsigned status)
{
    return status == ACTION_CLOSED || status == ACTION_CANCELLED;
}

void action_item_check_deadline(const struct date *deadline, const struct action_item_facts *facts,
                                struct violations *violations)
{
    if (date_before(deadline, &facts->today))
        violation_add(violations, "action_item.deadline.in_past", "#/deadline", "%s is before today, %s.",
                      deadline->text, facts->today.text);
    if (date_before(&facts->decision_deadline, deadline))
        violation_add(violations, "action_item.deadline.after_decision", "#/deadline",
                      "%s is after the decision's own deadline, %s.", deadline->text, facts->decision_deadline.text);
}

static void check_change(const struct action_item *after, const struct action_item *before,
                         struct violations *violations)
{
    if (action_item_is_ended(before->status))
        violation_add(violations, "action_item.ended", NULL, "The action item is %s.",
                      action_item_status_names[before->status - 1]);
    for (size_t i = 0; i < COUNT_OF(action_item_fields); i++) {
        const struct field *field = &action_item_fields[i];
        if (field->guarded && !field_equal(field, after, before))
            violation_add(
                violations, "commitment.amendment_required", arena_format(violations->arena, "#/%s", field->name),
                "'%s' is changed by POST /v1/action-items/%s/amendments.", field->name, after->record.reference);
    }
}

void action_item_check(const struct action_item *after, const struct action_item *before, const char *verb,
                       const struct action_item_facts *facts, struct violations *violations)
{
    if (verb) {
        bool cancel = strcmp(verb, "cancel") == 0 && id_is_set(&after->cancel_approved_by_id);
        if (cancel &&
            (facts->approver_role != ROLE_TOP_MANAGEMENT || id_equal(&after->cancel_approved_by_id, &after->owner_id)))
            violation_add(violations, "action_item.cancel.approver", "#/approved_by_id",
                          "Name one of top management who does not own the action item.");
        return;
    }
    required_check(&action_item_resource, after, violations);
    if (after->kind == ACTION_CORRECTIVE && (!after->root_cause || !text_length(after->root_cause)))
        violation_add(violations, "action_item.root_cause.required", "#/root_cause",
                      "A corrective action names its 'root_cause'.");
    if (id_is_set(&after->predecessor_id) && id_equal(&after->predecessor_id, &after->record.id))
        violation_add(violations, "action_item.predecessor.self", "#/predecessor_id",
                      "'predecessor_id' names another action item.");
    else if (facts->follows_itself)
        violation_add(violations, "action_item.predecessor.self", "#/predecessor_id",
                      "'predecessor_id' names one that follows this action item, itself or by others.");
    if (after->success_criteria.json)
        criteria_check(&after->success_criteria, violations);
    if (!before || !date_equal(&before->deadline, &after->deadline))
        action_item_check_deadline(&after->deadline, facts, violations);
    if (before)
        check_change(after, before, violations);
    else if (decision_is_ended(facts->decision_status))
        violation_add(violations, "action_item.decision.adopted", NULL, "The decision is %s.",
                      decision_status_names[facts->decision_status - 1]);
}
