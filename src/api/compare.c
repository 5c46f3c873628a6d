/* What changed from one review to another: figures, decisions, what is still open, findings that came back (9.3.2 d,
 * 9.3.3). */
#include "api.h"

#include "reviewd/action_item.h"
#include "reviewd/decision.h"
#include "reviewd/input.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { ROWS_MAX = 1000 };

/* One of the two, with its inputs in the order of the agenda. */
struct side {
    const struct review *review; /* NULL: there is none to compare with */
    const struct input **inputs;
    size_t input_count;
};

struct ids {
    struct arena *arena;
    struct id *ids;
    size_t count;
};

static bool id_row(void *context, const void *record)
{
    struct ids *ids = context;
    ids->ids[ids->count++] = ((const struct record *)record)->id;
    return true;
}

/* A list of what belongs to a review, which the caller is known to see. */
static struct list_query list_of(const struct call *call, const struct resource *resource, const char *const *review)
{
    return (struct list_query){
        .resource = resource,
        .view = call->view,
        .today = call->today,
        .filters = {{FILTER_IN, resource_field_named(resource, "review_id"), review, 1}},
        .filter_count = 1,
        .limit = ROWS_MAX,
    };
}

static bool load_inputs(struct call *call, struct side *side)
{
    const char *review = side->review->record.id.text;
    struct list_query query = list_of(call, &input_resource, &review);
    query.sort = resource_field_named(&input_resource, "position");
    struct ids ids = {.ids = arena_array(call->arena, ROWS_MAX, sizeof(struct id))};
    side->inputs = arena_array(call->arena, ROWS_MAX, sizeof *side->inputs);
    if (!ids.ids || !side->inputs || !store_list(call->store, &query, call->arena, id_row, &ids))
        return false;
    for (size_t i = 0; i < ids.count; i++) {
        struct input *input = arena_alloc(call->arena, sizeof *input);
        if (!input ||
            store_load(call->store, &input_resource, ids.ids[i].text, &call->view, &call->today, call->arena, input) !=
                FOUND ||
            !record_expand(call, &input_resource, input))
            return false;
        side->inputs[i] = input;
    }
    side->input_count = ids.count;
    return true;
}

/* --- figures -------------------------------------------------------------------------------------------------------
 */

/* A figure of a side; sorted, those of a name stand together in the order of their inputs. */
struct figure {
    const struct input *input;
    const struct metric *metric;
    size_t order;
    struct figure *other; /* of that name on the other side, in the same place among those of the name */
};

struct figures {
    struct figure *items;   /* in their order */
    struct figure **sorted; /* by name */
    size_t count;
};

static int compare_figures(const void *a, const void *b)
{
    const struct figure *const *x = a;
    const struct figure *const *y = b;
    int by_name = strcmp((*x)->metric->name, (*y)->metric->name);
    return by_name ? by_name : ((*x)->order > (*y)->order) - ((*x)->order < (*y)->order);
}

static bool gather_figures(struct arena *arena, const struct side *side, struct figures *ret_figures)
{
    size_t count = 0;
    for (size_t i = 0; i < side->input_count; i++)
        count += side->inputs[i]->metrics.count;
    struct figures figures = {arena_array(arena, count + 1, sizeof(struct figure)),
                              arena_array(arena, count + 1, sizeof(struct figure *)), 0};
    if (!figures.items || !figures.sorted)
        return false;
    for (size_t i = 0; i < side->input_count; i++) {
        const struct metric *metrics = side->inputs[i]->metrics.items;
        for (size_t m = 0; m < side->inputs[i]->metrics.count; m++) {
            struct figure *figure = &figures.items[figures.count];
            *figure = (struct figure){side->inputs[i], &metrics[m], figures.count, NULL};
            figures.sorted[figures.count++] = figure;
        }
    }
    qsort(figures.sorted, figures.count, sizeof *figures.sorted, compare_figures);
    *ret_figures = figures;
    return true;
}

