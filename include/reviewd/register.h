/* Registers: the records of a list as rows of CSV (RFC 4180), as lines of NDJSON, and as a sheet (XLSX).
 *
 * Columns are the members that the API shows, in its order. The members of an object have columns of their own
 * ("source.system"); a list stands as its JSON in one cell. What is absent is an empty cell; an empty text is a quoted
 * one (""); texts are cells as reviewd/csv.h has them; an object that is there without any member has {} in its first
 * cell. So nothing is lost on the way back. */
#ifndef REVIEWD_REGISTER_H
#define REVIEWD_REGISTER_H

#include "reviewd/resource.h"

/* The columns' names as the first row of a CSV. */
void csv_put_head(struct buffer *buffer, const struct resource *resource);

/* A record, whose nested members need not be parsed, as a row. */
void csv_put_record(struct buffer *buffer, const struct resource *resource, const void *record);

/* A record as the API shows it, on a line. */
void ndjson_put_record(struct buffer *buffer, const struct resource *resource, const void *record);

/* --- sheets ------------------------------------------------------------------------------------------------------
 *
 * A workbook is made row by row in temporary files of a folder, which have no name and go with it. Dates, instants (in
 * UTC), numbers and truths are cells of their type; a text is never a formula. A text that is longer than a cell may
 * be is cut and says so. */

enum { XLSX_ROWS_MAX = 1048575 }; /* under the head; what the format holds */

struct xlsx;

/* NULL where memory is out, the library is not there, or there can be no temporary file. `title` names the sheet and
 * the document. */
struct xlsx *xlsx_begin(const struct resource *resource, const char *folder, const char *title,
                        const struct instant *now);

/* False where a temporary file has no more room. At most XLSX_ROWS_MAX. */
bool xlsx_add(struct xlsx *xlsx, const void *record);

/* Makes the workbook, in one go, which takes seconds where there are many rows; the sheet is gone afterwards. The
 * caller closes *ret_file. False where there is no room for it. */
bool xlsx_finish(struct xlsx *xlsx, int *ret_file, int64_t *ret_length);

/* Ends a sheet of which nothing is wanted any more. Takes NULL. */
void xlsx_drop(struct xlsx *xlsx);

#endif
