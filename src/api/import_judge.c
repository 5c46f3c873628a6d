/* The end of an import, when all lines are in: what belongs together is judged as a whole, so that a history that could
 * not have come about by the API is refused with the rules that it breaks.
 *
 * The schema takes nothing into a review that is frozen, and no action item below a decision that has ended. So these
 * two are stored in the state before, and are given their own here. */
#include "import.h"

#include "minutes.h"

#include "reviewd/amendment.h"
#include "reviewd/follow_up.h"
#include "reviewd/review.h"

#include <stdlib.h>

/* --- what is given at the end --------------------------------------------------------------------------------------
 */

bool judge_holds_back(const struct resource *resource, void *record)
{
    if (resource == &review_resource) {
        struct review *review = record;
        bool frozen = review_is_frozen(review->status);
        if (frozen)
            review->status = review->status == REVIEW_CANCELLED ? REVIEW_PLANNED : REVIEW_IN_PROGRESS;
        review->minutes_sha256 = (struct nested){0};
        return frozen;
    }
    if (resource == &decision_resource) {
        struct decision *decision = record;
        bool ended = decision_is_ended(decision->status);
        if (ended)
            decision->status = decision->status == DECISION_SUPERSEDED ? DECISION_ADOPTED : DECISION_PROPOSED;
        decision->superseded_by_id = (struct id){0};
        return ended;
    }
    return false;
}

/* The record with the state of its line; *ret_held: whether it was held back. NULL where the database or memory failed.
 */
static void *with_state(struct import_run *run, struct call *call, const struct plan_line *line, bool *ret_held)
{
    static const char *const members[] = {"status", "superseded_by_id"};
    const struct resource *resource = import_kind(line->kind);
    void *told = arena_alloc(call->arena, resource->size);
    void *judged = arena_alloc(call->arena, resource->size);
    struct id id = plan_id(line);
    if (!told || !judged || !(call->body = run_read(run, line, &call->violations)) ||
        !record_parse(call, resource, BODY_IMPORT, told, NULL))
        return NULL;
    call->violations.count = 0; /* they were judged before */
    memcpy(judged, told, resource->size);
    *ret_held = judge_holds_back(resource, judged);
    void *record = record_fetch(call, resource, &id);
    for (size_t i = 0; record && *ret_held && i < COUNT_OF(members); i++) {
        const struct field *field = resource_field_named(resource, members[i]);
        if (field)
            memcpy(field_in(field, record), field_of(field, told),
                   field->kind == FIELD_KIND_ENUM ? sizeof(unsigned) : sizeof(struct id));
    }
    return record;
}

static bool give_decision(struct import_run *run, struct plan_line *line)
{
    struct importing importing = {.moves = true, .marked = true};
    struct call *call = run_call(run, &importing);
    bool held;
    void *record = call ? with_state(run, call, line, &held) : NULL;
    return record && (!held || record_update(call, &decision_resource, record, "import"));
}

/* A review that is still to be held has its agenda, as every other. */
static bool complete(struct import_run *run, struct plan_line *line)
{
    struct importing importing = {0}; /* what is added comes from the server */
    struct call *call = run_call(run, &importing);
    bool held;
    const struct review *review = call ? with_state(run, call, line, &held) : NULL;
    return review && (held || review_complete(call, review));
}

/* --- reviews -------------------------------------------------------------------------------------------------------
 */

static bool role_of(struct call *call, const struct id *person, unsigned *ret_role)
{
    struct person_brief brief = {0};
    if (id_is_set(person) && store_person(call->store, person, call->arena, &brief) == BROKEN)
        return false;
    *ret_role = brief.role;
    return true;
}

/* It was concluded by who may, as it was approved by who may; and not before it was held. */
static bool judge_conclusion(struct call *call, const struct review *review)
{
    const struct stake nobody = {0};
    struct caller concluder = {.person_id = review->concluded_by};
    const struct date concluded_on = instant_date(&review->concluded_at);
    if (!role_of(call, &review->concluded_by, &concluder.role))
        return false;
    if (concluder.role && !policy_allows(&concluder, OPERATION_REVIEW_HOLD, &nobody))
        violation_add(&call->violations, "access.role", "#/concluded_by",
                      "Who concluded it has the role '%s', which does not conclude reviews.",
                      role_names[concluder.role - 1]);
    if (date_before(&concluded_on, &review->held_on))
        violation_add(&call->violations, "import.history.time", "#/held_on", "%s is after the conclusion, %s.",
                      review->held_on.text, review->concluded_at.text);
    return true;
}

