#include "reviewd/follow_up.h"

#include "reviewd/review.h"

enum { EVIDENCE_MIN = 10 };

static const char *const kind_names[] = {"progress", "completion", "effectiveness"};
static const char *const outcome_names[] = {
    "on_track",      "at_risk",   "off_track",           "completed",
    "not_completed", "effective", "partially_effective", "not_effective",
};

#define RECORD struct criterion_result
static const struct field criterion_result_fields[] = {
    {"criterion_id", FIELD_TEXT(criterion_id), .required = true, .min = 1, .max = 20,
     .description = "The id of one of the action item's success criteria.", .example = "\"c1\""},
    {"measured_value", FIELD_NUMBER(measured_value), .description = "What was measured.", .example = "96.4"},
    {"met", FIELD_TRUTH(met), .description = "Whether it is met; worked out where a value is measured.",
     .example = "true"},
    {"evidence", FIELD_TEXT(evidence), .max = 5000, .description = "What shows it.",
     .example = "\"Scanner report of 15 March, page 2\""},
};
#undef RECORD
const struct shape criterion_result_shape = {"criterion_result", criterion_result_fields,
                                             COUNT_OF(criterion_result_fields), sizeof(struct criterion_result)};

#define RECORD struct follow_up
static const struct field follow_up_fields[] = {
    {"action_item_id", FIELD_REF(action_item_id, "action_item"), .read_only = true,
     .description = "The action item that was looked at.", .example = "\"ACT-2026-0001\""},
    {"kind", FIELD_ENUM(kind, kind_names), .required = true, .description = "What was looked for.",
     .example = "\"progress\""},
    {"performed_by_id", FIELD_REF(performed_by_id, "person"), .required = true, .may_have_left = true,
     .description = "Who looked.", .example = "\"ana.horvat@example.org\""},
    {"performed_on", FIELD_DATE(performed_on), .required = true, .sortable = true, .description = "When.",
     .example = "\"2026-11-21\""},
    {"note", FIELD_TEXT(note), .required = true, .min = 1, .max = 20000, .searched = true,
     .description = "What was found.", .example = "\"The new window was agreed with operations.\""},
    {"outcome", FIELD_ENUM(outcome, outcome_names), .required = true,
     .description = "What it comes to; each kind has its own.", .example = "\"on_track\""},
    {"review_id", FIELD_REF(review_id, "review"), .veiled = true,
     .description = "A later review in progress in which it was revisited; null to who does not see that review."},
    {"progress_percent", FIELD_INTEGER(progress_percent), .min = 0, .max = 100, .description = "How much is done.",
     .example = "40"},
    {"criteria_results", FIELD_LIST(criteria_results, criterion_result_shape), .max = 20,
     .description = "What was found of the success criteria."},
    {"next_follow_up_on", FIELD_DATE(next_follow_up_on), .sortable = true,
     .description = "When to look again; required unless this one closes the action item.",
     .example = "\"2027-01-15\""},
    {"supersedes_id", FIELD_REF(supersedes_id, "follow_up"),
     .description = "An earlier follow-up of the same action item that this one corrects."},
};

