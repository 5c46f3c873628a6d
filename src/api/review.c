#include "minutes.h"

#include "reviewd/attendee.h"
#include "reviewd/checkpoint.h"
#include "reviewd/input.h"

#include <stdlib.h>

static bool begin(struct call *call)
{
    ((struct review *)call->after)->revision = (struct integer){true, 1};
    return true;
}

static bool verb_is(const struct call *call, const char *verb)
{
    return call->transition && strcmp(call->transition->verb, verb) == 0;
}

static bool check(struct call *call)
{
    const struct review *after = call->after;
    struct review_facts facts = {.today = call->today,
                                 .next_review_max_months = call_settings(call)->next_review_max_months,
                                 .caller_id = call->caller.person_id};
    struct person_brief chair = {0};
    if (id_is_set(&after->chair_id) && store_person(call->store, &after->chair_id, call->arena, &chair) != FOUND)
        return false;
    facts.chair_role = chair.role;
    const struct instant *started_at = instant_is_set(&after->started_at) ? &after->started_at : &call->now;
    bool asks = verb_is(call, "start") || verb_is(call, "conclude");
    if (asks && !store_review_facts(call->store, after, started_at, &call->view, call->arena, &facts))
        return false;
    review_check(after, call->before, call->transition ? call->transition->verb : NULL, &facts, &call->violations);
    return true;
}

static bool apply(struct call *call)
{
    struct review *after = call->after;
    const struct review *before = call->before;
    if (verb_is(call, "start")) {
        if (!instant_is_set(&after->started_at))
            after->started_at = call->now;
    } else if (verb_is(call, "conclude")) {
        after->concluded_at = call->now;
        after->concluded_by = call->caller.person_id;
    } else if (verb_is(call, "approve")) {
        after->approved_at = call->now;
        after->approved_by = call->caller.person_id;
        return minutes_keep(call, after);
    } else if (verb_is(call, "reopen")) {
        after->revision.value += before->status == REVIEW_APPROVED;
        after->concluded_at = after->approved_at = (struct instant){0};
        after->concluded_by = after->approved_by = (struct id){0};
        after->minutes_sha256 = (struct nested){0};
    }
    return true;
}

/* --- what follows --------------------------------------------------------------------------------------------------
 */

static bool add_chair(struct call *call, const struct review *review)
{
    struct attendee *chair = record_new(call, &attendee_resource);
    struct person_brief person;
    if (!chair || store_person(call->store, &review->chair_id, call->arena, &person) != FOUND)
        return false;
    chair->review_id = review->record.id;
    chair->person_id = review->chair_id;
    chair->capacity = CAPACITY_CHAIR;
    chair->name_at_review = person.name;
    chair->job_title_at_review = person.job_title;
    return record_insert(call, &attendee_resource, chair, "create");
}

/* The agenda: ten inputs, one for each clause, in the order of 9.3.2. */
static bool add_agenda(struct call *call, const struct review *review)
{
    for (unsigned clause = 1; clause <= CLAUSE_COUNT; clause++) {
        struct input *input = record_new(call, &input_resource);
        if (!input)
            return false;
        input->review_id = review->record.id;
        input->clause = clause;
        input->title = clause_titles[clause - 1];
        input->position = (struct integer){true, clause};
        input->agenda = TRUTH_TRUE;
        if (!record_insert(call, &input_resource, input, "create"))
            return false;
    }
    return true;
}

static bool set_capacity(struct call *call, const struct id *attendee_id, unsigned capacity)
{
    struct attendee *attendee = record_fetch(call, &attendee_resource, attendee_id);
    if (!attendee)
        return false;
    attendee->capacity = capacity;
    return record_update(call, &attendee_resource, attendee, "update");
}

/* Exactly the review's chair has that capacity: it moves with chair_id. */
static bool move_chair(struct call *call, const struct review *before, const struct review *after)
{
    struct id attendee;
    enum found old = store_attendee_of(call->store, &after->record.id, &before->chair_id, &attendee);
    if (old == BROKEN || (old == FOUND && !set_capacity(call, &attendee, CAPACITY_DECISION_MAKER)))
        return false;
    switch (store_attendee_of(call->store, &after->record.id, &after->chair_id, &attendee)) {
    case FOUND:
        return set_capacity(call, &attendee, CAPACITY_CHAIR);
    case ABSENT:
        return add_chair(call, after);
    case BROKEN:
        break;
    }
    return false;
}

static bool keep_revision(struct call *call, const struct review *review)
{
    struct buffer body = {0};
    if (!revision_render(call, review, &body))
        body.failed = true; /* taken below, and freed */
    char *text = buffer_take(&body);
    bool kept = text && store_keep_revision(call->store, review, text);
    free(text);
    return kept;
}

/* What was approved is not to be unmade by anybody, whoever has the database. */
static bool sign_head(struct call *call)
{
    struct keyring *ring = call_keyring(call);
    return !ring || checkpoint_append(call->store, ring, &call->now);
}

static bool after(struct call *call)
{
    const struct review *review = call->after;
    const struct review *before = call->before;
    if (!before)
        return add_chair(call, review) && add_agenda(call, review);
    if (!id_equal(&before->chair_id, &review->chair_id))
        return move_chair(call, before, review);
    if (verb_is(call, "reopen")) /* it is frozen no more */
        return erase_unfrozen(call, &review->record.id);
    return !verb_is(call, "approve") || (keep_revision(call, review) && sign_head(call));
}

const struct behaviour review_behaviour = {
    .resource = &review_resource, .begin = begin, .check = check, .apply = apply, .after = after};
