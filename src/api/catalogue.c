/* The rules, and the audit log. */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>

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

bool read_rules(struct call *call)
{
    const char *value = NULL;
    const char *after = "";
    const char *in_resources = rule_filter(call, "resource", false);
    const char *in_statuses = rule_filter(call, "status", true);
    int limit = query_limit(call);
    if (query_get(call, "cursor"))
        cursor_read(call, &value, &after);
    if (call->violations.count) {
        answer_violations(call);
        return true;
    }
    struct buffer *body = &call->response->body;
    buffer_put(body, "{\"data\":[");
    const char *last = NULL;
    int shown = 0;
    int total = 0;
    bool more = false;
    for (size_t i = 0; i < catalogue_count(); i++) {
        const struct rule *rule = catalogue_at(i);
        if (!rule_fits(rule, in_resources, in_statuses))
            continue;
        total++;
        if (strcmp(rule->name, after) <= 0)
            continue;
        more = shown == limit;
        if (more)
            continue;
        if (shown++)
            buffer_char(body, ',');
        rule_render(body, rule);
        last = rule->name;
    }
    answer_list(call, body, more ? cursor_make(call, "", last) : NULL, query_is_true(call, "count") ? total : -1);
    return true;
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

struct entries {
    struct buffer *body;
    int count;
    int limit;
    int64_t last;
};

static bool entry_row(void *context, const struct audit_entry *entry)
{
    struct entries *entries = context;
    if (entries->count++ == entries->limit)
        return false;
    if (entries->count > 1)
        buffer_char(entries->body, ',');
    audit_render(entries->body, entry, true);
    entries->last = entry->seq;
    return true;
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

bool read_audit_log(struct call *call)
{
    const char *value = NULL;
    const char *id = NULL;
    struct entries entries = {.body = &call->response->body, .limit = query_limit(call)};
    struct audit_query query = {.from = instant_parameter(call, "at_after", "00:00:00.000Z"),
                                .to = instant_parameter(call, "at_before", "23:59:59.999Z"),
                                .limit = entries.limit + 1};
    const char *sort = query_get(call, "sort");
    query.newest_first = sort && strcmp(sort, "-seq") == 0;
    if (sort && !query.newest_first && strcmp(sort, "seq") != 0)
        violation_add_parameter(&call->violations, "query.invalid", "sort", "'sort' takes seq or -seq.");
    if (!audit_filter(call, "resource", resource_value, &query.resource) ||
        !audit_filter(call, "event", event_value, &query.event) ||
        !audit_filter(call, "actor_id", actor_value, &query.actor_id) ||
        !audit_filter(call, "resource_id", record_value, &query.resource_id))
        return false;
    if (query_get(call, "cursor") && cursor_read(call, &value, &id))
        query.after_seq = strtoll(value, NULL, 10);
    if (call->violations.count) {
        answer_violations(call);
        return true;
    }
    struct audit_head head = {0};
    if (call->view.as_of && !audit_head_then(call->store, call->view.as_of, &head))
        return false;
    query.before_seq = call->view.as_of ? head.seq + 1 : 0;
    buffer_put(entries.body, "{\"data\":[");
    if (!audit_list(call->store, &query, entry_row, &entries))
        return false;
    int64_t total = -1;
    query.after_seq = 0;
    if (query_is_true(call, "count") && !audit_count(call->store, &query, &total))
        return false;
    const char *next = NULL;
    if (entries.count > entries.limit)
        next = cursor_make(call, arena_format(call->arena, "%lld", (long long)entries.last), "");
    answer_list(call, entries.body, next, total);
    return true;
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
