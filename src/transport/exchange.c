#include "exchange.h"

#include "reviewd/clock.h"
#include "reviewd/log.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    DISCARD_MAX_BYTES = 64 * 1024 * 1024, /* of a body too large that is read to its end, so that the refusal arrives */
    CONNECTIONS_RESERVED = 16,
    STRANGER_MAX_BYTES = 32 * 1024,
    STREAM_BYTES = 32 * 1024, /* of a body that is made while it is sent */
    BODY_KEPT_BYTES = 4096,   /* of an answer's body, for the next answer; most are smaller */
};

/* --- begin and end -------------------------------------------------------------------------------------------------
 */

static enum method method_of(const char *name)
{
    static const char *const names[] = {
        [METHOD_GET] = "GET",       [METHOD_HEAD] = "HEAD", [METHOD_POST] = "POST",       [METHOD_PATCH] = "PATCH",
        [METHOD_DELETE] = "DELETE", [METHOD_PUT] = "PUT",   [METHOD_OPTIONS] = "OPTIONS",
    };
    for (int i = METHOD_GET; i <= METHOD_OPTIONS; i++) {
        if (strcmp(names[i], name) == 0)
            return (enum method)i;
    }
    return METHOD_OTHER;
}

/* An absolute-form target (RFC 9112, 3.2.2) names the same path. Where it has no host, or a user beside it, it is left
 * as it is, which is no path. */
