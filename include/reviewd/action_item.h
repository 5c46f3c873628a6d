/* What is to be done because of a decision: who, by when, and how success will be known. */
#ifndef REVIEWD_ACTION_ITEM_H
#define REVIEWD_ACTION_ITEM_H

#include "reviewd/criterion.h"
#include "reviewd/person.h"

enum action_item_kind {
    ACTION_CORRECTION = 1,
    ACTION_CORRECTIVE,
    ACTION_PREVENTIVE,
    ACTION_IMPROVEMENT,
    ACTION_CHANGE,
};

enum action_item_status {
    ACTION_OPEN = 1,
    ACTION_IN_PROGRESS,
    ACTION_BLOCKED,
    ACTION_COMPLETED,
    ACTION_CLOSED,
    ACTION_CANCELLED,
};

extern const char *const action_item_status_names[ACTION_CANCELLED];

struct action_item {
    struct record record;
    struct id review_id;
    const char *review_reference;
    const char *review_title;
    struct id decision_id;
    const char *decision_reference;
    const char *decision_title;
    unsigned kind;
    const char *title;
    const char *description;
    const char *root_cause;
    struct id owner_id;
    struct date deadline;
    struct nested success_criteria;
    unsigned priority;
    struct nested resources;
    struct id predecessor_id;
    unsigned status;
    struct date original_deadline;
    struct integer extension_count;
    struct integer progress_percent;
    struct date completed_on;
    struct date closed_on;
    struct date cancelled_on;
    struct instant ended_at; /* when it was closed or cancelled */
    const char *status_reason;
    struct id cancel_approved_by_id;
    enum truth overdue;
    struct integer days_overdue;
};

struct action_item_facts {
    struct date today;
    unsigned decision_status;
    struct date decision_deadline;
    unsigned approver_role; /* of who approves a cancellation */
    bool follows_itself;    /* by those that its predecessor follows */
};

void action_item_check(const struct action_item *after, const struct action_item *before, const char *verb,
                       const struct action_item_facts *facts, struct violations *violations);

/* action_item.deadline.in_past and .after_decision, for whoever sets the deadline. */
void action_item_check_deadline(const struct date *deadline, const struct action_item_facts *facts,
                                struct violations *violations);

/* Closed and cancelled items change no more. */
bool action_item_is_ended(unsigned status);

#endif