static bool judge_review(struct call *call, const struct review *review)
{
    struct review_facts facts = {.in_retrospect = true,
                                 .today = call->today,
                                 .next_review_max_months = call_settings(call)->next_review_max_months,
                                 .caller_id = review->approved_by};
    struct id chair;
    unsigned approver_role;
    enum found chairs = store_attendee_of(call->store, &review->record.id, &review->chair_id, &chair);
    if (chairs == BROKEN || !role_of(call, &review->chair_id, &facts.chair_role) ||
        !role_of(call, &review->approved_by, &approver_role) ||
        !store_review_facts(call->store, review, &review->started_at, &view_all, call->arena, &facts))
        return false;
    if (chairs == ABSENT && review->status != REVIEW_CANCELLED)
        violation_add(&call->violations, "attendee.chair.single", "#/chair_id",
                      "The chair is no attendee of the review: add a line for one with the capacity 'chair'.");
    bool held = review->status == REVIEW_CONCLUDED || review->status == REVIEW_APPROVED;
    if (held || review->status == REVIEW_IN_PROGRESS)
        review_check(review, review, "start", &facts, &call->violations);
    if (held)
        review_check(review, review, "conclude", &facts, &call->violations);
    if (held && !judge_conclusion(call, review))
        return false;
    if (review->status != REVIEW_APPROVED)
        return true;
    if (approver_role != ROLE_TOP_MANAGEMENT)
        violation_add(&call->violations, "review.approve.role", "#/approved_by",
                      "Who approved it is not of top management.");
    review_check(review, review, "approve", &facts, &call->violations);
    return true;
}

/* --- amendments ----------------------------------------------------------------------------------------------------
 */

/* Whether the deadline is what amendments have made of the original one; in *ret_extensions how many moved it to a
 * later day. The third and each one after it is top management's. */
static bool judge_moves(struct call *call, const struct resource *target, const struct id *id, const struct date *first,
                        const struct date *last, int64_t *ret_extensions)
{
    const struct move_brief *moves;
    size_t count;
    struct date deadline = *first;
    *ret_extensions = 0;
    if (!store_moves_of(call->store, target, id, call->arena, &moves, &count))
        return false;
    bool follows = true;
    for (size_t i = 0; i < count; i++) {
        bool extends = date_before(&deadline, &moves[i].to);
        follows = follows && date_equal(&moves[i].from, &deadline);
        if (extends && *ret_extensions >= EXTENSIONS_UNESCALATED && moves[i].approver_role != ROLE_TOP_MANAGEMENT)
            violation_add(&call->violations, "amendment.deadline.escalation", "#/deadline",
                          "Top management did not approve its extension to %s, after %d others.", moves[i].to.text,
                          (int)*ret_extensions);
        *ret_extensions += extends;
        deadline = moves[i].to;
    }
    if (!follows || !date_equal(&deadline, last))
        violation_add(&call->violations,
                      target == &decision_resource ? "import.decision.amendments" : "import.action_item.amendments",
                      "#/deadline",
                      "By its amendments the deadline, first '%s', is '%s'; each begins where the one before ended.",
                      first->text, deadline.text);
    return true;
}

/* Its own sides say who was the owner where it changes the owner; else those afterwards do, or the record itself. */
static bool judge_amendment(struct call *call, const struct amendment *amendment)
{
    bool of_decision = id_is_set(&amendment->decision_id);
    const struct resource *target = of_decision ? &decision_resource : &action_item_resource;
    const struct id *id = of_decision ? &amendment->decision_id : &amendment->action_item_id;
    const void *record = record_fetch(call, target, id);
    const char *then = NULL;
    struct id owner;
    if (!record ||
        !store_as_amended(call->store, target, id, "owner_id", &amendment->record.created_at, call->arena, &then))
        return false;
    if (!then || !id_parse(then, &owner))
        owner = *(const struct id *)field_of(resource_field_named(target, "owner_id"), record);
    if (id_equal(&owner, &amendment->approved_by_id) && !id_is_set(&amendment->owner_id))
        violation_add(&call->violations, "amendment.approver.owner", "#/approved_by_id",
                      "Who approved it owned the %s.", target->title);
    else if (id_is_set(&amendment->owner_id) && !id_equal(&owner, &amendment->owner_id))
        violation_add(&call->violations, "import.amendment.sides", "#/owner_id",
                      "Its new owner is not the one that the %s had afterwards.", target->title);
    return true;
}

