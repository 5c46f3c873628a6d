/* What the tests of the domain share. Rows of a table hold a whole record each: a valid one, in which a few members
 * are put otherwise; and the rules that it breaks. */
#ifndef REVIEWD_TESTS_UNIT_DOMAIN_H
#define REVIEWD_TESTS_UNIT_DOMAIN_H

#include "../unit.h"

#include "reviewd/resource.h"

enum { RULES_MAX = 8 };

/* The people, reviews … that records name. */
#define ANA                                                                                                            \
    {                                                                                                                  \
        "00000000-0000-7000-8000-00000000000a"                                                                         \
    }
#define BORIS                                                                                                          \
    {                                                                                                                  \
        "00000000-0000-7000-8000-00000000000b"                                                                         \
    }
#define CVITA                                                                                                          \
    {                                                                                                                  \
        "00000000-0000-7000-8000-00000000000c"                                                                         \
    }
#define THIS_RECORD                                                                                                    \
    {                                                                                                                  \
        "00000000-0000-7000-8000-0000000000e1"                                                                         \
    }
#define OTHER_RECORD                                                                                                   \
    {                                                                                                                  \
        "00000000-0000-7000-8000-0000000000e2"                                                                         \
    }
#define THIS_REVIEW                                                                                                    \
    {                                                                                                                  \
        "00000000-0000-7000-8000-0000000000f1"                                                                         \
    }
#define LATER_REVIEW                                                                                                   \
    {                                                                                                                  \
        "00000000-0000-7000-8000-0000000000f2"                                                                         \
    }

/* A day and its neighbours. */
#define YESTERDAY                                                                                                      \
    {                                                                                                                  \
        "2026-11-20"                                                                                                   \
    }
#define TODAY                                                                                                          \
    {                                                                                                                  \
        "2026-11-21"                                                                                                   \
    }
#define TOMORROW                                                                                                       \
    {                                                                                                                  \
        "2026-11-22"                                                                                                   \
    }

/* A list member with parsed items; the text stands for any. */
#define LIST_OF(type, ...)                                                                                             \
    {                                                                                                                  \
        .json = "[{}]", .length = 4, .items = (type[]){__VA_ARGS__},                                                   \
        .count = sizeof((type[]){__VA_ARGS__}) / sizeof(type)                                                          \
    }
#define OBJECT_TEXT                                                                                                    \
    {                                                                                                                  \
        .json = "{}", .length = 2                                                                                      \
    }

#define CRITERION_MEASURED                                                                                             \
    {                                                                                                                  \
        .id = "c1", .statement = "Patches are in time", .metric = "share in time", .comparator = COMPARATOR_GTE,       \
        .target = {                                                                                                    \
            true,                                                                                                      \
            95                                                                                                         \
        }                                                                                                              \
    }
#define CRITERION_VERIFIED                                                                                             \
    {                                                                                                                  \
        .id = "c2", .statement = "The procedure is known", .verification = "Interviews with operations"                \
    }

/* 9, 10 … characters. */
#define NINE_CHARACTERS "123456789"
#define TEN_CHARACTERS "1234567890"
#define TEN_WITH_SPACES "  12345678  "

/* A new set of violations, in an arena that lives until the test's end. */
struct violations *violations_new(void);

/* Fails unless the violations are of just these rules (the list ends in NULL). */
void expect_rules(const char *name, const struct violations *violations, const char *const *rules);

/* The violation of a rule; fails where there is none. */
const struct violation *violation_of(const struct violations *violations, const char *rule);

/* Gives every stored member of a record a value of its kind, and derived ones where `derived`. */
void record_fill(const struct resource *resource, void *record, bool derived);

void domain_begin(void);
void domain_end(void);

#endif
