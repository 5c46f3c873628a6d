/* Records, lists and history: the same for every resource. Reads run on the worker's own connection. */
#include "rows.h"

#include <limits.h>

bool read_record(struct call *call)
{
    const struct resource *resource = call->route->resource;
    void *record = arena_alloc(call->arena, resource->size);
    if (!record)
        return false;
    switch (store_load(call->store, resource, call->keys[0], &call->view, &call->today, NULL, record)) {
    case BROKEN:
        return false;
    case ABSENT:
        answer_not_found(call);
        return true;
    case FOUND:
        break;
    }
    record_render(&call->response->body, resource, record, RENDER_SHOWN);
    store_release(call->store);
    answer_json(call, 200, &call->response->body);
    return true;
}

/* --- lists ---------------------------------------------------------------------------------------------------------
 */

struct page {
    struct call *call;
    const struct list_query *query;
    struct buffer *rows;
    int count;
    int limit;
    char last_id[37];
    const char *last_value;
};

const char *list_sort_value(struct arena *arena, const struct field *field, const void *record)
{
    if (!field || !field_is_set(field, record))
        return "";
    if (field->kind == FIELD_KIND_INTEGER)
        return arena_format(arena, "%lld", (long long)((const struct integer *)field_of(field, record))->value);
    const void *at = field_of(field, record);
    return arena_text(arena, field->kind == FIELD_KIND_TEXT ? *(const char *const *)at : at);
}

static bool page_row(void *context, const void *record)
{
    struct page *page = context;
    if (page->count == page->limit) { /* there is a next page */
        page->count++;
        return false;
    }
    if (page->count++)
        buffer_char(page->rows, ',');
    record_render(page->rows, page->query->resource, record, RENDER_SHOWN);
    if (page->count == page->limit) {
        memcpy(page->last_id, ((const struct record *)record)->id.text, sizeof page->last_id);
        page->last_value = list_sort_value(page->call->arena, page->query->sort, record);
    }
    return true;
}

static bool answer_page(struct call *call, struct list_query *query)
{
    if (call->format != FORMAT_JSON)
        return answer_register(call, query);
    struct page page = {.call = call, .query = query, .rows = &call->response->body, .limit = query->limit};
    query->limit++;
    buffer_put(page.rows, "{\"data\":[");
    if (!store_list(call->store, query, call->arena, page_row, &page))
        return false;
    int64_t total = -1;
    if (query_is_true(call, "count") && !store_count(call->store, query, call->arena, &total))
        return false;
    const char *next = page.count > page.limit ? cursor_make(call, page.last_value, page.last_id) : NULL;
    answer_list(call, page.rows, next, total);
    return true;
}

/* Adds the parent as a filter; ABSENT where the caller sees none, or it was not there yet. */
static enum found scope(struct call *call, struct list_query *query)
{
    const struct resource *parent = call->route->parent;
    const char **value = arena_alloc(call->arena, sizeof *value);
    struct id *id = arena_alloc(call->arena, sizeof *id);
    if (!value || !id)
        return BROKEN;
    enum found found = store_find(call->store, parent, call->keys[0], &call->view, id);
    int64_t version;
    if (found == FOUND && call->view.as_of)
        found = store_version_then(call->store, id, call->view.as_of, &version);
    *value = id->text;
    const struct field *field =
        resource_field_named(call->route->resource, arena_format(call->arena, "%s_id", parent->name));
    query->filters[query->filter_count++] = (struct filter){FILTER_IN, field, value, 1};
    return found;
}

bool read_list(struct call *call)
{
    struct list_query query = {0};
    if (!query_list(call, call->route->resource, &query))
        return false;
    if (call->violations.count) {
        answer_violations(call);
        return true;
    }
    enum found found = call->route->parent ? scope(call, &query) : FOUND;
    if (found == ABSENT)
        answer_not_found(call);
    return found == FOUND ? answer_page(call, &query) : found == ABSENT;
}

