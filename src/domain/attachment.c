#include "reviewd/attachment.h"

#include "reviewd/action_item.h"
#include "reviewd/decision.h"
#include "reviewd/media_type.h"
#include "reviewd/review.h"

enum { NAME_MAX_CHARACTERS = 255 };

#define RECORD struct attachment
static const struct field attachment_fields[] = {
    {"review_id", FIELD_REF(review_id, "review"), .read_only = true,
     .description = "The review that it hangs from, itself or by what follows.", .example = "\"MR-2026-01\""},
    {"input_id", FIELD_REF(input_id, "input"), .read_only = true, .description = "The input that it is evidence of."},
    {"decision_id", FIELD_REF(decision_id, "decision"), .read_only = true,
     .description = "The decision that it is evidence of."},
    {"action_item_id", FIELD_REF(action_item_id, "action_item"), .read_only = true,
     .description = "The action item that it is evidence of."},
    {"follow_up_id", FIELD_REF(follow_up_id, "follow_up"), .read_only = true,
     .description = "The follow-up that it is evidence of."},
    {"name", FIELD_TEXT(name), .read_only = true, .sortable = true, .searched = true, .min = 1,
     .max = NAME_MAX_CHARACTERS, .description = "The file's name, without folders.", .example = "\"scan-2026-10.csv\""},
    {"media_type", FIELD_TEXT(media_type), .read_only = true, .searched = true, .min = 3, .max = 100,
     .description = "What it is by its content; what was declared, where the content can be that.",
     .example = "\"text/csv\""},
    {"size", FIELD_INTEGER(size), .read_only = true, .sortable = true, .min = 1, .description = "In bytes.",
     .example = "24"},
    {"sha256", FIELD_TEXT(sha256), .read_only = true, .searched = true, .min = 64, .max = 64,
     .description = "The SHA-256 of its bytes, in lower-case hexadecimal digits.",
     .example = "\"eded671cf6ab17ddc1f65ec4c4b657895769ec23da1f50d21a033bc69d791422\""},
    {"description", FIELD_TEXT(description), .searched = true, .max = 2000, .description = "What it shows.",
     .example = "\"Scanner report, October\""},
    {"withdrawn", FIELD_TRUTH(withdrawn), .read_only = true, .initial = TRUTH_FALSE,
     .description = "Whether the file was taken back; it can still be read.", .example = "false"},
    {"withdrawn_reason", FIELD_TEXT(withdrawn_reason), .read_only = true, .by_verb = true, .searched = true, .min = 1,
     .description = "Why.", .example = "\"It is the report of another month.\""},
};

static const struct rule attachment_rules[] = {
    {"attachment.single", "A request brings one file.", 422, RULE_PROCEDURE, NULL, NULL},
    {"attachment.empty", "An evidence file has something in it.", 422, RULE_PRACTICE, NULL, NULL},
    {"attachment.name",
     "A file comes with its name, in 255 characters at most, without control characters and such as change the "
     "direction "
     "of writing.",
     422, RULE_PROCEDURE, NULL, NULL},
    {"attachment.type",
     "An evidence file is by its content a document, a picture, a text, an e-mail or an archive, and never HTML, SVG, "
     "a "
     "script or a program.",
     422, RULE_PROCEDURE, NULL, NULL},
};

static const struct argument withdraw_arguments[] = {{"reason", "withdrawn_reason", true, 0}};
static const struct transition attachment_transitions[] = {
    {"withdraw", STATE(TRUTH_FALSE), TRUTH_TRUE, withdraw_arguments, COUNT_OF(withdraw_arguments),
     "Takes a file back; nothing of it is deleted."},
};

const struct resource attachment_resource = {
    .name = "attachment",
    .collection = "attachments",
    .title = "attachment",
    .description = "An evidence file on a review, input, decision, action item or follow-up (9.3.3).",
    .size = sizeof(struct attachment),
    .fields = attachment_fields,
    .field_count = COUNT_OF(attachment_fields),
    .state = "withdrawn",
    .transitions = attachment_transitions,
    .transition_count = COUNT_OF(attachment_transitions),
    .rules = attachment_rules,
    .rule_count = COUNT_OF(attachment_rules),
    .withdrawable = true,
    .uploaded = true,
};

