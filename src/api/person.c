#include "api.h"

static bool check(struct call *call)
{
    const struct person *after = call->after;
    const struct person *before = call->before;
    struct person_facts facts = {0};
    bool email =
        after->email && (!before || !field_equal(resource_field_named(&person_resource, "email"), after, before));
    if (email && !store_email_taken(call->store, after->email, &after->record.id, &facts.email_taken))
        return false;
    struct person judged = *after;
    if (call->transition)
        judged.active = call->transition->to;
    if (before && before->active == TRUTH_TRUE && judged.active == TRUTH_FALSE &&
        !store_commitments(call->store, &before->record.id, &call->view, call->arena, &facts.commitments,
                           &facts.commitment_count))
        return false;
    person_check(&judged, before, &facts, &call->violations);
    return true;
}

const struct behaviour person_behaviour = {.resource = &person_resource, .check = check};
