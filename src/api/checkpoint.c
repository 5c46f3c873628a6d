/* Signed heads of the audit log, and the public keys that they are checked with. */
#include "api.h"

#include "reviewd/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>

struct checkpoints {
    struct buffer *body;
    int count;
    int limit;
    int64_t last;
};

static bool checkpoint_row(void *context, const struct checkpoint *checkpoint)
{
    struct checkpoints *checkpoints = context;
    if (checkpoints->count++ == checkpoints->limit)
        return false;
    if (checkpoints->count > 1)
        buffer_char(checkpoints->body, ',');
    checkpoint_render(checkpoints->body, checkpoint);
    checkpoints->last = checkpoint->seq;
    return true;
}

bool read_checkpoints(struct call *call)
{
    const char *value = NULL;
    const char *id = NULL;
    struct checkpoints rows = {.body = &call->response->body, .limit = query_limit(call)};
    struct checkpoint_query query = {.as_of = call->view.as_of, .limit = rows.limit + 1};
    const char *sort = query_get(call, "sort");
    query.newest_first = sort && strcmp(sort, "-seq") == 0;
    if (sort && !query.newest_first && strcmp(sort, "seq") != 0)
        violation_add_parameter(&call->violations, "query.invalid", "sort", "'sort' takes seq or -seq.");
    if (query_get(call, "cursor") && cursor_read(call, &value, &id))
        query.after_seq = strtoll(value, NULL, 10);
    if (call->violations.count) {
        answer_violations(call);
        return true;
    }
    buffer_put(rows.body, "{\"data\":[");
    if (!checkpoint_list(call->store, &query, checkpoint_row, &rows))
        return false;
    int64_t total = -1;
    if (query_is_true(call, "count") && !checkpoint_count(call->store, call->view.as_of, &total))
        return false;
    const char *next = NULL;
    if (rows.count > rows.limit)
        next = cursor_make(call, arena_format(call->arena, "%lld", (long long)rows.last), "");
    answer_list(call, rows.body, next, total);
    return true;
}

/* The number in a path; 0 where it is none. */
static int64_t seq_of(const char *text)
{
    size_t length = strlen(text);
    bool fine = length >= 1 && length <= 18 && strspn(text, "0123456789") == length && *text != '0';
    return fine ? strtoll(text, NULL, 10) : 0;
}

bool read_checkpoint(struct call *call)
{
    int64_t seq = seq_of(call->keys[0]);
    struct checkpoints rows = {.body = &call->response->body, .limit = 1};
    const struct checkpoint_query query = {.after_seq = seq - 1, .as_of = call->view.as_of, .limit = 1};
    if (seq && !checkpoint_list(call->store, &query, checkpoint_row, &rows))
        return false;
    if (!seq || rows.last != seq) { /* the next one is not the one that was asked for */
        call->response->body.length = 0;
        answer_not_found(call);
        return true;
    }
    answer_json(call, 200, &call->response->body);
    return true;
}

/* --- keys ----------------------------------------------------------------------------------------------------------
 */

/* Leaves the keys that there were, as they were. */
static void keys_then(struct known_keys *keys, const struct instant *as_of)
{
    size_t count = 0;
    for (size_t i = 0; i < keys->count; i++) {
        struct known_key key = keys->items[i];
        if (strcmp(key.made_at.text, as_of->text) > 0)
            continue;
        if (strcmp(key.retired_at.text, as_of->text) > 0)
            key.retired_at = (struct instant){0};
        keys->items[count++] = key;
    }
    keys->count = count;
}

/* Where the page begins: after the key that the cursor names. */
static size_t first_of_page(const struct known_keys *keys, const char *after)
{
    for (size_t i = 0; after && i < keys->count; i++) {
        char id[KEY_ID_TEXT_BYTES];
        key_id_text(&keys->items[i].key, id);
        if (strcmp(id, after) == 0)
            return i + 1;
    }
    return 0;
}

bool read_keys(struct call *call)
{
    const char *value = NULL;
    const char *after = NULL;
    char last[KEY_ID_TEXT_BYTES] = "";
    struct known_keys keys = {0};
    struct buffer *body = &call->response->body;
    size_t limit = (size_t)query_limit(call);
    if (query_get(call, "cursor"))
        cursor_read(call, &value, &after);
    if (call->violations.count) {
        answer_violations(call);
        return true;
    }
    if (call_keyring(call) && !keyring_known(call_keyring(call), &keys)) {
        call->arena->failed = true;
        return false;
    }
    if (call->view.as_of)
        keys_then(&keys, call->view.as_of);
    buffer_put(body, "{\"data\":[");
    size_t first = first_of_page(&keys, after);
    size_t end = keys.count - first > limit ? first + limit : keys.count;
    for (size_t i = first; i < end; i++) {
        buffer_put(body, i > first ? "," : "");
        known_key_render(body, &keys.items[i]);
        key_id_text(&keys.items[i].key, last);
    }
    const char *next = end < keys.count ? cursor_make(call, "", last) : NULL;
    answer_list(call, body, next, query_is_true(call, "count") ? (int64_t)keys.count : -1);
    known_keys_finish(&keys);
    return true;
}
