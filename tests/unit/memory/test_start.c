/* Memory runs out while the store is opened or migrated: said, nothing half done, nothing leaked. */
#include "../world.h"
#include "shim.h"

#include <stdio.h>
#include <unistd.h>

static struct world world;

static void begin(void)
{
    world_begin(&world);
    world_close(&world);
}

static void end(void)
{
    world_end(&world);
}

static void remove_database(void)
{
    static const char *const files[] = {"reviewd.db-wal", "reviewd.db-shm", "reviewd.db"};
    char path[120];
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        snprintf(path, sizeof path, "%s/%s", world.folder, files[i]);
        unlink(path);
    }
}

START_TEST(opening_fails_or_works)
{
    enum shim_source source = _i ? SHIM_SQLITE : SHIM_OURS;
    long held[SHIM_COUNT] = {shim_held(SHIM_OURS), shim_held(SHIM_SQLITE)};
    bool fired = true;
    for (size_t n = 1; fired; n++) {
        struct store store = {0};
        const char *message = NULL;
        shim_arm(source, n, false);
        bool opened = store_open(&store, world.folder, DB_WRITER, &message);
        struct api *api = opened ? api_create(&(const struct api_options){.settings = &world.settings}) : NULL;
        struct api_worker *worker = api ? api_worker_create(api, &store) : NULL;
        fired = shim_disarm();
        ck_assert_msg(fired || worker, "%zu: nothing failed, and it is not open", n);
        ck_assert_msg(opened || (message && *message), "%zu: it does not say why", n);
        api_worker_destroy(worker);
        api_destroy(api);
        if (opened)
            store_close(&store);
        ck_assert_msg(shim_held(SHIM_OURS) == held[SHIM_OURS], "%zu: ours leak", n);
        ck_assert_msg(shim_held(SHIM_SQLITE) == held[SHIM_SQLITE], "%zu: SQLite's leak", n);
    }
}
END_TEST

/* Whether there is a database, and all of it. */
static bool is_there(void)
{
    char path[120];
    const char *message;
    struct store store = {0};
    int from, to;
    snprintf(path, sizeof path, "%s/reviewd.db", world.folder);
    if (access(path, F_OK) != 0)
        return false;
    ck_assert_msg(store_open(&store, world.folder, DB_WRITER, &message), "%s", message);
    ck_assert_msg(!store.created && store_migrate(&store, world.folder, &from, &to) == MIGRATED_NOTHING,
                  "a database is there, but not all of it");
    store_close(&store);
    return true;
}

START_TEST(a_new_database_is_whole_or_not_there)
{
    enum shim_source source = _i ? SHIM_SQLITE : SHIM_OURS;
    bool fired = true;
    for (size_t n = 1; fired; n += 1 + n / 16) {
        struct store store = {0};
        const char *message = NULL;
        remove_database();
        shim_arm(source, n, false);
        bool opened = store_open(&store, world.folder, DB_WRITER, &message);
        fired = shim_disarm();
        ck_assert_msg(fired || opened, "%zu: nothing failed, and it is not made", n);
        ck_assert_msg(opened || (message && *message), "%zu: it does not say why", n);
        if (opened)
            store_close(&store);
        ck_assert_msg(is_there() || !opened, "%zu: it is open, and not there", n);
    }
}
END_TEST

/* It is made by the first who asks for it, and kept. */
START_TEST(the_description_is_made_or_not)
{
    const char *text = NULL;
    for (size_t n = 1; !text; n += 1 + n / 12) {
        size_t length;
        long held = shim_held(SHIM_OURS);
        shim_arm(SHIM_OURS, n, _i);
        text = api_openapi(&length);
        bool fired = shim_disarm();
        ck_assert_msg(fired != (text != NULL), "%zu: %s", n, text ? "made without memory" : "not made, with memory");
        ck_assert_msg(text || shim_held(SHIM_OURS) == held, "%zu: ours leak", n);
    }
}
END_TEST

Suite *start_suite(void)
{
    Suite *suite = suite_create("memory/start");
    TCase *tcase = unit_case(suite, "start");
    tcase_add_unchecked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, opening_fails_or_works, 0, 2);
    tcase_add_loop_test(tcase, a_new_database_is_whole_or_not_there, 0, 2);
    tcase_add_loop_test(tcase, the_description_is_made_or_not, 0, 2);
    return suite;
}
