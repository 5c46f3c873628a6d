/* Reports: figures of what became of action items, reviews held against plan, and the like (ISO/IEC 27001:2022, 9.1
 * and 9.3.2 a). Worked out from what a view sees; the same database, view and day give the same report. Whatever is a
 * share of nothing, or the median of nothing, is not known. All texts live in the arena. False: the database or memory
 * failed. */
#ifndef REVIEWD_REPORT_H
#define REVIEWD_REPORT_H

#include "reviewd/action_item.h"
#include "reviewd/report_rows.h"

/* How many days overdue: 1 to 7, 8 to 30, 31 to 90, more. */
enum age_band { AGE_WEEK, AGE_MONTH, AGE_QUARTER, AGE_MORE, AGE_COUNT };
extern const char *const age_band_names[AGE_COUNT];

/* How many of those that ended were in time. */
struct punctuality {
    int64_t count;
    int64_t by_original_deadline;
    int64_t by_final_deadline;
};

struct action_figures {
    int64_t count;
    int64_t by_state[ACTION_CANCELLED]; /* from ACTION_OPEN on */
    int64_t overdue;                    /* open, in progress or blocked after the deadline */
    int64_t overdue_by_age[AGE_COUNT];  /* … of that */
    struct punctuality completed;       /* completed and closed ones, by the day of completion */
    struct punctuality closed;          /* closed ones, by the day of closing */
    struct number days_to_close_median; /* from creation to closing */
    struct number days_to_close_p90;    /* by nearest rank: the least that nine in ten do not exceed */
    int64_t extensions;                 /* how often deadlines were moved to a later day */
    int64_t extended_items;             /* of how many items */
    int64_t days_slipped;               /* of these, from the original to the present deadline, in all */
    struct number days_slipped_median;
    int64_t verified;           /* that were verified at least once */
    int64_t effective_at_first; /* … and found effective the first time */
};

struct action_group {
    const char *key; /* NULL: those of no group */
    const char *label;
    struct action_figures figures;
};

struct action_report {
    struct action_figures total;
    struct action_group *groups; /* none with GROUP_NONE */
    size_t group_count;
};

MUST_USE bool report_actions(struct store *store, const struct report_filter *filter, enum grouping grouping,
                             const struct date *today, struct arena *arena, struct action_report *ret_report);

/* part / whole. */
struct number report_rate(int64_t part, int64_t whole);

/* The mean of the middle two where there is an even number. Sorts the values. */
struct number report_median(double *values, size_t count);

/* The value at the rank ceil(percent / 100 * count), from 1 on. The values are sorted. */
struct number report_percentile(const double *values, size_t count, unsigned percent);

/* --- metrics ----------------------------------------------------------------------------------------------------- */

/* The values of one name, from the oldest review to the newest. */
struct metric_series {
    const char *name;
    const struct report_metric **values;
    size_t count;
};

/* Every name (NULL) or one, in the order of the names. */
MUST_USE bool report_metrics(struct store *store, const struct view *view, const char *name, struct arena *arena,
                             struct metric_series **ret_series, size_t *ret_count);

/* --- schedule ---------------------------------------------------------------------------------------------------- */

struct schedule_entry {
    struct report_review review;
    struct integer days_late;       /* held after planned_on, or before it where negative */
    const char *previous_reference; /* the review held before; NULL: none, or this one is not held */
    struct integer days_since_previous;
    enum truth gap_exceeded; /* longer than the interval; unknown without a previous one */
};

struct schedule_report {
    struct schedule_entry *reviews;
    size_t review_count;
    const struct due *dues; /* reviews that are planned, and the next one due, whenever that is */
    size_t due_count;
    struct date last_held_on; /* absent: none was held */
    struct date latest_next;  /* the interval after it */
    bool interval_exceeded;   /* and that is over */
};

MUST_USE bool report_schedule(struct store *store, const struct view *view, const struct date *today, int max_months,
                              struct arena *arena, struct schedule_report *ret_report);

/* --- clauses ----------------------------------------------------------------------------------------------------- */

struct clause_entry {
    struct report_review review;
    struct clause_figures clauses[CLAUSE_COUNT]; /* zeroed where there is no input */
};

/* As readiness has it: there is an input, and each is dealt with. */
bool clause_is_covered(const struct clause_figures *clause);

MUST_USE bool report_clauses(struct store *store, const struct view *view, struct arena *arena,
                             struct clause_entry **ret_entries, size_t *ret_count);

#endif
