#include "api.h"

#include "reviewd/amendment.h"

static bool is_of_decision(const struct call *call)
{
    return call->route->parent == &decision_resource;
}

static struct commitment commitment_of(const struct call *call)
{
    if (is_of_decision(call)) {
        const struct decision *decision = call->parent;
        return (struct commitment){decision->owner_id, decision->deadline, decision->success_criteria};
    }
    const struct action_item *item = call->parent;
    return (struct commitment){item->owner_id, item->deadline, item->success_criteria};
}

static bool stake(struct call *call, struct stake *ret_stake)
{
    const struct id *owner = is_of_decision(call) ? &((struct decision *)call->parent)->owner_id
                                                  : &((struct action_item *)call->parent)->owner_id;
    return owner_stake(call, owner, ret_stake);
}

static bool begin(struct call *call)
{
    struct amendment *after = call->after;
    if (is_of_decision(call))
        after->decision_id = ((struct record *)call->parent)->id;
    else
        after->action_item_id = ((struct record *)call->parent)->id;
    return true;
}

/* The members that the amendment changes, with the values of either side. */
static bool put_side(struct call *call, const struct amendment *amendment, const struct commitment *side,
                     struct nested *ret_side)
{
    struct buffer text = {0};
    buffer_char(&text, '{');
    if (date_is_set(&amendment->deadline)) {
        buffer_put(&text, "\"deadline\":");
        if (date_is_set(&side->deadline))
            json_put_text(&text, side->deadline.text, 10);
        else
            buffer_put(&text, "null");
    }
    if (id_is_set(&amendment->owner_id))
        buffer_format(&text, "%s\"owner_id\":\"%s\"", text.length > 1 ? "," : "", side->owner_id.text);
    if (amendment->success_criteria.json)
        buffer_format(&text, "%s\"success_criteria\":%s", text.length > 1 ? "," : "",
                      side->success_criteria.json ? side->success_criteria.json : "[]");
    buffer_char(&text, '}');
    if (!buffer_failed(&text)) {
        ret_side->length = text.length;
        ret_side->json = arena_copy(call->arena, text.data, text.length);
    }
    buffer_finish(&text);
    return ret_side->json && !arena_failed(call->arena);
}

/* One side of an amendment of the past, as the line tells it. */
static bool read_side(struct call *call, const char *name, struct commitment *ret_side)
{
    static const char *const known[] = {"owner_id", "deadline", "success_criteria"};
    struct amendment *side = arena_alloc(call->arena, sizeof *side);
    json_t *given = json_object_get(call->body, name);
    const char *pointer = arena_format(call->arena, "#/%s", name);
    const char *member;
    json_t *value;
    bool fine = json_is_object(given);
    json_object_foreach(given, member, value)
    {
        size_t i = 0;
        while (i < COUNT_OF(known) && strcmp(known[i], member) != 0)
            i++;
        fine = fine && i < COUNT_OF(known);
    }
    if (!fine)
        violation_add(&call->violations, "import.amendment.sides", pointer,
                      "'%s' is an object with 'owner_id', 'deadline' or 'success_criteria'.", name);
    if (!side || (fine && !object_parse(call, &amendment_resource, pointer, given, side)))
        return false;
    *ret_side = (struct commitment){side->owner_id, side->deadline, side->success_criteria};
    return true;
}

static bool moves(const struct call *call)
{
    return call->importing && call->importing->moves;
}

/* What was changed is told by the amendment, since its decision or action item is as it has become since. */
static bool complete_past(struct call *call)
{
    struct amendment *after = call->after;
    struct commitment old;
    struct commitment new;
    if (!read_side(call, "before", &old) || !read_side(call, "after", &new) ||
        !criteria_complete(call, &amendment_resource, &old.success_criteria, NULL, 0) ||
        !criteria_complete(call, &amendment_resource, &new.success_criteria, &old.success_criteria, 0))
        return false;
    bool told = field_equal(resource_field_named(&amendment_resource, "deadline"), after,
                            &(struct amendment){.deadline = new.deadline}) &&
                id_equal(&after->owner_id, &new.owner_id) &&
                !after->success_criteria.json == !new.success_criteria.json;
    if (!told && !violations_have(&call->violations, "import.amendment.sides"))
        violation_add(
            &call->violations, "import.amendment.sides", "#/after",
            "'after' has what the amendment sets: 'owner_id', 'deadline' and 'success_criteria' as they are.");
    if (is_of_decision(call)) {
        struct decision *decision = call->parent;
        decision->owner_id = old.owner_id;
        decision->deadline = old.deadline;
        decision->success_criteria = old.success_criteria;
        decision->status = DECISION_ADOPTED;
    } else {
        struct action_item *item = call->parent;
        item->owner_id = old.owner_id;
        item->deadline = old.deadline;
        item->success_criteria = old.success_criteria;
        item->status = ACTION_OPEN;
        item->extension_count.value = 0;
    }
    if (new.success_criteria.json)
        after->success_criteria = new.success_criteria; /* with their ids */
    return put_side(call, after, &old, &after->before) && put_side(call, after, &new, &after->after);
}

