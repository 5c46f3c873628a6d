/* The management review itself (ISO/IEC 27001:2022, 9.3). */
#ifndef REVIEWD_REVIEW_H
#define REVIEWD_REVIEW_H

#include "reviewd/person.h"

enum review_type { REVIEW_SCHEDULED = 1, REVIEW_EXTRAORDINARY };

enum review_status {
    REVIEW_PLANNED = 1,
    REVIEW_IN_PROGRESS,
    REVIEW_CONCLUDED,
    REVIEW_APPROVED,
    REVIEW_CANCELLED,
};

enum classification {
    CLASSIFICATION_PUBLIC = 1,
    CLASSIFICATION_INTERNAL,
    CLASSIFICATION_CONFIDENTIAL,
    CLASSIFICATION_RESTRICTED,
};

extern const char *const classification_names[CLASSIFICATION_RESTRICTED];
extern const char *const review_status_names[REVIEW_CANCELLED];

/* The SHA-256 of each form of the minutes that were kept at approval, in hexadecimal digits. */
struct minutes_digests {
    const char *html;
    const char *json;
    const char *markdown;
    const char *pdf;
    const char *extract_html; /* of the extract: without what belongs to other reviews */
    const char *extract_json;
    const char *extract_markdown;
    const char *extract_pdf;
};

extern const struct shape minutes_digests_shape;

struct review {
    struct record record;
    const char *title;
    unsigned type;
    unsigned trigger;
    const char *scope;
    struct date period_start;
    struct date period_end;
    struct date planned_on;
    struct id chair_id;
    const char *location;
    unsigned classification;
    struct nested also_covers;
    const char *summary;
    unsigned status;
    struct date held_on;
    struct nested suitability;
    struct nested adequacy;
    struct nested effectiveness;
    struct date next_review_on;
    struct instant started_at;
    struct instant concluded_at;
    struct id concluded_by;
    struct instant approved_at;
    struct id approved_by;
    struct nested minutes_sha256;
    struct integer revision;
    const char *cancel_reason;
    const char *reopen_reason;
};

/* The ten clauses that a review has to consider, as 9.3.2 letters them. */
enum clause {
    CLAUSE_A = 1,
    CLAUSE_B,
    CLAUSE_C,
    CLAUSE_D1,
    CLAUSE_D2,
    CLAUSE_D3,
    CLAUSE_D4,
    CLAUSE_E,
    CLAUSE_F,
    CLAUSE_G
};
enum { CLAUSE_COUNT = CLAUSE_G };

extern const char *const clause_names[CLAUSE_COUNT];
extern const char *const clause_titles[CLAUSE_COUNT];

/* What concluding needs to know of an input. */
struct input_brief {
    struct id id;
    const char *title;
    unsigned clause;
    unsigned state;
    unsigned severity;
    bool corrected; /* an adopted corrective_action decision names it */
};

struct review_facts {
    bool in_retrospect; /* it was held long ago: what has been superseded since was adopted then */
    struct date today;
    int next_review_max_months;
    struct id caller_id;

    unsigned chair_role;    /* of the chair as it will be */
    size_t other_attendees; /* beside the chair, not withdrawn */
    const struct input_brief *inputs;
    size_t input_count;
    bool top_management_attended;
    size_t adopted_count;
    const struct named *proposed; /* decisions not yet adopted, rejected or withdrawn */
    size_t proposed_count;
    const struct named *without_action_items; /* adopted decisions that require action and have none */
    size_t without_action_items_count;
    const struct named *not_followed_up; /* carried action items without a follow-up in this review */
    size_t not_followed_up_count;
};

/* `verb` is NULL for a creation (before is NULL too) and a change. */
void review_check(const struct review *after, const struct review *before, const char *verb,
                  const struct review_facts *facts, struct violations *violations);

/* The rules of concluding that speak of the records, not of what the request brings: readiness asks these alone. */
void review_check_complete(const struct review_facts *facts, struct violations *violations);

/* From `concluded` on, and once cancelled, the review and what belongs to it stays as it is. */
bool review_is_frozen(unsigned status);
void review_check_frozen(unsigned status, struct violations *violations);

/* How one clause stands: an input that is considered, or reported as nothing to report, is dealt with. */
struct clause_coverage {
    size_t inputs;
    size_t considered;
    bool covered;
};
struct clause_coverage clause_coverage(const struct review_facts *facts, unsigned clause);

#endif
