/* The event loops: as many threads as there are cores, each with a libmicrohttpd daemon of its own that is driven from
 * outside (its internal epoll threads stall when one epoll_wait returns exactly 128 events). */
#include "exchange.h"

#include "reviewd/clock.h"
#include "reviewd/failpoint.h"
#include "reviewd/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    POLL_MAX_MS = 1000,
};

/* --- listening ------------------------------------------------------------------------------------------------------
 */

/* `share`: with our other loops. Without it somebody else's socket is in the way, as it should be: SO_REUSEPORT alone
 * would let two daemons have the port by turns. */
static int listen_on(const struct addrinfo *address, bool share)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    int shared = share;
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof shared) == 0 &&
        bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static struct addrinfo *find_address(const char *text)
{
    char host[256];
    const char *port;
    if (!listen_split(text, host, sizeof host, &port))
        return NULL;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *address = NULL;
    return getaddrinfo(*host ? host : NULL, port, &hints, &address) == 0 ? address : NULL;
}

/* The port that the kernel chose is the one for all loops. */
static void take_port(int fd, struct addrinfo *address, char *ret_text, size_t size)
{
    char host[64] = "?";
    char port[16] = "?";
    socklen_t length = address->ai_addrlen;
    getsockname(fd, address->ai_addr, &length);
    getnameinfo(address->ai_addr, length, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(ret_text, size, address->ai_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static bool open_listeners(struct server *server)
{
    struct addrinfo *address = find_address(server->options.settings->listen);
    int alone = address ? listen_on(address, false) : -1;
    bool fine = alone >= 0;
    if (fine)
        close(alone);
    for (size_t i = 0; fine && i < server->loop_count; i++) {
        server->loops[i].listener = listen_on(address, true);
        fine = server->loops[i].listener >= 0;
        if (fine && i == 0)
            take_port(server->loops[0].listener, address, server->address, sizeof server->address);
    }
    if (address)
        freeaddrinfo(address);
    return fine;
}

/* --- one loop -------------------------------------------------------------------------------------------------------
 */

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    (void)connection;
    struct loop *loop = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct peer *peer = calloc(1, sizeof *peer); /* without it the library's own refusals stay its own */
        if (peer)
            peer->loop = loop;
        *socket_context = peer;
        atomic_fetch_add(&loop->server->connections, 1);
    } else {
        free(*socket_context);
        *socket_context = NULL;
        atomic_fetch_sub(&loop->server->connections, 1);
    }
}

static void log_library(void *context, const char *format, va_list arguments)
{
    (void)context;
    char text[300];
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    LOG(LOG_DEBUG, "microhttpd", LOG_TEXT("detail", text));
}

static bool start_daemon(struct loop *loop)
{
    const struct settings *settings = loop->server->options.settings;
    loop->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, exchange_handle, loop,
        MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL, MHD_OPTION_LISTEN_SOCKET, loop->listener,
        MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, loop, MHD_OPTION_NOTIFY_COMPLETED, exchange_end, loop,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, loop, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY_BYTES, MHD_OPTION_CONNECTION_LIMIT, (unsigned)settings->connections_max,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)settings->idle_timeout_s, MHD_OPTION_END);
    return loop->daemon != NULL;
}

static void resume_completed(struct loop *loop)
{
    pthread_mutex_lock(&loop->mutex);
    struct exchange *exchange = loop->completed;
    loop->completed = NULL;
    pthread_mutex_unlock(&loop->mutex);
    while (exchange) {
        struct exchange *next = exchange->next;
        if (exchange->phase == PHASE_WRITING)
            exchange->phase = PHASE_WRITTEN;
        atomic_fetch_sub(&loop->server->suspended, 1);
        FAILPOINT_PASS("resume.connection");
        MHD_resume_connection(exchange->connection);
        exchange = next;
    }
}

static int loop_timeout(struct loop *loop)
{
    MHD_UNSIGNED_LONG_LONG ms;
    if (MHD_get_timeout(loop->daemon, &ms) == MHD_YES && ms < POLL_MAX_MS)
        return (int)ms;
    return POLL_MAX_MS;
}

/* A loop that cannot wait any more cannot answer either: better a restart than connections that hang. */
static _Noreturn void loop_is_lost(const char *call)
{
    LOG(LOG_ERROR, "loop.lost", LOG_TEXT("call", call), LOG_TEXT("reason", error_text(errno)));
    abort();
}

static void *loop_main(void *context)
{
    struct loop *loop = context;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd ready[2] = {{.fd = info->epoll_fd, .events = POLLIN}, {.fd = loop->wake, .events = POLLIN}};
    /* A write that was taken in the very last round is waited for: the library ends with no connection suspended. */
    while (!atomic_load(&loop->server->ending) || atomic_load(&loop->server->suspended) > 0) {
        if (poll(ready, 2, loop_timeout(loop)) < 0 && errno != EINTR)
            loop_is_lost("poll");
        if (ready[1].revents & POLLIN) {
            uint64_t count;
            if (read(loop->wake, &count, sizeof count) < 0 && errno != EAGAIN)
                loop_is_lost("read");
        }
        if (atomic_load(&loop->server->draining) && !loop->quiet) {
            MHD_run(loop->daemon); /* whoever has connected by now is let in */
            /* On the loop's own thread: nobody else is in the library. Closed, so that nobody waits in vain. */
            close(MHD_quiesce_daemon(loop->daemon));
            loop->listener = -1;
            loop->quiet = true;
        }
        resume_completed(loop);
        MHD_run(loop->daemon);
        exchange_acknowledge(loop);
        api_worker_rest(loop->worker);
    }
    return NULL;
}

