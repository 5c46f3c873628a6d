#include "api.h"

#include "reviewd/action_item.h"
#include "reviewd/decision.h"

bool criteria_complete(struct call *call, const struct resource *resource, struct nested *criteria,
                       const struct nested *before, long used)
{
    if (!criteria->json || (before && criteria->json == before->json))
        return true;
    criteria_number(criteria, before, used, call->arena);
    return nested_render(call->arena, resource_field_named(resource, "success_criteria"), criteria);
}

bool owner_stake(struct call *call, const struct id *owner, struct stake *ret_stake)
{
    struct person_brief person;
    if (store_person(call->store, owner, call->arena, &person) != FOUND)
        return false;
    ret_stake->owner_id = owner;
    ret_stake->owner_department = person.department;
    return true;
}

static bool stake(struct call *call, struct stake *ret_stake)
{
    const struct action_item *before = call->before;
    return !before || owner_stake(call, &before->owner_id, ret_stake);
}

static bool begin(struct call *call)
{
    struct action_item *after = call->after;
    const struct decision *decision = call->parent;
    after->review_id = decision->review_id;
    after->decision_id = decision->record.id;
    after->extension_count = (struct integer){true, 0};
    return true;
}

static bool complete(struct call *call)
{
    struct action_item *after = call->after;
    const struct action_item *before = call->before;
    if (!before && !date_is_set(&after->original_deadline))
        after->original_deadline = after->deadline;
    return criteria_complete(call, &action_item_resource, &after->success_criteria,
                             before ? &before->success_criteria : NULL, 0);
}

static bool check(struct call *call)
{
    const struct action_item *after = call->after;
    const struct decision *decision =
        call->parent ? call->parent : record_fetch(call, &decision_resource, &after->decision_id);
    struct person_brief approver = {0};
    if (!decision || (id_is_set(&after->cancel_approved_by_id) &&
                      store_person(call->store, &after->cancel_approved_by_id, call->arena, &approver) != FOUND))
        return false;
    struct action_item_facts facts = {.today = call->today,
                                      .decision_status = decision->status,
                                      .decision_deadline = decision->deadline,
                                      .approver_role = approver.role};
    const struct action_item *before = call->before; /* what is new yet is followed by none */
    bool follows =
        before && id_is_set(&after->predecessor_id) && !id_equal(&before->predecessor_id, &after->predecessor_id);
    if (follows && !store_leads_to(call->store, &action_item_resource, &after->predecessor_id, &after->record.id,
                                   &facts.follows_itself))
        return false;
    action_item_check(after, call->before, call->transition ? call->transition->verb : NULL, &facts, &call->violations);
    return true;
}

static bool apply(struct call *call)
{
    struct action_item *after = call->after;
    switch ((enum action_item_status)call->transition->to) {
    case ACTION_CANCELLED:
        after->cancelled_on = call->today;
        after->ended_at = call->now;
        break;
    case ACTION_IN_PROGRESS:
        after->status_reason = NULL;
        break;
    case ACTION_OPEN:
    case ACTION_BLOCKED:
    case ACTION_COMPLETED:
    case ACTION_CLOSED:
        break;
    }
    return true;
}

const struct behaviour action_item_behaviour = {.resource = &action_item_resource,
                                                .stake = stake,
                                                .begin = begin,
                                                .complete = complete,
                                                .check = check,
                                                .apply = apply};
