/* The sections that agenda and minutes have in common. */
#ifndef REVIEWD_RECORDS_SECTIONS_H
#define REVIEWD_RECORDS_SECTIONS_H

#include "words.h"

/* An empty document with the review's title; `kind` is "Minutes" or "Agenda". */
struct document *begin_document(struct minutes *minutes, const char *kind);

/* What the review is, and where it stands; `held` leaves out what only matters beforehand, or afterwards. */
void add_head(struct minutes *minutes, struct document *document, bool held);
void add_attendance(struct minutes *minutes, struct document *document, bool held);

/* The action items of earlier reviews, with what became of each where it was `held`. */
void add_carried(struct minutes *minutes, struct document *document, bool held);

/* "In progress, 12 days overdue" */
const char *item_status_words(struct arena *arena, const struct action_item *item);

#endif
