#include "reviewd/review.h"

#include "reviewd/input.h"

static const char *const type_names[] = {"scheduled", "extraordinary"};
static const char *const trigger_names[] = {"business_change", "scope_change",   "standard_update",
                                            "audit_finding",   "major_incident", "other"};
const char *const classification_names[] = {"public", "internal", "confidential", "restricted"};
const char *const review_status_names[] = {"planned", "in_progress", "concluded", "approved", "cancelled"};
static const char *const verdict_names[] = {"yes", "with_reservations", "no"};

const char *const clause_names[] = {"a", "b", "c", "d1", "d2", "d3", "d4", "e", "f", "g"};
const char *const clause_titles[] = {
    "Status of actions from previous management reviews",
    "Changes in external and internal issues",
    "Changes in needs and expectations of interested parties",
    "Nonconformities and corrective actions",
    "Monitoring and measurement results",
    "Audit results",
    "Fulfilment of information security objectives",
    "Feedback from interested parties",
    "Results of risk assessment and status of the risk treatment plan",
    "Opportunities for continual improvement",
};

struct assessment {
    unsigned verdict;
    const char *rationale;
};

#define RECORD struct assessment
static const struct field assessment_fields[] = {
    {"verdict", FIELD_ENUM(verdict, verdict_names), .required = true, .description = "The judgement.",
     .example = "\"yes\""},
    {"rationale", FIELD_TEXT(rationale), .required = true, .min = 1, .max = 5000,
     .description = "What it rests on, in Markdown.",
     .example = "\"The ISMS still fits the organisation after the merger.\""},
};
#undef RECORD

static const struct shape assessment_shape = {"assessment", assessment_fields, COUNT_OF(assessment_fields),
                                              sizeof(struct assessment)};

#define RECORD struct minutes_digests
#define DIGEST(member, what)                                                                                           \
    {                                                                                                                  \
#member, FIELD_TEXT(member), .min = 64, .max = 64, .description = (what)                                       \
    }
static const struct field minutes_digests_fields[] = {
    DIGEST(html, "Of the HTML, in lower-case hexadecimal digits."),
    DIGEST(json, "Of the JSON."),
    DIGEST(markdown, "Of the Markdown."),
    DIGEST(pdf, "Of the PDF."),
    DIGEST(extract_html, "Of the HTML of the extract, for who may not read all that belongs to other reviews; null "
                         "where the minutes show nothing of others."),
    DIGEST(extract_json, "Of the extract's JSON."),
    DIGEST(extract_markdown, "Of the extract's Markdown."),
    DIGEST(extract_pdf, "Of the extract's PDF."),
};
#undef DIGEST
#undef RECORD

const struct shape minutes_digests_shape = {"minutes_digests", minutes_digests_fields, COUNT_OF(minutes_digests_fields),
                                            sizeof(struct minutes_digests)};

