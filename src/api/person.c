#include "api.h"

static bool verb_is(const struct call *call, const char *verb)
{
    return call->transition && strcmp(call->transition->verb, verb) == 0;
}

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
    if (call->transition && call->transition->to)
        judged.active = call->transition->to;
    if (before && before->active == TRUTH_TRUE && judged.active == TRUTH_FALSE &&
        !store_commitments(call->store, &before->record.id, &call->view, call->arena, &facts.commitments,
                           &facts.commitment_count))
        return false;
    if (verb_is(call, "erase") && !store_has_plain_history(call->store, &before->record.id, &facts.has_plain_history))
        return false;
    person_check(&judged, before, call->transition ? call->transition->verb : NULL, &facts, &call->violations);
    return true;
}

static bool apply(struct call *call)
{
    struct person *after = call->after;
    if (verb_is(call, "hold")) {
        after->legal_hold_at = call->now;
    } else if (verb_is(call, "release")) {
        after->legal_hold_at = (struct instant){0};
    } else if (verb_is(call, "erase")) {
        const struct pseudonym pseudonym = person_pseudonym(&after->record.id);
        after->name = arena_text(call->arena, pseudonym.name);
        after->email = arena_text(call->arena, pseudonym.email);
        after->erased_at = call->now;
    }
    return !arena_failed(call->arena);
}

static bool after(struct call *call)
{
    return !verb_is(call, "erase") || erase_person(call, &((const struct person *)call->after)->record.id);
}

const struct behaviour person_behaviour = {
    .resource = &person_resource, .check = check, .apply = apply, .after = after};
