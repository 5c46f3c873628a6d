/* src/records/csv_read.c: CSV on its way back. */
#include "../unit.h"

#include "reviewd/register.h"

#include <stdio.h>

static void begin(void)
{
    domain_init();
}

static void end(void)
{
}

/* --- records out of bytes ------------------------------------------------------------------------------------------
 */

static const struct {
    const char *bytes;
    int records;
} files[] = {
    {"a\n", 1},
    {"a,b\r\nc,d\r\n", 2},
    {"\"a\nb\"\n", 1},
    {"\"a\r\n\"\"\r\nb\"\r\nc\r\n", 2},
    {"a\"b\nc\"d\n", 2}, /* no quote that opens anything */
    {"\"\"\n\"\"\n", 2},
    {"a,\"b\n,\"\n", 1},
    {"\"a\"b\nc\n", 2},
    {"\n\n", 2},
    {"\"open\nfor ever\n", 0},
};

START_TEST(records_end_outside_of_quotes)
{
    struct csv_scan scan = {0};
    int records = 0;
    for (const char *at = files[_i].bytes; *at; at++) {
        if (csv_scan(&scan, *at)) {
            records++;
            scan = (struct csv_scan){0};
        }
    }
    ck_assert_int_eq(records, files[_i].records);
}
END_TEST

/* --- cells out of records ------------------------------------------------------------------------------------------
 */

static const struct {
    const char *line;
    enum csv_fault fault;
    size_t count;
    const char *cells[4]; /* a quoted one begins with Q */
} lines[] = {
    {"", CSV_FINE, 1, {""}},
    {"a", CSV_FINE, 1, {"a"}},
    {"a,b", CSV_FINE, 2, {"a", "b"}},
    {",", CSV_FINE, 2, {"", ""}},
    {"a,,", CSV_FINE, 3, {"a", "", ""}},
    {"\"\"", CSV_FINE, 1, {"Q"}},
    {"\"\",\"\"", CSV_FINE, 2, {"Q", "Q"}},
    {"\"a,b\",c", CSV_FINE, 2, {"Qa,b", "c"}},
    {"\"a\"\"b\"", CSV_FINE, 1, {"Qa\"b"}},
    {"\"\"\"\"", CSV_FINE, 1, {"Q\""}},
    {"\"\"\"\"\"\",x", CSV_FINE, 2, {"Q\"\"", "x"}},
    {"\"a\r\nb\",'=1", CSV_FINE, 2, {"Qa\r\nb", "'=1"}},
    {" a , b ", CSV_FINE, 2, {" a ", " b "}},
    {"1,2,3,4,5,6", CSV_FINE, 6, {"1", "2", "3", "4"}},
    {"\"", CSV_OPEN, 0, {0}},
    {"a,\"b", CSV_OPEN, 0, {0}},
    {"\"a\"\"", CSV_OPEN, 0, {0}},
    {"\"a\"b", CSV_AFTER, 0, {0}},
    {"\"a\" ,b", CSV_AFTER, 0, {0}},
    {"a\"b", CSV_QUOTE, 0, {0}},
    {"x, \"b\"", CSV_QUOTE, 0, {0}},
};

START_TEST(a_record_is_taken_apart)
{
    char line[100];
    struct csv_cell cells[4];
    size_t count = 0;
    snprintf(line, sizeof line, "%s", lines[_i].line);
    ck_assert_int_eq(csv_split(line, strlen(line), cells, 4, &count), lines[_i].fault);
    ck_assert_uint_eq(count, lines[_i].count);
    for (size_t i = 0; i < count && i < 4; i++) {
        const char *wanted = lines[_i].cells[i];
        bool quoted = *wanted == 'Q';
        ck_assert_str_eq(cells[i].text, wanted + quoted);
        ck_assert_uint_eq(cells[i].length, strlen(wanted + quoted));
        ck_assert_int_eq(cells[i].quoted, quoted);
    }
}
END_TEST

/* --- JSON out of cells ---------------------------------------------------------------------------------------------
 */

