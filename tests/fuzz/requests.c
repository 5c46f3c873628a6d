/* What anybody may send to the API: bodies, patches, queries, cursors, paths, keys and tokens. */
#include "fuzz.h"

#include "reviewd/caller.h"

#include "worker.h"

#include <ctype.h>
#include <sodium.h>
#include <strings.h>

static struct arena *arena(void)
{
    return &fuzz_world.arena;
}

static int64_t entries(void)
{
    struct audit_head head;
    REQUIRE(audit_head(&fuzz_world.store, &head), "%s", db_message(fuzz_world.store.db));
    return head.seq;
}

/* --- bodies ------------------------------------------------------------------------------------------------------ */

static const char *const writes[] = {
    "/v1/people",
    "/v1/reviews",
    "/v1/reviews/MR-2026-04/attendees",
    "/v1/reviews/MR-2026-03/inputs",
    "/v1/reviews/MR-2026-03/decisions",
    "/v1/decisions/DEC-2026-001/action-items",
    "/v1/decisions/DEC-2026-001/amendments",
    "/v1/action-items/ACT-2026-0001/amendments",
    "/v1/action-items/ACT-2026-0001/follow-ups",
    "/v1/calendar-tokens",
    "/v1/reviews/MR-2026-03/conclude",
    "/v1/reviews/MR-2026-02/approve",
    "/v1/reviews/MR-2026-02/reopen",
    "/v1/reviews/MR-2026-04/cancel",
    "/v1/decisions/DEC-2026-003/adopt",
    "/v1/decisions/DEC-2026-003/reject",
    "/v1/decisions/DEC-2026-001/supersede",
    "/v1/decisions/DEC-2026-001/implement",
    "/v1/action-items/ACT-2026-0001/block",
    "/v1/action-items/ACT-2026-0001/cancel",
    "/v1/people/petra@x.org/deactivate",
};

static const char *const patched[] = {
    "/v1/people/petra@x.org",         "/v1/reviews/MR-2026-04", "/v1/reviews/MR-2026-02", "/v1/decisions/DEC-2026-003",
    "/v1/action-items/ACT-2026-0001", "/v1/people/ana@x.org",   "/v1/inputs/\x01",
};

/* The byte 0x01, which no JSON has, stands for the id of an input of MR-2026-03: another one in each process. */
static const char *expanded(struct arena *own, const uint8_t *data, size_t size, size_t *ret_length)
{
    static char input_id[37];
    if (!*input_id) {
        fuzz_request(METHOD_GET, "GET", "/v1/reviews/MR-2026-03/inputs?limit=1");
        json_t *page = fuzz_json(fuzz_send());
        json_t *first = json_array_get(json_object_get(page, "data"), 0);
        snprintf(input_id, sizeof input_id, "%s", json_string_value(json_object_get(first, "id")));
        json_decref(page);
    }
    struct buffer text = {0};
    for (size_t i = 0; i < size; i++)
        buffer_add(&text, data[i] == 0x01 ? input_id : (const char *)data + i, data[i] == 0x01 ? 36 : 1);
    *ret_length = text.length;
    const char *copy = arena_copy(own, text.data ? text.data : "", text.length);
    buffer_finish(&text);
    return copy;
}

static int send_body(enum method method, const char *path, const char *body, size_t length)
{
    char target[200];
    snprintf(target, sizeof target, "%s?dry_run=true", path);
    struct request *request = fuzz_request(method, method == METHOD_POST ? "POST" : "PATCH", target);
    request->target = arena_text(arena(), target);
    request->headers[HEADER_CONTENT_TYPE] = "application/json";
    request->headers[HEADER_IF_MATCH] = "*";
    request->body = body;
    request->body_length = length;
    return fuzz_send()->status;
}

/* The first byte says what is written. A dry run leaves nothing behind: no entry, and the same answer again. */
void fuzz_body(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena own;
    arena_init(&own);
    const char *path = writes[input_byte(&input) % ROWS(writes)];
    size_t length;
    const char *body = expanded(&own, input.data, input.size, &length);
    int64_t before = entries();
    int status = send_body(METHOD_POST, path, body, length);
    if (status < 300) {
        json_t *record = fuzz_json(&fuzz_world.response);
        REQUIRE(json_is_object(record), "%s answers no record", path);
        json_decref(record);
        int again = send_body(METHOD_POST, path, body, length);
        REQUIRE(again == status, "%s is answered %d, then %d", path, status, again);
    }
    REQUIRE(entries() == before, "a dry run of %s left an entry", path);
    arena_finish(&own);
}

