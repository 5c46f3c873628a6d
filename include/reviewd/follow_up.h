/* What was found when an action item was looked at again: progress, completion, effectiveness; append-only. */
#ifndef REVIEWD_FOLLOW_UP_H
#define REVIEWD_FOLLOW_UP_H

#include "reviewd/action_item.h"

enum follow_up_kind { FOLLOW_UP_PROGRESS = 1, FOLLOW_UP_COMPLETION, FOLLOW_UP_EFFECTIVENESS };

enum outcome {
    OUTCOME_ON_TRACK = 1,
    OUTCOME_AT_RISK,
    OUTCOME_OFF_TRACK,
    OUTCOME_COMPLETED,
    OUTCOME_NOT_COMPLETED,
    OUTCOME_EFFECTIVE,
    OUTCOME_PARTIALLY_EFFECTIVE,
    OUTCOME_NOT_EFFECTIVE,
};

/* What was found of one success criterion. */
struct criterion_result {
    const char *criterion_id;
    struct number measured_value;
    enum truth met;
    const char *evidence;
};

struct follow_up {
    struct record record;
    struct id action_item_id;
    unsigned kind;
    struct id performed_by_id;
    struct date performed_on;
    const char *note;
    unsigned outcome;
    struct id review_id;
    struct integer progress_percent;
    struct nested criteria_results;
    struct date next_follow_up_on;
    struct id supersedes_id;
};

extern const struct shape criterion_result_shape;

struct follow_up_facts {
    struct date today;
    const struct action_item *action_item; /* its success criteria parsed */
    unsigned review_status;                /* of review_id; 0 where none is named */
    bool review_earlier;                   /* review_id began before the review that made the action item */
    bool review_carries;                   /* review_id has to revisit the action item, ended as it may be by now */
    bool supersedes_other;                 /* supersedes_id is of another action item */
};

/* Works out `met` of the measured criteria where the request leaves it out. Before the check. */
void follow_up_derive(struct follow_up *follow_up, const struct action_item *item);

void follow_up_check(const struct follow_up *follow_up, const struct follow_up_facts *facts,
                     struct violations *violations);

/* What the follow-up does to its action item; whether it changes anything. */
bool follow_up_apply(const struct follow_up *follow_up, struct action_item *item, const struct instant *now);

#endif
