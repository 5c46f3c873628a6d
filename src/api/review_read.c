/* What only reviews have to read: readiness and revisions. */
#include "rows.h"

#include "reviewd/attendee.h"
#include "reviewd/decision.h"
#include "reviewd/input.h"
#include "reviewd/register.h"

#include <stdio.h>
#include <stdlib.h>

struct review *review_load(struct call *call, bool *ret_fine)
{
    struct review *review = arena_alloc(call->arena, sizeof *review);
    enum found found = review ? store_load(call->store, &review_resource, call->keys[0], &call->view, &call->today,
                                           call->arena, review)
                              : BROKEN;
    *ret_fine = found != BROKEN;
    if (found == ABSENT)
        answer_not_found(call);
    return found == FOUND ? review : NULL;
}

/* --- readiness -----------------------------------------------------------------------------------------------------
 */

static const char *next_verb(const struct review *review)
{
    switch ((enum review_status)review->status) {
    case REVIEW_PLANNED:
        return "start";
    case REVIEW_IN_PROGRESS:
        return "conclude";
    case REVIEW_CONCLUDED:
        return "approve";
    case REVIEW_APPROVED:
    case REVIEW_CANCELLED:
        break;
    }
    return NULL;
}

/* The verb's own route, which says who may. */
static const struct route *route_of(const char *verb)
{
    const struct route *route = routes;
    while (route->resource != &review_resource || !route->verb || strcmp(route->verb, verb) != 0)
        route++;
    return route;
}

/* What the verb asks of the caller and of the records, as it would answer; not of what its request will bring. */
static void check_verb(struct call *call, const char *verb, const struct review *review,
                       const struct review_facts *facts)
{
    const struct route *route = route_of(verb);
    access_check(call, route, route->operation, &(struct stake){0});
    if (review->status == REVIEW_IN_PROGRESS)
        review_check_complete(facts, &call->violations);
    else
        review_check(review, review, verb, facts, &call->violations);
}

static void put_clauses(struct buffer *body, const struct review_facts *facts)
{
    for (unsigned clause = 1; clause <= CLAUSE_COUNT; clause++) {
        struct clause_coverage coverage = clause_coverage(facts, clause);
        buffer_format(body, "%s{\"clause\":\"%s\",\"title\":\"%s\",\"inputs\":%zu,\"considered\":%zu,\"covered\":%s}",
                      clause > 1 ? "," : "", clause_names[clause - 1], clause_titles[clause - 1], coverage.inputs,
                      coverage.considered, coverage.covered ? "true" : "false");
    }
}

static bool put_carried(struct call *call, struct buffer *body, const struct review *review,
                        const struct instant *started_at)
{
    const struct carried *items;
    size_t count;
    if (!store_carried(call->store, &review->record.id, started_at, &call->today, &call->view, call->arena, &items,
                       &count))
        return false;
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        if (!items[i].visible)
            continue;
        buffer_format(body, "%s{\"id\":\"%s\",\"reference\":\"%s\",\"overdue\":%s,\"followed_up\":%s}",
                      first ? "" : ",", items[i].id.text, items[i].reference, items[i].overdue ? "true" : "false",
                      items[i].followed_up ? "true" : "false");
        first = false;
    }
    return true;
}

bool read_readiness(struct call *call)
{
    bool fine;
    const struct review *review = review_load(call, &fine);
    if (!review)
        return fine;
    struct review_facts facts = {.today = call->today, .caller_id = call->caller.person_id};
    const struct instant *started_at = instant_is_set(&review->started_at) ? &review->started_at : call_moment(call);
    if (!store_review_facts(call->store, review, started_at, &call->view, call->arena, &facts))
        return false;
    struct person_brief chair;
    if (store_person_then(call->store, &review->chair_id, call->view.as_of, call->arena, &chair) != FOUND)
        return false;
    facts.chair_role = chair.role;
    const char *verb = next_verb(review);
    if (verb)
        check_verb(call, verb, review, &facts);
    struct buffer *body = &call->response->body;
    if (verb)
        buffer_format(body, "{\"verb\":\"%s\"", verb);
    else
        buffer_put(body, "{\"verb\":null");
    buffer_format(body, ",\"ready\":%s,\"violations\":", verb && !call->violations.count ? "true" : "false");
    violations_render(body, &call->violations);
    buffer_put(body, ",\"clauses\":[");
    put_clauses(body, &facts);
    buffer_put(body, "],\"carried_action_items\":[");
    if (!put_carried(call, body, review, started_at))
        return false;
    buffer_put(body, "]}");
    answer_json(call, 200, body);
    return true;
}

/* --- revisions -----------------------------------------------------------------------------------------------------
 */

struct members {
    struct buffer *body;
    const struct resource *resource;
    bool any;
};