/* The action items that a review has to revisit (9.3.2 a). */
bool read_carried(struct call *call)
{
    struct review *review = arena_alloc(call->arena, sizeof *review);
    const char **values = arena_array(call->arena, 2, sizeof *values);
    struct list_query query = {.filters = {{FILTER_CARRIED, NULL, values, 2}}, .filter_count = 1};
    if (!review || !values || !query_list(call, &action_item_resource, &query))
        return false;
    if (call->violations.count) {
        answer_violations(call);
        return true;
    }
    enum found found =
        store_load(call->store, &review_resource, call->keys[0], &call->view, &call->today, call->arena, review);
    if (found != FOUND) {
        answer_not_found(call);
        return found == ABSENT;
    }
    values[0] = review->record.id.text;
    values[1] = instant_is_set(&review->started_at) ? review->started_at.text : call_moment(call)->text;
    return answer_page(call, &query);
}

/* --- history -------------------------------------------------------------------------------------------------------
 */

/* The merge patch (RFC 7396) that makes `new` of `old`; NULL when memory is out. */
static json_t *merge_patch(const json_t *old, json_t *new)
{
    json_t *patch = json_object();
    const char *name;
    json_t *value;
    bool fine = patch != NULL;
    json_object_foreach(new, name, value)
    {
        json_t *before = json_object_get(old, name);
        bool absent = !before || json_is_null(before);
        if (!fine || json_equal(before, value) || (absent && json_is_null(value)))
            continue;
        json_t *change =
            json_is_object(before) && json_is_object(value) ? merge_patch(before, value) : json_incref(value);
        fine = change && json_object_set_new(patch, name, change) == 0;
    }
    if (fine)
        return patch;
    json_decref(patch);
    return NULL;
}

/* Numbers as RFC 8785 writes them, so that versions rebuilt from the history have the bodies that were hashed. */
void json_put(struct buffer *rows, json_t *value)
{
    const char *name;
    json_t *member;
    size_t index;
    bool first = true;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        buffer_char(rows, '{');
        json_object_foreach(value, name, member)
        {
            buffer_put(rows, first ? "" : ",");
            json_put_text(rows, name, strlen(name));
            buffer_char(rows, ':');
            json_put(rows, member);
            first = false;
        }
        buffer_char(rows, '}');
        return;
    case JSON_ARRAY:
        buffer_char(rows, '[');
        json_array_foreach(value, index, member)
        {
            buffer_put(rows, index ? "," : "");
            json_put(rows, member);
        }
        buffer_char(rows, ']');
        return;
    case JSON_STRING:
        json_put_text(rows, json_string_value(value), json_string_length(value));
        return;
    case JSON_INTEGER:
    case JSON_REAL:
        json_put_number(rows, json_number_value(value));
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        buffer_put(rows, json_is_true(value) ? "true" : "false");
        return;
    case JSON_NULL:
        buffer_put(rows, "null");
        return;
    }
}

bool may_see(struct call *call, const struct field *field, json_t *id, bool *ret_sees)
{
    struct id found;
    enum found sees = store_find(call->store, resource_find(field->target), json_string_value(id), &call->view, &found);
    *ret_sees = sees == FOUND;
    return sees != BROKEN;
}

static json_t *parse_version(struct call *call, const char *body, struct arena *arena)
{
    const struct resource *resource = call->route->resource;
    const char *opened = store_opened(call->store, resource, body, false, arena);
    json_t *object = opened ? json_parse(arena, opened, strlen(opened), JSON_DECODE_INT_AS_REAL, NULL) : NULL;
    for (size_t i = 0; object && i < resource->field_count; i++) {
        const struct field *field = &resource->fields[i];
        json_t *id = field->veiled ? json_object_get(object, field->name) : NULL;
        bool seen = true;
        if (json_is_string(id) && (!may_see(call, field, id, &seen) || (!seen && json_object_del(object, field->name))))
            return NULL;
    }
    return object;
}

