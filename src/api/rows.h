/* Lists whose rows are no records: entries of the audit log, versions, rules and the like (rows.c). A row is written
 * once, as a JSON object; a page of JSON has some of them, CSV and NDJSON have all. */
#ifndef REVIEWD_API_ROWS_H
#define REVIEWD_API_ROWS_H

#include "paged.h"

/* It begins what a list knows besides, in the call's arena. */
struct rows {
    struct paged paged;
    const char *columns; /* the head of a CSV, as csv_put_object() takes it */
    /* Adds the rows behind number `after`, each between row_begin() and row_end(). False where the database failed. */
    bool (*page)(struct rows *rows);
    bool (*count)(struct rows *rows, int64_t *ret_count); /* of all pages */
    bool ranked;       /* a page of JSON is not followed by others, and says nothing of any */
    int64_t after;     /* of the last row by now; 0 at the beginning */
    bool more;         /* the page is full, and there may be rows behind it */
    int left;          /* of the page of JSON, or of the cap; -1: there is none */
    int walked;        /* rows of this page */
    size_t weight;     /* what this page has read beside what it shows */
    size_t page_began; /* when the text was so long */
    struct buffer row; /* of CSV: the JSON that cells are made of */
};

/* Reads limit and cursor; adds violations. */
void rows_begin(struct rows *rows, struct call *call);

/* sort, of a list that is sorted by seq alone; adds a violation. */
bool query_newest_first(struct call *call);

/* Answers the page of JSON, or the whole list in another format; or the violations, where there are any. */
MUST_USE bool answer_rows(struct rows *rows);

/* Where the next row's object goes; NULL where the page is full. */
struct buffer *row_begin(struct rows *rows);

/* Ends it. `number` leads to those behind it, and is not 0. False where the row failed. */
bool row_end(struct rows *rows, int64_t number);

/* The page ends here: all was looked at up to `number`, and there is more behind it. */
void rows_pause(struct rows *rows, int64_t number);

/* Whether the list is answered as a whole, whatever its length. */
static inline bool rows_are_whole(const struct rows *rows)
{
    return rows->paged.call->format != FORMAT_JSON;
}

#endif