static const struct rule follow_up_rules[] = {
    {"follow_up.outcome.kind", "The outcome is one of the follow-up's kind.", 422, RULE_PROCEDURE, NULL, NULL},
    {"follow_up.performed_on.in_future", "A follow-up is recorded once it was performed.", 422, RULE_PRACTICE, NULL,
     NULL},
    {"follow_up.performed_on.before_action", "A follow-up is not performed before the action item exists.", 422,
     RULE_PRACTICE, NULL, NULL},
    {"follow_up.next.required",
     "Unless it closes the action item, a follow-up says when to look again, today or later.", 422, RULE_PRACTICE, NULL,
     NULL},
    {"follow_up.review.open", "The review in which an action item is revisited is in progress.", 409, RULE_PROCEDURE,
     NULL, NULL},
    {"follow_up.review.same", "An action item is revisited in a later review than the one that made it.", 422,
     RULE_PRACTICE, "9.3.2 a", NULL},
    {"follow_up.evidence.required",
     "Each result of a completion or effectiveness follow-up has a measured value, or evidence in 10 characters or "
     "more.",
     422, RULE_PRACTICE, "10.2", NULL},
    {"follow_up.criteria.complete", "Effectiveness is judged by a result for every success criterion.", 422,
     RULE_PRACTICE, "10.2", NULL},
    {"follow_up.criteria.duplicate", "A criterion has one result.", 422, RULE_PROCEDURE, NULL, NULL},
    {"follow_up.criteria.measured", "The result of a measured criterion has its measured value.", 422, RULE_PRACTICE,
     NULL, NULL},
    {"follow_up.criteria.met_mismatch", "Whether a measured criterion is met follows from value and target.", 422,
     RULE_PRACTICE, NULL, NULL},
    {"follow_up.effective.criteria_met", "An action is effective only where every criterion is met.", 422,
     RULE_PRACTICE, "10.2", NULL},
    {"follow_up.effectiveness.completed", "Effectiveness is verified after completion.", 409, RULE_PRACTICE, "10.2",
     NULL},
    {"follow_up.effectiveness.separation", "Who verifies the effectiveness does not own the action item.", 403,
     RULE_PRACTICE, NULL, NULL},
    {"follow_up.action_item.open",
     "A closed or cancelled action item is followed up no more, but for progress in a review that carries it.", 409,
     RULE_PROCEDURE, NULL, NULL},
    {"follow_up.supersedes.same_item", "A follow-up supersedes an earlier one of the same action item.", 422,
     RULE_PROCEDURE, NULL, NULL},
};

const struct resource follow_up_resource = {
    .name = "follow_up",
    .collection = "follow-ups",
    .title = "follow-up",
    .description = "What was found when an action item was looked at again; append-only.",
    .size = sizeof(struct follow_up),
    .fields = follow_up_fields,
    .field_count = COUNT_OF(follow_up_fields),
    .rules = follow_up_rules,
    .rule_count = COUNT_OF(follow_up_rules),
    .append_only = true,
    .importable = true,
};

static const struct criterion *criterion_find(const struct action_item *item, const char *id)
{
    const struct criterion *criteria = item->success_criteria.items;
    for (size_t i = 0; id && i < item->success_criteria.count; i++) {
        if (strcmp(criteria[i].id, id) == 0)
            return &criteria[i];
    }
    return NULL;
}

static enum truth criterion_met(const struct criterion *criterion, const struct criterion_result *result)
{
    return comparator_holds(criterion->comparator, result->measured_value.value, criterion->target.value) ? TRUTH_TRUE
                                                                                                          : TRUTH_FALSE;
}

void follow_up_derive(struct follow_up *follow_up, const struct action_item *item)
{
    struct criterion_result *results = follow_up->criteria_results.items;
    for (size_t i = 0; i < follow_up->criteria_results.count; i++) {
        const struct criterion *criterion = criterion_find(item, results[i].criterion_id);
        if (criterion && criterion_is_measured(criterion) && results[i].measured_value.known && !results[i].met)
            results[i].met = criterion_met(criterion, &results[i]);
    }
}

static bool outcome_fits(unsigned kind, unsigned outcome)
{
    switch ((enum follow_up_kind)kind) { // GCOVR_EXCL_BR_LINE: it has no other value; each has a line of its own
    case FOLLOW_UP_PROGRESS:
        return outcome <= OUTCOME_OFF_TRACK;
    case FOLLOW_UP_COMPLETION:
        return outcome == OUTCOME_COMPLETED || outcome == OUTCOME_NOT_COMPLETED;
    case FOLLOW_UP_EFFECTIVENESS:
        return outcome >= OUTCOME_EFFECTIVE;
    }
    return true;
}