static bool put_changes(struct call *call, struct buffer *rows, const struct history_version *version)
{
    struct arena arena; /* of this row: a page has many, and a body may be long */
    arena_init(&arena);
    json_t *new = parse_version(call, version->body, &arena);
    json_t *old = parse_version(call, version->previous_body ? version->previous_body : "{}", &arena);
    json_t *patch = new &&old ? merge_patch(old, new) : NULL;
    if (patch)
        json_put(rows, patch);
    bool fine = patch != NULL;
    json_decref(patch);
    arena_finish(&arena);
    return fine;
}

/* The versions of a record, newest first, in one form or the other. */
struct version_list {
    struct rows rows;
    struct id id;
    int64_t last; /* of the versions of then; as it is, none is beyond it */
    bool (*row)(void *context, const struct history_version *version);
};

/* What a version costs is the bodies that are looked at, rather than what is shown of them. */
static struct buffer *version_begin(struct rows *rows, const struct history_version *version)
{
    struct buffer *row = row_begin(rows);
    rows->weight += row ? strlen(version->body) : 0;
    return row;
}

static bool history_row(void *context, const struct history_version *version)
{
    struct rows *rows = context;
    struct buffer *row = version_begin(rows, version);
    if (!row)
        return false;
    buffer_format(row, "{\"version\":%lld,\"at\":\"%s\",\"by\":", (long long)version->version, version->at);
    if (version->by)
        buffer_format(row, "\"%s\"", version->by);
    else
        buffer_put(row, "null");
    buffer_format(row, ",\"event\":\"%s\",\"changes\":", version->event);
    if (!put_changes(rows->paged.call, row, version))
        row->failed = true;
    buffer_char(row, '}');
    return row_end(rows, version->version);
}

/* --- versions as they are hashed --------------------------------------------------------------------------------- */

static bool sealed_row(void *context, const struct history_version *version)
{
    struct rows *rows = context;
    struct call *call = rows->paged.call;
    struct buffer *row = version_begin(rows, version);
    if (!row)
        return false;
    buffer_format(row, "{\"version\":%lld,\"seq\":%lld,\"body_sha256\":\"%s\",\"body\":", (long long)version->version,
                  (long long)version->seq, version->body_sha256);
    buffer_put(row, version->body);
    buffer_put(row, ",\"openings\":");
    if (!openings_render(call, call->route->resource, version->body, row))
        row->failed = true;
    buffer_char(row, '}');
    return row_end(rows, version->version);
}

/* --- all versions of either -------------------------------------------------------------------------------------- */

static bool versions_page(struct rows *rows)
{
    const struct version_list *list = (const struct version_list *)rows;
    int64_t before = rows->after ? rows->after : list->last + 1;
    return audit_history(rows->paged.call->store, &list->id, before, INT_MAX, list->row, rows);
}

static bool count_versions(struct rows *rows, int64_t *ret_count)
{
    struct call *call = rows->paged.call;
    const struct version_list *list = (const struct version_list *)rows;
    const struct audit_query all = {.resource_id = arena_format(call->arena, "[\"%s\"]", list->id.text)};
    *ret_count = list->last;
    return call->view.as_of || audit_count(call->store, &all, ret_count);
}

static bool answer_versions(struct call *call, const char *columns,
                            bool (*row)(void *context, const struct history_version *version))
{
    struct version_list *list = arena_alloc(call->arena, sizeof *list);
    if (!list)
        return false;
    list->rows.columns = columns;
    list->rows.page = versions_page;
    list->rows.count = count_versions;
    list->row = row;
    rows_begin(&list->rows, call);
    enum found found = FOUND;
    if (!call->violations.count)
        found = store_find(call->store, call->route->resource, call->keys[0], &call->view, &list->id);
    list->last = INT64_MAX - 1;
    if (found == FOUND && !call->violations.count && call->view.as_of)
        found = store_version_then(call->store, &list->id, call->view.as_of, &list->last);
    if (found == ABSENT)
        answer_not_found(call);
    return found == FOUND ? answer_rows(&list->rows) : found == ABSENT;
}

bool read_history(struct call *call)
{
    return answer_versions(call, "version,at,by,event,changes", history_row);
}

bool read_sealed_history(struct call *call)
{
    return answer_versions(call, "version,seq,body_sha256,body,openings", sealed_row);
}
