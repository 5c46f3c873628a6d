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

/* A filter without a value would find nothing, and say nothing of it. */
static const char *filter_parameter(struct call *call, const char *name)
{
    const char *text = query_get(call, name);
    if (text && !*text)
        violation_add_parameter(&call->violations, "query.invalid", name, "'%s' takes a value.", name);
    return text;
}

/* Puts the id in the place of a reference or an e-mail address; what names nothing stays, and matches nothing. */
static bool audit_key(struct call *call, const char **key)
{
    struct id id;
    for (size_t i = 0; *key && !id_parse(*key, &id) && i < RESOURCE_COUNT; i++) {
        enum found found = store_find(call->store, resources[i], *key, &call->view, &id);
        if (found == BROKEN)
            return false;
        if (found == FOUND)
            *key = arena_text(call->arena, id.text);
    }
    return true;
}

bool read_audit_log(struct call *call)
{
    const char *value = NULL;
    const char *id = NULL;
    struct entries entries = {.body = &call->response->body, .limit = query_limit(call)};
    struct audit_query query = {.resource = filter_parameter(call, "resource"),
                                .resource_id = filter_parameter(call, "resource_id"),
                                .actor_id = filter_parameter(call, "actor_id"),
                                .event = filter_parameter(call, "event"),
                                .from = instant_parameter(call, "at_after", "00:00:00.000Z"),
                                .to = instant_parameter(call, "at_before", "23:59:59.999Z"),
                                .limit = entries.limit + 1};
    const char *sort = query_get(call, "sort");
    query.newest_first = sort && strcmp(sort, "-seq") == 0;
    if (sort && !query.newest_first && strcmp(sort, "seq") != 0)
        violation_add_parameter(&call->violations, "query.invalid", "sort", "'sort' takes seq or -seq.");
    if (!audit_key(call, &query.actor_id) || !audit_key(call, &query.resource_id))
        return false;
    if (query_get(call, "cursor") && cursor_read(call, &value, &id))
        query.after_seq = strtoll(value, NULL, 10);
    if (call->violations.count) {
        answer_violations(call);
        return true;
    }
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
    if (!audit_head(call->store, &head))
        return false;
    buffer_format(&call->response->body, "{\"seq\":%lld,\"hash\":\"%s\"}", (long long)head.seq, head.hash);
    answer_json(call, 200, &call->response->body);
    return true;
}
