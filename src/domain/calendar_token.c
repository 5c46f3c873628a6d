#include "reviewd/calendar_token.h"

#define RECORD struct calendar_token

static const char *const status_names[] = {"active", "revoked"};

static const struct field calendar_token_fields[] = {
    {"person_id", FIELD_REF(person_id, "person"), .fixed = true,
     .description = "Whose calendar it opens: what this person may see. Whoever asks, if left out.",
     .example = "\"ana.horvat@example.org\""},
    {"label", FIELD_TEXT(label), .required = true, .min = 1, .max = 200, .description = "Where it is used.",
     .example = "\"Calendar on the telephone\""},
    {"role", FIELD_ENUM(role, role_names), .read_only = true,
     .description = "It shows no more than this role reads: that of the token by which it was made, where that one "
                    "carries less than its person."},
    {"expires_at", FIELD_INSTANT(expires_at), .fixed = true,
     .description = "From when on it is refused; never if left out."},
    {"status", FIELD_ENUM(status, status_names), .read_only = true, .initial = CALENDAR_TOKEN_ACTIVE,
     .description = "Whether it was revoked.", .example = "\"active\""},
    {"revoked_at", FIELD_INSTANT(revoked_at), .read_only = true, .description = "When it was revoked."},
    {"token", FIELD_TEXT(token), .read_only = true, .derived = true, .max = 60,
     .description = "The token, in the answer to its creation and never again: only its hash is kept."},
    {"url", FIELD_TEXT(url), .read_only = true, .derived = true, .max = 1000,
     .description =
         "The calendar's address, with the token: what a calendar program subscribes to. It is told with the "
         "token, and begins with the setting `public_url` where there is one."},
};

static const struct rule calendar_token_rules[] = {
    {"calendar_token.expires_at.in_past", "A feed token expires at an instant that is still to come.", 422,
     RULE_PROCEDURE, NULL, NULL},
    {"calendar_token.revoked", "A revoked feed token stays as it is.", 409, RULE_PROCEDURE, NULL, NULL},
};

static const struct transition calendar_token_transitions[] = {
    {"revoke", STATE(CALENDAR_TOKEN_ACTIVE), CALENDAR_TOKEN_REVOKED, NULL, 0, "It opens nothing any more."},
};

const struct resource calendar_token_resource = {
    .name = "calendar_token",
    .collection = "calendar-tokens",
    .title = "calendar token",
    .description = "A feed token: it opens the calendar of one person, and nothing else. Everybody has their own; ISMS "
                   "managers make and revoke them for anybody.",
    .size = sizeof(struct calendar_token),
    .fields = calendar_token_fields,
    .field_count = COUNT_OF(calendar_token_fields),
    .state = "status",
    .transitions = calendar_token_transitions,
    .transition_count = COUNT_OF(calendar_token_transitions),
    .rules = calendar_token_rules,
    .rule_count = COUNT_OF(calendar_token_rules),
};

void calendar_token_check(const struct calendar_token *after, const struct calendar_token *before, const char *verb,
                          const struct instant *now, struct violations *violations)
{
    required_check(&calendar_token_resource, after, violations);
    if (before && !verb && before->status == CALENDAR_TOKEN_REVOKED)
        violation_add(violations, "calendar_token.revoked", NULL, "This token was revoked; make another one.");
    if (!before && instant_is_set(&after->expires_at) && strcmp(after->expires_at.text, now->text) <= 0)
        violation_add(violations, "calendar_token.expires_at.in_past", "#/expires_at", "%s is over.",
                      after->expires_at.text);
}