/* --- decisions -----------------------------------------------------------------------------------------------------
 */

/* Action items that were added once it was implemented do not count. */
static bool leave_later(struct call *call, const struct decision *decision, struct decision_facts *facts)
{
    struct named *items = arena_array(call->arena, facts->unfinished_item_count + 1, sizeof *items);
    size_t kept = 0;
    if (!items)
        return false;
    for (size_t i = 0; i < facts->unfinished_item_count; i++) {
        const struct record *item = record_fetch(call, &action_item_resource, &facts->unfinished_items[i].id);
        if (!item)
            return false;
        if (strcmp(item->created_at.text, decision->record.updated_at.text) <= 0)
            items[kept++] = facts->unfinished_items[i];
    }
    facts->unfinished_items = items;
    facts->unfinished_item_count = kept;
    return true;
}

static bool judge_decision(struct call *call, const struct decision *decision)
{
    bool adopted = decision->status == DECISION_ADOPTED || decision->status == DECISION_IMPLEMENTED ||
                   decision->status == DECISION_SUPERSEDED;
    const struct review *review = record_fetch(call, &review_resource, &decision->review_id);
    int64_t extensions;
    if (!review || !adopted)
        return review != NULL;
    const struct date concluded_on = instant_date(&review->concluded_at);
    if (instant_is_set(&review->concluded_at) && date_before(&concluded_on, &decision->decided_on))
        violation_add(&call->violations, "import.history.time", "#/decided_on", "%s is after its review ended, %s.",
                      decision->decided_on.text, review->concluded_at.text);
    if (!judge_moves(call, &decision_resource, &decision->record.id, &decision->original_deadline, &decision->deadline,
                     &extensions))
        return false;
    struct decision_facts facts = {.today = call->today,
                                   .horizon_months = call_settings(call)->decision_horizon_months,
                                   .review_status =
                                       instant_is_set(&review->started_at) ? REVIEW_IN_PROGRESS : review->status};
    if (!role_of(call, &decision->decided_by_id, &facts.decided_by_role) ||
        !store_attends(call->store, &review->record.id, &decision->decided_by_id, &facts.decided_by_attends))
        return false;
    decision_check(decision, decision, "adopt", &facts, &call->violations);
    if (id_is_set(&decision->superseded_by_id) &&
        !store_leads_to(call->store, &decision_resource, &decision->superseded_by_id, &decision->record.id,
                        &facts.supersedes_itself))
        return false;
    if (decision->status == DECISION_SUPERSEDED)
        decision_check(decision, decision, "supersede", &facts, &call->violations);
    if (decision->status != DECISION_IMPLEMENTED)
        return true;
    if (!store_items_of(call->store, &decision->record.id, &view_all, call->arena, &facts.closed_items,
                        &facts.unfinished_items, &facts.unfinished_item_count) ||
        !leave_later(call, decision, &facts))
        return false;
    decision_check(decision, decision, "implement", &facts, &call->violations);
    return true;
}

/* --- action items --------------------------------------------------------------------------------------------------
 */

/* What follow-ups come to. */
struct played {
    enum { RUNNING, COMPLETED, CLOSED } state;
    struct date completed_on;
    struct date closed_on;
};

static void play(struct played *played, const struct follow_up_brief *brief, struct violations *violations)
{
    if (played->state == CLOSED && !(brief->kind == FOLLOW_UP_PROGRESS && brief->in_review))
        violation_add(violations, "follow_up.action_item.open", NULL,
                      "There is a follow-up of %s after the one that closed it.", brief->performed_on.text);
    if (brief->kind == FOLLOW_UP_EFFECTIVENESS && played->state == RUNNING)
        violation_add(violations, "follow_up.effectiveness.completed", NULL,
                      "Its effectiveness was verified on %s, before it was completed.", brief->performed_on.text);
    if (brief->outcome == OUTCOME_COMPLETED) {
        played->state = COMPLETED;
        played->completed_on = brief->performed_on;
    } else if (brief->outcome == OUTCOME_EFFECTIVE) {
        played->state = CLOSED;
        played->closed_on = brief->performed_on;
    } else if (brief->outcome == OUTCOME_PARTIALLY_EFFECTIVE || brief->outcome == OUTCOME_NOT_EFFECTIVE) {
        played->state = RUNNING;
        played->completed_on = (struct date){0};
    }
}

