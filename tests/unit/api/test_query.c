/* src/api/query.c: parameters, limits, cursors. */
#include "../world.h"

#include "api.h"

#include <stdio.h>

static struct world world;
static struct arena arena;
static struct call call;

static void begin(void)
{
    arena_init(&arena);
}

static void end(void)
{
    arena_finish(&arena);
}

static const struct route *route_of(const char *path, enum method method)
{
    for (size_t i = 0; i < route_count; i++) {
        if (routes[i].method == method && strcmp(routes[i].path, path) == 0)
            return &routes[i];
    }
    ck_abort_msg("there is no route %s", path);
    return NULL;
}

/* A call as far as its query is concerned. */
static bool parse(const char *path, enum method method, const char *query)
{
    call =
        (struct call){.arena = &arena, .violations = {.arena = &arena}, .route = route_of(path, method), .path = path};
    return query_parse(&call, query);
}

/* --- parsing -------------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *query;
    const char *name;  /* that has … */
    const char *value; /* this value */
    const char *rule;  /* or: what is broken */
} rows[] = {
    {NULL, NULL, NULL, NULL},
    {"", NULL, NULL, NULL},
    {"limit=5", "limit", "5", NULL},
    {"q=a+b", "q", "a b", NULL},
    {"q=a%20b", "q", "a b", NULL},
    {"q=a%2Bb", "q", "a+b", NULL},
    {"q=%C4%8d", "q", "\xC4\x8D", NULL},
    {"q=\xC4\x8D", "q", "\xC4\x8D", NULL},
    {"q=a%26b%3D", "q", "a&b=", NULL},
    {"q=", "q", "", NULL},
    {"q", "q", "", NULL},
    {"q=a=b", "q", "a=b", NULL},
    {"%71=x", "q", "x", NULL},
    {"q=x&limit=5", "limit", "5", NULL},
    {"q=x&", "q", "x", NULL},
    {"q=%41", "q", "A", NULL},
    {"q=%", NULL, NULL, "query.invalid"},
    {"q=%4", NULL, NULL, "query.invalid"},
    {"q=%4g", NULL, NULL, "query.invalid"},
    {"q=%g4", NULL, NULL, "query.invalid"},
    {"q=%4&limit=1", NULL, NULL, "query.invalid"},
    {"q=%%34", NULL, NULL, "query.invalid"},
    {"q=%00", NULL, NULL, "query.invalid"},
    {"q=a%00b", NULL, NULL, "query.invalid"},
    {"q=%E4", NULL, NULL, "query.invalid"},
    {"q=%C0%80", NULL, NULL, "query.invalid"},
    {"q=%ED%A0%80", NULL, NULL, "query.invalid"},
    {"q=%F4%90%80%80", NULL, NULL, "query.invalid"},
    {"%zz=1", NULL, NULL, "query.invalid"},
    {"colour=red", NULL, NULL, "query.unknown"},
    {"Limit=5", NULL, NULL, "query.unknown"},
    {"limit%20=5", NULL, NULL, "query.unknown"},
    {"dry_run=true", NULL, NULL, "query.unknown"}, /* of a read */
    {"limit=5&limit=5", NULL, NULL, "query.repeated"},
    {"limit=5&%6Cimit=6", NULL, NULL, "query.repeated"},
    {"=5", NULL, NULL, "query.unknown"}, /* one without a name */
    {"&limit=5", "limit", "5", NULL},
    {"&&limit=5&&q=x&&", "q", "x", NULL},
    {"&", NULL, NULL, NULL},
};

START_TEST(a_query_is_parsed)
{
    bool fine = parse("/v1/people", METHOD_GET, rows[_i].query);
    const char *query = rows[_i].query ? rows[_i].query : "(none)";
    ck_assert_msg(fine == !rows[_i].rule, "'%s' is %s", query, fine ? "taken" : "refused");
    if (rows[_i].rule) {
        ck_assert_msg(violations_have(&call.violations, rows[_i].rule), "'%s': %s", query,
                      call.violations.items[0].rule->name);
        ck_assert_ptr_nonnull(call.violations.items[0].parameter);
        ck_assert_int_eq(violations_status(&call.violations), 400);
    } else if (rows[_i].name) {
        ck_assert_ptr_nonnull(query_get(&call, rows[_i].name));
        ck_assert_str_eq(query_get(&call, rows[_i].name), rows[_i].value);
    }
    ck_assert_ptr_null(query_get(&call, "no_such_name"));
}
END_TEST