static bool complete(struct call *call)
{
    struct amendment *after = call->after;
    if (moves(call))
        return complete_past(call);
    const struct commitment old = commitment_of(call);
    int64_t used = 0; /* follow-ups may name criteria that an earlier amendment took away */
    if (after->success_criteria.json && !store_criteria_used(call->store, &((struct record *)call->parent)->id, &used))
        return false;
    if (!criteria_complete(call, &amendment_resource, &after->success_criteria, &old.success_criteria, (long)used))
        return false;
    const struct commitment new = {after->owner_id, after->deadline, after->success_criteria};
    return put_side(call, after, &old, &after->before) && put_side(call, after, &new, &after->after);
}

/* Set where the target is not open to amendments. */
static const char *closed_state(const struct call *call)
{
    if (is_of_decision(call)) {
        const struct decision *decision = call->parent;
        return decision->status == DECISION_ADOPTED ? NULL : decision_status_names[decision->status - 1];
    }
    const struct action_item *item = call->parent;
    return action_item_is_ended(item->status) ? action_item_status_names[item->status - 1] : NULL;
}

/* A commitment keeps its owner, deadline and criteria: null takes none of them away. */
static void check_cleared(struct call *call)
{
    static const struct {
        const char *member;
        const char *rule;
    } members[] = {{"owner_id", "owner"}, {"deadline", "deadline"}, {"success_criteria", "success_criteria"}};
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        if (json_is_null(json_object_get(call->body, members[i].member)))
            violation_add(&call->violations,
                          arena_format(call->arena, "%s.%s.required", call->route->parent->name, members[i].rule),
                          arena_format(call->arena, "#/%s", members[i].member), "'%s' cannot be taken away.",
                          members[i].member);
    }
}

static bool check(struct call *call)
{
    const struct amendment *after = call->after;
    struct amendment_facts facts = {.target = call->route->parent,
                                    .target_state = closed_state(call),
                                    .commitment = commitment_of(call),
                                    .horizon_months = call_settings(call)->decision_horizon_months,
                                    .action_item = {.today = call->today}};
    if (is_of_decision(call)) {
        const struct decision *decision = call->parent;
        if (!store_extensions(call->store, &decision->record.id, &facts.extension_count))
            return false;
        if (date_is_set(&after->deadline) &&
            !store_items_after(call->store, &decision->record.id, &after->deadline, &call->view, call->arena,
                               &facts.later_items, &facts.later_item_count))
            return false;
    } else {
        const struct action_item *item = call->parent;
        const struct decision *decision = record_fetch(call, &decision_resource, &item->decision_id);
        if (!decision)
            return false;
        facts.extension_count = (size_t)item->extension_count.value;
        facts.action_item.decision_deadline = decision->deadline;
    }
    struct person_brief approver = {0};
    if (id_is_set(&after->approved_by_id) &&
        store_person(call->store, &after->approved_by_id, call->arena, &approver) != FOUND)
        return false;
    facts.approver_role = approver.role;
    if (!call->importing) /* a register shows as null what was left out */
        check_cleared(call);
    amendment_check(after, &facts, &call->violations);
    return true;
}

/* The commitment itself, as a new version of the decision or action item. */
static bool after(struct call *call)
{
    const struct amendment *amendment = call->after;
    struct decision *decision = is_of_decision(call) ? call->parent : NULL;
    struct action_item *item = decision ? NULL : call->parent;
    struct id *owner = decision ? &decision->owner_id : &item->owner_id;
    struct date *deadline = decision ? &decision->deadline : &item->deadline;
    struct nested *criteria = decision ? &decision->success_criteria : &item->success_criteria;
    if (item && date_before(deadline, &amendment->deadline))
        item->extension_count.value++;
    if (id_is_set(&amendment->owner_id))
        *owner = amendment->owner_id;
    if (date_is_set(&amendment->deadline))
        *deadline = amendment->deadline;
    if (amendment->success_criteria.json)
        *criteria = amendment->success_criteria;
    return record_update(call, call->route->parent, call->parent, "amend");
}

const struct behaviour amendment_behaviour = {.resource = &amendment_resource,
                                              .reads_parent = true,
                                              .stake = stake,
                                              .begin = begin,
                                              .complete = complete,
                                              .check = check,
                                              .after = after};