/* Both are sorted by name: walks them side by side. */
static void pair_figures(struct figures *now, struct figures *then)
{
    for (size_t i = 0, k = 0; i < now->count && k < then->count;) {
        int order = strcmp(now->sorted[i]->metric->name, then->sorted[k]->metric->name);
        if (order == 0) {
            now->sorted[i]->other = then->sorted[k];
            then->sorted[k]->other = now->sorted[i];
        }
        i += order <= 0;
        k += order >= 0;
    }
}

static void put_text(struct buffer *body, const char *name, const char *text)
{
    buffer_format(body, ",\"%s\":", name);
    if (text)
        json_put_text(body, text, strlen(text));
    else
        buffer_put(body, "null");
}

static void put_figure(struct buffer *body, const char *name, const struct figure *figure)
{
    static const char *const truths[] = {"null", "false", "true"};
    buffer_format(body, ",\"%s\":", name);
    if (!figure) {
        buffer_put(body, "null");
        return;
    }
    const struct metric *metric = figure->metric;
    buffer_format(body, "{\"input_id\":\"%s\",\"clause\":\"%s\",\"value\":", figure->input->record.id.text,
                  clause_names[figure->input->clause - 1]);
    json_put_number(body, metric->value.value);
    put_text(body, "unit", metric->unit);
    buffer_put(body, ",\"target\":");
    if (metric->target.known)
        json_put_number(body, metric->target.value);
    else
        buffer_put(body, "null");
    put_text(body, "comparator", metric->comparator ? comparator_names[metric->comparator - 1] : NULL);
    buffer_format(body, ",\"on_target\":%s}", truths[metric->on_target]);
}

