/* Reading the records of a review, as far as a view sees them. */
#include "gather.h"

enum { ROWS_MAX = 100000 };

/* --- rows ----------------------------------------------------------------------------------------------------------
 */

/* Records of a list, which outlive it. */
struct rows {
    struct minutes *minutes;
    const struct resource *resource;
    char *items;
    size_t count;
    size_t room;
};

/* Makes room for one more item of an array in the arena; NULL when memory is out. */
static void *grow(struct arena *arena, void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room ? *room * 2 : 16;
    void *grown = arena_array(arena, *room, size);
    if (grown && count)
        memcpy(grown, items, count * size);
    return grown;
}

/* Texts of a row live during the call alone. */
static void copy_texts(struct arena *arena, const struct resource *resource, void *record)
{
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (!resource_has(resource, field) || !field_is_set(field, record))
            continue;
        void *at = field_in(field, record);
        if (field->kind == FIELD_KIND_TEXT) {
            *(const char **)at = arena_text(arena, *(const char **)at);
        } else if (field->kind >= FIELD_KIND_OBJECT) {
            struct nested *nested = at;
            nested->json = arena_copy(arena, nested->json, nested->length);
        }
    }
}

static bool take_row(void *context, const void *record)
{
    struct rows *rows = context;
    struct arena *arena = rows->minutes->arena;
    size_t size = rows->resource->size;
    rows->items = grow(arena, rows->items, rows->count, &rows->room, size);
    if (!rows->items)
        return false;
    void *copy = rows->items + rows->count++ * size;
    memcpy(copy, record, size);
    copy_texts(arena, rows->resource, copy);
    return true;
}

/* Reads what the query lists; nested members are parsed after the list, whose statement is through by then. */
static bool read_rows(struct minutes *minutes, struct list_query *query, void **ret_items, size_t *ret_count)
{
    const struct minutes_source *source = minutes->source;
    struct rows rows = {.minutes = minutes, .resource = query->resource};
    query->view = source->view;
    query->today = source->today;
    query->limit = query->limit ? query->limit : ROWS_MAX;
    if (!store_list(source->store, query, minutes->arena, take_row, &rows) || arena_failed(minutes->arena))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        if (!source->expand(source->context, query->resource, rows.items + i * query->resource->size))
            return false;
    }
    *ret_items = rows.items;
    *ret_count = rows.count;
    return !arena_failed(minutes->arena);
}

/* The records of a resource that belong to one of these reviews. */
static bool read_of_reviews(struct minutes *minutes, const struct resource *resource, const char *const *reviews,
                            size_t review_count, const char *sort, void **ret_items, size_t *ret_count)
{
    struct list_query query = {
        .resource = resource,
        .filters = {{FILTER_IN, resource_field_named(resource, "review_id"), reviews, review_count}},
        .filter_count = 1,
        .sort = sort ? resource_field_named(resource, sort) : NULL,
    };
    return read_rows(minutes, &query, ret_items, ret_count);
}

/* --- people --------------------------------------------------------------------------------------------------------
 */

const char *name_of(struct minutes *minutes, const struct id *person)
{
    if (!id_is_set(person))
        return NULL;
    for (size_t i = 0; i < minutes->people_count; i++) {
        if (id_equal(&minutes->people[i].id, person))
            return minutes->people[i].name;
    }
    minutes->people =
        grow(minutes->arena, minutes->people, minutes->people_count, &minutes->people_room, sizeof *minutes->people);
    if (!minutes->people)
        return NULL;
    struct person_brief *brief = &minutes->people[minutes->people_count];
    const struct minutes_source *source = minutes->source;
    if (store_person_then(source->store, person, source->view.as_of, minutes->arena, brief) != FOUND) {
        minutes->broken = true;
        return NULL;
    }
    minutes->people_count++;
    return brief->name;
}

static bool read_owners(struct minutes *minutes)
{
    static const char *const role = "isms_manager";
    static const char *const active = "1";
    struct list_query query = {
        .resource = &person_resource,
        .filters = {{FILTER_IN, resource_field_named(&person_resource, "role"), &role, 1},
                    {FILTER_IN, resource_field_named(&person_resource, "active"), &active, 1}},
        .filter_count = 2,
        .sort = resource_field_named(&person_resource, "name"),
    };
    void *rows;
    if (!read_rows(minutes, &query, &rows, &minutes->owner_count))
        return false;
    const struct person *people = rows;
    minutes->owners = arena_array(minutes->arena, minutes->owner_count + 1, sizeof *minutes->owners);
    for (size_t i = 0; minutes->owners && i < minutes->owner_count; i++)
        minutes->owners[i] = (struct person_brief){.id = people[i].record.id, .name = people[i].name};
    return minutes->owners != NULL;
}

