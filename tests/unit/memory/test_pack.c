/* Each allocation of an evidence pack fails once: it is refused, or cut off, or whole. */
#include "../world.h"
#include "shim.h"

#include "reviewd/keyring.h"

#include <stdio.h>
#include <unistd.h>

static struct world world;
static struct keyring *ring;

static const struct ask_for pack = {METHOD_GET, "/v1/reviews/MR-2026-01/evidence-pack", NULL, "ana@x.org"};
static const struct ask_for draft = {METHOD_GET, "/v1/reviews/MR-2026-03/evidence-pack", NULL, "ana@x.org"};

/* The world, with an API that has keys. */
static void tell(void)
{
    world_begin(&world);
    world_fill(&world);
    world_expect(&world, 201,
                 &(const struct ask_for){METHOD_POST, "/v1/reviews/MR-2026-03/attachments", NULL, "ana@x.org",
                                         .file = "host,critical\n"});
    ring = world_take_keys(&world);
}

static void forget(void)
{
    char command[300];
    struct known_keys keys;
    ck_assert(keyring_known(ring, &keys));
    for (size_t i = 0; i < keys.count; i++) {
        char id[KEY_ID_TEXT_BYTES];
        key_id_text(&keys.items[i].key, id);
        snprintf(command, sizeof command, "%s/keys/%s.pub", world.folder, id);
        unlink(command);
    }
    known_keys_finish(&keys);
    snprintf(command, sizeof command, "%s/keys/reviewd.key", world.folder);
    unlink(command);
    snprintf(command, sizeof command, "%s/keys", world.folder);
    rmdir(command);
    keyring_close(ring);
    world_end(&world);
}

enum end { REFUSED, CUT_OFF, WHOLE };

/* Asks for it and reads it to its end, as the transport does. */
static enum end take(const struct ask_for *ask, size_t *ret_length)
{
    static char piece[32768];
    struct response *response = world_ask(&world, ask);
    ssize_t length = -1;
    *ret_length = 0;
    if (!response || response->status != 200) {
        EXPECT(!response || response->status == 500 || response->status == 503, "answered %d", response->status);
        if (response && response->stream.end)
            response->stream.end(response->stream.context);
        return REFUSED;
    }
    while ((length = response->stream.read(response->stream.context, piece, sizeof piece)) > 0 ||
           length == STREAM_LATER)
        *ret_length += length > 0 ? (size_t)length : 0;
    response->stream.end(response->stream.context);
    return length < 0 ? CUT_OFF : WHOLE;
}

static void fail_each(const struct ask_for *ask, enum shim_source source, size_t fewer)
{
    size_t right, length;
    size_t ends[3] = {0};
    ck_assert_int_eq(take(ask, &right), WHOLE); /* its head is signed from now on */
    ck_assert_int_eq(take(ask, &length), WHOLE);
    ck_assert_uint_eq(length, right);
    world_forget(&world);
    long held = shim_held(source);
    bool fired = true;
    for (size_t n = 1; fired; n += 1 + n / fewer) {
        shim_arm(source, n, false);
        enum end end = take(ask, &length);
        fired = shim_disarm();
        ends[end]++;
        ck_assert_msg(end != WHOLE || length == right, "%zu: %zu bytes, not %zu", n, length, right);
        ck_assert_msg(fired || end == WHOLE, "%zu: nothing failed, and it is not whole", n);
        ck_assert(!db_in_transaction(world.store.db));
        world_forget(&world);
    }
    ck_assert_msg(source == SHIM_SQLITE || shim_held(source) == held, "%ld are not freed", shim_held(source) - held);
    ck_assert(ends[REFUSED] && ends[CUT_OFF] && ends[WHOLE]);
    world_verify(&world);
}

START_TEST(each_of_our_allocations_fails_once)
{
    fail_each(_i ? &draft : &pack, SHIM_OURS, 24);
}
END_TEST

START_TEST(allocations_of_sqlite_fail)
{
    fail_each(&pack, SHIM_SQLITE, 8);
}
END_TEST

/* The head is signed by it: all of that is stored, or nothing. */
START_TEST(allocations_fail_while_the_head_is_signed)
{
    bool fired = true;
    size_t length;
    for (size_t n = 1; fired; n += 1 + n / 8) {
        char body[60];
        snprintf(body, sizeof body, "{\"location\":\"Room %zu\"}", n);
        world_expect(&world, 200, &(const struct ask_for){METHOD_PATCH, "/v1/reviews/MR-2026-03", body, "ana@x.org"});
        world_forget(&world);
        shim_arm(_i, n, false);
        enum end end = take(&draft, &length);
        fired = shim_disarm();
        ck_assert(fired || end == WHOLE);
        ck_assert(!db_in_transaction(world.store.db));
        world_forget(&world);
        ck_assert_int_eq(take(&draft, &length), WHOLE);
    }
    world_verify(&world);
}
END_TEST

Suite *pack_suite(void);

Suite *pack_suite(void)
{
    Suite *suite = suite_create("memory/pack");
    TCase *all = unit_case(suite, "all");
    tcase_add_unchecked_fixture(all, tell, forget);
    tcase_add_loop_test(all, each_of_our_allocations_fails_once, 0, 2);
    tcase_add_test(all, allocations_of_sqlite_fail);
    tcase_add_loop_test(all, allocations_fail_while_the_head_is_signed, SHIM_OURS, SHIM_SQLITE + 1);
    return suite;
}
