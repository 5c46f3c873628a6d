/* src/api/body.c and record_json.c: the request's JSON, before and after it means anything. */
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

/* --- JSON ----------------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    const char *body;
    size_t length; /* where it holds a NUL */
    int status;
} texts[] = {
    {"no JSON", "name=Ana", 0, 400},
    {"half of it", "{\"name\":", 0, 400},
    {"something after it", "{} x", 0, 400},
    {"two of them", "{}{}", 0, 400},
    {"a comma too many", "{\"name\":\"a\",}", 0, 400},
    {"single quotes", "{'name':'a'}", 0, 400},
    {"a comment", "{/* */}", 0, 400},
    {"a byte order mark", "\xEF\xBB\xBF{}", 0, 400},
    {"Latin-1", "{\"name\":\"\xE4\"}", 0, 400},
    {"an overlong form", "{\"name\":\"\xC0\xAF\"}", 0, 400},
    {"a lone surrogate", "{\"name\":\"\\ud800\"}", 0, 400},
    {"NUL, escaped", "{\"name\":\"a\\u0000b\"}", 0, 400},
    {"NUL, plain", "{\"name\":\"a\0b\"}", 14, 400},
    {"a control character", "{\"name\":\"a\nb\"}", 0, 400},
    {"a member twice", "{\"name\":\"a\",\"name\":\"b\"}", 0, 400},
    {"a member twice, deeper", "{\"x\":{\"a\":1,\"a\":1}}", 0, 400},
    {"a number too great", "{\"name\":1e400}", 0, 400},
    {"an integer too great", "{\"name\":99999999999999999999}", 0, 400},
    {"NaN", "{\"name\":NaN}", 0, 400},
    {"a list", "[]", 0, 422},
    {"a text", "\"x\"", 0, 422},
    {"null", "null", 0, 422},
    {"true", " true ", 0, 422},
    {"a number", "7", 0, 422},
    {"a fraction", "-0.5e1", 0, 422},
    {"half of null", "nul", 0, 400},
    {"null in capitals", "NULL", 0, 400},
    {"a text without end", "\"x", 0, 400},
    {"a text that is not UTF-8", "\"\xE4\"", 0, 400},
    {"two numbers", "12 34", 0, 400},
    {"half a number", "-", 0, 400},
    {"a number that begins with 0", "012", 0, 400},
    {"a number with a NUL after it", "12\0", 3, 400},
    {"NUL after a number within", "{\"name\":1\0}", 11, 400},
    {"an empty object", "{}", 0, 422},
    {"nothing", "", 0, 422},
    {"white space around it", " \r\n\t{} \n", 0, 422},
};

START_TEST(json_is_taken_or_not)
{
    struct id person;
    world_forget(&world);
    struct request request = {.arena = &world.arena,
                              .method = METHOD_POST,
                              .method_name = "POST",
                              .target = "/v1/people",
                              .body = texts[_i].body,
                              .body_length = texts[_i].length ? texts[_i].length : strlen(texts[_i].body)};
    request.headers[HEADER_CONTENT_TYPE] = "application/json";
    ck_assert_int_eq(store_find(&world.store, &person_resource, "ana@x.org", &view_all, &person), FOUND);
    api_call_alone(world.worker, world.folder, &request, &world.response, &person);
    const struct response *response = &world.response;
    ck_assert_msg(response->status == texts[_i].status, "%s is answered %d: %.*s", texts[_i].name, response->status,
                  (int)response->body.length, response->body.data);
    ck_assert_msg(text_is_utf8(response->body.data, response->body.length), "%s: the answer is not UTF-8",
                  texts[_i].name);
}
END_TEST

/* An object in so many levels, of lists and of objects by turns. */
static const char *nested(int depth)
{
    static char text[1000];
    size_t length = 0;
    for (int i = 0; i < depth; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, i % 2 ? "[" : "{\"a[{\\\"\":");
    length += (size_t)snprintf(text + length, sizeof text - length, "1");
    for (int i = depth; i-- > 0;)
        length += (size_t)snprintf(text + length, sizeof text - length, i % 2 ? "]" : "}");
    return text;
}

static const struct {
    int depth;
    int status;
} depths[] = {{1, 422}, {31, 422}, {32, 422}, {33, 400}, {34, 400}, {60, 400}};

START_TEST(json_nests_to_32)
{
    world_expect(&world, depths[_i].status,
                 &(const struct ask_for){METHOD_POST, "/v1/people", nested(depths[_i].depth), "ana@x.org"});
}
END_TEST

START_TEST(brackets_in_texts_do_not_nest)
{
    char brackets[201] = "", body[300];
    for (size_t i = 0; i < 200; i += 2)
        memcpy(brackets + i, "[{", 3);
    snprintf(body, sizeof body, "{\"name\":\"%s\\\"[\"}", brackets);
    world_expect(&world, 422, &(const struct ask_for){METHOD_POST, "/v1/people", body, "ana@x.org"});
}
END_TEST

static const struct {
    const char *type; /* NULL: none is sent */
    int status;       /* 422: taken, and {} breaks rules */
} types[] = {
    {"application/json", 422},
    {"Application/JSON", 422},
    {"application/json; charset=utf-8", 422},
    {"application/json;charset=\"UTF-8\"", 422},
    {"application/json; charset=iso-8859-1", 415},
    {"application/json; charset=utf-16", 415},
    {"application/jsonx", 415},
    {"text/json", 415},
    {"application/x-www-form-urlencoded", 415},
    {"application/merge-patch+json", 415}, /* of a POST */
    {"", 415},
    {NULL, 415},
};

