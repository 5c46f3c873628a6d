/* A document before it is HTML, Markdown or PDF: blocks in their order, each text as readers may be shown it. All of it
 * lives in an arena, whose failure is the document's. */
#ifndef REVIEWD_RECORDS_DOCUMENT_H
#define REVIEWD_RECORDS_DOCUMENT_H

#include "reviewd/arena.h"
#include "reviewd/plot.h"

enum block_kind {
    BLOCK_HEADING,
    BLOCK_PLAIN,     /* a paragraph, with its line breaks */
    BLOCK_NARRATIVE, /* Markdown that a user wrote */
    BLOCK_FACTS,     /* names with their values */
    BLOCK_TABLE,
    BLOCK_FIGURE,
};

/* A name and what it stands for. */
struct fact {
    struct fact *next;
    const char *name;
    const char *text;
};

struct column {
    const char *title;
    unsigned share; /* of the width that longest words leave, as against the other columns' */
    bool number;
};

struct row {
    struct row *next;
    const char *const *cells; /* one for each column */
};

struct block {
    struct block *next;
    enum block_kind kind;
    int level;               /* of a heading, or of the one above a narrative: 2 to 4 */
    const char *text;        /* of a heading, a paragraph, a narrative; the caption of a table */
    struct fact *facts;      /* BLOCK_FACTS */
    struct fact *last_fact;  /* … */
    struct column *columns;  /* BLOCK_TABLE */
    size_t column_count;     /* … */
    struct row *rows;        /* … */
    struct row *last_row;    /* … */
    const struct plot *plot; /* BLOCK_FIGURE */
};

struct document {
    struct arena *arena;
    const char *title;
    const char *reference;      /* with the title at the head of each page */
    const char *classification; /* at the foot of each page */
    const char *author;
    const char *status;  /* in words, for who has the draft before them */
    const char *made_at; /* RFC 3339; the same each time where nothing has changed */
    bool draft;
    struct block *blocks;
    struct block *last;
    int level; /* of the last heading */
};

/* Adds a block at the end. Texts are cleaned and copied; what is NULL or blank adds nothing. Names and captions are
 * ours: they live on, and need no cleaning. */
void document_heading(struct document *document, int level, const char *text);
void document_plain(struct document *document, const char *text);
void document_narrative(struct document *document, const char *markdown);
void document_fact(struct document *document, const char *name, const char *text);

/* Begins a table; the columns live on. */
void document_table(struct document *document, const char *caption, const struct column *columns, size_t count);

/* Adds a row to it. A cell that is NULL is empty. */
void document_row(struct document *document, const char *const *cells);

/* The plot lives on. */
void document_figure(struct document *document, const struct plot *plot);

/* The text as it can be put beside others in any format: a control character is shown as its picture, what is no
 * character as U+FFFD, all line breaks are LF, and the direction of writing that it sets (UAX #9) ends with each of
 * its lines; white space at its end is left out. In the arena. */
const char *document_clean(struct arena *arena, const char *text);

#endif
