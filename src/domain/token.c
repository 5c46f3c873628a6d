#include "reviewd/token.h"

#define RECORD struct token

static const struct field token_fields[] = {
    {"person_id", FIELD_REF(person_id, "person"), .required = true, .description = "Who calls with it."},
    {"label", FIELD_TEXT(label), .required = true, .min = 1, .max = 200, .description = "What it is for."},
    {"role", FIELD_ENUM(role, role_names), .description = "Carries no more than this role may."},
    {"read_only", FIELD_TRUTH(read_only), .initial = TRUTH_FALSE, .description = "Whether it writes nothing."},
    {"expires_at", FIELD_INSTANT(expires_at), .description = "From when on it is refused."},
    {"revoked_at", FIELD_INSTANT(revoked_at), .read_only = true, .description = "When it was revoked."},
};

const struct resource token_resource = {
    .name = "token",
    .title = "token",
    .description = "A bearer token; made, listed and revoked on the command line.",
    .size = sizeof(struct token),
    .fields = token_fields,
    .field_count = COUNT_OF(token_fields),
};
