/* src/records/csv.c, row.c and member.c: RFC 4180, and nothing that a spreadsheet would run. */
#include "../unit.h"

#include "reviewd/csv.h"
#include "reviewd/register.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *text;
    const char *cell;
} cells[] = {
    {"", ""},
    {"plain", "plain"},
    {"a,b", "\"a,b\""},
    {"say \"no\"", "\"say \"\"no\"\"\""},
    {"two\r\nlines", "\"two\r\nlines\""},
    {"two\nlines", "\"two\nlines\""},
    {" ends in white space ", "\" ends in white space \""},
    {"=1+1", "'=1+1"},
    {"=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""},
    {"+1", "'+1"},
    {"-1", "'-1"},
    {"@SUM(A1)", "'@SUM(A1)"},
    {"\t=1", "\"'\t=1\""},
    {"\r=1", "\"'\r=1\""},
    {"\n=1", "\"'\n=1\""},
    {"'quoted'", "'quoted'"},
    {"'=1", "''=1"},
    {"'' -1", "''' -1"},
    {" =1", "\"' =1\""},
    {"＝1", "'＝1"},
    {"＋1", "'＋1"},
    {"－1", "'－1"},
    {"＠x", "'＠x"},
    {"。", "。"},
    {"a;b", "\"a;b\""},
    {"a\tb", "\"a\tb\""},
    {"a=1", "a=1"},
    {"Źródło 測定 🙂", "Źródło 測定 🙂"},
};

START_TEST(cell)
{
    struct buffer out = {0};
    csv_cell(&out, cells[_i].text, strlen(cells[_i].text));
    buffer_char(&out, '\0');
    ck_assert(!buffer_failed(&out));
    ck_assert_str_eq(out.data, cells[_i].cell);
    buffer_finish(&out);
}
END_TEST

/* What is taken away is what was put there. */
START_TEST(text_again)
{
    const char *text = cells[_i].text;
    char written[200];
    snprintf(written, sizeof written, "%s%s", csv_is_risky(text) ? "'" : "", text);
    ck_assert_str_eq(csv_text(written), text);
}
END_TEST

START_TEST(nothing)
{
    struct buffer out = {0};
    csv_cell(&out, NULL, 0);
    csv_comma(&out);
    csv_plain(&out, "-3");
    csv_line(&out);
    buffer_char(&out, '\0');
    ck_assert_str_eq(out.data, ",-3\r\n");
    buffer_finish(&out);
}
END_TEST

static const struct {
    const char *columns;
    const char *json;
    const char *row;
} objects[] = {
    {"a,b", "{\"a\":1,\"b\":-2.5}", "1,-2.5"},
    {"b,a", "{\"a\":1,\"b\":true}", "true,1"},
    {"a,b,c", "{\"a\":null,\"c\":\"\"}", ",,\"\""},
    {"a", "{\"a\":\"=1,\\\"x\\\"\"}", "\"'=1,\"\"x\"\"\""},
    {"a", "{\"a\":\"\\u001f\\b\\f\\n\\r\\t\\\\/\"}", "\"\x1f\b\f\n\r\t\\/\""},
    {"a,b", "{\"a\":[\"]\\\"\",{}],\"b\":{\"=\":\"}\"}}", "\"[\"\"]\\\"\"\"\",{}]\",\"{\"\"=\"\":\"\"}\"\"}\""},
    {"a.x,a.y,b", "{\"b\":2,\"a\":{\"y\":\"Y\",\"x\":null}}", ",Y,2"},
    {"a.x,a.y,b.x", "{\"a\":{\"x\":null},\"b\":{}}", "{},,{}"},
    {"a.x,a.y,ab", "{\"a\":null,\"ab\":3}", ",,3"},
    {"a.x,a.y,ab", "{\"a\":7,\"ab\":\"a\"}", "{},,a"},
    {"ab,a", "{\"a\":\"ab\",\"ab\":\"a\"}", "a,ab"},
    /* of a database that was tampered with: whatever it says, nothing is read behind its end */
    {"a,b", "{\"a\":1,\"b\"", "1,"},
    {"a,b", "{\"a\":1,\"b\":", "1,"},
    {"a", "{\"a\":\"x\\u00", "xu0"},
    {"a", "{\"a\":\"", "\"\""},
    {"a", "[1]", ""},
    {"a", "", ""},
};

START_TEST(object)
{
    size_t length = strlen(objects[_i].json);
    char *json = malloc(length + 1); /* so that a tool sees what reads behind it */
    struct buffer out = {0};
    ck_assert_ptr_nonnull(json);
    memcpy(json, objects[_i].json, length + 1);
    csv_put_object(&out, objects[_i].columns, json, length);
    free(json);
    ck_assert(!buffer_failed(&out) && out.length >= 2 && memcmp(out.data + out.length - 2, "\r\n", 2) == 0);
    out.data[out.length - 2] = '\0';
    ck_assert_str_eq(out.data, objects[_i].row);
    buffer_finish(&out);
}
END_TEST

Suite *csv_suite(void)
{
    Suite *suite = suite_create("csv");
    TCase *tcase = unit_case(suite, "csv");
    tcase_add_loop_test(tcase, cell, 0, ROWS(cells));
    tcase_add_loop_test(tcase, text_again, 0, ROWS(cells));
    tcase_add_test(tcase, nothing);
    tcase_add_loop_test(tcase, object, 0, ROWS(objects));
    return suite;
}
