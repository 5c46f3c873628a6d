#include "api.h"

#include "reviewd/calendar_token.h"

#include <sodium.h>

/* Whose token it is, or is to be: where the body names nobody that there is, the rules say so, not the access. */
static bool stake(struct call *call, struct stake *ret_stake)
{
    const struct calendar_token *before = call->before;
    const char *key = json_string_value(json_object_get(call->body, "person_id"));
    struct id *owner = arena_alloc(call->arena, sizeof *owner);
    if (!owner)
        return false;
    *owner = before ? before->person_id : call->caller.person_id;
    struct id named;
    enum found found = before || !key ? ABSENT : store_find(call->store, &person_resource, key, &call->view, &named);
    if (found == FOUND)
        *owner = named;
    ret_stake->owner_id = owner;
    return found != BROKEN;
}

static bool complete(struct call *call)
{
    struct calendar_token *after = call->after;
    if (call->before)
        return true;
    bool named = json_object_get(call->body, "person_id") != NULL;
    if (!id_is_set(&after->person_id) && !named)
        after->person_id = call->caller.person_id;
    after->role = call->caller.token_role; /* else a narrow token would make itself a wider one */
    return true;
}

static bool check(struct call *call)
{
    const struct calendar_token *after = call->after;
    if (!id_is_set(&after->person_id) && !violations_at(&call->violations, "#/person_id"))
        violation_add(&call->violations, "body.type", "#/person_id", "'person_id' names a person.");
    calendar_token_check(after, call->before, call->transition ? call->transition->verb : NULL, &call->now,
                         &call->violations);
    return true;
}

static bool apply(struct call *call)
{
    ((struct calendar_token *)call->after)->revoked_at = call->now;
    return true;
}

/* A new one is given its secret, of which the hash alone is kept. */
static bool after(struct call *call)
{
    struct calendar_token *after = call->after;
    char text[TOKEN_TEXT_BYTES];
    unsigned char hash[32];
    if (call->before)
        return true;
    feed_token_make(text, hash);
    after->secret = arena_text(call->arena, text);
    sodium_memzero(text, sizeof text);
    return !arena_failed(call->arena) && store_keep_calendar_secret(call->store, &after->record.id, hash);
}

static void reveal(struct call *call, void *shown)
{
    struct calendar_token *token = shown;
    if (!token->secret)
        return;
    token->token = token->secret;
    token->url =
        arena_format(call->arena, "%s/v1/calendar.ics?token=%s", call_settings(call)->public_url, token->secret);
}

const struct behaviour calendar_token_behaviour = {.resource = &calendar_token_resource,
                                                   .stake = stake,
                                                   .complete = complete,
                                                   .check = check,
                                                   .apply = apply,
                                                   .after = after,
                                                   .reveal = reveal};
