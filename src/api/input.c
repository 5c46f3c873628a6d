#include "api.h"

#include "reviewd/input.h"

static const struct id *review_of(struct call *call)
{
    const struct review *review = call->parent;
    return review ? &review->record.id : &((struct input *)call->before)->review_id;
}

static bool stake(struct call *call, struct stake *ret_stake)
{
    return store_attends(call->store, review_of(call), &call->caller.person_id, &ret_stake->attends);
}

static bool begin(struct call *call)
{
    ((struct input *)call->after)->review_id = *review_of(call);
    return true;
}

static bool complete(struct call *call)
{
    struct input *after = call->after;
    if (!after->position.known) {
        if (!store_next_position(call->store, &after->review_id, &after->position.value))
            return false;
        after->position.known = true;
    }
    struct metric *metrics = after->metrics.items;
    for (size_t i = 0; metrics && i < after->metrics.count; i++)
        metric_derive(&metrics[i]);
    return !after->metrics.json ||
           nested_render(call->arena, resource_field_named(&input_resource, "metrics"), &after->metrics);
}

static bool check(struct call *call)
{
    const struct review *review = call->parent ? call->parent : record_fetch(call, &review_resource, review_of(call));
    if (!review)
        return false;
    const struct input_facts facts = {.review_status = review->status};
    input_check(call->after, call->transition ? call->transition->verb : NULL, &facts, &call->violations);
    return true;
}

const struct behaviour input_behaviour = {
    .resource = &input_resource, .stake = stake, .begin = begin, .complete = complete, .check = check};
