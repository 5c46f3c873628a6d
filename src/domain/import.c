#include "reviewd/import.h"

#include "reviewd/action_item.h"
#include "reviewd/decision.h"
#include "reviewd/follow_up.h"
#include "reviewd/review.h"

#include <assert.h>
#include <strings.h>

static const char *const status_names[] = {"running", "done", "refused", "failed"};

const char *const import_collections[] = {"people",    "reviews",      "attendees",  "inputs",
                                          "decisions", "action-items", "amendments", "follow-ups"};
static const struct resource *const kinds[IMPORT_KINDS] = {
    &person_resource,   &review_resource,      &attendee_resource,  &input_resource,
    &decision_resource, &action_item_resource, &amendment_resource, &follow_up_resource,
};

#define RECORD struct import_violation
static const struct field violation_fields[] = {
    {"resource", FIELD_TEXT(resource), .description = "The kind of record that the line is of, as far as is known.",
     .example = "\"action_item\""},
    {"line", FIELD_INTEGER(line), .description = "The line's number, from 1; of a CSV its head is line 1.",
     .example = "3"},
    {"column", FIELD_INTEGER(column), .description = "The column's number in a CSV, from 1.", .example = "14"},
    {"column_name", FIELD_TEXT(column_name), .description = "The column's name in a CSV.", .example = "\"deadline\""},
    {"rule", FIELD_TEXT(rule), .description = "The rule, as /v1/rules lists it.",
     .example = "\"action_item.deadline.in_past\""},
    {"pointer", FIELD_TEXT(pointer), .description = "The member of the line (RFC 6901).", .example = "\"#/deadline\""},
    {"detail", FIELD_TEXT(detail), .max = 2000, .description = "What is wrong, in a sentence.",
     .example = "\"2026-01-31 is before today, 2026-11-27.\""},
};
#undef RECORD
static const struct shape violation_shape = {"import_violation", violation_fields, COUNT_OF(violation_fields),
                                             sizeof(struct import_violation)};

#define RECORD struct import
static const struct field import_fields[] = {
    {"resource", FIELD_ENUM(resource, import_collections), .read_only = true,
     .description = "The collection that its lines belong to; null where they are mixed."},
    {"partial", FIELD_TRUTH(partial), .read_only = true, .initial = TRUTH_FALSE,
     .description = "Whether the good lines were to be stored without the others; else all or nothing.",
     .example = "false"},
    {"name", FIELD_TEXT(name), .read_only = true, .max = 255,
     .description = "The file's name, where it came with one."},
    {"size", FIELD_INTEGER(size), .read_only = true, .description = "Of the file, in bytes.", .example = "48213"},
    {"sha256", FIELD_TEXT(sha256), .read_only = true, .min = 64, .max = 64,
     .description = "The SHA-256 of its bytes, in lower-case hexadecimal digits.",
     .example = "\"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\""},
    {"status", FIELD_ENUM(status, status_names), .read_only = true, .initial = IMPORT_RUNNING,
     .description = "running; done; refused, since lines broke rules and all or nothing was asked for; or failed, "
                    "which `reason` explains.",
     .example = "\"done\""},
    {"lines", FIELD_INTEGER(lines), .read_only = true,
     .description = "Lines that are to be records, as far as they are counted.", .example = "120"},
    {"created", FIELD_INTEGER(created), .read_only = true,
     .description = "Lines that have become records. While it runs, and all or nothing is asked for, those that will.",
     .example = "118"},
    {"unchanged", FIELD_INTEGER(unchanged), .read_only = true,
     .description = "Lines that say what a record says already.", .example = "2"},
    {"refused", FIELD_INTEGER(refused), .read_only = true, .description = "Lines that broke a rule.", .example = "0"},
    {"violation_count", FIELD_INTEGER(violation_count), .read_only = true,
     .description = "How many violations there were; `violations` lists 200 at most.", .example = "0"},
    {"violations", FIELD_LIST(violations, violation_shape), .read_only = true, .max = 200,
     .description = "What its lines broke, in their order."},
    {"finished_at", FIELD_INSTANT(finished_at), .read_only = true, .description = "When it was over."},
    {"reason", FIELD_TEXT(reason), .read_only = true, .max = 2000, .description = "Why it failed."},
};
#undef RECORD

