/* Cells of CSV (RFC 4180), harmless to a spreadsheet.
 *
 * A spreadsheet takes a cell for a formula that begins with = + - @ TAB CR or LF, or with the full-width = + - @. The
 * rule: a text that begins so, be it after any number of spaces and apostrophes, gets one apostrophe in front; and an
 * apostrophe in front of such a text is taken away when it is read. Every other text is left as it is, both ways.
 * Numbers, dates and the like are never touched: -5 stays a number. Lines end in CR LF; the file is UTF-8. */
#ifndef REVIEWD_CSV_H
#define REVIEWD_CSV_H

#include "reviewd/buffer.h"

/* A cell that was read. */
struct csv_cell {
    const char *text; /* ended by NUL, too */
    size_t length;
    bool quoted;
};

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

/* --- reading ----------------------------------------------------------------------------------------------------- */

/* Where one record ends and the next begins, byte by byte: lines end in LF or CR LF, and go on within quotes. Zeroed at
 * the beginning of each record. */
struct csv_scan {
    enum { CSV_AT_START, CSV_PLAIN, CSV_QUOTED, CSV_AFTER_QUOTE } at;
};

/* Whether the byte is the LF that ends the record. */
bool csv_scan(struct csv_scan *scan, char c);

enum csv_fault {
    CSV_FINE,
    CSV_OPEN,  /* a quoted cell does not end */
    CSV_AFTER, /* something follows a quoted cell */
    CSV_QUOTE, /* a quote within a cell that is not quoted */
};

/* Takes a record apart in its place, without its end of line; line[length] can be written. *ret_count cells, of which
 * those up to `max` are told. */
enum csv_fault csv_split(char *line, size_t length, struct csv_cell *ret_cells, size_t max, size_t *ret_count);

#endif
