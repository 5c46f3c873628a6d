/* A workbook without rows, as libxlsxwriter makes it, taken apart into its parts: all that a sheet needs but its rows.
 */
#ifndef REVIEWD_RECORDS_WORKBOOK_H
#define REVIEWD_RECORDS_WORKBOOK_H

#include "column.h"

enum { WORKBOOK_PARTS_MAX = 16, WORKBOOK_ROWS_MAX = 1048576 /* of a sheet, with its head */ };

struct workbook_part {
    char name[64];
    struct buffer text; /* ends with a NUL that is not counted */
};

struct workbook {
    struct workbook_part parts[WORKBOOK_PARTS_MAX]; /* "[Content_Types].xml" first */
    size_t count;
    const struct workbook_part *book;  /* what names the sheets and their ranges */
    const struct workbook_part *sheet; /* of which rows belong between the two: */
    size_t sheet_head;                 /* where its first row ends, which is the columns' names … */
    size_t sheet_tail;                 /* … and where what follows the last one begins */
    long date_style;                   /* of cells with a date … */
    long instant_style;                /* … or an instant */
};

/* Makes it with the folder's help for temporary files, which have no name. False where memory or room is out, or a
 * library is not there. */
__attribute__((warn_unused_result)) bool workbook_make(struct workbook *ret_workbook, const struct column *columns,
                                                       size_t count, const char *folder, const char *title,
                                                       const struct instant *now);

/* A part of a text of the book or of the tail, whose ranges reach down to the last row that there can be, with the row
 * that is the last. */
void workbook_put_ranges(struct buffer *buffer, const char *text, size_t length, int64_t rows);

void workbook_finish(struct workbook *workbook);

#endif
