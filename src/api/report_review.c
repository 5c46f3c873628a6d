/* The reports on the schedule of reviews and on the clauses that they covered, as JSON, CSV or a plot. */
#include "report.h"

/* --- schedule ------------------------------------------------------------------------------------------------------
 */

static void put_entry(struct sheet *sheet, const struct schedule_entry *entry)
{
    sheet_begin(sheet);
    report_review_cells(sheet, &entry->review);
    sheet_integer(sheet, "days_late", &entry->days_late);
    sheet_text(sheet, "previous_reference", entry->previous_reference);
    sheet_integer(sheet, "days_since_previous", &entry->days_since_previous);
    sheet_truth(sheet, "gap_exceeded", entry->gap_exceeded);
    sheet_date(sheet, "next_review_on", &entry->review.next_review_on);
    sheet_end(sheet);
}

static void put_due(struct sheet *sheet, const struct due *due, const struct date *today)
{
    int64_t days = date_days(today) - date_days(&due->due_on);
    sheet_begin(sheet);
    sheet_text(sheet, "kind", due->kind);
    sheet_date(sheet, "due_on", &due->due_on);
    sheet_count(sheet, "days_overdue", days > 0 ? days : 0);
    sheet_id(sheet, "review_id", &due->id);
    sheet_text(sheet, "review_reference", due->reference);
    sheet_text(sheet, "review_title", due->title);
    sheet_end(sheet);
}

static bool answer_entries(struct call *call, const struct schedule_report *report)
{
    static const struct schedule_entry none;
    struct sheet sheet = report_sheet(call);
    sheet.mode = SHEET_CSV_HEAD;
    put_entry(&sheet, &none);
    sheet.mode = SHEET_CSV;
    for (size_t i = 0; i < report->review_count; i++)
        put_entry(&sheet, &report->reviews[i]);
    return report_answer(call);
}

static bool answer_schedule(struct call *call, const struct schedule_report *report, int max_months)
{
    struct sheet sheet = report_sheet(call);
    sheet_begin(&sheet);
    sheet_date(&sheet, "today", &call->today);
    sheet_count(&sheet, "interval_max_months", max_months);
    sheet_date(&sheet, "last_held_on", &report->last_held_on);
    sheet_date(&sheet, "latest_next_on", &report->latest_next);
    sheet_truth(&sheet, "interval_exceeded", report->interval_exceeded ? TRUTH_TRUE : TRUTH_FALSE);
    sheet_member(&sheet, "reviews");
    buffer_char(sheet.buffer, '[');
    for (size_t i = 0; i < report->review_count; i++) {
        report_comma(&sheet, i);
        put_entry(&sheet, &report->reviews[i]);
    }
    buffer_char(sheet.buffer, ']');
    sheet_member(&sheet, "due");
    buffer_char(sheet.buffer, '[');
    for (size_t i = 0; i < report->due_count; i++) {
        report_comma(&sheet, i);
        put_due(&sheet, &report->dues[i], &call->today);
    }
    buffer_char(sheet.buffer, ']');
    sheet_end(&sheet);
    return report_answer(call);
}

/* The newest of those that were held. */
static bool plot_schedule(struct call *call, const struct schedule_report *report)
{
    const char *labels[PLOT_ROWS_MAX];
    struct number values[PLOT_ROWS_MAX];
    size_t held = 0, count = 0;
    for (size_t i = 0; i < report->review_count; i++)
        held += report->reviews[i].days_late.known;
    size_t skipped = held > PLOT_ROWS_MAX ? held - PLOT_ROWS_MAX : 0;
    for (size_t i = 0; i < report->review_count; i++) {
        const struct schedule_entry *entry = &report->reviews[i];
        if (!entry->days_late.known)
            continue;
        if (skipped) {
            skipped--;
            continue;
        }
        labels[count] =
            arena_format(call->arena, "%s, held on %s", entry->review.reference, entry->review.held_on.text);
        values[count++] = (struct number){true, (double)entry->days_late.value};
    }
    const struct plot_series series = {NULL, values};
    const struct plot plot = {.kind = PLOT_BARS,
                              .id = "schedule",
                              .title = "Reviews held against plan",
                              .text = "A bar for each review, of the days by which it was held late, or early where "
                                      "they are negative.",
                              .unit = "days late (negative: early)",
                              .labels = labels,
                              .label_count = count,
                              .series = &series,
                              .series_count = 1};
    return report_answer_plot(call, &plot);
}

bool read_report_schedule(struct call *call)
{
    struct schedule_report report;
    int max_months = call_settings(call)->next_review_max_months;
    if (!report_schedule(call->store, &call->view, &call->today, max_months, call->arena, &report))
        return false;
    if (call->format == FORMAT_CSV)
        return answer_entries(call, &report);
    return call->format == FORMAT_JSON ? answer_schedule(call, &report, max_months) : plot_schedule(call, &report);
}

