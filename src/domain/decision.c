#include "reviewd/decision.h"

#include "reviewd/review.h"

static const char *const kind_names[] = {
    "continual_improvement", "isms_change",    "strategy_change",   "resource_allocation",
    "objective_change",      "risk_treatment", "corrective_action", "no_change",
};
const char *const decision_status_names[] = {"proposed",  "adopted",     "rejected",
                                             "withdrawn", "implemented", "superseded"};
static const char *const affected_names[] = {"policy",   "procedure", "control", "process",
                                             "document", "objective", "resource"};

struct affected {
    unsigned kind;
    const char *reference;
    const char *title;
};

#define RECORD struct affected
static const struct field affected_fields[] = {
    {"kind", FIELD_ENUM(kind, affected_names), .required = true, .description = "What it is.",
     .example = "\"procedure\""},
    {"reference", FIELD_TEXT(reference), .max = 200, .description = "Its number in the organisation's own papers.",
     .example = "\"PR-07\""},
    {"title", FIELD_TEXT(title), .required = true, .min = 1, .max = 200, .description = "Its title.",
     .example = "\"Patch management\""},
};
#undef RECORD
static const struct shape affected_shape = {"affected_item", affected_fields, COUNT_OF(affected_fields),
                                            sizeof(struct affected)};

#define RECORD struct decision
static const struct field decision_fields[] = {
    {"review_id", FIELD_REF(review_id, "review"), .read_only = true, .description = "The review that decides.",
     .example = "\"MR-2026-01\""},
    {"review_reference", FIELD_TEXT(review_reference), .read_only = true, .derived = true, .via = "review_id",
     .of = "reference", .description = "The review's reference.", .example = "\"MR-2026-01\""},
    {"review_title", FIELD_TEXT(review_title), .read_only = true, .derived = true, .via = "review_id", .of = "title",
     .description = "The review's title.", .example = "\"Management review, second half of 2026\""},
    {"kind", FIELD_ENUM(kind, kind_names), .required = true, .description = "What sort of decision it is (9.3.3).",
     .example = "\"corrective_action\""},
    {"title", FIELD_TEXT(title), .required = true, .min = 1, .max = 200, .sortable = true, .searched = true,
     .description = "What is decided, in a line.", .example = "\"A longer maintenance window\""},
    {"statement", FIELD_TEXT(statement), .required = true, .min = 1, .max = 20000, .searched = true,
     .description = "What is decided, in full, in Markdown.",
     .example = "\"The maintenance window is extended to six hours a week.\""},
    {"rationale", FIELD_TEXT(rationale), .required = true, .min = 1, .max = 20000, .searched = true,
     .description = "Why, in Markdown.", .example = "\"Two hours do not suffice for all critical systems.\""},
    {"input_ids", FIELD_REFS(input_ids, "input"), .required = true, .min = 1, .max = 50,
     .description = "The inputs of the same review that it rests on."},
    {"affects", FIELD_LIST(affects, affected_shape), .max = 50, .description = "What of the ISMS it changes."},
    {"decided_by_id", FIELD_REF(decided_by_id, "person"), .required = true, .may_have_left = true,
     .description = "Who of top management decides; an attendee of the review.",
     .example = "\"mirko.kovac@example.org\""},
    {"owner_id", FIELD_REF(owner_id, "person"), .required = true, .guarded = true,
     .required_rule = "decision.owner.required", .description = "Who sees to it that it is carried out.",
     .example = "\"ana.horvat@example.org\""},
    {"action_required", FIELD_TRUTH(action_required), .guarded = true,
     .description = "Whether anything is to be done; true if left out, false for no_change.", .example = "true"},
    {"deadline", FIELD_DATE(deadline), .guarded = true, .sortable = true,
     .description = "By when; required where action is.", .example = "\"2027-06-30\""},
    {"success_criteria", FIELD_LIST(success_criteria, criterion_shape), .count_rule = "success_criteria.count",
     .guarded = true, .min = 1, .max = 20,
     .description = "How one will know that it has worked; required where action is."},
    {"no_action_reason", FIELD_TEXT(no_action_reason), .min = 1, .max = 5000, .searched = true,
     .description = "Why nothing is to be done; required where no action is."},
    {"status", FIELD_ENUM(status, decision_status_names), .read_only = true, .initial = DECISION_PROPOSED,
     .description = "Changed by verbs alone.", .example = "\"proposed\""},
    {"decided_on", FIELD_DATE(decided_on), .read_only = true, .by_verb = true, .sortable = true,
     .description = "The day of its adoption.", .example = "\"2026-11-20\""},
    {"original_deadline", FIELD_DATE(original_deadline), .read_only = true,
     .description = "The deadline with which it was adopted."},
    {"superseded_by_id", FIELD_REF(superseded_by_id, "decision"), .read_only = true, .by_verb = true,
     .description = "The decision that took its place.", .example = "\"DEC-2026-002\""},
    {"status_reason", FIELD_TEXT(status_reason), .read_only = true, .by_verb = true, .min = 1, .searched = true,
     .description = "Why it was rejected, withdrawn or superseded.",
     .example = "\"A new platform makes it unnecessary.\""},
};

