/* src/store/writer.c: many jobs to a transaction, each answered for itself. */
#include "../world.h"

#include "reviewd/clock.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { THREADS = 4, EACH = 100, JOBS_MAX = THREADS * EACH };

/* A job that writes its number, and ends as it is told to. */
struct task {
    struct job job; /* first */
    int number;
    enum { WRITE, WRITE_AND_BREAK, REFUSE, REFUSE_AND_KEEP, ROLL_BACK_ALL, WAIT } what;
    int runs;
    atomic_int done;
};

static struct world world;
static struct writer *writer;
static struct task tasks[JOBS_MAX];
static sem_t gate;    /* a WAIT job goes on when it is posted */
static sem_t waiting; /* … and has posted this */
static sem_t ended;
static sem_t destroying;
static sem_t kept_house;

static bool period(void *context, struct store *store)
{
    (void)context;
    sem_post(&kept_house);
    return db_in_transaction(store->db);
}

static void begin(void)
{
    world_begin(&world);
    ck_assert(db_script(world.store.db,
                        "CREATE TABLE scratch (number INTEGER NOT NULL CHECK (number >= 0), kept INTEGER) STRICT"));
    memset(tasks, 0, sizeof tasks);
    sem_init(&gate, 0, 0);
    sem_init(&waiting, 0, 0);
    sem_init(&ended, 0, 0);
    sem_init(&destroying, 0, 0);
    sem_init(&kept_house, 0, 0);
}

static void open_writer(size_t queue_max, size_t group_max)
{
    const char *message = "";
    const struct writer_options options = {
        .data_folder = world.folder, .queue_max = queue_max, .group_max = group_max, .periodic = period};
    writer = writer_create(&options, &message);
    ck_assert_msg(writer != NULL, "%s", message);
}

static void end(void)
{
    writer_destroy(writer);
    writer = NULL;
    world_end(&world);
}

static bool put(struct store *store, int number, int kept)
{
    struct db_statement *statement = db_fixed(store->db, "INSERT INTO scratch (number, kept) VALUES ($1, $2)");
    if (!statement)
        return false;
    db_bind_integer(statement, 1, number);
    db_bind_integer(statement, 2, kept);
    enum db_step step = db_step(statement);
    db_reset(statement);
    return step == DB_DONE;
}

static enum job_result run(struct job *job, struct store *store)
{
    struct task *task = (struct task *)job;
    task->runs++;
    switch (task->what) {
    case WAIT:
        sem_post(&waiting);
        while (sem_wait(&gate) != 0)
            continue;
        return put(store, task->number, 0) ? JOB_KEEP : JOB_BREAK;
    case WRITE_AND_BREAK:
        return put(store, task->number, 0) && put(store, -1, 0) ? JOB_KEEP : JOB_BREAK;
    case ROLL_BACK_ALL:
        return put(store, task->number, 0) && db_run(store->db, "INSERT OR ROLLBACK INTO scratch (number) VALUES (-1)")
                   ? JOB_KEEP
                   : JOB_BREAK;
    case REFUSE:
    case REFUSE_AND_KEEP:
        return JOB_REFUSE;
    case WRITE:
        break;
    }
    return put(store, task->number, 0) ? JOB_KEEP : JOB_BREAK;
}

static bool keep_answer(struct job *job, struct store *store)
{
    return put(store, ((struct task *)job)->number, 1);
}

static void done(struct job *job)
{
    atomic_fetch_add(&((struct task *)job)->done, 1);
    sem_post(&ended);
}

static bool submit(int number, int what)
{
    struct task *task = &tasks[number];
    task->number = number;
    task->what = what;
    task->job.run = run;
    task->job.keep_answer = what == REFUSE_AND_KEEP ? keep_answer : NULL;
    task->job.done = done;
    if (!task->job.deadline_ms)
        task->job.deadline_ms = clock_monotonic_us() / 1000 + 60000;
    return writer_submit(writer, &task->job);
}

static void wait_for(int count)
{
    for (int i = 0; i < count; i++) {
        while (sem_wait(&ended) != 0)
            continue;
    }
}

/* The writer is held within its first job, so that the next ones gather behind it. */
static void hold(void)
{
    ck_assert(submit(0, WAIT));
    while (sem_wait(&waiting) != 0)
        continue;
}

static int64_t rows_of(int number)
{
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM scratch WHERE number = %d", number);
    return world_integer(&world, sql);
}

static void expect(int number, enum job_outcome outcome, int64_t rows)
{
    ck_assert_msg(atomic_load(&tasks[number].done) == 1, "job %d is answered %d times", number, tasks[number].done);
    ck_assert_msg(tasks[number].job.outcome == outcome, "job %d: outcome %d, not %d", number, tasks[number].job.outcome,
                  outcome);
    ck_assert_msg(rows_of(number) == rows, "job %d has %lld rows", number, (long long)rows_of(number));
}

/* --- groups --------------------------------------------------------------------------------------------------------
 */