/* --- the review's own ----------------------------------------------------------------------------------------------
 */

/* By clause, and within each as they were: by position. */
static bool sort_inputs(struct minutes *minutes)
{
    struct input *sorted = arena_array(minutes->arena, minutes->input_count + 1, sizeof *sorted);
    size_t count = 0;
    for (unsigned clause = 1; sorted && clause <= CLAUSE_COUNT; clause++) {
        for (size_t i = 0; i < minutes->input_count; i++) {
            if (minutes->inputs[i].clause == clause)
                sorted[count++] = minutes->inputs[i];
        }
    }
    minutes->inputs = sorted;
    return sorted != NULL;
}

static bool read_own(struct minutes *minutes)
{
    const char *id = minutes->review->record.id.text;
    void *attendees, *inputs, *decisions, *items;
    if (!read_of_reviews(minutes, &attendee_resource, &id, 1, NULL, &attendees, &minutes->attendee_count) ||
        !read_of_reviews(minutes, &input_resource, &id, 1, "position", &inputs, &minutes->input_count) ||
        !read_of_reviews(minutes, &decision_resource, &id, 1, NULL, &decisions, &minutes->decision_count) ||
        !read_of_reviews(minutes, &action_item_resource, &id, 1, NULL, &items, &minutes->item_count))
        return false;
    minutes->attendees = attendees;
    minutes->inputs = inputs;
    minutes->decisions = decisions;
    minutes->items = items;
    return sort_inputs(minutes);
}

/* --- what belongs to others ----------------------------------------------------------------------------------------
 */

static void take_follow_ups(struct minutes *minutes, struct carried_item *carried, const struct follow_up *follow_ups,
                            size_t count)
{
    carried->follow_ups = arena_array(minutes->arena, count + 1, sizeof *carried->follow_ups);
    for (size_t i = 0; carried->follow_ups && i < count; i++) {
        if (id_equal(&follow_ups[i].action_item_id, &carried->item.record.id))
            carried->follow_ups[carried->follow_up_count++] = &follow_ups[i];
    }
}

static bool read_carried(struct minutes *minutes)
{
    const struct review *review = minutes->review;
    const char *id = review->record.id.text;
    const char *values[] = {id,
                            instant_is_set(&review->started_at) ? review->started_at.text : minutes->source->now.text};
    struct list_query query = {
        .resource = &action_item_resource, .filters = {{FILTER_CARRIED, NULL, values, 2}}, .filter_count = 1};
    void *rows, *follow_ups;
    size_t follow_up_count;
    if (!read_rows(minutes, &query, &rows, &minutes->carried_count) ||
        !read_of_reviews(minutes, &follow_up_resource, &id, 1, NULL, &follow_ups, &follow_up_count))
        return false;
    const struct action_item *items = rows;
    minutes->carried = arena_array(minutes->arena, minutes->carried_count + 1, sizeof *minutes->carried);
    for (size_t i = 0; minutes->carried && i < minutes->carried_count; i++) {
        minutes->carried[i].item = items[i];
        take_follow_ups(minutes, &minutes->carried[i], follow_ups, follow_up_count);
    }
    return !arena_failed(minutes->arena);
}

