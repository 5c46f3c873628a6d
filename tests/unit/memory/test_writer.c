/* src/store/writer.c where the database fails it: what is said of a write is what became of it, and the writer goes on,
 * or writes nothing more where it cannot know. */
#include "../world.h"
#include "shim.h"

#include "store/ask.h"

#include "reviewd/clock.h"
#include "reviewd/writer.h"

#include <poll.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* What fails from within a job on: what runs next is asked by the writer itself. */
struct failure {
    enum shim_source source;
    size_t at; /* 0: nothing */
    enum db_fault fault;
};

struct task {
    struct job job; /* first */
    int number;
    struct failure failure;
    bool once_broken; /* it comes only once the group was broken */
    bool asks;        /* the job itself meets it */
    bool breaks;      /* it breaks of its own accord */
    bool refuses;     /* it writes nothing, and its answer cannot be kept */
    bool leaves;      /* words to be taken into the index before COMMIT */
    bool ends;        /* the job ends the transaction, and calls itself done */
    bool moves;       /* the data folder goes away meanwhile */
    int runs;
};

static struct world world;
static struct task tasks[3];
static sem_t ended, waiting, gate, kept_house;
static char elsewhere[80];
static bool broken; /* the group, by a job that asked */

static void arm(const struct failure *failure)
{
    if (!failure->at)
        return;
    shim_fault(failure->fault);
    shim_arm(failure->source, failure->at, false);
}

static bool put(struct store *store, int number)
{
    struct db_statement *statement = db_fixed(store->db, "INSERT INTO scratch (number) VALUES ($1)");
    if (!statement)
        return false;
    db_bind_integer(statement, 1, number);
    enum db_step step = db_step(statement);
    db_reset(statement);
    return step == DB_DONE;
}

static enum job_result run(struct job *job, struct store *store)
{
    struct task *task = (struct task *)job;
    task->runs++;
    if (task->refuses)
        return JOB_REFUSE;
    if (!put(store, task->number))
        return JOB_BREAK;
    memset(store->unindexed, 0, sizeof store->unindexed); /* so that COMMIT comes next */
    store->unindexed[0] = task->leaves;
    if (task->once_broken && !broken)
        return JOB_KEEP;
    arm(&task->failure);
    broken = broken || task->asks;
    if (task->moves && rename(world.folder, elsewhere) != 0)
        abort();
    if (task->ends && !db_script(store->db, "ROLLBACK"))
        abort();
    return task->breaks || (task->asks && !db_run(store->db, "SELECT 1")) ? JOB_BREAK : JOB_KEEP;
}

static bool cannot_keep(struct job *job, struct store *store)
{
    (void)job;
    (void)store;
    return false;
}

static void done(struct job *job)
{
    (void)job;
    shim_disarm();
    sem_post(&ended);
}

static void begin(void)
{
    world_begin(&world);
    snprintf(elsewhere, sizeof elsewhere, "%s-elsewhere", world.folder);
    ck_assert(db_script(world.store.db, "CREATE TABLE scratch (number INTEGER NOT NULL) STRICT"));
    memset(tasks, 0, sizeof tasks);
    sem_init(&ended, 0, 0);
    sem_init(&waiting, 0, 0);
    sem_init(&gate, 0, 0);
    sem_init(&kept_house, 0, 0);
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr)); /* it logs the failures */
}

static void end(void)
{
    shim_disarm();
    world_end(&world);
}

static void task_begin(struct task *task, int number)
{
    task->number = number;
    task->job.run = run;
    task->job.done = done;
    task->job.deadline_ms = clock_monotonic_us() / 1000 + 60000;
}

static int64_t rows_of(int number)
{
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM scratch WHERE number = %d", number);
    return world_integer(&world, sql);
}

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0)
        continue;
}

