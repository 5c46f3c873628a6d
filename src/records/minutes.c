/* The minutes of a review as a document (9.3.3), in the order in which practitioners write them. */
#include "sections.h"

#include "reviewd/review.h"

/* --- inputs --------------------------------------------------------------------------------------------------------
 */

static const void *member(const struct nested *nested, const struct field *field, const char *name)
{
    return field_of(fields_find(field->shape->fields, field->shape->field_count, name), nested->items);
}

/* "Scanner, Q4 report, https://…, 2026-05-01 to 2026-10-31" */
static const char *source_words(struct arena *arena, const struct nested *source)
{
    const struct field *field = resource_field_named(&input_resource, "source");
    if (!source->items)
        return NULL;
    const char *text = *(const char *const *)member(source, field, "system");
    text = joined(arena, text, ", ", *(const char *const *)member(source, field, "reference"));
    text = joined(arena, text, ", ", *(const char *const *)member(source, field, "url"));
    const char *from = date_words(member(source, field, "period_start"));
    const char *to = date_words(member(source, field, "period_end"));
    return joined(arena, text, ", ", joined(arena, from, " to ", to));
}

static const struct metric_history *history_of(const struct minutes *minutes, const struct input *input,
                                               const struct metric *metric)
{
    for (size_t i = 0; i < minutes->history_count; i++) {
        const struct metric_history *history = &minutes->histories[i];
        if (id_equal(&history->input_id, &input->record.id) && strcmp(history->name, metric->name) == 0 &&
            strcmp(history->unit ? history->unit : "", metric->unit ? metric->unit : "") == 0)
            return history;
    }
    return NULL;
}

/* "MR-2025-01: 91; MR-2025-02: 93" */
static const char *readings_words(struct arena *arena, const struct metric_history *history)
{
    const char *text = "";
    for (size_t i = 0; history && i < history->count; i++)
        text = arena_format(arena, "%s%s%s: %s", text, i ? "; " : "", history->readings[i].review->record.reference,
                            number_words(arena, &history->readings[i].value, NULL));
    return text;
}

static void add_metrics(struct minutes *minutes, struct document *document, const struct input *input)
{
    static const struct column columns[] = {
        {"Figure", 7, false}, {"Value", 3, true}, {"Target", 3, true}, {"On target", 2, false}, {"Before", 6, false}};
    struct arena *arena = minutes->arena;
    const struct metric *metrics = input->metrics.items;
    if (!input->metrics.count)
        return;
    document_table(document, "Figures against targets", columns, COUNT_OF(columns));
    for (size_t i = 0; i < input->metrics.count; i++) {
        struct metric metric = metrics[i];
        metric_derive(&metric);
        const char *const cells[] = {metric.name, number_words(arena, &metric.value, metric.unit),
                                     target_words(arena, metric.comparator, &metric.target, metric.unit),
                                     metric.on_target == TRUTH_TRUE    ? "yes"
                                     : metric.on_target == TRUTH_FALSE ? "no"
                                                                       : "",
                                     readings_words(arena, history_of(minutes, input, &metric))};
        document_row(document, cells);
    }
}

/* A metric over the last reviews against its target, where there are earlier ones to set it against. */
static void add_plot(struct minutes *minutes, struct document *document, const struct metric_history *history,
                     const struct metric *metric, size_t number)
{
    struct arena *arena = minutes->arena;
    size_t count = history->count + 1;
    const char **labels = arena_array(arena, count, sizeof *labels);
    struct number *values = arena_array(arena, count, sizeof *values);
    struct number *targets = arena_array(arena, count, sizeof *targets);
    struct plot *plot = arena_alloc(arena, sizeof *plot);
    struct plot_series *series = arena_alloc(arena, sizeof *series);
    if (!labels || !values || !targets || !plot || !series)
        return;
    bool targeted = metric->target.known;
    for (size_t i = 0; i < history->count; i++) {
        labels[i] = history->readings[i].review->record.reference;
        values[i] = history->readings[i].value;
        targets[i] = history->readings[i].target;
        targeted = targeted || targets[i].known;
    }
    labels[count - 1] = minutes->review->record.reference;
    values[count - 1] = metric->value;
    targets[count - 1] = metric->target;
    *series = (struct plot_series){.values = values};
    *plot = (struct plot){.kind = PLOT_LINE,
                          .id = arena_format(arena, "metric-%zu", number),
                          .title = document_clean(arena, metric->name),
                          .text = targeted ? "The figure over the last reviews, against its target."
                                           : "The figure over the last reviews.",
                          .unit = metric->unit ? document_clean(arena, metric->unit) : NULL,
                          .labels = labels,
                          .label_count = count,
                          .series = series,
                          .series_count = 1,
                          .targets = targeted ? targets : NULL,
                          .inlined = true};
    document_figure(document, plot);
}

