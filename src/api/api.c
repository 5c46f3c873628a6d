/* From request to answer: route, caller, query, body; then a read at once, or a job for the writer. */
#include "path.h"
#include "wait.h"
#include "worker.h"

#include "reviewd/clock.h"
#include "reviewd/id.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    NOT_FOUND_STEP_US = 64, /* more than a look for a record takes; a loop answers so many in a second all the same */
};

/* --- life ----------------------------------------------------------------------------------------------------------
 */

struct api *api_create(const struct api_options *options)
{
    struct api *api = calloc(1, sizeof *api);
    if (!api || !paths_init()) {
        free(api);
        return NULL;
    }
    api->options = *options;
    pthread_mutex_init(&api->mutex, NULL);
    return api;
}

void api_destroy(struct api *api)
{
    if (!api)
        return;
    pthread_mutex_destroy(&api->mutex);
    free(api->docs_bundle);
    free(api);
}

struct api_worker *api_worker_create(struct api *api, struct store *store)
{
    struct api_worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return NULL;
    worker->api = api;
    worker->store = store;
    worker->callers = caller_cache_create();
    if (!worker->callers) {
        free(worker);
        return NULL;
    }
    pthread_mutex_lock(&api->mutex);
    if (api->worker_count < WORKERS_MAX)
        api->workers[api->worker_count++] = worker;
    pthread_mutex_unlock(&api->mutex);
    return worker;
}

void api_worker_destroy(struct api_worker *worker)
{
    if (!worker)
        return;
    struct api *api = worker->api;
    pthread_mutex_lock(&api->mutex);
    for (size_t i = 0; i < api->worker_count; i++) {
        if (api->workers[i] == worker)
            api->workers[i] = api->workers[--api->worker_count];
    }
    pthread_mutex_unlock(&api->mutex);
    caller_cache_destroy(worker->callers);
    free(worker);
}

/* What a round of requests reads, it reads from one state of the database; but who was told of a write reads it. */
bool worker_look(struct api_worker *worker)
{
    const struct writer *writer = worker->api->options.writer;
    return !writer || store_snapshot(worker->store, writer_groups(writer));
}

void api_worker_rest(struct api_worker *worker)
{
    if (worker->api->options.writer)
        store_let_go(worker->store);
}

const struct settings *call_settings(const struct call *call)
{
    return call->api->options.settings;
}

struct keyring *call_keyring(const struct call *call)
{
    return call->api->options.keyring;
}

struct job *call_job(struct call *call)
{
    return &call->job;
}

void *call_context(struct call *call)
{
    return call->context;
}

/* --- routes --------------------------------------------------------------------------------------------------------
 */

static const char *const method_names[] = {
    [METHOD_GET] = "GET, HEAD",
    [METHOD_POST] = "POST",
    [METHOD_PATCH] = "PATCH",
};

static void answer_allow(struct call *call, const char *allow, bool patch, const char *post)
{
    response_add(call->response, "Allow", arena_format(call->arena, "%s, OPTIONS", allow));
    if (patch)
        response_add(call->response, "Accept-Patch", "application/merge-patch+json, application/json");
    if (post)
        response_add(call->response, "Accept-Post", post);
    if (call->request->method == METHOD_OPTIONS)
        call->response->status = 204;
    else
        answer_problem(call, 405, NULL, "This path knows %s.", response_get(call->response, "Allow"));
}

/* Finds the route, or answers 404, 405 or OPTIONS. */
static bool find_route(struct call *call)
{
    struct path path = {0};
    const char *target = call->request->target;
    enum method method = call->request->method == METHOD_HEAD ? METHOD_GET : call->request->method;
    char allow[64] = "";
    bool patch = false;
    const char *post = NULL;
    bool split = path_split(call->arena, target, &path);
    for (size_t i = 0; split && i < route_count; i++) {
        const char *keys[PATH_KEYS_MAX] = {0};
        if (!path_matches(i, &path, keys))
            continue;
        call->response->route = (int)i;
        if (routes[i].method == method) {
            call->route = &routes[i];
            memcpy(call->keys, keys, sizeof keys);
            call->path = arena_copy(call->arena, target, strcspn(target, "?"));
            /* Before all else, since every answer to a dry run says that it is one; check_query() says what is wrong.
             */
            (void)query_parse(call, strchr(target, '?') ? strchr(target, '?') + 1 : NULL);
            return true;
        }
        size_t length = strlen(allow);
        snprintf(allow + length, sizeof allow - length, "%s%s", length ? ", " : "", method_names[routes[i].method]);
        patch = patch || routes[i].method == METHOD_PATCH;
        if (routes[i].method == METHOD_POST)
            post = body_types(&routes[i]);
    }
    if (*allow)
        answer_allow(call, allow, patch, post);
    else
        answer_not_found(call);
    return false;
}