/* RFC 7396, as it is written there. Takes over `target`. */
static json_t *merged(json_t *target, const json_t *patch)
{
    if (!json_is_object(patch)) {
        json_decref(target);
        return json_deep_copy(patch);
    }
    if (!json_is_object(target)) {
        json_decref(target);
        target = json_object();
    }
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)patch, name, value)
    {
        if (json_is_null(value))
            json_object_del(target, name);
        else
            json_object_set_new(target, name, merged(json_deep_copy(json_object_get(target, name)), value));
    }
    return target;
}

static json_t *shown(const char *path)
{
    fuzz_request(METHOD_GET, "GET", path);
    REQUIRE(fuzz_send()->status == 200, "%s is answered %d", path, fuzz_world.response.status);
    return fuzz_json(&fuzz_world.response);
}

/* What stays out of the comparison: what follows from the rest, and what the server writes its own way. */
static bool is_own(const char *name, const json_t *value)
{
    static const char *const own[] = {"version", "updated_at", "updated_by", "etag", "email"};
    for (int i = 0; i < ROWS(own); i++) {
        if (strcmp(own[i], name) == 0)
            return true;
    }
    size_t length = strlen(name);
    bool reference = length > 3 && (strcmp(name + length - 3, "_id") == 0 || strstr(name, "_ids") != NULL);
    return reference || (json_is_array(value) && json_is_object(json_array_get(value, 0)));
}

static bool same(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b)) /* 50.0 is 50 */
        return json_number_value(a) == json_number_value(b);
    return json_equal(a, b);
}

/* Members that the patch names have become what RFC 7396 makes of them, and all others have stayed. Of members with
 * members of their own, the server says more than the patch. Takes over `patch`. */
static void check_merge(const char *path, const json_t *before, json_t *patch, const json_t *after)
{
    json_t *wanted = merged(json_deep_copy(before), patch);
    const char *name;
    json_t *value;
    json_object_foreach(wanted, name, value)
    {
        const json_t *got = json_object_get(after, name);
        bool nested = json_object_get(patch, name) && (json_is_object(value) || json_is_array(value));
        REQUIRE(is_own(name, value) || nested || same(got, value), "%s of %s is not what the patch makes of it", name,
                path);
    }
    json_object_foreach((json_t *)(uintptr_t)after, name, value)
        REQUIRE(json_object_get(wanted, name) || json_is_null(value) || is_own(name, value),
                "%s of %s has come into being", name, path);
    json_decref(wanted);
    json_decref(patch);
}

/* The first byte says what is patched. */
void fuzz_patch(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena own;
    arena_init(&own);
    static json_t *kept[ROWS(patched)];
    int which = input_byte(&input) % ROWS(patched);
    size_t length;
    const char *path = expanded(&own, (const uint8_t *)patched[which], strlen(patched[which]), &length);
    const char *body = expanded(&own, input.data, input.size, &length);
    if (!kept[which])
        kept[which] = shown(path);
    if (send_body(METHOD_PATCH, path, body, length) == 200) {
        json_t *after = fuzz_json(&fuzz_world.response);
        json_t *patch = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
        check_merge(path, kept[which], patch ? patch : json_object(), after);
        json_decref(after);
    }
    arena_finish(&own);
}

/* --- queries -------------------------------------------------------------------------------------------------------
 */

static const char *const lists[] = {
    "/v1/action-items",
    "/v1/reviews",
    "/v1/people",
    "/v1/decisions",
    "/v1/inputs",
    "/v1/follow-ups",
    "/v1/attachments",
    "/v1/audit-log",
    "/v1/rules",
    "/v1/search",
    "/v1/calendar.ics",
    "/v1/reports/action-items",
    "/v1/reports/metrics",
    "/v1/reports/schedule",
    "/v1/reviews/MR-2026-02/carried-action-items",
    "/v1/reviews/MR-2026-02/compare",
    "/v1/reviews/MR-2026-03/inputs",
    "/v1/people/ana@x.org/history",
    "/v1/action-items/ACT-2026-0001",
};

/* As the framing guard lets it in. */
static const char *as_target(const char *path, const char *rest)
{
    char *target = (char *)(uintptr_t)arena_format(arena(), "%s%s", path, rest);
    for (char *at = target; *at; at++) {
        if ((unsigned char)*at <= 0x20 || *at == 0x7F || *at == '#')
            *at = '_';
    }
    return target;
}

static bool is_json(const struct response *response)
{
    const char *type = response_get(response, "Content-Type");
    return type && strncmp(type, "application/json", 16) == 0;
}

static void get(const char *path, const char *rest)
{
    char *kept = strdup(rest);
    struct request *request = fuzz_request(METHOD_GET, "GET", "/");
    request->target = as_target(path, kept);
    free(kept);
    fuzz_send();
}