static void add_plots(struct minutes *minutes, struct document *document, const struct input *input, size_t *number)
{
    const struct metric *metrics = input->metrics.items;
    for (size_t i = 0; i < input->metrics.count; i++) {
        const struct metric_history *history = history_of(minutes, input, &metrics[i]);
        if (history)
            add_plot(minutes, document, history, &metrics[i], ++*number);
    }
}

static void add_inputs(struct minutes *minutes, struct document *document)
{
    struct arena *arena = minutes->arena;
    size_t plots = 0;
    document_heading(document, 2, "Inputs (9.3.2)");
    for (size_t i = 0; i < minutes->input_count; i++) {
        const struct input *input = &minutes->inputs[i];
        const char *clause = clause_titles[input->clause - 1];
        bool own_title = strcmp(input->title, clause) != 0;
        document_heading(document, 3,
                         arena_format(arena, "%s \u00b7 %s", clause_names[input->clause - 1], input->title));
        document_fact(document, "Clause", own_title ? clause : NULL);
        document_fact(document, "State", field_words(arena, &input_resource, "state", input));
        document_fact(document, "Presented by", name_of(minutes, &input->presenter_id));
        document_fact(document, "Source", source_words(arena, &input->source));
        document_fact(document, "Trend", field_words(arena, &input_resource, "trend", input));
        document_fact(document, "Severity", field_words(arena, &input_resource, "severity", input));
        document_narrative(document, input->summary);
        add_metrics(minutes, document, input);
        add_plots(minutes, document, input, &plots);
        if (input->conclusion && *input->conclusion) {
            document_heading(document, 4, "Conclusion");
            document_narrative(document, input->conclusion);
        }
    }
}

/* --- decisions -----------------------------------------------------------------------------------------------------
 */

/* "Procedure PR-07 Patch management", one to a line. */
static const char *affects_words(struct arena *arena, const struct nested *affects)
{
    const struct shape *shape = resource_field_named(&decision_resource, "affects")->shape;
    const struct field *reference = fields_find(shape->fields, shape->field_count, "reference");
    const struct field *title = fields_find(shape->fields, shape->field_count, "title");
    const char *text = "";
    for (size_t i = 0; affects->items && i < affects->count; i++) {
        const char *one = (const char *)affects->items + i * shape->size;
        const char *what = enum_words(arena, shape->fields, shape->field_count, "kind", one);
        what = joined(arena, what, " ", *(const char *const *)field_of(reference, one));
        what = joined(arena, what, " ", *(const char *const *)field_of(title, one));
        text = joined(arena, text, "\n", what);
    }
    return text;
}

/* The inputs that it rests on, one to a line. */
static const char *inputs_words(struct minutes *minutes, const struct nested *input_ids)
{
    const struct id *ids = input_ids->items;
    const char *text = "";
    for (size_t i = 0; ids && i < input_ids->count; i++) {
        for (size_t k = 0; k < minutes->input_count; k++) {
            const struct input *input = &minutes->inputs[k];
            if (id_equal(&ids[i], &input->record.id))
                text =
                    joined(minutes->arena, text, "\n",
                           arena_format(minutes->arena, "%s \u00b7 %s", clause_names[input->clause - 1], input->title));
        }
    }
    return text;
}