/* --- the server -----------------------------------------------------------------------------------------------------
 */

struct server *server_create(const struct server_options *options, char *ret_message, size_t message_size)
{
    struct server *server = calloc(1, sizeof *server);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    enum { LOOPS_MAX = 64 };
    size_t count = options->settings->workers ? (size_t)options->settings->workers : cores > 0 ? (size_t)cores : 1;
    count = count > LOOPS_MAX ? LOOPS_MAX : count;
    if (server)
        server->loops = calloc(count, sizeof *server->loops);
    if (!server || !server->loops) {
        snprintf(ret_message, message_size, "out of memory");
        server_destroy(server);
        return NULL;
    }
    if (!library_find()) {
        snprintf(ret_message, message_size, "libmicrohttpd is not the shared library that reviewd was made for");
        server_destroy(server);
        return NULL;
    }
    server->options = *options;
    server->loop_count = count;
    for (size_t i = 0; i < count; i++) {
        server->loops[i] =
            (struct loop){.server = server, .listener = -1, .wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
        pthread_mutex_init(&server->loops[i].mutex, NULL);
    }
    errno = 0;
    if (!open_listeners(server)) {
        snprintf(ret_message, message_size, "cannot listen on %s: %s", options->settings->listen,
                 errno ? error_text(errno) : "there is no such address");
        server_destroy(server);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const char *message = "no event descriptor";
        if (server->loops[i].wake < 0 ||
            !store_open(&server->loops[i].store, options->data_folder, DB_READER, &message)) {
            snprintf(ret_message, message_size, "cannot open the database to read: %s", message);
            server_destroy(server);
            return NULL;
        }
    }
    return server;
}

bool server_start(struct server *server, struct api *api, struct writer *writer)
{
    server->api = api;
    server->options.writer = writer;
    for (size_t i = 0; i < server->loop_count; i++) {
        struct loop *loop = &server->loops[i];
        loop->worker = api_worker_create(api, &loop->store);
        if (!loop->worker || !start_daemon(loop))
            return false;
    }
    for (size_t i = 0; i < server->loop_count; i++) {
        struct loop *loop = &server->loops[i];
        loop->started = pthread_create(&loop->thread, NULL, loop_main, loop) == 0;
        if (!loop->started)
            return false;
    }
    return true;
}

static void wake_all(struct server *server)
{
    uint64_t one = 1;
    for (size_t i = 0; i < server->loop_count; i++) {
        if (write(server->loops[i].wake, &one, sizeof one) < 0)
            LOG(LOG_ERROR, "wake.failed", LOG_TEXT("detail", error_text(errno)));
    }
}

void server_stop(struct server *server, int grace_ms)
{
    FAILPOINT_PASS("drain.begin");
    atomic_store(&server->draining, true);
    wake_all(server);
    int64_t until = clock_monotonic_us() / 1000 + grace_ms;
    /* Suspended connections must be resumed before the daemons stop, however long it takes: their jobs end. */
    while (atomic_load(&server->suspended) > 0 ||
           (atomic_load(&server->under_way) > 0 && clock_monotonic_us() / 1000 < until)) {
        if (clock_monotonic_us() / 1000 >= until)
            api_give_up();
        poll(NULL, 0, 5);
    }
    FAILPOINT_PASS("drain.end");
    atomic_store(&server->ending, true);
    wake_all(server);
    for (size_t i = 0; i < server->loop_count; i++) {
        struct loop *loop = &server->loops[i];
        if (loop->started)
            pthread_join(loop->thread, NULL);
        loop->started = false;
    }
    for (size_t i = 0; i < server->loop_count; i++) {
        struct loop *loop = &server->loops[i];
        if (loop->daemon) {
            loop->listener = -1; /* the library closes it */
            MHD_stop_daemon(loop->daemon);
        }
        loop->daemon = NULL;
        api_worker_destroy(loop->worker);
        loop->worker = NULL;
    }
}

void server_destroy(struct server *server)
{
    if (!server)
        return;
    for (size_t i = 0; server->loops && i < server->loop_count; i++) {
        struct loop *loop = &server->loops[i];
        while (loop->free) {
            struct exchange *exchange = loop->free;
            loop->free = exchange->next;
            arena_finish(&exchange->arena);
            buffer_finish(&exchange->response.body);
            free(exchange);
        }
        store_close(&loop->store);
        if (loop->listener >= 0)
            close(loop->listener);
        if (loop->wake >= 0)
            close(loop->wake);
        pthread_mutex_destroy(&loop->mutex);
    }
    free(server->loops);
    free(server);
}

const char *server_address(const struct server *server)
{
    return server->address;
}

bool server_is_ready(void *context)
{
    struct server *server = context;
    return !atomic_load(&server->draining);
}

void server_figures(void *context, struct transport_figures *ret_figures)
{
    struct server *server = context;
    *ret_figures = (struct transport_figures){.connections = atomic_load(&server->connections),
                                              .suspended = atomic_load(&server->suspended)};
}
