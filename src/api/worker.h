/* The API and its workers, from the inside. */
#ifndef REVIEWD_API_WORKER_H
#define REVIEWD_API_WORKER_H

#include "api.h"

#include <pthread.h>
#include <stdatomic.h>

enum { WORKERS_MAX = 64, STATUS_SLOTS = 26, LATENCY_SLOTS = 14, ROUTES_MAX = 160, KEY_BUCKETS = 256 };

/* What one worker has answered; another thread may read it at any time. */
struct counters {
    _Atomic uint64_t answers[ROUTES_MAX][STATUS_SLOTS];
    _Atomic uint64_t latency[ROUTES_MAX][LATENCY_SLOTS];
    _Atomic uint64_t latency_us[ROUTES_MAX];
};

struct api_worker {
    struct api *api;
    struct store *store;
    struct caller_cache *callers;
    const struct caller *impersonated; /* of in-process calls */
    struct counters counters;
};

/* A key whose first request is under way. */
struct key_in_flight {
    struct key_in_flight *next;
    const struct id *caller;
    const char *key;
};

struct api {
    struct api_options options;
    pthread_mutex_t mutex;
    struct key_in_flight *keys[KEY_BUCKETS];
    struct api_worker *workers[WORKERS_MAX];
    size_t worker_count;
    char *docs_bundle;
    size_t docs_bundle_length;
};

/* Lets the worker's store see one state of the database for the rest of this round, as new as what any caller was told
 * of. To be called by whoever reads outside api_handle(): a body that is made while it is sent. False on failure. */
MUST_USE bool worker_look(struct api_worker *worker);

/* The slot of a status in the counters, and back. */
size_t status_slot(int status);
int slot_status(size_t slot);

/* The upper bound of a latency slot in microseconds; 0 for the last, which has none. */
uint64_t latency_bound_us(size_t slot);

/* False where the caller's key has a request under way already; if not, it has from now on. */
bool key_begin(struct call *call);
void key_end(struct call *call);

/* As before its job ran. */
void call_reset(struct call *call);

/* The job of a write: replays, runs, keeps (idempotency.c). */
enum job_result call_run(struct job *job, struct store *store);
bool call_keep_answer(struct job *job, struct store *store);

/* FOUND: answered from what is kept for the call's key, or refused for it. */
MUST_USE enum found key_look_back(struct call *call, struct store *store);

/* Keeps the call's answer with its key. */
MUST_USE bool key_keep(struct call *call, struct store *store);

/* Reads the Idempotency-Key of a call; false after adding a violation. */
bool key_read(struct call *call);

#endif
