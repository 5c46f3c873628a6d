/* Lists as registers: the whole of one, made while it is sent, page by page. No more than a page is held while the
 * client reads it, and nothing of the database: the next page begins behind the last row of the one before. */
#include "worker.h"

#include "reviewd/failpoint.h"
#include "reviewd/register.h"

#include <stdatomic.h>
#include <stdlib.h>

/* A page ends with whichever comes first: many short rows take long, and a few long ones much room. */
enum {
    PAGE_ROWS = 200,
    SHEET_PAGE_ROWS = 50, /* to pack one takes as long as to write four */
    PAGE_BYTES = 192 * 1024,
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

/* A register on its way, in the call's arena: a walk through the list by pages. */
struct register_stream {
    struct call *call;
    struct list_query query;
    int64_t left; /* of the cap; -1: there is none */
    int walked;   /* rows of this page */
    bool begun;
    bool paused; /* the page is full; else it ended with the list */
    bool broken; /* memory is out, a sheet is full, or a version of the past cannot be read back */
    bool over;   /* with all that comes behind the rows */
    struct id after_id;
    struct buffer after;  /* the last row's value of what is sorted by */
    struct key_set found; /* where words are looked for, and found often */
    struct xlsx *xlsx;    /* which adds to the text */
    struct buffer text;   /* to be sent */
    size_t sent;
    int64_t page_began; /* when so many bytes were written */
};

/* At the first row; the query's limit is the cap, 0 for none. What the query points to is borrowed. */
static void stream_begin(struct register_stream *stream, struct call *call, const struct list_query *query)
{
    *stream = (struct register_stream){.call = call, .query = *query, .left = query->limit ? query->limit : -1};
    stream->query.limit = call->format == FORMAT_XLSX ? SHEET_PAGE_ROWS : PAGE_ROWS;
}

/* Of a sheet as it is before it is packed: what the page costs, rather than what comes of it. */
static int64_t written(const struct register_stream *stream)
{
    return stream->xlsx ? xlsx_written(stream->xlsx) : (int64_t)stream->text.length;
}

/* Notes where the page ends; false there. */
static bool goes_on(struct register_stream *stream, const void *record)
{
    if (++stream->walked < stream->query.limit && stream->left != 0 &&
        written(stream) - stream->page_began < PAGE_BYTES)
        return true;
    struct arena arena;
    arena_init(&arena);
    const char *value = list_sort_value(&arena, stream->query.sort, record);
    stream->after.length = 0;
    buffer_add(&stream->after, value, strlen(value) + 1);
    stream->after.failed |= arena_failed(&arena);
    arena_finish(&arena);
    stream->after_id = ((const struct record *)record)->id;
    stream->paused = true;
    return false;
}

static bool put_record(struct register_stream *stream, const void *record)
{
    const struct resource *resource = stream->query.resource;
    if (stream->xlsx)
        return xlsx_add(stream->xlsx, record);
    if (stream->call->format == FORMAT_CSV)
        csv_put_record(&stream->text, resource, record);
    else
        ndjson_put_record(&stream->text, resource, record);
    return !buffer_failed(&stream->text);
}

static bool put_row(void *context, const void *record)
{
    struct register_stream *stream = context;
    stream->left -= stream->left > 0;
    stream->broken |= !put_record(stream, record);
    return !stream->broken && goes_on(stream, record);
}

/* A row that the words are not found in. */
static bool pass_row(void *context, const void *record)
{
    return goes_on(context, record);
}

/* Where words are found often, all finds are looked up once: otherwise each page would look them up again. */
static bool look_words_up(struct register_stream *stream)
{
    stream->begun = true;
    if (!stream->query.words)
        return true;
    if (!store_find_keys(stream->call->store, &stream->query, &stream->found))
        return false;
    if (stream->found.count > FINDS_OFTEN) {
        stream->query.among = &stream->found;
        stream->query.beside = pass_row;
    }
    return true;
}

/* Adds the next page to the text, and behind the last one what ends the register. False where it, memory or the
 * database fails. */
static bool next_page(struct register_stream *stream)
{
    if (!stream->begun && !look_words_up(stream))
        return false;
    struct arena arena; /* of this page alone: there may be thousands */
    arena_init(&arena);
    stream->walked = 0;
    stream->paused = false;
    stream->page_began = written(stream);
    if (id_is_set(&stream->after_id)) {
        stream->query.after_value = stream->after.data;
        stream->query.after_id = stream->after_id.text;
    }
    struct store *store = stream->call->store;
    bool listed = store_list(store, &stream->query, &arena, put_row, stream);
    bool fine = listed && !stream->broken && !arena_failed(&arena) && !buffer_failed(&stream->after);
    arena_finish(&arena);
    stream->over = stream->left == 0 || !stream->paused;
    return fine && (!stream->over || !stream->xlsx || xlsx_finish(stream->xlsx)) && !buffer_failed(&stream->text);
}

/* --- sheets ------------------------------------------------------------------------------------------------------
 */

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
    buffer_finish(&stream->after);
    buffer_finish(&stream->found.keys);
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
    stream_begin(stream, call, query);
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
