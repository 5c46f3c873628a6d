/* One request and its answer on one connection. */
#ifndef REVIEWD_TRANSPORT_EXCHANGE_H
#define REVIEWD_TRANSPORT_EXCHANGE_H

#include "reviewd/transport.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum phase {
    PHASE_HEAD,    /* the request line is known */
    PHASE_BODY,    /* the head is fine; the body comes in */
    PHASE_WRITING, /* suspended: its job is the writer's, or a thread's of its own */
    PHASE_WRITTEN, /* the job's outcome is known */
    PHASE_OVER,    /* the answer is queued */
};

/* What the library has for a connection, for the heads of a request and of its answer. For want of it, it closes the
 * connection in place of an answer: so what a request's takes is bounded, and what an answer's can do without gives
 * way. */
enum {
    CONNECTION_MEMORY_BYTES = 16 * 1024,
    HEAD_MAX_BYTES = 14 * 1024,
    HEADER_NOTE_BYTES = 64,   /* that the library keeps of each header, beside the header */
    ANSWER_HEAD_BYTES = 1024, /* of an answer's, but for what may be longer */
};

struct loop;
struct incoming;

/* One connection. The library carries it as the connection's socket context. */
struct peer {
    struct loop *loop;
    struct exchange *exchange; /* the one under way, or NULL */
};

struct exchange {
    struct exchange *next;  /* free, or completed */
    struct exchange *later; /* whose body may come later, too */
    bool is_later;
    struct loop *loop;
    struct MHD_Connection *connection;
    enum phase phase;
    struct arena arena;
    struct request request;
    const char *target; /* where the library has it; its end is found before the library decodes it */
    const char *target_end;
    size_t head_bytes; /* of the library's memory, so far */
    struct response response;
    struct buffer body;
    size_t body_seen;
    size_t body_max;           /* of a body that is gathered, or taken as a file */
    struct incoming *incoming; /* a file; NULL on other paths */
    struct call *call;
    bool busy;     /* the writer would not take it, or there can be no thread */
    bool stranger; /* its body is long and its token none */
    bool passing;  /* it ends before its answer is sent */
    bool counted;  /* among the server's requests under way */
    int64_t began_us;
};

/* One event-loop thread. All of libmicrohttpd's calls for its connections are made there. */
struct loop {
    struct server *server;
    pthread_t thread;
    bool started;
    bool quiet; /* accepts no more */
    int listener;
    int wake; /* eventfd */
    struct MHD_Daemon *daemon;
    struct store store;
    struct api_worker *worker;
    struct exchange *free;
    struct exchange *later; /* heads of this round that have a body */
    pthread_mutex_t mutex;
    struct exchange *completed; /* by the writer; under the mutex */
};

struct server {
    struct server_options options;
    struct api *api;
    struct loop *loops;
    size_t loop_count;
    char address[80];
    _Atomic bool draining;
    _Atomic bool ending;
    _Atomic int64_t connections;
    _Atomic int64_t suspended;
    _Atomic int64_t under_way;
    _Atomic int64_t incoming_bytes; /* of files on their way into the database */
};

/* The status with which the head of a request is to be refused, and why (framing.c); 0 where nothing is wrong with it.
 * Also fills the request's headers. Method and version as the library hands them over. */
int framing_check(struct exchange *exchange, const char *method, const char *version, const char **ret_detail);

/* Whether the lines behind the last chunk are headers as those of the head have to be. */
bool framing_check_trailers(const struct exchange *exchange);

/* Whether a Content-Length is one that framing_check() lets pass. */
bool content_length_is_plain(const char *value, size_t length);

/* Finds the functions of libmicrohttpd that refusal.c stands before; to be called before any daemon starts. */
bool library_find(void);

/* MHD_queue_response() for our own answers. */
enum MHD_Result response_queue(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response);

/* Counts a header of a request that comes in. False where its head is too long. */
bool exchange_has_room(struct MHD_Connection *connection, size_t header_length);

/* Queues a problem in place of an answer that the library makes by itself. MHD_NO where that cannot be done. */
enum MHD_Result exchange_refuse(struct MHD_Connection *connection, int status);

/* A body that is a file (upload.c): into request.upload, whose bytes lie in a file without a name.
 * Begins with the head; false when memory is out. What goes wrong later stands in request.upload. */
bool upload_begin(struct exchange *exchange, int64_t file_max, bool several);
void upload_take(struct exchange *exchange, const char *data, size_t length);
void upload_end(struct exchange *exchange);

/* Lets go of it, at whatever point. */
void upload_finish(struct exchange *exchange);

/* How long such a body may be, with what a form has beside its file. */
size_t upload_max(const struct exchange *exchange, int64_t file_max);

/* After each round: acknowledges the heads whose body has not come with them. */
void exchange_acknowledge(struct loop *loop);

/* Callbacks of libmicrohttpd (exchange.c). */
void *exchange_begin(void *loop, const char *target, struct MHD_Connection *connection);
enum MHD_Result exchange_handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                const char *version, const char *upload, size_t *upload_size, void **con_cls);
void exchange_end(void *context, struct MHD_Connection *connection, void **con_cls,
                  enum MHD_RequestTerminationCode code);

#endif
