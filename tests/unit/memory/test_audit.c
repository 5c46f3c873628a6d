/* Each allocation of what verifies, reads and signs the log fails once, each thing that this asks of the database, and
 * each call of the system; so with the look-up of a caller. It says so, finds nothing that is not there, and nothing
 * leaks. */
#include "../world.h"
#include "shim.h"

#include "reviewd/caller.h"
#include "reviewd/checkpoint.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

static struct world world;
static struct keyring *ring;
static struct known_keys keys;
static struct buffer file; /* of checkpoints */
static char feed[100];
static char message[400];

static bool verify(void)
{
    struct audit_finding finding;
    bool fine = audit_verify(&world.store, &finding);
    EXPECT(!finding.text[0], "found: %s", finding.text);
    return fine;
}

/* Whether it works within a transaction, of which nothing stays. */
static bool aside(bool (*write)(void))
{
    if (!db_run(world.store.db, "BEGIN IMMEDIATE"))
        return false;
    bool fine = write();
    for (int i = 0; i < 2 && db_in_transaction(world.store.db) && !db_run(world.store.db, "ROLLBACK"); i++)
        ; /* memory may be out for it, once */
    world.store.head_known = false;
    return fine;
}

static const struct instant *now(void)
{
    static struct instant at;
    at = instant_from_ms(WORLD_NOW_MS);
    return &at;
}

static bool append(void)
{
    return checkpoint_append(&world.store, ring, now());
}

static bool append_aside(void)
{
    return aside(append);
}

/* As in a log that has no name yet. */
static bool append_first(void)
{
    static const char nothing_signed[] = "DROP TRIGGER checkpoint_kept; DROP TRIGGER instance_kept;"
                                         "DELETE FROM checkpoint; DELETE FROM instance";
    return db_script(world.store.db, nothing_signed) && append();
}

static bool append_first_aside(void)
{
    return aside(append_first);
}

static bool due(void)
{
    bool is_due;
    return checkpoint_due(&world.store, WORLD_NOW_MS + 1, 1, &is_due);
}

static bool exists(void)
{
    bool any = false;
    bool fine = checkpoint_exists(&world.store, &any);
    EXPECT(any || !fine, "%s: %s", __func__, message);
    return fine;
}

static bool put_row(void *context, const struct checkpoint *checkpoint)
{
    checkpoint_put(context, checkpoint);
    return true;
}

static bool list_backwards(void)
{
    struct buffer text = {0};
    const struct checkpoint_query query = {.newest_first = true, .limit = 10};
    bool fine = checkpoint_list(&world.store, &query, put_row, &text) && !buffer_failed(&text);
    buffer_finish(&text);
    return fine;
}

static bool count(void)
{
    int64_t number = 0;
    bool fine = checkpoint_count(&world.store, NULL, &number);
    EXPECT(!fine || number > 0, "%s: %s", __func__, message);
    return fine;
}

static bool check_file(void)
{
    struct checkpoint_finding finding = {0};
    bool fine = checkpoint_check_file(&world.store, &keys, file.data, file.length, &finding);
    EXPECT(!finding.text[0], "found: %s", finding.text);
    return fine;
}

static bool check_stored(void)
{
    struct checkpoint_finding finding = {0};
    bool fine = checkpoint_check_stored(&world.store, &keys, &finding);
    EXPECT(!finding.text[0], "found: %s", finding.text);
    return fine;
}

static bool count_entries(void)
{
    int64_t number = 0;
    const struct audit_query all = {.limit = 10};
    bool fine = audit_count(&world.store, &all, &number);
    EXPECT(!fine || number > 0, "%s: %s", __func__, message);
    return fine;
}

static bool head(void)
{
    struct audit_head newest;
    return audit_head(&world.store, &newest);
}

static bool past(void)
{
    bool is_past;
    return audit_is_past(&world.store, &(const struct instant){"2026-11-21T12:00:00.000Z"}, &is_past);
}

/* --- keys: files, which a failure may leave half done, and the next one finishes -----------------------------------
 */

