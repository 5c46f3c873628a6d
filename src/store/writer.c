#include "reviewd/writer.h"

#include "ask.h"

#include "reviewd/clock.h"
#include "reviewd/log.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    CHECKPOINT_PAGES = 4000,       /* when the queue is short */
    CHECKPOINT_PAGES_BUSY = 16000, /* whatever the queue */
    PERIOD_MS = 1000,
    PATIENCE_MS = 15000, /* with a command that writes for long; less than the watchdog's */
    WORDS_BATCH = 1024,  /* rows that wait for the index of words: the more at once, the fewer merges, for 3 ms */
};

struct writer {
    struct writer_options options;
    struct store store;
    pthread_t thread;

    pthread_mutex_t mutex; /* of these, up to held_ms */
    pthread_cond_t wake;
    struct job *first; /* of the queue */
    struct job **last;
    size_t depth;
    bool ending;
    int64_t held_ms; /* by jobs that are long, so far */

    /* The writer's thread alone. The mutex guards nothing in a word of theirs: compilers read flags by the word. */
    int64_t period_ends_ms;
    int64_t cuts_ms; /* when the log is to be cut, where something was erased */
    int checkpoint_lock;
    bool read_only;
    bool log_stays; /* a sync of what was moved out of the log has failed */

    _Atomic uint64_t groups;
    _Atomic uint64_t jobs;
    _Atomic uint64_t commit_us_total;
    _Atomic uint64_t commit_us_buckets[12];
    _Atomic uint64_t group_buckets[8];
    _Atomic int wal_pages;
    _Atomic bool is_read_only;
    _Atomic bool words_wait;
    _Atomic int64_t moved_ms;
};

/* --- one group ------------------------------------------------------------------------------------------------- */

static void settle(struct job *job, enum job_outcome outcome, enum db_fault fault)
{
    job->outcome = outcome;
    job->fault = fault;
}

/* A dry run: what it writes is taken back, and only that. */
static enum job_result run_aside(struct job *job, struct store *store)
{
    if (DB_FAILPOINT(store->db, "savepoint.open") || !db_run(store->db, "SAVEPOINT aside"))
        return JOB_BREAK;
    enum job_result result = job->run(job, store);
    store->head_known = false;
    store_forget(store);
    if (!db_in_transaction(store->db) || DB_FAILPOINT(store->db, "savepoint.rollback") ||
        !db_run(store->db, "ROLLBACK TO aside") || DB_FAILPOINT(store->db, "savepoint.release") ||
        !db_run(store->db, "RELEASE aside"))
        return JOB_BREAK;
    return result;
}

static enum job_result run_one(struct job *job, struct store *store)
{
    int64_t changes = db_changes(store->db);
    if (DB_FAILPOINT(store->db, "job.before"))
        return JOB_BREAK;
    enum job_result result = job->rehearsal ? run_aside(job, store) : job->run(job, store);
    assert((result != JOB_REFUSE || job->rehearsal || db_changes(store->db) == changes) &&
           "who refuses has written nothing");
    if (result == JOB_REFUSE && job->keep_answer && !job->keep_answer(job, store))
        return JOB_BREAK;
    return DB_FAILPOINT(store->db, "job.after") ? JOB_BREAK : result;
}

static void group_settle(struct job *group, enum job_outcome outcome, enum db_fault fault)
{
    for (struct job *job = group; job; job = job->next)
        settle(job, outcome, fault);
}

/* Made before it is needed: it may be for want of memory that a transaction is taken back. */
static const char rollback[] = "ROLLBACK";

/* Rolls back what is left of a transaction; false where even that fails. */
static bool give_up(struct store *store)
{
    store->head_known = false;
    store_forget(store);
    FAILPOINT_PASS("rollback");
    return !db_in_transaction(store->db) || db_run(store->db, rollback);
}

/* A COMMIT that did not fit, or met a lock or a broken reference, wrote nothing. All else leaves it open. */
static bool commit_wrote_nothing(enum db_fault fault)
{
    return fault == DB_FAULT_FULL || fault == DB_FAULT_BUSY || fault == DB_FAULT_CONSTRAINT;
}

