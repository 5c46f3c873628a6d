/* src/api/idempotency.c: the first answer is kept, and replayed byte for byte. */
#include "../world.h"

#include "reviewd/clock.h"
#include "worker.h"

#include <stdio.h>

static struct world world;

#define NINA "{\"name\":\"Nina\",\"email\":\"nina@x.org\",\"role\":\"employee\"}"
#define WRONG "{\"name\":\"Nina\"}"

static void begin(void)
{
    world_begin(&world);
    world_fill(&world);
}

static void end(void)
{
    world_end(&world);
}

struct answer {
    int status;
    char body[2000];
    char location[200];
    char etag[80];
    bool replayed;
};

static struct answer ask_as(const char *target, const char *body, const char *as, const char *key)
{
    struct answer answer = {0};
    struct response *response = ASK_FOR(&world, METHOD_POST, target, body, as, key);
    answer.status = response->status;
    snprintf(answer.body, sizeof answer.body, "%.*s", (int)response->body.length, response->body.data);
    const char *location = response_get(response, "Location"), *etag = response_get(response, "ETag");
    snprintf(answer.location, sizeof answer.location, "%s", location ? location : "(none)");
    snprintf(answer.etag, sizeof answer.etag, "%s", etag ? etag : "(none)");
    answer.replayed = response_get(response, "Idempotent-Replayed") != NULL;
    return answer;
}

static void expect_replay(const struct answer *first, const struct answer *second)
{
    ck_assert(!first->replayed);
    ck_assert(second->replayed);
    ck_assert_int_eq(first->status, second->status);
    ck_assert_str_eq(first->body, second->body);
    ck_assert_str_eq(first->location, second->location);
    ck_assert_str_eq(first->etag, second->etag);
}

START_TEST(a_created_record_is_created_once)
{
    struct answer first = ask_as("/v1/people", NINA, "ana@x.org", "create-nina");
    struct answer second = ask_as("/v1/people", NINA, "ana@x.org", "create-nina");
    ck_assert_int_eq(first.status, 201);
    ck_assert_str_ne(first.location, "(none)");
    expect_replay(&first, &second);
    ck_assert_int_eq(world_integer(&world, "SELECT count(*) FROM person WHERE email = 'nina@x.org'"), 1);
    world_verify(&world);
}
END_TEST

START_TEST(a_refusal_is_kept_too)
{
    struct answer first = ask_as("/v1/people", WRONG, "ana@x.org", "wrong-nina");
    struct answer second = ask_as("/v1/people", WRONG, "ana@x.org", "wrong-nina");
    ck_assert_int_eq(first.status, 422);
    expect_replay(&first, &second);
}
END_TEST

START_TEST(a_kept_answer_outlives_the_process)
{
    struct answer first = ask_as("/v1/people", NINA, "ana@x.org", "create-nina");
    world_close(&world);
    world_open(&world);
    struct answer second = ask_as("/v1/people", NINA, "ana@x.org", "create-nina");
    expect_replay(&first, &second);
}
END_TEST

static const struct {
    const char *name;
    const char *target, *body, *as, *key;
    int status;
    bool replayed;
} seconds[] = {
    {"the key in quotes", "/v1/people", NINA, "ana@x.org", "\"create-nina\"", 201, true},
    {"another body", "/v1/people", WRONG, "ana@x.org", "create-nina", 422, false},
    {"the same in other bytes", "/v1/people", " " NINA, "ana@x.org", "create-nina", 422, false},
    {"another path", "/v1/reviews", NINA, "ana@x.org", "create-nina", 422, false},
    {"another query", "/v1/people?dry_run=false", NINA, "ana@x.org", "create-nina", 422, false},
    {"another caller", "/v1/people", NINA, "petra@x.org", "create-nina", 403, false},
    {"another key", "/v1/people", NINA, "ana@x.org", "create-nina-2", 422, false},
    {"the key in another case", "/v1/people", NINA, "ana@x.org", "Create-nina", 422, false},
};