static const struct rule decision_rules[] = {
    {"decision.owner.required", "Every decision has an owner.", 422, RULE_PRACTICE, NULL, NULL},
    {"decision.deadline.required", "A decision that requires action has a deadline.", 422, RULE_PRACTICE, NULL, NULL},
    {"decision.deadline.in_past", "A deadline is not in the past when it is set.", 422, RULE_PRACTICE, NULL, NULL},
    {"decision.deadline.horizon", "A deadline is no further away than the planning horizon.", 422, RULE_PRACTICE, NULL,
     NULL},
    {"decision.success_criteria.required", "A decision that requires action has success criteria.", 422, RULE_PRACTICE,
     NULL, NULL},
    {"decision.no_action_reason.required", "A decision that requires no action says why.", 422, RULE_PRACTICE, NULL,
     NULL},
    {"decision.no_change.action", "A decision that nothing changes requires no action.", 422, RULE_PRACTICE, "9.3.3",
     NULL},
    {"decision.inputs.other_review", "A decision rests on inputs of its own review.", 422, RULE_PRACTICE, "9.3.3",
     NULL},
    {"decision.inputs.duplicate", "A decision names each of its inputs once.", 422, RULE_PROCEDURE, NULL, NULL},
    {"decision.decided_by.decision_maker", "Who decides is of top management and attends the review.", 422,
     RULE_PRACTICE, "9.3.1", NULL},
    {"decision.adopt.review_open", "A decision is adopted while its review is in progress.", 422, RULE_PROCEDURE, NULL,
     NULL},
    {"decision.decided_on.in_future", "A decision is adopted on a day that has come.", 422, RULE_PRACTICE, NULL, NULL},
    {"decision.isms_change.affects", "A change of the ISMS says what it changes.", 422, RULE_PRACTICE, "6.3", NULL},
    {"decision.implement.action_items",
     "A decision is implemented once all its action items are closed or cancelled, at least one of them closed.", 409,
     RULE_PRACTICE, NULL, NULL},
    {"decision.supersede.other", "A decision is superseded by another one, which it has not superseded itself.", 422,
     RULE_PROCEDURE, NULL, NULL},
    {"decision.ended", "A rejected, withdrawn or superseded decision stays as it is.", 409, RULE_PRACTICE, NULL, NULL},
};

static const struct argument adopt_arguments[] = {{"decided_on", "decided_on", true, 0}};
static const struct argument reason_arguments[] = {{"reason", "status_reason", true, 0}};
static const struct argument supersede_arguments[] = {{"by", "superseded_by_id", true, 0},
                                                      {"reason", "status_reason", true, 0}};

static const struct transition decision_transitions[] = {
    {"adopt", STATE(DECISION_PROPOSED), DECISION_ADOPTED, adopt_arguments, COUNT_OF(adopt_arguments),
     "Makes it a commitment: from now on owner, deadline and criteria change by amendment."},
    {"implement", STATE(DECISION_ADOPTED), DECISION_IMPLEMENTED, NULL, 0, "All that it asked for is done."},
    {"reject", STATE(DECISION_PROPOSED), DECISION_REJECTED, reason_arguments, COUNT_OF(reason_arguments),
     "It was proposed and not taken."},
    {"withdraw", STATE(DECISION_PROPOSED), DECISION_WITHDRAWN, reason_arguments, COUNT_OF(reason_arguments),
     "It was proposed and taken back."},
    {"supersede", STATE(DECISION_ADOPTED) | STATE(DECISION_IMPLEMENTED), DECISION_SUPERSEDED, supersede_arguments,
     COUNT_OF(supersede_arguments), "Another decision takes its place."},
};

