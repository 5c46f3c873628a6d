/* src/domain/import.c */
#include "domain.h"

#include "reviewd/import.h"

static const struct {
    const char *name;
    const char *type; /* NULL: not told by the name */
} names[] = {
    {"people.csv", "text/csv"},
    {"PEOPLE.CSV", "text/csv"},
    {"all.ndjson", "application/x-ndjson"},
    {"all.jsonl", "application/x-ndjson"},
    {"all.v2.jsonl", "application/x-ndjson"},
    {"all.json", NULL},
    {"csv", NULL},
    {".csv", NULL},
    {".ndjson", NULL},
};

START_TEST(a_name_tells_the_type)
{
    const char *type = import_type_by_name(names[_i].name);
    ck_assert_msg((type != NULL) == (names[_i].type != NULL), "%s: %s", names[_i].name, type ? type : "none");
    if (type)
        ck_assert_str_eq(type, names[_i].type);
}
END_TEST

Suite *import_suite(void)
{
    Suite *suite = suite_create("domain/import");
    TCase *tcase = unit_case(suite, "import");
    tcase_add_loop_test(tcase, a_name_tells_the_type, 0, ROWS(names));
    return suite;
}