static const struct rule import_rules[] = {
    {"import.action_item.amendments",
     "The deadline of an action item of the past is the original one, or that of its last amendment; each that moved "
     "it to a later day counts as an extension.",
     422, RULE_PRACTICE, NULL, NULL},
    {"import.action_item.follow_ups",
     "The state of an action item of the past, and its days, are what its follow-ups come to.", 422, RULE_PRACTICE,
     "10.2", NULL},
    {"import.amendment.sides", "An amendment of the past says what it changed, as it was and as it became.", 422,
     RULE_PROCEDURE, NULL, NULL},
    {"import.csv.cells", "Each line of a CSV has as many cells as its head.", 422, RULE_PROCEDURE, NULL, NULL},
    {"import.csv.form", "A CSV has the form of RFC 4180: a quoted cell ends in a quote, and nothing follows it.", 422,
     RULE_PROCEDURE, NULL, NULL},
    {"import.csv.head", "The first line of a CSV names each of its columns once.", 422, RULE_PROCEDURE, NULL, NULL},
    {"import.decision.amendments",
     "The deadline of an adopted decision of the past is the one that it was adopted with, or that of its last "
     "amendment.",
     422, RULE_PRACTICE, NULL, NULL},
    {"import.duplicate", "An import has one line for each record.", 422, RULE_PROCEDURE, NULL, NULL},
    {"import.empty", "An import has at least one line that is a record.", 422, RULE_PROCEDURE, NULL, NULL},
    {"import.exists", "A line whose record is there already says what the record says.", 422, RULE_PROCEDURE, NULL,
     NULL},
    {"import.files", "An import comes as one file, or as a form with one file for each collection.", 422,
     RULE_PROCEDURE, NULL, NULL},
    {"import.history.parent",
     "An amendment, a follow-up, an agenda or a name of the past comes in one import with the record that it belongs "
     "to.",
     422, RULE_PRACTICE, NULL, NULL},
    {"import.history.role", "An ISMS manager moves a history in: records with what the server sets by itself.", 403,
     RULE_PRACTICE, NULL, NULL},
    {"import.history.time",
     "What happened, happened in its order, such as an approval after the conclusion, and nothing of it lies in the "
     "future.",
     422, RULE_PROCEDURE, NULL, NULL},
    {"import.id.form", "An id is a UUID of version 7, of a moment that has come.", 422, RULE_PROCEDURE, NULL, NULL},
    {"import.id.taken", "An id stands for one record.", 422, RULE_PROCEDURE, NULL, NULL},
    {"import.line.encoding", "A line is UTF-8, without NUL.", 422, RULE_PROCEDURE, NULL, NULL},
    {"import.line.json", "A line of NDJSON is a JSON object.", 422, RULE_PROCEDURE, NULL, NULL},
    {"import.line.length", "A line is no longer than the largest JSON body taken.", 422, RULE_PROCEDURE, NULL, NULL},
    {"import.lines.limit", "An import has 1,000,000 lines at most.", 422, RULE_PROCEDURE, NULL, NULL},
    {"import.parent.mismatch", "A record belongs to the review of what it hangs from.", 422, RULE_PROCEDURE, NULL,
     NULL},
    {"import.parent.required", "A line names what its record hangs from.", 422, RULE_PROCEDURE, NULL, NULL},
    {"import.partial.state",
     "What is judged with all that belongs to it, such as a review that was held or an amendment of the past, is "
     "imported all or nothing.",
     422, RULE_PROCEDURE, NULL, NULL},
    {"import.person.erased", "Of who was erased nothing comes back: name and address are the pseudonym of the id.", 422,
     RULE_PROCEDURE, NULL, NULL},
    {"import.reference.form",
     "A reference has the form that the server gives to those of its kind, and is of a year that has come.", 422,
     RULE_PROCEDURE, NULL, NULL},
    {"import.resource", "A line is of a kind of record that is imported.", 422, RULE_PROCEDURE, NULL, NULL},
    {"import.state.incomplete", "A state has been reached with the members that belong to it.", 422, RULE_PRACTICE,
     NULL, NULL},
    {"import.state.unexpected", "What belongs to another state is left out.", 422, RULE_PRACTICE, NULL, NULL},
};

