/* The columns of a register. */
#ifndef REVIEWD_RECORDS_COLUMN_H
#define REVIEWD_RECORDS_COLUMN_H

#include "reviewd/register.h"

struct column {
    const struct field *field;
    const struct field *member; /* of the field's object; NULL: the field itself */
};

/* The columns of a resource, in the order in which the API shows its members; how many there are. */
size_t columns_of(const struct resource *resource, struct column columns[COLUMNS_MAX]);

/* The kind of what stands in the column. */
enum field_kind column_kind(const struct column *column);

/* What a cell holds: nothing, or what its kind says. */
struct cell {
    bool is_set;
    const char *text; /* of all but numbers and truths */
    size_t length;
    double number;
    bool truth;
    bool bare; /* an object without members: its {} in place of a value of the column's kind */
};

/* The cell of a record. Texts out of an object's JSON are put into `scratch`, and live until the next call. */
struct cell cell_of(const struct column *column, const void *record, struct buffer *scratch);

#endif
