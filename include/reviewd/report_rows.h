/* The rows that reports are worked out from, and what is due. Each query sees what its view sees, and nothing else; it
 * is one statement, so that its rows are of one state of the database. Failures as in store.h. */
#ifndef REVIEWD_REPORT_ROWS_H
#define REVIEWD_REPORT_ROWS_H

#include "reviewd/input.h"
#include "reviewd/store.h"

/* What action items are gathered under. */
enum grouping {
    GROUP_NONE,
    GROUP_OWNER,
    GROUP_DEPARTMENT,    /* of the owner, as it is today */
    GROUP_REVIEW,        /* that they come from */
    GROUP_DECISION_KIND, /* of the decision that they carry out */
    GROUP_QUARTER,       /* of the deadline */
    GROUP_COUNT,
};
extern const char *const grouping_names[GROUP_COUNT];

/* Members that are absent (or NULL) filter nothing. */
struct report_filter {
    struct view view;
    struct date from; /* the deadline lies between these two */
    struct date to;
    struct id owner;
    struct id review;
    const char *department;
};

struct report_item {
    const char *key;   /* of its group, NULL: of none (no department; a decision that the view does not see) */
    const char *label; /* what people call the group, NULL as the key is */
    unsigned status;   /* enum action_item_status */
    struct date deadline;
    struct date original_deadline;
    int64_t extensions;
    struct date created_on;
    struct date completed_on;
    struct date closed_on;
    unsigned first_outcome; /* enum outcome of its first verification that stands; 0: none yet */
};

/* Calls `row` with each item, group by group in the order in which groups are shown; texts live during the call. */
MUST_USE bool store_report_items(struct store *store, const struct report_filter *filter, enum grouping grouping,
                                 struct arena *arena, bool (*row)(void *context, const struct report_item *item),
                                 void *context);

/* A review as far as reports name it. Cancelled ones are in none. */
struct report_review {
    struct id id;
    const char *reference;
    const char *title;
    const char *type;
    const char *status;
    struct date planned_on;
    struct date held_on;
    struct date next_review_on;
};

/* By the day on which they were held, or are planned. */
MUST_USE bool store_report_reviews(struct store *store, const struct view *view, struct arena *arena,
                                   struct report_review **ret_reviews, size_t *ret_count);

struct report_metric {
    struct report_review review;
    struct id input_id;
    const char *clause;
    const char *trend; /* of the input; or NULL */
    struct metric metric;
};

/* Every metric (NULL), or those of one name, in the order of their reviews and agendas. */
MUST_USE bool store_report_metrics(struct store *store, const struct view *view, const char *name, struct arena *arena,
                                   struct report_metric **ret_metrics, size_t *ret_count);

/* How a review dealt with a clause. */
struct clause_figures {
    int64_t inputs;
    int64_t considered;
    int64_t nothing_to_report;
    int64_t open;        /* pending or prepared */
    int64_t conclusions; /* inputs with one */
    int64_t decisions;   /* adopted (superseded and implemented since, too) that rest on one of its inputs */
};

struct report_clause {
    struct report_review review;
    unsigned clause; /* enum clause */
    struct clause_figures figures;
};

/* In the order of the reviews, and of the clauses in each; only where there is an input. */
MUST_USE bool store_report_clauses(struct store *store, const struct view *view, struct arena *arena,
                                   struct report_clause **ret_clauses, size_t *ret_count);

/* Something that has to be done by a day. */
struct due {
    const char *kind; /* "review", "next_review", "decision", "action_item" or "follow_up" */
    struct date due_on;
    struct id id; /* of the review, decision or action item */
    const char *reference;
    const char *title;
    const char *owner_name; /* a review's chair */
    const char *owner_email;
};

/* What is due up to a day, the oldest first: reviews that are planned, the next review after the one held last (where
 * none is in progress or planned by then); and unless it is reviews alone, adopted decisions, action items, and their
 * next follow-ups. */
MUST_USE bool store_due(struct store *store, const struct view *view, const struct date *until, bool reviews_alone,
                        struct arena *arena, struct due **ret_dues, size_t *ret_count);

#endif
