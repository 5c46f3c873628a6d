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
    struct instant erased_at;     /* name and address are pseudonyms since */
    struct instant legal_hold_at; /* absent: none is on the person */
    const char *privacy_reason;   /* of the last erase, hold or release */
};

/* What stands for an erased person: as unique as the id from whose random part it is made. */
enum { PSEUDONYM_BYTES = 64 };
struct pseudonym {
    char name[PSEUDONYM_BYTES];
    char email[PSEUDONYM_BYTES];
};
struct pseudonym person_pseudonym(const struct id *person);

/* What stands for a personal member; NULL for one that is kept (why a person was erased). */
const char *pseudonym_of(const struct pseudonym *pseudonym, const struct field *field);

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
    bool has_plain_history; /* the chain hashed the person's name or address as it was */
};

/* `verb`: NULL for a creation or a PATCH. */
void person_check(const struct person *after, const struct person *before, const char *verb,
                  const struct person_facts *facts, struct violations *violations);

/* Whether it has the form local@domain, with a dotted domain. */
bool email_is_valid(const char *email);

#endif
