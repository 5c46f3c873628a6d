/* Imports: POST /v1/imports and what becomes of it.
 *
 * The body is a file, or a form with several, in a spool (upload.c). A first job of the writer's stores the import's
 * own record as running; then a thread of its own reads the lines and has the writer store what they bring
 * (import_run.c), while the call waits, or not (Prefer: respond-async, RFC 7240). The record is brought to its end in
 * the transaction that stores the last of the lines. */
#include "import.h"

#include "reviewd/attachment.h"
#include "reviewd/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { IMPORTS_AT_ONCE = 2 };

/* For the process: what runs apart from its call. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t over = PTHREAD_COND_INITIALIZER;
static int under_way;
static bool ending;

bool run_is_over(const struct import_run *run)
{
    (void)run;
    pthread_mutex_lock(&mutex);
    bool is = ending;
    pthread_mutex_unlock(&mutex);
    return is;
}

/* A place among those at once; false where there is none. */
static bool take_place(void)
{
    pthread_mutex_lock(&mutex);
    bool taken = under_way < IMPORTS_AT_ONCE && !ending;
    under_way += taken;
    pthread_mutex_unlock(&mutex);
    return taken;
}

static void leave_place(void)
{
    pthread_mutex_lock(&mutex);
    under_way--;
    pthread_cond_broadcast(&over);
    pthread_mutex_unlock(&mutex);
}

void api_give_up(void)
{
    pthread_mutex_lock(&mutex);
    ending = true;
    pthread_mutex_unlock(&mutex);
}

void api_finish_imports(int grace_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until); /* which nobody sets */
    until.tv_sec += grace_ms / 1000;
    pthread_mutex_lock(&mutex);
    while (under_way && pthread_cond_clockwait(&over, &mutex, CLOCK_MONOTONIC, &until) == 0)
        continue;
    ending = true;
    while (under_way)
        pthread_cond_wait(&over, &mutex);
    pthread_mutex_unlock(&mutex);
}

static void run_free(struct import_run *run)
{
    if (run->reading)
        reader_close(&run->reader);
    spool_finish(&run->spool);
    plan_finish(&run->plan);
    progress_end(run->progress);
    arena_finish(&run->line_arena);
    arena_finish(&run->arena);
    if (run->has_place)
        leave_place();
    free(run);
}

void import_forget(struct call *call)
{
    if (call->import)
        run_free(call->import);
    call->import = NULL;
}

/* --- the request ---------------------------------------------------------------------------------------------------
 */

static const struct resource *collection_of(const char *name)
{
    size_t i = name ? import_collection(name, strlen(name)) : IMPORT_KINDS;
    return i < IMPORT_KINDS ? import_kind(i) : NULL;
}

enum source_type { SOURCE_UNKNOWN, SOURCE_CSV, SOURCE_NDJSON };

static enum source_type type_of(const char *type)
{
    static const char *const ndjson[] = {"application/x-ndjson", "application/ndjson", "application/jsonl"};
    if (type && media_type_is(type, "text/csv"))
        return SOURCE_CSV;
    for (size_t i = 0; type && i < COUNT_OF(ndjson); i++) {
        if (media_type_is(type, ndjson[i]))
            return SOURCE_NDJSON;
    }
    return SOURCE_UNKNOWN;
}

/* A file of a form by its type, or else by its name: what clients declare of files they know little of is general. */
static enum source_type part_type(const struct upload_part *part)
{
    enum source_type type = type_of(part->type);
    return type == SOURCE_UNKNOWN && part->name ? type_of(import_type_by_name(part->name)) : type;
}

static void refuse_file(struct call *call, const char *format, const char *what)
{
    violation_add(&call->violations, "import.files", NULL, format, what);
}

static void add_part(struct import_run *run, const struct resource *resource, enum source_type type, int64_t begin,
                     int64_t end)
{
    run->parts[run->part_count++] =
        (struct import_part){.resource = resource, .csv = type == SOURCE_CSV, .begin = begin, .end = end};
}

