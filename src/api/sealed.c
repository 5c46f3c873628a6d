/* What an outsider needs to work the fingerprints of a person's versions out: each body as it was hashed, and what its
 * commitments stand for. */
#include "api.h"

#include <stdlib.h>

struct rows {
    struct call *call;
    struct buffer *body;
    int count;
    int limit;
    int64_t last;
};

static bool put_opening(struct rows *rows, const char *commitment, struct arena *arena, bool first)
{
    struct opening opening;
    enum found found = store_opening(rows->call->store, commitment, arena, &opening);
    if (found != FOUND)
        return found == ABSENT; /* of a damaged database */
    const char *const members[][2] = {{"{\"member\":", opening.member},
                                      {",\"commitment\":", commitment},
                                      {",\"salt\":", opening.salt},
                                      {",\"value\":", opening.value}};
    buffer_put(rows->body, first ? "" : ",");
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        buffer_put(rows->body, members[i][0]);
        if (members[i][1])
            json_put_text(rows->body, members[i][1], strlen(members[i][1]));
        else
            buffer_put(rows->body, "null");
    }
    buffer_char(rows->body, '}');
    return true;
}

static bool put_openings(struct rows *rows, const char *body)
{
    const struct resource *resource = rows->call->route->resource;
    struct arena arena; /* of this row */
    arena_init(&arena);
    json_t *object = json_parse(&arena, body, strlen(body), JSON_DECODE_INT_AS_REAL, NULL);
    bool fine = object != NULL;
    bool first = true;
    for (size_t i = 0; fine && i < resource->field_count; i++) {
        json_t *member = json_object_get(object, resource->fields[i].name);
        const char *commitment =
            resource->fields[i].personal ? json_string_value(json_object_get(member, "commitment")) : NULL;
        if (!commitment)
            continue;
        fine = put_opening(rows, commitment, &arena, first);
        first = false;
    }
    arena_finish(&arena);
    return fine;
}

static bool sealed_row(void *context, const struct history_version *version)
{
    struct rows *rows = context;
    if (rows->count == rows->limit) {
        rows->count++;
        return false;
    }
    buffer_format(rows->body,
                  "%s{\"version\":%lld,\"seq\":%lld,\"body_sha256\":\"%s\",\"body\":", rows->count++ ? "," : "",
                  (long long)version->version, (long long)version->seq, version->body_sha256);
    buffer_put(rows->body, version->body);
    buffer_put(rows->body, ",\"openings\":[");
    if (!put_openings(rows, version->body))
        rows->body->failed = true;
    buffer_put(rows->body, "]}");
    rows->last = version->version;
    return !rows->body->failed;
}

bool read_sealed_history(struct call *call)
{
    struct id id;
    const char *value = NULL;
    const char *cursor_id = NULL;
    struct rows rows = {.call = call, .body = &call->response->body, .limit = query_limit(call)};
    if (query_get(call, "cursor"))
        cursor_read(call, &value, &cursor_id);
    if (call->violations.count) {
        answer_violations(call);
        return true;
    }
    enum found found = store_find(call->store, call->route->resource, call->keys[0], &call->view, &id);
    if (found != FOUND) {
        answer_not_found(call);
        return found == ABSENT;
    }
    buffer_put(rows.body, "{\"data\":[");
    if (!audit_history(call->store, &id, value ? strtoll(value, NULL, 10) : INT64_MAX, rows.limit + 1, sealed_row,
                       &rows))
        return false;
    const char *next = NULL;
    if (rows.count > rows.limit)
        next = cursor_make(call, arena_format(call->arena, "%lld", (long long)rows.last), id.text);
    int64_t total = -1;
    const struct audit_query all = {.resource_id = arena_format(call->arena, "[\"%s\"]", id.text)};
    if (query_is_true(call, "count") && !audit_count(call->store, &all, &total))
        return false;
    answer_list(call, rows.body, next, total);
    return true;
}
