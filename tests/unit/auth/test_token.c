/* src/auth/token.c: who stands behind a token, and when it was last used. */
#include "../world.h"

#include "reviewd/caller.h"
#include "reviewd/clock.h"
#include "reviewd/id.h"
#include "reviewd/token.h"

#include <stdio.h>

enum { MANY = 300 }; /* more than there are places for in memory */

static struct world world;
static struct caller_cache *cache;
static char authorizations[MANY][80];

static void keep_token(char ret_authorization[80])
{
    unsigned char hash[32];
    struct token token = {.record = {.id = id_make(), .version = {true, 1}}, .label = "unit", .read_only = TRUTH_FALSE};
    token.record.created_at = token.record.updated_at = instant_from_ms(WORLD_NOW_MS);
    memcpy(ret_authorization, "Bearer ", 7);
    token_make(ret_authorization + 7, hash);
    const struct audit_entry entry = {.at = token.record.created_at, .event = "token.create"};
    ck_assert(store_find(&world.store, &person_resource, "ana@x.org", &view_all, &token.person_id) == FOUND);
    ck_assert(store_insert(&world.store, &token_resource, &token));
    ck_assert(store_keep_secret(&world.store, &token.record.id, hash));
    ck_assert(audit_append(&world.store, &token_resource, &token, &entry));
}

static void begin(void)
{
    world_begin(&world);
    world_fill(&world);
    ck_assert(db_script(world.store.db, "BEGIN IMMEDIATE"));
    for (int i = 0; i < MANY; i++)
        keep_token(authorizations[i]);
    ck_assert(db_script(world.store.db, "COMMIT"));
    cache = caller_cache_create();
}

static void end(void)
{
    caller_cache_destroy(cache);
    clock_pretend(WORLD_NOW_MS);
    world_end(&world);
}

static enum identity identify(const char *authorization)
{
    struct caller caller;
    return caller_identify(cache, &world.store, authorization, &caller);
}

START_TEST(what_is_no_token)
{
    static const char *const none[] = {
        "Basic eDp5",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer rvd_short",
        "Bearer rvf_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "Bearer rvd_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    ck_assert_int_eq(identify(NULL), IDENTITY_MISSING);
    for (size_t i = 0; i < COUNT_OF(none); i++)
        ck_assert_int_eq(identify(none[i]), IDENTITY_INVALID);
    struct caller caller;
    ck_assert_int_eq(caller_identify_feed(&world.store, authorizations[0] + 7, &caller), IDENTITY_INVALID);
    ck_assert_int_eq(caller_identify_feed(&world.store, "rvf_short", &caller), IDENTITY_INVALID);
    ck_assert_int_eq(caller_identify_feed(&world.store, "rvf_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &caller),
                     IDENTITY_INVALID);
}
END_TEST

static int64_t used(void)
{
    return world_integer(&world, "SELECT count(*) FROM token_secret WHERE last_used_at IS NOT NULL");
}

static bool flush(void)
{
    ck_assert(db_script(world.store.db, "BEGIN IMMEDIATE"));
    bool fine = caller_flush_last_use(&world.store);
    ck_assert(db_script(world.store.db, "COMMIT"));
    return fine;
}

/* Those that find no place are written down with their next use. */
START_TEST(more_tokens_than_places)
{
    for (int i = 0; i < MANY; i++)
        ck_assert_int_eq(identify(authorizations[i]), IDENTITY_KNOWN);
    ck_assert(flush());
    ck_assert_int_eq(used(), 256);
    caller_forget_all();
    ck_assert_int_eq(identify(authorizations[MANY - 1]), IDENTITY_KNOWN);
    ck_assert(flush());
    ck_assert_int_eq(used(), 257);
}
END_TEST

START_TEST(once_a_minute)
{
    for (int minute = 0; minute < 2; minute++) {
        clock_pretend(WORLD_NOW_MS + minute * 30000);
        caller_forget_all();
        ck_assert_int_eq(identify(authorizations[0]), IDENTITY_KNOWN);
        ck_assert(flush());
    }
    ck_assert_int_eq(
        world_integer(&world, "SELECT count(*) FROM token_secret WHERE last_used_at = '2026-11-21T12:00:00.000Z'"), 1);
    clock_pretend(WORLD_NOW_MS + 60000);
    caller_forget_all();
    ck_assert_int_eq(identify(authorizations[0]), IDENTITY_KNOWN);
    ck_assert(flush());
    ck_assert_int_eq(
        world_integer(&world, "SELECT count(*) FROM token_secret WHERE last_used_at = '2026-11-21T12:01:00.000Z'"), 1);
}
END_TEST

/* The first that cannot be written down ends it, and says so. */
START_TEST(a_database_that_cannot_be_written)
{
    struct store reader;
    const char *message;
    ck_assert(store_open(&reader, world.folder, DB_READER, &message));
    ck_assert_int_eq(identify(authorizations[0]), IDENTITY_KNOWN);
    ck_assert_int_eq(identify(authorizations[1]), IDENTITY_KNOWN);
    ck_assert(!caller_flush_last_use(&reader));
    ck_assert_int_eq(used(), 0);
    store_close(&reader);
}
END_TEST

Suite *token_suite(void)
{
    Suite *suite = suite_create("auth/token");
    TCase *tcase = unit_case(suite, "token");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, what_is_no_token);
    tcase_add_test(tcase, more_tokens_than_places);
    tcase_add_test(tcase, once_a_minute);
    tcase_add_test(tcase, a_database_that_cannot_be_written);
    return suite;
}
