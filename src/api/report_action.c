/* The report on action items, as JSON, CSV or a plot. */
#include "report.h"

/* --- what is asked -------------------------------------------------------------------------------------------------
 */

static void invalid(struct call *call, const char *name, const char *what)
{
    violation_add_parameter(&call->violations, "query.invalid", name, "'%s' %s.", name, what);
}

static struct date date_parameter(struct call *call, const char *name)
{
    const char *text = query_get(call, name);
    struct date date = {0};
    if (text && !date_parse(text, &date))
        invalid(call, name, "takes a date, YYYY-MM-DD");
    return date;
}

/* False: the database failed. */
static bool id_parameter(struct call *call, const char *name, struct id *ret_id)
{
    const char *text = query_get(call, name);
    const struct field *field = resource_field_named(&action_item_resource, name);
    if (!text)
        return true;
    const char *id = query_resolve(call, resource_find(field->target), name, text);
    return id && (id_parse(id, ret_id) || call->violations.count);
}

static enum grouping grouping_parameter(struct call *call)
{
    const char *text = query_get(call, "group_by");
    for (unsigned i = 0; text && i < GROUP_COUNT; i++) {
        if (strcmp(grouping_names[i], text) == 0)
            return (enum grouping)i;
    }
    if (text)
        invalid(call, "group_by", "takes owner, department, review, decision_kind, quarter or none");
    return GROUP_NONE;
}

/* False: the database failed. Violations are added to the call's. */
static bool read_filter(struct call *call, struct report_filter *filter, enum grouping *grouping)
{
    filter->view = call->view;
    filter->from = date_parameter(call, "from");
    filter->to = date_parameter(call, "to");
    filter->department = query_get(call, "department");
    *grouping = grouping_parameter(call);
    if (date_before(&filter->to, &filter->from))
        invalid(call, "to", "is not before 'from'");
    if (filter->department && !*filter->department)
        invalid(call, "department", "takes a value");
    return id_parameter(call, "owner_id", &filter->owner) && id_parameter(call, "review_id", &filter->review);
}

/* --- JSON and CSV --------------------------------------------------------------------------------------------------
 */

static void rate_cell(struct sheet *sheet, const char *name, int64_t part, int64_t whole)
{
    struct number rate = report_rate(part, whole);
    sheet_number(sheet, name, &rate);
}

static void figure_cells(struct sheet *sheet, const struct action_figures *figures)
{
    sheet_count(sheet, "count", figures->count);
    for (unsigned i = 0; i < COUNT_OF(figures->by_state); i++)
        sheet_count(sheet, action_item_status_names[i], figures->by_state[i]);
    sheet_count(sheet, "overdue", figures->overdue);
    for (unsigned i = 0; i < AGE_COUNT; i++)
        sheet_count(sheet, age_band_names[i], figures->overdue_by_age[i]);
    const struct punctuality *closed = &figures->closed;
    sheet_count(sheet, "closed_by_original_deadline", closed->by_original_deadline);
    rate_cell(sheet, "closed_by_original_deadline_rate", closed->by_original_deadline, closed->count);
    sheet_count(sheet, "closed_by_final_deadline", closed->by_final_deadline);
    rate_cell(sheet, "closed_by_final_deadline_rate", closed->by_final_deadline, closed->count);
    const struct punctuality *done = &figures->completed;
    sheet_count(sheet, "done", done->count);
    sheet_count(sheet, "done_by_original_deadline", done->by_original_deadline);
    rate_cell(sheet, "done_by_original_deadline_rate", done->by_original_deadline, done->count);
    sheet_count(sheet, "done_by_final_deadline", done->by_final_deadline);
    rate_cell(sheet, "done_by_final_deadline_rate", done->by_final_deadline, done->count);
    sheet_number(sheet, "days_to_close_median", &figures->days_to_close_median);
    sheet_number(sheet, "days_to_close_p90", &figures->days_to_close_p90);
    sheet_count(sheet, "extensions", figures->extensions);
    sheet_count(sheet, "extended_items", figures->extended_items);
    sheet_count(sheet, "days_slipped", figures->days_slipped);
    sheet_number(sheet, "days_slipped_median", &figures->days_slipped_median);
    sheet_count(sheet, "verified", figures->verified);
    sheet_count(sheet, "effective_at_first", figures->effective_at_first);
    rate_cell(sheet, "effective_at_first_rate", figures->effective_at_first, figures->verified);
}

