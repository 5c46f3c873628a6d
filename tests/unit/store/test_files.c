/* src/store/sqlite/files.c: the log that is gathered, and the journal of a statement in memory. */
#include "../world.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

static struct world world;

static void begin(void)
{
    world_begin(&world);
    ck_assert(db_script(world.store.db, "CREATE TABLE sheet (number INTEGER PRIMARY KEY, mark INTEGER NOT NULL UNIQUE, "
                                        "text TEXT NOT NULL)"));
}

static void end(void)
{
    world_end(&world);
}

static int64_t number(struct db *db, const char *sql)
{
    struct db_statement *statement = db_query(db, sql);
    ck_assert_ptr_nonnull(statement);
    ck_assert_int_eq(db_step(statement), DB_ROW);
    int64_t answer = db_integer(statement, 0);
    db_reset(statement);
    return answer;
}

/* Rows of two kilobytes, with the marks 1 to `count`. */
static void fill(int count)
{
    char sql[300];
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
             "INSERT INTO sheet (mark, text) SELECT i, hex(zeroblob(1000)) || i FROM n",
             count);
    ck_assert(db_script(world.store.db, sql));
}

static void report(void *context, const char *finding)
{
    (void)context;
    ck_abort_msg("%s", finding);
}

START_TEST(more_than_the_cache_holds)
{
    struct store reader;
    const char *message;
    ck_assert(store_open(&reader, world.folder, DB_READER, &message));
    ck_assert(db_script(world.store.db, "BEGIN IMMEDIATE"));
    fill(8000); /* 16 MiB, of which the cache holds 8: the rest is in the log, and read back from there */
    ck_assert_int_eq(number(world.store.db, "SELECT sum(CAST(substr(text, 2001) AS INTEGER)) FROM sheet"),
                     8000 * 8001 / 2);
    ck_assert_int_eq(number(reader.db, "SELECT count(*) FROM sheet"), 0);
    ck_assert(db_script(world.store.db, "UPDATE sheet SET text = text || '.' WHERE number % 7 = 0"));
    ck_assert(db_script(world.store.db, "COMMIT"));
    ck_assert_int_eq(number(reader.db, "SELECT count(*) FROM sheet WHERE text LIKE '%.'"), 8000 / 7);
    ck_assert(db_check(reader.db, false, report, NULL));
    store_close(&reader);
    ck_assert(db_checkpoint(world.store.db));
    ck_assert(db_check(world.store.db, false, report, NULL));
}
END_TEST

START_TEST(a_transaction_taken_back)
{
    fill(100);
    ck_assert(db_script(world.store.db, "BEGIN IMMEDIATE"));
    ck_assert(db_script(world.store.db, "UPDATE sheet SET mark = -mark, text = hex(zeroblob(90000))"));
    ck_assert(db_script(world.store.db, "ROLLBACK"));
    ck_assert(db_script(world.store.db, "UPDATE sheet SET mark = mark + 1000 WHERE mark = 100"));
    ck_assert_int_eq(number(world.store.db, "SELECT sum(mark) FROM sheet"), 100 * 101 / 2 + 1000);
    ck_assert_int_eq(number(world.store.db, "SELECT sum(length(text)) FROM sheet"), 100 * 2000 + 9 + 90 * 2 + 3);
    ck_assert(db_check(world.store.db, false, report, NULL));
}
END_TEST

START_TEST(a_statement_that_fails_half_way)
{
    fill(2000);
    ck_assert(db_script(world.store.db, "BEGIN IMMEDIATE"));
    ck_assert(db_script(world.store.db, "UPDATE sheet SET text = 'short' WHERE mark = 7"));
    for (int i = 0; i < 3; i++) { /* the second and third in the memory of the first */
        ck_assert(!db_script(world.store.db, "UPDATE sheet SET text = text || 'long', mark = CASE mark WHEN 1999 THEN "
                                             "-5 ELSE -mark END"));
        ck_assert_int_eq(db_fault(world.store.db), DB_FAULT_CONSTRAINT);
        ck_assert(db_in_transaction(world.store.db));
    }
    ck_assert_int_eq(number(world.store.db, "SELECT count(*) FROM sheet WHERE mark < 0 OR text LIKE '%long'"), 0);
    ck_assert(db_script(world.store.db, "COMMIT"));
    ck_assert_int_eq(number(world.store.db, "SELECT count(*) FROM sheet WHERE text = 'short'"), 1);
    ck_assert(db_check(world.store.db, false, report, NULL));
}
END_TEST

START_TEST(a_savepoint_taken_back)
{
    fill(2000);
    ck_assert(db_script(world.store.db,
                        "BEGIN IMMEDIATE; UPDATE sheet SET text = 'kept' WHERE mark = 1; SAVEPOINT aside; "
                        "UPDATE sheet SET text = 'lost'; ROLLBACK TO aside; RELEASE aside; COMMIT"));
    ck_assert_int_eq(number(world.store.db, "SELECT count(*) FROM sheet WHERE text = 'kept'"), 1);
    ck_assert_int_eq(number(world.store.db, "SELECT count(*) FROM sheet WHERE text = 'lost'"), 0);
    ck_assert(db_check(world.store.db, false, report, NULL));
}
END_TEST