#define RECORD struct review
static const struct field review_fields[] = {
    {"title", FIELD_TEXT(title), .required = true, .min = 1, .max = 200, .sortable = true, .searched = true,
     .description = "What the review is called.", .example = "\"Management review, second half of 2026\""},
    {"type", FIELD_ENUM(type, type_names), .required = true,
     .description = "At planned intervals, or for a reason (9.3.1).", .example = "\"scheduled\""},
    {"trigger", FIELD_ENUM(trigger, trigger_names), .description = "Why an extraordinary review is held."},
    {"scope", FIELD_TEXT(scope), .required = true, .min = 1, .max = 5000, .searched = true,
     .description = "What of the ISMS is reviewed.", .example = "\"The whole ISMS: both sites and all services\""},
    {"period_start", FIELD_DATE(period_start), .required = true, .description = "First day of the period reviewed.",
     .example = "\"2026-05-01\""},
    {"period_end", FIELD_DATE(period_end), .required = true, .description = "Last day of the period reviewed.",
     .example = "\"2026-10-31\""},
    {"planned_on", FIELD_DATE(planned_on), .required = true, .sortable = true,
     .description = "The day for which it is planned.", .example = "\"2026-11-20\""},
    {"chair_id", FIELD_REF(chair_id, "person"), .required = true,
     .description = "Who chairs it: one of top management.", .example = "\"mirko.kovac@example.org\""},
    {"location", FIELD_TEXT(location), .max = 200, .searched = true, .description = "Where it is held.",
     .example = "\"Zagreb, room 4\""},
    {"classification", FIELD_ENUM(classification, classification_names), .initial = CLASSIFICATION_INTERNAL,
     .description = "Who may read the review and all that hangs from it.", .example = "\"internal\""},
    {"also_covers", FIELD_TEXTS(also_covers), .max = 20,
     .description = "Other organisational reviews held together with it.",
     .example = "[\"Quality management review\"]"},
    {"summary", FIELD_TEXT(summary), .max = 50000, .searched = true,
     .description = "The minutes' narrative, in Markdown."},
    {"status", FIELD_ENUM(status, review_status_names), .read_only = true, .initial = REVIEW_PLANNED,
     .description = "Changed by verbs alone.", .example = "\"planned\""},
    {"held_on", FIELD_DATE(held_on), .read_only = true, .by_verb = true, .sortable = true,
     .description = "The day on which it was held.", .example = "\"2026-11-20\""},
    {"suitability", FIELD_OBJECT(suitability, assessment_shape), .read_only = true, .by_verb = true,
     .description = "Whether the ISMS is still suitable (9.3.1)."},
    {"adequacy", FIELD_OBJECT(adequacy, assessment_shape), .read_only = true, .by_verb = true,
     .description = "Whether the ISMS is still adequate (9.3.1)."},
    {"effectiveness", FIELD_OBJECT(effectiveness, assessment_shape), .read_only = true, .by_verb = true,
     .description = "Whether the ISMS is still effective (9.3.1)."},
    {"next_review_on", FIELD_DATE(next_review_on), .read_only = true, .by_verb = true, .sortable = true,
     .description = "By when the next review is held.", .example = "\"2027-05-20\""},
    {"started_at", FIELD_INSTANT(started_at), .read_only = true, .description = "When it was first started."},
    {"concluded_at", FIELD_INSTANT(concluded_at), .read_only = true, .description = "When it was concluded."},
    {"concluded_by", FIELD_REF(concluded_by, "person"), .read_only = true, .description = "Who concluded it."},
    {"approved_at", FIELD_INSTANT(approved_at), .read_only = true, .description = "When it was approved."},
    {"approved_by", FIELD_REF(approved_by, "person"), .read_only = true, .description = "Who approved it."},
    {"minutes_sha256", FIELD_OBJECT(minutes_sha256, minutes_digests_shape), .read_only = true,
     .description = "The SHA-256 of the minutes that were kept at approval, or when a review arrived approved by an "
                    "import; null before, and within them."},
    {"revision", FIELD_INTEGER(revision), .read_only = true, .min = 1, .max = 100000,
     .description = "1, and one more each time an approved review is reopened.", .example = "1"},
    {"cancel_reason", FIELD_TEXT(cancel_reason), .read_only = true, .by_verb = true, .min = 1, .searched = true,
     .description = "Why it was cancelled.", .example = "\"It is held together with the one in March.\""},
    {"reopen_reason", FIELD_TEXT(reopen_reason), .read_only = true, .by_verb = true, .min = 20, .searched = true,
     .description = "Why it was last reopened.", .example = "\"The figures of the audit were those of another site.\""},
};

static const struct rule review_rules[] = {
    {"review.trigger.required", "An extraordinary review says what triggered it.", 422, RULE_PRACTICE, "9.3.1", NULL},
    {"review.trigger.unexpected", "Only an extraordinary review has a trigger.", 422, RULE_PRACTICE, "9.3.1", NULL},
    {"review.period.order", "The period under review does not end before it starts.", 422, RULE_PROCEDURE, NULL, NULL},
    {"review.chair.top_management", "The chair of a review is one of top management.", 422, RULE_PRACTICE, "9.3.1",
     NULL},
    {"review.start.attendees", "A review is started with at least one attendee beside the chair.", 422, RULE_PRACTICE,
     NULL, NULL},
    {"review.summary.required", "A concluded review has a summary: the minutes' narrative.", 422, RULE_STANDARD,
     "9.3.3", NULL},
    {"review.held_on.in_future", "A review is concluded once it was held, not before.", 422, RULE_PRACTICE, "9.3.3",
     NULL},
    {"review.next_review.interval", "The next review is after this one, and no later than the maximum interval allows.",
     422, RULE_PRACTICE, "9.3.1", NULL},
    {"review.conclude.inputs",
     "Each of the ten clauses of 9.3.2 has an input, and every input is considered or has nothing to report.", 422,
     RULE_STANDARD, "9.3.2", NULL},
    {"review.conclude.top_management_present", "One of top management attended, as a decision maker or in the chair.",
     422, RULE_STANDARD, "9.3.1", NULL},
    {"review.conclude.decision", "A review ends in at least one adopted decision, be it that nothing changes.", 422,
     RULE_STANDARD, "9.3.3", NULL},
    {"review.conclude.proposed_decisions", "No decision is left proposed.", 422, RULE_PRACTICE, "9.3.3", NULL},
    {"review.conclude.action_items", "Each adopted decision that requires action has an action item.", 422,
     RULE_PRACTICE, "9.3.3", NULL},
    {"review.conclude.major_nonconformity",
     "Each major nonconformity or finding is an input of an adopted corrective action.", 422, RULE_PRACTICE, "10.2",
     NULL},
    {"review.conclude.carried_action_items",
     "Each action item that earlier reviews left open has a follow-up in this review.", 422, RULE_STANDARD, "9.3.2 a",
     NULL},
    {"review.approve.role", "Top management approves a review.", 403, RULE_PRACTICE, "9.3.1", NULL},
    {"review.approve.separation", "Who concluded a review does not approve it.", 403, RULE_PRACTICE, NULL, NULL},
    {"review.reopen.role", "Top management reopens a review.", 403, RULE_PRACTICE, NULL, NULL},
    {"review.frozen",
     "A concluded, approved or cancelled review, its attendees, inputs and decisions stay as they are, but for "
     "proposed "
     "decisions of a cancelled one: they are still rejected or withdrawn.",
     409, RULE_PRACTICE, "7.5.3", NULL},
};