static void *submit_many(void *context)
{
    for (int i = 0; i < EACH; i++) {
        while (!submit(*(int *)context + i, i % 10 == 9 ? REFUSE : WRITE))
            continue;
    }
    return NULL;
}

START_TEST(jobs_of_many_threads)
{
    pthread_t threads[THREADS];
    int first[THREADS];
    struct writer_figures figures;
    open_writer(1000, 16);
    for (int i = 0; i < THREADS; i++) {
        first[i] = i * EACH;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, submit_many, &first[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    wait_for(JOBS_MAX);
    for (int i = 0; i < JOBS_MAX; i++)
        expect(i, JOB_ANSWERED, i % 10 != 9);
    writer_figures(writer, &figures);
    ck_assert_uint_eq(figures.queue_depth, 0);
    ck_assert(!figures.read_only);
}
END_TEST

static const struct {
    size_t group_max;
    uint64_t groups;
} groupings[] = {{100, 2}, {20, 2}, {8, 4}, {1, 21}};

START_TEST(what_waits_is_written_together)
{
    struct writer_figures figures;
    open_writer(100, groupings[_i].group_max);
    hold();
    for (int i = 1; i <= 20; i++)
        ck_assert(submit(i, WRITE));
    writer_figures(writer, &figures);
    ck_assert_uint_eq(figures.queue_depth, 20);
    sem_post(&gate);
    wait_for(21);
    writer_figures(writer, &figures);
    ck_assert_uint_eq(figures.groups, groupings[_i].groups);
    ck_assert_uint_eq(figures.jobs, 21);
    for (int i = 0; i <= 20; i++)
        expect(i, JOB_ANSWERED, 1);
}
END_TEST

/* --- one among many ------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    int what;
    bool rehearsal;
    enum job_outcome outcome;
    int64_t rows;
    bool runs_again; /* the others, because of it */
} odd_ones[] = {
    {"refused", REFUSE, false, JOB_ANSWERED, 0, false},
    {"refused, its answer kept", REFUSE_AND_KEEP, false, JOB_ANSWERED, 1, false},
    {"a dry run", WRITE, true, JOB_ANSWERED, 0, false},
    {"broken after it wrote", WRITE_AND_BREAK, false, JOB_FAILED, 0, true},
    {"the whole transaction rolled back by SQLite", ROLL_BACK_ALL, false, JOB_FAILED, 0, true},
};

START_TEST(one_among_many)
{
    open_writer(100, 100);
    hold();
    for (int i = 1; i <= 9; i++) {
        tasks[i].job.rehearsal = i == 5 && odd_ones[_i].rehearsal;
        ck_assert(submit(i, i == 5 ? odd_ones[_i].what : WRITE));
    }
    sem_post(&gate);
    wait_for(10);
    for (int i = 0; i <= 9; i++) {
        if (i == 5)
            expect(i, odd_ones[_i].outcome, odd_ones[_i].rows);
        else
            expect(i, JOB_ANSWERED, 1);
    }
    ck_assert_int_eq(tasks[1].runs, odd_ones[_i].runs_again ? 2 : 1);
    ck_assert_int_eq(tasks[5].job.fault, odd_ones[_i].outcome == JOB_FAILED ? DB_FAULT_CONSTRAINT : DB_FAULT_NONE);
    ck_assert(submit(20, WRITE)); /* and it goes on */
    wait_for(1);
    expect(20, JOB_ANSWERED, 1);
}
END_TEST

/* --- limits --------------------------------------------------------------------------------------------------------
 */

START_TEST(a_full_queue_takes_no_more)
{
    open_writer(2, 100);
    hold();
    ck_assert(submit(1, WRITE));
    ck_assert(submit(2, WRITE));
    ck_assert(!submit(3, WRITE));
    sem_post(&gate);
    wait_for(3);
    ck_assert_int_eq(tasks[3].runs, 0);
    ck_assert_int_eq(atomic_load(&tasks[3].done), 0);
    ck_assert(submit(3, WRITE));
    wait_for(1);
    expect(3, JOB_ANSWERED, 1);
}
END_TEST

START_TEST(what_waited_too_long_is_not_run)
{
    open_writer(100, 100);
    hold();
    for (int i = 1; i <= 6; i++) {
        if (i % 2)
            tasks[i].job.deadline_ms = clock_monotonic_us() / 1000 - 1;
        ck_assert(submit(i, WRITE));
    }
    sem_post(&gate);
    wait_for(7);
    for (int i = 1; i <= 6; i++) {
        expect(i, i % 2 ? JOB_EXPIRED : JOB_ANSWERED, i % 2 ? 0 : 1);
        ck_assert_int_eq(tasks[i].runs, i % 2 ? 0 : 1);
    }
}
END_TEST

/* Nobody's answer waits for the COMMIT of a job that takes long. */
START_TEST(a_long_job_is_alone)
{
    struct writer_figures figures;
    open_writer(100, 100);
    hold();
    tasks[3].job.alone = true;
    for (int i = 1; i <= 5; i++)
        ck_assert(submit(i, WRITE));
    sem_post(&gate);
    wait_for(6);
    writer_figures(writer, &figures);
    ck_assert_uint_eq(figures.groups, 4); /* the first; 1 and 2; 3; 4 and 5 */
    for (int i = 0; i <= 5; i++)
        expect(i, JOB_ANSWERED, 1);
}
END_TEST

/* … and what waits meanwhile has its time all the same. */
START_TEST(the_time_of_a_long_job_is_not_counted)
{
    enum { MS = 200 };
    struct writer_figures before, after;
    open_writer(100, 100);
    tasks[0].job.alone = _i == 1;
    hold();
    for (int i = 1; i <= 3; i++) {
        tasks[i].job.deadline_ms = clock_monotonic_us() / 1000 + MS / 4;
        ck_assert(submit(i, WRITE));
    }
    writer_figures(writer, &before);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (sem_timedwait(&ended, &until) != 0 && errno != ETIMEDOUT)
        continue;
    writer_moves(writer);
    writer_figures(writer, &after);
    ck_assert_int_ge(after.moved_ms, before.moved_ms + MS / 2);
    sem_post(&gate);
    wait_for(4);
    for (int i = 1; i <= 3; i++)
        expect(i, _i == 1 ? JOB_ANSWERED : JOB_EXPIRED, _i == 1);
}
END_TEST

static void *destroy(void *context)
{
    (void)context;
    sem_post(&destroying);
    writer_destroy(writer);
    return NULL;
}

START_TEST(what_is_queued_is_finished_before_the_end)
{
    pthread_t thread;
    open_writer(1000, 4);
    hold();
    for (int i = 1; i <= 50; i++)
        ck_assert(submit(i, WRITE));
    ck_assert_int_eq(pthread_create(&thread, NULL, destroy, NULL), 0);
    int more = 51;
    while (sem_wait(&destroying) != 0)
        continue;
    while (more < JOBS_MAX - 1 && submit(more, WRITE)) { /* it may still be taken, until the end has begun */
        more++;
        sched_yield();
    }
    sem_post(&gate);
    pthread_join(thread, NULL);
    writer = NULL;
    for (int i = 0; i < more; i++)
        expect(i, JOB_ANSWERED, 1);
    ck_assert_int_eq(tasks[more].runs, 0);
}
END_TEST

/* The log cannot grow any more: the write fails at COMMIT, and what of it is stored is not known. */
START_TEST(after_an_unknown_outcome_nothing_is_written)
{
    struct writer_figures figures;
    open_writer(100, 100);
    ck_assert(submit(1, WRITE));
    wait_for(1);
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    const struct rlimit tight = {0, limit.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr)); /* it logs the failure */
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
    ck_assert(submit(2, WRITE));
    wait_for(1);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert(submit(3, WRITE));
    wait_for(1);
    expect(1, JOB_ANSWERED, 1);
    ck_assert_int_eq(tasks[2].job.outcome, JOB_UNKNOWN);
    expect(3, JOB_UNAVAILABLE, 0);
    ck_assert_int_eq(tasks[3].runs, 0);
    writer_figures(writer, &figures);
    ck_assert(figures.read_only);
}
END_TEST