/* The reviews held before this one whose figures there are. */
static bool read_earlier(struct minutes *minutes)
{
    static const char *const statuses[] = {"concluded", "approved"};
    const struct review *review = minutes->review;
    const char *day = date_is_set(&review->held_on) ? review->held_on.text : minutes->source->today.text;
    struct list_query query = {
        .resource = &review_resource,
        .filters = {{FILTER_IN, resource_field_named(&review_resource, "status"), statuses, 2},
                    {FILTER_TO, resource_field_named(&review_resource, "held_on"), &day, 1}},
        .filter_count = 2,
        .sort = resource_field_named(&review_resource, "held_on"),
        .descending = true,
        .limit = EARLIER_REVIEWS_MAX + 1,
    };
    void *rows;
    size_t count;
    if (!read_rows(minutes, &query, &rows, &count))
        return false;
    struct review *all = rows;
    for (size_t i = 0; i < count; i++) {
        if (!id_equal(&all[i].record.id, &review->record.id) && minutes->earlier_count < EARLIER_REVIEWS_MAX)
            all[minutes->earlier_count++] = all[i];
    }
    minutes->earlier = all;
    return true;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The first value that the review's inputs report of the metric. */
static const struct metric *find_metric(const struct input *inputs, size_t count, const struct review *review,
                                        const struct metric *metric)
{
    for (size_t i = 0; i < count; i++) {
        const struct metric *metrics = inputs[i].metrics.items;
        for (size_t k = 0; id_equal(&inputs[i].review_id, &review->record.id) && k < inputs[i].metrics.count; k++) {
            if (same_text(metrics[k].name, metric->name) && same_text(metrics[k].unit, metric->unit))
                return &metrics[k];
        }
    }
    return NULL;
}

static void take_history(struct minutes *minutes, const struct id *input, const struct metric *metric,
                         const struct input *inputs, size_t count, size_t *room)
{
    struct metric_history history = {.input_id = *input, .name = metric->name, .unit = metric->unit};
    history.readings = arena_array(minutes->arena, minutes->earlier_count + 1, sizeof *history.readings);
    for (size_t i = minutes->earlier_count; history.readings && i > 0; i--) { /* oldest first */
        const struct review *review = &minutes->earlier[i - 1];
        const struct metric *then = find_metric(inputs, count, review, metric);
        if (then)
            history.readings[history.count++] = (struct reading){review, then->value, then->target};
    }
    if (!history.count)
        return;
    minutes->histories =
        grow(minutes->arena, minutes->histories, minutes->history_count, room, sizeof *minutes->histories);
    if (minutes->histories)
        minutes->histories[minutes->history_count++] = history;
}

static bool read_histories(struct minutes *minutes)
{
    const char *ids[EARLIER_REVIEWS_MAX];
    void *inputs;
    size_t count;
    size_t room = 0;
    for (size_t i = 0; i < minutes->earlier_count; i++)
        ids[i] = minutes->earlier[i].record.id.text;
    if (!minutes->earlier_count)
        return true;
    if (!read_of_reviews(minutes, &input_resource, ids, minutes->earlier_count, NULL, &inputs, &count))
        return false;
    for (size_t i = 0; i < minutes->input_count; i++) {
        const struct metric *metrics = minutes->inputs[i].metrics.items;
        for (size_t k = 0; k < minutes->inputs[i].metrics.count; k++)
            take_history(minutes, &minutes->inputs[i].record.id, &metrics[k], inputs, count, &room);
    }
    return !arena_failed(minutes->arena);
}

static bool has_reading(const struct minutes *minutes, const struct review *review)
{
    for (size_t i = 0; i < minutes->history_count; i++) {
        for (size_t k = 0; k < minutes->histories[i].count; k++) {
            if (minutes->histories[i].readings[k].review == review)
                return true;
        }
    }
    return false;
}

static bool note_outsiders(struct minutes *minutes)
{
    struct outsider *outsiders =
        arena_array(minutes->arena, minutes->carried_count + minutes->earlier_count + 1, sizeof *outsiders);
    size_t count = 0;
    for (size_t i = 0; outsiders && i < minutes->carried_count; i++)
        outsiders[count++] = (struct outsider){&action_item_resource, minutes->carried[i].item.record.id};
    for (size_t i = 0; outsiders && i < minutes->earlier_count; i++) {
        if (has_reading(minutes, &minutes->earlier[i]))
            outsiders[count++] = (struct outsider){&review_resource, minutes->earlier[i].record.id};
    }
    minutes->outsiders = outsiders;
    minutes->outsider_count = count;
    return outsiders != NULL;
}

/* --- the whole -----------------------------------------------------------------------------------------------------
 */

struct minutes *minutes_read(const struct minutes_source *source, const struct review *review)
{
    struct minutes *minutes = arena_alloc(source->arena, sizeof *minutes);
    if (!minutes)
        return NULL;
    *minutes = (struct minutes){.source = source, .arena = source->arena, .review = review};
    minutes->draft = review->status != REVIEW_APPROVED;
    minutes->made_at = source->imported ? source->now.text
                       : minutes->draft ? arena_format(source->arena,
                                                       "%s"
                                                       "T00:00:00.000Z",
                                                       source->today.text)
                                        : review->approved_at.text;
    if (!audit_head_then(source->store, source->view.as_of, &minutes->head) || !read_owners(minutes) ||
        !read_own(minutes))
        return NULL;
    if (!source->this_alone && (!read_carried(minutes) || !read_earlier(minutes) || !read_histories(minutes)))
        return NULL;
    return note_outsiders(minutes) ? minutes : NULL;
}

const struct outsider *minutes_outsiders(const struct minutes *minutes, size_t *ret_count)
{
    *ret_count = minutes->outsider_count;
    return minutes->outsiders;
}
