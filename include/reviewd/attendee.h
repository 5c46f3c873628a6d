/* Who takes part in a review, and in what capacity. */
#ifndef REVIEWD_ATTENDEE_H
#define REVIEWD_ATTENDEE_H

#include "reviewd/person.h"

enum capacity {
    CAPACITY_CHAIR = 1,
    CAPACITY_SECRETARY,
    CAPACITY_DECISION_MAKER,
    CAPACITY_CONTRIBUTOR,
    CAPACITY_OBSERVER,
};
enum attendance { ATTENDANCE_INVITED = 1, ATTENDANCE_ATTENDED, ATTENDANCE_APOLOGIES, ATTENDANCE_ABSENT };

struct attendee {
    struct record record;
    struct id review_id;
    struct id person_id;
    unsigned capacity;
    unsigned attendance;
    struct id delegate_for_id;
    const char *name_at_review;
    const char *job_title_at_review;
    enum truth withdrawn;
    const char *withdrawn_reason;
};

struct attendee_facts {
    unsigned review_status;
    struct id chair_id;   /* of the review */
    bool attends_already; /* another attendee of the review, not withdrawn, is the same person */
};

void attendee_check(const struct attendee *after, const struct attendee *before, const char *verb,
                    const struct attendee_facts *facts, struct violations *violations);

#endif