/* --- steps ---------------------------------------------------------------------------------------------------------
 */

static bool id_is_safe(const char *id)
{
    size_t length = strlen(id);
    return length >= 1 && length <= 128 &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:~+/=@") == length;
}

static void name_request(struct call *call)
{
    const char *sent = call->request->headers[HEADER_X_REQUEST_ID];
    if (sent && !call->request->repeated[HEADER_X_REQUEST_ID] && id_is_safe(sent)) {
        call->request_id = sent;
        return;
    }
    char made[17];
    request_id_make(made);
    call->request_id = arena_copy(call->arena, made, 16);
}

static bool find_caller(struct call *call)
{
    const struct request *request = call->request;
    bool open = call->route->open;
    if (open && call_settings(call)->operations_need_token)
        open = strcmp(call->route->path, "/healthz") == 0 || strncmp(call->route->path, "/problems", 9) == 0;
    if (open)
        return true;
    enum identity identity = IDENTITY_INVALID;
    if (call->worker->impersonated) {
        call->caller = *call->worker->impersonated;
        identity = call->caller.role || call->caller.is_console ? IDENTITY_KNOWN : IDENTITY_BROKEN;
    } else if (call->route->feed && feed_token_of(call)) {
        if (!request->headers[HEADER_AUTHORIZATION]) /* one credential, not two (RFC 6750, 2) */
            identity = caller_identify_feed(call->store, feed_token_of(call), &call->caller);
    } else if (!request->repeated[HEADER_AUTHORIZATION]) {
        identity =
            caller_identify(call->worker->callers, call->store, request->headers[HEADER_AUTHORIZATION], &call->caller);
    }
    call->view = policy_view(&call->caller);
    if (identity == IDENTITY_KNOWN && !request->body_let_go)
        return true;
    call->violations.count = 0; /* nobody known is told nothing of the query */
    switch (identity) {
    case IDENTITY_KNOWN: /* the token has become good since, or could not be looked up then */
        answer_problem(call, 503, NULL,
                       "Your token was not known when the body came in; nothing was stored. Try again.");
        break;
    case IDENTITY_MISSING:
        answer_problem(call, 401, NULL, "Send 'Authorization: Bearer' with a token made by 'reviewd token create'.");
        break;
    case IDENTITY_INVALID:
        answer_problem(call, 401, NULL,
                       "The token is none that is known, or it is expired, revoked, or of an inactive person.");
        break;
    case IDENTITY_BROKEN:
        answer_fault(call, db_fault(call->store->db));
        break;
    }
    return false;
}

bool api_knows_caller(struct api_worker *worker, const struct request *request)
{
    struct caller caller;
    return worker_look(worker) && !request->repeated[HEADER_AUTHORIZATION] &&
           caller_identify(worker->callers, worker->store, request->headers[HEADER_AUTHORIZATION], &caller) ==
               IDENTITY_KNOWN;
}

enum api_body api_expect(struct api_worker *worker, const struct request *request, int64_t *ret_max)
{
    const struct settings *settings = worker->api->options.settings;
    struct path path = {0};
    const char *keys[PATH_KEYS_MAX];
    if (request->method != METHOD_POST || !path_split(request->arena, request->target, &path))
        return API_BODY_TEXT;
    for (size_t i = 0; i < route_count; i++) {
        if ((!routes[i].takes_file && !routes[i].takes_import) || !path_matches(i, &path, keys))
            continue;
        *ret_max = routes[i].takes_import ? settings->import_max_bytes : settings->attachment_max_bytes;
        if (!api_knows_caller(worker, request))
            return API_BODY_UNWANTED;
        return routes[i].takes_import ? API_BODY_FILES : API_BODY_FILE;
    }
    return API_BODY_TEXT;
}

/* A read has its snapshot. Of a write no more than the caller is looked up here, and mostly not even that; and once it
 * is stored, no snapshot from before is of use to anybody. */
static bool may_look(struct call *call)
{
    const struct writer *writer = call->api->options.writer;
    if (writer && call->route->write)
        store_let_go_older(call->store, writer_groups(writer));
    else if (!worker_look(call->worker))
        answer_fault(call, db_fault(call->store->db));
    return !call->response->status;
}

static bool check_query(struct call *call)
{
    query_as_of(call);
    if (!call->route->open && !call->route->gives_file && !format_choose(call))
        return false;
    if (!call->violations.count || call->route->list)
        return true; /* a list goes on to say what else is wrong */
    answer_violations(call);
    return false;
}