static bool same_unit(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Without what a difference of binary fractions leaves behind: 0.3 - 0.1 is 0.2. */
static double difference(double a, double b)
{
    char text[40];
    snprintf(text, sizeof text, "%.12g", a - b);
    return strtod(text, NULL);
}

static void put_pair(struct buffer *body, bool first, const struct figure *now, const struct figure *then)
{
    const struct figure *either = now ? now : then;
    assert(either);
    const char *name = either->metric->name;
    buffer_put(body, first ? "{\"name\":" : ",{\"name\":");
    json_put_text(body, name, strlen(name));
    put_figure(body, "review", now);
    put_figure(body, "with", then);
    buffer_put(body, ",\"change\":");
    if (now && then && same_unit(now->metric->unit, then->metric->unit))
        json_put_number(body, difference(now->metric->value.value, then->metric->value.value));
    else
        buffer_put(body, "null");
    buffer_char(body, '}');
}

static bool put_metrics(struct call *call, struct buffer *body, const struct side sides[2])
{
    struct figures now;
    struct figures then;
    if (!gather_figures(call->arena, &sides[0], &now) || !gather_figures(call->arena, &sides[1], &then))
        return false;
    pair_figures(&now, &then);
    for (size_t i = 0; i < now.count; i++)
        put_pair(body, i == 0, &now.items[i], now.items[i].other);
    bool first = now.count == 0;
    for (size_t i = 0; i < then.count; i++) {
        if (then.items[i].other)
            continue;
        put_pair(body, first, NULL, &then.items[i]);
        first = false;
    }
    return true;
}

/* --- findings that came back ----------------------------------------------------------------------------------------
 */

static bool is_finding(const struct input *input)
{
    return input->severity && (input->clause == CLAUSE_D1 || input->clause == CLAUSE_D3);
}

static void put_finding(struct buffer *body, const char *name, const struct input *input)
{
    buffer_format(body, "\"%s\":{\"input_id\":\"%s\",\"clause\":\"%s\",\"severity\":\"%s\",\"title\":", name,
                  input->record.id.text, clause_names[input->clause - 1],
                  input->severity == SEVERITY_MAJOR ? "major" : "minor");
    json_put_text(body, input->title, strlen(input->title));
    buffer_char(body, '}');
}

static void put_findings(struct buffer *body, const struct side *now, const struct side *then)
{
    bool first = true;
    for (size_t i = 0; i < now->input_count; i++) {
        for (size_t k = 0; k < then->input_count && is_finding(now->inputs[i]); k++) {
            if (!is_finding(then->inputs[k]) || strcasecmp(now->inputs[i]->title, then->inputs[k]->title) != 0)
                continue;
            buffer_put(body, first ? "{" : ",{");
            put_finding(body, "review", now->inputs[i]);
            buffer_char(body, ',');
            put_finding(body, "with", then->inputs[k]);
            buffer_char(body, '}');
            first = false;
        }
    }
}

/* --- decisions and action items -------------------------------------------------------------------------------------
 */

static bool kind_row(void *context, const void *record)
{
    size_t *counts = context;
    const struct decision *decision = record;
    bool decided = decision->status == DECISION_ADOPTED || decision->status == DECISION_IMPLEMENTED ||
                   decision->status == DECISION_SUPERSEDED;
    counts[decision->kind] += decided;
    return true;
}

static bool put_decisions(struct call *call, struct buffer *body, const struct side sides[2])
{
    size_t counts[2][DECISION_NO_CHANGE + 1] = {0};
    for (size_t s = 0; s < 2; s++) {
        const char *review = sides[s].review ? sides[s].review->record.id.text : NULL;
        struct list_query query = list_of(call, &decision_resource, &review);
        query.limit = INT_MAX; /* they are counted, not kept */
        if (review && !store_list(call->store, &query, call->arena, kind_row, counts[s]))
            return false;
    }
    const struct field *kind = resource_field_named(&decision_resource, "kind");
    for (unsigned k = 1; k <= kind->value_count; k++)
        buffer_format(body, "%s{\"kind\":\"%s\",\"review\":%zu,\"with\":%zu}", k > 1 ? "," : "", kind->values[k - 1],
                      counts[0][k], counts[1][k]);
    return true;
}

struct open_items {
    struct buffer *body;
    const struct carried *carried;
    size_t carried_count;
    bool any;
};

static bool open_row(void *context, const void *record)
{
    struct open_items *items = context;
    const struct action_item *item = record;
    const struct carried *carried = NULL;
    for (size_t i = 0; i < items->carried_count; i++) {
        if (id_equal(&items->carried[i].id, &item->record.id))
            carried = &items->carried[i];
    }
    struct buffer *body = items->body;
    buffer_format(body, "%s{\"id\":\"%s\",\"reference\":\"%s\",\"title\":", items->any ? "," : "", item->record.id.text,
                  item->record.reference);
    json_put_text(body, item->title, strlen(item->title));
    buffer_format(body, ",\"status\":\"%s\",\"deadline\":\"%s\",\"overdue\":%s,\"carried\":%s,\"followed_up\":%s}",
                  action_item_status_names[item->status - 1], item->deadline.text,
                  item->overdue == TRUTH_TRUE ? "true" : "false", carried ? "true" : "false",
                  carried && carried->followed_up ? "true" : "false");
    items->any = true;
    return true;
}

/* What a side's decisions asked for and is not done yet; of the other review's, whether this one had to revisit it. */
static bool put_open(struct call *call, struct buffer *body, const struct side *side, const struct review *into)
{
    static const char *const open[] = {"open", "in_progress", "blocked", "completed"};
    const char *review = side->review ? side->review->record.id.text : NULL;
    struct list_query query = list_of(call, &action_item_resource, &review);
    struct open_items items = {.body = body};
    const struct instant *started = instant_is_set(&into->started_at) ? &into->started_at : call_moment(call);
    int64_t total = 0;
    query.filters[query.filter_count++] =
        (struct filter){FILTER_IN, resource_field_named(&action_item_resource, "status"), open, COUNT_OF(open)};
    if (!store_carried(call->store, &into->record.id, started, &call->today, &call->view, call->arena, &items.carried,
                       &items.carried_count) ||
        (review && !store_count(call->store, &query, call->arena, &total)))
        return false;
    buffer_format(body, "{\"total\":%lld,\"data\":[", (long long)total);
    if (review && !store_list(call->store, &query, call->arena, open_row, &items))
        return false;
    buffer_put(body, "]}");
    return true;
}

/* --- the whole ------------------------------------------------------------------------------------------------------
 */

static enum found load_review(struct call *call, const char *key, struct side *ret_side)
{
    struct review *review = arena_alloc(call->arena, sizeof *review);
    enum found found =
        review ? store_load(call->store, &review_resource, key, &call->view, &call->today, call->arena, review)
               : BROKEN;
    if (found != FOUND)
        return found;
    ret_side->review = review;
    return load_inputs(call, ret_side) ? FOUND : BROKEN;
}

struct before {
    const struct review *of;
    struct id id;
};

static bool before_row(void *context, const void *record)
{
    struct before *before = context;
    const struct review *review = record;
    bool later = date_equal(&review->planned_on, &before->of->planned_on) &&
                 strcmp(review->record.id.text, before->of->record.id.text) >= 0;
    if (!later)
        before->id = review->record.id;
    return later;
}

/* The review before, of those that were started and that the caller may see. */
static bool find_before(struct call *call, const struct review *of, struct id *ret_id)
{
    static const char *const held[] = {"in_progress", "concluded", "approved"};
    const char *day = of->planned_on.text;
    struct before before = {.of = of};
    const struct list_query query = {
        .resource = &review_resource,
        .view = call->view,
        .today = call->today,
        .filters = {{FILTER_TO, resource_field_named(&review_resource, "planned_on"), &day, 1},
                    {FILTER_IN, resource_field_named(&review_resource, "status"), held, COUNT_OF(held)}},
        .filter_count = 2,
        .sort = resource_field_named(&review_resource, "planned_on"),
        .descending = true,
        .limit = ROWS_MAX,
    };
    bool fine = store_list(call->store, &query, call->arena, before_row, &before);
    *ret_id = before.id;
    return fine;
}

static void put_review(struct buffer *body, const struct review *review)
{
    if (!review) {
        buffer_put(body, "null");
        return;
    }
    buffer_format(body, "{\"id\":\"%s\",\"reference\":\"%s\",\"title\":", review->record.id.text,
                  review->record.reference);
    json_put_text(body, review->title, strlen(review->title));
    buffer_format(body, ",\"status\":\"%s\",\"planned_on\":\"%s\"", review_status_names[review->status - 1],
                  review->planned_on.text);
    put_text(body, "held_on", date_is_set(&review->held_on) ? review->held_on.text : NULL);
    buffer_char(body, '}');
}

static bool put_comparison(struct call *call, const struct side sides[2])
{
    struct buffer *body = &call->response->body;
    buffer_put(body, "{\"review\":");
    put_review(body, sides[0].review);
    buffer_put(body, ",\"with\":");
    put_review(body, sides[1].review);
    buffer_put(body, ",\"metrics\":[");
    if (!put_metrics(call, body, sides))
        return false;
    buffer_put(body, "],\"repeated_findings\":[");
    put_findings(body, &sides[0], &sides[1]);
    buffer_put(body, "],\"decisions\":[");
    if (!put_decisions(call, body, sides))
        return false;
    buffer_put(body, "],\"open_action_items\":{\"review\":");
    if (!put_open(call, body, &sides[0], sides[0].review))
        return false;
    buffer_put(body, ",\"with\":");
    if (!put_open(call, body, &sides[1], sides[0].review))
        return false;
    buffer_put(body, "}}");
    return true;
}

bool read_comparison(struct call *call)
{
    struct side sides[2] = {{0}, {0}};
    const char *with = query_get(call, "with");
    struct id before = {0};
    enum found found = load_review(call, call->keys[0], &sides[0]);
    if (found == FOUND && !with) {
        if (!find_before(call, sides[0].review, &before))
            return false;
        with = id_is_set(&before) ? before.text : NULL;
    }
    if (found == FOUND && with)
        found = load_review(call, with, &sides[1]);
    if (found != FOUND) {
        answer_not_found(call);
        return found == ABSENT;
    }
    if (!put_comparison(call, sides))
        return false;
    answer_json(call, 200, &call->response->body);
    return true;
}
