/* Lists of records as registers: CSV, NDJSON and XLSX. */
#include "paged.h"
#include "selection.h"

#include "reviewd/failpoint.h"
#include "reviewd/register.h"

#include <stdatomic.h>

enum {
    SHEET_PAGE_ROWS = 50, /* to pack one takes as long as to write four */
    FINDS_OFTEN = 1000,
    LOOK_ROWS = 2000,     /* so many are looked at for a page: the loop has other callers */
    LOOK_ROWS_THEN = 500, /* of versions of the past, which take longer to look at */
    SELECTION_LEAST_BYTES = 64 << 10,
    SHEETS_AT_ONCE = 8, /* each holds the state of a compression, a quarter of a megabyte */
};

static _Atomic int sheets;
static _Atomic size_t selecting; /* registers that are looked for in order */

/* --- rows -------------------------------------------------------------------------------------------------------- */

/* A register on its way: a walk through the list by pages. */
struct register_stream {
    struct paged paged;
    struct list_query query;
    int64_t left; /* of the cap; -1: there is none */
    int walked;   /* rows of this page */
    bool begun;
    bool by_turns; /* many rows may be looked at of which few are chosen */
    bool paused;   /* the page is full; else it ended with the list */
    bool broken;   /* memory is out, a sheet is full, or a version of the past cannot be read back */
    struct id after_id;
    struct buffer after;  /* the last row's value of what is sorted by */
    struct key_set found; /* where words are looked for, and found often */
    bool selects;         /* an order of the past, or behind a lead, which has no index */
    bool selected;        /* the next rows of it are; else they are looked for */
    struct selection selection;
    size_t taken;       /* of it */
    struct id looked;   /* the last row that was looked at */
    struct xlsx *xlsx;  /* which adds to the text */
    int64_t page_began; /* when so many bytes were written */
};

/* Of a sheet as it is before it is packed: what the page costs, rather than what comes of it. */
static int64_t written(const struct register_stream *stream)
{
    return stream->xlsx ? xlsx_written(stream->xlsx) : (int64_t)stream->paged.text.length;
}

/* The next page begins behind this row. */
static void pause_at(struct register_stream *stream, const char *value, const char *id)
{
    stream->after.length = 0;
    buffer_add(&stream->after, value, strlen(value) + 1);
    memcpy(stream->after_id.text, id, sizeof stream->after_id.text);
    stream->paused = true;
}

static bool page_is_full(const struct register_stream *stream)
{
    return stream->walked == stream->query.limit || stream->left == 0 ||
           written(stream) - stream->page_began >= PAGE_BYTES;
}

/* Notes where the page ends; false there. What was selected ends by itself. */
static bool goes_on(struct register_stream *stream, const void *record)
{
    stream->walked++;
    if (stream->selects || !page_is_full(stream))
        return !page_is_full(stream);
    struct arena arena;
    arena_init(&arena);
    pause_at(stream, list_sort_value(&arena, stream->query.sort, record), ((const struct record *)record)->id.text);
    stream->after.failed |= arena_failed(&arena);
    arena_finish(&arena);
    return false;
}

static bool put_record(struct register_stream *stream, const void *record)
{
    const struct resource *resource = stream->query.resource;
    if (stream->xlsx)
        return xlsx_add(stream->xlsx, record);
    if (stream->paged.call->format == FORMAT_CSV)
        csv_put_record(&stream->paged.text, resource, record);
    else
        ndjson_put_record(&stream->paged.text, resource, record);
    return !buffer_failed(&stream->paged.text);
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
    if (!stream->query.words)
        return true;
    if (!store_find_keys(stream->paged.call->store, &stream->query, &stream->found))
        return false;
    if (stream->found.count > FINDS_OFTEN) {
        stream->query.among = &stream->found;
        stream->query.beside = pass_row;
    }
    return true;
}

static void begin_walk(struct register_stream *stream)
{
    const struct list_query *query = &stream->query;
    bool led = stream->paged.call->route->parent || (query->words && !query->among); /* few words are an index, too */
    bool all_seen = query->view.clearance == CLASSIFICATION_RESTRICTED;
    bool few = query->filter_count > (query->lead != NULL) || query->view.as_of || !all_seen;
    stream->selects = query->sort && (query->view.as_of || query->lead);
    stream->by_turns = few && !stream->selects && (query->lead || !led);
    if (stream->selects) { /* the more there are, the less each may hold while its client reads, and the oftener it
                              looks */
        size_t room = SELECTION_BYTES / (atomic_fetch_add(&selecting, 1) + 1);
        stream->selection.room = room > SELECTION_LEAST_BYTES ? room : SELECTION_LEAST_BYTES;
        stream->selection.by_number = query->sort->kind == FIELD_KIND_INTEGER;
        stream->selection.greatest_first = query->descending;
    }
    stream->begun = true;
}

static int look_rows(const struct register_stream *stream)
{
    return stream->query.view.as_of ? LOOK_ROWS_THEN : LOOK_ROWS;
}

/* Ends the page where so much was looked at, if it is not full before. */
static bool list_page(struct register_stream *stream, struct arena *arena)
{
    struct store *store = stream->paged.call->store;
    struct list_query *query = &stream->query;
    query->until_id = NULL;
    enum found border = ABSENT;
    if (stream->by_turns)
        border = store_list_border(store, query, look_rows(stream), arena, &query->until_value, &query->until_id);
    bool listed = border != BROKEN && store_list(store, query, arena, put_row, stream);
    if (listed && border == FOUND && !stream->paused && !stream->broken)
        pause_at(stream, query->until_value, query->until_id);
    return listed;
}

