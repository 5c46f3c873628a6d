/* src/api/negotiate.c: entity tags, Accept, Prefer. */
#include "../world.h"

#include "api.h"

#include <stdio.h>

static struct world world;

static void begin(void)
{
    world_begin(&world);
    world_fill(&world);
}

static void end(void)
{
    world_end(&world);
}

#define TAG "\"0123456789abcdef\""

static const struct {
    const char *if_match;
    int status;
} if_matches[] = {
    {NULL, 428},
    {"*", 0},
    {TAG, 0},
    {"\"0123456789abcdef-gzip\"", 0}, /* the tag of another coding of the same */
    {"\"0123456789abcdef-br\"", 412},
    {"\"other\"", 412},
    {"\"\"", 412},
    {"W/" TAG, 412}, /* compared strongly */
    {"w/" TAG, 412},
    {"\"other\", " TAG, 0},
    {"\"other\"," TAG ",\"more\"", 0},
    {"\"other\" , \t" TAG, 0},
    {", ," TAG, 0},
    {"W/\"a\", \"b\", " TAG, 0},
    {"\"a,b\", " TAG, 0}, /* a comma within a tag */
    {"\"a, " TAG, 412},
    {"0123456789abcdef", 412},
    {"\"0123456789abcdef", 412},
    {"\"0123456789ABCDEF\"", 412},
    {"*, " TAG, 412},
    {"\"other\", *", 412},
    {"", 412},
    {"\"other\", x", 412},
    {TAG " x", 412}, /* what is no list names nothing */
    {TAG ", x", 412},
    {TAG TAG, 412},
    {TAG ", \"open", 412},
    {TAG " ,", 0},
};

START_TEST(if_match)
{
    ck_assert_msg(if_match_status(if_matches[_i].if_match, TAG) == if_matches[_i].status, "'%s' is %d",
                  if_matches[_i].if_match ? if_matches[_i].if_match : "(none)",
                  if_match_status(if_matches[_i].if_match, TAG));
}
END_TEST

/* Of a record's present tag: what comes before it, and after it. */
static const struct {
    const char *before;
    const char *after;
    int status;
} if_none_matches[] = {
    {"", "", 304},        {"W/", "", 304}, /* compared weakly */
    {"\"x\", ", "", 304}, {"", ", \"x\"", 304}, {"\"x\"", NULL, 200},
    {"*", NULL, 304},     {"x", NULL, 200},     {"\"x", NULL, 200},
};

START_TEST(if_none_match)
{
    struct response *response = ASK_FOR(&world, METHOD_GET, "/v1/reviews/MR-2026-01", .as = "ana@x.org");
    ck_assert_int_eq(response->status, 200);
    char header[200], etag[80];
    snprintf(etag, sizeof etag, "%s", response_get(response, "ETag"));
    snprintf(header, sizeof header, "%s%s%s", if_none_matches[_i].before, if_none_matches[_i].after ? etag : "",
             if_none_matches[_i].after ? if_none_matches[_i].after : "");
    static const enum method methods[] = {METHOD_GET, METHOD_HEAD};
    for (size_t m = 0; m < COUNT_OF(methods); m++) {
        struct id person;
        world_forget(&world);
        struct request request = {
            .arena = &world.arena, .method = methods[m], .method_name = "GET", .target = "/v1/reviews/MR-2026-01"};
        request.headers[HEADER_IF_NONE_MATCH] = header;
        ck_assert_int_eq(store_find(&world.store, &person_resource, "ana@x.org", &view_all, &person), FOUND);
        api_call_alone(world.worker, world.folder, &request, &world.response, &person);
        ck_assert_msg(world.response.status == if_none_matches[_i].status, "%s is answered %d", header,
                      world.response.status);
        ck_assert_str_eq(response_get(&world.response, "ETag"), etag);
        if (world.response.status == 304)
            ck_assert_uint_eq(world.response.body.length, 0);
    }
}
END_TEST

static const struct {
    const char *accept;
    bool json;
} accept_rows[] = {
    {NULL, true},
    {"", true},
    {"*/*", true},
    {"application/json", true},
    {"APPLICATION/JSON", true},
    {"application/*", true},
    {"text/html", false},
    {"text/*", false},
    {"text/html, */*", true},
    {"text/html,application/json", true},
    {"text/html , application/json", true},
    {"application/json;q=0", false},
    {"application/json; q=0.0", false},
    {"application/json;q=0.001", true},
    {"application/json ; q=1", true},
    {"application/json;charset=utf-8", true},
    {"application/json;q=0, */*", false}, /* the nearest range decides */
    {"application/*;q=0, */*", false},
    {"*/*;q=0", false},
    {"*/*;q=0, application/json", true},
    {"*/*;q=0.1", true},
    {"application/jsonp", false},
    {"application/json-seq", false},
    {"application/problem+json", false},
    {"application", false},
    {"application/json;seq=0", true}, /* a parameter of another name */
    {"application/json;Q=0", false},
};