static const char *deadline_words(struct arena *arena, const struct date *deadline, const struct date *original)
{
    if (date_is_set(deadline) && date_is_set(original) && !date_equal(deadline, original))
        return arena_format(arena, "%s (at first %s)", deadline->text, original->text);
    return date_words(deadline);
}

static void add_decision(struct minutes *minutes, struct document *document, const struct decision *decision)
{
    struct arena *arena = minutes->arena;
    document_heading(document, 3, arena_format(arena, "%s \u00b7 %s", decision->record.reference, decision->title));
    document_fact(document, "Kind", field_words(arena, &decision_resource, "kind", decision));
    document_fact(document, "Status", field_words(arena, &decision_resource, "status", decision));
    document_fact(document, "Reason of the status", decision->status_reason);
    document_fact(document, "Decided by", name_of(minutes, &decision->decided_by_id));
    document_fact(document, "Decided on", date_words(&decision->decided_on));
    document_fact(document, "Rests on", inputs_words(minutes, &decision->input_ids));
    document_fact(document, "Affects", affects_words(arena, &decision->affects));
    document_fact(document, "Owner", name_of(minutes, &decision->owner_id));
    document_fact(document, "Deadline", deadline_words(arena, &decision->deadline, &decision->original_deadline));
    document_fact(document, "Success criteria", criteria_words(arena, &decision->success_criteria));
    document_fact(document, "No action because", decision->no_action_reason);
    document_heading(document, 4, "Decision");
    document_narrative(document, decision->statement);
    document_heading(document, 4, "Rationale");
    document_narrative(document, decision->rationale);
}

static void add_decisions(struct minutes *minutes, struct document *document)
{
    document_heading(document, 2, "Decisions (9.3.3)");
    for (size_t i = 0; i < minutes->decision_count; i++)
        add_decision(minutes, document, &minutes->decisions[i]);
    if (!minutes->decision_count)
        document_plain(document, "None.");
}

/* --- the action plan -----------------------------------------------------------------------------------------------
 */

static void add_plan(struct minutes *minutes, struct document *document)
{
    static const struct column columns[] = {{"Reference", 64, false}, {"Action item", 110, false},
                                            {"Decision", 60, false},  {"Owner", 20, false},
                                            {"Deadline", 53, false},  {"Priority", 45, false},
                                            {"Status", 15, false},    {"Success criteria", 200, false}};
    struct arena *arena = minutes->arena;
    document_heading(document, 2, "Action plan");
    if (!minutes->item_count) {
        document_plain(document, "None.");
        return;
    }
    document_table(document, "Action items of this review", columns, COUNT_OF(columns));
    for (size_t i = 0; i < minutes->item_count; i++) {
        const struct action_item *item = &minutes->items[i];
        const char *const cells[] = {item->record.reference,
                                     item->title,
                                     item->decision_reference,
                                     name_of(minutes, &item->owner_id),
                                     deadline_words(arena, &item->deadline, &item->original_deadline),
                                     field_words(arena, &action_item_resource, "priority", item),
                                     item_status_words(arena, item),
                                     criteria_words(arena, &item->success_criteria)};
        document_row(document, cells);
    }
}

enum { STATES = ACTION_CANCELLED };

static bool is_late(const struct action_item *item)
{
    return item->overdue == TRUTH_TRUE || date_before(&item->deadline, &item->completed_on);
}

static void count_item(const struct action_item *item, struct number *in_time, struct number *late)
{
    (is_late(item) ? late : in_time)[item->status - 1].value++;
}

