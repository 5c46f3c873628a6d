/* People: everyone who owns, chairs, attends, decides or audits. */
#ifndef REVIEWD_PERSON_H
#define REVIEWD_PERSON_H

#include "reviewd/resource.h"

enum role {
    ROLE_NONE,
    ROLE_TOP_MANAGEMENT,
    ROLE_ISMS_MANAGER,
    ROLE_DEPARTMENT_HEAD,
    ROLE_EMPLOYEE,
    ROLE_AUDITOR,
    ROLE_COUNT,
};

extern const char *const role_names[ROLE_COUNT - 1];

struct person {
    struct record record;
    const char *name;
    const char *email;
    unsigned role;
    const char *job_title;
    const char *department;
    enum truth external;
    enum truth active;
};

/* A record as violations speak of it. One without an id stands for all that the caller may not see, however many: of
 * those not even the number is told. */
struct named {
    const struct resource *resource;
    struct id id;
    const char *reference;
    const char *title;
};

/* "ACT-2026-0001 'Extend the maintenance window'", or what stands in its place, in the arena. */
const char *named_text(struct arena *arena, const struct named *named);

struct person_facts {
    bool email_taken;                /* by another person, in any case */
    const struct named *commitments; /* open decisions and action items that the person owns */
    size_t commitment_count;
};

void person_check(const struct person *after, const struct person *before, const struct person_facts *facts,
                  struct violations *violations);

/* Whether it has the form local@domain, with a dotted domain. */
bool email_is_valid(const char *email);

#endif
