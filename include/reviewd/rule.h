/* The catalogue of rules and the violations of them.
 *
 * Every violation names a rule of the catalogue, so that nothing leaves the server that `/v1/rules` does not list. */
#ifndef REVIEWD_RULE_H
#define REVIEWD_RULE_H

#include "reviewd/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* Where a rule comes from: the text of ISO/IEC 27001, the procedure of this service (HTTP, states), or good
 * practice that the standard does not ask for. */
enum rule_source { RULE_STANDARD, RULE_PROCEDURE, RULE_PRACTICE };

struct rule {
    const char *name;
    const char *statement;
    int status; /* 400, 403, 409, 412, 422 or 428 */
    enum rule_source source;
    const char *clause; /* of ISO/IEC 27001:2022 where it is rooted there, or NULL */
    const char *resource;
};

/* Builds the catalogue out of the resources' rules, their required fields and the general rules. Once, before
 * threads; calling it again does nothing. */
void catalogue_init(void);

size_t catalogue_count(void);

/* In the order of the names. */
const struct rule *catalogue_at(size_t index);

/* NULL where there is none of that name. */
const struct rule *catalogue_find(const char *name);

struct violation {
    const struct rule *rule;
    const char *pointer;   /* RFC 6901 as a URI fragment into the request's body, or NULL */
    const char *parameter; /* of the query, or NULL */
    const char *detail;

    /* where a body has lines (an import); line 0: it has none */
    const char *resource;    /* or NULL */
    const char *column_name; /* of a CSV, or NULL */
    size_t line;
    size_t column; /* 0: none */
};

enum { VIOLATIONS_MAX = 200 };

/* All that is wrong with one request. The texts live in the arena. */
struct violations {
    struct arena *arena;
    struct violation *items;
    size_t count;
    size_t capacity;
};

/* Adds one. `rule` must be in the catalogue (a bug asserts). A rule that ends in ".required" is left out where its
 * pointer has a violation already. Beyond VIOLATIONS_MAX further ones are not listed, but for one that makes another
 * status than those before it: that one takes the place of the last. */
void violation_add(struct violations *violations, const char *rule, const char *pointer, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for a query parameter. */
void violation_add_parameter(struct violations *violations, const char *rule, const char *parameter, const char *format,
                             ...) __attribute__((format(printf, 4, 5)));

/* Adds a violation of another list, with its texts. */
void violation_take(struct violations *violations, const struct violation *violation);

/* Whether there is one at this pointer already: what has not its form is not judged further. */
bool violations_at(const struct violations *violations, const char *pointer);

bool violations_have(const struct violations *violations, const char *rule);

/* The first of 403, 409, 422 (then 400) among them; 0 when there are none. */
int violations_status(const struct violations *violations);

#endif
