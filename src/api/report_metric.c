/* The report on metrics over reviews, as JSON, CSV or a plot. */
#include "report.h"

static void value_cells(struct sheet *sheet, const struct report_metric *value)
{
    const struct metric *metric = &value->metric;
    const struct report_review *review = &value->review;
    report_review_cells(sheet, review);
    sheet_id(sheet, "input_id", &value->input_id);
    sheet_text(sheet, "clause", value->clause);
    sheet_number(sheet, "value", &metric->value);
    sheet_text(sheet, "unit", metric->unit);
    sheet_text(sheet, "comparator", metric->comparator ? comparator_names[metric->comparator - 1] : NULL);
    sheet_number(sheet, "target", &metric->target);
    sheet_truth(sheet, "on_target", metric->on_target);
    sheet_text(sheet, "trend", value->trend);
}

static void put_value(struct sheet *sheet, const struct report_metric *value)
{
    sheet_begin(sheet);
    value_cells(sheet, value);
    sheet_end(sheet);
}

static void put_series(struct sheet *sheet, const struct metric_series *series, bool with_values)
{
    sheet_begin(sheet);
    sheet_text(sheet, "name", series->name);
    sheet_count(sheet, "count", (int64_t)series->count);
    sheet_member(sheet, "newest");
    put_value(sheet, series->values[series->count - 1]);
    sheet_member(sheet, "values");
    buffer_put(sheet->buffer, with_values ? "[" : "null");
    for (size_t i = 0; with_values && i < series->count; i++) {
        report_comma(sheet, i);
        put_value(sheet, series->values[i]);
    }
    buffer_put(sheet->buffer, with_values ? "]" : "");
    sheet_end(sheet);
}

static bool answer_series(struct call *call, const char *name, const struct metric_series *series, size_t count)
{
    struct sheet sheet = report_sheet(call);
    sheet_begin(&sheet);
    sheet_text(&sheet, "name", name);
    sheet_member(&sheet, "metrics");
    buffer_char(sheet.buffer, '[');
    for (size_t i = 0; i < count; i++) {
        report_comma(&sheet, i);
        put_series(&sheet, &series[i], name != NULL);
    }
    buffer_char(sheet.buffer, ']');
    sheet_end(&sheet);
    return report_answer(call);
}

/* A line for each value of one metric, or for the newest one of each. */
static void put_line(struct sheet *sheet, const struct metric_series *series, size_t index, bool one)
{
    sheet_begin(sheet);
    sheet_text(sheet, "name", series->name);
    if (!one)
        sheet_count(sheet, "count", (int64_t)series->count);
    value_cells(sheet, series->values[index]);
    sheet_end(sheet);
}

static bool answer_lines(struct call *call, bool one, const struct metric_series *series, size_t count)
{
    static const struct report_metric none;
    const struct report_metric *first = &none;
    const struct metric_series head = {"", &first, 1};
    struct sheet sheet = report_sheet(call);
    sheet.mode = SHEET_CSV_HEAD;
    put_line(&sheet, &head, 0, one);
    sheet.mode = SHEET_CSV;
    for (size_t i = 0; i < count; i++) {
        for (size_t v = one ? 0 : series[i].count - 1; v < series[i].count; v++)
            put_line(&sheet, &series[i], v, one);
    }
    return report_answer(call);
}

/* --- plots ---------------------------------------------------------------------------------------------------------
 */

static bool same_unit(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool plot_one(struct call *call, const char *name, const struct metric_series *series)
{
    size_t count = series ? series->count : 0;
    const char **labels = arena_array(call->arena, count + 1, sizeof *labels);
    struct number *values = plot_values(call, count);
    struct number *targets = plot_values(call, count);
    if (!labels || !values || !targets)
        return false;
    const char *unit = count ? series->values[0]->metric.unit : NULL;
    for (size_t i = 0; i < count; i++) {
        labels[i] = series->values[i]->review.reference;
        values[i] = series->values[i]->metric.value;
        targets[i] = series->values[i]->metric.target;
        unit = same_unit(unit, series->values[i]->metric.unit) ? unit : "units differ";
    }
    const struct plot_series line = {NULL, values};
    const struct plot plot = {.kind = PLOT_LINE,
                              .id = "metric",
                              .title = name,
                              .text = arena_format(call->arena, "A line of the values of '%s' over reviews.", name),
                              .unit = unit,
                              .labels = labels,
                              .label_count = count,
                              .series = &line,
                              .series_count = 1,
                              .targets = targets};
    return report_answer_plot(call, &plot);
}

enum { ON_TARGET, OFF_TARGET, NO_TARGET, TARGET_COUNT };

/* How many metrics of each review, the newest ones, are on target. */
static bool plot_all(struct call *call, const struct report_metric *metrics, size_t count)
{
    const char *labels[PLOT_ROWS_MAX];
    struct number values[TARGET_COUNT][PLOT_ROWS_MAX];
    size_t reviews = 0;
    for (size_t i = 0; i < count; i++)
        reviews += i == 0 || !id_equal(&metrics[i - 1].review.id, &metrics[i].review.id);
    size_t skipped = reviews > PLOT_ROWS_MAX ? reviews - PLOT_ROWS_MAX : 0;
    size_t number = 0; /* of the review that a metric is of, from 1 on */
    for (size_t i = 0; i < count; i++) {
        bool other = i == 0 || !id_equal(&metrics[i - 1].review.id, &metrics[i].review.id);
        number += other;
        if (number <= skipped)
            continue;
        size_t row = number - skipped - 1;
        for (unsigned s = 0; other && s < TARGET_COUNT; s++)
            values[s][row] = (struct number){true, 0};
        labels[row] = metrics[i].review.reference;
        unsigned on = metrics[i].metric.on_target;
        values[on == TRUTH_TRUE ? ON_TARGET : on == TRUTH_FALSE ? OFF_TARGET : NO_TARGET][row].value++;
    }
    const struct plot_series series[] = {
        {"on target", values[ON_TARGET]}, {"off target", values[OFF_TARGET]}, {"without target", values[NO_TARGET]}};
    const struct plot plot = {.kind = PLOT_STACKED,
                              .id = "metrics",
                              .title = "Metrics on target",
                              .text = "A bar for each review, of its metrics on target, off target and without one.",
                              .labels = labels,
                              .label_count = reviews - skipped,
                              .series = series,
                              .series_count = TARGET_COUNT};
    return report_answer_plot(call, &plot);
}

bool read_report_metrics(struct call *call)
{
    const char *name = query_get(call, "name");
    struct metric_series *series;
    struct report_metric *metrics;
    size_t count;
    if (name && !*name) {
        violation_add_parameter(&call->violations, "query.invalid", "name", "'name' takes a value.");
        answer_violations(call);
        return true;
    }
    if (call->format == FORMAT_SVG && !name)
        return store_report_metrics(call->store, &call->view, NULL, call->arena, &metrics, &count) &&
               plot_all(call, metrics, count);
    if (!report_metrics(call->store, &call->view, name, call->arena, &series, &count))
        return false;
    if (call->format == FORMAT_CSV)
        return answer_lines(call, name != NULL, series, count);
    return call->format == FORMAT_JSON ? answer_series(call, name, series, count)
                                       : plot_one(call, name, count ? series : NULL);
}