/* A command may be writing (an import of many lines): it is waited for as long as the first job waits. */
static bool begin(struct store *store, const struct job *group)
{
    int64_t until = clock_monotonic_us() / 1000 + PATIENCE_MS;
    until = group->deadline_ms < until ? group->deadline_ms : until;
    for (;;) {
        if (DB_FAILPOINT(store->db, "begin.before"))
            return false;
        if (db_run(store->db, "BEGIN IMMEDIATE"))
            return true;
        if (db_fault(store->db) != DB_FAULT_BUSY || clock_monotonic_us() / 1000 >= until)
            return false;
    }
}

enum group_end {
    GROUP_STORED,
    GROUP_BROKEN,  /* rolled back; a job of it failed */
    GROUP_REFUSED, /* it did not come to a transaction: no job of it is to blame */
    GROUP_UNKNOWN, /* what is stored is not known */
};

/* A connection anew. Where memory was out, the full-text index of the old one may take what it holds in memory for
 * damage from then on, although the database is sound. Where there is no new one to be had, the old one writes no more
 * until there is: false. */
static bool renew(struct store *store, const char *data_folder)
{
    struct store fresh;
    const char *message;
    store->is_stale = true;
    if (!store_open(&fresh, data_folder, DB_WRITER, &message))
        return false;
    fresh.scrubs = store->scrubs;
    store_close(store);
    *store = fresh;
    return true;
}

/* Whether a transaction can be begun, and taken back. */
static bool is_fit(struct store *store, const char *data_folder)
{
    return (!store->is_stale || renew(store, data_folder)) && db_fixed(store->db, rollback);
}

/* Runs the jobs in one transaction; their outcomes are set, and nothing is answered yet. A job that breaks takes the
 * transaction with it: a savepoint for each job would undo it alone, and cost every other job half its speed (each
 * makes the full-text index write out what it has gathered). */
static enum group_end group_try(struct store *store, const char *data_folder, struct job *group, size_t words_batch)
{
    store->head_known = false;
    if (!is_fit(store, data_folder) || !begin(store, group)) {
        group_settle(group, JOB_FAILED, store->is_stale ? DB_FAULT_MEMORY : db_fault(store->db));
        return GROUP_REFUSED;
    }
    bool fine = !DB_FAILPOINT(store->db, "begin.after") && store_learn_ids(store);
    for (struct job *job = group; fine && job; job = job->next) {
        job->result = run_one(job, store);
        settle(job, JOB_ANSWERED, DB_FAULT_NONE);
        fine = job->result != JOB_BREAK && db_in_transaction(store->db);
    }
    enum group_end end = GROUP_BROKEN;
    fine = fine && (store_unindexed(store) < words_batch || store_index_words(store));
    if (fine && !DB_FAILPOINT(store->db, "commit.before") && db_run(store->db, "COMMIT") &&
        !DB_FAILPOINT(store->db, "commit.after"))
        return GROUP_STORED;
    enum db_fault fault = db_fault(store->db);
    if (fine && !commit_wrote_nothing(fault))
        end = GROUP_UNKNOWN;
    if (!give_up(store))
        end = GROUP_UNKNOWN;
    if (end == GROUP_BROKEN && (fault == DB_FAULT_MEMORY || fault == DB_FAULT_CORRUPT))
        (void)renew(store, data_folder);
    group_settle(group, end == GROUP_UNKNOWN ? JOB_UNKNOWN : JOB_FAILED, fault);
    return end;
}

/* Runs a group, and where it breaks each of its jobs for itself. False when an outcome is unknown. */
static bool group_run(struct store *store, const char *data_folder, struct job *group, size_t words_batch)
{
    enum group_end end = group_try(store, data_folder, group, words_batch);
    if (end != GROUP_BROKEN || !group->next)
        return end != GROUP_UNKNOWN;
    for (struct job *job = group; job && end != GROUP_UNKNOWN; job = job->next) {
        struct job *next = job->next;
        job->next = NULL;
        end = group_try(store, data_folder, job, words_batch);
        job->next = next;
        if (end == GROUP_UNKNOWN && next)
            group_settle(next, JOB_UNAVAILABLE, DB_FAULT_IO);
    }
    return end != GROUP_UNKNOWN;
}

static size_t bucket(uint64_t value, uint64_t first, size_t count)
{
    size_t i = 0;
    for (; i + 1 < count && value > first; i++)
        first *= 2;
    return i;
}