START_TEST(a_key_stands_for_one_request)
{
    struct answer first = ask_as("/v1/people", NINA, "ana@x.org", "create-nina");
    ck_assert_int_eq(first.status, 201);
    struct answer second = ask_as(seconds[_i].target, seconds[_i].body, seconds[_i].as, seconds[_i].key);
    ck_assert_msg(second.status == seconds[_i].status, "%s: %d: %s", seconds[_i].name, second.status, second.body);
    ck_assert_msg(second.replayed == seconds[_i].replayed, "%s", seconds[_i].name);
    bool mismatch = strstr(second.body, "idempotency.mismatch") != NULL;
    bool same_key = strcmp(seconds[_i].key, "create-nina") == 0 && strcmp(seconds[_i].as, "ana@x.org") == 0;
    ck_assert_msg(mismatch == same_key, "%s: %s", seconds[_i].name, second.body);
    struct answer third = ask_as("/v1/people", NINA, "ana@x.org", "create-nina"); /* it still stands for the first */
    expect_replay(&first, &third);
}
END_TEST

START_TEST(a_dry_run_is_not_kept)
{
    struct answer dry = ask_as("/v1/people?dry_run=true", NINA, "ana@x.org", "dry-nina-1");
    ck_assert_int_eq(dry.status, 201);
    struct answer again = ask_as("/v1/people?dry_run=true", NINA, "ana@x.org", "dry-nina-1");
    ck_assert(!again.replayed);
    struct answer real = ask_as("/v1/people", NINA, "ana@x.org", "dry-nina-1");
    ck_assert_int_eq(real.status, 201);
    ck_assert(!real.replayed);
    struct answer after = ask_as("/v1/people?dry_run=true", NINA, "ana@x.org", "dry-nina-1"); /* of what is there now */
    ck_assert_int_eq(after.status, 422);
    ck_assert(!after.replayed);
    ck_assert_ptr_nonnull(strstr(after.body, "person.email.unique"));
    ck_assert_ptr_null(strstr(after.body, "idempotency.mismatch"));
    ck_assert_int_eq(ask_as("/v1/people?dry_run=true", "{}", "ana@x.org", "short").status, 400); /* no key at all */
}
END_TEST

START_TEST(what_does_not_parse_is_not_kept)
{
    ck_assert_int_eq(ask_as("/v1/people", "{", "ana@x.org", "broken-nina").status, 400);
    struct answer mended = ask_as("/v1/people", NINA, "ana@x.org", "broken-nina");
    ck_assert_int_eq(mended.status, 201);
}
END_TEST

START_TEST(a_key_is_kept_for_a_day)
{
    static const int64_t day_ms = 86400000;
    struct answer first = ask_as("/v1/people", NINA, "ana@x.org", "create-nina");
    clock_pretend(WORLD_NOW_MS + 1000 + day_ms);
    struct answer same = ask_as("/v1/people", NINA, "ana@x.org", "create-nina");
    expect_replay(&first, &same);
    clock_pretend(WORLD_NOW_MS + 1001 + day_ms);
    struct answer later = ask_as("/v1/people", NINA, "ana@x.org", "create-nina");
    ck_assert(!later.replayed);
    ck_assert_int_eq(later.status, 422); /* she is there already */
    ck_assert_ptr_nonnull(strstr(later.body, "person.email.unique"));
}
END_TEST

START_TEST(housekeeping_drops_old_answers)
{
    ck_assert(db_run(world.store.db, "BEGIN IMMEDIATE"));
    ck_assert(api_housekeeping(NULL, &world.store));
    ck_assert(db_run(world.store.db, "COMMIT"));
    ck_assert_int_eq(world_integer(&world, "SELECT count(*) FROM idempotency"), 1);
    clock_pretend(WORLD_NOW_MS + 2 * (int64_t)86400000);
    ck_assert(db_run(world.store.db, "BEGIN IMMEDIATE"));
    ck_assert(api_housekeeping(NULL, &world.store));
    ck_assert(db_run(world.store.db, "COMMIT"));
    ck_assert_int_eq(world_integer(&world, "SELECT count(*) FROM idempotency"), 0);
}
END_TEST

