/* src/domain/render.c: records as JSON, as shown and in the order of RFC 8785. */
#include "domain.h"

#include "reviewd/criterion.h"
#include "reviewd/input.h"
#include "reviewd/person.h"

#include <stdio.h>

enum { NAMES_MAX = 64 };

struct names {
    char name[NAMES_MAX][64];
    size_t count;
};

/* The names of the members of an object, in their order; fails where the text is no object. */
static void names_of(const struct buffer *json, struct names *ret_names)
{
    int depth = 0;
    bool in_text = false, is_name = false;
    size_t from = 0;
    ret_names->count = 0;
    for (size_t i = 0; i < json->length; i++) {
        char c = json->data[i];
        if (in_text) {
            if (c == '\\')
                i++;
            in_text = c != '"';
            if (!in_text && is_name)
                snprintf(ret_names->name[ret_names->count++], 64, "%.*s", (int)(i - from), json->data + from);
        } else if (c == '"') {
            in_text = true;
            is_name = depth == 1 && (json->data[i - 1] == '{' || json->data[i - 1] == ',');
            from = i + 1;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
        }
        ck_assert_msg(depth > 0 || i + 1 == json->length, "it ends before its end");
    }
    ck_assert_int_eq(depth, 0);
}

START_TEST(the_canonical_form_has_each_stored_member_once_and_in_order)
{
    const struct resource *resource = resources[_i];
    max_align_t record[64];
    ck_assert_uint_le(resource->size, sizeof record);
    for (int filled = 0; filled < 2; filled++) {
        struct buffer json = {0};
        struct names names;
        memset(record, 0, sizeof record);
        if (filled)
            record_fill(resource, record, true);
        record_render(&json, resource, record, RENDER_CANONICAL);
        names_of(&json, &names);
        for (size_t i = 1; i < names.count; i++)
            ck_assert_msg(strcmp(names.name[i - 1], names.name[i]) < 0, "%s before %s", names.name[i - 1],
                          names.name[i]);
        size_t stored = 0;
        for (size_t i = 0; i < resource_field_count(resource); i++) {
            const struct field *field = resource_field(resource, i);
            bool expected = !field->derived && resource_has(resource, field), found = false;
            for (size_t n = 0; n < names.count; n++)
                found = found || strcmp(names.name[n], field->name) == 0;
            ck_assert_msg(found == expected, "%s.%s", resource->name, field->name);
            stored += expected;
        }
        ck_assert_uint_eq(names.count, stored);
        buffer_finish(&json);
    }
}
END_TEST

START_TEST(the_shown_form_follows_the_table)
{
    const struct resource *resource = resources[_i];
    max_align_t record[64];
    struct buffer json = {0};
    struct names names;
    record_fill(resource, record, true);
    record_render(&json, resource, record, RENDER_SHOWN);
    names_of(&json, &names);
    size_t shown = 0;
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (!field->hidden && resource_has(resource, field))
            ck_assert_str_eq(names.name[shown++], field->name);
    }
    ck_assert_uint_eq(names.count, shown);
    buffer_finish(&json);
}
END_TEST

static const char *rendered(const struct shape *shape, const void *object)
{
    static struct buffer json;
    buffer_finish(&json);
    shape_render(&json, shape, object);
    buffer_char(&json, '\0');
    return json.data;
}

START_TEST(shapes_are_canonical)
{
    const struct criterion measured = CRITERION_MEASURED, none = {0};
    const struct metric metric = {.name = "a \"b\"", .value = {true, 93.5}, .on_target = TRUTH_FALSE};
    ck_assert_str_eq(rendered(&criterion_shape, &measured),
                     "{\"comparator\":\"gte\",\"id\":\"c1\",\"metric\":\"share in time\",\"statement\":"
                     "\"Patches are in time\",\"target\":95,\"unit\":null,\"verification\":null}");
    ck_assert_str_eq(rendered(&criterion_shape, &none),
                     "{\"comparator\":null,\"id\":null,\"metric\":null,\"statement\":null,\"target\":null,"
                     "\"unit\":null,\"verification\":null}");
    ck_assert_str_eq(rendered(&metric_shape, &metric),
                     "{\"comparator\":null,\"name\":\"a \\\"b\\\"\",\"on_target\":false,\"target\":null,"
                     "\"unit\":null,\"value\":93.5}");
}
END_TEST

/* What was written before a member was added to the table has not changed by that. */
static const struct {
    const char *body;
    enum truth imported;
    bool has;
} bodies[] = {
    {"{\"name\":\"Ana\"}", TRUTH_FALSE, false},
    {"{\"name\":\"Ana\"}", TRUTH_TRUE, true}, /* which it would have told */
    {"{\"name\":\"\\\"imported\\\":\"}", TRUTH_FALSE, false},
    {"{\"imported\":false}", TRUTH_FALSE, true},
    {"{\"imported\":true}", TRUTH_TRUE, true},
};

START_TEST(a_member_that_is_newer_than_a_body)
{
    const struct person person = {
        .record = {.id = ANA, .version = {true, 1}, .imported = bodies[_i].imported},
        .name = "Ana",
        .active = TRUTH_TRUE,
    };
    void (*const forms[])(struct buffer *, const struct resource *, const void *, const char *) = {record_render_as,
                                                                                                   record_show_as};
    for (size_t i = 0; i < 2; i++) {
        struct buffer json = {0};
        forms[i](&json, &person_resource, &person, bodies[_i].body);
        buffer_char(&json, '\0');
        ck_assert_int_eq(strstr(json.data, "\"imported\":") != NULL, bodies[_i].has);
        ck_assert(strstr(json.data, "\"name\":\"Ana\"") != NULL || i == 0);
        buffer_finish(&json);
    }
}
END_TEST