static void take_form(struct call *call, struct import_run *run, const struct upload *upload,
                      const struct resource *asked)
{
    if (upload->field_count)
        refuse_file(call, "'%.60s' is no file; what an import takes beside files stands in the query.",
                    arena_text(call->arena, text_as_utf8(call->arena, upload->fields[0].name)));
    if (!upload->files)
        refuse_file(call, "The form has no file.%s", "");
    for (size_t i = 0; i < upload->files && i < UPLOAD_PARTS_MAX; i++) {
        const struct upload_part *part = &upload->parts[i];
        const char *field = text_as_utf8(call->arena, part->field);
        assert(field && "text_as_utf8() knows no NULL");
        const struct resource *resource = collection_of(field);
        enum source_type type = part_type(part);
        bool twice = false;
        for (size_t j = 0; j < run->part_count; j++)
            twice = twice || (resource && run->parts[j].resource == resource);
        if (!resource && strcmp(field, "file") != 0)
            refuse_file(call, "'%.60s' names no collection; a file of mixed records is called 'file'.", field);
        else if (twice)
            refuse_file(call, "There are two files of '%.60s'.", field);
        else if (type == SOURCE_UNKNOWN)
            refuse_file(call, "'%.60s' is neither text/csv nor application/x-ndjson.", field);
        else if (type == SOURCE_CSV && !resource && !asked)
            refuse_file(call, "A CSV is called after its collection: -F people=@%s.", "people.csv");
        add_part(run, resource ? resource : asked, type, part->offset,
                 i + 1 < upload->files ? upload->parts[i + 1].offset : upload->spool.length);
    }
}

/* What the query says. */
static const struct resource *read_query(struct call *call, bool *ret_partial)
{
    const char *name = query_get(call, "resource");
    const char *partial = query_get(call, "partial");
    const struct resource *resource = collection_of(name);
    if (name && !resource)
        violation_add_parameter(&call->violations, "query.invalid", "resource",
                                "'resource' is people, reviews, attendees, inputs, decisions, action-items, "
                                "amendments or follow-ups; without it each line says its own.");
    if (partial && strcmp(partial, "true") != 0 && strcmp(partial, "false") != 0)
        violation_add_parameter(&call->violations, "query.invalid", "partial", "'partial' is true or false.");
    *ret_partial = query_is_true(call, "partial");
    return resource;
}

static bool take_body(struct call *call, struct import_run *run, const struct upload *upload,
                      const struct resource *asked)
{
    enum source_type type = type_of(call->request->headers[HEADER_CONTENT_TYPE]);
    if (type == SOURCE_UNKNOWN) {
        response_add(call->response, "Accept-Post", body_types(call->route));
        answer_problem(call, 415, NULL, "Send CSV as text/csv or NDJSON as application/x-ndjson, in UTF-8, or a form.");
        return false;
    }
    if (type == SOURCE_CSV && !asked && !call->violations.count)
        violation_add_parameter(&call->violations, "query.invalid", "resource",
                                "A CSV is of one collection: say which in 'resource'.");
    add_part(run, asked, type, 0, upload->spool.length);
    return true;
}

/* The record as it begins. */
static bool describe(struct import_run *run, const struct upload *upload, const char *disposition)
{
    unsigned char digest[SHA256_BYTES];
    char hex[SHA256_HEX_BYTES];
    const char *wrong;
    struct import *record = &run->record;
    const char *sent = upload->form ? upload->name : disposition ? disposition_name(&run->arena, disposition) : NULL;
    bool single = run->part_count > 0;
    for (size_t i = 1; i < run->part_count; i++)
        single = single && run->parts[i].resource == run->parts[0].resource;
    if (single && run->parts[0].resource)
        record->resource = (unsigned)import_kind_of(run->parts[0].resource) + 1;
    if (sent && run->part_count == 1)
        record->name = attachment_name(&run->arena, text_as_utf8(&run->arena, sent), &wrong);
    spool_digest(&upload->spool, digest);
    digest_hex(digest, sizeof digest, hex);
    record->sha256 = arena_text(&run->arena, hex);
    record->size = (struct integer){true, upload->spool.length};
    record->status = IMPORT_RUNNING;
    record->lines = record->created = record->unchanged = record->refused = record->violation_count =
        (struct integer){true, 0};
    return !arena_failed(&run->arena);
}