/* --- an order without an index ----------------------------------------------------------------------------------- */

static bool offer(void *context, int64_t key, const char *value)
{
    struct register_stream *stream = context;
    stream->broken |= !selection_offer(&stream->selection, key, value);
    return !stream->broken;
}

/* A turn of the walk that looks for the next rows in order. */
static bool select_rows(struct register_stream *stream, struct arena *arena)
{
    bool more;
    bool looked = store_list_values(stream->paged.call->store, &stream->query, look_rows(stream), arena,
                                    &stream->looked, &more, offer, stream);
    if (looked && !more) {
        selection_sort(&stream->selection);
        stream->looked = (struct id){0};
        stream->selected = true;
    }
    stream->paused = more || stream->selection.count;
    return looked;
}

/* The next walk begins behind the last row that was picked, by what it was picked for. */
static bool pause_at_last(struct register_stream *stream)
{
    const struct pick *last = &stream->selection.picks[stream->selection.count - 1];
    char number[24];
    struct id id;
    snprintf(number, sizeof number, "%lld", (long long)last->number);
    if (!store_list_id(stream->paged.call->store, stream->query.resource, last->key, &id))
        return false;
    pause_at(stream, last->text ? last->text : number, id.text);
    return true;
}

/* A page out of the rows that were picked, in the order in which they were: one that has changed since is shown as it
 * is now, and one that is not chosen any more is not there. */
static bool list_selected(struct register_stream *stream)
{
    struct selection *selection = &stream->selection;
    struct list_query *query = &stream->query;
    bool listed = true;
    struct arena arena; /* of a row */
    arena_init(&arena);
    for (; listed && stream->taken < selection->count && !page_is_full(stream); stream->taken++) {
        query->only = &selection->picks[stream->taken].key;
        listed = store_list(stream->paged.call->store, query, &arena, put_row, stream) && !stream->broken;
        arena_reset(&arena);
    }
    query->only = NULL;
    arena_finish(&arena);
    stream->paused = stream->taken < selection->count;
    if (!listed || stream->paused)
        return listed;
    bool fine = !selection->dropped || pause_at_last(stream);
    selection_clear(selection);
    stream->taken = 0;
    stream->selected = false;
    return fine;
}

static bool walk_on(struct register_stream *stream, struct arena *arena)
{
    if (!stream->selects)
        return list_page(stream, arena);
    return stream->selected ? list_selected(stream) : select_rows(stream, arena);
}

/* Adds the next page to the text, and behind the last one what ends the register. False where it, memory or the
 * database fails. */
static bool next_page(struct paged *paged)
{
    struct register_stream *stream = (struct register_stream *)paged;
    if (!stream->begun) {
        if (!look_words_up(stream) || !store_list_lead(paged->call->store, &stream->query))
            return false;
        begin_walk(stream);
    }
    struct arena arena; /* of this page alone: there may be thousands */
    arena_init(&arena);
    stream->walked = 0;
    stream->paused = false;
    stream->page_began = written(stream);
    if (id_is_set(&stream->after_id)) {
        stream->query.after_value = stream->after.data;
        stream->query.after_id = stream->after_id.text;
    }
    bool listed = walk_on(stream, &arena);
    bool fine = listed && !stream->broken && !arena_failed(&arena) && !buffer_failed(&stream->after);
    arena_finish(&arena);
    paged->over = stream->left == 0 || !stream->paused;
    return fine && (!paged->over || !stream->xlsx || xlsx_finish(stream->xlsx)) && !buffer_failed(&stream->paged.text);
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
    *ret_fits = true;
    if (query->limit && query->limit <= XLSX_ROWS_MAX)
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
    struct call *call = stream->paged.call;
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
                           : xlsx_begin(&stream->paged.text, query->resource, folder, title_of(call), &call->now);
        if (stream->xlsx)
            return true;
        answer_problem(call, 503, NULL, "There is no room, memory or library to make the sheet; take another format.");
    }
    atomic_fetch_sub(&sheets, 1);
    return true;
}

/* --- the answer -------------------------------------------------------------------------------------------------- */

static void end_register(struct paged *paged)
{
    struct register_stream *stream = (struct register_stream *)paged;
    if (stream->xlsx)
        atomic_fetch_sub(&sheets, 1);
    xlsx_drop(stream->xlsx);
    buffer_finish(&stream->after);
    buffer_finish(&stream->found.keys);
    selection_clear(&stream->selection);
    if (stream->selects)
        atomic_fetch_sub(&selecting, 1);
}

/* At the first row; the query's limit is the cap, 0 for none. What the query points to is borrowed. */
static void stream_begin(struct register_stream *stream, struct call *call, const struct list_query *query)
{
    *stream = (struct register_stream){
        .paged = {.call = call, .next = next_page, .end = end_register},
        .query = *query,
        .left = query->limit ? query->limit : -1,
    };
    stream->query.limit = call->format == FORMAT_XLSX ? SHEET_PAGE_ROWS : PAGE_ROWS;
}

bool answer_register(struct call *call, const struct list_query *query)
{
    struct register_stream *stream = arena_alloc(call->arena, sizeof *stream);
    if (!stream)
        return false;
    stream_begin(stream, call, query);
    if (call->format == FORMAT_CSV)
        csv_put_head(&stream->paged.text, query->resource);
    bool fine = call->format != FORMAT_XLSX || begin_sheet(stream, query);
    if (fine && !call->response->status)
        return answer_paged(&stream->paged);
    paged_end(&stream->paged); /* a sheet cannot be had, which is answered */
    return fine;
}