/* What spilled into the log of a transaction that was taken back is nobody's: another connection has its place since.
 * Few pages spill, so that all of them wait where the other's frames will be; the first page is in the database, so
 * that to take it back reads nothing of the log; and what the other wrote is read from the log, before which what waits
 * is written. */
START_TEST(another_writes_after_a_rollback)
{
    struct store other;
    struct store reader;
    const char *message;
    char sql[300];
    fill(10);
    for (int round = 1; round <= 60; round++) {
        int64_t length = 10 * 2000 + 9 + 2 + 5 * round;
        ck_assert(db_checkpoint(world.store.db)); /* the log begins anew */
        ck_assert(store_open(&other, world.folder, DB_WRITER, &message));
        snprintf(
            sql, sizeof sql,
            "PRAGMA cache_size = 200; BEGIN IMMEDIATE; WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 "
            "FROM n WHERE i < %d) INSERT INTO sheet (mark, text) SELECT i, hex(zeroblob(1900)) FROM n; ROLLBACK",
            1150 + 2 * round);
        ck_assert(db_script(other.db, sql));
        ck_assert(db_script(world.store.db, "UPDATE sheet SET text = text || 'x' WHERE mark <= 5"));
        ck_assert_int_eq(number(other.db, "SELECT sum(length(text)) FROM sheet"), length);
        ck_assert(store_open(&reader, world.folder, DB_READER, &message));
        ck_assert_int_eq(number(reader.db, "SELECT sum(length(text)) FROM sheet"), length);
        ck_assert(db_check(reader.db, false, report, NULL));
        store_close(&reader);
        store_close(&other);
    }
}
END_TEST

static int fails; /* errno of each pwrite() of SQLite's; 0: none fails */

static ssize_t failing_pwrite(int fd, const void *data, size_t length, off_t at)
{
    errno = fails;
    return fails ? -1 : pwrite(fd, data, length, at);
}

/* Pages that wait are lost by the read of one of them, in a statement that SQLite takes back alone: there is room
 * again, and yet the transaction must not be stored without them. */
START_TEST(what_was_lost_is_not_committed)
{
    sqlite3_vfs *system = sqlite3_vfs_find("unix");
    struct db *db = world.store.db;
    const char *const calls[] = {"pwrite", "pwrite64"};
    for (size_t i = 0; i < 2; i++)
        system->xSetSystemCall(system, calls[i], (sqlite3_syscall_ptr)failing_pwrite);
    fill(10);
    ck_assert(db_script(db, "PRAGMA cache_size = 200; BEGIN IMMEDIATE"));
    ck_assert(db_script(db, "WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 1220) "
                            "INSERT INTO sheet (mark, text) SELECT i, CAST(zeroblob(3900) AS TEXT) || i FROM n"));
    fails = ENOSPC;
    ck_assert(!db_script(db, "UPDATE sheet SET text = text || '.', mark = -mark"));
    ck_assert_int_eq(db_fault(db), DB_FAULT_FULL);
    fails = 0;
    ck_assert(!db_script(db, "COMMIT"));
    if (db_in_transaction(db))
        ck_assert(db_script(db, "ROLLBACK"));
    ck_assert_int_eq(number(db, "SELECT sum(length(text)) FROM sheet"), 10 * 2000 + 9 + 2);
    ck_assert(db_script(db, "UPDATE sheet SET text = 'short' WHERE mark = 7"));
    ck_assert_int_eq(number(db, "SELECT count(*) FROM sheet WHERE text = 'short'"), 1);
    ck_assert(db_check(db, false, report, NULL));
}
END_TEST

/* More than a journal has in memory. */
START_TEST(a_long_savepoint_taken_back)
{
    fill(6000);
    ck_assert(db_script(world.store.db, "BEGIN IMMEDIATE; SAVEPOINT aside; UPDATE sheet SET text = text || '.'; "
                                        "UPDATE sheet SET mark = -mark WHERE mark % 2 = 0; ROLLBACK TO aside"));
    ck_assert_int_eq(number(world.store.db, "SELECT count(*) FROM sheet WHERE mark < 0 OR text LIKE '%.'"), 0);
    ck_assert(db_script(world.store.db, "UPDATE sheet SET text = 'short' WHERE mark = 7; RELEASE aside; COMMIT"));
    ck_assert_int_eq(number(world.store.db, "SELECT count(*) FROM sheet WHERE text = 'short'"), 1);
    ck_assert(db_check(world.store.db, false, report, NULL));
}
END_TEST

Suite *files_suite(void);

Suite *files_suite(void)
{
    Suite *suite = suite_create("store/files");
    TCase *test = unit_case(suite, "files");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_test(test, more_than_the_cache_holds);
    tcase_add_test(test, a_transaction_taken_back);
    tcase_add_test(test, a_statement_that_fails_half_way);
    tcase_add_test(test, a_savepoint_taken_back);
    tcase_add_test(test, a_long_savepoint_taken_back);
    tcase_add_test(test, what_was_lost_is_not_committed);
    tcase_add_test(test, another_writes_after_a_rollback);
    return suite;
}