const struct resource import_resource = {
    .name = "import",
    .collection = "imports",
    .title = "import",
    .description = "Records that came in by a file, CSV or NDJSON, and what became of each line.",
    .size = sizeof(struct import),
    .fields = import_fields,
    .field_count = COUNT_OF(import_fields),
    .rules = import_rules,
    .rule_count = COUNT_OF(import_rules),
    .uploaded = true,
};

const struct resource *import_kind(size_t index)
{
    return kinds[index];
}

size_t import_collection(const char *name, size_t length)
{
    size_t i = 0;
    while (i < IMPORT_KINDS &&
           (strlen(import_collections[i]) != length || memcmp(import_collections[i], name, length) != 0))
        i++;
    return i;
}

const char *import_type_by_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (dot && dot > name && strcasecmp(dot, ".csv") == 0)
        return "text/csv";
    if (dot && dot > name && (strcasecmp(dot, ".ndjson") == 0 || strcasecmp(dot, ".jsonl") == 0))
        return "application/x-ndjson";
    return NULL;
}

size_t import_kind_of(const struct resource *resource)
{
    size_t i = 0;
    while (i < IMPORT_KINDS && kinds[i] != resource)
        i++;
    return i;
}

/* --- states --------------------------------------------------------------------------------------------------------
 */

/* In which states a member is there, and in which it may be. */
struct state_member {
    const struct resource *resource;
    const char *field;
    unsigned must;
    unsigned may;
};

enum {
    HELD = STATE(REVIEW_CONCLUDED) | STATE(REVIEW_APPROVED),
    STARTED = HELD | STATE(REVIEW_IN_PROGRESS),
    ADOPTED = STATE(DECISION_ADOPTED) | STATE(DECISION_IMPLEMENTED) | STATE(DECISION_SUPERSEDED),
    DROPPED = STATE(DECISION_REJECTED) | STATE(DECISION_WITHDRAWN) | STATE(DECISION_SUPERSEDED),
    COMPLETED = STATE(ACTION_COMPLETED) | STATE(ACTION_CLOSED),
    ENDED = STATE(ACTION_CLOSED) | STATE(ACTION_CANCELLED),
    STOPPED = STATE(ACTION_BLOCKED) | STATE(ACTION_CANCELLED),
};

static const struct state_member members[] = {
    {&person_resource, "erased_at", 0, STATE(TRUTH_FALSE)},
    {&attendee_resource, "withdrawn_reason", STATE(TRUTH_TRUE), 0},
    {&input_resource, "withdrawn_reason", STATE(TRUTH_TRUE), 0},
    {&review_resource, "started_at", STARTED, 0},
    {&review_resource, "held_on", HELD, STATE(REVIEW_IN_PROGRESS)}, /* of one that was reopened */
    {&review_resource, "suitability", HELD, STATE(REVIEW_IN_PROGRESS)},
    {&review_resource, "adequacy", HELD, STATE(REVIEW_IN_PROGRESS)},
    {&review_resource, "effectiveness", HELD, STATE(REVIEW_IN_PROGRESS)},
    {&review_resource, "next_review_on", HELD, STATE(REVIEW_IN_PROGRESS)},
    {&review_resource, "concluded_at", HELD, 0},
    {&review_resource, "concluded_by", HELD, 0},
    {&review_resource, "approved_at", STATE(REVIEW_APPROVED), 0},
    {&review_resource, "approved_by", STATE(REVIEW_APPROVED), 0},
    {&review_resource, "minutes_sha256", 0, STATE(REVIEW_APPROVED)},
    {&review_resource, "cancel_reason", STATE(REVIEW_CANCELLED), 0},
    {&review_resource, "reopen_reason", 0, STARTED},
    {&decision_resource, "decided_on", ADOPTED, 0},
    {&decision_resource, "original_deadline", 0, ADOPTED},
    {&decision_resource, "superseded_by_id", STATE(DECISION_SUPERSEDED), 0},
    {&decision_resource, "status_reason", DROPPED, 0},
    {&action_item_resource, "completed_on", COMPLETED, STATE(ACTION_CANCELLED)},
    {&action_item_resource, "closed_on", STATE(ACTION_CLOSED), 0},
    {&action_item_resource, "cancelled_on", STATE(ACTION_CANCELLED), 0},
    {&action_item_resource, "ended_at", ENDED, 0},
    {&action_item_resource, "status_reason", STOPPED, 0},
    {&action_item_resource, "cancel_approved_by_id", STATE(ACTION_CANCELLED), 0},
};

