/* Agenda and minutes of a review (ISO/IEC 27001:2022, 9.3.3: documented information as evidence), as HTML, Markdown,
 * PDF and JSON. All of it lives in the arena; what runs out of memory makes the arena or the buffer fail. */
#ifndef REVIEWD_MINUTES_H
#define REVIEWD_MINUTES_H

#include "reviewd/review.h"
#include "reviewd/store.h"

/* Where the records come from, and for whom. */
struct minutes_source {
    struct store *store;
    struct arena *arena;
    struct view view;   /* what it does not see leaves no trace */
    struct date today;  /* what is overdue */
    struct instant now; /* of a document that is made for good: when */
    bool this_alone;    /* leave out what belongs to other reviews */
    bool imported;      /* of a review that arrives approved: made now, and not when it was approved */
    bool (*expand)(void *context, const struct resource *resource, void *record); /* parses nested members */
    void *context;
};

/* The records of a review, read. */
struct minutes;

/* Reads them. The review is as the documents are to show it, its nested members parsed; the rest comes from the store.
 * NULL where that or memory fails. */
struct minutes *minutes_read(const struct minutes_source *source, const struct review *review);

/* The records of other reviews that the minutes show something of: action items carried into this one, reviews whose
 * figures are set beside its own. Who may not see all of them may not see the minutes as a whole. */
struct outsider {
    const struct resource *resource;
    struct id id;
};
const struct outsider *minutes_outsiders(const struct minutes *minutes, size_t *ret_count);

enum minutes_form { MINUTES_HTML, MINUTES_JSON, MINUTES_MARKDOWN, MINUTES_PDF, MINUTES_FORM_COUNT };

void minutes_write(struct minutes *minutes, enum minutes_form form, struct buffer *out);
void agenda_write(struct minutes *minutes, enum minutes_form form, struct buffer *out);

#endif
