/* Creating, changing and taking through a verb: the same steps for every resource, in the writer's transaction.
 *
 * load -> may the caller? -> precondition -> body into the record -> rules -> store -> audit -> answer */
#include "api.h"

#include "reviewd/clock.h"
#include "reviewd/id.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static const struct behaviour *const behaviours[] = {
    &person_behaviour,     &review_behaviour,         &attendee_behaviour,  &input_behaviour,
    &decision_behaviour,   &action_item_behaviour,    &amendment_behaviour, &follow_up_behaviour,
    &attachment_behaviour, &calendar_token_behaviour,
};

const struct behaviour *behaviour_of(const struct resource *resource)
{
    for (size_t i = 0; i < COUNT_OF(behaviours); i++) {
        if (behaviours[i]->resource == resource)
            return behaviours[i];
    }
    return NULL;
}

static bool do_step(bool (*step)(struct call *call), struct call *call)
{
    return !step || step(call);
}

/* --- records -------------------------------------------------------------------------------------------------------
 */

void record_defaults(const struct resource *resource, void *record)
{
    for (size_t i = 0; i < resource->field_count; i++) {
        const struct field *field = &resource->fields[i];
        if (field->initial && !field_is_set(field, record))
            *(unsigned *)field_in(field, record) = field->initial;
    }
}

void *record_new(struct call *call, const struct resource *resource)
{
    void *record = arena_alloc(call->arena, resource->size);
    if (record)
        record_defaults(resource, record);
    return record;
}

void *record_fetch(struct call *call, const struct resource *resource, const struct id *id)
{
    void *record = arena_alloc(call->arena, resource->size);
    bool read =
        record && store_load(call->store, resource, id->text, &view_all, &call->today, call->arena, record) == FOUND;
    return read && record_expand(call, resource, record) ? record : NULL;
}

static bool record_audit(struct call *call, const struct resource *resource, const void *record, const char *event)
{
    struct audit_entry entry = {.at = call->now, .actor_id = call->caller.person_id, .request_id = call->request_id};
    entry.event = arena_format(call->arena, "%s.%s", resource->name, event);
    if (resource == &person_resource || resource == &token_resource)
        call->forgets_callers = true;
    return !arena_failed(call->arena) && audit_append(call->store, resource, record, &entry);
}

static void stamp(const struct call *call, struct record *common)
{
    if (!id_is_set(&common->id))
        common->id = id_make();
    common->version = (struct integer){true, 1};
    if (!instant_is_set(&common->created_at)) {
        common->created_at = call->now;
        common->created_by = call->caller.person_id;
    }
    if (!instant_is_set(&common->updated_at)) {
        common->updated_at = call->now;
        common->updated_by = call->caller.person_id;
    }
    common->imported = call->importing && call->importing->marked ? TRUTH_TRUE : TRUTH_FALSE;
}

bool record_insert(struct call *call, const struct resource *resource, void *record)
{
    struct record *common = record;
    stamp(call, common);
    if (resource->reference_prefix && !common->reference) {
        common->reference = store_next_reference(call->store, resource, atoi(call->today.text), call->arena);
        if (!common->reference)
            return false;
    }
    return store_insert(call->store, resource, record) &&
           record_audit(call, resource, record, call->importing ? "import" : "create");
}

bool record_update(struct call *call, const struct resource *resource, void *record, const char *event)
{
    struct record *common = record;
    common->version.value++;
    if (!call->importing || !call->importing->moves) {
        common->updated_at = call->now;
        common->updated_by = call->caller.person_id;
    }
    return store_update(call->store, resource, record) && record_audit(call, resource, record, event);
}

/* --- steps ---------------------------------------------------------------------------------------------------------
 */

/* Reads the record of a key, or the parent of a sub-collection. NULL after answering 404, or when broken. */
static void *load(struct call *call, const struct resource *resource, const char *key, bool expand, bool *ret_broken)
{
    void *record = arena_alloc(call->arena, resource->size);
    *ret_broken = true;
    if (!record)
        return NULL;
    enum found found = store_load(call->store, resource, key, &call->view, &call->today, call->arena, record);
    if (found == ABSENT) {
        *ret_broken = false;
        answer_not_found(call);
        return NULL;
    }
    return found == FOUND && (!expand || record_expand(call, resource, record)) ? record : NULL;
}

