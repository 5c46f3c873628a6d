/* Personal members apart from what the chain hashes: commitments, what they stand for, and erasing that. */
#include "ask.h"

#include "reviewd/digest.h"
#include "reviewd/id.h"

void personal_commitment(const char *salt, const char *value, char ret_hex[SHA256_HEX_BYTES])
{
    static const char head[] = "reviewd-personal-1\n";
    const struct bytes parts[] = {{head, sizeof head - 1}, {salt, strlen(salt)}, {"\n", 1}, {value, strlen(value)}};
    unsigned char digest[SHA256_BYTES];
    digest_sha256(parts, COUNT_OF(parts), digest);
    digest_hex(digest, sizeof digest, ret_hex);
}

/* The commitment that stands for this value already, so that a version that leaves it as it is shows no change. */
static enum found find_commitment(struct store *store, const char *person, const char *record, const char *member,
                                  const char *value, struct arena *arena, const char **ret_commitment)
{
    struct db_statement *statement =
        ASK(store,
            "SELECT commitment FROM personal WHERE person_id = $1 AND record_id = $2 AND member = $3 AND value = $4 "
            "AND salt IS NOT NULL LIMIT 1",
            person, record, member, value);
    enum db_step step = statement ? db_step(statement) : DB_ERROR;
    if (step == DB_ROW)
        *ret_commitment = ask_copy(statement, 0, arena);
    if (statement)
        db_reset(statement);
    return step == DB_ROW && *ret_commitment ? FOUND : step == DB_DONE ? ABSENT : BROKEN;
}

static const char *commit_value(struct store *store, const char *person, const char *record, const char *member,
                                const char *value, struct arena *arena)
{
    const char *known = NULL;
    enum found found = find_commitment(store, person, record, member, value, arena, &known);
    if (found != ABSENT)
        return found == FOUND ? known : NULL;
    char salt[SALT_TEXT_BYTES];
    char commitment[SHA256_HEX_BYTES];
    salt_make(salt);
    personal_commitment(salt, value, commitment);
    bool kept = ask_done(ASK(store,
                             "INSERT OR FAIL INTO personal (commitment, person_id, record_id, member, salt, value) "
                             "VALUES ($1, $2, $3, $4, $5, $6)",
                             commitment, person, record, member, salt, value));
    return kept ? arena_text(arena, commitment) : NULL;
}

const void *store_seal(struct store *store, const struct resource *resource, const void *record, struct arena *arena)
{
    if (!resource_is_personal(resource))
        return record;
    void *sealed = arena_alloc(arena, resource->size);
    bool fine = sealed != NULL;
    if (fine)
        memcpy(sealed, record, resource->size);
    for (size_t i = 0; fine && i < resource->field_count; i++) {
        const struct field *field = &resource->fields[i];
        if (!field->personal || !field_is_set(field, record))
            continue;
        const char **text = field_in(field, sealed);
        *text = commit_value(store, record_subject(resource, record)->text, ((const struct record *)record)->id.text,
                             field->name, *text, arena);
        fine = *text != NULL;
    }
    return fine && !arena_failed(arena) ? sealed : NULL;
}

/* --- back again ------------------------------------------------------------------------------------------------ */

/* No text within a body looks like this: its quotes are escaped. */
static const char begin[] = "{\"commitment\":\"";
enum { BEGIN_BYTES = sizeof begin - 1, HEX_BYTES = SHA256_HEX_BYTES - 1 };

enum found store_opening(struct store *store, const char *commitment, struct arena *arena, struct opening *ret_opening)
{
    struct db_statement *statement =
        ASK(store, "SELECT member, salt, value FROM personal WHERE commitment = $1", commitment);
    enum db_step step = statement ? db_step(statement) : DB_ERROR;
    if (step == DB_ROW) {
        ret_opening->member = ask_copy(statement, 0, arena);
        ret_opening->salt = ask_copy(statement, 1, arena);
        ret_opening->value = ask_copy(statement, 2, arena);
        step = db_whole(statement) && !arena_failed(arena) ? DB_ROW : DB_ERROR;
    }
    if (statement)
        db_reset(statement);
    return step == DB_ROW ? FOUND : step == DB_DONE ? ABSENT : BROKEN;
}

static bool put_value(struct store *store, const struct resource *resource, const char *commitment, bool with_hidden,
                      struct arena *arena, struct buffer *body)
{
    struct opening opening;
    enum found found = store_opening(store, arena_copy(arena, commitment, HEX_BYTES), arena, &opening);
    bool whole = found == FOUND && opening.member && opening.value;
    const struct field *field = whole ? resource_field_named(resource, opening.member) : NULL;
    if (field && (with_hidden || !field->hidden))
        json_put_text(body, opening.value, strlen(opening.value));
    else /* of a damaged database, too: its history can still be read */
        buffer_put(body, "null");
    return found != BROKEN;
}

const char *store_opened(struct store *store, const struct resource *resource, const char *body, bool with_hidden,
                         struct arena *arena)
{
    if (!resource_is_personal(resource) || !strstr(body, begin))
        return body;
    struct buffer opened = {0};
    bool fine = true;
    const char *at;
    while (fine && (at = strstr(body, begin)) && strlen(at) >= BEGIN_BYTES + HEX_BYTES + 2) {
        buffer_add(&opened, body, (size_t)(at - body));
        fine = put_value(store, resource, at + BEGIN_BYTES, with_hidden, arena, &opened);
        body = at + BEGIN_BYTES + HEX_BYTES + 2; /* and "} */
    }
    buffer_put(&opened, body);
    fine = fine && !buffer_failed(&opened);
    const char *text = fine ? arena_copy(arena, opened.data, opened.length) : NULL;
    buffer_finish(&opened);
    return arena_failed(arena) ? NULL : text;
}
