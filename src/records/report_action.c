/* Figures of action items. */
#include "reviewd/report.h"

#include "reviewd/follow_up.h"

#include <math.h>
#include <stdlib.h>

const char *const age_band_names[] = {"overdue_1_to_7_days", "overdue_8_to_30_days", "overdue_31_to_90_days",
                                      "overdue_over_90_days"};

struct number report_rate(int64_t part, int64_t whole)
{
    return whole ? (struct number){true, (double)part / (double)whole} : (struct number){0};
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct number report_median(double *values, size_t count)
{
    if (count == 0)
        return (struct number){0};
    qsort(values, count, sizeof *values, compare);
    double upper = values[count / 2];
    return (struct number){true, count % 2 ? upper : (values[count / 2 - 1] + upper) / 2};
}

struct number report_percentile(const double *values, size_t count, unsigned percent)
{
    if (count == 0)
        return (struct number){0};
    size_t rank = (count * percent + 99) / 100; /* ceil, in whole numbers */
    return (struct number){true, values[rank ? rank - 1 : 0]};
}

/* --- gathering -----------------------------------------------------------------------------------------------------
 */

struct days {
    double *values;
    size_t count;
    size_t capacity;
};

static bool days_add(struct arena *arena, struct days *days, int64_t value)
{
    if (days->count == days->capacity) {
        size_t capacity = days->capacity ? days->capacity * 2 : 64;
        double *grown = arena_array(arena, capacity, sizeof *grown);
        if (!grown)
            return false;
        if (days->count)
            memcpy(grown, days->values, days->count * sizeof *grown);
        days->values = grown;
        days->capacity = capacity;
    }
    days->values[days->count++] = (double)value;
    return true;
}

/* Figures under way: those of a group are begun anew with the next one. */
struct tally {
    struct action_figures figures;
    struct days to_close;
    struct days slipped;
};

struct gathering {
    struct arena *arena;
    struct date today;
    enum grouping grouping;
    struct tally total;
    struct tally group;
    struct action_report *report;
    size_t group_capacity;
};

static enum age_band age_band(int64_t days)
{
    return days <= 7 ? AGE_WEEK : days <= 30 ? AGE_MONTH : days <= 90 ? AGE_QUARTER : AGE_MORE;
}

static void count_punctual(struct punctuality *punctuality, const struct report_item *item, const struct date *day)
{
    punctuality->count++;
    punctuality->by_original_deadline += !date_before(&item->original_deadline, day);
    punctuality->by_final_deadline += !date_before(&item->deadline, day);
}

static bool tally_item(struct arena *arena, struct tally *tally, const struct report_item *item,
                       const struct date *today)
{
    struct action_figures *figures = &tally->figures;
    bool fine = true;
    figures->count++;
    figures->by_state[item->status - 1]++;
    bool running = item->status == ACTION_OPEN || item->status == ACTION_IN_PROGRESS || item->status == ACTION_BLOCKED;
    if (running && date_before(&item->deadline, today)) {
        figures->overdue++;
        figures->overdue_by_age[age_band(date_days(today) - date_days(&item->deadline))]++;
    }
    bool done = item->status == ACTION_COMPLETED || item->status == ACTION_CLOSED;
    if (done && date_is_set(&item->completed_on))
        count_punctual(&figures->completed, item, &item->completed_on);
    if (item->status == ACTION_CLOSED && date_is_set(&item->closed_on)) {
        count_punctual(&figures->closed, item, &item->closed_on);
        fine = days_add(arena, &tally->to_close, date_days(&item->closed_on) - date_days(&item->created_on));
    }
    figures->extensions += item->extensions;
    if (item->extensions > 0) {
        int64_t slipped = date_days(&item->deadline) - date_days(&item->original_deadline);
        figures->extended_items++;
        figures->days_slipped += slipped;
        fine = fine && days_add(arena, &tally->slipped, slipped);
    }
    figures->verified += item->first_outcome != 0;
    figures->effective_at_first += item->first_outcome == OUTCOME_EFFECTIVE;
    return fine;
}

/* Works out what takes all values, and begins anew with the memory that is there. */
static struct action_figures tally_end(struct tally *tally)
{
    struct action_figures figures = tally->figures;
    figures.days_to_close_median = report_median(tally->to_close.values, tally->to_close.count);
    figures.days_to_close_p90 = report_percentile(tally->to_close.values, tally->to_close.count, 90);
    figures.days_slipped_median = report_median(tally->slipped.values, tally->slipped.count);
    tally->figures = (struct action_figures){0};
    tally->to_close.count = tally->slipped.count = 0;
    return figures;
}

static void group_end(struct gathering *gathering)
{
    struct action_report *report = gathering->report;
    if (report->group_count)
        report->groups[report->group_count - 1].figures = tally_end(&gathering->group);
}

static bool same_key(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool group_begin(struct gathering *gathering, const struct report_item *item)
{
    struct action_report *report = gathering->report;
    group_end(gathering);
    if (report->group_count == gathering->group_capacity) {
        size_t capacity = gathering->group_capacity ? gathering->group_capacity * 2 : 16;
        struct action_group *grown = arena_array(gathering->arena, capacity, sizeof *grown);
        if (!grown)
            return false;
        if (report->group_count)
            memcpy(grown, report->groups, report->group_count * sizeof *grown);
        report->groups = grown;
        gathering->group_capacity = capacity;
    }
    struct action_group *group = &report->groups[report->group_count++];
    *group = (struct action_group){0};
    group->key = item->key ? arena_text(gathering->arena, item->key) : NULL;
    group->label = item->label ? arena_text(gathering->arena, item->label) : NULL;
    return !arena_failed(gathering->arena);
}

/* Items come group by group. */
static bool gather(void *context, const struct report_item *item)
{
    struct gathering *gathering = context;
    struct action_report *report = gathering->report;
    if (item->status == 0) /* only a damaged database holds such a one */
        return false;
    if (!tally_item(gathering->arena, &gathering->total, item, &gathering->today))
        return false;
    if (gathering->grouping == GROUP_NONE)
        return true;
    bool other = report->group_count == 0 || !same_key(report->groups[report->group_count - 1].key, item->key);
    if (other && !group_begin(gathering, item))
        return false;
    return tally_item(gathering->arena, &gathering->group, item, &gathering->today);
}

bool report_actions(struct store *store, const struct report_filter *filter, enum grouping grouping,
                    const struct date *today, struct arena *arena, struct action_report *ret_report)
{
    struct action_report report = {0};
    struct gathering gathering = {.arena = arena, .today = *today, .grouping = grouping, .report = &report};
    if (!store_report_items(store, filter, grouping, arena, gather, &gathering))
        return false;
    group_end(&gathering);
    report.total = tally_end(&gathering.total);
    *ret_report = report;
    return true;
}