static void put_group(struct sheet *sheet, const struct action_group *group)
{
    sheet_begin(sheet);
    sheet_text(sheet, "key", group->key);
    sheet_text(sheet, "label", group->label);
    figure_cells(sheet, &group->figures);
    sheet_end(sheet);
}

static bool answer_rows(struct call *call, enum grouping grouping, const struct action_report *report)
{
    struct sheet sheet = report_sheet(call);
    struct action_group all = {.figures = report->total};
    sheet.mode = SHEET_CSV_HEAD;
    put_group(&sheet, &all);
    sheet.mode = SHEET_CSV;
    if (grouping == GROUP_NONE)
        put_group(&sheet, &all);
    for (size_t i = 0; i < report->group_count; i++)
        put_group(&sheet, &report->groups[i]);
    return report_answer(call);
}

static bool answer_object(struct call *call, const struct report_filter *filter, enum grouping grouping,
                          const struct action_report *report)
{
    struct sheet sheet = report_sheet(call);
    sheet_begin(&sheet);
    sheet_date(&sheet, "today", &call->today);
    sheet_date(&sheet, "from", &filter->from);
    sheet_date(&sheet, "to", &filter->to);
    sheet_text(&sheet, "group_by", grouping_names[grouping]);
    sheet_member(&sheet, "total");
    sheet_begin(&sheet);
    figure_cells(&sheet, &report->total);
    sheet_end(&sheet);
    sheet_member(&sheet, "groups");
    buffer_char(sheet.buffer, '[');
    for (size_t i = 0; i < report->group_count; i++) {
        report_comma(&sheet, i);
        put_group(&sheet, &report->groups[i]);
    }
    buffer_char(sheet.buffer, ']');
    sheet_end(&sheet);
    return report_answer(call);
}

/* --- the plot ------------------------------------------------------------------------------------------------------
 */

/* Where an action item stands, in one of five ways that add up to all of them. Done is what is completed: the
 * verification comes later by its nature. */
enum { STAND_IN_TIME, STAND_LATE, STAND_UNDER_WAY, STAND_OVERDUE, STAND_CANCELLED, STAND_COUNT };
static const char *const stands[] = {"done in time", "done late", "under way", "overdue", "cancelled"};

static void stand(const struct action_figures *figures, int64_t ret_counts[STAND_COUNT])
{
    const int64_t *state = figures->by_state;
    ret_counts[STAND_IN_TIME] += figures->completed.by_final_deadline;
    ret_counts[STAND_LATE] += figures->completed.count - figures->completed.by_final_deadline;
    ret_counts[STAND_UNDER_WAY] +=
        state[ACTION_OPEN - 1] + state[ACTION_IN_PROGRESS - 1] + state[ACTION_BLOCKED - 1] - figures->overdue;
    ret_counts[STAND_OVERDUE] += figures->overdue;
    ret_counts[STAND_CANCELLED] += state[ACTION_CANCELLED - 1];
}