static bool asks_async(const struct call *call)
{
    const char *prefer = call->request->headers[HEADER_PREFER];
    return prefer && header_lists(prefer, "respond-async") && !call->dry_run;
}

static struct import_run *make_run(struct call *call, const struct upload *upload)
{
    struct import_run *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    const struct stake nobody = {0};
    arena_init(&run->arena);
    arena_init(&run->line_arena);
    run->api = call->api;
    run->caller = call->caller;
    run->view = call->view;
    run->request_id = arena_text(&run->arena, call->request_id);
    run->violations.arena = &run->arena;
    run->line_max = (size_t)call_settings(call)->body_max_bytes;
    run->dry_run = call->dry_run;
    run->waits = !asks_async(call);
    run->history = policy_allows(&call->caller, OPERATION_IMPORT_HISTORY, &nobody);
    run->began = call->now;
    run->spool = upload->spool;
    run->spool.fd = upload->spool.fd >= 0 ? fcntl(upload->spool.fd, F_DUPFD_CLOEXEC, 0) : -1;
    run->alone = call->api->options.writer ? NULL : call->worker->store;
    return run;
}

/* For the Idempotency-Key: what the request brings, without all of it being read once more. */
static bool note_received(struct call *call, const struct import_run *run)
{
    struct received *received = arena_alloc(call->arena, sizeof *received);
    struct buffer text = {0};
    buffer_format(&text, "%s\n", run->record.sha256);
    for (size_t i = 0; i < run->part_count; i++)
        buffer_format(&text, "%s %d %lld\n", run->parts[i].resource ? run->parts[i].resource->name : "",
                      run->parts[i].csv, (long long)run->parts[i].begin);
    bool fine = received && !buffer_failed(&text);
    if (fine)
        received->text = arena_copy(call->arena, text.data, text.length);
    buffer_finish(&text);
    call->received = received;
    return fine && !arena_failed(call->arena);
}

static bool may_import(struct call *call)
{
    const struct stake nobody = {0};
    access_check(call, call->route, call->route->operation, &nobody);
    if (call->violations.count)
        answer_violations(call);
    return !call->violations.count;
}

/* The parts, and all that is wrong with them. False after answering. */
static bool take_parts(struct call *call, struct import_run *run, const struct upload *upload)
{
    bool partial;
    const struct resource *asked = read_query(call, &partial);
    run->record.partial = partial ? TRUTH_TRUE : TRUTH_FALSE;
    if (upload->form)
        take_form(call, run, upload, asked);
    else if (!take_body(call, run, upload, asked))
        return false;
    if (!call->violations.count && !upload->spool.length)
        violation_add(&call->violations, "import.empty", NULL, "There is nothing in the file.");
    if (call->violations.count)
        answer_violations(call);
    return !call->violations.count;
}

bool import_parse(struct call *call)
{
    const struct upload *upload = call->request->upload;
    if (!may_import(call) || upload_answer_fault(call, call_settings(call)->import_max_bytes))
        return false;
    if (!upload || call->request->headers[HEADER_CONTENT_ENCODING] || call->request->repeated[HEADER_CONTENT_TYPE]) {
        response_add(call->response, "Accept-Post", body_types(call->route));
        answer_problem(call, 415, NULL, "Send a file as it is, without a Content-Encoding and with one Content-Type.");
        return false;
    }
    struct import_run *run = call->import = make_run(call, upload);
    if (!run) {
        answer_problem(call, 500, NULL, "Memory is out; nothing was stored.");
        return false;
    }
    if (!take_parts(call, run, upload))
        return false;
    if (run->spool.fd < 0 || !describe(run, upload, call->request->headers[HEADER_CONTENT_DISPOSITION]) ||
        !note_received(call, run)) {
        answer_problem(call, 503, NULL, "The file cannot be taken in now; nothing was stored.");
        return false;
    }
    run->has_place = take_place();
    if (!run->has_place)
        answer_problem(call, 503, NULL, "%d imports are under way, or the server ends; try again.", IMPORTS_AT_ONCE);
    return run->has_place;
}

