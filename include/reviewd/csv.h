/* Cells of CSV (RFC 4180), harmless to a spreadsheet.
 *
 * A text that a spreadsheet would take for a formula (or for the rest of one: it begins with = + - @, TAB, CR or LF)
 * gets an apostrophe in front, and so does one that begins with an apostrophe itself, so that whoever reads the file
 * again takes exactly one away. Lines end in CR LF; the file is UTF-8. */
#ifndef REVIEWD_CSV_H
#define REVIEWD_CSV_H

#include "reviewd/buffer.h"

/* Adds the cell of a text (NULL: an empty one), quoted where it has to be. */
void csv_cell(struct buffer *buffer, const char *text, size_t length);

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
