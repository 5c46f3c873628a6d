/* A change of a commitment: of owner, deadline or success criteria, with reason and approval; append-only. */
#ifndef REVIEWD_AMENDMENT_H
#define REVIEWD_AMENDMENT_H

#include "reviewd/action_item.h"
#include "reviewd/decision.h"

struct amendment {
    struct record record;
    struct id decision_id; /* of one of the two */
    struct id action_item_id;
    const char *reason;
    struct id approved_by_id;
    struct id owner_id;
    struct date deadline;
    struct nested success_criteria;
    struct nested before;
    struct nested after;
};

/* So often is a deadline extended without top management. */
enum { EXTENSIONS_UNESCALATED = 2 };

/* The commitment as it stands, of a decision or an action item. */
struct commitment {
    struct id owner_id;
    struct date deadline;
    struct nested success_criteria;
};

struct amendment_facts {
    const struct resource *target; /* decision or action item */
    const char *target_state;      /* set where it can no longer be amended, or not yet */
    struct commitment commitment;
    size_t extension_count; /* before this one */
    unsigned approver_role;
    const struct named *later_items; /* of a decision: its open action items that are due after the new deadline */
    size_t later_item_count;
    int horizon_months;                   /* of a decision */
    struct action_item_facts action_item; /* today, and the decision's deadline */
};

void amendment_check(const struct amendment *amendment, const struct amendment_facts *facts,
                     struct violations *violations);

#endif
