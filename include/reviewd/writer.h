/* The writer: one thread that runs every write, several to a transaction (group commit).
 *
 * A job is answered only after the COMMIT that holds it. Jobs never touch the HTTP library. */
#ifndef REVIEWD_WRITER_H
#define REVIEWD_WRITER_H

#include "reviewd/store.h"

enum job_result {
    JOB_KEEP,   /* what it wrote stays */
    JOB_REFUSE, /* it wrote nothing, and its answer stands */
    JOB_BREAK,  /* the database or memory failed: the whole group is rolled back, and run again job by job */
};

enum job_outcome {
    JOB_ANSWERED,    /* the job's own answer is true, and durable where it kept anything */
    JOB_FAILED,      /* nothing was stored; `fault` says why */
    JOB_UNKNOWN,     /* COMMIT failed in a way that leaves open what is stored */
    JOB_UNAVAILABLE, /* the writer is read-only since an unknown outcome */
    JOB_EXPIRED,     /* it waited beyond its deadline */
};

struct job {
    struct job *next;
    int64_t deadline_ms; /* monotonic */
    enum job_result result;
    enum job_outcome outcome;
    enum db_fault fault;

    /* It writes so much that its group ends with it: the others do not wait for more than one such, and the log can be
     * moved into the database in between. */
    bool heavy;
    /* It takes so long that it has a transaction of its own: nobody's answer waits for its COMMIT, and what waits for
     * its turn meanwhile is given the time in addition to its deadline. It calls writer_moves(). */
    bool alone;
    int64_t held_ms; /* the writer's own: how long such jobs had held it when this one came */
    /* Whatever the job writes is to be taken back. */
    bool rehearsal;
    /* In the group's transaction. It may be run again from its beginning, where another job broke the group. Who
     * refuses has written nothing. */
    enum job_result (*run)(struct job *job, struct store *store);
    /* After a refusal, still in the transaction: keeps what is to be kept of it; may be NULL. */
    bool (*keep_answer)(struct job *job, struct store *store);
    /* On the writer's thread, once the outcome is known. The job is not the writer's any more. */
    void (*done)(struct job *job);
};

struct writer;

struct writer_options {
    const char *data_folder;
    struct store *store; /* open to write: the writer takes it over; NULL: it opens one of its own */
    size_t queue_max;    /* jobs */
    size_t group_max;    /* jobs to a transaction */
    /* Now and then, about once a second, in a transaction of its own; may be NULL. */
    bool (*periodic)(void *context, struct store *store);
    void *context;
};

/* Figures for /metrics; read without a lock, each on its own is right. */
struct writer_figures {
    size_t queue_depth;
    uint64_t groups;
    uint64_t jobs;
    uint64_t commit_us_total;
    uint64_t commit_us_buckets[12]; /* up to 100 µs, and each twice the one before; the last: more */
    uint64_t group_buckets[8];      /* 1, 2, 4 … 64, more */
    int wal_pages;
    bool read_only;
    int64_t moved_ms; /* monotonic: when the writer last finished a round */
};

/* Opens the writer's connection and starts its thread. NULL on failure, *ret_message says why. */
struct writer *writer_create(const struct writer_options *options, const char **ret_message);

/* Finishes what is queued, then ends. Takes NULL. */
void writer_destroy(struct writer *writer);

/* False when the queue is full or the writer ends; the job is then still the caller's. Any thread. */
MUST_USE bool writer_submit(struct writer *writer, struct job *job);

/* From a job that takes long: that it moves. */
void writer_moves(struct writer *writer);

/* Groups stored so far: counted before any of a group is answered, so that who saw an answer sees it counted. */
uint64_t writer_groups(const struct writer *writer);

/* Whether the log has grown so long that readers had better let go of it after each read. */
bool writer_log_is_long(const struct writer *writer);

/* Whether it writes nothing any more, since it does not know what was stored. */
bool writer_is_read_only(const struct writer *writer);

/* Whether rows that are stored may be missing from the index of words: who searches had better have a job take them in
 * first (store_index_words()). */
bool writer_words_wait(const struct writer *writer);

void writer_figures(struct writer *writer, struct writer_figures *ret_figures);

/* Runs one job at once on a store of the caller's, in a transaction of its own: for the command line. The data
 * folder's checkpoint lock is held meanwhile. The outcome is in the job. */
void writer_run_alone(struct store *store, const char *data_folder, struct job *job);

#endif