static void check_result(const struct follow_up *follow_up, size_t index, const struct follow_up_facts *facts,
                         struct violations *violations)
{
    const struct criterion_result *results = follow_up->criteria_results.items;
    const struct criterion_result *result = &results[index];
    const char *pointer = arena_format(violations->arena, "#/criteria_results/%zu", index);
    bool evidence = result->measured_value.known || (result->evidence && text_length(result->evidence) >= EVIDENCE_MIN);
    if (follow_up->kind != FOLLOW_UP_PROGRESS && follow_up->kind && !evidence && !violations_at(violations, pointer))
        violation_add(violations, "follow_up.evidence.required",
                      arena_format(violations->arena, "%s/evidence", pointer),
                      "Give a 'measured_value', or 'evidence' in %d characters or more.", EVIDENCE_MIN);
    const struct criterion *criterion = criterion_find(facts->action_item, result->criterion_id);
    if (!criterion) {
        if (result->criterion_id)
            violation_add(violations, "reference.not_found",
                          arena_format(violations->arena, "%s/criterion_id", pointer),
                          "The action item has no success criterion '%.20s'.", result->criterion_id);
        return;
    }
    for (size_t i = 0; i < index; i++) {
        if (results[i].criterion_id && strcmp(results[i].criterion_id, result->criterion_id) == 0)
            violation_add(violations, "follow_up.criteria.duplicate", pointer, "There is a result for '%s' already.",
                          result->criterion_id);
    }
    bool measured = criterion_is_measured(criterion);
    const char *value_pointer = arena_format(violations->arena, "%s/measured_value", pointer);
    if (measured && !result->measured_value.known && !violations_at(violations, value_pointer))
        violation_add(violations, "follow_up.criteria.measured", value_pointer,
                      "'%s' is measured: give the 'measured_value' of %s.", criterion->id, criterion->metric);
    if (measured && result->measured_value.known && result->met != criterion_met(criterion, result))
        violation_add(violations, "follow_up.criteria.met_mismatch", arena_format(violations->arena, "%s/met", pointer),
                      "The measured value against the target says that '%s' is %s.", criterion->id,
                      criterion_met(criterion, result) == TRUTH_TRUE ? "met" : "not met");
}

static void check_effectiveness(const struct follow_up *follow_up, const struct follow_up_facts *facts,
                                struct violations *violations)
{
    const struct action_item *item = facts->action_item;
    const struct criterion *criteria = item->success_criteria.items;
    const struct criterion_result *results = follow_up->criteria_results.items;
    for (size_t i = 0; i < item->success_criteria.count; i++) {
        const struct criterion_result *found = NULL;
        for (size_t j = 0; j < follow_up->criteria_results.count && !found; j++) {
            if (results[j].criterion_id && strcmp(results[j].criterion_id, criteria[i].id) == 0)
                found = &results[j];
        }
        if (!found)
            violation_add(violations, "follow_up.criteria.complete", "#/criteria_results",
                          "There is no result for '%s': %.200s.", criteria[i].id, criteria[i].statement);
        if (follow_up->outcome == OUTCOME_EFFECTIVE && (!found || found->met != TRUTH_TRUE))
            violation_add(violations, "follow_up.effective.criteria_met", "#/outcome", "'%s' is not met.",
                          criteria[i].id);
    }
    if (item->status != ACTION_COMPLETED && !action_item_is_ended(item->status))
        violation_add(violations, "follow_up.effectiveness.completed", NULL,
                      "The action item is %s; its completion comes first.", action_item_status_names[item->status - 1]);
    if (id_is_set(&follow_up->performed_by_id) && id_equal(&follow_up->performed_by_id, &item->owner_id))
        violation_add(violations, "follow_up.effectiveness.separation", "#/performed_by_id",
                      "The owner of the action item does not verify it.");
}

