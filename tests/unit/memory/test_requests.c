/* Each allocation of a request fails, once and for good, and each thing that it asks of the database: the answer is the
 * right one or an honest 5xx, what is stored is all or nothing, and nothing leaks.
 *
 * Our own allocations and jansson's fail one after the other on a connection as a running daemon has it, SQLite's on
 * such a one and on a new one. Of SQLite's, which are thousands, and of those that fail for good some are left out
 * unless UNIT_MEMORY_ALL is set (tests/campaign memory does), and most of all under a sanitizer, where the same takes
 * ten times as long. UNIT_MEMORY_REQUEST names the one request to try. */
#include "api.h"
#include "requests.h"
#include "shim.h"

#include <stdio.h>
#include <unistd.h>

static struct world world;
static struct store watch; /* another connection, which sees every commit */
static char template_path[120];

static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    ck_assert(in && out);
    size_t length;
    while ((length = fread(bytes, 1, sizeof bytes, in)) > 0)
        ck_assert_uint_eq(fwrite(bytes, 1, length, out), length);
    fclose(in);
    fclose(out);
}

/* The story is told once; each test begins with a copy of it. */
static void tell(void)
{
    world_begin(&world);
    world_fill(&world);
    requests_tell(&world);
    snprintf(template_path, sizeof template_path, "%s/template", world.folder);
    ck_assert_msg(db_backup(world.store.db, template_path), "%s", db_message(world.store.db));
    world_close(&world);
}

static void forget(void)
{
    world_end(&world);
}

/* What a request comes to where nothing fails. */
struct outcome {
    int status;
    size_t length;
    int64_t entries; /* of the audit log; the records are verified against it */
    int64_t kept;    /* answers, references used up, and the inputs of decisions */
};

static struct outcome outcome_of(const struct response *response)
{
    struct outcome outcome = {.status = response->status,
                              .length = response->static_body ? response->static_length : response->body.length};
    /* What came of an import is on record, also where it failed. */
    outcome.entries = world_integer(&world, "SELECT count(*) FROM audit_log WHERE resource <> 'import'");
    outcome.kept = world_integer(&world, "SELECT (SELECT count(*) FROM idempotency) * 1000000 + (SELECT sum(last) FROM "
                                         "reference_counter) * 1000 + (SELECT count(*) FROM decision_input)");
    return outcome;
}

static void close_all(void)
{
    world_close(&world);
    store_close(&watch);
}

static void open_all(bool anew)
{
    static const char *const files[] = {"reviewd.db-wal", "reviewd.db-shm", "reviewd.db"};
    char path[120];
    const char *message;
    for (size_t i = 0; anew && i < COUNT_OF(files); i++) {
        snprintf(path, sizeof path, "%s/%s", world.folder, files[i]);
        unlink(path);
    }
    if (anew)
        copy_file(template_path, path);
    world_open(&world);
    ck_assert(store_open(&watch, world.folder, DB_READER, &message));
    outcome_of(&world.response); /* the connection keeps the queries that we ask it */
    world_verify(&world);
}

/* Prepares what the request needs without keeping anything. */
static void warm(const struct ask_for *ask)
{
    char target[400];
    struct ask_for dry = *ask;
    bool reads = ask->method == METHOD_GET || strstr(ask->target, "dry_run");
    const char *more = reads ? "" : strchr(ask->target, '?') ? "&dry_run=true" : "?dry_run=true";
    snprintf(target, sizeof target, "%s%s", ask->target, more);
    dry.target = target;
    world_ask(&world, &dry);
}

static struct outcome rehearse(const struct ask_for *ask)
{
    open_all(true);
    warm(ask);
    struct response *response = world_ask(&world, ask);
    bool needs_keys = strstr(ask->target, "/evidence-pack") != NULL; /* which test_pack.c has */
    ck_assert_msg(response->status < 500 || needs_keys, "%s: answered %d without a failure: %.*s", ask->target,
                  response->status, (int)response->body.length, response->body.data ? response->body.data : "");
    struct outcome outcome = outcome_of(response);
    close_all();
    return outcome;
}

static bool is_problem(const struct response *response)
{
    const char *type = response_get(response, "Content-Type");
    const char *body = response->static_body ? response->static_body : response->body.data;
    size_t length = response->static_body ? response->static_length : response->body.length;
    return type && strcmp(type, "application/problem+json") == 0 && length > 2 && body[0] == '{' &&
           body[length - 1] == '}' && memmem(body, length, "\"detail\":", 9);
}

/* What fails, and how. */
struct failing {
    enum shim_source source;
    bool for_good;       /* and not once */
    bool new_connection; /* whose statements are all to be made */
    bool all;            /* of them, whatever the time it takes */
};

