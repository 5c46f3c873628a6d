/* The API without HTTP's library: a request in, an answer out, and writes as jobs for the writer. */
#ifndef REVIEWD_API_API_PUBLIC_H
#define REVIEWD_API_API_PUBLIC_H

#include "reviewd/http.h"
#include "reviewd/keyring.h"
#include "reviewd/settings.h"
#include "reviewd/writer.h"

struct api;
struct api_worker;
struct call;

/* What a request came to. */
enum api_next {
    API_ANSWER, /* the response is whole */
    API_WRITE,  /* the call is a job: hand it to the writer, then render */
    API_APART,  /* the call is to be left to a thread of its own, then rendered: call_depart() */
};

/* Figures that the transport knows, for /metrics. */
struct transport_figures {
    int64_t connections;
    int64_t suspended;
};

struct api_options {
    const struct settings *settings;
    struct writer *writer;                                                 /* NULL on the command line */
    struct keyring *keyring;                                               /* likewise: then nothing is signed */
    bool (*ready)(void *context);                                          /* for /readyz; NULL: always */
    void (*figures)(void *context, struct transport_figures *ret_figures); /* or NULL */
    /* How far an import is, now and then, on its thread; or NULL. */
    void (*progress)(void *context, int64_t done, int64_t lines);
    void *context;
};

/* Process-wide, once, before threads and before jansson makes anything: gives it its memory. */
void api_init(void);

/* Makes the API; texts that do not change (OpenAPI, the catalogue) are made here. NULL when memory is out. */
struct api *api_create(const struct api_options *options);
void api_destroy(struct api *api);

/* Of one thread: its read connection, its callers. `store` is borrowed, and may be NULL where nothing is read. */
struct api_worker *api_worker_create(struct api *api, struct store *store);
void api_worker_destroy(struct api_worker *worker);

/* After a round of requests: lets go of what they shared. */
void api_worker_rest(struct api_worker *worker);

/* Whether the request comes with a token that is good. */
bool api_knows_caller(struct api_worker *worker, const struct request *request);

/* How the body of a request is to be taken, by what its head says. */
enum api_body {
    API_BODY_TEXT,     /* gathered, if it is small */
    API_BODY_FILE,     /* a file: into request->upload */
    API_BODY_FILES,    /* a file, or a form with several of them: likewise */
    API_BODY_UNWANTED, /* a file of somebody unknown: not at all */
};
/* *ret_max: the bytes of a file that are taken. */
enum api_body api_expect(struct api_worker *worker, const struct request *request, int64_t *ret_max);

/* Handles a request whose body is complete. With API_WRITE *ret_call is to be submitted: its job's `done` calls
 * `done(call)` on the writer's thread. Request and response live until call_finish(). */
enum api_next api_handle(struct api_worker *worker, struct request *request, struct response *response,
                         void (*done)(struct call *call), void *context, struct call **ret_call);

struct job *call_job(struct call *call);
void *call_context(struct call *call);

/* Starts the thread that makes what the call asks for; its end calls the call's `done`. False where there are too many
 * of them. */
MUST_USE bool call_depart(struct call *call);

/* After the job's outcome is known, or its thread is done, on the worker's thread: makes the response whole, or says
 * that more is to be done apart. */
MUST_USE enum api_next call_answer(struct call *call);

/* The server ends and waits no longer: calls that are apart are done soon, and are answered 503. */
void api_give_up(void);

/* Where the writer would not take the job, or there can be no thread. */
void call_refuse_busy(struct call *call);

/* Frees what the call holds; its memory is the arena's. Takes NULL. */
void call_finish(struct call *call);

/* A refusal before there is a call: framing, too many connections. */
void api_refuse(struct api_worker *worker, struct request *request, struct response *response, int status,
                const char *detail);

/* Counts an answer that went out. */
void api_count(struct api_worker *worker, const struct response *response, enum method method, int64_t took_us);

/* Calls the API in this process, at once and in this thread: as a person with their rights, or as the command line
 * (NULL), which is nobody and may all. */
void api_call_alone(struct api_worker *worker, const char *data_folder, struct request *request,
                    struct response *response, const struct id *as_person);

/* The OpenAPI description (a text that lives as long as the process), and the catalogue as JSON. */
const char *api_openapi(size_t *ret_length);
bool api_catalogue(struct buffer *buffer);

/* Waits for imports that nobody waits for, at most so long; then they are given up. After the server has stopped and
 * before the writer ends. */
void api_finish_imports(int grace_ms);

/* Says of imports that a crash has broken off that they are. In the writer's transaction, at start and now and then. */
MUST_USE bool api_settle_imports(struct store *store, const char *data_folder);

/* The writer's housekeeping: forgets old answers, writes down tokens' last use. */
bool api_housekeeping(void *context, struct store *store);

#endif