bool access_check(struct call *call, const struct route *route, enum operation operation, const struct stake *stake)
{
    bool allowed = policy_allows(&call->caller, operation, stake);
    if (!allowed)
        violation_add(&call->violations, route->denied_rule ? route->denied_rule : "access.role", NULL,
                      "Your role, %s, does not allow this here.",
                      role_names[(call->caller.token_role ? call->caller.token_role : call->caller.role) - 1]);
    if (call->caller.read_only)
        violation_add(&call->violations, "access.read_only_token", NULL, "This token writes nothing.");
    return allowed;
}

/* The review that the record, or the parent of a new one, hangs from; ABSENT where the caller sees the record for no
 * other reason than owning it. */
static enum found find_review(struct call *call)
{
    const struct resource *resource = call->before ? call->route->resource : call->route->parent;
    const void *record = call->before ? call->before : call->parent;
    const struct field *field = resource ? resource_field_named(resource, "review_id") : NULL;
    struct id id;
    if (!field)
        return FOUND;
    return store_find(call->store, &review_resource, ((const struct id *)field_of(field, record))->text, &call->view,
                      &id);
}

/* Access to a write. *ret_go says whether the rest is judged, too: all that is wrong is listed at once, but whom the
 * role refuses and who does not see the review either would learn of it by what else is wrong. */
static bool check_access(struct call *call, const struct behaviour *behaviour, bool *ret_go)
{
    struct stake stake = {0};
    assert(behaviour && "its route writes");
    if (behaviour->stake && !behaviour->stake(call, &stake))
        return false;
    enum operation operation = behaviour->operation ? behaviour->operation(call) : call->route->operation;
    enum found seen = access_check(call, call->route, operation, &stake) ? FOUND : find_review(call);
    *ret_go = seen == FOUND;
    return seen != BROKEN;
}

/* The record after the write, as the body. */
static bool show(struct call *call, void (*reveal)(struct call *call, void *shown))
{
    const struct resource *resource = call->route->resource;
    struct buffer *body = &call->response->body;
    body->length = 0;
    void *shown = arena_alloc(call->arena, resource->size);
    if (!shown)
        return false;
    memcpy(shown, call->after, resource->size);
    if (reveal)
        reveal(call, shown);
    record_render(body, resource, shown, RENDER_SHOWN);
    return !buffer_failed(body);
}

bool write_derive(struct call *call)
{
    const struct resource *resource = call->route->resource;
    if (!store_derive(call->store, resource, NULL, &call->today, call->after))
        return false;
    store_keep_derived(resource, call->arena, call->after);
    return true;
}

bool write_reveal(struct call *call)
{
    const struct behaviour *behaviour = behaviour_of(call->route->resource);
    return !behaviour || !behaviour->reveal || show(call, behaviour->reveal);
}

bool write_answer(struct call *call)
{
    const struct resource *resource = call->route->resource;
    struct buffer *body = &call->response->body;
    if (DB_FAILPOINT(call->store->db, "answer.render") || !show(call, NULL))
        return false;
    bool created = call->route->write == write_create;
    if (created)
        response_add(
            call->response, "Location",
            arena_format(call->arena, "/v1/%s/%s", resource->collection, ((struct record *)call->after)->id.text));
    response_add(call->response, "ETag", etag_of(call->arena, body->data, body->length));
    answer_json(call, created ? 201 : 200, body);
    return !arena_failed(call->arena);
}

/* RFC 9110, 13.2: after the request is allowed, before it is done. False after answering. */
static bool check_precondition(struct call *call)
{
    if (call->violations.count) /* 403 comes first */
        return true;
    struct buffer body = {0};
    record_render(&body, call->route->resource, call->before, RENDER_SHOWN);
    call->arena->failed |= buffer_failed(&body); /* then the answer is neither 412 nor 428 */
    const char *etag = buffer_failed(&body) ? "" : etag_of(call->arena, body.data, body.length);
    buffer_finish(&body);
    switch (if_match_status(call->request->headers[HEADER_IF_MATCH], etag)) {
    case 0:
        return true;
    case 428:
        answer_problem(call, 428, NULL, "Send If-Match with the ETag of the record as you read it, or with *.");
        return false;
    default:
        answer_problem(call, 412, NULL, "The record has changed since you read it; its ETag is now %s.", etag);
        return false;
    }
}

static enum job_result refuse(struct call *call)
{
    answer_violations(call);
    return JOB_REFUSE;
}

static bool is_object(struct call *call)
{
    return json_is_object(call->body);
}

/* --- the three kinds of write --------------------------------------------------------------------------------------
 */

