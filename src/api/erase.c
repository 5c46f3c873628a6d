/* Erasing a person from all but frozen evidence (the chain stays whole: it has commitments, whose salts go). */
#include "api.h"

#include "reviewd/attendee.h"
#include "reviewd/calendar_token.h"
#include "reviewd/token.h"

/* A new version under the pseudonym. */
static bool rename_attendees(struct call *call, const struct id *person)
{
    const struct pseudonym pseudonym = person_pseudonym(person);
    const struct id *ids;
    size_t count;
    if (!store_unfrozen_attendees(call->store, person, call->arena, &ids, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct attendee *attendee = record_fetch(call, &attendee_resource, &ids[i]);
        if (!attendee)
            return false;
        attendee->name_at_review = arena_text(call->arena, pseudonym.name);
        if (!record_update(call, &attendee_resource, attendee, "update"))
            return false;
    }
    return true;
}

static bool revoke_tokens(struct call *call, const struct id *person, const struct resource *resource)
{
    const struct id *ids;
    size_t count;
    if (!store_good_tokens(call->store, person, resource, call->arena, &ids, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        void *record = record_fetch(call, resource, &ids[i]);
        if (!record)
            return false;
        if (resource == &token_resource) {
            ((struct token *)record)->revoked_at = call->now;
        } else {
            ((struct calendar_token *)record)->revoked_at = call->now;
            ((struct calendar_token *)record)->status = CALENDAR_TOKEN_REVOKED;
        }
        if (!record_update(call, resource, record, "revoke"))
            return false;
    }
    return true;
}

/* The rows come first: what they held before is in the index of words till they change. */
static bool erase_values(struct call *call, const struct id *person)
{
    return rename_attendees(call, person) && store_erase_person(call->store, person, call->arena) &&
           (call->dry_run || store_purge_words(call->store));
}

bool erase_person(struct call *call, const struct id *person)
{
    return revoke_tokens(call, person, &token_resource) && revoke_tokens(call, person, &calendar_token_resource) &&
           erase_values(call, person);
}

bool erase_unfrozen(struct call *call, const struct id *review)
{
    const struct id *people;
    size_t count;
    bool fine = store_erased_attendees(call->store, review, call->arena, &people, &count);
    for (size_t i = 0; fine && i < count; i++)
        fine = erase_values(call, &people[i]);
    return fine;
}