START_TEST(a_person_in_both_forms)
{
    const struct person person = {
        .record = {.id = ANA,
                   .version = {true, 3},
                   .created_at = {"2026-11-21T18:46:00.123Z"},
                   .updated_at = {"2026-11-22T18:46:00.123Z"},
                   .updated_by = BORIS,
                   .imported = TRUTH_TRUE},
        .name = "Ana Horvat\xC4\x87",
        .email = "ana@example.org",
        .role = ROLE_ISMS_MANAGER,
        .active = TRUTH_TRUE,
        .external = TRUTH_FALSE,
    };
    struct buffer json = {0};
    record_render(&json, &person_resource, &person, RENDER_CANONICAL);
    buffer_char(&json, '\0');
    ck_assert_str_eq(json.data, "{\"active\":true,\"created_at\":\"2026-11-21T18:46:00.123Z\",\"created_by\":null,"
                                "\"department\":null,\"email\":\"ana@example.org\",\"erased_at\":null,"
                                "\"external\":false,\"id\":\"00000000-0000-7000-8000-00000000000a\",\"imported\":true,"
                                "\"job_title\":null,\"legal_hold_at\":null,\"name\":\"Ana Horvat\xC4\x87\","
                                "\"privacy_reason\":null,\"role\":\"isms_manager\","
                                "\"updated_at\":\"2026-11-22T18:46:00.123Z\","
                                "\"updated_by\":\"00000000-0000-7000-8000-00000000000b\",\"version\":3}");
    json.length = 0;
    record_render(&json, &person_resource, &person, RENDER_SHOWN);
    ck_assert_int_eq(strncmp(json.data, "{\"id\":\"00000000-0000-7000-8000-00000000000a\",\"version\":3,", 57), 0);
    buffer_finish(&json);
}
END_TEST

/* A record whose personal members hold their commitments: those that are absent have none. */
START_TEST(a_person_as_it_is_hashed)
{
    const struct person sealed = {.record = {.id = ANA}, .name = "abc1", .email = "abc2", .job_title = "Clerk"};
    struct buffer json = {0};
    record_render(&json, &person_resource, &sealed, RENDER_SEALED);
    buffer_char(&json, '\0');
    ck_assert_ptr_nonnull(strstr(json.data, ",\"email\":{\"commitment\":\"abc2\"},"));
    ck_assert_ptr_nonnull(strstr(json.data, ",\"name\":{\"commitment\":\"abc1\"},"));
    ck_assert_ptr_nonnull(strstr(json.data, ",\"job_title\":\"Clerk\","));
    ck_assert_ptr_nonnull(strstr(json.data, ",\"privacy_reason\":null,"));
    buffer_finish(&json);
}
END_TEST

/* A version that was written before a member was added still is the record's. */
START_TEST(members_that_a_version_does_not_know_are_left_out_where_they_are_absent)
{
    const struct person person = {.record = {.id = ANA}, .name = "department", .role = ROLE_AUDITOR};
    const struct person moved = {.record = {.id = ANA}, .name = "department", .role = ROLE_AUDITOR, .department = "IT"};
    struct buffer whole = {0}, older = {0}, newer = {0};
    record_render(&whole, &person_resource, &person, RENDER_CANONICAL);
    buffer_char(&whole, '\0');
    record_render_as(&older, &person_resource, &person, "{\"name\":\"x\",\"external\":null}");
    buffer_char(&older, '\0');
    ck_assert_ptr_null(strstr(older.data, "\"department\":"));
    ck_assert_ptr_nonnull(strstr(older.data, "\"external\":null"));
    record_render_as(&newer, &person_resource, &moved, "{\"name\":\"x\"}");
    buffer_char(&newer, '\0');
    ck_assert_ptr_nonnull(strstr(newer.data, "\"department\":\"IT\""));
    newer.length = 0;
    record_render_as(&newer, &person_resource, &person, whole.data);
    buffer_char(&newer, '\0');
    ck_assert_str_eq(newer.data, whole.data);
    buffer_finish(&whole);
    buffer_finish(&older);
    buffer_finish(&newer);
}
END_TEST

Suite *render_suite(void)
{
    Suite *suite = suite_create("domain/render");
    TCase *tcase = unit_case(suite, "render");
    tcase_add_checked_fixture(tcase, domain_begin, domain_end);
    tcase_add_loop_test(tcase, the_canonical_form_has_each_stored_member_once_and_in_order, 0, RESOURCE_COUNT);
    tcase_add_loop_test(tcase, the_shown_form_follows_the_table, 0, RESOURCE_COUNT);
    tcase_add_test(tcase, shapes_are_canonical);
    tcase_add_test(tcase, a_person_in_both_forms);
    tcase_add_loop_test(tcase, a_member_that_is_newer_than_a_body, 0, ROWS(bodies));
    tcase_add_test(tcase, a_person_as_it_is_hashed);
    tcase_add_test(tcase, members_that_a_version_does_not_know_are_left_out_where_they_are_absent);
    return suite;
}
