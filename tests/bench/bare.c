/* The bare server: libmicrohttpd as reviewd drives it (a daemon and an external epoll loop for each thread, on one
 * port by SO_REUSEPORT), that answers every request with the same bytes.
 *   bare THREADS BODY_BYTES     prints the port, and serves until it is ended or for an hour at most */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    THREADS_MAX = 64,
    BODY_MAX = 16 * 1024 * 1024,
    LIFE_S = 3600,
    CONNECTION_MEMORY_BYTES = 16 * 1024,
    BACKLOG = 1024
};

static char *body;
static size_t body_length;

static void die(const char *what)
{
    fprintf(stderr, "bare: %s\n", what);
    exit(1);
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **con_cls)
{
    static char seen;
    (void)context, (void)url, (void)method, (void)version, (void)upload, (void)upload_size;
    if (!*con_cls) { /* an answer to the head alone would close the connection */
        *con_cls = &seen;
        return MHD_YES;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(body_length, body, MHD_RESPMEM_PERSISTENT);
    if (!response || MHD_add_response_header(response, "Content-Type", "application/json") != MHD_YES)
        return MHD_NO;
    enum MHD_Result queued = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return queued;
}

static int listen_on(in_port_t *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = *port};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        die("cannot listen");
    *port = address.sin_port;
    return fd;
}

static void *loop(void *context)
{
    struct MHD_Daemon *daemon = context;
    struct pollfd ready = {.fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, .events = POLLIN};
    for (time_t end = time(NULL) + LIFE_S; time(NULL) < end;) {
        MHD_UNSIGNED_LONG_LONG ms;
        int timeout = MHD_get_timeout(daemon, &ms) == MHD_YES && ms < 1000 ? (int)ms : 1000;
        if (poll(&ready, 1, timeout) < 0 && errno != EINTR)
            break;
        MHD_run(daemon);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    int threads = argc == 3 ? atoi(argv[1]) : 0;
    body_length = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (threads < 1 || threads > THREADS_MAX || body_length < 1 || body_length > BODY_MAX)
        die("wrong usage");
    body = malloc(body_length);
    pthread_t ids[THREADS_MAX];
    in_port_t port = 0;
    if (!body || prctl(PR_SET_PDEATHSIG, 15) != 0)
        die("cannot begin");
    memset(body, 'x', body_length);
    for (int i = 0; i < threads; i++) {
        struct MHD_Daemon *daemon =
            MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, NULL, MHD_OPTION_LISTEN_SOCKET, listen_on(&port),
                             MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES, MHD_OPTION_END);
        if (!daemon || pthread_create(&ids[i], NULL, loop, daemon) != 0)
            die("cannot start a loop");
    }
    printf("%d\n", ntohs(port));
    fflush(stdout);
    for (int i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    return 0;
}