static bool member_row(void *context, const void *record)
{
    struct members *members = context;
    if (members->any)
        buffer_char(members->body, ',');
    members->any = true;
    record_render(members->body, members->resource, record, RENDER_SHOWN);
    return true;
}

static bool put_members(struct call *call, const struct review *review, const struct resource *resource,
                        struct buffer *body)
{
    const char *value = review->record.id.text;
    const struct list_query query = {
        .resource = resource,
        .view = view_all,
        .today = call->today,
        .filters = {{FILTER_IN, resource_field_named(resource, "review_id"), &value, 1}},
        .filter_count = 1,
        .limit = 100000,
    };
    struct members members = {body, resource, false};
    buffer_format(body, ",\"%s\":[", resource->collection);
    bool fine = store_list(call->store, &query, call->arena, member_row, &members);
    buffer_char(body, ']');
    return fine;
}

bool revision_render(struct call *call, const struct review *review, struct buffer *ret_body)
{
    record_render(ret_body, &review_resource, review, RENDER_SHOWN);
    if (buffer_failed(ret_body))
        return false;
    ret_body->length--; /* the record goes on with what was frozen with it */
    bool fine = put_members(call, review, &attendee_resource, ret_body) &&
                put_members(call, review, &input_resource, ret_body) &&
                put_members(call, review, &decision_resource, ret_body);
    buffer_char(ret_body, '}');
    return fine && !buffer_failed(ret_body);
}

/* The last one that was approved, of a review as it is or was; 0: none. */
static int64_t last_revision(const struct review *review)
{
    return review->status == REVIEW_APPROVED ? review->revision.value : review->revision.value - 1;
}

int64_t revision_number(const struct call *call, const struct review *review)
{
    const char *text = call->keys[1];
    char *end;
    long long number = strtoll(text, &end, 10);
    bool plain = !*end && text[0] >= '1' && text[0] <= '9';
    return plain && number <= last_revision(review) ? number : 0;
}

bool read_revision(struct call *call)
{
    bool fine;
    const struct review *review = review_load(call, &fine);
    if (!review)
        return fine;
    int64_t number = revision_number(call, review);
    const char *body = NULL;
    enum found found = number ? store_revision(call->store, &review->record.id, number, call->arena, &body) : ABSENT;
    if (found != FOUND) {
        answer_not_found(call);
        return found == ABSENT;
    }
    buffer_put(&call->response->body, body);
    answer_json(call, 200, &call->response->body);
    return true;
}

struct revision_list {
    struct rows rows;
    const struct review *review;
};

/* Adds the revision behind `after`. ABSENT where there is none, or the page is full. */
static enum found put_revision(struct rows *rows, int64_t *after)
{
    struct call *call = rows->paged.call;
    const struct review *review = ((const struct revision_list *)rows)->review;
    struct arena arena; /* of this one, which has all that a review has */
    const char *text;
    arena_init(&arena);
    enum found found =
        store_next_revision(call->store, &review->record.id, last_revision(review), &arena, after, &text);
    call->arena->failed |= arena_failed(&arena);
    if (found == FOUND && arena_failed(&arena))
        found = BROKEN;
    struct buffer *row = found == FOUND ? row_begin(rows) : NULL;
    if (row) {
        buffer_put(row, text);
        row_end(rows, *after);
    }
    arena_finish(&arena);
    return found == FOUND && !row ? ABSENT : found;
}

static bool revisions_page(struct rows *rows)
{
    int64_t after = rows->after;
    enum found found;
    do
        found = put_revision(rows, &after);
    while (found == FOUND);
    return found == ABSENT;
}

static bool count_revisions(struct rows *rows, int64_t *ret_count)
{
    const struct review *review = ((const struct revision_list *)rows)->review;
    return store_count_revisions(rows->paged.call->store, &review->record.id, last_revision(review), ret_count);
}

/* The review's own, and what was frozen with it. */
static const char *revision_columns(struct call *call)
{
    struct buffer names = {0};
    csv_put_head(&names, &review_resource);
    call->arena->failed |= buffer_failed(&names);
    const char *columns = "";
    if (!buffer_failed(&names)) /* without its end of line */
        columns = arena_format(call->arena, "%.*s,%s,%s,%s", (int)names.length - 2, names.data,
                               attendee_resource.collection, input_resource.collection, decision_resource.collection);
    buffer_finish(&names);
    return columns;
}

bool read_revisions(struct call *call)
{
    struct revision_list *list = arena_alloc(call->arena, sizeof *list);
    bool fine;
    if (!list)
        return false;
    list->rows.columns = revision_columns(call);
    list->rows.page = revisions_page;
    list->rows.count = count_revisions;
    rows_begin(&list->rows, call);
    if (call->violations.count)
        return answer_rows(&list->rows);
    list->review = review_load(call, &fine);
    return list->review ? answer_rows(&list->rows) : fine;
}
