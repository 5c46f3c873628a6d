/* Cells of CSV (RFC 4180), harmless to a spreadsheet.
 *
 * A spreadsheet takes a cell for a formula that begins with = + - @ TAB CR or LF, or with the full-width = + - @. The
 * rule: a text that begins so, be it after any number of spaces and apostrophes, gets one apostrophe in front; and an
 * apostrophe in front of such a text is taken away when it is read. Every other text is left as it is, both ways.
 * Numbers, dates and the like are never touched: -5 stays a number. Lines end in CR LF; the file is UTF-8. */
#ifndef REVIEWD_CSV_H
#define REVIEWD_CSV_H

#include "reviewd/buffer.h"

/* Adds the cell of a text (NULL: an empty one), quoted where it has to be. The text ends in NUL, too. */
void csv_cell(struct buffer *buffer, const char *text, size_t length);

/* The same of what is no text of anybody's: JSON, an id. It gets no apostrophe. */
void csv_value(struct buffer *buffer, const char *text, size_t length);

/* Whether the text needs an apostrophe in front. */
bool csv_is_risky(const char *text);

/* The text that a cell stands for, without the apostrophe that csv_cell() put there. Points into it. */
const char *csv_text(const char *cell);

/* Adds what is no text of anybody's, a number or a name of ours, as it is. */
static inline void csv_plain(struct buffer *buffer, const char *text)
{
    buffer_put(buffer, text);
}

static inline void csv_comma(struct buffer *buffer)
{
    buffer_char(buffer, ',');
}

static inline void csv_line(struct buffer *buffer)
{
    buffer_put(buffer, "\r\n");
}

#endif
