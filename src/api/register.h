/* Registers, from the inside: the rows of a whole list, and who makes a sheet of them. */
#ifndef REVIEWD_API_REGISTER_H
#define REVIEWD_API_REGISTER_H

#include "api.h"

#include "reviewd/register.h"

/* A walk through a list by pages. */
struct rows {
    struct call *call;
    struct list_query query;
    int64_t left; /* of the cap; -1: there is none */
    int walked;   /* of this page … */
    int count;    /* … and handed on of it */
    bool begun;
    bool over;
    bool broken; /* a version of the past cannot be read back */
    bool failed; /* what the records were handed to */
    struct id after_id;
    struct key_set found; /* where words are looked for, and found often */
    struct buffer after;  /* the last row's value of what is sorted by */
    bool (*put)(void *context, const void *record);
    void *context;
};

/* At the first row; the query's limit is the cap, 0 for none. What the query points to is borrowed. */
void rows_begin(struct rows *rows, struct call *call, const struct list_query *query);

/* Hands the next page's records out of the call's store to `put`. False where it, memory or the database fails. */
bool rows_page(struct rows *rows, bool (*put)(void *context, const void *record), void *context);
void rows_finish(struct rows *rows);

/* Answers the list as CSV, NDJSON or XLSX. */
bool answer_register(struct call *call, const struct list_query *query);

/* Leaves the sheet to a thread of its own: the call waits for it as one that writes does (API_APART). */
bool xlsx_order(struct call *call, const struct list_query *query);

/* Makes it in this thread, where nobody else waits. */
void xlsx_make_here(struct call *call);

/* Once its thread is done with it. */
void xlsx_answer(struct call *call);
void xlsx_forget(struct call *call);

#endif
