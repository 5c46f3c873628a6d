/* What is due as a calendar (RFC 5545, RFC 7986): planned reviews, the next review, deadlines, follow-ups. */
#ifndef REVIEWD_CALENDAR_H
#define REVIEWD_CALENDAR_H

#include "reviewd/store.h"

enum calendar_kind {
    CALENDAR_REVIEW = 1, /* planned reviews, and when the next one is due */
    CALENDAR_DECISION,
    CALENDAR_ACTION_ITEM,
    CALENDAR_FOLLOW_UP,
};

extern const char *const calendar_kind_names[CALENDAR_FOLLOW_UP];

struct calendar_query {
    struct view view;
    struct date today;
    unsigned kinds;            /* bits: 1 << kind */
    const char *const *owners; /* ids: only what one of them owns (a review: chairs) */
    size_t owner_count;        /* 0: whoever owns it */
    enum truth overdue;        /* only what is overdue, or is not; TRUTH_UNKNOWN: both */
    const char *public_url;    /* "https://…" before the paths of records, or "": no links */
};

/* Writes the calendar that the view sees. The text depends on the records alone (and on today with `overdue`), so that
 * it stays as it is as long as they do. Texts go through the arena. False when the database or memory failed. */
MUST_USE bool calendar_render(struct store *store, const struct calendar_query *query, struct arena *arena,
                              struct buffer *ret_text);

#endif
