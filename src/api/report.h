/* What the reports have in common. */
#ifndef REVIEWD_API_REPORT_H
#define REVIEWD_API_REPORT_H

#include "api.h"
#include "sheet.h"

#include "reviewd/plot.h"
#include "reviewd/report.h"

enum { PLOT_ROWS_MAX = 40 }; /* more have no room to be looked at */

/* A sheet on the answer's body, for the format that was chosen. */
struct sheet report_sheet(struct call *call);

/* Answers the body that was written. */
bool report_answer(struct call *call);

/* Draws the plot into the body and answers it. */
bool report_answer_plot(struct call *call, const struct plot *plot);

/* An array for a plot's values, in the arena. */
struct number *plot_values(struct call *call, size_t count);

/* "in_progress" as people read it. */
const char *plain_words(struct call *call, const char *name);

/* The cells that name a review. */
void report_review_cells(struct sheet *sheet, const struct report_review *review);

/* The parts of a list between brackets: a comma before each row but the first. */
static inline void report_comma(struct sheet *sheet, size_t index)
{
    if (index && sheet->mode == SHEET_JSON)
        buffer_char(sheet->buffer, ',');
}

#endif