static const struct {
    const char *query;
    bool fine;
    bool dry_run;
} dry_runs[] = {
    {"", true, false},
    {"dry_run=true", true, true},
    {"dry_run=false", true, false},
    {"dry_run=1", false, false},
    {"dry_run=", false, false},
    {"dry_run=TRUE", false, false},
    {"dry_run=true&dry_run=true", false, true},
    {"limit=5", false, false},
};

START_TEST(a_write_takes_dry_run_alone)
{
    ck_assert_int_eq(parse("/v1/people", METHOD_POST, dry_runs[_i].query), dry_runs[_i].fine);
    ck_assert_int_eq(call.dry_run, dry_runs[_i].dry_run);
}
END_TEST

static const struct {
    const char *path;
    const char *name;
    bool known;
} names[] = {
    {"/v1/people", "role", true},
    {"/v1/people", "active", true},
    {"/v1/people", "name", false},
    {"/v1/people", "created_at_after", true},
    {"/v1/people", "created_at", false},
    {"/v1/people", "reference", false},
    {"/v1/people", "withdrawn", false},
    {"/v1/reviews", "reference", true},
    {"/v1/reviews", "held_on", true},
    {"/v1/reviews", "held_on_before", true},
    {"/v1/reviews", "held_on_within", false},
    {"/v1/reviews", "status", true},
    {"/v1/reviews", "status_before", false},
    {"/v1/inputs", "withdrawn", true},
    {"/v1/inputs", "position", false},
    {"/v1/action-items", "overdue", true},
    {"/v1/action-items", "overdue_before", false},
    {"/v1/action-items", "days_overdue", false},
    {"/v1/action-items", "owner_id", true},
    {"/v1/action-items", "review_reference", false},
    {"/v1/follow-ups", "q", true},
    {"/v1/audit-log", "at_before", true},
    {"/v1/audit-log", "sort", true},
    {"/v1/rules", "limit", true},
    {"/v1/reviews/{id}/readiness", "limit", false},
    {"/v1/people/{id}", "limit", false},
};

START_TEST(each_path_knows_its_parameters)
{
    ck_assert_msg(query_known(route_of(names[_i].path, METHOD_GET), names[_i].name) == names[_i].known, "%s of %s",
                  names[_i].name, names[_i].path);
}
END_TEST

static const struct {
    const char *query;
    int limit; /* 0: refused */
} limits[] = {
    {"", 50},
    {"limit=1", 1},
    {"limit=200", 200},
    {"limit=201", 0},
    {"limit=0", 0},
    {"limit=-1", 0},
    {"limit=", 0},
    {"limit=5x", 0},
    {"limit=+5", 0},
    {"limit=%205", 0},
    {"limit=0x10", 0},
    {"limit=1e1", 0},
    {"limit=007", 7},
    {"limit=99999999999999999999", 0},
    {"limit=4294967297", 0},
};

START_TEST(a_limit_is_from_1_to_200)
{
    ck_assert(parse("/v1/people", METHOD_GET, limits[_i].query));
    ck_assert_msg(query_limit(&call) == limits[_i].limit, "'%s'", limits[_i].query);
    ck_assert_int_eq(violations_have(&call.violations, "query.invalid"), limits[_i].limit == 0);
}
END_TEST

/* --- cursors -------------------------------------------------------------------------------------------------------
 */

static const char *const values[] = {"", "Ana", "a|b|c", "\xC4\x8D|", "2026-11-21"};