static void group_finish(struct writer *writer, struct job *group, size_t size, int64_t took_us)
{
    atomic_fetch_add(&writer->groups, 1);
    atomic_fetch_add(&writer->jobs, size);
    atomic_fetch_add(&writer->commit_us_total, (uint64_t)took_us);
    atomic_fetch_add(&writer->commit_us_buckets[bucket((uint64_t)took_us, 100, 12)], 1);
    atomic_fetch_add(&writer->group_buckets[bucket(size, 1, 8)], 1);
    atomic_store(&writer->wal_pages, db_wal_pages(writer->store.db));
    while (group) {
        struct job *job = group;
        group = job->next;
        FAILPOINT_PASS("resume.before");
        job->done(job);
    }
    FAILPOINT_PASS("resume.after");
}

static void go_read_only(struct writer *writer)
{
    writer->read_only = true;
    atomic_store(&writer->is_read_only, true);
    LOG(LOG_ERROR, "commit.outcome_unknown", LOG_TEXT("reason", db_message(writer->store.db)),
        LOG_TEXT("detail", "no more writes until restarted"));
}

static void group_answer(struct writer *writer, struct job *group, size_t size)
{
    int64_t began = clock_monotonic_us();
    if (writer->read_only) {
        for (struct job *job = group; job; job = job->next)
            settle(job, JOB_UNAVAILABLE, DB_FAULT_IO);
    } else if (!group_run(&writer->store, writer->options.data_folder, group, WORDS_BATCH)) {
        go_read_only(writer);
    }
    atomic_store(&writer->words_wait, store_unindexed(&writer->store) > 0);
    group_finish(writer, group, size, clock_monotonic_us() - began);
}

/* --- the thread ------------------------------------------------------------------------------------------------ */

/* Moves what is in the log into the database. Where its sync fails, the system gives up what it was to write, also what
 * was moved before by a checkpoint that readers cut short, and SQLite, which takes that for moved, would begin the log
 * anew. So nothing is moved any more: after a restart all of the log is.
 * SQLite before 3.51.3 can corrupt a log that one connection resets while another checkpoints: a guest in another
 * process holds this lock while it writes. */
static bool move_log(struct store *store)
{
    if (DB_FAILPOINT(store->db, "checkpoint.before"))
        return false;
    if (!store->scrubs || FAILPOINT("checkpoint.cut") || !db_cut_log(store->db))
        return db_sync_failed(store->db) || db_checkpoint(store->db); /* a failed sync is told of by itself */
    store->scrubs = false;
    return true;
}

static void checkpoint(struct writer *writer)
{
    writer->cuts_ms = clock_monotonic_us() / 1000 + PERIOD_MS;
    if (writer->read_only || writer->log_stays || flock(writer->checkpoint_lock, LOCK_EX | LOCK_NB) != 0)
        return;
    if (!move_log(&writer->store))
        LOG(LOG_WARNING, "checkpoint.failed", LOG_TEXT("reason", db_message(writer->store.db)));
    FAILPOINT_PASS("checkpoint.after");
    if (db_sync_failed(writer->store.db)) {
        writer->log_stays = true;
        LOG(LOG_ERROR, "checkpoint.stopped", LOG_TEXT("reason", db_message(writer->store.db)),
            LOG_TEXT("detail", "a sync failed; the log is kept whole, and grows, until restarted"));
    }
    flock(writer->checkpoint_lock, LOCK_UN);
    atomic_store(&writer->wal_pages, db_wal_pages(writer->store.db));
}

static void periodic(struct writer *writer)
{
    if (writer->read_only || !writer->options.periodic || !is_fit(&writer->store, writer->options.data_folder) ||
        !db_run(writer->store.db, "BEGIN IMMEDIATE"))
        return;
    bool fine = !DB_FAILPOINT(writer->store.db, "house.begin") && store_index_words(&writer->store) &&
                writer->options.periodic(writer->options.context, &writer->store);
    if (!fine || DB_FAILPOINT(writer->store.db, "house.commit.before") || !db_run(writer->store.db, "COMMIT") ||
        DB_FAILPOINT(writer->store.db, "house.commit.after")) {
        LOG(LOG_WARNING, "housekeeping.failed", LOG_TEXT("reason", db_message(writer->store.db)));
        if (fine && !commit_wrote_nothing(db_fault(writer->store.db)))
            go_read_only(writer);
        enum db_fault fault = db_fault(writer->store.db);
        if (give_up(&writer->store) && (fault == DB_FAULT_MEMORY || fault == DB_FAULT_CORRUPT))
            (void)renew(&writer->store, writer->options.data_folder);
        else if (db_in_transaction(writer->store.db))
            LOG(LOG_WARNING, "rollback.failed", LOG_TEXT("reason", db_message(writer->store.db)));
    }
    atomic_store(&writer->words_wait, store_unindexed(&writer->store) > 0);
}

