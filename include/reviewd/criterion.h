/* Success criteria: how one will know that a decision or an action item has achieved what it is for. */
#ifndef REVIEWD_CRITERION_H
#define REVIEWD_CRITERION_H

#include "reviewd/resource.h"

enum comparator { COMPARATOR_LT = 1, COMPARATOR_LTE, COMPARATOR_EQ, COMPARATOR_GTE, COMPARATOR_GT };

extern const char *const comparator_names[COMPARATOR_GT];

struct criterion {
    const char *id; /* "c1", made by the server */
    const char *statement;
    const char *metric;
    unsigned comparator;
    struct number target;
    const char *unit;
    const char *verification;
};

extern const struct shape criterion_shape;

/* Whether value stands to target as the comparator says. */
bool comparator_holds(unsigned comparator, double value, double target);

/* Whether it has metric, comparator and target, so that a measured value decides. */
bool criterion_is_measured(const struct criterion *criterion);

/* Adds violations of success_criteria.*; `criteria` are parsed. */
void criteria_check(const struct nested *criteria, struct violations *violations);

/* Gives ids to criteria that have none: the id of the criterion of `before` (or NULL) with the same statement, or
 * the next number that neither has, beyond `used`, the highest that was ever given. The texts of new ids come from the
 * arena. */
void criteria_number(struct nested *criteria, const struct nested *before, long used, struct arena *arena);

#endif