START_TEST(housekeeping_is_done_about_once_a_second)
{
    int64_t began_us = clock_monotonic_us();
    open_writer(100, 100);
    for (int i = 0; i < 2; i++) {
        while (sem_wait(&kept_house) != 0)
            continue;
    }
    int64_t took_ms = (clock_monotonic_us() - began_us) / 1000;
    ck_assert_msg(took_ms >= 1900 && took_ms < 30000, "twice in %lld ms", (long long)took_ms);
}
END_TEST

START_TEST(a_folder_that_is_not_there)
{
    const char *message = NULL;
    const struct writer_options options = {.data_folder = "/nowhere", .queue_max = 1, .group_max = 1};
    ck_assert_ptr_null(writer_create(&options, &message));
    ck_assert_ptr_nonnull(message);
    writer_destroy(NULL);
}
END_TEST

Suite *writer_suite(void)
{
    Suite *suite = suite_create("store/writer");
    TCase *tcase = unit_case(suite, "writer");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, jobs_of_many_threads);
    tcase_add_loop_test(tcase, what_waits_is_written_together, 0, ROWS(groupings));
    tcase_add_loop_test(tcase, one_among_many, 0, ROWS(odd_ones));
    tcase_add_test(tcase, a_full_queue_takes_no_more);
    tcase_add_test(tcase, what_waited_too_long_is_not_run);
    tcase_add_test(tcase, a_long_job_is_alone);
    tcase_add_loop_test(tcase, the_time_of_a_long_job_is_not_counted, 0, 2);
    tcase_add_test(tcase, what_is_queued_is_finished_before_the_end);
    tcase_add_test(tcase, after_an_unknown_outcome_nothing_is_written);
    tcase_add_test(tcase, housekeeping_is_done_about_once_a_second);
    tcase_add_test(tcase, a_folder_that_is_not_there);
    return suite;
}