static const struct {
    const char *head[4];
    const char *line;
    const char *json;
} objects[] = {
    {{"title", "clause"}, "A,d1", "{\"title\":\"A\",\"clause\":\"d1\"}"},
    {{"title", "clause"}, ",", "{}"},
    {{"title", "clause"}, "\"\",\"\"", "{\"title\":\"\"}"},
    {{"title"}, "'=1+1", "{\"title\":\"=1+1\"}"},
    {{"title"}, "'plain", "{\"title\":\"'plain\"}"},
    {{"title"}, "\"say \"\"no\"\"\"", "{\"title\":\"say \\\"no\\\"\"}"},
    {{"position"}, "-5", "{\"position\":-5}"},
    {{"position"}, "1.50e+2", "{\"position\":1.50e+2}"},
    {{"position"}, "05", "{\"position\":\"05\"}"},
    {{"position"}, "1.", "{\"position\":\"1.\"}"},
    {{"position"}, ".5", "{\"position\":\".5\"}"},
    {{"position"}, "1e", "{\"position\":\"1e\"}"},
    {{"position"}, "1 ", "{\"position\":\"1 \"}"},
    {{"position"}, "NaN", "{\"position\":\"NaN\"}"},
    {{"agenda", "withdrawn"}, "true,FALSE", "{\"agenda\":true,\"withdrawn\":false}"},
    {{"agenda"}, "yes", "{\"agenda\":\"yes\"}"},
    {{"metrics"}, "[]", "{\"metrics\":[]}"},
    {{"review_id"}, "MR-2026-01", "{\"review_id\":\"MR-2026-01\"}"},
    {{"source.system", "title", "source.period_start"},
     "S,A,2026-01-01",
     "{\"source\":{\"system\":\"S\",\"period_start\":\"2026-01-01\"},\"title\":\"A\"}"},
    {{"source.period_start", "source.system"}, ",S", "{\"source\":{\"system\":\"S\"}}"},
    {{"source.system", "source.url"}, ",", "{}"},
    {{"source.system", "source.url"}, "{},", "{\"source\":{}}"},
    {{"source.system", "source.url"}, "\"{}\",", "{\"source\":{\"system\":\"{}\"}}"},
};

START_TEST(a_line_becomes_an_object)
{
    char line[100];
    struct csv_cell cells[4];
    struct csv_head head = {.resource = &input_resource};
    struct buffer json = {0};
    size_t count;
    size_t members;
    for (size_t i = 0; i < 4 && objects[_i].head[i]; i++)
        ck_assert(csv_head_add(&head, objects[_i].head[i]));
    snprintf(line, sizeof line, "%s", objects[_i].line);
    ck_assert_int_eq(csv_split(line, strlen(line), cells, 4, &count), CSV_FINE);
    ck_assert_uint_eq(count, head.count);
    csv_put_json(&json, &head, cells, &members);
    buffer_char(&json, '\0');
    ck_assert_str_eq(json.data, objects[_i].json);
    buffer_finish(&json);
}
END_TEST

static const struct {
    const char *pointer;
    int place;
} places[] = {
    {"#/title", 0},
    {"#/metrics", 2},
    {"#/metrics/0/value", 2},
    {"#/source/url", 1},
    {"#/source", 1},
    {"#/source/system", 3},
    {"#/sourc", -1},
    {"#/titles", -1},
    {"#", -1},
    {"", -1},
    {"#/source/reference", 1},
    {"#/summary", -1},
};

START_TEST(a_pointer_leads_to_a_column)
{
    static const char *const names[] = {"title", "source.url", "metrics", "source.system"};
    struct csv_head head = {.resource = &input_resource};
    char name[100];
    for (size_t i = 0; i < 4; i++) {
        ck_assert(csv_head_add(&head, names[i]));
        ck_assert_str_eq(csv_head_name(&head, i, name, sizeof name), names[i]);
    }
    ck_assert(!csv_head_add(&head, "source"));
    ck_assert(!csv_head_add(&head, "Title"));
    ck_assert(!csv_head_add(&head, ""));
    ck_assert_int_eq(csv_head_place(&head, places[_i].pointer), places[_i].place);
}
END_TEST

Suite *csv_read_suite(void)
{
    Suite *suite = suite_create("records/csv_read");
    TCase *tcase = unit_case(suite, "csv");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, records_end_outside_of_quotes, 0, ROWS(files));
    tcase_add_loop_test(tcase, a_record_is_taken_apart, 0, ROWS(lines));
    tcase_add_loop_test(tcase, a_line_becomes_an_object, 0, ROWS(objects));
    tcase_add_loop_test(tcase, a_pointer_leads_to_a_column, 0, ROWS(places));
    return suite;
}