enum verdict create_judge(struct call *call, enum body_mode mode)
{
    const struct resource *resource = call->route->resource;
    const struct behaviour *behaviour = behaviour_of(resource);
    bool go;
    call->after = DB_FAILPOINT(call->store->db, "write.judge") ? NULL : record_new(call, resource);
    if (!call->after || !check_access(call, behaviour, &go))
        return VERDICT_BROKEN;
    if (!go)
        return VERDICT_REFUSED;
    if (!do_step(behaviour->begin, call) || !record_parse(call, resource, mode, call->after, NULL))
        return VERDICT_BROKEN;
    if (!is_object(call))
        return VERDICT_REFUSED;
    record_defaults(resource, call->after);
    if (!do_step(behaviour->complete, call) || !behaviour->check(call))
        return VERDICT_BROKEN;
    return VERDICT_FINE;
}

bool create_store(struct call *call)
{
    const struct resource *resource = call->route->resource;
    bool follows = !call->importing || !call->importing->moves;
    return record_insert(call, resource, call->after) && (!follows || do_step(behaviour_of(resource)->after, call));
}

enum job_result write_create(struct call *call)
{
    const struct behaviour *behaviour = behaviour_of(call->route->resource);
    assert(behaviour && "its route creates");
    bool broken;
    if (call->route->parent &&
        !(call->parent = load(call, call->route->parent, call->keys[0], behaviour->reads_parent, &broken)))
        return broken ? JOB_BREAK : JOB_REFUSE;
    switch (create_judge(call, BODY_CREATE)) {
    case VERDICT_BROKEN:
        return JOB_BREAK;
    case VERDICT_REFUSED:
        return refuse(call);
    case VERDICT_FINE:
        break;
    }
    if (call->violations.count)
        return refuse(call);
    if (call->response->status) /* a step has answered by itself */
        return JOB_REFUSE;
    return create_store(call) ? JOB_KEEP : JOB_BREAK;
}

/* The record that the path names, with who may and whether it is as the caller knows it. */
static bool begin_change(struct call *call, const struct behaviour *behaviour, enum job_result *ret_result)
{
    const struct resource *resource = call->route->resource;
    bool broken;
    *ret_result = JOB_BREAK;
    call->before = load(call, resource, call->keys[0], true, &broken);
    if (!call->before) {
        *ret_result = broken ? JOB_BREAK : JOB_REFUSE;
        return false;
    }
    bool go;
    call->after = arena_alloc(call->arena, resource->size);
    if (!call->after || !check_access(call, behaviour, &go))
        return false;
    memcpy(call->after, call->before, resource->size);
    if (go && check_precondition(call))
        return true;
    *ret_result = go ? JOB_REFUSE : refuse(call);
    return false;
}

enum job_result write_change(struct call *call)
{
    const struct resource *resource = call->route->resource;
    const struct behaviour *behaviour = behaviour_of(resource);
    enum job_result result;
    if (!begin_change(call, behaviour, &result))
        return result;
    if (!record_parse(call, resource, BODY_CHANGE, call->after, call->before))
        return JOB_BREAK;
    if (!is_object(call))
        return refuse(call);
    record_defaults(resource, call->after);
    if (!do_step(behaviour->complete, call) || !behaviour->check(call))
        return JOB_BREAK;
    if (call->violations.count)
        return refuse(call);
    if (record_equal(resource, call->before, call->after))
        return JOB_KEEP;
    bool stored = record_update(call, resource, call->after, "update") && do_step(behaviour->after, call);
    return stored ? JOB_KEEP : JOB_BREAK;
}

enum job_result write_verb(struct call *call)
{
    const struct resource *resource = call->route->resource;
    const struct behaviour *behaviour = behaviour_of(resource);
    const struct transition *transition = call->transition;
    enum job_result result;
    if (!begin_change(call, behaviour, &result))
        return result;
    bool known = transition_check(resource, call->before, transition, &call->violations);
    if (!arguments_parse(call, resource, transition, call->after, call->before))
        return JOB_BREAK;
    if (!is_object(call))
        return refuse(call);
    /* What the state does not know is not judged by what it would need. */
    if (known && !behaviour->check(call))
        return JOB_BREAK;
    if (call->violations.count)
        return refuse(call);
    const struct field *state = resource_field_named(resource, resource->state);
    if (transition->to)
        *(unsigned *)field_in(state, call->after) = transition->to;
    bool stored = do_step(behaviour->apply, call) && record_update(call, resource, call->after, transition->verb) &&
                  do_step(behaviour->after, call);
    return stored ? JOB_KEEP : JOB_BREAK;
}
