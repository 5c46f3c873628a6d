#include "api.h"

#include "reviewd/attendee.h"

static bool begin(struct call *call)
{
    const struct review *review = call->parent;
    ((struct attendee *)call->after)->review_id = review->record.id;
    return true;
}

/* Whether it comes to stand for a person for whom it did not stand before. */
static bool names_another(const struct call *call)
{
    const struct attendee *after = call->after;
    const struct attendee *before = call->before;
    return id_is_set(&after->person_id) && (!before || !id_equal(&before->person_id, &after->person_id));
}

static bool complete(struct call *call)
{
    struct attendee *after = call->after;
    struct person_brief person;
    if (!names_another(call))
        return true;
    if (store_person(call->store, &after->person_id, call->arena, &person) != FOUND)
        return false;
    if (call->importing && after->name_at_review) /* as it was then */
        return true;
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
    if (names_another(call) &&
        !store_attends(call->store, &review->record.id, &after->person_id, &facts.attends_already))
        return false;
    attendee_check(after, call->before, call->transition ? call->transition->verb : NULL, &facts, &call->violations);
    return true;
}

const struct behaviour attendee_behaviour = {
    .resource = &attendee_resource, .begin = begin, .complete = complete, .check = check};
