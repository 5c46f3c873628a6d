/* Sheets (XLSX), each made by a thread of its own while its call waits, suspended like one that writes.
 *
 * Not in slices on the loop's thread as the other registers are: libxlsxwriter packs a whole workbook in one call,
 * which takes seconds where there are many rows, and nobody else of the loop would be answered meanwhile. The thread
 * has its own connection, reads page by page, and is nice to the others.
 *
 * That one call cannot be interrupted. A server that ends gives up the sheets that are in it: their calls are answered
 * and the thread ends with the process, or frees what it made. */
#include "register.h"
#include "worker.h"

#include "reviewd/failpoint.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { XLSX_AT_ONCE = 2, NICE = 10 };

enum outcome {
    XLSX_WAITS,
    XLSX_MADE,
    XLSX_TOO_LONG,
    XLSX_NO_ROOM,
    XLSX_BROKEN, /* memory or the database */
    XLSX_GIVEN_UP,
};

struct xlsx_order {
    struct xlsx_order *next; /* of those that are packed */
    struct call *call;       /* NULL: given up */
    const struct settings *settings;
    struct rows rows;
    struct xlsx *xlsx;
    enum outcome outcome;
    enum db_fault fault;
    int file;
    int64_t length;
};

/* For the process: a thread may outlive its API. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct xlsx_order *packed;
static int under_way;
static bool ending;

/* --- the thread ----------------------------------------------------------------------------------------------------
 */

static bool is_ending(void)
{
    pthread_mutex_lock(&mutex);
    bool is = ending;
    pthread_mutex_unlock(&mutex);
    return is;
}

static bool add_row(void *context, const void *record)
{
    struct xlsx_order *order = context;
    return xlsx_add(order->xlsx, record);
}

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

static enum outcome gather(struct xlsx_order *order)
{
    struct call *call = order->call;
    order->xlsx = xlsx_begin(order->rows.query.resource, order->settings->data, title_of(call), &call->now);
    if (!order->xlsx)
        return XLSX_NO_ROOM;
    int64_t count = 0;
    while (!order->rows.over) {
        if (is_ending())
            return XLSX_GIVEN_UP;
        bool read = rows_page(&order->rows, add_row, order);
        count += order->rows.count;
        if (count > XLSX_ROWS_MAX)
            return XLSX_TOO_LONG;
        if (!read)
            return order->rows.failed ? XLSX_NO_ROOM : XLSX_BROKEN;
    }
    return XLSX_WAITS;
}

/* From here on the call may be taken away; false where it is to be given up at once. */
static bool begin_packing(struct xlsx_order *order)
{
    pthread_mutex_lock(&mutex);
    bool goes_on = !ending;
    if (goes_on) {
        order->next = packed;
        packed = order;
    }
    pthread_mutex_unlock(&mutex);
    return goes_on;
}

/* Whether the call is still there. */
static bool end_packing(struct xlsx_order *order)
{
    pthread_mutex_lock(&mutex);
    for (struct xlsx_order **at = &packed; *at; at = &(*at)->next) {
        if (*at == order) {
            *at = order->next;
            break;
        }
    }
    bool is_there = order->call != NULL;
    pthread_mutex_unlock(&mutex);
    return is_there;
}

static void order_free(struct xlsx_order *order)
{
    xlsx_drop(order->xlsx);
    rows_finish(&order->rows);
    if (order->file >= 0)
        close(order->file);
    free(order);
}

static void make(struct xlsx_order *order)
{
    struct store store = {0};
    const char *message;
    order->outcome = XLSX_BROKEN;
    order->fault = DB_FAULT_MEMORY;
    if (!FAILPOINT("xlsx.make") && store_open(&store, order->settings->data, DB_READER, &message)) {
        struct store *loops = order->call->store;
        order->call->store = &store; /* nobody else has the call now, and its own store is the loop's */
        order->outcome = gather(order);
        order->call->store = loops;
        order->fault = db_fault(store.db);
        store_close(&store);
    }
}