/* --- clauses -------------------------------------------------------------------------------------------------------
 */

static void clause_cells(struct sheet *sheet, unsigned clause, const struct clause_figures *figures)
{
    sheet_text(sheet, "clause", clause_names[clause - 1]);
    sheet_text(sheet, "clause_title", clause_titles[clause - 1]);
    sheet_count(sheet, "inputs", figures->inputs);
    sheet_count(sheet, "considered", figures->considered);
    sheet_count(sheet, "nothing_to_report", figures->nothing_to_report);
    sheet_count(sheet, "open", figures->open);
    sheet_count(sheet, "conclusions", figures->conclusions);
    sheet_count(sheet, "decisions", figures->decisions);
    sheet_truth(sheet, "covered", clause_is_covered(figures) ? TRUTH_TRUE : TRUTH_FALSE);
}

static void put_clause_line(struct sheet *sheet, const struct clause_entry *entry, unsigned clause)
{
    sheet_begin(sheet);
    report_review_cells(sheet, &entry->review);
    clause_cells(sheet, clause, &entry->clauses[clause - 1]);
    sheet_end(sheet);
}

static bool answer_clause_lines(struct call *call, const struct clause_entry *entries, size_t count)
{
    static const struct clause_entry none;
    struct sheet sheet = report_sheet(call);
    sheet.mode = SHEET_CSV_HEAD;
    put_clause_line(&sheet, &none, CLAUSE_A);
    sheet.mode = SHEET_CSV;
    for (size_t i = 0; i < count; i++) {
        for (unsigned clause = 1; clause <= CLAUSE_COUNT; clause++)
            put_clause_line(&sheet, &entries[i], clause);
    }
    return report_answer(call);
}

static bool answer_clauses(struct call *call, const struct clause_entry *entries, size_t count)
{
    struct sheet sheet = report_sheet(call);
    buffer_put(sheet.buffer, "{\"reviews\":[");
    for (size_t i = 0; i < count; i++) {
        report_comma(&sheet, i);
        sheet_begin(&sheet);
        report_review_cells(&sheet, &entries[i].review);
        sheet_member(&sheet, "clauses");
        buffer_char(sheet.buffer, '[');
        for (unsigned clause = 1; clause <= CLAUSE_COUNT; clause++) {
            report_comma(&sheet, clause - 1);
            sheet_begin(&sheet);
            clause_cells(&sheet, clause, &entries[i].clauses[clause - 1]);
            sheet_end(&sheet);
        }
        buffer_char(sheet.buffer, ']');
        sheet_end(&sheet);
    }
    buffer_put(sheet.buffer, "]}");
    return report_answer(call);
}

static bool plot_clauses(struct call *call, const struct clause_entry *entries, size_t count)
{
    const char *labels[CLAUSE_COUNT];
    struct number considered[CLAUSE_COUNT], nothing[CLAUSE_COUNT], open[CLAUSE_COUNT];
    for (unsigned i = 0; i < CLAUSE_COUNT; i++) {
        labels[i] = arena_format(call->arena, "%s: %s", clause_names[i], clause_titles[i]);
        considered[i] = nothing[i] = open[i] = (struct number){true, 0};
        for (size_t entry = 0; entry < count; entry++) {
            considered[i].value += (double)entries[entry].clauses[i].considered;
            nothing[i].value += (double)entries[entry].clauses[i].nothing_to_report;
            open[i].value += (double)entries[entry].clauses[i].open;
        }
    }
    const struct plot_series series[] = {{"considered", considered}, {"nothing to report", nothing}, {"open", open}};
    const struct plot plot = {.kind = PLOT_STACKED,
                              .id = "clauses",
                              .title = "Inputs by clause of 9.3.2",
                              .text = arena_format(call->arena,
                                                   "A bar for each clause, of the inputs of %zu reviews: considered, "
                                                   "nothing to report, open.",
                                                   count),
                              .labels = labels,
                              .label_count = count ? CLAUSE_COUNT : 0,
                              .series = series,
                              .series_count = COUNT_OF(series)};
    return report_answer_plot(call, &plot);
}

bool read_report_clauses(struct call *call)
{
    struct clause_entry *entries;
    size_t count;
    if (!report_clauses(call->store, &call->view, call->arena, &entries, &count))
        return false;
    if (call->format == FORMAT_CSV)
        return answer_clause_lines(call, entries, count);
    return call->format == FORMAT_JSON ? answer_clauses(call, entries, count) : plot_clauses(call, entries, count);
}