static bool judge_follow_ups(struct call *call, const struct action_item *item)
{
    static const char *const names[] = {"not completed", "completed", "closed"};
    const struct follow_up_brief *briefs;
    size_t count;
    struct played played = {0};
    if (!store_follow_ups_of(call->store, &item->record.id, call->arena, &briefs, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        play(&played, &briefs[i], &call->violations);
    bool fits = item->status == ACTION_CLOSED      ? played.state == CLOSED
                : item->status == ACTION_COMPLETED ? played.state == COMPLETED
                : item->status == ACTION_CANCELLED ? played.state != CLOSED
                                                   : played.state == RUNNING;
    if (!fits)
        violation_add(&call->violations, "import.action_item.follow_ups", "#/status",
                      "By its follow-ups it is %s, not %s.", names[played.state],
                      action_item_status_names[item->status - 1]);
    else if (!date_equal(&played.completed_on, &item->completed_on))
        violation_add(&call->violations, "import.action_item.follow_ups", "#/completed_on",
                      "By its follow-ups it was completed on '%s'.", played.completed_on.text);
    else if (!date_equal(&played.closed_on, &item->closed_on))
        violation_add(&call->violations, "import.action_item.follow_ups", "#/closed_on",
                      "By its follow-ups it was closed on '%s'.", played.closed_on.text);
    return true;
}

static bool judge_item(struct call *call, const struct action_item *item)
{
    struct action_item_facts facts = {.today = call->today};
    int64_t extensions;
    if (!role_of(call, &item->cancel_approved_by_id, &facts.approver_role) || !judge_follow_ups(call, item) ||
        !judge_moves(call, &action_item_resource, &item->record.id, &item->original_deadline, &item->deadline,
                     &extensions) ||
        !store_leads_to(call->store, &action_item_resource, &item->predecessor_id, &item->record.id,
                        &facts.follows_itself))
        return false;
    if (extensions != item->extension_count.value &&
        !violations_have(&call->violations, "import.action_item.amendments"))
        violation_add(&call->violations, "import.action_item.amendments", "#/extension_count",
                      "By its amendments it was extended %lld times.", (long long)extensions);
    if (facts.follows_itself)
        violation_add(&call->violations, "action_item.predecessor.self", "#/predecessor_id",
                      "By those that it follows it follows itself.");
    if (item->status == ACTION_CANCELLED)
        action_item_check(item, item, "cancel", &facts, &call->violations);
    return true;
}

static bool judge_follow_up(struct call *call, const struct follow_up *follow_up)
{
    bool other, itself;
    if (!id_is_set(&follow_up->supersedes_id))
        return true;
    const struct record *earlier = record_fetch(call, &follow_up_resource, &follow_up->supersedes_id);
    if (!earlier || !follow_up_supersedes_other(call, follow_up, &other) ||
        !store_leads_to(call->store, &follow_up_resource, &follow_up->supersedes_id, &follow_up->record.id, &itself))
        return false;
    if (other)
        violation_add(&call->violations, "follow_up.supersedes.same_item", "#/supersedes_id",
                      "That follow-up is of another action item.");
    else if (itself || strcmp(follow_up->record.created_at.text, earlier->created_at.text) < 0)
        violation_add(&call->violations, "follow_up.supersedes.same_item", "#/supersedes_id",
                      "That follow-up is not an earlier one.");
    return true;
}

/* --- people --------------------------------------------------------------------------------------------------------
 */

static bool judge_person(struct call *call, const struct person *person)
{
    struct person_facts facts = {0};
    struct person before = *person;
    before.active = TRUTH_TRUE;
    before.erased_at = (struct instant){0};
    if (person->active == TRUTH_FALSE && !store_commitments(call->store, &person->record.id, &view_all, call->arena,
                                                            &facts.commitments, &facts.commitment_count))
        return false;
    person_check(person, &before, NULL, &facts, &call->violations);
    return true;
}

/* --- all of it -----------------------------------------------------------------------------------------------------
 */

/* Whether the line has become a record of the kind that is judged here. */
static bool is_its(const struct plan_line *line, const struct resource *resource)
{
    return line->kind < IMPORT_KINDS && import_kind(line->kind) == resource && line->moved &&
           line->state == LINE_CREATED;
}

/* Notes what the line broke. */
static void refuse(struct import_run *run, struct plan_line *line, struct call *call)
{
    line->state = LINE_REFUSED;
    run->record.created.value--;
    run->record.refused.value++;
    run_note(run, &run->parts[line->part], import_kind(line->kind), line->line, &call->violations);
}

/* Judges a review as it arrives, and only then gives it its state, to which the schema holds it. */
static bool settle_review(struct import_run *run, struct plan_line *line)
{
    struct importing importing = {.moves = true, .marked = true};
    struct route route = {.resource = &review_resource};
    struct call *call = run_call(run, &importing);
    bool held;
    struct review *review = call ? with_state(run, call, line, &held) : NULL;
    if (!review)
        return false;
    call->route = &route;
    call->after = review;
    if (!judge_review(call, review) || arena_failed(call->arena))
        return false;
    line_waive(run, call);
    if (call->violations.count) {
        refuse(run, line, call);
        return true;
    }
    if (!held)
        return true;
    bool approved = review->status == REVIEW_APPROVED;
    return (!approved || minutes_keep(call, review)) && record_update(call, &review_resource, review, "import") &&
           (!approved || review_keep_revision(call, review));
}

/* A review among the lines, and when it began: "" where it did not. */
struct settled {
    struct plan_line *line;
    struct instant started_at;
};

static int by_start(const void *a, const void *b)
{
    const struct settled *left = a;
    const struct settled *right = b;
    int order = strcmp(left->started_at.text, right->started_at.text);
    return order ? order : (left->line > right->line) - (left->line < right->line);
}

/* Reviews in the order in which they were held: the minutes of one show the figures of those before. */
static bool settle_reviews(struct import_run *run)
{
    size_t count = 0;
    for (size_t i = 0; i < run->plan.count; i++)
        count += is_its(&run->plan.lines[i], &review_resource);
    struct settled *reviews = arena_array(&run->arena, count + 1, sizeof *reviews);
    if (!reviews)
        return false;
    count = 0;
    for (size_t i = 0; i < run->plan.count; i++) {
        if (!is_its(&run->plan.lines[i], &review_resource))
            continue;
        struct call *call = run_call(run, NULL);
        struct id id = plan_id(&run->plan.lines[i]);
        const struct review *review = call ? record_fetch(call, &review_resource, &id) : NULL;
        if (!review)
            return false;
        reviews[count++] = (struct settled){&run->plan.lines[i], review->started_at};
    }
    qsort(reviews, count, sizeof *reviews, by_start);
    for (size_t i = 0; i < count; i++) {
        run_tell(run);
        if (run_is_over(run) || !settle_review(run, reviews[i].line))
            return false;
    }
    return true;
}

static bool judge_line(struct import_run *run, struct plan_line *line)
{
    const struct resource *resource = import_kind(line->kind);
    struct importing importing = {.moves = true, .marked = true};
    struct call *call = run_call(run, &importing);
    struct id id = plan_id(line);
    struct route route = {.resource = resource};
    void *record = call ? record_fetch(call, resource, &id) : NULL;
    if (!record)
        return false;
    call->route = &route;
    call->after = record;
    bool fine = resource == &decision_resource      ? judge_decision(call, record)
                : resource == &amendment_resource   ? judge_amendment(call, record)
                : resource == &action_item_resource ? judge_item(call, record)
                : resource == &follow_up_resource   ? judge_follow_up(call, record)
                                                    : judge_person(call, record);
    if (!fine || arena_failed(call->arena))
        return false;
    line_waive(run, call);
    if (call->violations.count)
        refuse(run, line, call);
    return true;
}

static bool each(struct import_run *run, const struct resource *resource,
                 bool (*step)(struct import_run *run, struct plan_line *line))
{
    size_t done = 0;
    for (size_t i = 0; i < run->plan.count; i++) {
        if (!is_its(&run->plan.lines[i], resource))
            continue;
        if (done++ % TELL_EACH == 0)
            run_tell(run);
        if (run_is_over(run) || !step(run, &run->plan.lines[i]))
            return false;
    }
    return true;
}

bool judge_all(struct import_run *run)
{
    /* Decisions have their states first: what is frozen with the review, and what the review is judged by. */
    return each(run, &decision_resource, give_decision) && each(run, &review_resource, complete) &&
           settle_reviews(run) && each(run, &person_resource, judge_line) &&
           each(run, &decision_resource, judge_line) && each(run, &action_item_resource, judge_line) &&
           each(run, &amendment_resource, judge_line) && each(run, &follow_up_resource, judge_line);
}
