/* The load: HTTP/1.1 requests over kept connections to 127.0.0.1, from one thread. With --rate they are due at a
 * constant rate and timed from the moment when they are due (open loop), else each connection sends its next one when
 * the last is answered. Prints one line of JSON. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 4096,
    EVENTS_MAX = 256,
    HEAD_BYTES = 4096,
    GRACE_S = 5, /* for what is still under way at the end */
    SECONDS_MAX = 600,
    SUB_BITS = 7, /* the histogram tells values apart that differ by 1/128 */
    BUCKETS = (64 - SUB_BITS) << SUB_BITS,
};

static const int64_t SECOND = 1000000000;

struct requests {
    char **texts;
    size_t *lengths;
    size_t count;
    uint64_t next;
};

struct connection {
    int fd;
    bool writes;
    int64_t due; /* of the request under way */
    char head[HEAD_BYTES];
    size_t head_length;
    bool in_body;
    size_t body_left;
    bool chunked; /* then an answer ends with an empty chunk; no JSON has its bytes */
    char tail[5];
};

struct histogram {
    uint64_t buckets[BUCKETS];
    uint64_t count;
    uint64_t max;
};

struct load {
    int port;
    int connection_count;
    double seconds;
    double warmup;
    double rate;
    int write_percent;
    const char *token;
    struct requests reads;
    struct requests posts;
    int epoll;
    struct connection *connections;
    int idle[CONNECTIONS_MAX];
    int idle_count;
    int64_t begin, counted_from, end;
    uint64_t arrivals; /* sent so far */
    uint64_t total, counted, refused, bytes;
    struct histogram read_times;
    struct histogram post_times;
};

static char buffer[256 * 1024];

static void die(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

/* --- histogram ------------------------------------------------------------------------------------------------------
 */

static void record_time(struct histogram *histogram, uint64_t ns)
{
    int shift = 63 - __builtin_clzll(ns | 1) - SUB_BITS;
    shift = shift < 0 ? 0 : shift;
    histogram->buckets[((size_t)shift << SUB_BITS) + (size_t)(ns >> shift)]++;
    histogram->count++;
    histogram->max = ns > histogram->max ? ns : histogram->max;
}

static double percentile_us(const struct histogram *a, const struct histogram *b, double part)
{
    double wanted = part * (double)(a->count + b->count);
    uint64_t seen = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += a->buckets[i] + b->buckets[i];
        if ((double)seen < wanted || !seen)
            continue;
        size_t shift = i >> SUB_BITS ? (i >> SUB_BITS) - 1 : 0;
        return (double)((i - (shift << SUB_BITS)) << shift) / 1000.0;
    }
    return 0;
}

/* --- requests -------------------------------------------------------------------------------------------------------
 */

static void add_request(struct requests *requests, char *text)
{
    if ((requests->count & (requests->count - 1)) == 0) {
        size_t room = requests->count ? requests->count * 2 : 1;
        requests->texts = realloc(requests->texts, room * sizeof *requests->texts);
        requests->lengths = realloc(requests->lengths, room * sizeof *requests->lengths);
    }
    if (!requests->texts || !requests->lengths || !text)
        die("out of memory");
    requests->texts[requests->count] = text;
    requests->lengths[requests->count++] = strlen(text);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;
    if (!file || getdelim(&text, &size, '\0', file) < 0)
        die("a file cannot be read");
    fclose(file);
    return text;
}

