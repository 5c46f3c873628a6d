/* Signed heads of the audit log, and the public keys that they are checked with. */
#include "rows.h"

#include "reviewd/checkpoint.h"

#include <limits.h>
#include <stdlib.h>

struct checkpoint_rows {
    struct rows rows;
    bool newest_first;
};

static bool checkpoint_row(void *context, const struct checkpoint *checkpoint)
{
    struct rows *rows = context;
    struct buffer *row = row_begin(rows);
    if (!row)
        return false;
    checkpoint_render(row, checkpoint);
    return row_end(rows, checkpoint->seq);
}

static bool checkpoints_page(struct rows *rows)
{
    const struct checkpoint_query query = {
        .after_seq = rows->after,
        .newest_first = ((struct checkpoint_rows *)rows)->newest_first,
        .as_of = rows->paged.call->view.as_of,
        .limit = INT_MAX,
    };
    return checkpoint_list(rows->paged.call->store, &query, checkpoint_row, rows);
}

static bool count_checkpoints(struct rows *rows, int64_t *ret_count)
{
    const struct call *call = rows->paged.call;
    return checkpoint_count(call->store, call->view.as_of, ret_count);
}

bool read_checkpoints(struct call *call)
{
    struct checkpoint_rows *list = arena_alloc(call->arena, sizeof *list);
    if (!list)
        return false;
    list->rows.columns = "seq,hash,at,key_id,text,signature";
    list->rows.page = checkpoints_page;
    list->rows.count = count_checkpoints;
    list->newest_first = query_newest_first(call);
    rows_begin(&list->rows, call);
    return answer_rows(&list->rows);
}

/* The number in a path; 0 where it is none. */
static int64_t seq_of(const char *text)
{
    size_t length = strlen(text);
    bool fine = length >= 1 && length <= 18 && strspn(text, "0123456789") == length && *text != '0';
    return fine ? strtoll(text, NULL, 10) : 0;
}

struct one_checkpoint {
    struct call *call;
    int64_t seq;
    bool found;
};

/* The next one may not be the one that was asked for. */
static bool take_checkpoint(void *context, const struct checkpoint *checkpoint)
{
    struct one_checkpoint *one = context;
    one->found = checkpoint->seq == one->seq;
    if (one->found)
        checkpoint_render(&one->call->response->body, checkpoint);
    return false;
}

bool read_checkpoint(struct call *call)
{
    struct one_checkpoint one = {.call = call, .seq = seq_of(call->keys[0])};
    const struct checkpoint_query query = {.after_seq = one.seq - 1, .as_of = call->view.as_of, .limit = 1};
    if (one.seq && !checkpoint_list(call->store, &query, take_checkpoint, &one))
        return false;
    if (one.found)
        answer_json(call, 200, &call->response->body);
    else
        answer_not_found(call);
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

/* False where memory is out; the command line has none. */
static bool find_keys(struct call *call, struct known_keys *ret_keys)
{
    *ret_keys = (struct known_keys){0};
    bool fine = !call_keyring(call) || keyring_known(call_keyring(call), ret_keys);
    if (fine && call->view.as_of)
        keys_then(ret_keys, call->view.as_of);
    call->arena->failed |= !fine;
    return fine;
}

/* Newest first. A key's number is its place among them, the oldest first, so that it keeps it when others come. */
static bool keys_page(struct rows *rows)
{
    struct known_keys keys;
    if (!find_keys(rows->paged.call, &keys))
        return false;
    for (size_t number = keys.count; number; number--) {
        if (rows->after && (int64_t)number >= rows->after)
            continue;
        struct buffer *row = row_begin(rows);
        if (!row)
            break;
        known_key_render(row, &keys.items[keys.count - number]);
        row_end(rows, (int64_t)number);
    }
    known_keys_finish(&keys);
    return true;
}

static bool count_keys(struct rows *rows, int64_t *ret_count)
{
    struct known_keys keys;
    if (!find_keys(rows->paged.call, &keys))
        return false;
    *ret_count = (int64_t)keys.count;
    known_keys_finish(&keys);
    return true;
}

bool read_keys(struct call *call)
{
    struct rows *rows = arena_alloc(call->arena, sizeof *rows);
    if (!rows)
        return false;
    rows->columns = "key_id,algorithm,public_key,made_at,retired_at";
    rows->page = keys_page;
    rows->count = count_keys;
    rows_begin(rows, call);
    return answer_rows(rows);
}
