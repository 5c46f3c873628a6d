/* A PDF while its pages are laid out: what is drawn where, noted down first, since each page says how many there are.
 */
#ifndef REVIEWD_RECORDS_PDF_H
#define REVIEWD_RECORDS_PDF_H

#include "document.h"
#include "late_functions.h"

/* A4 in points, and what is left of it. */
#define PAGE_WIDTH 595.28
#define PAGE_HEIGHT 841.89
#define MARGIN 50.0
#define TOP 64.0
#define BOTTOM (PAGE_HEIGHT - 62.0)
#define BODY_WIDTH (PAGE_WIDTH - 2 * MARGIN)

enum op_kind {
    OP_PAGE,    /* the page is full */
    OP_BEGIN,   /* a tag of the document's structure begins (ISO 32000, 14.8.4) */
    OP_END,     /* … and ends */
    OP_LINE,    /* a line of text: x and y are where its baseline begins */
    OP_FILL,    /* a rectangle */
    OP_STROKE,  /* a line from x, y over width and height */
    OP_OUTLINE, /* an entry of the outline, of a level */
};

struct op {
    struct op *next;
    enum op_kind kind;
    double x, y, width, height;
    double shade[3]; /* OP_FILL, OP_STROKE: red, green, blue */
    bool dashed;
    PangoLayoutLine *line; /* its layout's */
    const char *text;      /* of a tag or an entry */
    int level;
};

struct kept_layout {
    struct kept_layout *next;
    PangoLayout *layout;
};

enum { TAGS_OPEN_MAX = 8 };

struct pdf {
    const struct document *document;
    struct arena *arena;
    PangoContext *context;
    struct op *ops;
    struct op *last;
    struct kept_layout *layouts;
    int pages; /* that are full */
    double y;
    const char *open[TAGS_OPEN_MAX]; /* closed at the end of a page, and opened again on the next */
    size_t open_count;
};

struct text_look {
    double size;
    bool bold;
    bool monospace;
    bool end; /* set against the end of the line */
};

/* Notes something down; NULL when memory is out. */
struct op *pdf_add(struct pdf *pdf, enum op_kind kind);
void pdf_begin(struct pdf *pdf, const char *tag);
void pdf_end(struct pdf *pdf);
void pdf_break_page(struct pdf *pdf);

/* A text set in lines of at most that width; the pdf's. */
PangoLayout *pdf_layout(struct pdf *pdf, const char *text, const struct text_look *look, double width);
double pdf_height(PangoLayout *layout);

/* Puts a line of a layout where its iterator is, its top at y. */
void pdf_line(struct pdf *pdf, PangoLayoutIter *at, double x, double y);
double pdf_line_height(PangoLayoutIter *at);

/* Puts a text of one line, its top at y. */
void pdf_label(struct pdf *pdf, const char *text, const struct text_look *look, double x, double y, double width);

/* A figure, drawn anew out of its plot (figure.c). */
void pdf_figure(struct pdf *pdf, const struct plot *plot);

/* Draws what was noted down (pdf_draw.c). */
void pdf_draw(const struct pdf *pdf, struct buffer *out);

#endif
