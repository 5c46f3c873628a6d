/* src/store/migrate.c: from any version to this one, or not at all. */
#include "../world.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ld puts this in the place of the driver's: the tests add migrations of their own. */
const struct migration *__real_db_migrations(size_t *ret_count);
const struct migration *__wrap_db_migrations(size_t *ret_count);

static struct migration list[16];
static size_t list_count; /* 0: the driver's own */

const struct migration *__wrap_db_migrations(size_t *ret_count)
{
    if (!list_count)
        return __real_db_migrations(ret_count);
    *ret_count = list_count;
    return list;
}

static struct world world;
static int last; /* of the driver's own */

static void begin(void)
{
    size_t count;
    const struct migration *own = __real_db_migrations(&count);
    last = own[count - 1].number;
    world_begin(&world);
    world_fill(&world);
}

static void end(void)
{
    world_end(&world);
    list_count = 0;
}

/* Adds one to the driver's own. */
static void add(const char *sql)
{
    if (!list_count) {
        const struct migration *own = __real_db_migrations(&list_count);
        memcpy(list, own, list_count * sizeof *own);
    }
    list[list_count] = (struct migration){list[list_count - 1].number + 1, "of the test", sql};
    list_count++;
}

static enum migrated migrate(int *ret_from, int *ret_to)
{
    return store_migrate(&world.store, world.folder, ret_from, ret_to);
}

static void backup_path(int number, char *path, size_t size)
{
    snprintf(path, size, "%s/before-migration-%04d.db", world.folder, number);
}

START_TEST(the_first_time)
{
    struct world fresh = {0};
    const char *message;
    int from, to;
    snprintf(fresh.folder, sizeof fresh.folder, "/tmp/reviewd-unit-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(fresh.folder));
    ck_assert(store_open(&fresh.store, fresh.folder, DB_WRITER, &message));
    ck_assert_int_eq(store_migrate(&fresh.store, fresh.folder, &from, &to), MIGRATED);
    ck_assert_int_eq(from, 0);
    ck_assert_int_eq(to, last);
    ck_assert_int_eq(world_integer(&fresh, "SELECT max(number) FROM migration"), last);
    store_close(&fresh.store);
    fresh.worker = NULL;
    world_end(&fresh);
}
END_TEST

START_TEST(again_there_is_nothing_to_do)
{
    int from, to;
    world_close(&world);
    world_open(&world);
    ck_assert_int_eq(migrate(&from, &to), MIGRATED_NOTHING);
    ck_assert_int_eq(from, last);
    ck_assert_int_eq(to, last);
}
END_TEST

START_TEST(a_newer_database_is_left_alone)
{
    int from, to;
    char path[200];
    ck_assert(db_script(world.store.db, "INSERT INTO migration VALUES (9999, 'of the future', '2030-01-01')"));
    ck_assert_int_eq(migrate(&from, &to), MIGRATED_NEWER);
    ck_assert_int_eq(from, 9999);
    ck_assert_int_eq(to, last);
    backup_path(10000, path, sizeof path);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_later_one_is_made_after_a_backup)
{
    int from, to;
    char path[200];
    struct stat status;
    add("ALTER TABLE person ADD COLUMN nickname TEXT; UPDATE migration SET name = name;");
    world_close(&world);
    world_open(&world);
    ck_assert_int_eq(migrate(&from, &to), MIGRATED);
    ck_assert_int_eq(from, last);
    ck_assert_int_eq(to, last + 1);
    ck_assert_int_eq(world_integer(&world, "SELECT count(*) FROM pragma_table_info('person') WHERE name = 'nickname'"),
                     1);
    backup_path(last + 1, path, sizeof path);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    const char *message;
    struct world backup = {.store = {.db = db_open(path, DB_READER, &message)}};
    ck_assert_ptr_nonnull(backup.store.db);
    ck_assert_int_eq(world_integer(&backup, "SELECT count(*) FROM person"), 6);
    ck_assert_int_eq(world_integer(&backup, "SELECT max(number) FROM migration"), last);
    ck_assert_int_eq(world_integer(&backup, "SELECT count(*) FROM pragma_table_info('person') WHERE name = 'nickname'"),
                     0);
    store_close(&backup.store);
}
END_TEST

static const char *const failing[] = {
    "ALTER TABLE person ADD COLUMN nickname TEXT; CREATE TABLE broken (;",
    "ALTER TABLE person ADD COLUMN nickname TEXT; SELECT no_such_function();",
    "ALTER TABLE person ADD COLUMN nickname TEXT; INSERT INTO person (id) VALUES ('x');",
};

START_TEST(one_that_fails_is_taken_back)
{
    int from, to;
    char path[200];
    add(failing[_i]);
    world_close(&world);
    world_open(&world);
    for (int attempt = 0; attempt < 2; attempt++) { /* it may be tried again */
        ck_assert_int_eq(migrate(&from, &to), MIGRATED_FAILED);
        ck_assert(!db_in_transaction(world.store.db));
        ck_assert_str_ne(db_message(world.store.db), "");
        ck_assert_int_eq(world_integer(&world, "SELECT max(number) FROM migration"), last);
        ck_assert_int_eq(
            world_integer(&world, "SELECT count(*) FROM pragma_table_info('person') WHERE name = 'nickname'"), 0);
        backup_path(last + 1, path, sizeof path);
        ck_assert_int_eq(access(path, F_OK), 0);
    }
    list_count = 0;
    add("ALTER TABLE person ADD COLUMN nickname TEXT;");
    ck_assert_int_eq(migrate(&from, &to), MIGRATED);
}
END_TEST

START_TEST(of_several_the_good_ones_before_stay)
{
    int from, to;
    add("CREATE TABLE good (x TEXT) STRICT;");
    add("CREATE TABLE bad (;");
    add("CREATE TABLE never (x TEXT) STRICT;");
    world_close(&world);
    world_open(&world);
    ck_assert_int_eq(migrate(&from, &to), MIGRATED_FAILED);
    ck_assert_int_eq(world_integer(&world, "SELECT max(number) FROM migration"), last + 1);
    ck_assert_int_eq(world_integer(&world, "SELECT count(*) FROM sqlite_schema WHERE name IN ('good', 'bad', 'never')"),
                     1);
}
END_TEST

Suite *migrate_suite(void)
{
    Suite *suite = suite_create("store/migrate");
    TCase *tcase = unit_case(suite, "migrate");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, the_first_time);
    tcase_add_test(tcase, again_there_is_nothing_to_do);
    tcase_add_test(tcase, a_newer_database_is_left_alone);
    tcase_add_test(tcase, a_later_one_is_made_after_a_backup);
    tcase_add_loop_test(tcase, one_that_fails_is_taken_back, 0, ROWS(failing));
    tcase_add_test(tcase, of_several_the_good_ones_before_stay);
    return suite;
}
