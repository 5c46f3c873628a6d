/* src/api/disposition.c and content.c: names of files in headers, and ranges. */
#include "../world.h"

#include "api.h"

static struct arena arena;

static void begin(void)
{
    arena_init(&arena);
}

static void end(void)
{
    arena_finish(&arena);
}

static const struct {
    const char *header;
    const char *name; /* NULL: none */
} dispositions[] = {
    {"attachment; filename=report.pdf", "report.pdf"},
    {"attachment; filename=\"report.pdf\"", "report.pdf"},
    {"ATTACHMENT;FILENAME = \"a b.pdf\" ;x=y", "a b.pdf"},
    {"inline; filename=\"a \\\"b\\\" \\\\ c\"", "a \"b\" \\ c"},
    {"attachment; filename=\"a;b=c\"; size=3", "a;b=c"},
    {"attachment; filename*=UTF-8''%e2%82%ac%20rates.txt", "€ rates.txt"},
    {"attachment; filename=\"EURO\"; filename*=utf-8'en'%E2%82%AC", "€"},
    {"attachment; filename*=UTF-8''%E2%82%AC; filename=\"EURO\"", "€"},
    {"attachment; filename*=ISO-8859-1''na%EFve.txt", "naïve.txt"},
    {"attachment; filename*=UTF-8''%E2%82; filename=plain", "plain"},
    {"attachment; filename*=UTF-8''%00; filename=plain", "plain"},
    {"attachment; filename*=UTF-8''a%2; filename=plain", "plain"},
    {"attachment; filename*=ISO-8859-1''a%2; filename=plain", "plain"},
    {"attachment; filename*=ISO-8859-1''a%00; filename=plain", "plain"},
    {"attachment; filename*=EBCDIC''x; filename=plain", "plain"},
    {"attachment; filename=\"r\xE9sum\xE9.txt\"", "résumé.txt"},
    {"attachment; filename=\"résumé.txt\"", "résumé.txt"},
    {"attachment; filename=first; filename=second", "first"},
    {"filename=\"a.txt\"", NULL},
    {"attachment", NULL},
    {"attachment; filename", NULL},
    {"attachment; filename=", NULL},
    {"attachment; filename=\"open", NULL},
    {"attachment; filename=\"open\\", NULL},
    {"attachment; xfilename=a", NULL},
    {"", NULL},
    {";", NULL},
    {"; =", NULL},
    {";;;;=;\"", NULL},
};

START_TEST(names_in_headers)
{
    const char *name = disposition_name(&arena, dispositions[_i].header);
    ck_assert_msg((name == NULL) == (dispositions[_i].name == NULL), "%s: %s", dispositions[_i].header,
                  name ? name : "(none)");
    if (name)
        ck_assert_str_eq(name, dispositions[_i].name);
}
END_TEST

static const char *const plain_names[] = {
    "report.pdf", "a \"b\" \\ %41 c;d='e'", "zwölf €uro 報告書 דוח.txt", "\U0001F4CE", "100%", "~!#$&+-.^_`|",
};

START_TEST(a_name_survives_its_header)
{
    const char *header = disposition_attachment(&arena, plain_names[_i]);
    for (const char *c = header; *c; c++)
        ck_assert(*c >= 0x20 && *c < 0x7F);
    ck_assert_int_eq(strncmp(header, "attachment; filename=\"", 22), 0);
    ck_assert_str_eq(disposition_name(&arena, header), plain_names[_i]);
}
END_TEST

static const struct {
    const char *header;
    int64_t size;
    enum range range;
    int64_t first;
    int64_t last;
} ranges[] = {
    {"bytes=0-0", 10, RANGE_PART, 0, 0},
    {"bytes=2-5", 10, RANGE_PART, 2, 5},
    {"Bytes=2-5", 10, RANGE_PART, 2, 5},
    {"bytes=2-", 10, RANGE_PART, 2, 9},
    {"bytes=9-", 10, RANGE_PART, 9, 9},
    {"bytes=2-100", 10, RANGE_PART, 2, 9},
    {"bytes=-3", 10, RANGE_PART, 7, 9},
    {"bytes=-10", 10, RANGE_PART, 0, 9},
    {"bytes=-11", 10, RANGE_PART, 0, 9},
    {"bytes=0-99999999999999999999999", 10, RANGE_PART, 0, 9},
    {"bytes=-99999999999999999999999", 10, RANGE_PART, 0, 9},
    {"bytes=10-", 10, RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=10-20", 10, RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=99999999999999999999999-", 10, RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=-0", 10, RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=5-2", 10, RANGE_WHOLE, 0, 0},
    {"bytes=0-1,3-4", 10, RANGE_WHOLE, 0, 0},
    {"bytes=-", 10, RANGE_WHOLE, 0, 0},
    {"bytes=", 10, RANGE_WHOLE, 0, 0},
    {"bytes=1", 10, RANGE_WHOLE, 0, 0},
    {"bytes= 1-2", 10, RANGE_WHOLE, 0, 0},
    {"bytes=1-2x", 10, RANGE_WHOLE, 0, 0},
    {"bytes=--1", 10, RANGE_WHOLE, 0, 0},
    {"bytes=0x1-2", 10, RANGE_WHOLE, 0, 0},
    {"lines=1-2", 10, RANGE_WHOLE, 0, 0},
    {"", 10, RANGE_WHOLE, 0, 0},
    {NULL, 10, RANGE_WHOLE, 0, 0},
};

START_TEST(one_range_is_taken)
{
    int64_t first = 0;
    int64_t last = 0;
    enum range range = range_parse(ranges[_i].header, ranges[_i].size, &first, &last);
    const char *header = ranges[_i].header ? ranges[_i].header : "(none)";
    ck_assert_msg(range == ranges[_i].range, "%s is %d", header, (int)range);
    ck_assert_msg(first == ranges[_i].first && last == ranges[_i].last, "%s: %lld to %lld", header, (long long)first,
                  (long long)last);
}
END_TEST

Suite *file_suite(void)
{
    Suite *suite = suite_create("api/file");
    TCase *tcase = unit_case(suite, "headers");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, names_in_headers, 0, ROWS(dispositions));
    tcase_add_loop_test(tcase, a_name_survives_its_header, 0, ROWS(plain_names));
    tcase_add_loop_test(tcase, one_range_is_taken, 0, ROWS(ranges));
    return suite;
}