static void answer_read(struct call *call)
{
    const struct stake nobody = {0};
    if (!call->route->open && !policy_allows(&call->caller, call->route->operation, &nobody)) {
        violation_add(&call->violations, "access.role", NULL, "Your role does not read this.");
        answer_violations(call);
        return;
    }
    bool fine = call->route->read(call);
    if (fine && !arena_failed(call->arena) && !buffer_failed(&call->response->body))
        return;
    call->response->header_count = 0;
    call->response->body.failed = false;
    if (call->response->stream.end)
        call->response->stream.end(call->response->stream.context);
    call->response->stream = (struct body_stream){0};
    answer_fault(call, fine || arena_failed(call->arena) ? DB_FAULT_MEMORY : db_fault(call->store->db));
}

static bool prepare_write(struct call *call)
{
    if (call->route->takes_import ? !import_parse(call)
        : call->route->takes_file ? !upload_parse(call)
                                  : !body_parse(call))
        return false;
    if (!key_read(call)) {
        answer_violations(call);
        return false;
    }
    if (call->route->verb)
        call->transition = resource_transition(call->route->resource, call->route->verb);
    if (!key_begin(call)) {
        violation_add(&call->violations, "idempotency.in_flight", NULL,
                      "The first request with this Idempotency-Key is still under way.");
        answer_violations(call);
        response_add(call->response, "Retry-After", "1");
        return false;
    }
    return true;
}

static void call_done(struct job *job)
{
    struct call *call = (struct call *)job;
    if (call->forgets_callers)
        caller_forget_all();
    call->done(call);
}

/* --- in and out ----------------------------------------------------------------------------------------------------
 */

static struct call *call_begin(struct api_worker *worker, struct request *request, struct response *response)
{
    struct call *call = arena_alloc(request->arena, sizeof *call);
    if (!call)
        return NULL;
    call->api = worker->api;
    call->worker = worker;
    call->request = request;
    call->response = response;
    call->arena = request->arena;
    call->store = worker->store;
    call->began_us = clock_monotonic_us();
    call->violations.arena = request->arena;
    response->route = -1;
    name_request(call);
    return call;
}

/* Memory ran out where not even a problem can be made. `stored`: after a COMMIT. */
static void answer_bare(struct response *response, bool stored)
{
    static const char nothing[] = "{\"type\":\"/problems/internal\",\"title\":\"Internal error\",\"status\":500,"
                                  "\"detail\":\"Memory is out; nothing was stored.\"}";
    static const char unknown[] =
        "{\"type\":\"/problems/outcome-unknown\",\"title\":\"Outcome unknown\",\"status\":503,"
        "\"detail\":\"Memory ran out after the write: send it again with the same "
        "Idempotency-Key, or read the record.\"}";
    const char *body = stored ? unknown : nothing;
    response->status = stored ? 503 : 500;
    response->header_count = 0;
    response->stream.read = NULL;
    response->static_body = body;
    response->static_length = strlen(body);
    response->unsent = 0;
    response_add(response, "Content-Type", "application/problem+json");
}

/* Whether its write is in the database. */
static bool is_stored(const struct call *call)
{
    if (call->import)
        return import_has_stored(call);
    return call->job.run == call_run && call->job.outcome == JOB_ANSWERED && call->job.result == JOB_KEEP;
}

/* It takes about a microsecond more to find that a record may not be seen than that there is none. So that nobody is
 * told by the time, a caller's "not found" takes whole steps, each longer than either does. */
static void even_out(const struct call *call)
{
    int64_t took_us = clock_monotonic_us() - call->began_us;
    int64_t until_us = call->began_us + (took_us / NOT_FOUND_STEP_US + 1) * NOT_FOUND_STEP_US;
    while (clock_monotonic_us() < until_us)
        continue;
}

static void finish(struct call *call)
{
    const struct writer *writer = call->api->options.writer;
    if (writer && writer_log_is_long(writer)) /* it cannot begin anew while anybody looks at it */
        api_worker_rest(call->worker);
    answer_finish(call);
    if (buffer_failed(&call->response->body) || arena_failed(call->arena)) {
        buffer_finish(&call->response->body);
        answer_bare(call->response, is_stored(call));
    }
    if (call->response->status == 404 && id_is_set(&call->caller.person_id))
        even_out(call);
}

