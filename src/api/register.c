/* Lists as registers: the whole of one, made while it is sent, page by page. Between two pages nothing is held: the
 * next one begins behind the last row of the one before. */
#include "worker.h"

#include "reviewd/failpoint.h"
#include "reviewd/register.h"

#include <stdatomic.h>
#include <stdlib.h>

enum {
    PAGE_ROWS = 200,
    SHEET_PAGE_ROWS = 50, /* to pack one takes as long as to write four */
    CAP_MAX = 1000000000,
    FINDS_OFTEN = 1000,
    SHEETS_AT_ONCE = 8, /* each holds the state of a compression, a quarter of a megabyte */
};

static _Atomic int sheets;

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

/* A walk through a list by pages. */
struct rows {
    struct call *call;
    struct list_query query;
    int64_t left; /* of the cap; -1: there is none */
    int page;     /* rows of a page */
    int walked;   /* of this page … */
    int count;    /* … and handed on of it */
    bool begun;
    bool over;
    bool broken; /* a version of the past cannot be read back */
    bool failed; /* what the records were handed to */
    struct id after_id;
    struct key_set found; /* where words are looked for, and found often */
    struct buffer after;  /* the last row's value of what is sorted by */
    bool (*put)(void *context, const void *record);
    void *context;
};

/* At the first row; the query's limit is the cap, 0 for none. What the query points to is borrowed. */
static void rows_begin(struct rows *rows, struct call *call, const struct list_query *query)
{
    *rows = (struct rows){.call = call,
                          .query = *query,
                          .left = query->limit ? query->limit : -1,
                          .page = call->format == FORMAT_XLSX ? SHEET_PAGE_ROWS : PAGE_ROWS};
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

/* Hands the next page's records to `put`. False where it, memory or the database fails. */
static bool rows_page(struct rows *rows, bool (*put)(void *context, const void *record), void *context)
{
    if (!rows->begun && !look_words_up(rows))
        return false;
    struct arena arena; /* of this page alone: there may be thousands */
    arena_init(&arena);
    rows->put = put;
    rows->context = context;
    rows->walked = rows->count = 0;
    rows->query.limit = rows->page;
    if (id_is_set(&rows->after_id)) {
        rows->query.after_value = rows->after.data;
        rows->query.after_id = rows->after_id.text;
    }
    struct store *store = rows->call->store;
    bool listed = rows->query.as_of ? store_list_as_of(store, &rows->query, &arena, rows_body, rows)
                                    : store_list(store, &rows->query, &arena, rows_row, rows);
    bool fine = listed && !rows->broken && !rows->failed && !arena_failed(&arena) && !buffer_failed(&rows->after);
    arena_finish(&arena);
    rows->over = rows->left == 0 || rows->walked < rows->page;
    return fine;
}

static void rows_finish(struct rows *rows)
{
    buffer_finish(&rows->after);
    buffer_finish(&rows->found.keys);
}

/* --- forms ------------------------------------------------------------------------------------------------------- */

/* A register on its way, in the call's arena. */
struct register_stream {
    struct call *call;
    struct rows rows;
    struct xlsx *xlsx;  /* which adds to the text */
    struct buffer text; /* to be sent */
    size_t sent;
    bool over; /* with all that comes behind the rows */
};

/* "Action items" of "/v1/decisions/{id}/action-items" */
static const char *title_of(const struct call *call)
{
    char *title = arena_text(call->arena, strrchr(call->route->path, '/') + 1);
    for (char *at = title; *at; at++)
        *at = *at == '-' ? ' ' : *at;
    if (*title >= 'a' && *title <= 'z')
        *title = (char)(*title - 'a' + 'A');
    return title;
}

/* Whether a sheet holds the list. To count it takes long where it is long: most often there are not as many of its kind
 * at all. */
static bool fits_sheet(struct call *call, const struct list_query *query, bool *ret_fits)
{
    int64_t count = 0;
    int64_t cap = query->limit ? query->limit : CAP_MAX;
    *ret_fits = true;
    if (cap <= XLSX_ROWS_MAX)
        return true;
    if (!store_count_most(call->store, query->resource, &count))
        return false;
    if (count > XLSX_ROWS_MAX && !store_count(call->store, query, call->arena, &count))
        return false;
    *ret_fits = count <= XLSX_ROWS_MAX;
    return true;
}

/* False where the database or memory fails; where the sheet cannot be had, that is answered. */
static bool begin_sheet(struct register_stream *stream, const struct list_query *query)
{
    struct call *call = stream->call;
    bool fits;
    if (!fits_sheet(call, query, &fits))
        return false;
    if (!fits) {
        violation_add_parameter(&call->violations, "query.invalid", "format",
                                "A sheet holds %d records: narrow the list down by filters or 'limit', or take another "
                                "format.",
                                XLSX_ROWS_MAX);
        answer_violations(call);
        return true;
    }
    if (atomic_fetch_add(&sheets, 1) >= SHEETS_AT_ONCE) {
        answer_problem(call, 503, NULL, "%d sheets are being sent already. Try again.", SHEETS_AT_ONCE);
    } else {
        const char *folder = call_settings(call)->data;
        stream->xlsx = FAILPOINT("sheet.begin")
                           ? NULL
                           : xlsx_begin(&stream->text, query->resource, folder, title_of(call), &call->now);
        if (stream->xlsx)
            return true;
        answer_problem(call, 503, NULL, "There is no room, memory or library to make the sheet; take another format.");
    }
    atomic_fetch_sub(&sheets, 1);
    return true;
}

static bool put_row(void *context, const void *record)
{
    struct register_stream *stream = context;
    const struct resource *resource = stream->rows.query.resource;
    if (stream->xlsx)
        return xlsx_add(stream->xlsx, record);
    if (stream->call->format == FORMAT_CSV)
        csv_put_record(&stream->text, resource, record);
    else
        ndjson_put_record(&stream->text, resource, record);
    return !buffer_failed(&stream->text);
}

static bool next_page(struct register_stream *stream)
{
    if (!rows_page(&stream->rows, put_row, stream))
        return false;
    stream->over = stream->rows.over;
    return (!stream->over || !stream->xlsx || xlsx_finish(stream->xlsx)) && !buffer_failed(&stream->text);
}

/* --- the answer -------------------------------------------------------------------------------------------------- */

static ssize_t read_register(void *context, char *data, size_t size)
{
    struct register_stream *stream = context;
    if (stream->sent == stream->text.length && !stream->over) {
        stream->sent = stream->text.length = 0;
        if (!worker_look(stream->call->worker) || !next_page(stream))
            return -1;
        if (!stream->text.length && !stream->over) /* nothing found, or nothing packed yet */
            return STREAM_LATER;
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
    if (stream->xlsx)
        atomic_fetch_sub(&sheets, 1);
    xlsx_drop(stream->xlsx);
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

bool answer_register(struct call *call, const struct list_query *query)
{
    struct register_stream *stream = arena_alloc(call->arena, sizeof *stream);
    if (!stream)
        return false;
    stream->call = call;
    rows_begin(&stream->rows, call, query);
    if (call->format == FORMAT_CSV)
        csv_put_head(&stream->text, query->resource);
    bool fine = call->format != FORMAT_XLSX || begin_sheet(stream, query);
    bool begun = fine && !call->response->status; /* or a sheet cannot be had, which is answered */
    fine = begun ? next_page(stream) : fine;
    if (fine && begun)
        add_disposition(call);
    if (fine && begun && !stream->over) {
        const struct body_stream body = {read_register, end_register, stream, -1};
        answer_stream(call, 200, &body);
        return true;
    }
    if (fine && begun) { /* all of it: an answer like any other, with its tag */
        buffer_add(&call->response->body, stream->text.data, stream->text.length);
        answer_formatted(call, 200);
    }
    end_register(stream);
    return fine;
}
