/* src/api/selection.c: rows in an order, by as many walks as their room wants. */
#include "../unit.h"

#include "selection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OFFERED = 60000, VALUE_BYTES = 120 };

static char values[OFFERED][VALUE_BYTES];
static int order[OFFERED];

static const struct {
    const char *name;
    int distinct; /* values */
    bool by_number, greatest_first;
} rows[] = {
    {"texts", OFFERED, false, false},
    {"texts, the greatest first", OFFERED, false, true},
    {"a few texts", 7, false, false},
    {"a few texts, the greatest first", 7, false, true},
    {"one text", 1, false, false},
    {"numbers", OFFERED, true, false},
    {"numbers, the greatest first", 40, true, true},
};

static int sign; /* of the row that is tried */
static bool as_numbers;

static int compare(const void *a, const void *b)
{
    int i = *(const int *)a, j = *(const int *)b;
    int by_value = as_numbers ? atoi(values[i]) - atoi(values[j]) : strcmp(values[i], values[j]);
    return sign * (by_value ? by_value : i - j);
}

/* What a walk finds behind the last row of the walk before. */
static void offer_all(struct selection *selection, const int *last)
{
    for (int i = 0; i < OFFERED; i++) {
        if (!last || compare(&i, last) > 0)
            ck_assert(selection_offer(selection, i, values[i]));
    }
    selection_sort(selection);
}

START_TEST(all_come_in_order)
{
    struct selection selection = {.by_number = rows[_i].by_number, .greatest_first = rows[_i].greatest_first};
    unsigned seed = 17;
    sign = rows[_i].greatest_first ? -1 : 1;
    as_numbers = rows[_i].by_number;
    for (int i = 0; i < OFFERED; i++) {
        int value = rand_r(&seed) % rows[_i].distinct;
        snprintf(values[i], VALUE_BYTES, as_numbers ? "%d" : "%0100d", value);
        order[i] = i;
    }
    qsort(order, OFFERED, sizeof *order, compare);
    int walks = 0, seen = 0;
    bool more = true;
    for (; more; walks++) {
        offer_all(&selection, seen ? &order[seen - 1] : NULL);
        ck_assert_uint_gt(selection.count, 0);
        for (size_t i = 0; i < selection.count; i++)
            ck_assert_int_eq(selection.picks[i].key, order[seen++]);
        more = selection.dropped;
        selection_clear(&selection);
    }
    ck_assert_int_eq(seen, OFFERED);
    ck_assert_msg(as_numbers ? walks == 1 : walks > 1, "%s: %d walks", rows[_i].name, walks);
}
END_TEST

START_TEST(of_nothing_nothing_is_chosen)
{
    struct selection selection = {0};
    selection_sort(&selection);
    ck_assert(selection.count == 0 && !selection.dropped);
    selection_clear(&selection);
}
END_TEST

Suite *selection_suite(void)
{
    Suite *suite = suite_create("api/selection");
    TCase *tcase = unit_case(suite, "selection");
    tcase_add_loop_test(tcase, all_come_in_order, 0, ROWS(rows));
    tcase_add_test(tcase, of_nothing_nothing_is_chosen);
    return suite;
}
