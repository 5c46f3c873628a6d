/* src/records/report_action.c: shares, medians and percentiles. */
#include "../unit.h"

#include "reviewd/report.h"

static const struct {
    double values[6];
    size_t count;
    double median;
    double p90;
} cases[] = {
    {{5}, 1, 5, 5},
    {{4, 1}, 2, 2.5, 4},
    {{3, 1, 2}, 3, 2, 3},
    {{10, -2, 4, 4}, 4, 4, 10},
    {{1, 1, 1, 1, 9}, 5, 1, 9},
    {{6, 5, 4, 3, 2, 1}, 6, 3.5, 6},
};

START_TEST(medians)
{
    double values[6];
    memcpy(values, cases[_i].values, sizeof values);
    struct number median = report_median(values, cases[_i].count);
    struct number p90 = report_percentile(values, cases[_i].count, 90);
    ck_assert(median.known && p90.known);
    ck_assert_double_eq(median.value, cases[_i].median);
    ck_assert_double_eq(p90.value, cases[_i].p90);
}
END_TEST

/* Of 1 to n the nearest rank of p percent is the least k with 100 k >= p n. */
START_TEST(percentiles)
{
    double values[200];
    for (size_t i = 0; i < 200; i++)
        values[i] = (double)(i + 1);
    for (size_t count = 1; count <= 200; count++) {
        for (unsigned percent = 0; percent <= 100; percent++) {
            size_t rank = 1;
            while (100 * rank < percent * count)
                rank++;
            EXPECT(report_percentile(values, count, percent).value == (double)rank, "%u %% of %zu", percent, count);
        }
    }
}
END_TEST

START_TEST(of_nothing)
{
    ck_assert(!report_rate(0, 0).known);
    ck_assert(report_rate(0, 4).known && report_rate(0, 4).value == 0);
    ck_assert_double_eq(report_rate(1, 4).value, 0.25);
    ck_assert(!report_median(NULL, 0).known);
    ck_assert(!report_percentile(NULL, 0, 90).known);
}
END_TEST

Suite *report_suite(void)
{
    Suite *suite = suite_create("report");
    TCase *tcase = unit_case(suite, "report");
    tcase_add_loop_test(tcase, medians, 0, ROWS(cases));
    tcase_add_test(tcase, percentiles);
    tcase_add_test(tcase, of_nothing);
    return suite;
}
