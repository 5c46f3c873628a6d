#include "reviewd/input.h"

#include "reviewd/review.h"

enum { NOTHING_MIN = 10 };

static const char *const trend_names[] = {"improving", "stable", "degrading", "insufficient_data"};
static const char *const severity_names[] = {"minor", "major"};
const char *const input_state_names[] = {"pending", "prepared", "considered", "nothing_to_report"};

struct source {
    const char *system;
    const char *reference;
    const char *url;
    struct date period_start;
    struct date period_end;
};

#define RECORD struct source
static const struct field source_fields[] = {
    {"system", FIELD_TEXT(system), .required = true, .min = 1, .max = 200,
     .description = "Where the figures come from.", .example = "\"Vulnerability scanner\""},
    {"reference", FIELD_TEXT(reference), .max = 200, .description = "The report or query there.",
     .example = "\"Q4 report\""},
    {"url", FIELD_TEXT(url), .max = 2000, .url = true, .description = "Where it can be looked up."},
    {"period_start", FIELD_DATE(period_start), .description = "First day that the figures cover."},
    {"period_end", FIELD_DATE(period_end), .description = "Last day that the figures cover."},
};
#undef RECORD
static const struct shape source_shape = {"source", source_fields, COUNT_OF(source_fields), sizeof(struct source)};

#define RECORD struct metric
static const struct field metric_fields[] = {
    {"name", FIELD_TEXT(name), .required = true, .min = 1, .max = 200, .description = "What was measured.",
     .example = "\"critical patches installed in time\""},
    {"value", FIELD_NUMBER(value), .required = true, .description = "The measured value.", .example = "93.5"},
    {"unit", FIELD_TEXT(unit), .max = 50, .description = "Its unit.", .example = "\"%\""},
    {"target", FIELD_NUMBER(target), .description = "The figure to reach.", .example = "95"},
    {"comparator", FIELD_ENUM(comparator, comparator_names), .description = "How the value stands to the target.",
     .example = "\"gte\""},
    {"on_target", FIELD_TRUTH(on_target), .read_only = true,
     .description = "Worked out from value, comparator and target; null without them.", .example = "false"},
};
#undef RECORD
const struct shape metric_shape = {"metric", metric_fields, COUNT_OF(metric_fields), sizeof(struct metric)};

#define RECORD struct input
static const struct field input_fields[] = {
    {"review_id", FIELD_REF(review_id, "review"), .read_only = true, .description = "The review that considers it.",
     .example = "\"MR-2026-01\""},
    {"clause", FIELD_ENUM(clause, clause_names), .required = true,
     .description = "The input's letter in 9.3.2; d1 to d4 are the four of d.", .example = "\"d2\""},
    {"title", FIELD_TEXT(title), .required = true, .min = 1, .max = 200, .sortable = true, .searched = true,
     .description = "What it is about.", .example = "\"Patching of critical systems\""},
    {"presenter_id", FIELD_REF(presenter_id, "person"), .description = "Who presents it.",
     .example = "\"ana.horvat@example.org\""},
    {"position", FIELD_INTEGER(position), .min = 1, .max = 1000, .sortable = true,
     .description = "Its place on the agenda; the next one if left out.", .example = "11"},
    {"minutes_allotted", FIELD_INTEGER(minutes_allotted), .min = 0, .max = 1440,
     .description = "Time on the agenda, in minutes.", .example = "15"},
    {"summary", FIELD_TEXT(summary), .max = 20000, .searched = true, .description = "What was reported, in Markdown.",
     .example = "\"Patching slipped below its target in October.\""},
    {"conclusion", FIELD_TEXT(conclusion), .max = 20000, .searched = true,
     .description = "What the review made of it, in Markdown.", .example = "\"The maintenance window is too short.\""},
    {"trend", FIELD_ENUM(trend, trend_names), .description = "Where it is going (9.3.2 d).",
     .example = "\"degrading\""},
    {"severity", FIELD_ENUM(severity, severity_names), .description = "Of a nonconformity or finding (d1, d3)."},
    {"source", FIELD_OBJECT(source, source_shape), .description = "Where the figures come from."},
    {"metrics", FIELD_LIST(metrics, metric_shape), .max = 50, .description = "Figures, with their targets."},
    {"state", FIELD_ENUM(state, input_state_names), .initial = INPUT_PENDING,
     .description = "How far it is; a field like others, set by POST and PATCH.", .example = "\"prepared\""},
    {"agenda", FIELD_TRUTH(agenda), .read_only = true, .initial = TRUTH_FALSE,
     .description = "Whether it is one of the ten that the review was given.", .example = "false"},
    {"withdrawn", FIELD_TRUTH(withdrawn), .read_only = true, .initial = TRUTH_FALSE,
     .description = "Whether the input was taken back.", .example = "false"},
    {"withdrawn_reason", FIELD_TEXT(withdrawn_reason), .read_only = true, .by_verb = true, .min = 1, .searched = true,
     .description = "Why.", .example = "\"It is part of the input on audits.\""},
};

