#include "selection.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256, TEXT_COST = 32 };

static int compare_picks(const void *one, const void *other, void *context)
{
    const struct selection *selection = context;
    const struct pick *a = one, *b = other;
    int by_value = a->text && b->text ? strcmp(a->text, b->text) : (a->number > b->number) - (a->number < b->number);
    int order = by_value ? by_value : (a->place > b->place) - (a->place < b->place);
    return selection->greatest_first ? -order : order;
}

static size_t cost_of(const struct pick *pick)
{
    return sizeof *pick + (pick->text ? strlen(pick->text) + TEXT_COST : 0);
}

static void drop_from(struct selection *selection, size_t first)
{
    for (size_t i = first; i < selection->count; i++) {
        selection->bytes -= cost_of(&selection->picks[i]);
        free(selection->picks[i].text);
    }
    selection->count = first;
}

/* Half of them stay. What comes behind the last of these is left to another walk, also of what is offered yet. */
static void make_room(struct selection *selection)
{
    selection_sort(selection);
    drop_from(selection, (selection->count + 1) / 2);
    selection->dropped = true;
    selection->last = selection->count - 1;
}

static bool grow(struct selection *selection)
{
    if (selection->count < selection->capacity)
        return true;
    size_t capacity = selection->capacity ? 2 * selection->capacity : FIRST_CAPACITY;
    struct pick *picks = realloc(selection->picks, capacity * sizeof *picks);
    if (!picks)
        return false;
    selection->picks = picks;
    selection->capacity = capacity;
    return true;
}

#ifndef __clang__ /* which does not know it */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak" /* the pick keeps its text; gcc loses count of them */
#endif
bool selection_offer(struct selection *selection, int64_t key, const char *value)
{
    if (!grow(selection))
        return false;
    struct pick *pick = &selection->picks[selection->count];
    *pick = (struct pick){.key = key, .place = selection->offered++};
    if (selection->by_number)
        pick->number = strtoll(value, NULL, 10);
    else if (!(pick->text = strdup(value)))
        return false;
    if (selection->dropped && compare_picks(pick, &selection->picks[selection->last], selection) > 0) {
        free(pick->text);
        return true;
    }
    selection->count++;
    selection->bytes += cost_of(pick);
    if (selection->bytes > (selection->room ? selection->room : SELECTION_BYTES))
        make_room(selection);
    return true;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

void selection_sort(struct selection *selection)
{
    if (selection->count)
        qsort_r(selection->picks, selection->count, sizeof *selection->picks, compare_picks, selection);
}

void selection_clear(struct selection *selection)
{
    drop_from(selection, 0);
    free(selection->picks);
    *selection = (struct selection){
        .room = selection->room, .by_number = selection->by_number, .greatest_first = selection->greatest_first};
}
