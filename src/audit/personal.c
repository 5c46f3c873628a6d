/* What the chain has commitments to is not hashed itself: whether it opens them. */
#include "verify.h"

#include "reviewd/person.h"

#include <stdio.h>

/* A salt that is gone is the sign of erasing, which the person's record has to say, too. */
static const char *judge_row(struct db_statement *statement, const struct resource *resource)
{
    const char *salt = db_text(statement, 3);
    const char *value = db_text(statement, 4);
    const struct field *field = resource_field_named(resource, db_text(statement, 2));
    char commitment[65];
    if (!value) /* the schema does not let it be, as long as it is the schema */
        return "is none";
    if (salt) {
        personal_commitment(salt, value, commitment);
        return strcmp(commitment, db_text(statement, 0)) == 0 ? NULL : "does not open its commitment";
    }
    struct id person;
    if (!db_text(statement, 5) || !field)
        return "has no salt, but its person was not erased";
    snprintf(person.text, sizeof person.text, "%s", db_text(statement, 5));
    const struct pseudonym pseudonym = person_pseudonym(&person);
    const char *wanted = pseudonym_of(&pseudonym, field);
    return wanted && strcmp(value, wanted) == 0 ? NULL : "was erased, but is not the person's pseudonym";
}

/* Each row, with its resource: where no version of its record has the commitment, nothing else would miss it. */
static bool verify_rows(struct store *store, struct arena *arena, const struct resource *resource,
                        struct audit_finding *finding)
{
    const char *sql = arena_format(
        arena,
        "SELECT k.commitment, k.record_id, k.member, k.salt, k.value, (SELECT p.id FROM person AS p WHERE p.id = "
        "k.person_id AND p.erased_at IS NOT NULL), EXISTS (SELECT 1 FROM version AS v WHERE v.record_id = k.record_id "
        "AND json_extract(v.body, '$.' || k.member || '.commitment') = k.commitment AND k.person_id = %s) FROM "
        "personal AS k JOIN %s AS t ON t.id = k.record_id ORDER BY k.key",
        resource == &person_resource ? "v.record_id" : "json_extract(v.body, '$.person_id')", resource->name);
    struct db_statement *statement = verify_query(store, arena, sql);
    enum db_step step = DB_ERROR;
    while (statement && !finding->text[0] && (step = db_step(statement)) == DB_ROW) {
        const char *wrong = db_integer(statement, 6) ? judge_row(statement, resource)
                                                     : "is there, but no version of the record speaks of it";
        if (!db_whole(statement)) {
            step = DB_ERROR;
            break;
        }
        if (wrong)
            snprintf(finding->text, sizeof finding->text, "%s %s: the value kept of '%s' %s", resource->name,
                     db_text(statement, 1), db_text(statement, 2), wrong);
    }
    if (statement)
        db_reset(statement);
    return finding->text[0] || step == DB_DONE;
}

static bool verify_member(struct store *store, struct arena *arena, const struct resource *resource,
                          const struct field *field, struct audit_finding *finding)
{
    const char *sql =
        arena_format(arena,
                     "SELECT a.seq, a.resource_id FROM audit_log AS a JOIN version AS v ON v.seq = a.seq WHERE "
                     "a.resource = '%s' AND (v.body ->> '$.%s.commitment') IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "
                     "personal AS k WHERE k.commitment = (v.body ->> '$.%s.commitment') AND k.record_id = v.record_id "
                     "AND k.member = '%s') LIMIT 1",
                     resource->name, field->name, field->name, field->name);
    struct db_statement *statement = verify_query(store, arena, sql);
    enum db_step step = statement ? db_step(statement) : DB_ERROR;
    if (step == DB_ROW)
        snprintf(finding->text, sizeof finding->text,
                 "audit entry %lld: the value of '%s' of the %s %s that it has a commitment to is missing",
                 (long long)db_integer(statement, 0), field->name, resource->name, db_text(statement, 1));
    if (statement)
        db_reset(statement);
    return step != DB_ERROR;
}

/* Of a record that there is not. */
static bool verify_place(struct store *store, struct audit_finding *finding)
{
    struct db_statement *statement =
        db_fixed(store->db, "SELECT k.member, k.record_id FROM personal AS k WHERE NOT EXISTS (SELECT 1 FROM version "
                            "AS v WHERE v.record_id = k.record_id) LIMIT 1");
    enum db_step step = statement ? db_step(statement) : DB_ERROR;
    if (step == DB_ROW)
        snprintf(finding->text, sizeof finding->text, "record %s: a value of '%s' is kept, but no version of it",
                 db_text(statement, 1), db_text(statement, 0));
    if (statement)
        db_reset(statement);
    return step != DB_ERROR;
}

bool verify_personal(struct store *store, struct arena *arena, struct audit_finding *finding)
{
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        if (!resource_is_personal(resources[i]))
            continue;
        if (!finding->text[0] && !verify_rows(store, arena, resources[i], finding))
            return false;
        for (size_t f = 0; f < resources[i]->field_count; f++) {
            const struct field *field = &resources[i]->fields[f];
            if (field->personal && !finding->text[0] && !verify_member(store, arena, resources[i], field, finding))
                return false;
        }
    }
    return finding->text[0] || verify_place(store, finding);
}