/* Takes up to group_max jobs, waiting for the first. NULL: woken by time, or ending. */
static struct job *take_group(struct writer *writer, size_t *ret_size, bool *ret_busy)
{
    pthread_mutex_lock(&writer->mutex);
    int64_t now = clock_monotonic_us() / 1000;
    while (!writer->first && !writer->ending && now < writer->period_ends_ms) {
        struct timespec until = {.tv_sec = writer->period_ends_ms / 1000,
                                 .tv_nsec = writer->period_ends_ms % 1000 * 1000000};
        pthread_cond_timedwait(&writer->wake, &writer->mutex, &until);
        now = clock_monotonic_us() / 1000;
    }
    struct job *group = writer->first;
    size_t size = 0;
    struct job **end = &writer->first;
    for (bool last = false; *end && size < writer->options.group_max && !last; size++) {
        if ((*end)->alone && size)
            break;
        last = (*end)->heavy || (*end)->alone;
        end = &(*end)->next;
    }
    writer->first = *end;
    *end = NULL;
    if (!writer->first)
        writer->last = &writer->first;
    writer->depth -= size;
    *ret_busy = writer->depth > 0;
    *ret_size = size;
    pthread_mutex_unlock(&writer->mutex);
    return size ? group : NULL;
}

/* Answers the jobs that waited too long; the rest stays. What held the writer for long is not counted. */
static struct job *drop_expired(const struct writer *writer, struct job *group, size_t *size)
{
    int64_t now = clock_monotonic_us() / 1000;
    struct job *kept = NULL;
    struct job **end = &kept;
    while (group) {
        struct job *job = group;
        group = job->next;
        job->next = NULL;
        if (job->deadline_ms >= now - (writer->held_ms - job->held_ms)) {
            *end = job;
            end = &job->next;
            continue;
        }
        (*size)--;
        settle(job, JOB_EXPIRED, DB_FAULT_NONE);
        job->done(job);
    }
    return kept;
}

static void note_held(struct writer *writer, int64_t took_ms)
{
    pthread_mutex_lock(&writer->mutex);
    writer->held_ms += took_ms;
    pthread_mutex_unlock(&writer->mutex);
}

static void *writer_main(void *context)
{
    struct writer *writer = context;
    writer->store.scrubs = true; /* for all that is known: a crash may have come before the log was cut */
    for (;;) {
        size_t size;
        bool busy;
        struct job *group = take_group(writer, &size, &busy);
        group = drop_expired(writer, group, &size);
        bool alone = group && group->alone;
        int64_t began = clock_monotonic_us() / 1000;
        if (group)
            group_answer(writer, group, size);
        writer_moves(writer); /* what was long is over, and the next may be long, too */
        int pages = db_wal_pages(writer->store.db);
        int64_t now = clock_monotonic_us() / 1000;
        bool cuts = writer->store.scrubs && now >= writer->cuts_ms;
        if ((pages >= CHECKPOINT_PAGES && !busy) || pages >= CHECKPOINT_PAGES_BUSY || cuts)
            checkpoint(writer);
        now = clock_monotonic_us() / 1000;
        if (alone)
            note_held(writer, now - began);
        if (now >= writer->period_ends_ms) {
            periodic(writer);
            writer->period_ends_ms = now + PERIOD_MS;
        }
        atomic_store(&writer->moved_ms, now);
        pthread_mutex_lock(&writer->mutex);
        bool over = writer->ending && !writer->first;
        pthread_mutex_unlock(&writer->mutex);
        if (over)
            break;
    }
    writer->store.scrubs = true; /* with nothing left in the log, the next start has nothing to settle */
    checkpoint(writer);
    return NULL;
}