/* No record of a page is on the next one. */
static void check_next(const char *path, const char *query, json_t *page)
{
    const char *cursor = json_string_value(json_object_get(page, "next_cursor"));
    if (!cursor || strcasestr(query, "cursor") || strchr(query, '%')) /* the parameter would be there twice */
        return;
    char *rest = NULL;
    REQUIRE(asprintf(&rest, "?%s&cursor=%s", query, cursor) > 0, "memory");
    get(path, rest);
    REQUIRE(fuzz_world.response.status == 200, "the next page of %s?%s is answered %d", path, query,
            fuzz_world.response.status);
    free(rest);
    json_t *next = fuzz_json(&fuzz_world.response);
    json_t *one;
    size_t index;
    json_array_foreach(json_object_get(next, "data"), index, one)
    {
        json_t *first = json_array_get(json_object_get(page, "data"), 0);
        json_t *id = json_object_get(one, "id");
        REQUIRE(!id || !json_equal(id, json_object_get(first, "id")), "%s?%s comes back to its beginning", path, query);
    }
    json_decref(next);
}

void fuzz_query(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena own;
    arena_init(&own);
    const char *path = lists[input_byte(&input) % ROWS(lists)];
    const char *query = input_line(&input, &own);
    get(path, arena_format(&own, "?%s", query));
    if (fuzz_world.response.status == 200 && is_json(&fuzz_world.response)) {
        json_t *page = fuzz_json(&fuzz_world.response);
        REQUIRE(json_array_size(json_object_get(page, "data")) <= 200, "a page is larger than any may be");
        check_next(path, as_target("", query), page);
        json_decref(page);
    }
    arena_finish(&own);
}

/* Words that people look for: whatever they are, they are words and no language of the database's. */
void fuzz_search(const uint8_t *data, size_t size)
{
    static const char *const places[] = {
        "/v1/search?q=", "/v1/inputs?q=", "/v1/action-items?count=true&q=", "/v1/people?format=ndjson&q="};
    struct input input = {data, size};
    struct buffer coded = {0};
    const char *place = places[input_byte(&input) % ROWS(places)];
    for (size_t i = 0; i < input.size; i++)
        buffer_format(&coded, "%%%02X", input.data[i]);
    buffer_char(&coded, '\0');
    get(place, coded.data);
    bool good = input.size && text_is_utf8((const char *)input.data, input.size);
    REQUIRE(good || fuzz_world.response.status == 400 || !input.size, "what is no UTF-8 is answered %d",
            fuzz_world.response.status);
    buffer_finish(&coded);
}

/* --- cursors -------------------------------------------------------------------------------------------------------
 */

static const struct route *route_of(const char *path)
{
    for (size_t i = 0; i < route_count; i++) {
        if (routes[i].method == METHOD_GET && strcmp(routes[i].path, path) == 0)
            return &routes[i];
    }
    abort();
}

/* A call as far as its query is concerned. */
static struct call *ask(struct arena *own, const char *query)
{
    struct call *call = arena_alloc(own, sizeof *call);
    *call = (struct call){
        .arena = own, .violations = {.arena = own}, .route = route_of("/v1/people"), .path = "/v1/people"};
    query_parse(call, query);
    return call;
}

/* Two lines are a row of the list: its cursor gives it back, to this list alone. What is no cursor gives nothing. */
void fuzz_cursor(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena own;
    arena_init(&own);
    if (input_byte(&input) % 2) {
        get("/v1/people?cursor=", input_line(&input, &own));
        REQUIRE(fuzz_world.response.status == 400, "a cursor that nobody gave out is answered %d",
                fuzz_world.response.status);
        arena_finish(&own);
        return;
    }
    char *id = (char *)(uintptr_t)input_text_line(&input, &own);
    const char *value = input_text(&input, &own);
    for (char *at = id; *at; at++)
        *at = *at == '|' ? '-' : *at; /* no id has one */
    const char *cursor = cursor_make(ask(&own, "sort=name"), value, id);
    const char *got_value = NULL, *got_id = NULL;
    struct call *same_list = ask(&own, arena_format(&own, "limit=7&sort=name&cursor=%s", cursor));
    REQUIRE(cursor_read(same_list, &got_value, &got_id), "its own cursor is refused");
    REQUIRE(strcmp(got_value, value) == 0 && strcmp(got_id, id) == 0, "another row");
    struct call *other = ask(&own, arena_format(&own, "sort=-name&cursor=%s", cursor));
    REQUIRE(!cursor_read(other, &got_value, &got_id), "a cursor of another list is taken");
    arena_finish(&own);
}

