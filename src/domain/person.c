#include "reviewd/person.h"

#define RECORD struct person

const char *const role_names[] = {"top_management", "isms_manager", "department_head", "employee", "auditor"};

static const struct field person_fields[] = {
    {"name", FIELD_TEXT(name), .required = true, .min = 1, .max = 200, .sortable = true, .searched = true,
     .description = "The person's name as minutes show it.", .example = "\"Ana Horvat\""},
    {"email", FIELD_TEXT(email), .required = true, .max = 254, .sortable = true, .searched = true, .email = true,
     .description = "Unique in any case; takes the place of the id in paths and references.",
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
};

static const struct rule person_rules[] = {
    {"person.email.format", "A person's e-mail address has the form local@domain.", 422, RULE_PROCEDURE, NULL, NULL},
    {"person.email.unique", "No two people have the same e-mail address, in any case.", 422, RULE_PROCEDURE, NULL,
     NULL},
    {"person.deactivate.open_commitments", "Who still owns an open decision or action item is not made inactive.", 409,
     RULE_PRACTICE, NULL, NULL},
};

static const struct transition person_transitions[] = {
    {"deactivate", STATE(TRUTH_TRUE), TRUTH_FALSE, NULL, 0, "Makes the person inactive."},
    {"activate", STATE(TRUTH_FALSE), TRUTH_TRUE, NULL, 0, "Makes the person active again."},
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

void person_check(const struct person *after, const struct person *before, const struct person_facts *facts,
                  struct violations *violations)
{
    required_check(&person_resource, after, violations);
    if (after->email && !email_is_valid(after->email))
        violation_add(violations, "person.email.format", "#/email",
                      "'%.100s' is no e-mail address of the form local@domain.", after->email);
    if (facts->email_taken)
        violation_add(violations, "person.email.unique", "#/email", "Another person has the address '%.254s'.",
                      after->email);
    if (!before || before->active != TRUTH_TRUE || after->active != TRUTH_FALSE)
        return;
    for (size_t i = 0; i < facts->commitment_count; i++)
        check_commitment(&facts->commitments[i], violations);
}
