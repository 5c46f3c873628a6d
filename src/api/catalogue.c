/* The rules, and the audit log. */
#include "rows.h"

#include <limits.h>
#include <stdio.h>

/* --- rules ---------------------------------------------------------------------------------------------------------
 */

void rule_render(struct buffer *buffer, const struct rule *rule)
{
    static const char *const sources[] = {"standard", "procedure", "practice"};
    buffer_format(buffer, "{\"name\":\"%s\",\"resource\":\"%s\",\"statement\":", rule->name, rule->resource);
    json_put_text(buffer, rule->statement, strlen(rule->statement));
    buffer_format(buffer, ",\"status\":%d,\"source\":{\"kind\":\"%s\",\"clause\":", rule->status,
                  sources[rule->source]);
    if (rule->clause)
        json_put_text(buffer, rule->clause, strlen(rule->clause));
    else
        buffer_put(buffer, "null");
    buffer_put(buffer, "}}");
}

bool api_catalogue(struct buffer *buffer)
{
    buffer_char(buffer, '[');
    for (size_t i = 0; i < catalogue_count(); i++) {
        if (i)
            buffer_char(buffer, ',');
        rule_render(buffer, catalogue_at(i));
    }
    buffer_char(buffer, ']');
    return !buffer_failed(buffer);
}

/* Whether the value is one of those that commas separate; without a list each is. */
static bool is_listed(const char *list, const char *value)
{
    size_t length = strlen(value);
    if (!list)
        return true;
    for (;;) {
        size_t part = strcspn(list, ",");
        if (part == length && memcmp(list, value, length) == 0)
            return true;
        if (!list[part])
            return false;
        list += part + 1;
    }
}

static bool rule_fits(const struct rule *rule, const char *in_resources, const char *in_statuses)
{
    char status[12];
    snprintf(status, sizeof status, "%d", rule->status);
    return is_listed(in_resources, rule->resource) && is_listed(in_statuses, status);
}

static bool some_rule_fits(const char *resource, const char *status)
{
    for (size_t i = 0; i < catalogue_count(); i++) {
        if (rule_fits(catalogue_at(i), resource, status))
            return true;
    }
    return false;
}

/* A filter's list, of values that rules have. */
static const char *rule_filter(struct call *call, const char *name, bool by_status)
{
    const char *list = query_get(call, name);
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        const char *value = arena_copy(call->arena, at, strcspn(at, ","));
        if (!value || some_rule_fits(by_status ? NULL : value, by_status ? value : NULL))
            continue;
        violation_add_parameter(&call->violations, "query.invalid", name,
                                "'%s' takes what rules have there, separated by commas.", name);
        break;
    }
    return list;
}

/* The rules that filters leave. */
struct rule_list {
    struct rows rows;
    const char *resources;
    const char *statuses;
};

/* A rule's number is its place in the catalogue, from 1. */
static bool rules_page(struct rows *rows)
{
    const struct rule_list *list = (const struct rule_list *)rows;
    for (size_t i = (size_t)rows->after; i < catalogue_count(); i++) {
        const struct rule *rule = catalogue_at(i);
        if (!rule_fits(rule, list->resources, list->statuses))
            continue;
        struct buffer *row = row_begin(rows);
        if (!row)
            return true;
        rule_render(row, rule);
        row_end(rows, (int64_t)i + 1);
    }
    return true;
}

static bool count_rules(struct rows *rows, int64_t *ret_count)
{
    const struct rule_list *list = (const struct rule_list *)rows;
    *ret_count = 0;
    for (size_t i = 0; i < catalogue_count(); i++)
        *ret_count += rule_fits(catalogue_at(i), list->resources, list->statuses);
    return true;
}

bool read_rules(struct call *call)
{
    struct rule_list *list = arena_alloc(call->arena, sizeof *list);
    if (!list)
        return false;
    list->rows.columns = "name,resource,statement,status,source.kind,source.clause";
    list->rows.page = rules_page;
    list->rows.count = count_rules;
    list->resources = rule_filter(call, "resource", false);
    list->statuses = rule_filter(call, "status", true);
    rows_begin(&list->rows, call);
    return answer_rows(&list->rows);
}