static bool take_store(struct writer *writer, const char **ret_message)
{
    struct store *given = writer->options.store;
    if (!given)
        return store_open(&writer->store, writer->options.data_folder, DB_WRITER, ret_message);
    writer->store = *given;
    *given = (struct store){0};
    return true;
}

struct writer *writer_create(const struct writer_options *options, const char **ret_message)
{
    struct writer *writer = calloc(1, sizeof *writer);
    if (!writer) {
        *ret_message = "out of memory";
        return NULL;
    }
    writer->options = *options;
    writer->last = &writer->first;
    writer->period_ends_ms = clock_monotonic_us() / 1000 + PERIOD_MS;
    atomic_store(&writer->moved_ms, clock_monotonic_us() / 1000);
    atomic_store(&writer->words_wait, true); /* for all that is known */
    writer->checkpoint_lock = store_open_checkpoint_lock(options->data_folder);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (writer->checkpoint_lock < 0) {
        *ret_message = "cannot make the checkpoint lock";
    } else if (!FAILPOINT("start.writer") && take_store(writer, ret_message)) {
        if (pthread_create(&writer->thread, NULL, writer_main, writer) == 0)
            return writer;
        *ret_message = "cannot make the writer's thread";
    }
    store_close(&writer->store);
    if (writer->checkpoint_lock >= 0)
        close(writer->checkpoint_lock);
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->mutex);
    free(writer);
    return NULL;
}

void writer_destroy(struct writer *writer)
{
    if (!writer)
        return;
    pthread_mutex_lock(&writer->mutex);
    writer->ending = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    store_close(&writer->store);
    close(writer->checkpoint_lock);
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->mutex);
    free(writer);
}

bool writer_submit(struct writer *writer, struct job *job)
{
    pthread_mutex_lock(&writer->mutex);
    bool taken = !FAILPOINT("queue") && !writer->ending && writer->depth < writer->options.queue_max;
    if (taken) {
        job->next = NULL;
        job->held_ms = writer->held_ms;
        *writer->last = job;
        writer->last = &job->next;
        if (writer->depth++ == 0)
            pthread_cond_signal(&writer->wake);
    }
    pthread_mutex_unlock(&writer->mutex);
    return taken;
}

void writer_moves(struct writer *writer)
{
    atomic_store(&writer->moved_ms, clock_monotonic_us() / 1000);
}

uint64_t writer_groups(const struct writer *writer)
{
    return atomic_load(&writer->groups);
}

bool writer_is_read_only(const struct writer *writer)
{
    return atomic_load(&writer->is_read_only);
}

bool writer_words_wait(const struct writer *writer)
{
    return atomic_load(&writer->words_wait);
}

bool writer_log_is_long(const struct writer *writer)
{
    return atomic_load(&writer->wal_pages) >= CHECKPOINT_PAGES_BUSY;
}

void writer_figures(struct writer *writer, struct writer_figures *ret_figures)
{
    pthread_mutex_lock(&writer->mutex);
    ret_figures->queue_depth = writer->depth;
    pthread_mutex_unlock(&writer->mutex);
    ret_figures->groups = atomic_load(&writer->groups);
    ret_figures->jobs = atomic_load(&writer->jobs);
    ret_figures->commit_us_total = atomic_load(&writer->commit_us_total);
    for (size_t i = 0; i < COUNT_OF(writer->commit_us_buckets); i++)
        ret_figures->commit_us_buckets[i] = atomic_load(&writer->commit_us_buckets[i]);
    for (size_t i = 0; i < COUNT_OF(writer->group_buckets); i++)
        ret_figures->group_buckets[i] = atomic_load(&writer->group_buckets[i]);
    ret_figures->wal_pages = atomic_load(&writer->wal_pages);
    ret_figures->read_only = atomic_load(&writer->is_read_only);
    ret_figures->moved_ms = atomic_load(&writer->moved_ms);
}

void writer_run_alone(struct store *store, const char *data_folder, struct job *job)
{
    int lock = store_lock_checkpoints(data_folder);
    if (lock < 0) {
        settle(job, JOB_FAILED, DB_FAULT_IO);
    } else {
        job->next = NULL;
        group_run(store, data_folder, job, 0);
    }
    if (lock >= 0)
        close(lock);
}
