#include "api.h"

#include "reviewd/follow_up.h"

/* Verifying the effectiveness is another right than reporting. */
static enum operation operation(struct call *call)
{
    const char *kind = json_string_value(json_object_get(call->body, "kind"));
    return kind && strcmp(kind, "effectiveness") == 0 ? OPERATION_ACTION_ITEM_VERIFY : call->route->operation;
}

static bool stake(struct call *call, struct stake *ret_stake)
{
    return owner_stake(call, &((struct action_item *)call->parent)->owner_id, ret_stake);
}

static bool begin(struct call *call)
{
    const struct action_item *item = call->parent;
    ((struct follow_up *)call->after)->action_item_id = item->record.id;
    return true;
}

static bool complete(struct call *call)
{
    struct follow_up *after = call->after;
    if (!after->criteria_results.json)
        return true;
    follow_up_derive(after, call->parent);
    return nested_render(call->arena, resource_field_named(&follow_up_resource, "criteria_results"),
                         &after->criteria_results);
}

/* Whether the review has to revisit the item of the review `made`, as store_carried() finds it. */
static bool carries(const struct review *review, const struct review *made, const struct action_item *item)
{
    const char *started = review->started_at.text;
    return !id_equal(&review->record.id, &made->record.id) && instant_is_set(&review->started_at) &&
           instant_is_set(&made->started_at) && strcmp(made->started_at.text, started) <= 0 &&
           strcmp(item->record.created_at.text, started) <= 0 &&
           (!instant_is_set(&item->ended_at) || strcmp(item->ended_at.text, started) >= 0);
}

bool follow_up_supersedes_other(struct call *call, const struct follow_up *follow_up, bool *ret_other)
{
    struct id id;
    *ret_other = false;
    if (!id_is_set(&follow_up->supersedes_id))
        return true;
    enum found found = store_find(call->store, &follow_up_resource, follow_up->supersedes_id.text, &view_all, &id);
    if (found != FOUND) /* of an import: a line that comes later */
        return found == ABSENT && call->importing;
    const struct follow_up *superseded = record_fetch(call, &follow_up_resource, &id);
    if (superseded)
        *ret_other = !id_equal(&superseded->action_item_id, &follow_up->action_item_id);
    return superseded != NULL;
}

static bool check(struct call *call)
{
    const struct follow_up *after = call->after;
    struct follow_up_facts facts = {.today = call->today, .action_item = call->parent};
    if (id_is_set(&after->review_id)) {
        const struct review *review = record_fetch(call, &review_resource, &after->review_id);
        if (!review)
            return false;
        const struct action_item *item = call->parent;
        const struct review *made = record_fetch(call, &review_resource, &item->review_id);
        if (!made)
            return false;
        facts.review_status = review->status;
        facts.review_carries = carries(review, made, item);
        facts.review_earlier = instant_is_set(&review->started_at) && instant_is_set(&made->started_at) &&
                               strcmp(review->started_at.text, made->started_at.text) < 0;
    }
    if (!follow_up_supersedes_other(call, after, &facts.supersedes_other))
        return false;
    follow_up_check(after, &facts, &call->violations);
    return true;
}

static bool after(struct call *call)
{
    struct action_item *item = call->parent;
    return !follow_up_apply(call->after, item, &call->now) ||
           record_update(call, &action_item_resource, item, "follow_up");
}

const struct behaviour follow_up_behaviour = {.resource = &follow_up_resource,
                                              .reads_parent = true,
                                              .operation = operation,
                                              .stake = stake,
                                              .begin = begin,
                                              .complete = complete,
                                              .check = check,
                                              .after = after};