bool read_rule(struct call *call)
{
    const struct rule *rule = catalogue_find(call->keys[0]);
    if (!rule) {
        answer_not_found(call);
        return true;
    }
    rule_render(&call->response->body, rule);
    answer_json(call, 200, &call->response->body);
    return true;
}

/* --- the audit log -------------------------------------------------------------------------------------------------
 */

/* Where the whole log is answered, a page looks at so many entries: few may fit the filters. */
enum { LOOK_AT_MOST = 5000 };

struct entry_list {
    struct rows rows;
    struct audit_query query;
    int64_t head; /* of then, or of when it began: of the whole log, what comes later is left out */
};

static bool entry_row(void *context, const struct audit_entry *entry)
{
    struct rows *rows = context;
    struct buffer *row = row_begin(rows);
    if (!row)
        return false;
    audit_render(row, entry, true);
    return row_end(rows, entry->seq);
}

/* Which entries a page looks at; the last of them, 0 where it looks at all that are left. */
static int64_t bound_page(const struct entry_list *list, struct audit_query *query)
{
    int64_t after = list->rows.after;
    bool whole = rows_are_whole(&list->rows);
    bool found_by_index = query->resource_id != NULL;
    if (query->newest_first) {
        query->before_seq = after ? after : list->head + 1;
        int64_t last = query->before_seq - LOOK_AT_MOST;
        if (!whole || found_by_index || last <= 1)
            return 0;
        query->after_seq = last - 1;
        return last;
    }
    query->after_seq = after;
    query->before_seq = list->head + 1;
    int64_t last = after + LOOK_AT_MOST;
    if (!whole || found_by_index || last >= list->head)
        return 0;
    query->before_seq = last + 1;
    return last;
}

static bool entries_page(struct rows *rows)
{
    struct entry_list *list = (struct entry_list *)rows;
    struct audit_query query = list->query;
    int64_t last = bound_page(list, &query);
    if (!audit_list(rows->paged.call->store, &query, entry_row, rows))
        return false;
    if (last && !rows->more)
        rows_pause(rows, last);
    return true;
}

static bool count_entries(struct rows *rows, int64_t *ret_count)
{
    const struct entry_list *list = (const struct entry_list *)rows;
    struct audit_query query = list->query;
    query.before_seq = list->head + 1;
    return audit_count(rows->paged.call->store, &query, ret_count);
}

static const char *instant_parameter(struct call *call, const char *name, const char *end_of_day)
{
    const char *text = query_get(call, name);
    struct instant instant;
    struct date date;
    if (!text)
        return NULL;
    if (date_parse(text, &date))
        return arena_format(call->arena, "%sT%s", date.text, end_of_day);
    if (instant_parse(text, &instant))
        return arena_text(call->arena, instant.text);
    violation_add_parameter(&call->violations, "query.invalid", name, "'%s' takes an instant in UTC or a date.", name);
    return NULL;
}

/* Events that no table of transitions names: what a record's parent comes to by it, and what the command line does. */
static const char *const further_events[] = {"decision.amend", "action_item.amend", "action_item.follow_up",
                                             "token.revoke",   "import.progress",   "import.finish"};

void audit_events(void (*tell)(void *context, const char *event), void *context)
{
    char event[100];
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        const struct resource *resource = resources[i];
        snprintf(event, sizeof event, "%s.create", resource->name);
        tell(context, event);
        snprintf(event, sizeof event, "%s.update", resource->name);
        if (resource->collection && !resource->append_only && resource != &import_resource)
            tell(context, event);
        snprintf(event, sizeof event, "%s.import", resource->name);
        if (resource->importable)
            tell(context, event);
        for (size_t t = 0; t < resource->transition_count; t++) {
            snprintf(event, sizeof event, "%s.%s", resource->name, resource->transitions[t].verb);
            tell(context, event);
        }
    }
    for (size_t i = 0; i < COUNT_OF(further_events); i++)
        tell(context, further_events[i]);
}

struct search {
    const char *text;
    bool found;
};

static void compare_event(void *context, const char *event)
{
    struct search *search = context;
    search->found = search->found || strcmp(search->text, event) == 0;
}

static bool is_event(const char *text)
{
    struct search search = {text, false};
    audit_events(compare_event, &search);
    return search.found;
}

