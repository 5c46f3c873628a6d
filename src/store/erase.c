/* Erasing what is kept of a person: values behind commitments, kept answers, words in the index. */
#include "ask.h"

bool store_has_plain_history(struct store *store, const struct id *person, bool *ret_has)
{
    int64_t count = 0;
    bool read = ask_integer(
        ASK(store, "SELECT count(*) FROM version WHERE record_id = $1 AND json_type(body, '$.name') = 'text'",
            person->text),
        &count);
    *ret_has = count > 0;
    return read;
}

/* What a concluded or approved review says, and what one said when it was approved (so that its kept revision can still
 * be made again): the attendee's version that was in force then. */
#define EVIDENCE                                                                                                       \
    "EXISTS (SELECT 1 FROM attendee AS t JOIN review AS r ON r.id = t.review_id JOIN version AS v ON v.record_id = "   \
    "t.id WHERE t.id = personal.record_id AND (v.body ->> '$.name_at_review.commitment') = personal.commitment AND "   \
    "((v.version = t.version AND r.status IN ('concluded', 'approved')) OR EXISTS (SELECT 1 FROM version AS x JOIN "   \
    "audit_log AS a ON a.seq = x.seq WHERE x.record_id = r.id AND a.event = 'review.approve' AND x.seq > v.seq AND "   \
    "NOT EXISTS (SELECT 1 FROM version AS w WHERE w.record_id = t.id AND w.seq > v.seq AND w.seq < x.seq))))"

/* Of the same member of the same kind of record: a name, an address. */
struct kept_value {
    const char *member;
    const char *value;
};

static void value_row(struct db_statement *statement, struct arena *arena, void *item)
{
    struct kept_value *kept = item;
    kept->member = ask_copy(statement, 0, arena);
    kept->value = ask_copy(statement, 1, arena);
}

/* The pseudonym in the place of a value, and what a refusal quotes of it dropped: it wrote nothing, and may be judged
 * anew. Of a common word the person's own answers alone are meant. */
static bool redact_answers(struct store *store, const struct id *person, const char *value, const char *in_place,
                           struct arena *arena)
{
    struct buffer text = {0};
    json_put_text(&text, value, strlen(value));
    bool fine = !buffer_failed(&text);
    const char *json = fine ? arena_copy(arena, text.data, text.length) : "";
    buffer_finish(&text);
    return fine && !arena_failed(arena) &&
           ask_done(ASK(store,
                        "UPDATE idempotency SET body = CAST(replace(CAST(body AS TEXT), $1, $2) AS BLOB) WHERE "
                        "instr(body, CAST($1 AS BLOB)) > 0 AND instr(body, CAST($3 AS BLOB)) > 0",
                        json, arena_format(arena, "\"%s\"", in_place), person->text)) &&
           ask_done(ASK(store,
                        "DELETE FROM idempotency WHERE status >= 400 AND instr(lower(CAST(body AS TEXT)), lower($1)) > "
                        "0",
                        arena_format(arena, "'%.*s'", (int)strlen(json) - 2, json + 1)));
}

bool store_erase_person(struct store *store, const struct id *person, struct arena *arena)
{
    const struct pseudonym pseudonym = person_pseudonym(person);
    void *rows;
    size_t count;
    if (DB_FAILPOINT(store->db, "erase.values") ||
        !ask_rows(
            ASK(store,
                "SELECT DISTINCT member, value FROM personal WHERE person_id = $1 AND salt IS NOT NULL AND member "
                "<> 'privacy_reason' AND value <> $2 AND value <> $3",
                person->text, pseudonym.name, pseudonym.email),
            arena, sizeof(struct kept_value), value_row, &rows, &count) ||
        arena_failed(arena))
        return false;
    const struct kept_value *values = rows; /* NULL without any */
    bool fine = true;
    for (size_t i = 0; fine && i < count; i++)
        fine = redact_answers(store, person, values[i].value,
                              strcmp(values[i].member, "email") == 0 ? pseudonym.email : pseudonym.name, arena);
    store->scrubs = true;
    return fine && ask_done(ASK(store,
                                "UPDATE personal SET salt = NULL, value = CASE member WHEN 'email' THEN $3 ELSE $2 END "
                                "WHERE person_id = $1 AND salt IS NOT NULL AND member <> 'privacy_reason' AND value <> "
                                "$2 AND value <> $3 AND NOT " EVIDENCE,
                                person->text, pseudonym.name, pseudonym.email));
}

bool store_purge_words(struct store *store)
{
    return !DB_FAILPOINT(store->db, "erase.words") && db_words_purge(store->db, person_resource.name) &&
           db_words_purge(store->db, attendee_resource.name);
}

/* --- whom and what it meets ------------------------------------------------------------------------------------- */

bool store_unfrozen_attendees(struct store *store, const struct id *person, struct arena *arena,
                              const struct id **ret_ids, size_t *ret_count)
{
    const struct pseudonym pseudonym = person_pseudonym(person);
    return ask_ids(ASK(store,
                       "SELECT t.id FROM attendee AS t JOIN review AS r ON r.id = t.review_id WHERE t.person_id = $1 "
                       "AND r.status NOT IN ('concluded', 'approved') AND t.name_at_review <> $2 ORDER BY t.id",
                       person->text, pseudonym.name),
                   arena, ret_ids, ret_count);
}

bool store_erased_attendees(struct store *store, const struct id *review, struct arena *arena,
                            const struct id **ret_people, size_t *ret_count)
{
    return ask_ids(ASK(store,
                       "SELECT DISTINCT t.person_id FROM attendee AS t JOIN person AS p ON p.id = t.person_id WHERE "
                       "t.review_id = $1 AND p.erased_at IS NOT NULL",
                       review->text),
                   arena, ret_people, ret_count);
}

bool store_good_tokens(struct store *store, const struct id *person, const struct resource *resource,
                       struct arena *arena, const struct id **ret_ids, size_t *ret_count)
{
    return ask_ids(
        resource == &token_resource
            ? ASK(store, "SELECT id FROM token WHERE person_id = $1 AND revoked_at IS NULL", person->text)
            : ASK(store, "SELECT id FROM calendar_token WHERE person_id = $1 AND revoked_at IS NULL", person->text),
        arena, ret_ids, ret_count);
}
