/* Reports over reviews: metrics, schedule, clauses. */
#include "reviewd/report.h"

#include <stdlib.h>

/* --- metrics -------------------------------------------------------------------------------------------------------
 */

/* By name, and among equals in the order in which they came, which is that of their places. */
static int compare_metrics(const void *a, const void *b)
{
    const struct report_metric *x = *(const struct report_metric *const *)a;
    const struct report_metric *y = *(const struct report_metric *const *)b;
    int order = strcmp(x->metric.name, y->metric.name);
    return order ? order : (x > y) - (x < y);
}

bool report_metrics(struct store *store, const struct view *view, const char *name, struct arena *arena,
                    struct metric_series **ret_series, size_t *ret_count)
{
    struct report_metric *metrics;
    size_t count;
    if (!store_report_metrics(store, view, name, arena, &metrics, &count))
        return false;
    const struct report_metric **sorted = arena_array(arena, count + 1, sizeof *sorted);
    struct metric_series *series = arena_array(arena, count + 1, sizeof *series);
    if (!sorted || !series)
        return false;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &metrics[i];
    qsort(sorted, count, sizeof *sorted, compare_metrics);
    size_t names = 0;
    for (size_t i = 0; i < count; i++) {
        if (names == 0 || strcmp(series[names - 1].name, sorted[i]->metric.name) != 0)
            series[names++] = (struct metric_series){sorted[i]->metric.name, &sorted[i], 0};
        series[names - 1].count++;
    }
    *ret_series = series;
    *ret_count = names;
    return true;
}

/* --- schedule ------------------------------------------------------------------------------------------------------
 */

static bool was_held(const struct report_review *review)
{
    return date_is_set(&review->held_on);
}

static void compare_with(struct schedule_entry *entry, const struct report_review *previous, int max_months)
{
    const struct report_review *review = &entry->review;
    entry->days_late = (struct integer){true, date_days(&review->held_on) - date_days(&review->planned_on)};
    if (!previous)
        return;
    struct date latest = date_add_months(&previous->held_on, max_months);
    entry->previous_reference = previous->reference;
    entry->days_since_previous = (struct integer){true, date_days(&review->held_on) - date_days(&previous->held_on)};
    entry->gap_exceeded = date_before(&latest, &review->held_on) ? TRUTH_TRUE : TRUTH_FALSE;
}

bool report_schedule(struct store *store, const struct view *view, const struct date *today, int max_months,
                     struct arena *arena, struct schedule_report *ret_report)
{
    static const struct date always = {"9999-12-31"};
    struct schedule_report report = {0};
    struct report_review *reviews;
    struct due *dues;
    if (!store_report_reviews(store, view, arena, &reviews, &report.review_count) ||
        !store_due(store, view, &always, true, arena, &dues, &report.due_count))
        return false;
    report.reviews = arena_array(arena, report.review_count + 1, sizeof *report.reviews);
    if (!report.reviews)
        return false;
    const struct report_review *previous = NULL; /* they come by the day on which they were held */
    for (size_t i = 0; i < report.review_count; i++) {
        report.reviews[i].review = reviews[i];
        if (!was_held(&reviews[i]))
            continue;
        compare_with(&report.reviews[i], previous, max_months);
        previous = &reviews[i];
    }
    if (previous) {
        report.last_held_on = previous->held_on;
        report.latest_next = date_add_months(&previous->held_on, max_months);
        report.interval_exceeded = date_before(&report.latest_next, today);
    }
    report.dues = dues;
    *ret_report = report;
    return true;
}

/* --- clauses -------------------------------------------------------------------------------------------------------
 */

bool clause_is_covered(const struct clause_figures *clause)
{
    return clause->inputs > 0 && clause->open == 0;
}

bool report_clauses(struct store *store, const struct view *view, struct arena *arena,
                    struct clause_entry **ret_entries, size_t *ret_count)
{
    struct report_clause *rows;
    size_t row_count;
    if (!store_report_clauses(store, view, arena, &rows, &row_count))
        return false;
    size_t reviews = 0;
    for (size_t i = 0; i < row_count; i++)
        reviews += i == 0 || !id_equal(&rows[i - 1].review.id, &rows[i].review.id);
    struct clause_entry *entries = arena_array(arena, reviews + 1, sizeof *entries);
    if (!entries)
        return false;
    size_t count = 0;
    for (size_t i = 0; i < row_count; i++) {
        if (rows[i].clause == 0) /* only a damaged database holds such a one */
            return false;
        if (i == 0 || !id_equal(&rows[i - 1].review.id, &rows[i].review.id))
            entries[count++].review = rows[i].review;
        entries[count - 1].clauses[rows[i].clause - 1] = rows[i].figures;
    }
    *ret_entries = entries;
    *ret_count = count;
    return true;
}
