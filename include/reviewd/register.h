/* Registers: the records of a list as rows of CSV (RFC 4180), as lines of NDJSON, and as a sheet (XLSX).
 *
 * Columns are the members that the API shows, in its order. The members of an object have columns of their own
 * ("source.system"); a list stands as its JSON in one cell. What is absent is an empty cell; an empty text is a quoted
 * one (""); texts are cells as reviewd/csv.h has them; an object that is there without any member has {} in its first
 * cell. So nothing is lost on the way back. */
#ifndef REVIEWD_REGISTER_H
#define REVIEWD_REGISTER_H

#include "reviewd/csv.h"
#include "reviewd/resource.h"

enum { COLUMNS_MAX = 96 };

/* The columns' names as the first row of a CSV. */
void csv_put_head(struct buffer *buffer, const struct resource *resource);

/* A record, whose nested members need not be parsed, as a row. */
void csv_put_record(struct buffer *buffer, const struct resource *resource, const void *record);

/* A record as the API shows it, on a line. */
void ndjson_put_record(struct buffer *buffer, const struct resource *resource, const void *record);

/* The same of what is no record: a row of its JSON, which is our own text in RFC 8785's form but for the order of
 * members. `columns` are the names as they stand in the head, separated by commas; the value of one without a dot in
 * its name stands in one cell, objects and lists as JSON. */
void csv_put_object(struct buffer *buffer, const char *columns, const char *json, size_t length);

/* --- the way back ------------------------------------------------------------------------------------------------ */

/* The columns of a CSV that is read, in its order, by their numbers among those of the resource. */
struct csv_head {
    const struct resource *resource;
    unsigned char columns[COLUMNS_MAX];
    size_t count;
};

/* Adds a column by its name; false where the resource has none of that name. At most COLUMNS_MAX fit. */
bool csv_head_add(struct csv_head *head, const char *name);

/* The name of a column, by its place in the file from 0. */
const char *csv_head_name(const struct csv_head *head, size_t place, char *ret_name, size_t size);

/* Which place in the file a member has, by its pointer ("#/source/system"); -1 where it has none. */
int csv_head_place(const struct csv_head *head, const char *pointer);

/* Writes the record of a line, which has as many cells as the head has columns, as the text of a JSON object: empty
 * cells are left out, and what has not the form of its column's kind is a text. Cells of JSON are taken over as they
 * are: whoever parses the text sees by *ret_members whether they were whole. */
void csv_put_json(struct buffer *buffer, const struct csv_head *head, const struct csv_cell *cells,
                  size_t *ret_members);

/* --- sheets ------------------------------------------------------------------------------------------------------
 *
 * A workbook is made row by row, and what comes of it is added to a buffer, to be taken from there at any time. Dates,
 * instants (in UTC), numbers and truths are cells of their type; a text is never a formula. A text that is longer than
 * a cell may be is cut and says so. */

enum { XLSX_ROWS_MAX = 1048575 }; /* under the head; what the format holds */

struct xlsx;

/* NULL where memory is out, a library is not there, or the folder has no room for the small temporary files that the
 * beginning takes, which have no name. `title` names the sheet and the document. The buffer is the caller's. */
struct xlsx *xlsx_begin(struct buffer *out, const struct resource *resource, const char *folder, const char *title,
                        const struct instant *now);

/* False where memory is out, there are XLSX_ROWS_MAX already, or the sheet would have more than 4 GiB, packed or not.
 */
bool xlsx_add(struct xlsx *xlsx, const void *record);

/* The bytes of the sheet so far, before they are packed. */
int64_t xlsx_written(const struct xlsx *xlsx);

/* Adds what comes behind the rows. False as before. */
bool xlsx_finish(struct xlsx *xlsx);

/* Frees it, finished or not. Takes NULL. */
void xlsx_drop(struct xlsx *xlsx);

#endif