static const struct argument conclude_arguments[] = {
    {"held_on", "held_on", true, 0},
    {"suitability", "suitability", true, 0},
    {"adequacy", "adequacy", true, 0},
    {"effectiveness", "effectiveness", true, 0},
    {"next_review_on", "next_review_on", true, 0},
    {"summary", "summary", false, 0},
};
static const struct argument cancel_arguments[] = {{"reason", "cancel_reason", true, 0}};
static const struct argument reopen_arguments[] = {{"reason", "reopen_reason", true, 20}};

static const struct transition review_transitions[] = {
    {"start", STATE(REVIEW_PLANNED), REVIEW_IN_PROGRESS, NULL, 0, "The review begins."},
    {"conclude", STATE(REVIEW_IN_PROGRESS), REVIEW_CONCLUDED, conclude_arguments, COUNT_OF(conclude_arguments),
     "The review was held and all is decided: from now on its record is frozen."},
    {"approve", STATE(REVIEW_CONCLUDED), REVIEW_APPROVED, NULL, 0,
     "Another person of top management approves what was concluded."},
    {"cancel", STATE(REVIEW_PLANNED), REVIEW_CANCELLED, cancel_arguments, COUNT_OF(cancel_arguments),
     "A planned review will not be held."},
    {"reopen", STATE(REVIEW_CONCLUDED) | STATE(REVIEW_APPROVED), REVIEW_IN_PROGRESS, reopen_arguments,
     COUNT_OF(reopen_arguments), "Top management reopens it; an approved revision stays readable."},
};

const struct resource review_resource = {
    .name = "review",
    .collection = "reviews",
    .title = "review",
    .description = "A management review (ISO/IEC 27001:2022, 9.3), from its agenda to its approval.",
    .size = sizeof(struct review),
    .fields = review_fields,
    .field_count = COUNT_OF(review_fields),
    .state = "status",
    .transitions = review_transitions,
    .transition_count = COUNT_OF(review_transitions),
    .rules = review_rules,
    .rule_count = COUNT_OF(review_rules),
    .reference_prefix = "MR",
    .reference_digits = 2,
    .importable = true,
};

bool review_is_frozen(unsigned status)
{
    return status == REVIEW_CONCLUDED || status == REVIEW_APPROVED || status == REVIEW_CANCELLED;
}

void review_check_frozen(unsigned status, struct violations *violations)
{
    if (review_is_frozen(status))
        violation_add(violations, "review.frozen", NULL, "The review is %s; nothing of it can be changed.%s",
                      review_status_names[status - 1],
                      status == REVIEW_CANCELLED ? "" : " Top management can reopen it.");
}

struct clause_coverage clause_coverage(const struct review_facts *facts, unsigned clause)
{
    struct clause_coverage coverage = {0};
    for (size_t i = 0; i < facts->input_count; i++) {
        if (facts->inputs[i].clause != clause)
            continue;
        coverage.inputs++;
        coverage.considered +=
            facts->inputs[i].state == INPUT_CONSIDERED || facts->inputs[i].state == INPUT_NOTHING_TO_REPORT;
    }
    coverage.covered = coverage.inputs > 0 && coverage.considered == coverage.inputs;
    return coverage;
}

static void check_inputs(const struct review_facts *facts, struct violations *violations)
{
    for (unsigned clause = 1; clause <= CLAUSE_COUNT; clause++) {
        if (clause_coverage(facts, clause).inputs == 0)
            violation_add(violations, "review.conclude.inputs", NULL, "Clause %s (%s) has no input.",
                          clause_names[clause - 1], clause_titles[clause - 1]);
    }
    for (size_t i = 0; i < facts->input_count; i++) {
        const struct input_brief *input = &facts->inputs[i];
        if (input->state == INPUT_PENDING || input->state == INPUT_PREPARED)
            violation_add(violations, "review.conclude.inputs", NULL, "The input '%.200s' (clause %s, %s) is still %s.",
                          input->title, clause_names[input->clause - 1], input->id.text,
                          input_state_names[input->state - 1]);
        if (input->severity == SEVERITY_MAJOR && !input->corrected)
            violation_add(violations, "review.conclude.major_nonconformity", NULL,
                          "The major input '%.200s' (clause %s, %s) is no input of an adopted corrective_action.",
                          input->title, clause_names[input->clause - 1], input->id.text);
    }
}