static bool open_ring(void)
{
    bool made;
    struct keyring *other = keyring_open(world.folder, &made, message, sizeof message);
    EXPECT(other || message[0], "%s: %s", __func__, message);
    keyring_close(other);
    return other != NULL;
}

static bool read_keys(void)
{
    struct known_keys read = {0};
    bool fine = keyring_read_public(world.folder, &read, message, sizeof message);
    known_keys_finish(&read);
    return fine;
}

static bool copy_keys(void)
{
    struct known_keys read = {0};
    bool fine = keyring_known(ring, &read);
    known_keys_finish(&read);
    return fine;
}

static bool rotate(void)
{
    return keyring_rotate(world.folder, message, sizeof message);
}

static bool refresh(void)
{
    return keyring_refresh(ring, message, sizeof message);
}

/* The public halves of former keys go, so that there are not more of them to be read each time. */
static void forget_keys(void)
{
    char path[200];
    snprintf(path, sizeof path, "%s/" KEYS_FOLDER, world.folder);
    DIR *listing = opendir(path);
    EXPECT(listing, "%s cannot be listed", path);
    for (const struct dirent *entry; (entry = readdir(listing));) {
        if (strstr(entry->d_name, ".pub"))
            unlinkat(dirfd(listing), entry->d_name, 0);
    }
    closedir(listing);
    EXPECT(open_ring(), "%s", message);
}

/* As in a data folder that is new. */
static void remove_keys(void)
{
    char path[200];
    snprintf(path, sizeof path, "%s/" KEYS_FOLDER, world.folder);
    DIR *listing = opendir(path);
    EXPECT(listing, "%s cannot be listed", path);
    for (const struct dirent *entry; (entry = readdir(listing));)
        unlinkat(dirfd(listing), entry->d_name, 0); /* "." and ".." stay */
    closedir(listing);
    EXPECT(rmdir(path) == 0, "%s cannot be removed", path);
}

static void change_key(void)
{
    forget_keys();
    EXPECT(rotate(), "%s: %s", __func__, message);
}

/* --- callers -------------------------------------------------------------------------------------------------------
 */

static bool identify(void)
{
    struct caller caller;
    struct caller_cache *cache = caller_cache_create();
    enum identity identity =
        cache ? caller_identify(cache, &world.store, world_authorization, &caller) : IDENTITY_BROKEN;
    caller_cache_destroy(cache);
    EXPECT(identity == IDENTITY_KNOWN || identity == IDENTITY_BROKEN, "%s: %s", __func__, message);
    return identity == IDENTITY_KNOWN;
}

static bool identify_feed(void)
{
    struct caller caller;
    enum identity identity = caller_identify_feed(&world.store, feed, &caller);
    EXPECT(identity == IDENTITY_KNOWN || identity == IDENTITY_BROKEN, "%s: %s", __func__, message);
    return identity == IDENTITY_KNOWN;
}

static bool flush(void)
{
    return caller_flush_last_use(&world.store);
}

static bool flush_aside(void)
{
    return aside(flush);
}

static void use_token(void)
{
    EXPECT(identify(), "%s: %s", __func__, message);
}

/* -------------------------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    bool (*run)(void);
    void (*before)(void); /* each time, where all is well */
} tasks[] = {
    {"verify", verify, NULL},
    {"head", head, NULL},
    {"is it past", past, NULL},
    {"count entries", count_entries, NULL},
    {"sign", append_aside, NULL},
    {"sign the first", append_first_aside, NULL},
    {"is it time", due, NULL},
    {"is there any", exists, NULL},
    {"list", list_backwards, NULL},
    {"count", count, NULL},
    {"check a file", check_file, NULL},
    {"check those of the database", check_stored, NULL},
    {"open the keys", open_ring, NULL},
    {"read the public keys", read_keys, NULL},
    {"copy the public keys", copy_keys, NULL},
    {"notice another key", refresh, change_key},
    {"make another key", rotate, forget_keys},
    {"make the first key", open_ring, remove_keys},
    {"find a caller", identify, caller_forget_all},
    {"find a caller of the calendar", identify_feed, NULL},
    {"write down who came", flush_aside, use_token},
};

