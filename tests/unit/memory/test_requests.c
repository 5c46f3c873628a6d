/* Each allocation of a request fails once, and each thing that it asks of the database: the answer is the right one or
 * an honest 5xx, what is stored is all or nothing, and nothing leaks.
 *
 * Our own allocations and jansson's fail one after the other on a connection as a running daemon has it, SQLite's on
 * such a one and on a new one. Of SQLite's, which are thousands, some are left out unless UNIT_MEMORY_ALL is
 * set; of ours too under a sanitizer, where the same takes ten times as long.
 * UNIT_MEMORY_REQUEST names the one request to try. */
#include "../world.h"
#include "shim.h"

#include <stdio.h>
#include <unistd.h>

static const struct {
    const char *name;
    struct ask_for ask;
} requests[] = {
    {"add a person",
     {METHOD_POST, "/v1/people",
      "{\"name\":\"Nina\",\"email\":\"nina@x.org\",\"role\":\"employee\",\"department\":\"HR\"}", "ana@x.org"}},
    {"add a wrong one",
     {METHOD_POST, "/v1/people", "{\"email\":\"nina\",\"role\":\"king\",\"x~/\":1,\"version\":2,\"job_title\":7}",
      "ana@x.org"}},
    {"change a person",
     {METHOD_PATCH, "/v1/people/petra@x.org", "{\"job_title\":null,\"department\":\"HR\"}", "ana@x.org"}},
    {"change nothing", {METHOD_PATCH, "/v1/people/petra@x.org", "{\"department\":\"IT\"}", "ana@x.org"}},
    {"make an owner inactive", {METHOD_POST, "/v1/people/petra@x.org/deactivate", NULL, "ana@x.org"}},
    {"erase a person",
     {METHOD_POST, "/v1/people/ana@x.org/erase", "{\"reason\":\"Asked for it on leaving\"}", "ana@x.org",
      .key = "erase-ana-1"}},
    {"versions as they are hashed",
     {METHOD_GET, "/v1/people/petra@x.org/sealed-history?count=true", NULL, "ana@x.org"}},
    {"people of then", {METHOD_GET, "/v1/people?as_of=2026-11-21T12:00:00Z&sort=name", NULL, "ana@x.org"}},
    {"reviews of then", {METHOD_GET, "/v1/reviews?as_of=2026-11-21T12:00:00Z&status=approved", NULL, "ana@x.org"}},
    {"inputs of then", {METHOD_GET, "/v1/inputs?as_of=2026-11-21T12:00:00Z&sort=-title&limit=9", NULL, "ivo@x.org"}},
    {"an action item of then",
     {METHOD_GET, "/v1/action-items/ACT-2026-0001?as_of=2026-11-21T12:00:00Z", NULL, "ana@x.org"}},
    {"compare two reviews", {METHOD_GET, "/v1/reviews/MR-2026-02/compare?with=MR-2026-01", NULL, "ana@x.org"}},
    {"compare with the one before", {METHOD_GET, "/v1/reviews/MR-2026-02/compare", NULL, "mirko@x.org"}},
    {"plan a review",
     {METHOD_POST, "/v1/reviews",
      "{\"title\":\"Another\",\"type\":\"extraordinary\",\"trigger\":\"other\",\"scope\":\"All\",\"period_start\":"
      "\"2026-05-01\",\"period_end\":\"2026-10-31\",\"planned_on\":\"2026-12-20\",\"chair_id\":\"vesna@x.org\","
      "\"also_covers\":[\"One\",\"Two\"]}",
      "ana@x.org"}},
    {"plan one, dry",
     {METHOD_POST, "/v1/reviews?dry_run=true",
      "{\"title\":\"Another\",\"type\":\"scheduled\",\"scope\":\"All\",\"period_start\":\"2026-05-01\",\"period_end\":"
      "\"2026-10-31\",\"planned_on\":\"2026-12-20\",\"chair_id\":\"vesna@x.org\"}",
      "ana@x.org"}},
    {"move the chair", {METHOD_PATCH, "/v1/reviews/MR-2026-04", "{\"chair_id\":\"vesna@x.org\"}", "ana@x.org"}},
    {"start a review", {METHOD_POST, "/v1/reviews/MR-2026-04/start", NULL, "ana@x.org"}},
    {"conclude too early",
     {METHOD_POST, "/v1/reviews/MR-2026-03/conclude", "{\"held_on\":\"2026-11-30\"}", "ana@x.org"}},
    {"approve a review", {METHOD_POST, "/v1/reviews/MR-2026-02/approve", NULL, "vesna@x.org"}},
    {"reopen a review",
     {METHOD_POST, "/v1/reviews/MR-2026-01/reopen", "{\"reason\":\"A finding was overlooked in it.\"}", "vesna@x.org"}},
    {"add an input",
     {METHOD_POST, "/v1/reviews/MR-2026-03/inputs",
      "{\"clause\":\"d2\",\"title\":\"Patching\",\"presenter_id\":\"ivo@x.org\",\"state\":\"considered\",\"trend\":"
      "\"stable\",\"summary\":\"It slipped.\",\"conclusion\":\"Too short.\",\"source\":{\"system\":\"Scanner\",\"url\":"
      "\"https://x.org/"
      "q4\",\"period_start\":\"2026-05-01\"},\"metrics\":[{\"name\":\"share\",\"value\":93.5,\"target\":"
      "95,\"comparator\":\"gte\"},{\"name\":\"count\",\"value\":7}]}",
      "ana@x.org"}},
    {"adopt a decision",
     {METHOD_POST, "/v1/decisions/DEC-2026-003/adopt", "{\"decided_on\":\"2026-11-21\"}", "mirko@x.org"}},
    {"change a decision",
     {METHOD_PATCH, "/v1/decisions/DEC-2026-003",
      "{\"kind\":\"isms_change\",\"affects\":[{\"kind\":\"policy\",\"title\":\"Patching\"}],\"success_criteria\":"
      "[{\"statement\":\"The procedure is known\",\"verification\":\"By other interviews\"}]}",
      "ana@x.org"}},
    {"add an action item",
     {METHOD_POST, "/v1/decisions/DEC-2026-001/action-items",
      "{\"kind\":\"change\",\"title\":\"Tell "
      "all\",\"owner_id\":\"ivo@x.org\",\"deadline\":\"2027-01-31\",\"resources\":"
      "{\"budget_amount\":1200.5,\"currency\":\"EUR\"},\"predecessor_id\":\"ACT-2026-0001\",\"success_criteria\":"
      "[{\"statement\":\"All were told\",\"verification\":\"By asking them\"}]}",
      "ana@x.org"}},
    {"block an action item",
     {METHOD_POST, "/v1/action-items/ACT-2026-0001/block", "{\"reason\":\"No money\"}", "petra@x.org"}},
    {"cancel one wrongly",
     {METHOD_POST, "/v1/action-items/ACT-2026-0001/cancel",
      "{\"reason\":\"No money\",\"approved_by_id\":\"petra@x.org\",\"also\":1}", "ana@x.org"}},
    {"amend an action item",
     {METHOD_POST, "/v1/action-items/ACT-2026-0001/amendments",
      "{\"reason\":\"The supplier is "
      "late.\",\"approved_by_id\":\"mirko@x.org\",\"owner_id\":\"ivo@x.org\",\"deadline\":"
      "\"2027-04-30\",\"success_criteria\":[{\"statement\":\"The procedure is known\",\"verification\":\"By "
      "interviews\"}]}",
      "ana@x.org"}},
    {"amend a decision",
     {METHOD_POST, "/v1/decisions/DEC-2026-001/amendments",
      "{\"reason\":\"The supplier is late.\",\"approved_by_id\":\"mirko@x.org\",\"deadline\":\"2027-09-30\"}",
      "ana@x.org"}},
    {"follow up",
     {METHOD_POST, "/v1/action-items/ACT-2026-0001/follow-ups",
      "{\"kind\":\"completion\",\"performed_by_id\":\"petra@x.org\",\"performed_on\":\"2026-11-21\",\"note\":\"Done.\","
      "\"outcome\":\"completed\",\"next_follow_up_on\":\"2027-02-01\",\"criteria_results\":[{\"criterion_id\":\"c1\","
      "\"measured_value\":96.5},{\"criterion_id\":\"c2\",\"evidence\":\"Five interviews\"}]}",
      "petra@x.org"}},
    {"follow up in a review, with a key",
     {METHOD_POST, "/v1/action-items/ACT-2026-0001/follow-ups",
      "{\"kind\":\"progress\",\"performed_by_id\":\"ana@x.org\",\"performed_on\":\"2026-11-21\",\"note\":\"On it.\","
      "\"outcome\":\"at_risk\",\"progress_percent\":40,\"review_id\":\"MR-2026-03\",\"next_follow_up_on\":"
      "\"2027-02-01\"}",
      "ana@x.org", .key = "\"follow-up-1\""}},
    {"add a file to an action item",
     {METHOD_POST, "/v1/action-items/ACT-2026-0001/attachments?description=A%20scan", NULL, "petra@x.org",
      .key = "a-file-2", .file = "host,critical\n"}},
    {"add a page", {METHOD_POST, "/v1/reviews/MR-2026-03/attachments", NULL, "ana@x.org", .file = "<html>"}},
    {"import people",
     {METHOD_POST, "/v1/imports?resource=people", NULL, "ana@x.org", .key = "an-import-1", .type = "text/csv",
      .file = "name,email,role,job_title\nNina,nina@x.org,employee,\n\"Zo \"\"Z\"\" Z\",zo@x.org,auditor,'=1\n"}},
    {"import what is wrong",
     {METHOD_POST, "/v1/imports", NULL, "ana@x.org", .type = "application/x-ndjson",
      .file =
          "{\"resource\":\"person\",\"name\":7,\"email\":\"n\",\"x\":1}\n{\"resource\":\"input\",\"clause\":\"z\"}\n"
          "{\"resource\":\"person\",\"email\":\"ivo@x.org\",\"name\":\"Other\"}\n[]\n"}},
    {"import a history",
     {METHOD_POST, "/v1/imports", NULL, "ana@x.org", .type = "application/x-ndjson",
      .file =
          "{\"resource\":\"action_item\",\"decision_id\":\"DEC-2026-001\",\"reference\":\"ACT-2020-0001\",\"kind\":"
          "\"change\","
          "\"title\":\"Old\",\"owner_id\":\"ivo@x.org\",\"deadline\":\"2020-03-01\",\"original_deadline\":\"2020-02-"
          "01\","
          "\"extension_count\":1,\"status\":\"completed\",\"completed_on\":\"2020-02-20\",\"created_at\":\"2020-01-"
          "01\","
          "\"success_criteria\":[{\"id\":\"c3\",\"statement\":\"All were told\",\"verification\":\"By asking "
          "them\"}]}\n"
          "{\"resource\":\"amendment\",\"action_item_id\":\"ACT-2020-0001\",\"reason\":\"It takes longer.\","
          "\"approved_by_id\":\"mirko@x.org\",\"deadline\":\"2020-03-01\",\"before\":{\"deadline\":\"2020-02-01\"},"
          "\"after\":{\"deadline\":\"2020-03-01\"},\"created_at\":\"2020-01-20\"}\n"
          "{\"resource\":\"follow_up\",\"action_item_id\":\"ACT-2020-0001\",\"kind\":\"completion\",\"performed_by_"
          "id\":"
          "\"ivo@x.org\",\"performed_on\":\"2020-02-20\",\"note\":\"Done\",\"outcome\":\"completed\","
          "\"next_follow_up_on\":\"2020-05-01\",\"created_at\":\"2020-02-20\"}\n"
          "{\"resource\":\"review\",\"reference\":\"MR-2020-01\",\"title\":\"Old\",\"type\":\"scheduled\",\"scope\":"
          "\"All\","
          "\"period_start\":\"2019-01-01\",\"period_end\":\"2019-12-31\",\"planned_on\":\"2020-01-31\",\"chair_id\":"
          "\"vesna@x.org\",\"status\":\"cancelled\",\"cancel_reason\":\"Nobody came\"}\n"}},
    {"read an import", {METHOD_GET, "/v1/imports?status=done&count=true", NULL, "ana@x.org"}},
    {"list files", {METHOD_GET, "/v1/attachments?q=scan&count=true", NULL, "petra@x.org"}},
    {"be refused, with a key", {METHOD_POST, "/v1/people", "{\"name\":\"Nina\"}", "ana@x.org", .key = "refused-1"}},
    {"the same again",
     {METHOD_POST, "/v1/people", "{\"name\":\"Zoran\",\"email\":\"zoran@x.org\",\"role\":\"auditor\"}", "ana@x.org",
      .key = "kept-answer-1"}},
    {"the key for another", {METHOD_POST, "/v1/people", "{}", "ana@x.org", .key = "kept-answer-1"}},
    {"with a token",
     {METHOD_PATCH, "/v1/people/ivo@x.org", "{\"name\":\"Ivo I.\"}", .authorization = world_authorization}},
    {"without If-Match", {METHOD_PATCH, "/v1/people/ivo@x.org", "{}", "ana@x.org", .if_match = ""}},
    {"with an old If-Match",
     {METHOD_PATCH, "/v1/people/ivo@x.org", "{}", "ana@x.org", .if_match = "\"0000\", W/\"1\""}},
    {"what is no JSON", {METHOD_POST, "/v1/people", "{\"name\":\"Nina\",\"name\":\"Nora\"}", "ana@x.org"}},
    {"not one's right", {METHOD_PATCH, "/v1/people/ivo@x.org", "{\"name\":\"\"}", "petra@x.org"}},
    {"list with filters",
     {METHOD_GET,
      "/v1/action-items?status=open,in_progress&owner_id=petra@x.org&overdue=false&"
      "deadline_before=2027-12-31&q=window&count=true&sort=-deadline",
      NULL, "petra@x.org"}},
    {"list page by page", {METHOD_GET, "/v1/people?limit=2&sort=name&count=true", NULL, "ana@x.org"}},
    {"list, packed", {METHOD_GET, "/v1/inputs?q=nothing", NULL, "ivo@x.org", .accept_encoding = "gzip"}},
    {"list wrongly", {METHOD_GET, "/v1/decisions?status=open&limit=0&x=1&sort=x&q=%E4", NULL, "ana@x.org"}},
    {"list as CSV", {METHOD_GET, "/v1/inputs?format=csv&sort=-title&limit=7", NULL, "ana@x.org"}},
    {"list as NDJSON, packed",
     {METHOD_GET, "/v1/people?format=ndjson", NULL, "petra@x.org", .accept_encoding = "gzip"}},
    {"list as a sheet", {METHOD_GET, "/v1/action-items?format=xlsx&q=window", NULL, "ana@x.org"}},
    {"search", {METHOD_GET, "/v1/search?q=patch+in&limit=3", NULL, "ivo@x.org"}},
    {"read a decision", {METHOD_GET, "/v1/decisions/DEC-2026-001", NULL, "ana@x.org"}},
    {"read with a token", {METHOD_GET, "/v1/reviews/MR-2026-01/decisions", .authorization = world_authorization}},
    {"read what is not there", {METHOD_GET, "/v1/reviews/MR-2026-99", NULL, "ana@x.org"}},
    {"history", {METHOD_GET, "/v1/reviews/MR-2026-01/history?limit=2", NULL, "ana@x.org"}},
    {"readiness", {METHOD_GET, "/v1/reviews/MR-2026-03/readiness", NULL, "mirko@x.org"}},
    {"report on action items",
     {METHOD_GET, "/v1/reports/action-items?group_by=department&owner_id=petra@x.org&department=IT", NULL,
      "mirko@x.org"}},
    {"report as CSV", {METHOD_GET, "/v1/reports/action-items?group_by=owner&format=csv", NULL, "ana@x.org"}},
    {"report as a plot", {METHOD_GET, "/v1/reports/action-items?group_by=quarter&format=svg", NULL, "ana@x.org"}},
    {"report on metrics", {METHOD_GET, "/v1/reports/metrics", NULL, "mirko@x.org"}},
    {"report on the schedule", {METHOD_GET, "/v1/reports/schedule", NULL, "ana@x.org"}},
    {"report on clauses", {METHOD_GET, "/v1/reports/clauses?format=svg", NULL, "ana@x.org"}},
    {"carried action items", {METHOD_GET, "/v1/reviews/MR-2026-03/carried-action-items", NULL, "ana@x.org"}},
    {"revisions", {METHOD_GET, "/v1/reviews/MR-2026-01/revisions", NULL, "ana@x.org"}},
    {"agenda", {METHOD_GET, "/v1/reviews/MR-2026-04/agenda?format=pdf", NULL, "ana@x.org"}},
    {"minutes, JSON", {METHOD_GET, "/v1/reviews/MR-2026-03/minutes?format=json", NULL, "ivo@x.org"}},
    {"minutes, HTML", {METHOD_GET, "/v1/reviews/MR-2026-03/minutes?format=html", NULL, "ana@x.org"}},
    {"minutes, Markdown", {METHOD_GET, "/v1/reviews/MR-2026-02/minutes?format=md", NULL, "ana@x.org"}},
    {"minutes, kept", {METHOD_GET, "/v1/reviews/MR-2026-01/minutes?format=pdf", NULL, "ana@x.org"}},
    {"audit log", {METHOD_GET, "/v1/audit-log?resource=review&limit=5&count=true", NULL, "ana@x.org"}},
    {"rules", {METHOD_GET, "/v1/rules?limit=20", NULL, "petra@x.org"}},
    {"figures", {METHOD_GET, "/metrics", NULL, "ana@x.org"}},
};

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
    ck_assert_int_ne(response->status / 100, 5);
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