#define FIFTY "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"

static const struct {
    const char *key;
    bool good;
} keys[] = {
    {"12345678", true},
    {"1234567", false},
    {"\"12345678\"", true},
    {"\"1234567\"", false},
    {"", false},
    {"\"\"", false},
    {"\"", false},
    {"1234 678", true},
    {"12345\t78", false},
    {"1234567\x7F", false},
    {"1234567\xC4\x8D", false},
    {FIFTY FIFTY FIFTY FIFTY FIFTY "12345", true},
    {FIFTY FIFTY FIFTY FIFTY FIFTY "123456", false},
};

START_TEST(keys_have_8_to_255_printable_characters)
{
    struct answer answer = ask_as("/v1/people", NINA, "ana@x.org", keys[_i].key);
    ck_assert_msg(answer.status == (keys[_i].good ? 201 : 400), "'%s' is answered %d", keys[_i].key, answer.status);
    if (!keys[_i].good)
        ck_assert_ptr_nonnull(strstr(answer.body, "idempotency.invalid"));
}
END_TEST

static void handled(struct call *call)
{
    (void)call;
}

/* One request is parsed and waits for the writer, while others come with its key. */
START_TEST(a_key_under_way_is_in_flight)
{
    struct arena arena;
    struct response response = {0};
    struct call *call;
    arena_init(&arena);
    struct request request = {.arena = &arena,
                              .method = METHOD_POST,
                              .method_name = "POST",
                              .target = "/v1/people",
                              .body = NINA,
                              .body_length = strlen(NINA)};
    request.headers[HEADER_CONTENT_TYPE] = "application/json";
    request.headers[HEADER_IDEMPOTENCY_KEY] = "create-nina";
    request.headers[HEADER_AUTHORIZATION] = world_authorization;
    ck_assert_int_eq(api_handle(world.worker, &request, &response, handled, NULL, &call), API_WRITE);
    struct answer second = ask_as("/v1/people", NINA, "ana@x.org", "create-nina");
    ck_assert_int_eq(second.status, 409);
    ck_assert_ptr_nonnull(strstr(second.body, "idempotency.in_flight"));
    ck_assert_ptr_nonnull(response_get(&world.response, "Retry-After"));
    struct answer other = ask_as("/v1/people", NINA, "petra@x.org", "create-nina"); /* a key is its caller's own */
    ck_assert_int_eq(other.status, 403);
    writer_run_alone(&world.store, world.folder, call_job(call));
    ck_assert_int_eq(call_answer(call), API_ANSWER);
    ck_assert_int_eq(response.status, 201);
    call_finish(call);
    struct answer third = ask_as("/v1/people", NINA, "ana@x.org", "create-nina");
    ck_assert_int_eq(third.status, 201);
    ck_assert(third.replayed);
    buffer_finish(&response.body);
    arena_finish(&arena);
}
END_TEST

Suite *idempotency_suite(void)
{
    Suite *suite = suite_create("api/idempotency");
    TCase *tcase = unit_case(suite, "idempotency");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, a_created_record_is_created_once);
    tcase_add_test(tcase, a_refusal_is_kept_too);
    tcase_add_test(tcase, a_kept_answer_outlives_the_process);
    tcase_add_loop_test(tcase, a_key_stands_for_one_request, 0, ROWS(seconds));
    tcase_add_test(tcase, a_dry_run_is_not_kept);
    tcase_add_test(tcase, what_does_not_parse_is_not_kept);
    tcase_add_test(tcase, a_key_is_kept_for_a_day);
    tcase_add_test(tcase, housekeeping_drops_old_answers);
    tcase_add_loop_test(tcase, keys_have_8_to_255_printable_characters, 0, ROWS(keys));
    tcase_add_test(tcase, a_key_under_way_is_in_flight);
    return suite;
}
