/* The agenda of a review as a document: who comes, what is on it and for how long, what is to be revisited. */
#include "sections.h"

#include "reviewd/review.h"

/* As the meeting takes them: by position. */
static const struct input **by_position(struct minutes *minutes)
{
    const struct input **sorted = arena_array(minutes->arena, minutes->input_count + 1, sizeof *sorted);
    for (size_t i = 0; sorted && i < minutes->input_count; i++) {
        size_t at = i;
        for (; at > 0 && sorted[at - 1]->position.value > minutes->inputs[i].position.value; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = &minutes->inputs[i];
    }
    return sorted;
}

static void add_points(struct minutes *minutes, struct document *document)
{
    static const struct column columns[] = {
        {"No.", 1, true}, {"Clause", 2, false}, {"Input", 9, false}, {"Presented by", 4, false}, {"Minutes", 2, true}};
    struct arena *arena = minutes->arena;
    const struct input **inputs = by_position(minutes);
    int64_t all = 0;
    document_heading(document, 2, "Inputs (9.3.2)");
    document_table(document, "In the order of the meeting", columns, COUNT_OF(columns));
    for (size_t i = 0; inputs && i < minutes->input_count; i++) {
        const struct input *input = inputs[i];
        const struct integer *allotted = &input->minutes_allotted;
        const char *const cells[] = {arena_format(arena, "%zu", i + 1), clause_names[input->clause - 1], input->title,
                                     name_of(minutes, &input->presenter_id),
                                     allotted->known ? arena_format(arena, "%lld", (long long)allotted->value) : NULL};
        document_row(document, cells);
        all += allotted->known ? allotted->value : 0;
    }
    if (all)
        document_fact(document, "Minutes in all", arena_format(arena, "%lld", (long long)all));
}

struct document *agenda_document(struct minutes *minutes)
{
    struct document *document = begin_document(minutes, "Agenda");
    if (!document)
        return NULL;
    add_head(minutes, document, false);
    add_attendance(minutes, document, false);
    add_points(minutes, document);
    add_carried(minutes, document, false);
    return document;
}