/* One request with one failure. Whether the failure was asked for before the request was over. */
static bool fail_from(const char *name, const struct ask_for *ask, struct failing failing, size_t n,
                      const struct outcome *right, bool *ret_changed)
{
    bool packed = ask->accept_encoding != NULL;
    int64_t version = db_data_version(watch.db);
    world_forget(&world);
    const struct outcome before = outcome_of(&world.response);
    shim_arm(failing.source, n, failing.for_good);
    struct response *response = world_ask(&world, ask);
    bool fired = shim_disarm();
    bool changed = db_data_version(watch.db) != version;
    ck_assert_msg(!db_in_transaction(world.store.db), "%s, %zu: a transaction is left open", name, n);
    *ret_changed = changed;
    if (!response) { /* looking up who asks failed: no request yet */
        ck_assert(fired);
        return true;
    }
    int status = response->status;
    const char *body = response->static_body ? response->static_body : response->body.data;
    size_t length = response->static_body ? response->static_length : response->body.length;
    bool unknown = status == 503 && memmem(body, length, "outcome-unknown", 15);
    if (unknown) {
        world_verify(&world);
    } else if (fired && (status == 500 || status == 503)) {
        ck_assert_msg(is_problem(response), "%s, %zu: %d is no problem: %.*s", name, n, status,
                      (int)response->body.length, response->body.data ? response->body.data : "");
        struct outcome after = outcome_of(response);
        ck_assert_msg(after.entries == before.entries && after.kept == before.kept,
                      "%s, %zu: answered %d, and stored something (%lld entries, %lld kept): %.*s", name, n, status,
                      (long long)(after.entries - before.entries), (long long)(after.kept - before.kept),
                      (int)response->body.length, response->body.data ? response->body.data : "");
        if (changed)
            world_verify(&world);
    } else {
        struct outcome outcome = outcome_of(response);
        ck_assert_msg(outcome.status == right->status, "%s, %zu: answered %d, not %d: %.*s", name, n, outcome.status,
                      right->status, (int)response->body.length, response->body.data ? response->body.data : "");
        ck_assert_msg(packed || outcome.length == right->length, "%s, %zu: answered %zu bytes, not %zu: %.999s", name,
                      n, outcome.length, right->length, response->body.data);
        ck_assert_msg(outcome.entries == right->entries && outcome.kept == right->kept,
                      "%s, %zu: answered %d, and not all is stored", name, n, status);
        if (changed)
            world_verify(&world);
    }
    world_forget(&world);
    return fired;
}

static void fail_each(int index, struct failing failing)
{
    const char *name = requests[index].name;
    const struct ask_for *ask = &requests[index].ask;
    const char *only = getenv("UNIT_MEMORY_REQUEST");
    if (only && strcmp(only, name) != 0)
        return;
    const bool all = failing.all || getenv("UNIT_MEMORY_ALL") != NULL ||
                     (failing.source != SHIM_SQLITE && !failing.for_good && !shim_is_slow());
    long held[SHIM_COUNT] = {shim_held(SHIM_OURS), shim_held(SHIM_SQLITE)};
    const struct outcome right = rehearse(ask);
    bool changed = true, fired = true;
    bool is_open = false;
    const size_t spread = shim_is_slow() ? 1 : failing.new_connection || failing.for_good ? 4 : 24;
    for (size_t n = 1; fired; n += all ? 1 : 1 + n / spread) {
        if (is_open && (changed || failing.new_connection))
            close_all();
        if (!is_open || changed || failing.new_connection) {
            open_all(changed);
            if (!failing.new_connection)
                warm(ask);
        }
        is_open = true;
        fired = fail_from(name, ask, failing, n, &right, &changed);
    }
    close_all();
    arena_finish(&world.arena);
    ck_assert_msg(shim_held(SHIM_OURS) == held[SHIM_OURS], "%s: %ld of ours are not freed", name,
                  shim_held(SHIM_OURS) - held[SHIM_OURS]);
    ck_assert_msg(shim_held(SHIM_SQLITE) == held[SHIM_SQLITE], "%s: %ld of SQLite's are not freed", name,
                  shim_held(SHIM_SQLITE) - held[SHIM_SQLITE]);
}

static const struct {
    const char *name;
    struct failing failing;
} ways[] = {
    {"ours", {SHIM_OURS}},
    /* Of its lexer's, too, after which jansson 2.14 itself writes beyond its buffer or calls good JSON bad. */
    {"jansson's", {SHIM_JANSSON}},
    {"SQLite's", {SHIM_SQLITE}},
    {"SQLite's, on a new connection", {SHIM_SQLITE, .new_connection = true}},
    {"what is asked of the database", {SHIM_DATABASE}}, /* not for want of memory: the disk is gone */
    {"ours, for good", {SHIM_OURS, .for_good = true}},
    {"SQLite's, for good", {SHIM_SQLITE, .for_good = true}},
    {"SQLite's, for good, on a new connection", {SHIM_SQLITE, .for_good = true, .new_connection = true}},
};

START_TEST(each_route_is_asked_for)
{
    const struct route *route = requests_lack();
    ck_assert_msg(!route, "no request asks for %s", route ? route->path : "");
}
END_TEST

START_TEST(allocations_fail)
{
    int request = _i % (int)request_count, way = _i / (int)request_count;
    /* Some ways of each request; tests/campaign memory and tests/run coverage take all. */
    if (getenv("UNIT_MEMORY_ALL") || getenv("UNIT_MEMORY_WAYS") || (request + way) % (shim_is_slow() ? 12 : 6) == 0)
        fail_each(request, ways[way].failing);
}
END_TEST

/* What a campaign has found. */
static const struct {
    const char *request;
    struct failing failing;
} cases[] = {
    {"the calendar", {SHIM_SQLITE, .all = true}}, /* a classification that cannot be read */
};

START_TEST(a_case)
{
    for (size_t i = 0; i < request_count; i++) {
        if (strcmp(requests[i].name, cases[_i].request) == 0)
            fail_each((int)i, cases[_i].failing);
    }
}
END_TEST

Suite *requests_suite(void)
{
    Suite *suite = suite_create("memory/requests");
    tcase_add_test(unit_case(suite, "routes"), each_route_is_asked_for);
    TCase *found = unit_case(suite, "cases");
    tcase_add_unchecked_fixture(found, tell, forget);
    tcase_add_loop_test(found, a_case, 0, ROWS(cases));
    for (int i = 0; i < ROWS(ways); i++) {
        TCase *way = unit_case(suite, ways[i].name);
        tcase_add_unchecked_fixture(way, tell, forget);
        tcase_add_loop_test(way, allocations_fail, i * (int)request_count, (i + 1) * (int)request_count);
    }
    return suite;
}