/* --- one job -------------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    struct task task;
    struct failure before; /* from before the transaction on */
    enum job_outcome outcome;
    enum db_fault fault;
} rows[] = {
    {"all is well", {{0}}, {0}, JOB_ANSWERED, DB_FAULT_NONE},
    {"no transaction", {{0}}, {SHIM_RUN, 1, DB_FAULT_IO}, JOB_FAILED, DB_FAULT_IO},
    {"a lock, for a moment", {{0}}, {SHIM_RUN, 1, DB_FAULT_BUSY}, JOB_ANSWERED, DB_FAULT_NONE},
    {"no index of words", {.failure = {SHIM_RUN, 1, DB_FAULT_IO}, .leaves = true}, {0}, JOB_FAILED, DB_FAULT_IO},
    {"an answer that cannot be kept",
     {.job = {.keep_answer = cannot_keep}, .refuses = true},
     {0},
     JOB_FAILED,
     DB_FAULT_NONE},
    {"no room at COMMIT", {.failure = {SHIM_RUN, 1, DB_FAULT_FULL}}, {0}, JOB_FAILED, DB_FAULT_FULL},
    {"a lock at COMMIT", {.failure = {SHIM_RUN, 1, DB_FAULT_BUSY}}, {0}, JOB_FAILED, DB_FAULT_BUSY},
    {"a broken reference at COMMIT",
     {.failure = {SHIM_RUN, 1, DB_FAULT_CONSTRAINT}},
     {0},
     JOB_FAILED,
     DB_FAULT_CONSTRAINT},
    {"the disk is gone at COMMIT", {.failure = {SHIM_RUN, 1, DB_FAULT_IO}}, {0}, JOB_UNKNOWN, DB_FAULT_IO},
    {"no memory", {.failure = {SHIM_RUN, 1, DB_FAULT_MEMORY}, .asks = true}, {0}, JOB_FAILED, DB_FAULT_MEMORY},
    {"damage", {.failure = {SHIM_RUN, 1, DB_FAULT_CORRUPT}, .asks = true}, {0}, JOB_FAILED, DB_FAULT_CORRUPT},
    {"no memory, and no folder to open anew",
     {.failure = {SHIM_RUN, 1, DB_FAULT_MEMORY}, .asks = true, .moves = true},
     {0},
     JOB_FAILED,
     DB_FAULT_MEMORY},
    {"a transaction that is over", {.ends = true}, {0}, JOB_FAILED, DB_FAULT_NONE},
    {"dry, without a savepoint", {.job = {.rehearsal = true}}, {SHIM_RUN, 2, DB_FAULT_IO}, JOB_FAILED, DB_FAULT_IO},
    {"dry, and not taken back",
     {.job = {.rehearsal = true}, .failure = {SHIM_RUN, 1, DB_FAULT_IO}},
     {0},
     JOB_FAILED,
     DB_FAULT_IO},
    {"dry, its savepoint stays",
     {.job = {.rehearsal = true}, .failure = {SHIM_RUN, 2, DB_FAULT_IO}},
     {0},
     JOB_FAILED,
     DB_FAULT_IO},
    {"dry, and the transaction is over", {.job = {.rehearsal = true}, .ends = true}, {0}, JOB_FAILED, DB_FAULT_NONE},
    {"dry", {.job = {.rehearsal = true}}, {0}, JOB_ANSWERED, DB_FAULT_NONE},
};

START_TEST(one_job)
{
    struct task *task = &tasks[0];
    *task = rows[_i].task;
    task_begin(task, 7);
    arm(&rows[_i].before);
    writer_run_alone(&world.store, world.folder, &task->job);
    shim_disarm();
    if (task->moves)
        ck_assert_int_eq(rename(elsewhere, world.folder), 0);
    ck_assert_msg(task->job.outcome == rows[_i].outcome, "%s: %d", rows[_i].name, task->job.outcome);
    ck_assert_msg(task->job.fault == rows[_i].fault, "%s: fault %d", rows[_i].name, task->job.fault);
    ck_assert(!db_in_transaction(world.store.db));
    bool stored = task->job.outcome == JOB_ANSWERED && !task->job.rehearsal;
    ck_assert_msg(rows_of(7) == stored, "%s", rows[_i].name);
    task_begin(&tasks[1], 8); /* and it goes on */
    writer_run_alone(&world.store, world.folder, &tasks[1].job);
    ck_assert(tasks[1].job.outcome == JOB_ANSWERED && rows_of(8) == 1);
}
END_TEST

/* Whether all of a failed job is gone is not known where ROLLBACK fails. */
START_TEST(what_cannot_be_rolled_back)
{
    tasks[0] = (struct task){.failure = {SHIM_RUN, 1, DB_FAULT_IO}, .breaks = true};
    task_begin(&tasks[0], 7);
    writer_run_alone(&world.store, world.folder, &tasks[0].job);
    shim_disarm();
    ck_assert_int_eq(tasks[0].job.outcome, JOB_UNKNOWN);
    ck_assert(db_in_transaction(world.store.db) && db_script(world.store.db, "ROLLBACK"));
}
END_TEST

