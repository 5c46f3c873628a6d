#include "reviewd/person.h"

#include <stdio.h>
#include <strings.h>

#define RECORD struct person

const char *const role_names[] = {"top_management", "isms_manager", "department_head", "employee", "auditor"};

static const struct field person_fields[] = {
    {"name", FIELD_TEXT(name), .required = true, .min = 1, .max = 200, .sortable = true, .searched = true,
     .personal = true, .description = "The person's name as minutes show it.", .example = "\"Ana Horvat\""},
    {"email", FIELD_TEXT(email), .required = true, .max = 254, .sortable = true, .searched = true, .email = true,
     .personal = true, .description = "Unique in any case; takes the place of the id in paths and references.",
     .example = "\"ana.horvat@example.org\""},
    {"role", FIELD_ENUM(role, role_names), .required = true,
     .description = "What the person may do (ISO/IEC 27001, 5.3).", .example = "\"isms_manager\""},
    {"job_title", FIELD_TEXT(job_title), .max = 200, .searched = true, .description = "The position held.",
     .example = "\"Information security manager\""},
    {"department", FIELD_TEXT(department), .max = 200, .searched = true,
     .description = "A department head may amend action items whose owner has the same department.",
     .example = "\"IT\""},
    {"external", FIELD_TRUTH(external), .initial = TRUTH_FALSE,
     .description = "Whether the person is from outside the organisation.", .example = "false"},
    {"active", FIELD_TRUTH(active), .initial = TRUTH_TRUE,
     .description = "An inactive person is named in nothing new, and their tokens are refused.", .example = "true"},
    {"erased_at", FIELD_INSTANT(erased_at), .read_only = true,
     .description = "When name and address were replaced by a pseudonym, for good."},
    {"legal_hold_at", FIELD_INSTANT(legal_hold_at), .read_only = true,
     .description = "When the legal hold was put on the person, who is not erased while it is there."},
    {"privacy_reason", FIELD_TEXT(privacy_reason), .read_only = true, .by_verb = true, .hidden = true, .personal = true,
     .min = 1, .max = 2000, .description = "Why the person was erased, or a legal hold put on or taken off.",
     .example = "\"Left the company; asked for erasure on 2026-11-02.\""},
};

static const struct rule person_rules[] = {
    {"person.email.format", "A person's e-mail address has the form local@domain.", 422, RULE_PROCEDURE, NULL, NULL},
    {"person.email.unique", "No two people have the same e-mail address, in any case.", 422, RULE_PROCEDURE, NULL,
     NULL},
    {"person.deactivate.open_commitments", "Who still owns an open decision or action item is not made inactive.", 409,
     RULE_PRACTICE, NULL, NULL},
    {"person.erased", "An erased person stays as it is.", 409, RULE_PROCEDURE, NULL, NULL},
    {"person.erase.legal_hold", "Nobody is erased while a legal hold is on them.", 409, RULE_PRACTICE, NULL, NULL},
    {"person.erase.plain_history",
     "Nobody is erased whose name or address was hashed as it was, by a reviewd without commitments.", 409,
     RULE_PROCEDURE, NULL, NULL},
    {"person.hold.held", "A legal hold is put on a person who has none.", 409, RULE_PROCEDURE, NULL, NULL},
    {"person.release.not_held", "A legal hold is taken off a person who has one.", 409, RULE_PROCEDURE, NULL, NULL},
};

static const struct argument erase_arguments[] = {{"reason", "privacy_reason", true, 10}};
static const struct argument hold_arguments[] = {{"reason", "privacy_reason", true, 0}};

static const struct transition person_transitions[] = {
    {"deactivate", STATE(TRUTH_TRUE), TRUTH_FALSE, NULL, 0, "Makes the person inactive."},
    {"activate", STATE(TRUTH_FALSE), TRUTH_TRUE, NULL, 0, "Makes the person active again."},
    {"erase", STATE(TRUTH_TRUE) | STATE(TRUTH_FALSE), TRUTH_FALSE, erase_arguments, COUNT_OF(erase_arguments),
     "Replaces name and e-mail address by a pseudonym for good: in the record, all of its history, the index of words, "
     "kept answers to an `Idempotency-Key`, and as `name_at_review` in reviews that are neither concluded nor "
     "approved. "
     "What was concluded or approved stays as it is: attendees, revisions, minutes. So do texts that people wrote, job "
     "title and department. The person is made inactive, by the same rules, and their tokens are revoked. The "
     "audit log still verifies: it hashes salted commitments to name and address, whose salts go with them. The reason "
     "is told to who may read the audit log (`/v1/people/{id}/sealed-history`). Backups made before hold the name "
     "still."},
    {"hold", STATE(TRUTH_TRUE) | STATE(TRUTH_FALSE), 0, hold_arguments, COUNT_OF(hold_arguments),
     "Puts a legal hold on the person, who is not erased until it is released. The reason is told to who may read the "
     "audit log."},
    {"release", STATE(TRUTH_TRUE) | STATE(TRUTH_FALSE), 0, hold_arguments, COUNT_OF(hold_arguments),
     "Takes the legal hold off. The reason is told to who may read the audit log."},
};