/* One path a line; each is asked with GET, or posted to with the body. */
static void read_requests(struct requests *requests, const char *path, const char *token, const char *body)
{
    char *lines = read_file(path);
    char *rest = NULL;
    for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *text = NULL;
        int length;
        if (body)
            length = asprintf(&text,
                              "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
                              "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                              line, token, strlen(body), body);
        else
            length =
                asprintf(&text, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n", line, token);
        add_request(requests, length < 0 ? NULL : text);
    }
    free(lines);
}

/* --- connections ----------------------------------------------------------------------------------------------------
 */

static void open_connections(struct load *load)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    for (int i = 0; i < load->connection_count; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
            epoll_ctl(load->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
            die("cannot connect");
        load->connections[i].fd = fd;
        load->idle[load->idle_count++] = i;
    }
}

static void send_next(struct load *load, int64_t due)
{
    struct connection *connection = &load->connections[load->idle[--load->idle_count]];
    /* Spread evenly: of each hundred, every so-manieth is a write. */
    bool writes = load->arrivals * (unsigned)load->write_percent % 100 < (unsigned)load->write_percent;
    struct requests *requests = writes ? &load->posts : &load->reads;
    size_t at = requests->next++ % requests->count;
    load->arrivals++;
    connection->writes = writes;
    connection->due = due;
    connection->head_length = 0;
    connection->in_body = false;
    connection->chunked = false;
    ssize_t sent = send(connection->fd, requests->texts[at], requests->lengths[at], MSG_NOSIGNAL);
    if (sent != (ssize_t)requests->lengths[at])
        die("a request cannot be sent");
}

static void note_answer(struct load *load, struct connection *connection)
{
    int64_t now = now_ns();
    if (strncmp(connection->head + 9, "20", 2) != 0) {
        if (load->refused++ == 0)
            fprintf(stderr, "load: first refusal: %.*s\n", (int)strcspn(connection->head, "\r"), connection->head);
    }
    load->total++;
    if (now >= load->counted_from && now < load->end)
        load->counted++;
    if (connection->due >= load->counted_from)
        record_time(connection->writes ? &load->post_times : &load->read_times, (uint64_t)(now - connection->due));
    load->idle[load->idle_count++] = (int)(connection - load->connections);
}

/* True when these bytes of a chunked body are its last. */
static bool take_chunks(struct connection *connection, const char *data, size_t length)
{
    size_t size = sizeof connection->tail;
    size_t kept = length < size ? size - length : 0;
    memmove(connection->tail, connection->tail + size - kept, kept);
    memcpy(connection->tail + kept, data + length - (size - kept), size - kept);
    return memcmp(connection->tail, "0\r\n\r\n", size) == 0;
}

/* Takes what has come of an answer; true when it is whole. */
static bool take(struct connection *connection, const char *data, size_t length)
{
    if (!connection->in_body) {
        size_t before = connection->head_length;
        size_t room = HEAD_BYTES - 1 - before;
        size_t copied = length < room ? length : room;
        memcpy(connection->head + before, data, copied);
        connection->head_length += copied;
        connection->head[connection->head_length] = '\0';
        char *end = strstr(connection->head, "\r\n\r\n");
        if (!end && !room)
            die("the head of an answer is too long");
        if (!end)
            return false;
        end[2] = '\0';
        const char *field = strcasestr(connection->head, "\r\nContent-Length:");
        connection->chunked = strcasestr(connection->head, "\r\nTransfer-Encoding: chunked") != NULL;
        if (!field && !connection->chunked)
            die("an answer of no known length");
        connection->body_left = field ? strtoul(field + 17, NULL, 10) : 0;
        connection->in_body = true;
        size_t of_head = (size_t)(end + 4 - connection->head) - before;
        data += of_head;
        length -= of_head;
        memset(connection->tail, 0, sizeof connection->tail);
    }
    if (connection->chunked)
        return take_chunks(connection, data, length);
    if (length > connection->body_left)
        die("more bytes than announced");
    connection->body_left -= length;
    return connection->body_left == 0;
}

static void on_readable(struct load *load, struct connection *connection)
{
    ssize_t length = recv(connection->fd, buffer, sizeof buffer, 0);
    if (length < 0 && errno == EAGAIN)
        return;
    if (length <= 0)
        die("the server closed a connection");
    load->bytes += (uint64_t)length;
    if (take(connection, buffer, (size_t)length))
        note_answer(load, connection);
}

/* --- the run --------------------------------------------------------------------------------------------------------
 */

static int64_t due_next(const struct load *load, int64_t now)
{
    return load->rate > 0 ? load->begin + (int64_t)((double)load->arrivals * 1e9 / load->rate) : now;
}

static void run(struct load *load)
{
    struct epoll_event events[EVENTS_MAX];
    for (;;) {
        int64_t now = now_ns();
        int64_t due = due_next(load, now);
        while (load->idle_count && due <= now && due < load->end) {
            send_next(load, due);
            due = due_next(load, now);
        }
        bool over = due >= load->end && load->idle_count == load->connection_count;
        if (over || now >= load->end + GRACE_S * SECOND)
            return;
        int64_t wait = load->idle_count && due < load->end ? due - now : SECOND / 10;
        wait = wait < 0 ? 0 : wait > SECOND / 10 ? SECOND / 10 : wait;
        struct timespec timeout = {.tv_nsec = wait};
        int count = epoll_pwait2(load->epoll, events, EVENTS_MAX, &timeout, NULL);
        if (count < 0 && errno != EINTR)
            die("epoll failed");
        for (int i = 0; i < count; i++)
            on_readable(load, &load->connections[events[i].data.u32]);
    }
}

static void print(const struct load *load)
{
    static const struct histogram none;
    const struct histogram *reads = &load->read_times;
    const struct histogram *posts = &load->post_times;
    uint64_t most = reads->max > posts->max ? reads->max : posts->max;
    printf("{\"total\": %lu, \"per_s\": %.1f, \"refused\": %lu, \"unanswered\": %d, \"bytes\": %lu, ", load->total,
           (double)load->counted / load->seconds, load->refused, load->connection_count - load->idle_count,
           load->bytes);
    printf("\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f, ",
           percentile_us(reads, posts, 0.5), percentile_us(reads, posts, 0.99), percentile_us(reads, posts, 0.999),
           (double)most / 1000.0);
    printf("\"read_p50_us\": %.1f, \"read_p99_us\": %.1f, ", percentile_us(reads, &none, 0.5),
           percentile_us(reads, &none, 0.99));
    printf("\"write_p50_us\": %.1f, \"write_p99_us\": %.1f}\n", percentile_us(posts, &none, 0.5),
           percentile_us(posts, &none, 0.99));
}

static void parse(struct load *load, int argc, char **argv)
{
    static const struct option names[] = {{"port", 1, NULL, 'p'},
                                          {"connections", 1, NULL, 'c'},
                                          {"seconds", 1, NULL, 's'},
                                          {"warmup", 1, NULL, 'w'},
                                          {"rate", 1, NULL, 'r'},
                                          {"reads", 1, NULL, 'g'},
                                          {"posts", 1, NULL, 'P'},
                                          {"body", 1, NULL, 'b'},
                                          {"token", 1, NULL, 't'},
                                          {"percent", 1, NULL, 'x'},
                                          {0}};
    const char *reads = NULL;
    const char *posts = NULL;
    const char *body = NULL;
    for (int name; (name = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (name == 'p')
            load->port = atoi(optarg);
        else if (name == 'c')
            load->connection_count = atoi(optarg);
        else if (name == 's')
            load->seconds = atof(optarg);
        else if (name == 'w')
            load->warmup = atof(optarg);
        else if (name == 'r')
            load->rate = atof(optarg);
        else if (name == 'g')
            reads = optarg;
        else if (name == 'P')
            posts = optarg;
        else if (name == 'b')
            body = optarg;
        else if (name == 't')
            load->token = optarg;
        else if (name == 'x')
            load->write_percent = atoi(optarg);
        else
            die("wrong usage");
    }
    bool fine = load->port > 0 && load->connection_count > 0 && load->connection_count <= CONNECTIONS_MAX &&
                load->seconds > 0 && load->seconds + load->warmup <= SECONDS_MAX && (posts == NULL) == (body == NULL) &&
                load->write_percent >= 0 && load->write_percent <= 100 && (posts || !load->write_percent);
    if (!fine)
        die("wrong usage");
    if (reads)
        read_requests(&load->reads, reads, load->token, NULL);
    if (posts)
        read_requests(&load->posts, posts, load->token, read_file(body));
    if ((!load->reads.count && load->write_percent < 100) || (posts && !load->posts.count))
        die("nothing to ask");
}

int main(int argc, char **argv)
{
    static struct load load = {.connection_count = 64, .seconds = 1, .token = "none"};
    parse(&load, argc, argv);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.connections = calloc((size_t)load.connection_count, sizeof *load.connections);
    if (load.epoll < 0 || !load.connections || prctl(PR_SET_TIMERSLACK, 1UL) != 0)
        die("cannot begin");
    open_connections(&load);
    load.begin = now_ns();
    load.counted_from = load.begin + (int64_t)(load.warmup * 1e9);
    load.end = load.counted_from + (int64_t)(load.seconds * 1e9);
    run(&load);
    print(&load);
    return 0;
}