static const struct rule input_rules[] = {
    {"input.considered.summary", "A considered input has a summary of what was reported.", 422, RULE_STANDARD, "9.3.2",
     NULL},
    {"input.considered.conclusion", "A considered input has the conclusion that the review came to.", 422,
     RULE_PRACTICE, "9.3.3", NULL},
    {"input.nothing_to_report.summary", "Nothing to report is said, with why, in 10 characters or more.", 422,
     RULE_PRACTICE, "9.3.2", NULL},
    {"input.considered.trend", "Performance (d1 to d4) is considered with its trend.", 422, RULE_STANDARD, "9.3.2 d",
     NULL},
    {"input.considered.source", "Performance (d1 to d4) is considered with the source of its figures.", 422,
     RULE_PRACTICE, "9.3.2 d", NULL},
    {"input.severity.clause", "Only nonconformities and audit results (d1, d3) have a severity.", 422, RULE_PRACTICE,
     "9.3.2 d", NULL},
    {"source.period.order", "The period that figures cover does not end before it starts.", 422, RULE_PROCEDURE, NULL,
     NULL},
    {"input.withdraw.agenda", "An input of the original ten is not withdrawn.", 409, RULE_STANDARD, "9.3.2", NULL},
    {"input.withdrawn", "A withdrawn input stays as it is.", 409, RULE_PRACTICE, NULL, NULL},
};

static const struct argument withdraw_arguments[] = {{"reason", "withdrawn_reason", true, 0}};
static const struct transition input_transitions[] = {
    {"withdraw", STATE(TRUTH_FALSE), TRUTH_TRUE, withdraw_arguments, COUNT_OF(withdraw_arguments),
     "Takes an input back that was added to the ten."},
};

const struct resource input_resource = {
    .name = "input",
    .collection = "inputs",
    .title = "input",
    .description = "What a review considers (9.3.2 a-g).",
    .size = sizeof(struct input),
    .fields = input_fields,
    .field_count = COUNT_OF(input_fields),
    .state = "withdrawn",
    .transitions = input_transitions,
    .transition_count = COUNT_OF(input_transitions),
    .rules = input_rules,
    .rule_count = COUNT_OF(input_rules),
    .withdrawable = true,
    .importable = true,
};

void metric_derive(struct metric *metric)
{
    metric->on_target = TRUTH_UNKNOWN;
    if (metric->value.known && metric->target.known && metric->comparator)
        metric->on_target =
            comparator_holds(metric->comparator, metric->value.value, metric->target.value) ? TRUTH_TRUE : TRUTH_FALSE;
}

static bool is_blank(const char *text)
{
    return !text || text_length(text) == 0;
}

static void check_considered(const struct input *input, struct violations *violations)
{
    bool performance = input->clause >= CLAUSE_D1 && input->clause <= CLAUSE_D4;
    if (is_blank(input->summary))
        violation_add(violations, "input.considered.summary", "#/summary", "Say what was reported.");
    if (is_blank(input->conclusion))
        violation_add(violations, "input.considered.conclusion", "#/conclusion", "Say what the review made of it.");
    if (performance && !input->trend)
        violation_add(violations, "input.considered.trend", "#/trend",
                      "Clause %s is shown with its trend; insufficient_data is one.", clause_names[input->clause - 1]);
    if (performance && !input->source.json)
        violation_add(violations, "input.considered.source", "#/source", "Clause %s is shown with its source.",
                      clause_names[input->clause - 1]);
}

static void check_source(const struct source *source, struct violations *violations)
{
    if (date_before(&source->period_end, &source->period_start))
        violation_add(violations, "source.period.order", "#/source/period_end",
                      "The period ends on %s, before it starts on %s.", source->period_end.text,
                      source->period_start.text);
}

void input_check(const struct input *after, const char *verb, const struct input_facts *facts,
                 struct violations *violations)
{
    review_check_frozen(facts->review_status, violations);
    if (verb) {
        if (after->agenda == TRUTH_TRUE)
            violation_add(
                violations, "input.withdraw.agenda", NULL,
                "This is one of the ten inputs of 9.3.2; if there is nothing, its state is nothing_to_report.");
        return;
    }
    if (after->withdrawn == TRUTH_TRUE)
        violation_add(violations, "input.withdrawn", NULL, "This input was withdrawn; add another one instead.");
    required_check(&input_resource, after, violations);
    if (after->source.items)
        check_source(after->source.items, violations);
    if (after->state == INPUT_CONSIDERED)
        check_considered(after, violations);
    if (after->state == INPUT_NOTHING_TO_REPORT && (!after->summary || text_length(after->summary) < NOTHING_MIN))
        violation_add(violations, "input.nothing_to_report.summary", "#/summary",
                      "Say that there is nothing, and why, in %d characters or more.", NOTHING_MIN);
    if (after->severity && after->clause && after->clause != CLAUSE_D1 && after->clause != CLAUSE_D3)
        violation_add(violations, "input.severity.clause", "#/severity", "Clause %s has no severity.",
                      clause_names[after->clause - 1]);
}
