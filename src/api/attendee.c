#include "api.h"

#include "reviewd/attendee.h"

static bool begin(struct call *call)
{
    const struct review *review = call->parent;
    ((struct attendee *)call->after)->review_id = review->record.id;
    return true;
}

static bool complete(struct call *call)
{
    struct attendee *after = call->after;
    struct person_brief person;
    if (call->before || !id_is_set(&after->person_id))
        return true;
    if (store_person(call->store, &after->person_id, call->arena, &person) != FOUND)
        return false;
    after->name_at_review = person.name;
    after->job_title_at_review = person.job_title;
    return true;
}

static bool check(struct call *call)
{
    const struct attendee *after = call->after;
    const struct review *review = call->parent ? call->parent : record_fetch(call, &review_resource, &after->review_id);
    if (!review)
        return false;
    struct attendee_facts facts = {.review_status = review->status, .chair_id = review->chair_id};
    if (!call->before && id_is_set(&after->person_id) &&
        !store_attends(call->store, &review->record.id, &after->person_id, &facts.attends_already))
        return false;
    attendee_check(after, call->before, call->transition ? call->transition->verb : NULL, &facts, &call->violations);
    return true;
}

const struct behaviour attendee_behaviour = {
    .resource = &attendee_resource, .begin = begin, .complete = complete, .check = check};