static void add_named(struct violations *violations, const char *rule, const struct named *named, size_t count,
                      const char *what)
{
    for (size_t i = 0; i < count; i++)
        violation_add(violations, rule, NULL, "%s %s.", named_text(violations->arena, &named[i]), what);
}

void review_check_complete(const struct review_facts *facts, struct violations *violations)
{
    check_inputs(facts, violations);
    if (!facts->top_management_attended)
        violation_add(violations, "review.conclude.top_management_present", NULL,
                      "No decision maker or chair of top management has the attendance 'attended'.");
    if (facts->adopted_count == 0)
        violation_add(violations, "review.conclude.decision", NULL,
                      "No decision is adopted. A decision of the kind no_change will do.");
    add_named(violations, "review.conclude.proposed_decisions", facts->proposed, facts->proposed_count,
              "is still proposed: adopt, reject or withdraw it");
    add_named(violations, "review.conclude.action_items", facts->without_action_items,
              facts->without_action_items_count, "requires action and has no action item");
    add_named(violations, "review.conclude.carried_action_items", facts->not_followed_up, facts->not_followed_up_count,
              "was left open by an earlier review and has no follow-up in this one");
}

static void check_conclude(const struct review *after, const struct review_facts *facts, struct violations *violations)
{
    if (!after->summary || !text_length(after->summary))
        violation_add(violations, "review.summary.required", "#/summary", "'summary' is required to conclude.");
    if (date_before(&facts->today, &after->held_on))
        violation_add(violations, "review.held_on.in_future", "#/held_on", "%s is after today, %s.",
                      after->held_on.text, facts->today.text);
    if (date_is_set(&after->held_on) && date_is_set(&after->next_review_on)) {
        struct date last = date_add_months(&after->held_on, facts->next_review_max_months);
        if (!date_before(&after->held_on, &after->next_review_on) || date_before(&last, &after->next_review_on))
            violation_add(violations, "review.next_review.interval", "#/next_review_on",
                          "The next review is after %s and not later than %s.", after->held_on.text, last.text);
    }
    review_check_complete(facts, violations);
}

static void check_fields(const struct review *after, const struct review *before, const struct review_facts *facts,
                         struct violations *violations)
{
    required_check(&review_resource, after, violations);
    if (after->type == REVIEW_EXTRAORDINARY && !after->trigger)
        violation_add(violations, "review.trigger.required", "#/trigger", "An extraordinary review needs a 'trigger'.");
    if (after->type == REVIEW_SCHEDULED && after->trigger)
        violation_add(violations, "review.trigger.unexpected", "#/trigger",
                      "A scheduled review has no 'trigger'; leave it out.");
    if (date_before(&after->period_end, &after->period_start))
        violation_add(violations, "review.period.order", "#/period_end",
                      "The period ends on %s, before it starts on %s.", after->period_end.text,
                      after->period_start.text);
    bool new_chair = id_is_set(&after->chair_id) && (!before || !id_equal(&before->chair_id, &after->chair_id));
    if (new_chair && facts->chair_role != ROLE_TOP_MANAGEMENT)
        violation_add(violations, "review.chair.top_management", "#/chair_id",
                      "The chair has the role '%s'; choose one of top_management.",
                      facts->chair_role ? role_names[facts->chair_role - 1] : "none");
}

void review_check(const struct review *after, const struct review *before, const char *verb,
                  const struct review_facts *facts, struct violations *violations)
{
    if (!verb) {
        if (before)
            review_check_frozen(before->status, violations);
        check_fields(after, before, facts, violations);
        return;
    }
    if (strcmp(verb, "start") == 0 && facts->chair_role != ROLE_TOP_MANAGEMENT)
        violation_add(violations, "review.chair.top_management", NULL,
                      "The chair is no longer of top management; give the review another chair_id.");
    if (strcmp(verb, "start") == 0 && facts->other_attendees == 0)
        violation_add(violations, "review.start.attendees", NULL, "Nobody attends beside the chair.");
    if (strcmp(verb, "conclude") == 0)
        check_conclude(after, facts, violations);
    if (strcmp(verb, "approve") == 0 && id_is_set(&before->concluded_by) &&
        id_equal(&before->concluded_by, &facts->caller_id))
        violation_add(violations, "review.approve.separation", NULL,
                      "You concluded this review; another person of top management approves it.");
}
