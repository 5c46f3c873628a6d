/* What a review decides (ISO/IEC 27001:2022, 9.3.3). */
#ifndef REVIEWD_DECISION_H
#define REVIEWD_DECISION_H

#include "reviewd/criterion.h"
#include "reviewd/person.h"

enum decision_kind {
    DECISION_CONTINUAL_IMPROVEMENT = 1,
    DECISION_ISMS_CHANGE,
    DECISION_STRATEGY_CHANGE,
    DECISION_RESOURCE_ALLOCATION,
    DECISION_OBJECTIVE_CHANGE,
    DECISION_RISK_TREATMENT,
    DECISION_CORRECTIVE_ACTION,
    DECISION_NO_CHANGE,
};

enum decision_status {
    DECISION_PROPOSED = 1,
    DECISION_ADOPTED,
    DECISION_REJECTED,
    DECISION_WITHDRAWN,
    DECISION_IMPLEMENTED,
    DECISION_SUPERSEDED,
};

extern const char *const decision_status_names[DECISION_SUPERSEDED];

struct decision {
    struct record record;
    struct id review_id;
    const char *review_reference;
    const char *review_title;
    unsigned kind;
    const char *title;
    const char *statement;
    const char *rationale;
    struct nested input_ids;
    struct nested affects;
    struct id decided_by_id;
    struct id owner_id;
    enum truth action_required;
    struct date deadline;
    struct nested success_criteria;
    const char *no_action_reason;
    unsigned status;
    struct date decided_on;
    struct date original_deadline;
    struct id superseded_by_id;
    const char *status_reason;
};

struct decision_facts {
    struct date today;
    int horizon_months;
    unsigned review_status;
    unsigned decided_by_role;     /* of the person as it will be */
    bool decided_by_attends;      /* is an attendee of the review, not withdrawn */
    const size_t *foreign_inputs; /* positions in input_ids of inputs of other reviews */
    size_t foreign_input_count;
    bool supersedes_itself;          /* by those that its successor was superseded by */
    const struct named *later_items; /* its open action items that are due after its new deadline */
    size_t later_item_count;
    size_t closed_items;                  /* its action items that are closed */
    const struct named *unfinished_items; /* those neither closed nor cancelled */
    size_t unfinished_item_count;
};

/* Rejected, withdrawn or superseded: nothing changes it any more. */
bool decision_is_ended(unsigned status);

void decision_check(const struct decision *after, const struct decision *before, const char *verb,
                    const struct decision_facts *facts, struct violations *violations);

/* action_item.deadline.after_decision, where it is the decision's deadline that moves. */
void decision_check_items(const struct named *later_items, size_t count, struct violations *violations);

/* decision.deadline.in_past and .horizon, for whoever sets the deadline. */
void decision_check_deadline(const struct date *deadline, const struct date *today, int horizon_months,
                             struct violations *violations);

#endif
