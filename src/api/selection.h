/* The next rows in an order of which there is no index: the least of all that are offered, as many as fit a bounded
 * room (selection.c). One walk after the other takes what comes behind what the walk before has chosen. */
#ifndef REVIEWD_API_SELECTION_H
#define REVIEWD_API_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A hundred thousand dates fit, or some ten thousand titles. */
enum { SELECTION_BYTES = 6 << 20 };

struct pick {
    int64_t key;   /* of the row */
    int64_t place; /* in which it was offered, by which equal values are ordered */
    int64_t number;
    char *text; /* NULL where numbers are compared */
};

/* All of it zero is one of texts, the least first, that has nothing yet. */
struct selection {
    struct pick *picks;
    size_t count;
    size_t capacity;
    size_t bytes; /* of the texts and the picks */
    size_t room;  /* for them; 0: SELECTION_BYTES */
    int64_t offered;
    bool by_number;
    bool greatest_first;
    bool dropped; /* there are more than fit: what comes behind the last one is left to another walk */
    size_t last;  /* where that one is while rows are offered */
};

/* Offers a row. False where memory is out. */
bool selection_offer(struct selection *selection, int64_t key, const char *value);

/* Puts what was chosen in order, once all rows were offered. */
void selection_sort(struct selection *selection);

/* Forgets what was chosen, and frees it. */
void selection_clear(struct selection *selection);

#endif
