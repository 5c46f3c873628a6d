/* Answers that are made page by page while they are sent (paged.c). */
#ifndef REVIEWD_API_PAGED_H
#define REVIEWD_API_PAGED_H

#include "api.h"

/* A page ends with whichever comes first: many short rows take long, and a few long ones much room. */
enum { PAGE_ROWS = 200, PAGE_BYTES = 192 * 1024 };

/* A whole list on its way. It lives in the call's arena. */
struct paged {
    struct call *call;
    /* Adds the next page to the text, which may be none of it yet. False where the database or memory fails. */
    bool (*next)(struct paged *paged);
    void (*end)(struct paged *paged); /* frees what there is beside the text; NULL: nothing */
    struct buffer text;               /* to be sent */
    size_t sent;
    bool over; /* the last page is in the text */
};

/* Answers all of it in the format that was chosen: like any other answer, with its tag, where one page holds it. Where
 * that fails it returns false. It ends what was begun in any case. */
MUST_USE bool answer_paged(struct paged *paged);

/* Ends what is not to be answered. */
void paged_end(struct paged *paged);

/* limit where the answer is the whole list: the most rows, 0 for all; and after adding a violation. */
int query_cap(struct call *call);

#endif
