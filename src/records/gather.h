/* The records that agenda and minutes are made of. */
#ifndef REVIEWD_RECORDS_GATHER_H
#define REVIEWD_RECORDS_GATHER_H

#include "document.h"

#include "reviewd/action_item.h"
#include "reviewd/attendee.h"
#include "reviewd/audit.h"
#include "reviewd/decision.h"
#include "reviewd/follow_up.h"
#include "reviewd/input.h"
#include "reviewd/minutes.h"

/* An action item of an earlier review, with what this review found of it, in the order in which it was found. */
struct carried_item {
    struct action_item item;
    const struct follow_up **follow_ups;
    size_t follow_up_count;
};

/* What a review reported of a metric. */
struct reading {
    const struct review *review;
    struct number value;
    struct number target;
};

/* A metric of this review's inputs over the reviews before, oldest first. */
struct metric_history {
    struct id input_id;
    const char *name;
    const char *unit;
    struct reading *readings; /* of earlier reviews */
    size_t count;
};

enum { EARLIER_REVIEWS_MAX = 8 };

struct minutes {
    const struct minutes_source *source;
    struct arena *arena;
    const struct review *review;
    struct audit_head head;
    const char *made_at;
    bool draft;
    struct person_brief *owners; /* the active ISMS managers, by name */
    size_t owner_count;
    struct attendee *attendees;
    size_t attendee_count;
    struct input *inputs; /* by clause, then by position */
    size_t input_count;
    struct decision *decisions;
    size_t decision_count;
    struct action_item *items;
    size_t item_count;
    struct carried_item *carried;
    size_t carried_count;
    struct review *earlier; /* newest first */
    size_t earlier_count;
    struct metric_history *histories;
    size_t history_count;
    struct outsider *outsiders;
    size_t outsider_count;
    struct person_brief *people; /* that were asked for */
    size_t people_count;
    size_t people_room;
    bool broken; /* the database failed */
};

/* A person's name; NULL for nobody. */
const char *name_of(struct minutes *minutes, const struct id *person);

/* The documents. */
struct document *minutes_document(struct minutes *minutes);
struct document *agenda_document(struct minutes *minutes);
void minutes_json(const struct minutes *minutes, struct buffer *out);
void agenda_json(const struct minutes *minutes, struct buffer *out);

#endif
