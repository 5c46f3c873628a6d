/* src/platform/spool.c: what was added is there, digested and judged, however it was cut. */
#include "../unit.h"

#include "reviewd/spool.h"

#include <errno.h>
#include <stdio.h>

/* The text in pieces of `step` bytes. */
static struct spool spooled(const char *text, size_t length, size_t step)
{
    struct spool spool;
    spool_init(&spool);
    ck_assert_msg(spool_open(&spool, "/tmp"), "%s", strerror(errno));
    for (size_t at = 0; at < length; at += step)
        ck_assert(spool_add(&spool, text + at, length - at < step ? length - at : step));
    ck_assert_int_eq(spool.length, (int64_t)length);
    return spool;
}

#define BYTES(text) text, sizeof(text) - 1
static const struct {
    const char *text;
    size_t length;
    bool is_text;
} texts[] = {
    {BYTES(""), true},
    {BYTES("plain"), true},
    {BYTES("a\xC3\xA9z"), true},
    {BYTES("\xE2\x82\xAC\xE2\x82\xAC"), true},
    {BYTES("x\xF0\x9F\x98\x80y\xF0\x9F\x98\x80"), true},
    {BYTES("nul\0"), false},
    {BYTES("latin \xE9"), false},
    {BYTES("latin \xE9 more"), false},
    {BYTES("cut \xE2\x82"), false},
    {BYTES("cut \xF0\x9F\x98"), false},
    {BYTES("lone \x80"), false},
    {BYTES("overlong \xC0\xAF"), false},
    {BYTES("surrogate \xED\xA0\x80 behind"), false},
    {BYTES("\xF5\x80\x80\x80"), false},
    {BYTES("\xFF\xFE"), false},
};

START_TEST(text_is_told_however_it_is_cut)
{
    for (size_t step = 1; step <= texts[_i].length + 1; step++) {
        struct spool spool = spooled(texts[_i].text, texts[_i].length, step);
        ck_assert_msg(spool_is_text(&spool) == texts[_i].is_text, "row %d in steps of %zu", _i, step);
        unsigned char digest[SHA256_BYTES];
        unsigned char whole[SHA256_BYTES];
        spool_digest(&spool, digest);
        digest_sha256_of(texts[_i].text, texts[_i].length, whole);
        ck_assert_mem_eq(digest, whole, sizeof whole);
        spool_finish(&spool);
        spool_finish(&spool);
    }
}
END_TEST

START_TEST(bytes_are_read_from_anywhere)
{
    struct spool spool = spooled("0123456789", 10, 3);
    char data[20];
    ck_assert_int_eq(spool_read(&spool, 0, data, sizeof data), 10);
    ck_assert_mem_eq(data, "0123456789", 10);
    ck_assert_int_eq(spool_read(&spool, 4, data, 3), 3);
    ck_assert_mem_eq(data, "456", 3);
    ck_assert_int_eq(spool_read(&spool, 10, data, 3), 0);
    spool_finish(&spool);
}
END_TEST

START_TEST(a_folder_that_is_not_there)
{
    struct spool spool;
    spool_init(&spool);
    ck_assert(!spool_open(&spool, "/nowhere"));
    ck_assert_int_eq(errno, ENOENT);
    spool_finish(&spool);
}
END_TEST

Suite *spool_suite(void)
{
    Suite *suite = suite_create("platform/spool");
    TCase *tcase = unit_case(suite, "spool");
    tcase_add_loop_test(tcase, text_is_told_however_it_is_cut, 0, ROWS(texts));
    tcase_add_test(tcase, bytes_are_read_from_anywhere);
    tcase_add_test(tcase, a_folder_that_is_not_there);
    return suite;
}
