/* src/domain/field.c: what every kind of member has in common. */
#include "domain.h"

#include <stdio.h>

static const char *const colours[] = {"red", "green"};

struct sample {
    const char *text;
    struct id ref;
    struct date date;
    struct instant instant;
    struct integer integer;
    struct number number;
    enum truth truth;
    unsigned colour;
    struct nested list;
    struct nested raw;
};

#define RECORD struct sample
static const struct field fields[] = {
    {"text", FIELD_TEXT(text)},          {"ref", FIELD_REF(ref, "person")},
    {"date", FIELD_DATE(date)},          {"instant", FIELD_INSTANT(instant)},
    {"integer", FIELD_INTEGER(integer)}, {"number", FIELD_NUMBER(number)},
    {"truth", FIELD_TRUTH(truth)},       {"colour", FIELD_ENUM(colour, colours)},
    {"list", FIELD_TEXTS(list)},         {"raw", FIELD_RAW(raw)},
};
#undef RECORD

/* Each member in two values; the first of some is zero, false or empty, which is a value too, but for a list: empty is
 * what is shown of none. */
static const struct sample one = {
    .text = "",
    .ref = ANA,
    .date = TODAY,
    .instant = {"2026-11-21T18:46:00.123Z"},
    .integer = {true, 0},
    .number = {true, 0},
    .truth = TRUTH_FALSE,
    .colour = 1,
    .list = {.json = "[2]", .length = 3},
    .raw = {.json = "{}", .length = 2},
};
static const struct sample two = {
    .text = "x",
    .ref = BORIS,
    .date = TOMORROW,
    .instant = {"2026-11-21T18:46:00.124Z"},
    .integer = {true, 1},
    .number = {true, 0.5},
    .truth = TRUTH_TRUE,
    .colour = 2,
    .list = {.json = "[1]", .length = 3},
    .raw = {.json = "[]", .length = 2},
};

START_TEST(a_member_is_set_cleared_and_compared)
{
    const struct field *field = &fields[_i];
    struct sample absent = {0}, copy = one, cleared = one;
    ck_assert_msg(!field_is_set(field, &absent), "%s", field->name);
    ck_assert_msg(field_is_set(field, &one) && field_is_set(field, &two), "%s", field->name);
    ck_assert_msg(field_equal(field, &one, &copy), "%s", field->name);
    ck_assert_msg(field_equal(field, &absent, &absent), "%s", field->name);
    ck_assert_msg(!field_equal(field, &one, &two) && !field_equal(field, &two, &one), "%s", field->name);
    ck_assert_msg(!field_equal(field, &one, &absent) && !field_equal(field, &absent, &one), "%s", field->name);
    field_clear(field, &cleared);
    ck_assert_msg(!field_is_set(field, &cleared), "%s", field->name);
    for (int other = 0; other < ROWS(fields); other++)
        ck_assert_msg(other == _i || field_equal(&fields[other], &cleared, &one), "clearing %s leaves %s", field->name,
                      fields[other].name);
}
END_TEST

START_TEST(an_empty_list_is_as_none)
{
    const struct field *list = fields_find(fields, COUNT_OF(fields), "list");
    const struct sample absent = {0}, empty = {.list = {.json = "[]", .length = 2}};
    ck_assert(field_equal(list, &empty, &absent) && field_equal(list, &absent, &empty));
    ck_assert(field_equal(list, &empty, &empty) && !field_equal(list, &empty, &one));
    ck_assert(field_is_set(list, &empty));
}
END_TEST

START_TEST(texts_are_compared_not_their_places)
{
    char text[] = "x";
    struct sample same = two;
    same.text = text;
    ck_assert(field_equal(&fields[0], &same, &two));
}
END_TEST

START_TEST(enums_have_names)
{
    const struct field *colour = fields_find(fields, COUNT_OF(fields), "colour");
    ck_assert_uint_eq(field_enum_value(colour, "red"), 1);
    ck_assert_uint_eq(field_enum_value(colour, "green"), 2);
    ck_assert_uint_eq(field_enum_value(colour, "Green"), 0);
    ck_assert_uint_eq(field_enum_value(colour, ""), 0);
    ck_assert_ptr_null(fields_find(fields, COUNT_OF(fields), "colours"));
}
END_TEST

START_TEST(limits_have_defaults)
{
    const struct field text = {.kind = FIELD_KIND_TEXT}, list = {.kind = FIELD_KIND_LIST};
    const struct field own = {.kind = FIELD_KIND_TEXT, .max = 7};
    ck_assert_uint_eq(field_max(&text), 2000);
    ck_assert_uint_eq(field_max(&list), 100);
    ck_assert_uint_eq(field_max(&own), 7);
}
END_TEST

/* --- the tables themselves -----------------------------------------------------------------------------------------
 */

static void check_row(const char *of, const struct field *field)
{
    ck_assert_msg(field->description && *field->description, "%s.%s is described", of, field->name);
    ck_assert_msg(field->kind != FIELD_KIND_ENUM || field->initial <= field->value_count, "%s.%s", of, field->name);
    ck_assert_msg(!field->max || field->min <= field->max, "%s.%s", of, field->name);
    ck_assert_msg(!(field->required && field->read_only), "%s.%s is asked for and refused", of, field->name);
    ck_assert_msg(!field->by_verb || field->read_only, "%s.%s is set by verbs alone", of, field->name);
    ck_assert_msg(!field->via || (field->derived && field->of), "%s.%s", of, field->name);
    bool names = field->kind == FIELD_KIND_REF || field->kind == FIELD_KIND_REFS;
    bool is_id = strcmp(field->name, "id") == 0;
    ck_assert_msg(!names || is_id || resource_find(field->target), "%s.%s names a resource", of, field->name);
    bool nests = field->kind == FIELD_KIND_OBJECT || field->kind == FIELD_KIND_LIST;
    ck_assert_msg(nests == (field->shape != NULL), "%s.%s", of, field->name);
    for (size_t i = 0; field->shape && i < field->shape->field_count; i++)
        check_row(field->shape->noun, &field->shape->fields[i]);
}

START_TEST(every_table_is_sound)
{
    const struct resource *resource = resources[_i];
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        check_row(resource->name, field);
        ck_assert_msg(field->offset < resource->size, "%s.%s lies within", resource->name, field->name);
        for (size_t j = 0; j < i; j++)
            ck_assert_msg(strcmp(field->name, resource_field(resource, j)->name) != 0, "%s.%s twice", resource->name,
                          field->name);
        if (field->via)
            ck_assert_msg(resource_field_named(resource, field->via) != NULL, "%s.%s", resource->name, field->name);
    }
}
END_TEST

Suite *field_suite(void)
{
    Suite *suite = suite_create("domain/field");
    TCase *tcase = unit_case(suite, "fields");
    tcase_add_checked_fixture(tcase, domain_begin, domain_end);
    tcase_add_loop_test(tcase, a_member_is_set_cleared_and_compared, 0, ROWS(fields));
    tcase_add_test(tcase, an_empty_list_is_as_none);
    tcase_add_test(tcase, texts_are_compared_not_their_places);
    tcase_add_test(tcase, enums_have_names);
    tcase_add_test(tcase, limits_have_defaults);
    tcase_add_loop_test(tcase, every_table_is_sound, 0, RESOURCE_COUNT);
    return suite;
}
