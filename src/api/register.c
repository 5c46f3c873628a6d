/* Lists as registers: the whole of one, made while it is sent, page by page. Between two pages nothing is held: the
 * next one begins behind the last row of the one before. */
#include "register.h"
#include "worker.h"

#include <stdlib.h>

enum { PAGE_ROWS = 200, CAP_MAX = 1000000000, FINDS_OFTEN = 1000, PAGES_AT_ONCE = 4 };

bool register_limit(struct call *call, struct list_query *query)
{
    static const char *const refused[] = {"cursor", "count"};
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        const char *value = query_get(call, refused[i]);
        if (value && strcmp(value, "false") != 0)
            violation_add_parameter(&call->violations, "query.invalid", refused[i],
                                    "'%s' is for pages of JSON; this format gives the whole list.", refused[i]);
    }
    const char *text = query_get(call, "limit");
    if (!text)
        return true;
    char *end;
    long limit = strtol(text, &end, 10);
    bool fine = *text >= '0' && *text <= '9' && !*end && limit >= 1 && limit <= CAP_MAX;
    if (!fine)
        violation_add_parameter(&call->violations, "query.invalid", "limit", "'limit' is a number from 1 to %d.",
                                CAP_MAX);
    query->limit = fine ? (int)limit : 0;
    return fine;
}

/* --- rows -------------------------------------------------------------------------------------------------------- */

void rows_begin(struct rows *rows, struct call *call, const struct list_query *query)
{
    *rows = (struct rows){.call = call, .query = *query, .left = query->limit ? query->limit : -1};
}

/* Notes where the page ends; false there. */
static bool goes_on(struct rows *rows, const void *record)
{
    if (++rows->walked < rows->query.limit && rows->left != 0)
        return true;
    struct arena arena;
    arena_init(&arena);
    const char *value = list_sort_value(&arena, rows->query.sort, record);
    rows->after.length = 0;
    buffer_add(&rows->after, value, strlen(value) + 1);
    rows->after.failed |= arena_failed(&arena);
    arena_finish(&arena);
    rows->after_id = ((const struct record *)record)->id;
    return false;
}

static bool rows_row(void *context, const void *record)
{
    struct rows *rows = context;
    rows->count++;
    rows->left -= rows->left > 0;
    rows->failed = !rows->put(rows->context, record);
    return !rows->failed && goes_on(rows, record);
}

static bool rows_beside(void *context, const void *record)
{
    return goes_on(context, record);
}

/* A row of the past. */
static bool rows_body(void *context, const char *body, size_t length)
{
    struct rows *rows = context;
    const struct resource *resource = rows->query.resource;
    struct arena arena; /* of this row alone */
    arena_init(&arena);
    void *record = arena_alloc(&arena, resource->size);
    bool restored = record && record_restore(rows->call, resource, rows->query.as_of, body, length, &arena, record);
    bool more = restored && rows_row(rows, record);
    arena_finish(&arena);
    rows->broken |= !restored;
    return more;
}

/* Where words are found often, all finds are looked up once: otherwise each page would look them up again. */
static bool look_words_up(struct rows *rows)
{
    rows->begun = true;
    if (!rows->query.words)
        return true;
    if (!store_find_keys(rows->call->store, &rows->query, &rows->found))
        return false;
    if (rows->found.count > FINDS_OFTEN) {
        rows->query.among = &rows->found;
        rows->query.beside = rows_beside;
    }
    return true;
}

bool rows_page(struct rows *rows, bool (*put)(void *context, const void *record), void *context)
{
    if (!rows->begun && !look_words_up(rows))
        return false;
    struct arena arena; /* of this page alone: there may be thousands */
    arena_init(&arena);
    rows->put = put;
    rows->context = context;
    rows->walked = rows->count = 0;
    rows->query.limit = PAGE_ROWS;
    if (id_is_set(&rows->after_id)) {
        rows->query.after_value = rows->after.data;
        rows->query.after_id = rows->after_id.text;
    }
    struct store *store = rows->call->store;
    bool listed = rows->query.as_of ? store_list_as_of(store, &rows->query, &arena, rows_body, rows)
                                    : store_list(store, &rows->query, &arena, rows_row, rows);
    bool fine = listed && !rows->broken && !rows->failed && !arena_failed(&arena) && !buffer_failed(&rows->after);
    arena_finish(&arena);
    rows->over = rows->left == 0 || rows->walked < PAGE_ROWS;
    return fine;
}

void rows_finish(struct rows *rows)
{
    buffer_finish(&rows->after);
    buffer_finish(&rows->found.keys);
}

/* --- text -------------------------------------------------------------------------------------------------------- */

/* A register on its way, in the call's arena. */
struct register_stream {
    struct call *call;
    struct rows rows;
    struct buffer text;
    size_t sent;
};

static bool put_text_row(void *context, const void *record)
{
    struct register_stream *stream = context;
    const struct resource *resource = stream->rows.query.resource;
    if (stream->call->format == FORMAT_CSV)
        csv_put_record(&stream->text, resource, record);
    else
        ndjson_put_record(&stream->text, resource, record);
    return !buffer_failed(&stream->text);
}

static bool next_page(struct register_stream *stream)
{
    stream->text.length = 0;
    stream->sent = 0;
    return rows_page(&stream->rows, put_text_row, stream) && !buffer_failed(&stream->text);
}

static ssize_t read_register(void *context, char *data, size_t size)
{
    struct register_stream *stream = context;
    for (int pages = 0; stream->sent == stream->text.length; pages++) {
        if (stream->rows.over || pages == PAGES_AT_ONCE)
            return stream->rows.over ? 0 : STREAM_LATER;
        if (!worker_look(stream->call->worker) || !next_page(stream))
            return -1;
    }
    size_t left = stream->text.length - stream->sent;
    size_t part = left < size ? left : size;
    memcpy(data, stream->text.data + stream->sent, part);
    stream->sent += part;
    return (ssize_t)part;
}

static void end_register(void *context)
{
    struct register_stream *stream = context;
    buffer_finish(&stream->text);
    rows_finish(&stream->rows);
}

/* "action-items-2026-11-21.csv": the path's last part, and today. */
static void add_disposition(struct call *call)
{
    if (call->format == FORMAT_NDJSON)
        return;
    response_add(call->response, "Content-Disposition",
                 arena_format(call->arena, "attachment; filename=\"%s-%s.%s\"", strrchr(call->route->path, '/') + 1,
                              call->today.text, formats[call->format].name));
}

static bool answer_text(struct call *call, const struct list_query *query)
{
    struct register_stream *stream = arena_alloc(call->arena, sizeof *stream);
    if (!stream)
        return false;
    stream->call = call;
    rows_begin(&stream->rows, call, query);
    if (call->format == FORMAT_CSV)
        csv_put_head(&stream->text, query->resource);
    bool fine = rows_page(&stream->rows, put_text_row, stream) && !buffer_failed(&stream->text);
    if (fine && !stream->rows.over) {
        const struct body_stream body = {read_register, end_register, stream, -1};
        answer_stream(call, 200, &body);
        return true;
    }
    if (fine) { /* all of it: an answer like any other, with its tag */
        buffer_add(&call->response->body, stream->text.data, stream->text.length);
        answer_formatted(call, 200);
    }
    end_register(stream);
    return fine;
}

bool answer_register(struct call *call, const struct list_query *query)
{
    add_disposition(call);
    return call->format == FORMAT_XLSX ? xlsx_order(call, query) : answer_text(call, query);
}