static void begin(void)
{
    bool made;
    world_begin(&world);
    world_fill(&world);
    world_expect(&world, 201,
                 &(const struct ask_for){METHOD_POST, "/v1/calendar-tokens", "{\"label\":\"unit\"}", "ana@x.org"});
    snprintf(feed, sizeof feed, "%s", world_member(&world, "token"));
    world_forget(&world);
    ring = keyring_open(world.folder, &made, message, sizeof message);
    ck_assert_msg(ring != NULL, "%s", message);
    ck_assert(keyring_known(ring, &keys));
    for (int i = 0; i < 2; i++) {
        ck_assert(db_run(world.store.db, "BEGIN IMMEDIATE") && append() && db_run(world.store.db, "COMMIT"));
        world_expect(&world, 200,
                     &(const struct ask_for){METHOD_PATCH, "/v1/people/ivo@x.org",
                                             i ? "{\"job_title\":\"Clerk\"}" : "{\"job_title\":\"Lead\"}",
                                             "ana@x.org"});
    }
    const struct checkpoint_query all = {.limit = 100};
    ck_assert(checkpoint_list(&world.store, &all, put_row, &file) && !buffer_failed(&file));
    world_forget(&world);
}

static void end(void)
{
    buffer_finish(&file);
    known_keys_finish(&keys);
    keyring_close(ring);
    world_end(&world);
}

static void fail_each(int index, enum shim_source source, size_t divisor)
{
    ck_assert_msg(tasks[index].run(), "%s: it does not work where nothing fails: %s", tasks[index].name, message);
    bool fired = true;
    for (size_t n = 1; fired; n += 1 + n / (shim_is_slow() ? 8 : divisor)) {
        if (tasks[index].before)
            tasks[index].before();
        long ours = shim_held(SHIM_OURS);
        shim_arm(source, n, false);
        bool fine = tasks[index].run();
        fired = shim_disarm();
        ck_assert_msg(fine || fired, "%s, %zu: nothing failed, and it does not work: %s", tasks[index].name, n,
                      message);
        if (source == SHIM_RUN && db_in_transaction(world.store.db)) /* it was the end that failed */
            ck_assert(!fine && db_run(world.store.db, "ROLLBACK"));
        ck_assert_msg(!db_in_transaction(world.store.db), "%s, %zu: a transaction is left open", tasks[index].name, n);
        ck_assert_msg(tasks[index].before || shim_held(SHIM_OURS) <= ours, "%s, %zu: ours leak", tasks[index].name, n);
        ck_assert_msg(tasks[index].run(), "%s, %zu: it does not work after that: %s", tasks[index].name, n, message);
    }
}

START_TEST(each_of_our_allocations_fails_once)
{
    fail_each(_i, SHIM_OURS, 1000);
}
END_TEST

START_TEST(what_is_asked_of_the_database_fails_once)
{
    fail_each(_i, SHIM_DATABASE, 1000);
}
END_TEST

START_TEST(each_end_of_a_transaction_fails_once)
{
    fail_each(_i, SHIM_RUN, 1000);
}
END_TEST

START_TEST(allocations_of_sqlite_fail)
{
    fail_each(_i, SHIM_SQLITE, 16);
}
END_TEST

START_TEST(each_call_of_the_system_fails_once)
{
    fail_each(_i, SHIM_SYSTEM, 1000);
}
END_TEST

Suite *audit_suite(void)
{
    Suite *suite = suite_create("memory/audit");
    TCase *tcase = unit_case(suite, "audit");
    tcase_add_unchecked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, each_of_our_allocations_fails_once, 0, ROWS(tasks));
    tcase_add_loop_test(tcase, what_is_asked_of_the_database_fails_once, 0, ROWS(tasks));
    tcase_add_loop_test(tcase, each_end_of_a_transaction_fails_once, 0, ROWS(tasks));
    tcase_add_loop_test(tcase, allocations_of_sqlite_fail, 0, ROWS(tasks));
    tcase_add_loop_test(tcase, each_call_of_the_system_fails_once, 0, ROWS(tasks));
    return suite;
}