/* The review's own action items and those carried into it, by state, in time and late. */
static void add_states(struct minutes *minutes, struct document *document)
{
    static const char *const labels[STATES] = {"Open", "In progress", "Blocked", "Completed", "Closed", "Cancelled"};
    struct number *in_time = arena_array(minutes->arena, STATES, sizeof *in_time);
    struct number *late = arena_array(minutes->arena, STATES, sizeof *late);
    struct plot *plot = arena_alloc(minutes->arena, sizeof *plot);
    struct plot_series *series = arena_array(minutes->arena, 2, sizeof *series);
    if (!in_time || !late || !plot || !series || !(minutes->item_count + minutes->carried_count))
        return;
    for (size_t i = 0; i < STATES; i++)
        in_time[i].known = late[i].known = true;
    for (size_t i = 0; i < minutes->item_count; i++)
        count_item(&minutes->items[i], in_time, late);
    for (size_t i = 0; i < minutes->carried_count; i++)
        count_item(&minutes->carried[i].item, in_time, late);
    series[0] = (struct plot_series){"In time", in_time};
    series[1] = (struct plot_series){"Late", late};
    *plot = (struct plot){.kind = PLOT_STACKED,
                          .id = "action-items",
                          .title = "Action items by state",
                          .text = minutes->carried_count
                                      ? "Those of this review and those of earlier ones, in time and late."
                                      : "Those of this review, in time and late.",
                          .labels = labels,
                          .label_count = STATES,
                          .series = series,
                          .series_count = 2,
                          .inlined = true};
    document_figure(document, plot);
}

/* --- the whole -----------------------------------------------------------------------------------------------------
 */

static void add_assessment(struct document *document, const char *name, const char *field_name,
                           const struct nested *assessment)
{
    const struct field *field = resource_field_named(&review_resource, field_name);
    if (!assessment->items)
        return;
    document_heading(document, 3, name);
    document_fact(
        document, "Verdict",
        enum_words(document->arena, field->shape->fields, field->shape->field_count, "verdict", assessment->items));
    document_narrative(document, *(const char *const *)member(assessment, field, "rationale"));
}

static void add_assessments(const struct minutes *minutes, struct document *document)
{
    const struct review *review = minutes->review;
    document_heading(document, 2, "Suitability, adequacy, effectiveness (9.3.1)");
    add_assessment(document, "Suitability", "suitability", &review->suitability);
    add_assessment(document, "Adequacy", "adequacy", &review->adequacy);
    add_assessment(document, "Effectiveness", "effectiveness", &review->effectiveness);
    if (!review->suitability.items)
        document_plain(document, "Not judged yet.");
}

static void add_record(const struct minutes *minutes, struct document *document)
{
    document_heading(document, 2, "Record");
    if (minutes->draft)
        document_plain(document, "The newest entry of the audit log when this draft was made:");
    else if (minutes->source->imported)
        document_plain(document,
                       "This review was moved in with its history, approved elsewhere. These minutes were made anew at "
                       "the import, of the records as they were by then. The newest entry of the audit log at that "
                       "time; the import's own of this review follows it and holds the SHA-256 of these minutes.");
    else
        document_plain(document,
                       "The newest entry of the audit log when this revision was approved; the approval's own "
                       "follows it and holds the SHA-256 of these minutes.");
    document_fact(document, "seq", arena_format(document->arena, "%lld", (long long)minutes->head.seq));
    document_fact(document, "hash", minutes->head.hash);
    if (minutes->source->this_alone)
        document_plain(document, "This is the extract of the minutes for readers of this review alone: what belongs to "
                                 "other reviews is left out.");
}

struct document *minutes_document(struct minutes *minutes)
{
    struct document *document = begin_document(minutes, "Minutes");
    if (!document)
        return NULL;
    add_head(minutes, document, true);
    if (minutes->review->summary && *minutes->review->summary) {
        document_heading(document, 2, "Summary");
        document_narrative(document, minutes->review->summary);
    }
    add_attendance(minutes, document, true);
    add_inputs(minutes, document);
    if (!minutes->source->this_alone)
        add_carried(minutes, document, true);
    add_decisions(minutes, document);
    add_plan(minutes, document);
    add_states(minutes, document);
    add_assessments(minutes, document);
    add_record(minutes, document);
    return document;
}