/* One request with one failure. Whether the failure was asked for before the request was over. */
static bool fail_once(const char *name, const struct ask_for *ask, enum shim_source source, size_t n,
                      const struct outcome *right, bool *ret_changed)
{
    bool packed = ask->accept_encoding != NULL;
    int64_t version = db_data_version(watch.db);
    world_forget(&world);
    const struct outcome before = outcome_of(&world.response);
    shim_arm(source, n);
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

#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

static void fail_each(int index, enum shim_source source, bool new_connection)
{
    const char *name = requests[index].name;
    const struct ask_for *ask = &requests[index].ask;
    const char *only = getenv("UNIT_MEMORY_REQUEST");
    if (only && strcmp(only, name) != 0)
        return;
    const bool all = getenv("UNIT_MEMORY_ALL") != NULL || (source != SHIM_SQLITE && !SANITIZED);
    long held[SHIM_COUNT] = {shim_held(SHIM_OURS), shim_held(SHIM_SQLITE)};
    const struct outcome right = rehearse(ask);
    bool changed = true, fired = true;
    bool is_open = false;
    for (size_t n = 1; fired; n += all ? 1 : 1 + n / (new_connection ? 4 : 24)) {
        if (is_open && (changed || new_connection))
            close_all();
        if (!is_open || changed || new_connection) {
            open_all(changed);
            if (!new_connection)
                warm(ask);
        }
        is_open = true;
        fired = fail_once(name, ask, source, n, &right, &changed);
    }
    close_all();
    arena_finish(&world.arena);
    ck_assert_msg(shim_held(SHIM_OURS) == held[SHIM_OURS], "%s: %ld of ours are not freed", name,
                  shim_held(SHIM_OURS) - held[SHIM_OURS]);
    ck_assert_msg(shim_held(SHIM_SQLITE) == held[SHIM_SQLITE], "%s: %ld of SQLite's are not freed", name,
                  shim_held(SHIM_SQLITE) - held[SHIM_SQLITE]);
}

START_TEST(each_of_our_allocations_fails_once)
{
    fail_each(_i, SHIM_OURS, false);
}
END_TEST

/* Of its lexer's, too, after which jansson 2.14 itself writes beyond its buffer or calls good JSON bad. */
START_TEST(each_of_janssons_allocations_fails_once)
{
    fail_each(_i, SHIM_JANSSON, false);
}
END_TEST

START_TEST(allocations_of_sqlite_fail)
{
    fail_each(_i, SHIM_SQLITE, false);
}
END_TEST

START_TEST(allocations_of_sqlite_fail_on_a_new_connection)
{
    fail_each(_i, SHIM_SQLITE, true);
}
END_TEST

/* Not for want of memory: the disk is gone. */
START_TEST(what_is_asked_of_the_database_fails_once)
{
    fail_each(_i, SHIM_DATABASE, false);
}
END_TEST

Suite *requests_suite(void)
{
    Suite *suite = suite_create("memory/requests");
    TCase *ours = unit_case(suite, "ours");
    tcase_add_unchecked_fixture(ours, tell, forget);
    tcase_add_loop_test(ours, each_of_our_allocations_fails_once, 0, ROWS(requests));
    TCase *jansson = unit_case(suite, "jansson");
    tcase_add_unchecked_fixture(jansson, tell, forget);
    tcase_add_loop_test(jansson, each_of_janssons_allocations_fails_once, 0, ROWS(requests));
    TCase *sqlite = unit_case(suite, "SQLite");
    tcase_add_unchecked_fixture(sqlite, tell, forget);
    tcase_add_loop_test(sqlite, allocations_of_sqlite_fail, 0, ROWS(requests));
    TCase *fresh = unit_case(suite, "SQLite, new connection");
    tcase_add_unchecked_fixture(fresh, tell, forget);
    tcase_add_loop_test(fresh, allocations_of_sqlite_fail_on_a_new_connection, 0, ROWS(requests));
    TCase *database = unit_case(suite, "database");
    tcase_add_unchecked_fixture(database, tell, forget);
    tcase_add_loop_test(database, what_is_asked_of_the_database_fails_once, 0, ROWS(requests));
    return suite;
}
