#include "sections.h"

#include "reviewd/review.h"

struct document *begin_document(struct minutes *minutes, const char *kind)
{
    const struct review *review = minutes->review;
    struct arena *arena = minutes->arena;
    struct document *document = arena_alloc(arena, sizeof *document);
    if (!document)
        return NULL;
    const char *classification = field_words(arena, &review_resource, "classification", review);
    const char *chair = name_of(minutes, &review->chair_id);
    document->arena = arena;
    document->title = document_clean(arena, arena_format(arena, "%s: %s", kind, review->title));
    document->reference =
        arena_format(arena, "%s, revision %lld", review->record.reference, (long long)review->revision.value);
    document->classification = classification;
    document->author = chair ? document_clean(arena, chair) : NULL;
    document->made_at = minutes->made_at;
    document->draft = minutes->draft;
    document->status = arena_format(arena, "this revision is not approved. The review is %s.",
                                    field_words(arena, &review_resource, "status", review));
    return document;
}

static const char *owners_words(struct minutes *minutes)
{
    const char *text = "";
    for (size_t i = 0; i < minutes->owner_count; i++)
        text = joined(minutes->arena, text, ", ", minutes->owners[i].name);
    return text;
}

/* "Ruth Ekström, 2026-11-21 18:46 UTC" */
static const char *signature(struct minutes *minutes, const struct id *person, const struct instant *at)
{
    return joined(minutes->arena, name_of(minutes, person), ", ", instant_words(minutes->arena, at));
}

static const char *texts_words(struct arena *arena, const struct nested *texts)
{
    const char *const *items = texts->items;
    const char *text = "";
    for (size_t i = 0; items && i < texts->count; i++)
        text = joined(arena, text, ", ", items[i]);
    return text;
}

void add_head(struct minutes *minutes, struct document *document, bool held)
{
    const struct review *review = minutes->review;
    struct arena *arena = minutes->arena;
    document_fact(document, "Reference", review->record.reference);
    document_fact(document, "Title", review->title);
    document_fact(document, "Revision", arena_format(arena, "%lld", (long long)review->revision.value));
    document_fact(document, "Status", field_words(arena, &review_resource, "status", review));
    document_fact(document, "Type", field_words(arena, &review_resource, "type", review));
    document_fact(document, "Trigger", field_words(arena, &review_resource, "trigger", review));
    document_fact(document, "Classification", field_words(arena, &review_resource, "classification", review));
    document_fact(document, "Scope", review->scope);
    document_fact(document, "Period under review",
                  arena_format(arena, "%s to %s", review->period_start.text, review->period_end.text));
    document_fact(document, "Also covers", texts_words(arena, &review->also_covers));
    if (!held || !date_is_set(&review->held_on))
        document_fact(document, "Planned on", review->planned_on.text);
    document_fact(document, "Held on", date_words(&review->held_on));
    document_fact(document, "Location", review->location);
    document_fact(document, "Chair", name_of(minutes, &review->chair_id));
    document_fact(document, "Owner (ISMS manager)", owners_words(minutes));
    if (!held)
        return;
    document_fact(document, "Concluded by", signature(minutes, &review->concluded_by, &review->concluded_at));
    document_fact(document, "Approved by",
                  id_is_set(&review->approved_by) ? signature(minutes, &review->approved_by, &review->approved_at)
                                                  : "Not approved");
    document_fact(document, "Next review", date_words(&review->next_review_on));
    document_fact(document, "Reopened because", review->reopen_reason);
    document_fact(document, "Cancelled because", review->cancel_reason);
}

void add_attendance(struct minutes *minutes, struct document *document, bool held)
{
    static const struct column columns[] = {{"Name", 5, false},
                                            {"Position", 5, false},
                                            {"Capacity", 3, false},
                                            {"Attendance", 3, false},
                                            {"Stands in for", 4, false}};
    struct arena *arena = minutes->arena;
    document_heading(document, 2, held ? "Attendance" : "Invited");
    document_table(document, held ? "Who took part" : "Who is to take part", columns, COUNT_OF(columns));
    for (size_t i = 0; i < minutes->attendee_count; i++) {
        const struct attendee *attendee = &minutes->attendees[i];
        const char *name = attendee->name_at_review;
        const char *const cells[] = {name ? name : name_of(minutes, &attendee->person_id),
                                     attendee->job_title_at_review,
                                     field_words(arena, &attendee_resource, "capacity", attendee),
                                     field_words(arena, &attendee_resource, "attendance", attendee),
                                     name_of(minutes, &attendee->delegate_for_id)};
        document_row(document, cells);
    }
}

const char *item_status_words(struct arena *arena, const struct action_item *item)
{
    const char *status = field_words(arena, &action_item_resource, "status", item);
    if (item->overdue != TRUTH_TRUE)
        return joined(arena, status, ", ", item->status == ACTION_BLOCKED ? item->status_reason : NULL);
    return arena_format(arena, "%s, %lld days overdue", status, (long long)item->days_overdue.value);
}

static bool is_superseded(const struct carried_item *carried, const struct follow_up *follow_up)
{
    for (size_t i = 0; i < carried->follow_up_count; i++) {
        if (id_equal(&carried->follow_ups[i]->supersedes_id, &follow_up->record.id))
            return true;
    }
    return false;
}

/* What the review found, one follow-up to a line: "On track, 40 %, 2026-11-20, Ana Horvat: the window is agreed." */
static const char *disposition(struct minutes *minutes, const struct carried_item *carried)
{
    struct arena *arena = minutes->arena;
    const char *text = "";
    for (size_t i = 0; i < carried->follow_up_count; i++) {
        const struct follow_up *follow_up = carried->follow_ups[i];
        if (is_superseded(carried, follow_up))
            continue;
        const char *one = field_words(arena, &follow_up_resource, "outcome", follow_up);
        if (follow_up->progress_percent.known)
            one = arena_format(arena, "%s, %lld %%", one, (long long)follow_up->progress_percent.value);
        one = arena_format(arena, "%s, %s, %s: %s", one, follow_up->performed_on.text,
                           name_of(minutes, &follow_up->performed_by_id), follow_up->note);
        text = joined(arena, text, "\n", one);
    }
    return *text ? text : "Not followed up in this review";
}

void add_carried(struct minutes *minutes, struct document *document, bool held)
{
    static const struct column columns[] = {
        {"Reference", 64, false}, {"Action item", 110, false}, {"From", 54, false},        {"Owner", 20, false},
        {"Deadline", 53, false},  {"Status", 20, false},       {"Disposition", 220, false}};
    document_heading(document, 2, "Action items from earlier reviews (9.3.2 a)");
    if (!minutes->carried_count) {
        document_plain(document, "None.");
        return;
    }
    document_table(document, held ? "What this review found of them" : "To be revisited", columns,
                   held ? COUNT_OF(columns) : COUNT_OF(columns) - 1);
    for (size_t i = 0; i < minutes->carried_count; i++) {
        const struct action_item *item = &minutes->carried[i].item;
        const char *const cells[] = {item->record.reference,
                                     item->title,
                                     item->review_reference,
                                     name_of(minutes, &item->owner_id),
                                     item->deadline.text,
                                     item_status_words(minutes->arena, item),
                                     held ? disposition(minutes, &minutes->carried[i]) : NULL};
        document_row(document, cells);
    }
}
