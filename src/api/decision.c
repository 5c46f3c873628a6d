#include "api.h"

#include "reviewd/decision.h"
#include "reviewd/input.h"

static bool begin(struct call *call)
{
    const struct review *review = call->parent;
    ((struct decision *)call->after)->review_id = review->record.id;
    return true;
}

static bool complete(struct call *call)
{
    struct decision *after = call->after;
    const struct decision *before = call->before;
    bool adopted = after->status != DECISION_PROPOSED && date_is_set(&after->decided_on);
    if (call->importing && adopted && !date_is_set(&after->original_deadline))
        after->original_deadline = after->deadline; /* as adopting it does */
    if (after->action_required == TRUTH_UNKNOWN)
        after->action_required = after->kind == DECISION_NO_CHANGE ? TRUTH_FALSE : TRUTH_TRUE;
    return criteria_complete(call, &decision_resource, &after->success_criteria,
                             before ? &before->success_criteria : NULL, 0);
}

/* Where input_ids names inputs of another review, or withdrawn ones. */
static bool foreign_inputs(struct call *call, const struct decision *decision, struct decision_facts *facts)
{
    const struct id *ids = decision->input_ids.items;
    size_t *positions = arena_array(call->arena, decision->input_ids.count + 1, sizeof *positions);
    if (!positions)
        return false;
    facts->foreign_inputs = positions;
    for (size_t i = 0; i < decision->input_ids.count; i++) {
        if (!id_is_set(&ids[i])) /* not found: said already */
            continue;
        const struct input *input = record_fetch(call, &input_resource, &ids[i]);
        if (!input)
            return false;
        /* In a history it may have been taken back afterwards. */
        bool withdrawn = input->withdrawn == TRUTH_TRUE && !(call->importing && call->importing->moves);
        if (!id_equal(&input->review_id, &decision->review_id) || withdrawn)
            positions[facts->foreign_input_count++] = i;
    }
    return true;
}

static bool check(struct call *call)
{
    const struct decision *after = call->after;
    const char *verb = call->transition ? call->transition->verb : NULL;
    const struct review *review = call->parent ? call->parent : record_fetch(call, &review_resource, &after->review_id);
    if (!review)
        return false;
    struct decision_facts facts = {.today = call->today,
                                   .horizon_months = call_settings(call)->decision_horizon_months,
                                   .review_status = review->status};
    if (id_is_set(&after->decided_by_id)) {
        struct person_brief person;
        if (store_person(call->store, &after->decided_by_id, call->arena, &person) != FOUND ||
            !store_attends(call->store, &review->record.id, &after->decided_by_id, &facts.decided_by_attends))
            return false;
        facts.decided_by_role = person.role;
    }
    const struct decision *before = call->before;
    bool sooner = !verb && before && date_before(&after->deadline, &before->deadline);
    if (sooner && !store_items_after(call->store, &after->record.id, &after->deadline, &call->view, call->arena,
                                     &facts.later_items, &facts.later_item_count))
        return false;
    if (!verb && !foreign_inputs(call, after, &facts))
        return false;
    if (verb && strcmp(verb, "implement") == 0 &&
        !store_items_of(call->store, &after->record.id, &call->view, call->arena, &facts.closed_items,
                        &facts.unfinished_items, &facts.unfinished_item_count))
        return false;
    if (verb && strcmp(verb, "supersede") == 0 && id_is_set(&after->superseded_by_id) &&
        !store_leads_to(call->store, &decision_resource, &after->superseded_by_id, &after->record.id,
                        &facts.supersedes_itself))
        return false;
    decision_check(after, call->before, verb, &facts, &call->violations);
    return true;
}

static bool apply(struct call *call)
{
    struct decision *after = call->after;
    if (strcmp(call->transition->verb, "adopt") == 0)
        after->original_deadline = after->deadline;
    return true;
}

const struct behaviour decision_behaviour = {
    .resource = &decision_resource, .begin = begin, .complete = complete, .check = check, .apply = apply};
