/* src/records/pack.c and zip.c: names that any file system takes, and archives that are read back. */
#include "../unit.h"

#include "reviewd/pack.h"
#include "reviewd/zip.h"

#include <stdio.h>
#include <unistd.h>

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
    const char *name;
    const char *safe;
} names[] = {
    {"scan.csv", "007-scan.csv"},
    {"", "007-"},
    {"../../etc/passwd", "007-.._.._etc_passwd"},
    {"C:\\x", "007-C__x"},
    {"a\nb\rc\td\x1b\x7f", "007-a_b_c_d__"},
    {"a:b*c?d\"e<f>g|h", "007-a_b_c_d_e_f_g_h"},
    {"end. . .", "007-end"},
    {"CON", "007-CON"},
    {"Bericht März.pdf", "007-Bericht März.pdf"},
    {"Ma\u0308rz.pdf", "007-März.pdf"},
    {"報告 🗂.pdf", "007-報告 🗂.pdf"},
    {"a\u202Efdp.exe", "007-a_fdp.exe"},
    {"a\u2066b\u2069c\u200Ed\u061Ce", "007-a_b_c_d_e"},
    {"\u200Ba\uFEFFb\u00ADc\u2028d\xC2\x85"
     "e",
     "007-_a_b_c_d_e"},
    {"bad\xC3(\xFF", "007-bad_(_"},
    {"cut\xE5\xA0", "007-cut_"},
    {HUNDRED TEN TEN TEN ".pdf", "007-" HUNDRED TEN "012345.pdf"},
    {HUNDRED TEN TEN TEN, "007-" HUNDRED TEN TEN},
    {HUNDRED TEN "01234ä.pdf", "007-" HUNDRED TEN "01234.pdf"},
    {"a." HUNDRED TEN TEN, "007-a." HUNDRED TEN "01234567"},
};

START_TEST(names_are_safe)
{
    struct arena arena;
    arena_init(&arena);
    ck_assert_str_eq(pack_file_name(&arena, 7, names[_i].name), names[_i].safe);
    ck_assert(!arena_failed(&arena));
    arena_finish(&arena);
}
END_TEST

START_TEST(numbers_go_on)
{
    struct arena arena;
    arena_init(&arena);
    ck_assert_str_eq(pack_file_name(&arena, 12345, "a"), "12345-a");
    arena_finish(&arena);
}
END_TEST

static const struct {
    struct zip_file file;
    const char *content;
} files[] = {
    {{"folder/a.txt", 5, 1700000000, false}, "hello"},
    {{"folder/März 報告.txt", 5, 1700000000, true}, "hello"},
    {{"folder/empty", 0, 1700000000, false}, ""},
    {{"folder/unknown", -1, 1700000000, false}, HUNDRED HUNDRED HUNDRED},
};

static void keep(const char *path, const struct buffer *text)
{
    FILE *file = fopen(path, "wb");
    ck_assert(file && fwrite(text->data, 1, text->length, file) == text->length && fclose(file) == 0);
}

START_TEST(written_and_read_back)
{
    struct buffer out = {0};
    char path[] = "/tmp/reviewd-zip-XXXXXX";
    char message[200], data[400];
    const char *name;
    close(mkstemp(path));
    struct zip *zip = zip_begin(&out, ZIP_OF_ANY_SIZE);
    ck_assert_ptr_nonnull(zip);
    for (int i = 0; i < ROWS(files); i++) {
        ck_assert(zip_open(zip, &files[i].file));
        for (const char *at = files[i].content; *at; at++) /* in the smallest of pieces */
            ck_assert(zip_add(zip, at, 1));
    }
    ck_assert(zip_finish(zip));
    zip_close(zip);
    keep(path, &out);
    struct unzip *unzip = unzip_open(path, message, sizeof message);
    ck_assert_msg(unzip != NULL, "%s", message);
    for (int i = 0; i < ROWS(files); i++) {
        ck_assert_int_eq(unzip_next(unzip, &name), UNZIP_FILE);
        ck_assert_str_eq(name, files[i].file.name);
        ssize_t length = unzip_read(unzip, data, sizeof data);
        ck_assert_mem_eq(data, files[i].content, (size_t)length);
        ck_assert_int_eq(length, (ssize_t)strlen(files[i].content));
        ck_assert_int_eq(unzip_read(unzip, data, sizeof data), 0);
    }
    ck_assert_int_eq(unzip_next(unzip, &name), UNZIP_END);
    unzip_close(unzip);
    out.length /= 2;
    keep(path, &out);
    unzip = unzip_open(path, message, sizeof message);
    ck_assert(!unzip || unzip_next(unzip, &name) == UNZIP_BROKEN);
    unzip_close(unzip);
    unlink(path);
    buffer_finish(&out);
}
END_TEST

START_TEST(one_that_is_given_up)
{
    struct buffer out = {0};
    struct zip *zip = zip_begin(&out, ZIP_OF_ANY_SIZE);
    ck_assert(zip_open(zip, &files[0].file) && zip_add(zip, "he", 2));
    size_t length = out.length;
    zip_close(zip);
    ck_assert_uint_eq(out.length, length); /* no end is written behind it */
    zip_close(NULL);
    buffer_finish(&out);
}
END_TEST

START_TEST(no_file_at_all)
{
    char message[200] = "";
    ck_assert_ptr_null(unzip_open("/nonexistent/file", message, sizeof message));
    ck_assert(*message);
    unzip_close(NULL);
}
END_TEST

Suite *pack_suite(void);

Suite *pack_suite(void)
{
    Suite *suite = suite_create("records/pack");
    TCase *all = unit_case(suite, "names");
    tcase_add_loop_test(all, names_are_safe, 0, ROWS(names));
    tcase_add_test(all, numbers_go_on);
    TCase *zip = unit_case(suite, "zip");
    tcase_add_test(zip, written_and_read_back);
    tcase_add_test(zip, one_that_is_given_up);
    tcase_add_test(zip, no_file_at_all);
    return suite;
}