/* A cursor made for one query, read for another. */
static bool carry(const char *path, const char *query, const char *other_path, const char *other_query,
                  const char *value)
{
    static const char id[] = "00000000-0000-7000-8000-00000000000a";
    char text[600];
    const char *got_value = NULL, *got_id = NULL;
    ck_assert(parse(path, METHOD_GET, query));
    const char *cursor = cursor_make(&call, value, id);
    snprintf(text, sizeof text, "%s%scursor=%s", other_query, *other_query ? "&" : "", cursor);
    ck_assert(parse(other_path, METHOD_GET, text));
    bool read = cursor_read(&call, &got_value, &got_id);
    ck_assert_int_eq(read, !violations_have(&call.violations, "query.invalid"));
    if (read) {
        ck_assert_str_eq(got_value, value);
        ck_assert_str_eq(got_id, id);
    }
    return read;
}

static const struct {
    const char *path, *query, *other_path, *other_query;
    bool fits;
} carried[] = {
    {"/v1/people", "", "/v1/people", "", true},
    {"/v1/people", "role=auditor&sort=name", "/v1/people", "role=auditor&sort=name", true},
    {"/v1/people", "role=auditor&sort=name", "/v1/people", "sort=name&role=auditor", true},
    {"/v1/people", "limit=5", "/v1/people", "limit=7&count=true", true},
    {"/v1/people", "role=auditor", "/v1/people", "role=employee", false},
    {"/v1/people", "role=auditor", "/v1/people", "", false},
    {"/v1/people", "", "/v1/people", "role=auditor", false},
    {"/v1/people", "sort=name", "/v1/people", "sort=-name", false},
    {"/v1/people", "", "/v1/reviews", "", false},
    {"/v1/people", "q=a", "/v1/people", "q=b", false},
};

START_TEST(a_cursor_fits_its_own_list_alone)
{
    for (size_t i = 0; i < COUNT_OF(values); i++)
        ck_assert_msg(carry(carried[_i].path, carried[_i].query, carried[_i].other_path, carried[_i].other_query,
                            values[i]) == carried[_i].fits,
                      "%s?%s, then %s?%s", carried[_i].path, carried[_i].query, carried[_i].other_path,
                      carried[_i].other_query);
}
END_TEST

START_TEST(a_cursor_is_the_servers_alone)
{
    char text[300], cursor[200];
    const char *value, *id;
    ck_assert(parse("/v1/people", METHOD_GET, ""));
    snprintf(cursor, sizeof cursor, "%s", cursor_make(&call, "Ana", "00000000-0000-7000-8000-00000000000a"));
    for (size_t i = 0; cursor[i]; i++) { /* whichever character is changed */
        char was = cursor[i];
        cursor[i] = was == 'A' ? 'B' : 'A';
        snprintf(text, sizeof text, "cursor=%s", cursor);
        ck_assert(parse("/v1/people", METHOD_GET, text));
        ck_assert_msg(!cursor_read(&call, &value, &id), "changed at %zu", i);
        cursor[i] = was;
    }
    static const char *const bad[] = {"cursor=",     "cursor=x",    "cursor=%00",   "cursor=fHx8",
                                      "cursor=AAAA", "cursor=====", "cursor=%C4%8D"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        bool parsed = parse("/v1/people", METHOD_GET, bad[i]);
        ck_assert_msg(!parsed || !cursor_read(&call, &value, &id), "%s", bad[i]);
    }
}
END_TEST

/* --- lists ---------------------------------------------------------------------------------------------------------
 */

static void fill(void)
{
    world_begin(&world);
    world_fill(&world);
}

static void empty(void)
{
    world_end(&world);
}