/* --- answers -------------------------------------------------------------------------------------------------------
 */

static void answer_record(struct call *call, const struct import_run *run, int status)
{
    struct buffer *body = &call->response->body;
    body->length = 0;
    record_render(body, &import_resource, &run->record, RENDER_SHOWN);
    response_add(call->response, "Location", arena_format(call->arena, "/v1/imports/%s", run->record.record.id.text));
    if (!buffer_failed(body))
        response_add(call->response, "ETag", etag_of(call->arena, body->data, body->length));
    answer_json(call, status, body);
}

static void answer_over(struct call *call, const struct import_run *run)
{
    const char *id = arena_text(call->arena, run->record.record.id.text);
    call->violations.count = 0;
    switch ((enum import_status)run->record.status) {
    case IMPORT_DONE:
        answer_record(call, run, 201);
        return;
    case IMPORT_REFUSED:
        for (size_t i = 0; i < run->listed.count; i++)
            violation_take(&call->violations, &run->listed.items[i]);
        answer_violations(call);
        break;
    case IMPORT_FAILED:
    case IMPORT_RUNNING:
        if (run->fault == DB_FAULT_FULL)
            answer_fault(call, DB_FAULT_FULL);
        else
            answer_problem(call, 503, NULL, "%s %s", run->broken ? run->broken : "The import was broken off.",
                           run->record.partial == TRUTH_TRUE ? "What was stored until then, its record says."
                                                             : "Nothing was stored.");
        break;
    }
    if (!run->dry_run)
        response_add(call->response, "Link", arena_format(call->arena, "</v1/imports/%s>; rel=\"describedby\"", id));
}

bool run_keep_answer(struct import_run *run)
{
    struct call *call = run->call;
    if (!call || !call->idempotency_key || run->dry_run || run->record.status == IMPORT_FAILED)
        return true;
    call_reset(call);
    answer_over(call, run);
    run->answered = !arena_failed(call->arena) && !buffer_failed(&call->response->body) && key_keep(call, run->store);
    return run->answered;
}

/* --- jobs and threads ----------------------------------------------------------------------------------------------
 */

/* The import is on record from here on, whatever becomes of it. What is done by slices or without anybody waiting has
 * its one effect also where the server is killed: a retry with the same key finds the record. */
enum job_result import_begin(struct job *job, struct store *store)
{
    struct call *call = (struct call *)job;
    struct import_run *run = call->import;
    struct import record = run->record;
    call_reset(call);
    call->store = store;
    if (call->idempotency_key) {
        enum found found = key_look_back(call, store);
        if (found != ABSENT)
            return found == BROKEN ? JOB_BREAK : JOB_REFUSE;
    }
    run->store = store;
    run_set_time(run);
    run->record.record = (struct record){0};
    const char *folder = call_settings(call)->data;
    bool fine = run_insert(run);
    progress_end(run->progress); /* of the first time, where it is run again */
    run->progress = fine ? progress_begin(folder, run->record.record.id.text) : NULL;
    bool keeps = fine && call->idempotency_key && (!run->waits || run->record.partial == TRUTH_TRUE);
    if (keeps) {
        answer_record(call, run, 202);
        fine = !buffer_failed(&call->response->body) && key_keep(call, store);
        call_reset(call);
    }
    if (fine)
        return JOB_KEEP;
    run->record = record;
    return JOB_BREAK;
}