/* A command is waited for as long as the job itself may wait. */
START_TEST(somebody_else_writes)
{
    struct store other;
    const char *message;
    ck_assert(store_open(&other, world.folder, DB_GUEST, &message));
    ck_assert(db_run(other.db, "BEGIN IMMEDIATE"));
    task_begin(&tasks[0], 7);
    tasks[0].job.deadline_ms = clock_monotonic_us() / 1000 + 50;
    writer_run_alone(&world.store, world.folder, &tasks[0].job);
    ck_assert(tasks[0].job.outcome == JOB_FAILED && tasks[0].job.fault == DB_FAULT_BUSY);
    ck_assert(db_run(other.db, "ROLLBACK"));
    store_close(&other);
}
END_TEST

START_TEST(no_lock_to_be_had)
{
    task_begin(&tasks[0], 7);
    writer_run_alone(&world.store, "/nowhere", &tasks[0].job);
    ck_assert(tasks[0].job.outcome == JOB_FAILED && tasks[0].runs == 0);
}
END_TEST

/* --- a group that was broken, job by job ---------------------------------------------------------------------------
 */

static enum job_result hold(struct job *job, struct store *store)
{
    (void)job;
    (void)store;
    sem_post(&waiting);
    wait_for(&gate);
    return JOB_REFUSE;
}

static struct writer *open_writer(bool (*periodic)(void *context, struct store *store))
{
    const char *message = "";
    const struct writer_options options = {
        .data_folder = world.folder, .queue_max = 10, .group_max = 10, .periodic = periodic};
    struct writer *writer = writer_create(&options, &message);
    ck_assert_msg(writer != NULL, "%s", message);
    return writer;
}

/* The outcome of one of them is unknown: those behind it are not run any more. */
START_TEST(one_of_a_group_is_unknown)
{
    struct job holding = {.run = hold, .done = done, .deadline_ms = INT64_MAX};
    struct writer *writer = open_writer(NULL);
    ck_assert(writer_submit(writer, &holding));
    wait_for(&waiting);
    for (int i = 0; i < 3; i++) {
        task_begin(&tasks[i], i);
        if (i == _i) {
            tasks[i].failure = (struct failure){SHIM_RUN, 1, DB_FAULT_IO};
            tasks[i].once_broken = true;
        }
    }
    tasks[(_i + 1) % 3].failure = (struct failure){SHIM_RUN, 1, DB_FAULT_CONSTRAINT}; /* which breaks the group */
    tasks[(_i + 1) % 3].asks = true;
    for (int i = 0; i < 3; i++)
        ck_assert(writer_submit(writer, &tasks[i].job));
    sem_post(&gate);
    for (int i = 0; i < 4; i++)
        wait_for(&ended);
    ck_assert_int_eq(tasks[_i].job.outcome, JOB_UNKNOWN);
    for (int i = _i + 1; i < 3; i++)
        ck_assert(tasks[i].job.outcome == JOB_UNAVAILABLE);
    for (int i = 0; i < _i; i++)
        ck_assert(tasks[i].job.outcome == (i == (_i + 1) % 3 ? JOB_FAILED : JOB_ANSWERED));
    writer_destroy(writer);
}
END_TEST

/* --- housekeeping --------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    struct failure failure;
    bool asks, lasts, read_only;
} houses[] = {
    {"that is done", {0}, false, true, false},
    {"that fails", {0}, false, false, false},
    {"that finds no room at COMMIT", {SHIM_RUN, 1, DB_FAULT_FULL}, false, true, false},
    {"whose COMMIT is unknown", {SHIM_RUN, 1, DB_FAULT_IO}, false, true, true},
    {"without memory", {SHIM_RUN, 1, DB_FAULT_MEMORY}, true, false, false},
    {"with damage", {SHIM_RUN, 1, DB_FAULT_CORRUPT}, true, false, false},
    {"that finds no disk", {SHIM_RUN, 1, DB_FAULT_IO}, true, false, false},
    {"that cannot be rolled back", {SHIM_RUN, 1, DB_FAULT_IO}, false, false, false},
};
static int house;

static bool keep_house(void *context, struct store *store)
{
    (void)context;
    shim_disarm();
    sem_post(&kept_house);
    arm(&houses[house].failure);
    if (houses[house].asks && !db_run(store->db, "SELECT 1"))
        return false;
    return houses[house].lasts;
}

START_TEST(housekeeping)
{
    struct writer_figures figures;
    house = _i;
    struct writer *writer = open_writer(keep_house);
    wait_for(&kept_house);
    task_begin(&tasks[0], 7);
    ck_assert(writer_submit(writer, &tasks[0].job));
    wait_for(&ended);
    writer_figures(writer, &figures);
    ck_assert_msg(figures.read_only == houses[_i].read_only, "%s", houses[_i].name);
    if (strcmp(houses[_i].name, "that cannot be rolled back") != 0)
        ck_assert_int_eq(tasks[0].job.outcome, houses[_i].read_only ? JOB_UNAVAILABLE : JOB_ANSWERED);
    if (figures.read_only) { /* and no house is kept any more */
        int64_t until = clock_monotonic_us() / 1000 + 1200;
        while (clock_monotonic_us() / 1000 < until)
            poll(NULL, 0, 50);
        ck_assert_int_ne(sem_trywait(&kept_house), 0);
    }
    writer_destroy(writer);
}
END_TEST