static const struct {
    const char *target;
    int status;
    const char *holds; /* a part of the body */
} lists[] = {
    {"/v1/reviews?status=planned", 200, "MR-2026-04"},
    {"/v1/reviews?status=planned,approved&count=true", 200, "\"total\":2"},
    {"/v1/reviews?status=open", 400, "\"parameter\":\"status\""},
    {"/v1/reviews?status=", 400, "\"parameter\":\"status\""},
    {"/v1/reviews?status=planned,", 400, "\"parameter\":\"status\""},
    {"/v1/reviews?chair_id=mirko@x.org&count=true", 200, "\"total\":4"},
    {"/v1/reviews?chair_id=nobody@x.org", 200, "\"data\":[]"},
    {"/v1/reviews?chair_id=mirko", 400, "\"parameter\":\"chair_id\""},
    {"/v1/reviews?reference=MR-2026-01&count=true", 200, "\"total\":1"},
    {"/v1/reviews?held_on=2026-11-20&count=true", 200, "\"total\":2"},
    {"/v1/reviews?held_on_before=2026-11-19&count=true", 200, "\"total\":0"},
    {"/v1/reviews?held_on_after=2026-13-01", 400, "\"parameter\":\"held_on_after\""},
    {"/v1/reviews?created_at_after=2026-11-21T12:00:00.000Z&count=true", 200, "\"total\":4"},
    {"/v1/reviews?created_at_after=2026-11-21T12:00:00.001Z&count=true", 200, "\"total\":3"},
    {"/v1/reviews?created_at_before=2026-11-21&count=true", 200, "\"total\":4"},
    {"/v1/reviews?created_at_after=yesterday", 400, "\"parameter\":\"created_at_after\""},
    {"/v1/people?active=true&count=true", 200, "\"total\":6"},
    {"/v1/people?active=yes", 400, "\"parameter\":\"active\""},
    {"/v1/people?count=maybe", 400, "\"parameter\":\"count\""},
    {"/v1/people?sort=role", 400, "name"},
    {"/v1/people?sort=-", 400, "\"parameter\":\"sort\""},
    {"/v1/people?sort=-id&limit=1", 200, "zoran@x.org"},
    {"/v1/people?q=ana", 200, "ana@x.org"},
    {"/v1/action-items?overdue=true", 200, "\"data\":[]"},
    {"/v1/action-items?review_id=MR-2026-01&count=true", 200, "\"total\":1"},
    {"/v1/action-items?review_id=DEC-2026-001", 400, "\"parameter\":\"review_id\""},
};

START_TEST(lists_take_their_parameters)
{
    struct response *response = ASK_FOR(&world, METHOD_GET, lists[_i].target, .as = "ana@x.org");
    const char *body = response->body.data;
    ck_assert_msg(response->status == lists[_i].status, "%s is answered %d: %.*s", lists[_i].target, response->status,
                  response->body.length < 800 ? (int)response->body.length : 800, body);
    ck_assert_msg(memmem(body, response->body.length, lists[_i].holds, strlen(lists[_i].holds)) != NULL, "%s: %.*s",
                  lists[_i].target, response->body.length < 800 ? (int)response->body.length : 800, body);
}
END_TEST

START_TEST(pages_follow_their_links)
{
    char target[500] = "/v1/people?limit=1&sort=-name&q=x";
    static const char *const people[] = {"Zoran", "Vesna", "Petra", "Mirko", "Ivo", "Ana"};
    for (size_t i = 0; i < COUNT_OF(people); i++) {
        struct response *response = ASK_FOR(&world, METHOD_GET, target, .as = "ana@x.org");
        ck_assert_int_eq(response->status, 200);
        ck_assert_str_eq(world_member(&world, "name"), people[i]);
        const char *link = response_get(response, "Link");
        if (i + 1 == COUNT_OF(people)) {
            ck_assert_ptr_null(link);
            break;
        }
        ck_assert(link && link[0] == '<');
        snprintf(target, sizeof target, "%.*s", (int)strcspn(link + 1, ">"), link + 1);
    }
}
END_TEST

Suite *query_suite(void)
{
    Suite *suite = suite_create("api/query");
    TCase *tcase = unit_case(suite, "query");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, a_query_is_parsed, 0, ROWS(rows));
    tcase_add_loop_test(tcase, a_write_takes_dry_run_alone, 0, ROWS(dry_runs));
    tcase_add_loop_test(tcase, each_path_knows_its_parameters, 0, ROWS(names));
    tcase_add_loop_test(tcase, a_limit_is_from_1_to_200, 0, ROWS(limits));
    tcase_add_loop_test(tcase, a_cursor_fits_its_own_list_alone, 0, ROWS(carried));
    tcase_add_test(tcase, a_cursor_is_the_servers_alone);
    TCase *whole = unit_case(suite, "lists");
    tcase_add_unchecked_fixture(whole, fill, empty);
    tcase_add_loop_test(whole, lists_take_their_parameters, 0, ROWS(lists));
    tcase_add_test(whole, pages_follow_their_links);
    return suite;
}