/* The code point at text, which is UTF-8; *ret_length is its bytes. */
static unsigned code_point(const char *text, size_t *ret_length)
{
    const unsigned char *c = (const unsigned char *)text;
    size_t length = c[0] >= 0xF0 ? 4 : c[0] >= 0xE0 ? 3 : c[0] >= 0xC0 ? 2 : 1;
    unsigned point = length == 1 ? c[0] : c[0] & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; i++)
        point = point << 6 | (c[i] & 0x3F);
    *ret_length = length;
    return point;
}

/* Controls, ends of lines, and what turns the rest of a name around so that "gpj.exe" reads "exe.jpg". */
static bool is_treacherous(unsigned point)
{
    return point < 0x20 || (point >= 0x7F && point <= 0x9F) || (point >= 0x2028 && point <= 0x202E) ||
           (point >= 0x2066 && point <= 0x2069);
}

const char *attachment_name(struct arena *arena, const char *sent, const char **ret_wrong)
{
    const char *name = sent ? sent : "";
    for (const char *at = name; *at; at++)
        name = *at == '/' || *at == '\\' ? at + 1 : name;
    name += strspn(name, " ");
    size_t length = strlen(name);
    while (length && name[length - 1] == ' ')
        length--;
    *ret_wrong = NULL;
    size_t characters = 0;
    for (size_t at = 0, step; at < length; at += step, characters++) {
        if (is_treacherous(code_point(name + at, &step)))
            *ret_wrong = "The file's name has characters that control how it is written.";
    }
    if (strspn(name, ".") == length)
        *ret_wrong = "Name the file: in Content-Disposition, as filename or filename*, or in the form.";
    else if (characters > NAME_MAX_CHARACTERS)
        *ret_wrong = "The file's name is longer than 255 characters.";
    return *ret_wrong ? NULL : arena_copy(arena, name, length);
}

static void check_place(const struct attachment_facts *facts, struct violations *violations)
{
    if (!facts->action_item_status && !facts->of_follow_up)
        review_check_frozen(facts->review_status, violations);
    if (facts->input_withdrawn)
        violation_add(violations, "input.withdrawn", NULL, "The input was withdrawn; its files stay as they are.");
    if (facts->decision_status && decision_is_ended(facts->decision_status))
        violation_add(violations, "decision.ended", NULL, "The decision is %s; its files stay as they are.",
                      decision_status_names[facts->decision_status - 1]);
    if (action_item_is_ended(facts->action_item_status))
        violation_add(violations, "action_item.ended", NULL,
                      "The action item is %s; its files stay as they are. Its follow-ups still take some.",
                      action_item_status_names[facts->action_item_status - 1]);
}

static void check_file(const struct attachment *after, const struct attachment_facts *facts,
                       struct violations *violations)
{
    if (facts->files != 1) {
        violation_add(violations, "attachment.single", NULL,
                      facts->files ? "There is more than one file in the form; send each in a request of its own."
                                   : "There is no file in the form: a part with a file name.");
        return;
    }
    if (facts->name_wrong)
        violation_add(violations, "attachment.name", NULL, "%s", facts->name_wrong);
    if (!after->size.value)
        violation_add(violations, "attachment.empty", NULL, "The file is empty.");
    else if (!after->media_type)
        violation_add(
            violations, "attachment.type", NULL,
            "What the file holds, its name's ending and its Content-Type do not agree on any of what is taken: %s.",
            media_types_taken);
}

void attachment_check(const struct attachment *after, const char *verb, const struct attachment_facts *facts,
                      struct violations *violations)
{
    check_place(facts, violations);
    if (!verb)
        check_file(after, facts, violations);
}
