/* Markdown that a user wrote (CommonMark 0.30, by libcmark), made harmless: raw HTML is shown as the text that it is,
 * a picture becomes a link, a link leads to http, https and mailto alone, and headings go under the one that the
 * narrative stands below. Nothing is left out. */
#ifndef REVIEWD_RECORDS_NARRATIVE_H
#define REVIEWD_RECORDS_NARRATIVE_H

#include "reviewd/arena.h"
#include "reviewd/buffer.h"

/* Writes it as HTML, or as Markdown again. `level` is that of the heading above. Memory that is out makes the buffer
 * fail. */
void narrative_html(struct buffer *out, struct arena *arena, const char *markdown, int level);
void narrative_markdown(struct buffer *out, struct arena *arena, const char *markdown, int level);

enum text_style { STYLE_EMPHASIS = 1 << 0, STYLE_STRONG = 1 << 1, STYLE_CODE = 1 << 2 };

/* A run of bytes of a passage that has a style. */
struct span {
    struct span *next;
    size_t from;
    size_t to;
    unsigned style; /* bits */
};

enum passage_kind { PASSAGE_PARAGRAPH, PASSAGE_HEADING, PASSAGE_CODE, PASSAGE_RULE };

/* What a page shows beneath each other: narrative_walk() hands them out in their order. */
struct passage {
    enum passage_kind kind;
    int level;          /* of a heading */
    int indent;         /* lists and quotations around it */
    const char *marker; /* "•" or "3." where it is the first of a list's item */
    const char *text;   /* line breaks within it are LF */
    struct span *spans;
};
void narrative_walk(struct arena *arena, const char *markdown, int level,
                    void (*visit)(void *context, const struct passage *passage), void *context);

#endif