START_TEST(bodies_have_a_type)
{
    struct id person;
    world_forget(&world);
    struct request request = {.arena = &world.arena,
                              .method = METHOD_POST,
                              .method_name = "POST",
                              .target = "/v1/people",
                              .body = "{}",
                              .body_length = 2};
    request.headers[HEADER_CONTENT_TYPE] = types[_i].type;
    ck_assert_int_eq(store_find(&world.store, &person_resource, "ana@x.org", &view_all, &person), FOUND);
    api_call_alone(world.worker, world.folder, &request, &world.response, &person);
    ck_assert_msg(world.response.status == types[_i].status, "'%s' is answered %d",
                  types[_i].type ? types[_i].type : "(none)", world.response.status);
    ck_assert_int_eq(response_get(&world.response, "Accept-Post") != NULL, types[_i].status == 415);
}
END_TEST

/* --- members -------------------------------------------------------------------------------------------------------
 */

/* One member of a person who is right otherwise; the rule that it breaks, and where. */
static const struct {
    const char *member;
    const char *rule; /* NULL: none */
    const char *pointer;
} members[] = {
    {"\"job_title\":\"Head\"", NULL, NULL},
    {"\"job_title\":null", NULL, NULL},
    {"\"job_title\":7", "body.type", "#/job_title"},
    {"\"job_title\":[]", "body.type", "#/job_title"},
    {"\"job_title\":\"a\\tb\"", NULL, NULL},
    {"\"job_title\":\"a\\u0007b\"", "body.format", "#/job_title"},
    {"\"role\":\"king\"", "body.enum", "#/role"},
    {"\"role\":\"Employee\"", "body.enum", "#/role"},
    {"\"role\":1", "body.type", "#/role"},
    {"\"role\":null", "person.role.required", "#/role"},
    {"\"external\":\"true\"", "body.type", "#/external"},
    {"\"external\":1", "body.type", "#/external"},
    {"\"external\":true", NULL, NULL},
    {"\"name\":\"\"", "body.length", "#/name"},
    {"\"name\":\" \\u00a0 \"", "body.length", "#/name"},
    {"\"id\":\"00000000-0000-7000-8000-00000000000a\"", "body.read_only", "#/id"},
    {"\"version\":1", "body.read_only", "#/version"},
    {"\"colour\":1", "body.unknown_field", "#/colour"},
    {"\"a~b/c\":1", "body.unknown_field", "#/a~0b~1c"},
    {"\"\":1", "body.unknown_field", "#/"},
    {"\"Name\":\"x\"", "body.unknown_field", "#/Name"},
};

START_TEST(members_have_their_form)
{
    char body[500], pointer[80];
    static const char *const others[] = {"\"name\":\"N\"", "\"role\":\"employee\""};
    snprintf(body, sizeof body, "{\"email\":\"new@x.org\",%s", members[_i].member);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (strncmp(others[i], members[_i].member, 7) != 0)
            snprintf(body + strlen(body), sizeof body - strlen(body), ",%s", others[i]);
    }
    snprintf(body + strlen(body), sizeof body - strlen(body), "}");
    struct response *response = ASK_FOR(&world, METHOD_POST, "/v1/people?dry_run=true", body, "ana@x.org");
    ck_assert_msg(response->status == (members[_i].rule ? 422 : 201), "%s is answered %d: %.*s", body, response->status,
                  (int)response->body.length, response->body.data);
    if (!members[_i].rule)
        return;
    ck_assert_str_eq(world_member(&world, "rule"), members[_i].rule);
    snprintf(pointer, sizeof pointer, "\"pointer\":\"%s\"", members[_i].pointer);
    ck_assert_msg(memmem(response->body.data, response->body.length, pointer, strlen(pointer)) != NULL, "%.*s",
                  (int)response->body.length, response->body.data);
    ck_assert_msg(memmem(response->body.data, response->body.length, "},{", 3) == NULL, "more than one: %.*s",
                  (int)response->body.length, response->body.data);
}
END_TEST

static const struct {
    size_t letters;
    bool right;
} lengths[] = {{0, false}, {1, true}, {200, true}, {201, false}};

START_TEST(lengths_are_in_code_points)
{
    char name[500] = "", body[700];
    for (size_t i = 0; i < lengths[_i].letters; i++)
        memcpy(name + 2 * i, "\xC4\x8D", 3);
    snprintf(body, sizeof body, "{\"email\":\"new@x.org\",\"role\":\"employee\",\"name\":\"%s\"}", name);
    world_expect(&world, lengths[_i].right ? 201 : 422,
                 &(const struct ask_for){METHOD_POST, "/v1/people?dry_run=true", body, "ana@x.org"});
}
END_TEST

Suite *body_suite(void)
{
    Suite *suite = suite_create("api/body");
    TCase *tcase = unit_case(suite, "body");
    tcase_add_unchecked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, json_is_taken_or_not, 0, ROWS(texts));
    tcase_add_loop_test(tcase, json_nests_to_32, 0, ROWS(depths));
    tcase_add_test(tcase, brackets_in_texts_do_not_nest);
    tcase_add_loop_test(tcase, bodies_have_a_type, 0, ROWS(types));
    tcase_add_loop_test(tcase, members_have_their_form, 0, ROWS(members));
    tcase_add_loop_test(tcase, lengths_are_in_code_points, 0, ROWS(lengths));
    return suite;
}