/* A weight that is none is as good as left out. */
static const struct {
    const char *accept;
    double weight;
} accept_weights[] = {
    {"application/json;q=0.5", 0.5}, {"application/json;q=1.000", 1}, {"application/json;q=5", 1},
    {"application/json;q=-1", 1},    {"application/json;q=nan", 1},   {"application/json;q=inf", 1},
    {"application/json;q=", 1},      {"application/json;q=x", 1},     {"application/json;q=1e9", 1},
};

START_TEST(accept_weight_is_one_at_most)
{
    double weight = accept_weight(accept_weights[_i].accept, "application/json");
    ck_assert_msg(weight >= accept_weights[_i].weight && weight <= accept_weights[_i].weight, "'%s' is %g",
                  accept_weights[_i].accept, weight);
}
END_TEST

START_TEST(accept_header)
{
    ck_assert_msg((accept_weight(accept_rows[_i].accept, "application/json") > 0) == accept_rows[_i].json, "'%s' %s",
                  accept_rows[_i].accept ? accept_rows[_i].accept : "(none)",
                  accept_rows[_i].json ? "takes JSON" : "takes no JSON");
}
END_TEST

static const struct {
    const char *header;
    const char *token;
    bool listed;
} list_rows[] = {
    {"gzip", "gzip", true},      {"gzip, br", "gzip", true}, {"br,gzip;q=0.5", "gzip", true},
    {"gzip;q=0", "gzip", false}, {"br", "gzip", false},      {"x-gzip", "gzip", false},
    {"gzipped", "gzip", false},  {"", "gzip", false},        {NULL, "gzip", false},
};

START_TEST(header_lists_a_token)
{
    ck_assert_msg(header_lists(list_rows[_i].header, list_rows[_i].token) == list_rows[_i].listed, "'%s'",
                  list_rows[_i].header ? list_rows[_i].header : "(none)");
}
END_TEST

START_TEST(tags_tell_bodies_apart)
{
    struct arena arena;
    arena_init(&arena);
    const char *one = etag_of(&arena, "{\"a\":1}", 7);
    ck_assert_uint_ge(strlen(one), 18);
    ck_assert(one[0] == '"' && one[strlen(one) - 1] == '"');
    ck_assert_str_eq(one, etag_of(&arena, "{\"a\":1}", 7));
    ck_assert_str_ne(one, etag_of(&arena, "{\"a\":2}", 7));
    ck_assert_str_ne(one, etag_of(&arena, "{\"a\":1}", 6));
    arena_finish(&arena);
}
END_TEST

START_TEST(a_packed_answer_says_so)
{
    struct response *response =
        ASK_FOR(&world, METHOD_GET, "/v1/reviews/MR-2026-01/inputs", .as = "ana@x.org", .accept_encoding = "br, gzip");
    ck_assert_int_eq(response->status, 200);
    ck_assert_str_eq(response_get(response, "Content-Encoding"), "gzip");
    ck_assert_int_eq(memcmp(response->body.data, "\x1F\x8B", 2), 0);
    const char *etag = response_get(response, "ETag");
    ck_assert_str_eq(etag + strlen(etag) - 6, "-gzip\"");
    response =
        ASK_FOR(&world, METHOD_GET, "/v1/reviews/MR-2026-01/inputs", .as = "ana@x.org", .accept_encoding = "gzip;q=0");
    ck_assert_ptr_null(response_get(response, "Content-Encoding"));
    ck_assert_str_eq(response_get(response, "Vary"), "Accept, Accept-Encoding");
}
END_TEST

Suite *negotiate_suite(void)
{
    Suite *suite = suite_create("api/negotiate");
    TCase *tcase = unit_case(suite, "headers");
    tcase_add_loop_test(tcase, if_match, 0, ROWS(if_matches));
    tcase_add_loop_test(tcase, accept_header, 0, ROWS(accept_rows));
    tcase_add_loop_test(tcase, accept_weight_is_one_at_most, 0, ROWS(accept_weights));
    tcase_add_loop_test(tcase, header_lists_a_token, 0, ROWS(list_rows));
    tcase_add_test(tcase, tags_tell_bodies_apart);
    TCase *answers = unit_case(suite, "answers");
    tcase_add_unchecked_fixture(answers, begin, end);
    tcase_add_loop_test(answers, if_none_match, 0, ROWS(if_none_matches));
    tcase_add_test(answers, a_packed_answer_says_so);
    return suite;
}