const struct resource person_resource = {
    .name = "person",
    .collection = "people",
    .title = "person",
    .description = "Everyone who owns, chairs, attends, decides or audits.",
    .size = sizeof(struct person),
    .fields = person_fields,
    .field_count = COUNT_OF(person_fields),
    .state = "active",
    .transitions = person_transitions,
    .transition_count = COUNT_OF(person_transitions),
    .rules = person_rules,
    .rule_count = COUNT_OF(person_rules),
    .found_by = "email",
    .importable = true,
};

static bool is_label(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c >= 0x80;
}

bool email_is_valid(const char *email)
{
    const char *at = strrchr(email, '@');
    if (!at || at == email || at - email > 64 || strchr(email, '@') != at)
        return false;
    for (const char *c = email; c < at; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7F || strchr("\"(),:;<>[\\]", *c))
            return false;
        if (*c == '.' && (c == email || c[1] == '.' || c + 1 == at))
            return false;
    }
    size_t dots = 0;
    size_t label = 0;
    for (const char *c = at + 1; *c; c++) {
        if (*c == '.') {
            if (!label || c[-1] == '-')
                return false;
            label = 0;
            dots++;
        } else if (!is_label((unsigned char)*c) || (*c == '-' && !label) || ++label > 63) {
            return false;
        }
    }
    return dots > 0 && label > 0 && email[strlen(email) - 1] != '-';
}

const char *named_text(struct arena *arena, const struct named *named)
{
    if (!id_is_set(&named->id))
        return "Something that you may not see";
    return arena_format(arena, "%s '%.200s'", named->reference, named->title);
}

static void check_commitment(const struct named *named, struct violations *violations)
{
    if (id_is_set(&named->id))
        violation_add(violations, "person.deactivate.open_commitments", "#/active",
                      "Still owns the %s %s (%s), '%.200s'. Give it another owner by an amendment first.",
                      named->resource->title, named->reference, named->id.text, named->title);
    else
        violation_add(violations, "person.deactivate.open_commitments", "#/active",
                      "Still owns something that you may not see. Ask an ISMS manager to give it another owner first.");
}

#define ERASED_DOMAIN "@erased.invalid"

/* The address is unique as the id is; of the name the last twelve digits, which are random (RFC 9562, 5.7), tell most
 * people apart. The domain cannot exist (RFC 2606). */
struct pseudonym person_pseudonym(const struct id *person)
{
    struct pseudonym made;
    snprintf(made.name, sizeof made.name, "Erased person %.12s", person->text + 24);
    snprintf(made.email, sizeof made.email, "erased-%s" ERASED_DOMAIN, person->text);
    return made;
}

const char *pseudonym_of(const struct pseudonym *pseudonym, const struct field *field)
{
    return field->hidden ? NULL : field->email ? pseudonym->email : pseudonym->name;
}

static void check_privacy(const struct person *before, const char *verb, const struct person_facts *facts,
                          struct violations *violations)
{
    bool held = instant_is_set(&before->legal_hold_at);
    if (!verb)
        return;
    if (strcmp(verb, "erase") == 0 && held)
        violation_add(violations, "person.erase.legal_hold", NULL,
                      "A legal hold is on this person since %s. Release it first, if the reason for it is gone.",
                      before->legal_hold_at.text);
    if (strcmp(verb, "erase") == 0 && facts->has_plain_history)
        violation_add(violations, "person.erase.plain_history", NULL,
                      "Versions of before this reviewd hold name or address within the audit chain, where they "
                      "cannot be taken out without breaking it.");
    if (strcmp(verb, "hold") == 0 && held)
        violation_add(violations, "person.hold.held", NULL, "A legal hold is on this person since %s.",
                      before->legal_hold_at.text);
    if (strcmp(verb, "release") == 0 && !held)
        violation_add(violations, "person.release.not_held", NULL, "No legal hold is on this person.");
}

static bool is_reserved(const char *email)
{
    size_t length = strlen(email);
    size_t tail = sizeof ERASED_DOMAIN - 1;
    return length > tail && strcasecmp(email + length - tail, ERASED_DOMAIN) == 0;
}

void person_check(const struct person *after, const struct person *before, const char *verb,
                  const struct person_facts *facts, struct violations *violations)
{
    if (before && instant_is_set(&before->erased_at)) {
        violation_add(violations, "person.erased", NULL, "This person was erased at %s, for good.",
                      before->erased_at.text);
        return;
    }
    if (before)
        check_privacy(before, verb, facts, violations);
    required_check(&person_resource, after, violations);
    if (after->email && !email_is_valid(after->email))
        violation_add(violations, "person.email.format", "#/email",
                      "'%.100s' is no e-mail address of the form local@domain.", after->email);
    else if (after->email && is_reserved(after->email))
        violation_add(violations, "person.email.format", "#/email",
                      "'%.100s' is no address that anybody has: its domain is kept for erased people.", after->email);
    if (facts->email_taken)
        violation_add(violations, "person.email.unique", "#/email", "Another person has the address '%.254s'.",
                      after->email);
    if (!before || before->active != TRUTH_TRUE || after->active != TRUTH_FALSE)
        return;
    for (size_t i = 0; i < facts->commitment_count; i++)
        check_commitment(&facts->commitments[i], violations);
}
