/* src/platform/id.c and clock.c: ids that only go forward. */
#include "../unit.h"

#include "reviewd/clock.h"
#include "reviewd/id.h"

#include <pthread.h>

enum { MADE = 20000, THREADS = 4, NOON_MS = 43200000 };

static void expect_form(const struct id *id)
{
    struct id parsed;
    EXPECT(id_parse(id->text, &parsed), "%s", id->text);
    EXPECT(id->text[14] == '7', "%s: version 7", id->text);
    EXPECT(strchr("89ab", id->text[19]) != NULL, "%s: variant of RFC 9562", id->text);
}

START_TEST(ids_ascend)
{
    struct id last = id_make();
    for (int i = 0; i < MADE; i++) {
        struct id next = id_make();
        expect_form(&next);
        EXPECT(strcmp(last.text, next.text) < 0, "%s before %s", last.text, next.text);
        last = next;
    }
}
END_TEST

START_TEST(ids_carry_their_time)
{
    clock_pretend(0x019AA87C5E3C);
    struct id id = id_make();
    ck_assert_int_eq(strncmp(id.text, "019aa87c-5e3c-7", 15), 0);
    clock_pretend(0);
}
END_TEST

START_TEST(ids_ascend_though_the_clock_goes_back)
{
    clock_pretend(100 * (int64_t)86400000 * 365);
    struct id last = id_make();
    for (int i = 0; i < MADE; i++) { /* more than one millisecond's counter can hold */
        clock_pretend(NOON_MS - i);
        struct id next = id_make();
        EXPECT(strcmp(last.text, next.text) < 0, "%s before %s", last.text, next.text);
        last = next;
    }
    clock_pretend(0);
}
END_TEST

START_TEST(ids_ascend_above_what_others_made)
{
    struct id before = id_make();
    clock_pretend(NOON_MS + 365 * (int64_t)86400000);
    struct id of_others = {.text = "01ffffff-ffff-7fff-bfff-ffffffffffff"};
    id_not_before(id_made_ms(&of_others));
    struct id next = id_make();
    EXPECT(strcmp(of_others.text, next.text) < 0, "%s before %s", of_others.text, next.text);
    id_not_before(id_made_ms(&before)); /* which is long over */
    struct id last = id_make();
    EXPECT(strcmp(next.text, last.text) < 0, "%s before %s", next.text, last.text);
    clock_pretend(0);
}
END_TEST

static struct id made[THREADS][MADE / THREADS];

static void *make_many(void *context)
{
    struct id *ids = context;
    for (int i = 0; i < MADE / THREADS; i++)
        ids[i] = id_make();
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const struct id *)a)->text, ((const struct id *)b)->text);
}

START_TEST(no_two_threads_make_the_same_id)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, make_many, made[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct id *all = made[0];
    for (int i = 0; i < THREADS; i++) {
        for (int j = 1; j < MADE / THREADS; j++)
            EXPECT(strcmp(made[i][j - 1].text, made[i][j].text) < 0, "each thread's own ids ascend");
    }
    qsort(all, MADE, sizeof *all, compare_ids);
    for (int i = 1; i < MADE; i++)
        EXPECT(strcmp(all[i - 1].text, all[i].text) != 0, "%s twice", all[i].text);
}
END_TEST

START_TEST(request_ids_differ)
{
    char last[17], next[17];
    request_id_make(last);
    for (int i = 0; i < 1000; i++) {
        request_id_make(next);
        ck_assert_uint_eq(strlen(next), 16);
        ck_assert_uint_eq(strspn(next, "0123456789abcdef"), 16);
        ck_assert_str_ne(last, next);
        memcpy(last, next, sizeof last);
    }
}
END_TEST

START_TEST(the_monotonic_clock_does_not_pretend)
{
    int64_t before = clock_monotonic_us();
    clock_pretend(1000);
    ck_assert_int_eq(clock_now_ms(), 1000);
    ck_assert(clock_monotonic_us() >= before);
    clock_pretend(0);
    ck_assert(clock_now_ms() > 1000);
}
END_TEST

Suite *id_suite(void)
{
    Suite *suite = suite_create("platform/id, clock");
    TCase *tcase = unit_case(suite, "ids");
    tcase_add_test(tcase, ids_ascend);
    tcase_add_test(tcase, ids_carry_their_time);
    tcase_add_test(tcase, ids_ascend_though_the_clock_goes_back);
    tcase_add_test(tcase, ids_ascend_above_what_others_made);
    tcase_add_test(tcase, no_two_threads_make_the_same_id);
    tcase_add_test(tcase, request_ids_differ);
    tcase_add_test(tcase, the_monotonic_clock_does_not_pretend);
    return suite;
}
