/* Small plots as SVG 1.1, to be looked at on paper, on a phone (300 px wide) and on a dark screen: no script, nothing
 * fetched, every value written as a text too. Title and description are what a screen reader reads (WCAG 2.2, 1.1.1);
 * the colours are Okabe and Ito's, told apart by the colour-blind. The same plot gives the same bytes. Pure: no clock,
 * no I/O. */
#ifndef REVIEWD_PLOT_H
#define REVIEWD_PLOT_H

#include "reviewd/buffer.h"
#include "reviewd/value.h"

enum plot_kind {
    PLOT_LINE,    /* values of labels from left to right, each series a line, against targets */
    PLOT_BARS,    /* a bar for each label, from above; of the first series alone */
    PLOT_STACKED, /* a bar for each label, made of the series; their values are not negative */
};

enum { PLOT_SERIES_MAX = 8 }; /* as many as there are colours */

struct plot_series {
    const char *name;            /* NULL where there is but one */
    const struct number *values; /* one for each label; what is not known is left out */
};

/* Texts are any UTF-8: they are escaped, and cut to what has room where they are drawn. */
struct plot {
    enum plot_kind kind;
    const char *id;    /* letters, digits, hyphens; no other plot of the same page has it */
    const char *title; /* … */
    const char *text;  /* what there is to see, in words; the values are added to it */
    const char *unit;  /* or NULL */
    const char *const *labels;
    size_t label_count;
    const struct plot_series *series;
    size_t series_count;          /* PLOT_SERIES_MAX at most */
    const struct number *targets; /* of PLOT_LINE: one for each label; or NULL */
    bool inlined;                 /* part of a page, which gives text its colour; else it has a ground of its own */
};

/* Adds one <svg> element, without an XML declaration. */
void plot_render(struct buffer *buffer, const struct plot *plot);

#endif