static void *xlsx_main(void *context)
{
    struct xlsx_order *order = context;
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* on Linux: of this thread */
    make(order);
    if (order->outcome == XLSX_WAITS)
        order->outcome = begin_packing(order) ? XLSX_WAITS : XLSX_GIVEN_UP;
    bool is_there = true;
    if (order->outcome == XLSX_WAITS) {
        bool made = xlsx_finish(order->xlsx, &order->file, &order->length);
        order->xlsx = NULL;
        order->outcome = made ? XLSX_MADE : XLSX_NO_ROOM;
        is_there = end_packing(order);
    }
    pthread_mutex_lock(&mutex);
    under_way--;
    pthread_mutex_unlock(&mutex);
    if (is_there)
        order->call->done(order->call);
    else
        order_free(order);
    return NULL;
}

void api_give_up(void)
{
    api_give_up_imports();
    pthread_mutex_lock(&mutex);
    ending = true;
    struct xlsx_order *given = packed;
    struct xlsx_order *next = NULL;
    packed = NULL;
    for (struct xlsx_order *order = given; order; order = next) {
        struct call *call = order->call;
        next = order->next;
        order->call = NULL;
        call->xlsx = NULL;
        call->xlsx_given_up = true;
        call->done(call);
    }
    pthread_mutex_unlock(&mutex);
}

/* --- the call ------------------------------------------------------------------------------------------------------
 */

static ssize_t read_nothing(void *context, char *data, size_t size)
{
    (void)context;
    (void)data;
    (void)size;
    return -1;
}

bool xlsx_order(struct call *call, const struct list_query *query)
{
    if (call->request->method == METHOD_HEAD) { /* nobody reads it */
        const struct body_stream body = {read_nothing, NULL, NULL, -1};
        answer_stream(call, 200, &body);
        return true;
    }
    struct xlsx_order *order = calloc(1, sizeof *order);
    if (!order)
        return false;
    *order = (struct xlsx_order){.call = call, .settings = call_settings(call), .file = -1};
    rows_begin(&order->rows, call, query);
    call->xlsx = order;
    return true;
}

bool call_depart(struct call *call)
{
    if (call->import)
        return import_depart(call);
    pthread_mutex_lock(&mutex);
    bool starts = under_way < XLSX_AT_ONCE && !ending;
    under_way += starts;
    pthread_mutex_unlock(&mutex);
    pthread_attr_t attributes;
    pthread_t thread;
    if (!starts)
        return false;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    starts = pthread_create(&thread, &attributes, xlsx_main, call->xlsx) == 0;
    pthread_attr_destroy(&attributes);
    if (!starts) {
        pthread_mutex_lock(&mutex);
        under_way--;
        pthread_mutex_unlock(&mutex);
    }
    return starts;
}

void xlsx_make_here(struct call *call)
{
    struct xlsx_order *order = call->xlsx;
    make(order);
    if (order->outcome != XLSX_WAITS)
        return;
    order->outcome = xlsx_finish(order->xlsx, &order->file, &order->length) ? XLSX_MADE : XLSX_NO_ROOM;
    order->xlsx = NULL;
}

static ssize_t read_file(void *context, char *data, size_t size)
{
    const struct xlsx_order *order = context;
    ssize_t length = read(order->file, data, size);
    return length;
}

void xlsx_answer(struct call *call)
{
    struct xlsx_order *order = call->xlsx;
    const struct body_stream body = {read_file, NULL, order, order ? order->length : 0};
    if (!order || order->outcome != XLSX_MADE)
        call->response->header_count = 0;
    switch (order ? order->outcome : XLSX_GIVEN_UP) {
    case XLSX_MADE:
        lseek(order->file, 0, SEEK_SET);
        answer_stream(call, 200, &body);
        return;
    case XLSX_TOO_LONG:
        violation_add_parameter(&call->violations, "query.invalid", "format",
                                "A sheet holds %d records: narrow the list down by filters or 'limit', or take another "
                                "format.",
                                XLSX_ROWS_MAX);
        answer_violations(call);
        return;
    case XLSX_BROKEN:
        answer_fault(call, order->fault == DB_FAULT_NONE ? DB_FAULT_MEMORY : order->fault);
        return;
    case XLSX_NO_ROOM:
        answer_problem(call, 503, NULL, "There is no room, memory or library to make the sheet; take another format.");
        return;
    case XLSX_WAITS:
    case XLSX_GIVEN_UP:
        break;
    }
    answer_problem(call, 503, NULL, "Too many sheets are being made, or the server ends. Try again.");
}

void xlsx_forget(struct call *call)
{
    if (call->xlsx)
        order_free(call->xlsx);
    call->xlsx = NULL;
}