static bool answer_states(struct call *call, const struct action_report *report)
{
    const struct action_figures *total = &report->total;
    const char *labels[ACTION_CANCELLED + 1];
    struct number values[ACTION_CANCELLED + 1];
    for (unsigned i = 0; i < ACTION_CANCELLED; i++) {
        labels[i] = plain_words(call, action_item_status_names[i]);
        values[i] = (struct number){true, (double)total->by_state[i]};
    }
    labels[ACTION_CANCELLED] = "overdue (of the first three)";
    values[ACTION_CANCELLED] = (struct number){true, (double)total->overdue};
    const struct plot_series series = {NULL, values};
    const struct plot plot = {
        .kind = PLOT_BARS,
        .id = "action-items",
        .title = "Action items by state",
        .text = arena_format(call->arena, "A bar for each state of %lld action items.", (long long)total->count),
        .labels = labels,
        .label_count = total->count ? COUNT_OF(labels) : 0,
        .series = &series,
        .series_count = 1};
    return report_answer_plot(call, &plot);
}

/* Which row a group is drawn in: where there are too many, those before or after share one. */
static size_t plot_row(const struct action_report *report, enum grouping grouping, size_t group)
{
    bool newest = grouping == GROUP_QUARTER || grouping == GROUP_REVIEW;
    size_t count = report->group_count;
    if (count <= PLOT_ROWS_MAX)
        return group;
    if (newest)
        return group < count - PLOT_ROWS_MAX ? 0 : group - (count - PLOT_ROWS_MAX);
    return group < PLOT_ROWS_MAX ? group : PLOT_ROWS_MAX - 1;
}

static const char *group_label(struct call *call, enum grouping grouping, const struct action_group *group)
{
    if (!group->label)
        return grouping == GROUP_DEPARTMENT ? "no department" : "others";
    return grouping == GROUP_DECISION_KIND ? plain_words(call, group->label) : group->label;
}

static bool answer_groups(struct call *call, enum grouping grouping, const struct action_report *report)
{
    size_t rows = report->group_count < PLOT_ROWS_MAX ? report->group_count : PLOT_ROWS_MAX;
    const char **labels = arena_array(call->arena, rows + 1, sizeof *labels);
    int64_t(*counts)[STAND_COUNT] = arena_array(call->arena, rows + 1, sizeof *counts);
    struct plot_series series[STAND_COUNT];
    if (!labels || !counts)
        return false;
    for (size_t i = 0; i < report->group_count; i++) {
        size_t row = plot_row(report, grouping, i);
        const char *label = group_label(call, grouping, &report->groups[i]);
        labels[row] = labels[row] ? (row ? "and others" : "earlier ones") : label;
        stand(&report->groups[i].figures, counts[row]);
    }
    for (unsigned s = 0; s < STAND_COUNT; s++) {
        struct number *values = plot_values(call, rows);
        for (size_t i = 0; values && i < rows; i++)
            values[i] = (struct number){true, (double)counts[i][s]};
        series[s] = (struct plot_series){stands[s], values};
    }
    const char *by = plain_words(call, grouping_names[grouping]);
    const struct plot plot = {.kind = PLOT_STACKED,
                              .id = "action-items",
                              .title = arena_format(call->arena, "Action items by %s", by),
                              .text = arena_format(call->arena,
                                                   "A bar for each %s, of the action items done by their deadline, "
                                                   "done later, under way, overdue and cancelled.",
                                                   by),
                              .labels = labels,
                              .label_count = rows,
                              .series = series,
                              .series_count = STAND_COUNT};
    return report_answer_plot(call, &plot);
}

bool read_report_actions(struct call *call)
{
    struct report_filter filter = {0};
    struct action_report report;
    enum grouping grouping;
    if (!read_filter(call, &filter, &grouping))
        return false;
    if (call->violations.count) {
        answer_violations(call);
        return true;
    }
    if (!report_actions(call->store, &filter, grouping, &call->today, call->arena, &report))
        return false;
    if (call->format == FORMAT_CSV)
        return answer_rows(call, grouping, &report);
    if (call->format == FORMAT_JSON)
        return answer_object(call, &filter, grouping, &report);
    return grouping == GROUP_NONE ? answer_states(call, &report) : answer_groups(call, grouping, &report);
}