void import_check_state(const struct resource *resource, const void *record, struct violations *violations)
{
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        const struct state_member *member = &members[i];
        if (member->resource != resource)
            continue;
        unsigned state = STATE(record_state(resource, record));
        const char *pointer = arena_format(violations->arena, "#/%s", member->field);
        bool is_set = field_is_set(resource_field_named(resource, member->field), record);
        if (!is_set && (member->must & state) && !violations_at(violations, pointer))
            violation_add(violations, "import.state.incomplete", pointer, "%s %s that is %s has '%s'.",
                          strchr("aeio", resource->title[0]) ? "An" : "A", resource->title,
                          record_state_name(resource, record), member->field);
        if (is_set && !((member->must | member->may) & state))
            violation_add(violations, "import.state.unexpected", pointer, "%s %s that is %s has no '%s'.",
                          strchr("aeio", resource->title[0]) ? "An" : "A", resource->title,
                          record_state_name(resource, record), member->field);
    }
}

/* --- times ---------------------------------------------------------------------------------------------------------
 */

/* A day or an instant that has come, and that is not before another one. */
static const struct {
    const struct resource *resource;
    const char *field;
    const char *before;
} moments[] = {
    {&person_resource, "erased_at", "created_at"},     {&person_resource, "legal_hold_at", "created_at"},
    {&review_resource, "started_at", "created_at"},    {&review_resource, "concluded_at", "started_at"},
    {&review_resource, "approved_at", "concluded_at"}, {&action_item_resource, "completed_on", NULL},
    {&action_item_resource, "closed_on", NULL},        {&action_item_resource, "cancelled_on", NULL},
    {&action_item_resource, "ended_at", "created_at"}, {&action_item_resource, "ended_at", "cancelled_on"},
};

/* What is known of one only to the day is compared by the day. */
static bool is_earlier(const char *a, const char *b)
{
    assert(strlen(a) >= strlen(b) && "only what comes before may be known to the day alone");
    return strncmp(a, b, strlen(b)) < 0;
}

void import_check_order(const struct resource *resource, const void *record, bool is_known, const struct instant *now,
                        struct violations *violations)
{
    for (size_t i = 0; i < COUNT_OF(moments); i++) {
        if (moments[i].resource != resource)
            continue;
        const char *text = field_of(resource_field_named(resource, moments[i].field), record);
        const char *pointer = arena_format(violations->arena, "#/%s", moments[i].field);
        const char *other = moments[i].before;
        bool judged = other && (is_known || strcmp(other, "created_at") != 0);
        const char *before = judged ? field_of(resource_field_named(resource, other), record) : "";
        if (!*text || violations_at(violations, pointer))
            continue;
        if (is_earlier(now->text, text))
            violation_add(violations, "import.history.time", pointer, "%s is still to come.", text);
        else if (*before && is_earlier(text, before))
            violation_add(violations, "import.history.time", pointer, "%s is before '%s', %s.", text, other, before);
    }
}