/* --- paths ---------------------------------------------------------------------------------------------------------
 */

static void check_decoding(struct arena *own, const char *text)
{
    struct buffer coded = {0};
    for (const char *at = text; *at; at++)
        buffer_format(&coded, isalnum((unsigned char)*at) ? "%c" : "%%%02x", (unsigned char)*at);
    buffer_char(&coded, '\0');
    const char *again = percent_decode(own, coded.data, coded.length - 1, false);
    bool good = text_is_utf8(text, strlen(text));
    REQUIRE(good == (again != NULL) && (!again || strcmp(again, text) == 0), "coded and decoded it is another text");
    buffer_finish(&coded);
}

/* The first byte is the method; then the path as it is sent. */
void fuzz_path(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"TRACE", "GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "OPTIONS"};
    static struct upload nothing = {.spool = {.fd = -1}, .files = 1};
    struct input input = {data, size};
    struct arena own;
    arena_init(&own);
    int method = input_byte(&input) % ROWS(names);
    const char *path = input_line(&input, &own);
    check_decoding(&own, path);
    bool reads = method == METHOD_GET || method == METHOD_HEAD || method == METHOD_OPTIONS;
    const char *rest = reads ? "" : strchr(path, '?') ? "&dry_run=true" : "?dry_run=true";
    int64_t before = entries();
    struct request *request = fuzz_request((enum method)method, names[method], "/");
    request->target = as_target("/", arena_format(&own, "%s%s", path, rest));
    request->headers[HEADER_IF_MATCH] = "*";
    int64_t most;
    spool_init(&nothing.spool);
    if (api_expect(fuzz_world.worker, request, &most) != API_BODY_TEXT)
        request->upload = &nothing;
    fuzz_send();
    REQUIRE(entries() == before, "a dry run of /%s left an entry", path);
    arena_finish(&own);
}

/* --- keys and tokens -----------------------------------------------------------------------------------------------
 */

/* An Idempotency-Key is 8 to 255 printable ASCII characters, bare or in quotes. */
void fuzz_key(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena own;
    arena_init(&own);
    bool repeated = input_byte(&input) % 8 == 7;
    const char *key = input_line(&input, &own);
    struct request request = {.arena = &own, .method = METHOD_POST, .method_name = "POST", .target = "/v1/people"};
    request.headers[HEADER_IDEMPOTENCY_KEY] = key;
    request.repeated[HEADER_IDEMPOTENCY_KEY] = repeated;
    request.body = "";
    struct call call = {.arena = &own, .violations = {.arena = &own}, .request = &request, .path = "/v1/people"};
    bool taken = key_read(&call);
    size_t length = strlen(key);
    bool quoted = length > 1 && *key == '"' && key[length - 1] == '"';
    length -= quoted ? 2 : 0;
    bool good = !repeated && length >= 8 && length <= 255;
    for (size_t i = 0; i < length; i++)
        good = good && isascii(key[quoted + i]) && isprint(key[quoted + i]);
    REQUIRE(taken == good && good == !call.violations.count, "'%s' is %s", key, taken ? "taken" : "refused");
    REQUIRE(!taken ||
                (strlen(call.idempotency_key) == length && memcmp(call.idempotency_key, key + quoted, length) == 0),
            "another key than '%s'", key);
    arena_finish(&own);
}

/* The byte 0x01 stands for the one good token. Whatever else the header says, nobody gets in without it. */
void fuzz_token(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena own;
    arena_init(&own);
    struct buffer text = {0};
    for (const char *at = input_line(&input, &own); *at; at++) {
        if (*at == 0x01)
            buffer_put(&text, world_authorization + 7);
        else
            buffer_char(&text, *at);
    }
    buffer_char(&text, '\0');
    static struct caller_cache *cache;
    if (!cache)
        cache = caller_cache_create();
    struct caller caller;
    enum identity identity = caller_identify(cache, &fuzz_world.store, text.data, &caller);
    size_t scheme = strncasecmp(text.data, "Bearer ", 7) == 0 ? 7 + strspn(text.data + 7, " ") : 0;
    bool good = scheme && strcmp(text.data + scheme, world_authorization + 7) == 0;
    REQUIRE(identity == (good ? IDENTITY_KNOWN : IDENTITY_INVALID), "'%s' is %d", text.data, identity);
    REQUIRE(caller_identify_feed(&fuzz_world.store, text.data, &caller) == IDENTITY_INVALID, "'%s' opens a calendar",
            text.data);
    buffer_finish(&text);
    arena_finish(&own);
}