const struct resource decision_resource = {
    .name = "decision",
    .collection = "decisions",
    .title = "decision",
    .description = "What a review decides (9.3.3), with owner, deadline and success criteria.",
    .size = sizeof(struct decision),
    .fields = decision_fields,
    .field_count = COUNT_OF(decision_fields),
    .state = "status",
    .transitions = decision_transitions,
    .transition_count = COUNT_OF(decision_transitions),
    .rules = decision_rules,
    .rule_count = COUNT_OF(decision_rules),
    .reference_prefix = "DEC",
    .reference_digits = 3,
    .importable = true,
};

bool decision_is_ended(unsigned status)
{
    return status == DECISION_REJECTED || status == DECISION_WITHDRAWN || status == DECISION_SUPERSEDED;
}

void decision_check_deadline(const struct date *deadline, const struct date *today, int horizon_months,
                             struct violations *violations)
{
    struct date last = date_add_months(today, horizon_months);
    if (date_before(deadline, today))
        violation_add(violations, "decision.deadline.in_past", "#/deadline", "%s is before today, %s.", deadline->text,
                      today->text);
    if (date_before(&last, deadline))
        violation_add(violations, "decision.deadline.horizon", "#/deadline",
                      "%s is more than %d months away; the last day is %s.", deadline->text, horizon_months, last.text);
}

void decision_check_items(const struct named *later_items, size_t count, struct violations *violations)
{
    for (size_t i = 0; i < count; i++)
        violation_add(violations, "action_item.deadline.after_decision", "#/deadline",
                      "%s would be due after its decision; amend it first.",
                      named_text(violations->arena, &later_items[i]));
}

static void check_action(const struct decision *decision, struct violations *violations)
{
    if (decision->kind == DECISION_NO_CHANGE && decision->action_required == TRUTH_TRUE)
        violation_add(
            violations, "decision.no_change.action", "#/action_required",
            "A no_change decision has action_required false; choose another kind if something is to be done.");
    if (decision->action_required == TRUTH_TRUE) {
        if (!date_is_set(&decision->deadline))
            violation_add(violations, "decision.deadline.required", "#/deadline",
                          "'deadline' is required where action is.");
        if (!decision->success_criteria.json)
            violation_add(violations, "decision.success_criteria.required", "#/success_criteria",
                          "'success_criteria' are required where action is.");
    } else if (decision->action_required == TRUTH_FALSE && !decision->no_action_reason) {
        violation_add(violations, "decision.no_action_reason.required", "#/no_action_reason",
                      "Say in 'no_action_reason' why nothing is to be done.");
    }
    if (decision->success_criteria.json)
        criteria_check(&decision->success_criteria, violations);
}

static void check_decided_by(const struct decision_facts *facts, struct violations *violations)
{
    if (facts->decided_by_role != ROLE_TOP_MANAGEMENT || !facts->decided_by_attends)
        violation_add(violations, "decision.decided_by.decision_maker", "#/decided_by_id",
                      facts->decided_by_attends ? "This attendee is not of top management."
                                                : "This person does not attend the review.");
}

static void check_change(const struct decision *after, const struct decision *before, struct violations *violations)
{
    if (decision_is_ended(before->status))
        violation_add(violations, "decision.ended", NULL, "The decision is %s.",
                      decision_status_names[before->status - 1]);
    if (before->status == DECISION_PROPOSED || decision_is_ended(before->status)) /* no amendment changes it either */
        return;
    for (size_t i = 0; i < COUNT_OF(decision_fields); i++) {
        const struct field *field = &decision_fields[i];
        if (field->guarded && !field_equal(field, after, before))
            violation_add(violations, "commitment.amendment_required",
                          arena_format(violations->arena, "#/%s", field->name),
                          "Since its adoption '%s' is changed by POST /v1/decisions/%s/amendments%s.", field->name,
                          after->record.reference,
                          field->kind == FIELD_KIND_TRUTH ? ", which this cannot be: supersede the decision" : "");
    }
}