enum api_next api_handle(struct api_worker *worker, struct request *request, struct response *response,
                         void (*done)(struct call *call), void *context, struct call **ret_call)
{
    struct call *call = call_begin(worker, request, response);
    *ret_call = call;
    if (!call) {
        answer_bare(response, false);
        return API_ANSWER;
    }
    call->now = instant_from_ms(clock_now_ms());
    call->today = instant_date(&call->now);
    if (find_route(call) && may_look(call) && find_caller(call) && check_query(call)) {
        if (call->route->write) {
            if (prepare_write(call))
                call->job.run = call->import ? import_begin : call_run;
        } else if (!read_waits(call)) {
            answer_read(call);
        }
    }
    call->done = done;
    call->context = context;
    if (call->job.run == import_begin && call->dry_run) /* of which nothing is on record */
        return API_APART;
    if (!call->job.run) {
        finish(call);
        return API_ANSWER;
    }
    call->job.rehearsal = call->dry_run;
    call->job.heavy = call->route->takes_file;
    call->job.keep_answer = call->route->write ? call_keep_answer : NULL;
    call->job.done = call_done;
    call->job.deadline_ms = clock_monotonic_us() / 1000 + call_settings(call)->write_timeout_ms;
    return API_WRITE;
}

void call_reset(struct call *call)
{
    call->response->status = 0;
    call->response->header_count = 0;
    call->response->body.length = 0;
    call->response->body.failed = false;
    call->violations.count = 0;
    call->replayed = false;
    call->parent = call->before = call->after = NULL;
}

/* On the worker's thread again, whose connection sees what its job stored. */
static void answer_done(struct call *call)
{
    call->store = call->worker->store;
    if (call->response->status) { /* the job has answered */
        if (is_stored(call) && !write_reveal(call))
            call->response->body.failed = true;
        return;
    }
    if (is_stored(call)) /* a failure is answered by answer_bare() */
        call->response->body.failed = !write_answer(call) || !write_reveal(call);
    else if (worker_look(call->worker))
        answer_read(call);
    else
        answer_fault(call, db_fault(call->store->db));
}

enum api_next call_answer(struct call *call)
{
    if (call->import && call->job.outcome == JOB_ANSWERED && import_next(call) == API_APART)
        return API_APART;
    key_end(call); /* before the answer is on its way: whoever has it may use the key again */
    if (read_waited_in_vain(call)) {
        call_reset(call);
        answer_problem(call, 503, NULL, "What is being written was waited for in vain. Try again.");
        finish(call);
        return API_ANSWER;
    }
    switch (call->job.outcome) {
    case JOB_ANSWERED:
        answer_done(call);
        break;
    case JOB_FAILED:
        call_reset(call);
        answer_fault(call, arena_failed(call->arena) ? DB_FAULT_MEMORY : call->job.fault);
        break;
    case JOB_UNKNOWN:
        call_reset(call);
        answer_problem(call, 503, "outcome-unknown",
                       "The database failed while it made this durable: whether it is stored is not known. Send it "
                       "again with the same Idempotency-Key once the server was restarted.");
        break;
    case JOB_UNAVAILABLE:
        call_reset(call);
        answer_problem(call, 503, NULL, "No writes are taken until the server is restarted; nothing was stored.");
        break;
    case JOB_EXPIRED:
        call_reset(call);
        answer_problem(call, 503, NULL, "The write waited too long; nothing was stored. Try again.");
        break;
    }
    finish(call);
    return API_ANSWER;
}

void call_refuse_busy(struct call *call)
{
    key_end(call);
    call_reset(call);
    answer_problem(call, 503, NULL, "Too many writes are waiting%s. Try again.",
                   call->route->write ? "; nothing was stored" : "");
    finish(call);
}

void call_finish(struct call *call)
{
    if (!call)
        return;
    key_end(call);
    import_forget(call);
}

void api_refuse(struct api_worker *worker, struct request *request, struct response *response, int status,
                const char *detail)
{
    struct call *call = call_begin(worker, request, response);
    response->close = true;
    if (!call) {
        answer_bare(response, false);
        return;
    }
    answer_problem(call, status, NULL, "%s", detail);
    finish(call);
}

static void done_alone(struct call *call)
{
    (void)call;
}

void api_call_alone(struct api_worker *worker, const char *data_folder, struct request *request,
                    struct response *response, const struct id *as_person)
{
    struct caller caller = {.is_console = !as_person};
    struct person_brief person;
    if (as_person && store_person(worker->store, as_person, request->arena, &person) == FOUND) {
        caller.person_id = person.id;
        caller.role = person.role;
        snprintf(caller.department, sizeof caller.department, "%s", person.department ? person.department : "");
    }
    worker->impersonated = &caller;
    struct call *call;
    enum api_next next = api_handle(worker, request, response, done_alone, NULL, &call);
    if (next == API_WRITE) {
        writer_run_alone(worker->store, data_folder, &call->job);
        next = call_answer(call);
    }
    if (next == API_APART) {
        import_run_here(call);
        next = call_answer(call);
    }
    assert(next == API_ANSWER);
    call_finish(call);
    worker->impersonated = NULL;
}