static void check_dates(const struct follow_up *follow_up, const struct follow_up_facts *facts,
                        struct violations *violations)
{
    struct date made_on = instant_date(&facts->action_item->record.created_at);
    if (date_before(&facts->today, &follow_up->performed_on))
        violation_add(violations, "follow_up.performed_on.in_future", "#/performed_on", "%s is after today, %s.",
                      follow_up->performed_on.text, facts->today.text);
    if (date_before(&follow_up->performed_on, &made_on))
        violation_add(violations, "follow_up.performed_on.before_action", "#/performed_on",
                      "%s is before the action item was made, on %s.", follow_up->performed_on.text, made_on.text);
    bool closes = follow_up->kind == FOLLOW_UP_EFFECTIVENESS && follow_up->outcome == OUTCOME_EFFECTIVE;
    if (!closes && !date_is_set(&follow_up->next_follow_up_on))
        violation_add(violations, "follow_up.next.required", "#/next_follow_up_on",
                      "Say when the action item is looked at again.");
    if (date_before(&follow_up->next_follow_up_on, &facts->today))
        violation_add(violations, "follow_up.next.required", "#/next_follow_up_on", "%s is in the past.",
                      follow_up->next_follow_up_on.text);
}

void follow_up_check(const struct follow_up *follow_up, const struct follow_up_facts *facts,
                     struct violations *violations)
{
    const struct action_item *item = facts->action_item;
    required_check(&follow_up_resource, follow_up, violations);
    /* A review that carries an item looks at it, also where it was closed or cancelled meanwhile. */
    bool revisited = follow_up->kind == FOLLOW_UP_PROGRESS && facts->review_carries;
    if (action_item_is_ended(item->status) && !revisited)
        violation_add(
            violations, "follow_up.action_item.open", NULL,
            "The action item is %s; only a review that carries it adds a progress follow-up with its review_id.",
            action_item_status_names[item->status - 1]);
    if (follow_up->kind && follow_up->outcome && !outcome_fits(follow_up->kind, follow_up->outcome))
        violation_add(violations, "follow_up.outcome.kind", "#/outcome", "'%s' is no outcome of a %s follow-up.",
                      outcome_names[follow_up->outcome - 1], kind_names[follow_up->kind - 1]);
    check_dates(follow_up, facts, violations);
    bool same = id_is_set(&follow_up->review_id) && id_equal(&follow_up->review_id, &item->review_id);
    if (same || facts->review_earlier)
        violation_add(violations, "follow_up.review.same", "#/review_id",
                      "An action item is revisited in a review later than the one that made it.");
    if (facts->review_status && facts->review_status != REVIEW_IN_PROGRESS)
        violation_add(violations, "follow_up.review.open", "#/review_id", "The review is %s.",
                      review_status_names[facts->review_status - 1]);
    if (facts->supersedes_other)
        violation_add(violations, "follow_up.supersedes.same_item", "#/supersedes_id",
                      "That follow-up is of another action item.");
    for (size_t i = 0; i < follow_up->criteria_results.count; i++)
        check_result(follow_up, i, facts, violations);
    if (follow_up->kind == FOLLOW_UP_EFFECTIVENESS)
        check_effectiveness(follow_up, facts, violations);
}

bool follow_up_apply(const struct follow_up *follow_up, struct action_item *item, const struct instant *now)
{
    if (action_item_is_ended(item->status))
        return false;
    const struct action_item before = *item;
    if (follow_up->progress_percent.known)
        item->progress_percent = follow_up->progress_percent;
    switch ((enum outcome)follow_up->outcome) { // GCOVR_EXCL_BR_LINE: it has no other value; each has a line of its own
    case OUTCOME_COMPLETED:
        item->status = ACTION_COMPLETED;
        item->completed_on = follow_up->performed_on;
        item->progress_percent = (struct integer){true, 100};
        item->status_reason = NULL;
        break;
    case OUTCOME_EFFECTIVE:
        item->status = ACTION_CLOSED;
        item->closed_on = follow_up->performed_on;
        item->ended_at = *now;
        break;
    case OUTCOME_PARTIALLY_EFFECTIVE:
    case OUTCOME_NOT_EFFECTIVE:
        item->status = ACTION_IN_PROGRESS;
        item->completed_on = (struct date){0};
        item->progress_percent = follow_up->progress_percent; /* what was reported as done is not */
        break;
    case OUTCOME_ON_TRACK:
    case OUTCOME_AT_RISK:
    case OUTCOME_OFF_TRACK:
    case OUTCOME_NOT_COMPLETED:
        break;
    }
    return !record_equal(&action_item_resource, &before, item);
}