static void check_inputs_once(const struct decision *decision, struct violations *violations)
{
    const struct id *ids = decision->input_ids.items;
    for (size_t i = 0; ids && i < decision->input_ids.count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (id_is_set(&ids[i]) && id_equal(&ids[i], &ids[j])) {
                violation_add(violations, "decision.inputs.duplicate",
                              arena_format(violations->arena, "#/input_ids/%zu", i), "This input is named already.");
                break;
            }
        }
    }
}

static void check_fields(const struct decision *after, const struct decision *before,
                         const struct decision_facts *facts, struct violations *violations)
{
    review_check_frozen(facts->review_status, violations);
    required_check(&decision_resource, after, violations);
    check_action(after, violations);
    if (!before || !date_equal(&before->deadline, &after->deadline))
        decision_check_deadline(&after->deadline, &facts->today, facts->horizon_months, violations);
    for (size_t i = 0; i < facts->foreign_input_count; i++)
        violation_add(violations, "decision.inputs.other_review",
                      arena_format(violations->arena, "#/input_ids/%zu", facts->foreign_inputs[i]),
                      "This input belongs to another review or was withdrawn.");
    decision_check_items(facts->later_items, facts->later_item_count, violations);
    check_inputs_once(after, violations);
    bool decided_by_set = id_is_set(&after->decided_by_id);
    if (decided_by_set && (!before || !id_equal(&before->decided_by_id, &after->decided_by_id)))
        check_decided_by(facts, violations);
    if (after->kind == DECISION_ISMS_CHANGE && after->affects.count == 0)
        violation_add(violations, "decision.isms_change.affects", "#/affects", "Say in 'affects' what it changes.");
    if (before)
        check_change(after, before, violations);
}

static void check_adopt(const struct decision *after, const struct decision_facts *facts, struct violations *violations)
{
    if (facts->review_status != REVIEW_IN_PROGRESS)
        violation_add(violations, "decision.adopt.review_open", NULL, "The review is %s.",
                      review_status_names[facts->review_status - 1]);
    if (date_before(&facts->today, &after->decided_on))
        violation_add(violations, "decision.decided_on.in_future", "#/decided_on", "%s is after today, %s.",
                      after->decided_on.text, facts->today.text);
    check_decided_by(facts, violations);
    decision_check_deadline(&after->deadline, &facts->today, facts->horizon_months, violations);
}

static void check_implement(const struct decision_facts *facts, struct violations *violations)
{
    for (size_t i = 0; i < facts->unfinished_item_count; i++)
        violation_add(violations, "decision.implement.action_items", NULL, "%s is neither closed nor cancelled.",
                      named_text(violations->arena, &facts->unfinished_items[i]));
    if (facts->closed_items == 0 && facts->unfinished_item_count == 0)
        violation_add(violations, "decision.implement.action_items", NULL, "None of its action items was closed.");
}

void decision_check(const struct decision *after, const struct decision *before, const char *verb,
                    const struct decision_facts *facts, struct violations *violations)
{
    if (!verb) {
        check_fields(after, before, facts, violations);
    } else if (strcmp(verb, "adopt") == 0) {
        review_check_frozen(facts->review_status, violations);
        check_adopt(after, facts, violations);
    } else if (strcmp(verb, "reject") == 0 || strcmp(verb, "withdraw") == 0) {
        if (facts->review_status !=
            REVIEW_CANCELLED) /* else its owner would be held for good by what comes to nothing */
            review_check_frozen(facts->review_status, violations);
    } else if (strcmp(verb, "implement") == 0) {
        check_implement(facts, violations);
    } else if (id_equal(&after->superseded_by_id, &after->record.id)) { /* supersede */
        violation_add(violations, "decision.supersede.other", "#/by", "A decision cannot take its own place.");
    } else if (facts->supersedes_itself) {
        violation_add(violations, "decision.supersede.other", "#/by",
                      "That decision was itself superseded by this one, or by others that were.");
    }
}