static const char *target_path(const char *target)
{
    size_t scheme = strncasecmp(target, "http://", 7) == 0 ? 7 : strncasecmp(target, "https://", 8) == 0 ? 8 : 0;
    if (!scheme)
        return target;
    const char *path = target + scheme + strcspn(target + scheme, "/?");
    size_t host = strspn(target + scheme, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:[]");
    if (!host || target + scheme + host != path)
        return target;
    return *path == '/' ? path : "/";
}

static struct peer *peer_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

void *exchange_begin(void *context, const char *target, struct MHD_Connection *connection)
{
    struct loop *loop = context;
    struct exchange *exchange = loop->free;
    if (exchange) {
        loop->free = exchange->next;
    } else {
        exchange = calloc(1, sizeof *exchange);
        if (!exchange)
            return NULL;
        arena_init(&exchange->arena);
        exchange->loop = loop;
    }
    exchange->next = NULL;
    exchange->connection = connection;
    exchange->phase = PHASE_HEAD;
    exchange->request = (struct request){.arena = &exchange->arena, .method_name = "none"};
    exchange->request.target = arena_text(&exchange->arena, target_path(target));
    exchange->target = target;
    exchange->target_end = target + strlen(target);
    exchange->head_bytes = strlen(target) + HEADER_NOTE_BYTES;
    exchange->response = (struct response){.route = -1, .body = exchange->response.body};
    exchange->body_seen = 0;
    exchange->body_max = 0;
    exchange->incoming = NULL;
    exchange->call = NULL;
    exchange->busy = false;
    exchange->stranger = false;
    exchange->passing = false;
    exchange->began_us = clock_monotonic_us();
    exchange->counted = false;
    struct peer *peer = peer_of(connection);
    if (peer)
        peer->exchange = exchange;
    return exchange;
}

void exchange_end(void *context, struct MHD_Connection *connection, void **con_cls,
                  enum MHD_RequestTerminationCode code)
{
    (void)code;
    struct loop *loop = context;
    struct exchange *exchange = *con_cls;
    if (!exchange)
        return;
    *con_cls = NULL;
    exchange->phase = PHASE_OVER;
    struct peer *peer = peer_of(connection);
    if (peer && peer->exchange == exchange)
        peer->exchange = NULL;
    if (exchange->response.stream.end)
        exchange->response.stream.end(exchange->response.stream.context);
    call_finish(exchange->call);
    upload_finish(exchange);
    struct buffer *kept = &exchange->response.body;
    if (kept->capacity > BODY_KEPT_BYTES)
        buffer_finish(kept);
    kept->length = 0;
    kept->failed = false;
    buffer_finish(&exchange->body);
    arena_reset(&exchange->arena);
    exchange->next = loop->free;
    loop->free = exchange;
    if (exchange->counted)
        atomic_fetch_sub(&loop->server->under_way, 1);
}

/* --- back to the loop ----------------------------------------------------------------------------------------------
 */

/* On any thread: the loop goes on with the exchange, whose connection is suspended. */
static void hand_back(struct exchange *exchange)
{
    struct loop *loop = exchange->loop;
    pthread_mutex_lock(&loop->mutex);
    bool wake = loop->completed == NULL;
    exchange->next = loop->completed;
    loop->completed = exchange;
    pthread_mutex_unlock(&loop->mutex);
    uint64_t one = 1;
    if (wake && write(loop->wake, &one, sizeof one) < 0)
        LOG(LOG_ERROR, "wake.failed", LOG_TEXT("detail", "a loop could not be woken"));
}

/* On the thread of the writer, or of the call's own. */
static void on_done(struct call *call)
{
    hand_back(call_context(call));
}

/* The others of the loop first. */
static bool give_way(struct exchange *exchange)
{
    struct server *server = exchange->loop->server;
    if (atomic_load(&server->ending))
        return false;
    MHD_suspend_connection(exchange->connection);
    atomic_fetch_add(&server->suspended, 1);
    hand_back(exchange);
    return true;
}

/* --- answer --------------------------------------------------------------------------------------------------------
 */

static ssize_t read_stream(void *context, uint64_t position, char *data, size_t size)
{
    (void)position;
    struct exchange *exchange = context;
    struct body_stream *stream = &exchange->response.stream;
    ssize_t length = stream->read(stream->context, data, size);
    if (length == STREAM_LATER && give_way(exchange))
        return 0;
    if (length < 0)
        LOG(LOG_WARNING, "stream.broken", LOG_TEXT("request_id", response_get(&exchange->response, "X-Request-Id")));
    return length > 0 ? length : length == 0 ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
}

/* The library sends no body with a 304, and so asks for none. */
static ssize_t read_nothing(void *context, uint64_t position, char *buffer, size_t size)
{
    (void)context;
    (void)position;
    (void)buffer;
    (void)size;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *make_stream(struct exchange *exchange)
{
    struct response *response = &exchange->response;
    bool unsent = response->unsent != 0;
    int64_t length = unsent ? response->unsent : response->stream.length;
    struct MHD_Response *made =
        MHD_create_response_from_callback(length < 0 ? MHD_SIZE_UNKNOWN : (uint64_t)length, STREAM_BYTES,
                                          unsent ? read_nothing : read_stream, exchange, NULL);
    /* 0.9.75 ends even the chunks that do not follow a head: the client would take that for its next answer. */
    if (made && length < 0 && (unsent || exchange->request.method == METHOD_HEAD))
        MHD_set_response_options(made, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return made;
}

/* A link to the next page repeats the query, and a file's name may be long: beside a long request, a link is left out,
 * since the body has the cursor, and so is a name. NULL where all of a header gives way. */
static const char *as_it_fits(const struct response_header *header, size_t *taken)
{
    bool named = strcmp(header->name, "Content-Disposition") == 0;
    if (!named && strcmp(header->name, "Link") != 0)
        return header->value;
    bool fits = *taken + strlen(header->value) <= CONNECTION_MEMORY_BYTES;
    *taken += fits ? strlen(header->value) : 0;
    return fits ? header->value : named ? "attachment" : NULL;
}

static struct MHD_Response *make_response(struct exchange *exchange)
{
    struct response *response = &exchange->response;
    size_t taken = exchange->head_bytes + ANSWER_HEAD_BYTES; /* of the connection's memory */
    struct MHD_Response *made;
    if (response->unsent || response->stream.read) {
        made = make_stream(exchange);
    } else if (response->static_body) {
        made = MHD_create_response_from_buffer(response->static_length, (void *)(uintptr_t)response->static_body,
                                               MHD_RESPMEM_PERSISTENT);
    } else if (response->body.length && exchange->passing) {
        made = MHD_create_response_from_buffer(response->body.length, response->body.data, MHD_RESPMEM_MUST_FREE);
        if (made)
            response->body = (struct buffer){0};
    } else if (response->body.length) { /* the exchange ends when it was sent */
        made = MHD_create_response_from_buffer(response->body.length, response->body.data, MHD_RESPMEM_PERSISTENT);
    } else {
        made = MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    }
    for (size_t i = 0; made && i < response->header_count; i++) {
        const char *value = as_it_fits(&response->headers[i], &taken);
        if (value)
            MHD_add_response_header(made, response->headers[i].name, value);
    }
    if (made && (response->close || atomic_load(&exchange->loop->server->draining)))
        MHD_add_response_header(made, "Connection", "close");
    return made;
}

static void log_answer(const struct exchange *exchange, int64_t took_us)
{
    int status = exchange->response.status;
    enum log_level level = status >= 500 ? LOG_WARNING : LOG_DEBUG;
    if (!log_enabled(level))
        return;
    const char *request_id = response_get(&exchange->response, "X-Request-Id");
    LOG(level, "request", LOG_TEXT("request_id", request_id ? request_id : "none"),
        LOG_TEXT("method", exchange->request.method_name), LOG_NUMBER("status", status),
        LOG_NUMBER("took_us", took_us));
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
    int64_t took_us = clock_monotonic_us() - exchange->began_us;
    exchange->phase = PHASE_OVER;
    api_count(exchange->loop->worker, &exchange->response, exchange->request.method, took_us);
    log_answer(exchange, took_us);
    struct MHD_Response *response = make_response(exchange);
    if (!response)
        return MHD_NO;
    enum MHD_Result queued = response_queue(exchange->connection, (unsigned)exchange->response.status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result refuse(struct exchange *exchange, int status, const char *detail)
{
    api_refuse(exchange->loop->worker, &exchange->request, &exchange->response, status, detail);
    return send_answer(exchange);
}

/* What the library found wrong, as far as its status and the moment tell. `exchange`: NULL before there is a target. */
static const char *library_detail(int status, const struct exchange *exchange)
{
    switch (status) {
    case 400:
        if (!exchange)
            return "The first line is no method, target and version.";
        if (exchange->phase == PHASE_HEAD)
            return "A line of the head is no header.";
        return "The chunks of the body, or what follows them, cannot be read.";
    case 413:
        return "A chunk of the body is larger than the server takes.";
    case 414:
        return "The first line is longer than the server takes.";
    case 431:
        return "The headers are longer than the server takes.";
    case 505:
        return "The server speaks HTTP/1.1 and 1.0.";
    default:
        return "The request cannot be taken.";
    }
}

bool exchange_has_room(struct MHD_Connection *connection, size_t header_length)
{
    struct peer *peer = peer_of(connection);
    struct exchange *exchange = peer ? peer->exchange : NULL;
    if (!exchange)
        return true;
    exchange->head_bytes += header_length + HEADER_NOTE_BYTES;
    return exchange->head_bytes <= HEAD_MAX_BYTES;
}

/* The library says that the headers are too long; it is the first line where that takes the most. */
static int too_long(const struct exchange *exchange)
{
    size_t target = (size_t)(exchange->target_end - exchange->target);
    return target > exchange->head_bytes / 2 ? 414 : 431;
}

enum MHD_Result exchange_refuse(struct MHD_Connection *connection, int status)
{
    struct peer *peer = peer_of(connection);
    struct exchange *exchange = peer ? peer->exchange : NULL;
    if (!peer || (exchange && exchange->phase > PHASE_BODY))
        return MHD_NO;
    if (exchange && status == 431)
        status = too_long(exchange);
    const char *detail = library_detail(status, exchange);
    if (exchange) {
        const char *request_id = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Request-Id");
        if (exchange->phase == PHASE_HEAD && request_id) /* what there is of the headers is not gathered yet */
            exchange->request.headers[HEADER_X_REQUEST_ID] = arena_text(&exchange->arena, request_id);
        return refuse(exchange, status, detail);
    }
    exchange = exchange_begin(peer->loop, "", connection); /* for this answer alone: the library knows no request yet */
    if (!exchange)
        return MHD_NO;
    exchange->passing = true;
    enum MHD_Result queued = refuse(exchange, status, detail);
    void *over = exchange;
    exchange_end(peer->loop, connection, &over, MHD_REQUEST_TERMINATED_WITH_ERROR);
    return queued;
}

/* --- writes --------------------------------------------------------------------------------------------------------
 */

static bool leave(struct exchange *exchange, enum api_next next)
{
    if (next == API_APART)
        return call_depart(exchange->call);
    return writer_submit(exchange->loop->server->options.writer, call_job(exchange->call));
}

static enum MHD_Result submit(struct exchange *exchange, enum api_next next)
{
    struct server *server = exchange->loop->server;
    exchange->phase = PHASE_WRITING;
    /* Suspended before the job is queued: its answer may be there before this function returns. */
    MHD_suspend_connection(exchange->connection);
    atomic_fetch_add(&server->suspended, 1);
    if (leave(exchange, next))
        return MHD_YES;
    exchange->busy = true;
    exchange->phase = PHASE_WRITTEN;
    atomic_fetch_sub(&server->suspended, 1);
    MHD_resume_connection(exchange->connection);
    return MHD_YES;
}

/* --- the request as it comes in ------------------------------------------------------------------------------------
 */

/* A client that sends head and body apart with Nagle's algorithm on would wait 40 ms for our delayed ACK. Most send
 * both together: an ACK for each of those would be a twelfth of a loop's time. */
static void acknowledge_later(struct exchange *exchange)
{
    if (exchange->is_later)
        return;
    exchange->is_later = true;
    exchange->later = exchange->loop->later;
    exchange->loop->later = exchange;
}

/* An exchange that has ended since is still there, and then not in its body; or it is another one's by now. */
void exchange_acknowledge(struct loop *loop)
{
    while (loop->later) {
        struct exchange *exchange = loop->later;
        loop->later = exchange->later;
        exchange->is_later = false;
        if (exchange->phase != PHASE_BODY)
            continue;
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        int on = 1;
        if (info && setsockopt(info->connect_fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on) != 0)
            LOG(LOG_DEBUG, "quickack.failed", LOG_NUMBER("fd", info->connect_fd));
    }
}

/* A body that is too large is read to its end as long as it may become no longer than this. */
static size_t discard_max(const struct exchange *exchange)
{
    return exchange->body_max > DISCARD_MAX_BYTES ? exchange->body_max : DISCARD_MAX_BYTES;
}

/* Without the body, on which the answer does not depend: who asks first (RFC 9110, 10.1.1) is spared sending it. */
static enum MHD_Result answer_at_once(struct exchange *exchange)
{
    exchange->response.close = true;
    exchange->request.body_let_go = true;
    api_handle(exchange->loop->worker, &exchange->request, &exchange->response, on_done, exchange, &exchange->call);
    return send_answer(exchange);
}

static enum MHD_Result on_head(struct exchange *exchange, const char *method, const char *version)
{
    struct server *server = exchange->loop->server;
    struct request *request = &exchange->request;
    request->method = method_of(method);
    request->method_name = arena_text(&exchange->arena, method);
    exchange->counted = true; /* from its whole head on, a request is accepted: it is drained */
    atomic_fetch_add(&server->under_way, 1);
    const char *wrong;
    int status = framing_check(exchange, method, version, &wrong);
    if (status)
        return refuse(exchange, status, wrong);
    if (atomic_load(&server->connections) > server->options.settings->connections_max - CONNECTIONS_RESERVED)
        return refuse(exchange, 503, "There are too many connections; try again.");
    const char *length = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, "Content-Length");
    bool asks = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, "Expect") != NULL;
    int64_t file_max = 0;
    enum api_body body = api_expect(exchange->loop->worker, request, &file_max);
    bool is_file = body == API_BODY_FILE || body == API_BODY_FILES;
    exchange->body_max = is_file ? upload_max(exchange, file_max) : (size_t)server->options.settings->body_max_bytes;
    exchange->stranger = body == API_BODY_UNWANTED;
    if (exchange->stranger && asks)
        return answer_at_once(exchange);
    long long most = asks ? (long long)exchange->body_max : (long long)discard_max(exchange);
    if (length && strtoll(length, NULL, 10) > most)
        return refuse(exchange, 413, "The body is larger than the server takes.");
    if (is_file && !upload_begin(exchange, file_max, body == API_BODY_FILES))
        return MHD_NO;
    if (request->method == METHOD_POST || request->method == METHOD_PATCH)
        acknowledge_later(exchange);
    exchange->phase = PHASE_BODY;
    return MHD_YES;
}

static enum MHD_Result on_body(struct exchange *exchange, const char *data, size_t length)
{
    bool small = exchange->body_seen <= STRANGER_MAX_BYTES && !exchange->incoming && !exchange->stranger;
    exchange->body_seen += length;
    if (exchange->incoming && exchange->body_seen <= exchange->body_max) {
        upload_take(exchange, data, length);
        return MHD_YES;
    }
    upload_finish(exchange);
    /* A stranger's body is not gathered: what is answered, 401 or 404, does not depend on it. */
    if (small && exchange->body_seen > STRANGER_MAX_BYTES)
        exchange->stranger = !api_knows_caller(exchange->loop->worker, &exchange->request);
    if (exchange->stranger && exchange->body_seen <= DISCARD_MAX_BYTES) {
        buffer_finish(&exchange->body);
        return MHD_YES;
    }
    if (exchange->body_seen <= exchange->body_max) {
        buffer_add(&exchange->body, data, length);
        return MHD_YES;
    }
    exchange->request.body_too_large = true;
    buffer_finish(&exchange->body);
    return exchange->body_seen > discard_max(exchange) ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_end(struct exchange *exchange)
{
    exchange->request.body = exchange->body.data;
    exchange->request.body_length = exchange->body.length;
    exchange->request.body_let_go = exchange->stranger;
    if (buffer_failed(&exchange->body))
        return MHD_NO;
    upload_end(exchange);
    if (!framing_check_trailers(exchange))
        return refuse(exchange, 400, "A line behind the last chunk is no header.");
    /* A trailer without a name is the trailers' end for the library: the rest is not to be read as the next request. */
    if (MHD_get_connection_values(exchange->connection, MHD_FOOTER_KIND, NULL, NULL) > 0)
        exchange->response.close = true;
    enum api_next next =
        api_handle(exchange->loop->worker, &exchange->request, &exchange->response, on_done, exchange, &exchange->call);
    return next == API_ANSWER ? send_answer(exchange) : submit(exchange, next);
}

static enum MHD_Result on_written(struct exchange *exchange)
{
    enum api_next next = API_ANSWER;
    if (exchange->busy)
        call_refuse_busy(exchange->call);
    else
        next = call_answer(exchange->call);
    return next == API_ANSWER ? send_answer(exchange) : submit(exchange, next);
}

enum MHD_Result exchange_handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                const char *version, const char *upload, size_t *upload_size, void **con_cls)
{
    (void)context;
    (void)connection;
    (void)url;
    struct exchange *exchange = *con_cls;
    if (!exchange)
        return MHD_NO;
    switch (exchange->phase) {
    case PHASE_HEAD:
        return on_head(exchange, method, version);
    case PHASE_BODY:
        if (!*upload_size)
            return on_end(exchange);
        size_t length = *upload_size;
        *upload_size = 0;
        return on_body(exchange, upload, length);
    case PHASE_WRITTEN:
        return on_written(exchange);
    case PHASE_WRITING:
    case PHASE_OVER:
        break;
    }
    return MHD_YES;
}