/* Nor is it begun where there is no transaction to be had, or where the index of words is not to be had. */
START_TEST(housekeeping_that_is_not_begun)
{
    static const struct failure failures[] = {
        {SHIM_RUN, 1, DB_FAULT_BUSY}, {SHIM_RUN, 2, DB_FAULT_BUSY}, {SHIM_DATABASE, 1, DB_FAULT_MEMORY}};
    const struct failure failure = failures[_i];
    world.store.unindexed[0] = 1;
    const char *message = "";
    const struct writer_options options = {
        .data_folder = world.folder, .store = &world.store, .queue_max = 1, .group_max = 1, .periodic = keep_house};
    house = 0;
    struct writer *writer = writer_create(&options, &message);
    ck_assert_msg(writer != NULL, "%s", message);
    arm(&failure);
    while (shim_asked() < failure.at)
        poll(NULL, 0, 10);
    ck_assert_int_ne(sem_trywait(&kept_house), 0);
    wait_for(&kept_house); /* a second later */
    writer_destroy(writer);
    ck_assert(store_open(&world.store, world.folder, DB_WRITER, &message));
}
END_TEST

/* Neither housekeeping nor a checkpoint, which somebody else keeps from being made: the writer goes on. */
START_TEST(nothing_to_be_done_between)
{
    struct writer *writer = open_writer(NULL);
    int lock = store_lock_checkpoints(world.folder);
    ck_assert_int_ge(lock, 0);
    int64_t until = clock_monotonic_us() / 1000 + 2200;
    while (clock_monotonic_us() / 1000 < until)
        poll(NULL, 0, 50);
    task_begin(&tasks[0], 7);
    ck_assert(writer_submit(writer, &tasks[0].job));
    wait_for(&ended);
    ck_assert_int_eq(tasks[0].job.outcome, JOB_ANSWERED);
    writer_destroy(writer);
    close(lock);
}
END_TEST

/* --- the beginning -------------------------------------------------------------------------------------------------
 */

START_TEST(what_cannot_be_begun)
{
    const char *message = NULL;
    char folder[120], database[140];
    snprintf(folder, sizeof folder, "%s/folder", world.folder);
    snprintf(database, sizeof database, "%s/reviewd.db", folder);
    ck_assert(mkdir(folder, 0700) == 0 && mkdir(database, 0700) == 0); /* no file */
    const struct writer_options nowhere = {.data_folder = folder, .queue_max = 1, .group_max = 1};
    ck_assert_ptr_null(writer_create(&nowhere, &message));
    ck_assert(message && *message);
    const struct writer_options options = {.data_folder = world.folder, .queue_max = 1, .group_max = 1};
    shim_arm(SHIM_OURS, 1, false);
    struct writer *writer = writer_create(&options, &message);
    ck_assert(shim_disarm() && !writer);
    ck_assert_str_eq(message, "out of memory");
    shim_arm(SHIM_THREAD, 1, false);
    writer = writer_create(&options, &message);
    ck_assert(shim_disarm() && !writer);
    ck_assert_msg(message && strstr(message, "thread"), "%s", message ? message : "none");
}
END_TEST

Suite *writer_suite(void)
{
    Suite *suite = suite_create("memory/writer");
    TCase *tcase = unit_case(suite, "writer");
    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, one_job, 0, ROWS(rows));
    tcase_add_test(tcase, what_cannot_be_rolled_back);
    tcase_add_test(tcase, somebody_else_writes);
    tcase_add_test(tcase, no_lock_to_be_had);
    tcase_add_loop_test(tcase, one_of_a_group_is_unknown, 0, 3);
    tcase_add_loop_test(tcase, housekeeping, 0, ROWS(houses));
    tcase_add_loop_test(tcase, housekeeping_that_is_not_begun, 0, 3);
    tcase_add_test(tcase, nothing_to_be_done_between);
    tcase_add_test(tcase, what_cannot_be_begun);
    return suite;
}
