/* Rows of named cells, written once and read as JSON objects or as lines of CSV (RFC 4180). */
#ifndef REVIEWD_API_SHEET_H
#define REVIEWD_API_SHEET_H

#include "reviewd/buffer.h"
#include "reviewd/value.h"

enum sheet_mode {
    SHEET_JSON,
    SHEET_CSV,
    SHEET_CSV_HEAD, /* the names alone: the values given are not looked at */
};

struct sheet {
    struct buffer *buffer;
    enum sheet_mode mode;
    bool in_row; /* past its first cell */
};

/* A row between the two; several rows of JSON are a list of the caller's. */
void sheet_begin(struct sheet *sheet);
void sheet_end(struct sheet *sheet);

/* Cells. What is NULL, absent or not known is null, or an empty cell. */
void sheet_text(struct sheet *sheet, const char *name, const char *text);
void sheet_id(struct sheet *sheet, const char *name, const struct id *id);
void sheet_date(struct sheet *sheet, const char *name, const struct date *date);
void sheet_count(struct sheet *sheet, const char *name, int64_t value);
void sheet_integer(struct sheet *sheet, const char *name, const struct integer *integer);
void sheet_number(struct sheet *sheet, const char *name, const struct number *number);
void sheet_truth(struct sheet *sheet, const char *name, enum truth truth);

/* The name alone, before what the caller writes; of JSON. */
void sheet_member(struct sheet *sheet, const char *name);

#endif