/* Each judges a value, and may put another in its place (NULL: the database failed). */

static const char *resource_value(struct call *call, const char *name, const char *value)
{
    if (!resource_find(value))
        violation_add_parameter(&call->violations, "query.invalid", name, "'%s' takes names of resources.", name);
    return value;
}

static const char *event_value(struct call *call, const char *name, const char *value)
{
    if (!is_event(value))
        violation_add_parameter(&call->violations, "query.invalid", name,
                                "'%s' takes events of the log, such as review.conclude.", name);
    return value;
}

static const char *actor_value(struct call *call, const char *name, const char *value)
{
    return query_resolve(call, &person_resource, name, value);
}

static const char *record_value(struct call *call, const char *name, const char *value)
{
    struct id id;
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        if (resource_names(resources[i], value) || id_parse(value, &id))
            return query_resolve(call, resources[i], name, value);
    }
    violation_add_parameter(&call->violations, "query.invalid", name,
                            "'%s' takes an id, a reference or an e-mail address.", name);
    return value;
}

/* A filter's values as JSON; NULL where it is not given. False where memory or the database failed. */
static bool audit_filter(struct call *call, const char *name,
                         const char *(*judge)(struct call *call, const char *name, const char *value),
                         const char **ret_list)
{
    const char *text = query_get(call, name);
    *ret_list = NULL;
    if (!text)
        return true;
    const char **values;
    size_t count = query_values(call, name, text, &values);
    struct buffer list = {0};
    bool fine = values != NULL;
    for (size_t i = 0; fine && i < count; i++) {
        const char *value = judge(call, name, values[i]);
        fine = value != NULL;
        buffer_char(&list, i ? ',' : '[');
        if (fine)
            json_put_text(&list, value, strlen(value));
    }
    buffer_char(&list, ']');
    fine = fine && !buffer_failed(&list);
    if (fine)
        *ret_list = arena_copy(call->arena, list.data, list.length);
    buffer_finish(&list);
    return fine;
}

static bool find_head(struct entry_list *list)
{
    const struct call *call = list->rows.paged.call;
    struct audit_head head = {.seq = INT64_MAX - 1}; /* a page of JSON ends where it is full */
    bool bound = rows_are_whole(&list->rows) || call->view.as_of;
    bool fine = !bound || audit_head_then(call->store, call->view.as_of, &head);
    list->head = head.seq;
    return fine;
}

/* Those of an entry, with the digests of an approval between `hash` and `previous_hash`. */
static const char *entry_columns(struct call *call)
{
    const char *names = "actor_id,at,body_sha256,event,hash";
    for (size_t i = 0; i < minutes_digests_shape.field_count; i++)
        names = arena_format(call->arena, "%s,minutes_sha256.%s", names, minutes_digests_shape.fields[i].name);
    return arena_format(call->arena, "%s,previous_hash,request_id,resource,resource_id,seq", names);
}

bool read_audit_log(struct call *call)
{
    struct entry_list *list = arena_alloc(call->arena, sizeof *list);
    if (!list)
        return false;
    struct audit_query *query = &list->query;
    list->rows.columns = entry_columns(call);
    list->rows.page = entries_page;
    list->rows.count = count_entries;
    query->from = instant_parameter(call, "at_after", "00:00:00.000Z");
    query->to = instant_parameter(call, "at_before", "23:59:59.999Z");
    query->limit = INT_MAX;
    query->newest_first = query_newest_first(call);
    if (!audit_filter(call, "resource", resource_value, &query->resource) ||
        !audit_filter(call, "event", event_value, &query->event) ||
        !audit_filter(call, "actor_id", actor_value, &query->actor_id) ||
        !audit_filter(call, "resource_id", record_value, &query->resource_id))
        return false;
    rows_begin(&list->rows, call);
    return find_head(list) && answer_rows(&list->rows);
}

bool read_audit_head(struct call *call)
{
    struct audit_head head;
    if (!audit_head_then(call->store, call->view.as_of, &head))
        return false;
    buffer_format(&call->response->body, "{\"seq\":%lld,\"hash\":\"%s\"}", (long long)head.seq, head.hash);
    answer_json(call, 200, &call->response->body);
    return true;
}
