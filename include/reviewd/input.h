/* What a review considers: the inputs of 9.3.2 a-g. */
#ifndef REVIEWD_INPUT_H
#define REVIEWD_INPUT_H

#include "reviewd/criterion.h"
#include "reviewd/resource.h"

enum input_state { INPUT_PENDING = 1, INPUT_PREPARED, INPUT_CONSIDERED, INPUT_NOTHING_TO_REPORT };
enum severity { SEVERITY_MINOR = 1, SEVERITY_MAJOR };

extern const char *const input_state_names[INPUT_NOTHING_TO_REPORT];

/* A figure that an input reports. */
struct metric {
    const char *name;
    struct number value;
    const char *unit;
    struct number target;
    unsigned comparator;
    enum truth on_target; /* unknown without target and comparator */
};

struct input {
    struct record record;
    struct id review_id;
    unsigned clause;
    const char *title;
    struct id presenter_id;
    struct integer position;
    struct integer minutes_allotted;
    const char *summary;
    const char *conclusion;
    unsigned trend;
    unsigned severity;
    struct nested source;
    struct nested metrics;
    unsigned state;
    enum truth agenda; /* one of the ten that the review was given */
    enum truth withdrawn;
    const char *withdrawn_reason;
};

extern const struct shape metric_shape;

struct input_facts {
    unsigned review_status;
};

void input_check(const struct input *after, const char *verb, const struct input_facts *facts,
                 struct violations *violations);

/* Works out whether the metric is on its target. */
void metric_derive(struct metric *metric);

#endif