static void *import_main(void *context)
{
    struct import_run *run = context;
    struct call *call = run->waits ? run->call : NULL;
    run_work(run);
    if (call)
        call->done(call); /* it is the call's again, and may be gone by now */
    else
        run_free(run);
    return NULL;
}

static bool start(struct import_run *run)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    bool started = pthread_create(&thread, &attributes, import_main, run) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

bool call_depart(struct call *call)
{
    call->import->call = call;
    call->import->departed = true;
    if (start(call->import))
        return true;
    call->import->departed = false;
    return false;
}

void import_run_here(struct call *call)
{
    call->import->call = call;
    call->import->departed = true;
    run_work(call->import);
}

enum api_next import_next(struct call *call)
{
    struct import_run *run = call->import;
    if (run->departed) {
        call->job.outcome = run->outcome == JOB_UNKNOWN ? JOB_UNKNOWN : JOB_ANSWERED;
        if (run->answered && run->outcome == JOB_ANSWERED)
            return API_ANSWER;
        call_reset(call);
        answer_over(call, run);
        return API_ANSWER;
    }
    if (call->response->status) /* of the first time, or refused for its key */
        return API_ANSWER;
    if (run->waits || run->alone)
        return API_APART;
    answer_record(call, run, 202);
    response_add(call->response, "Preference-Applied", "respond-async");
    call->import = NULL;
    if (!start(run)) { /* whoever looks finds nobody at it */
        run_free(run);
        call_reset(call);
        answer_problem(call, 503, NULL, "The import cannot be begun now; nothing was stored.");
    }
    return API_ANSWER;
}

bool import_has_stored(const struct call *call)
{
    const struct import_run *run = call->import;
    return run->departed && !run->dry_run && run->outcome == JOB_ANSWERED && run->record.created.value > 0;
}

/* --- what a crash has broken off -----------------------------------------------------------------------------------
 */

static bool settle(struct call *call, const struct id *id)
{
    struct import *record = record_fetch(call, &import_resource, id);
    if (!record)
        return false;
    record->status = IMPORT_FAILED;
    record->reason = record->partial == TRUTH_TRUE
                         ? "The server ended before the import was done; what is counted was stored."
                         : "The server ended before the import was done; nothing was stored.";
    record->finished_at = call->now;
    return record_update(call, &import_resource, record, "finish");
}

bool api_settle_imports(struct store *store, const char *data_folder)
{
    const struct id *ids;
    size_t count;
    struct arena arena;
    struct progress_figures figures;
    arena_init(&arena);
    bool fine = store_running_imports(store, &arena, &ids, &count);
    struct call call = {.arena = &arena, .store = store, .caller = {.is_console = true}, .view = view_all};
    call.now = instant_from_ms(clock_now_ms());
    call.today = instant_date(&call.now);
    for (size_t i = 0; fine && i < count; i++) {
        if (progress_look(data_folder, ids[i].text, &figures))
            continue;
        fine = settle(&call, &ids[i]);
        progress_forget(data_folder, ids[i].text);
    }
    arena_finish(&arena);
    return fine;
}

/* GET /v1/imports/{id}: while it runs, how far it is. */
bool read_import(struct call *call)
{
    struct import record = {0};
    struct progress_figures figures;
    if (call->view.as_of)
        return read_record(call);
    enum found found =
        store_load(call->store, &import_resource, call->keys[0], &call->view, &call->today, call->arena, &record);
    if (found == ABSENT)
        answer_not_found(call);
    if (found != FOUND)
        return found == ABSENT;
    if (record.status == IMPORT_RUNNING && progress_look(call_settings(call)->data, record.record.id.text, &figures)) {
        record.lines.value = figures.lines;
        record.created.value = figures.created;
        record.unchanged.value = figures.unchanged;
        record.refused.value = figures.refused;
    }
    record_render(&call->response->body, &import_resource, &record, RENDER_SHOWN);
    answer_json(call, 200, &call->response->body);
    return true;
}
