#include "verify.h"

#include "reviewd/content.h"

#include <limits.h>
#include <stdio.h>

struct db_statement *verify_query(struct store *store, const struct arena *arena, const char *sql)
{
    return arena_failed(arena) ? NULL : db_query(store->db, sql);
}

const char *verify_reference(const struct record *record)
{
    return record->reference ? record->reference : "no reference";
}

struct walk {
    struct audit_finding *finding;
    bool broken; /* memory ran out */
};

/* One entry: that it follows the one before, that its hash is right. */
static bool walk_entry(void *context, const struct audit_entry *entry)
{
    struct walk *walk = context;
    struct audit_finding *finding = walk->finding;
    char hash[65] = "";
    const char *wrong = NULL;
    walk->broken = !audit_entry_hash(entry, hash);
    if (walk->broken)
        return false;
    if (entry->seq != finding->head.seq + 1)
        wrong = "an entry before it is missing";
    else if (strcmp(entry->previous_hash, finding->head.hash) != 0)
        wrong = "its previous_hash is not the hash of the entry before";
    else if (strcmp(entry->hash, hash) != 0)
        wrong = "its hash is not that of what it says";
    if (wrong) {
        snprintf(finding->text, sizeof finding->text, "audit entry %lld (%s of %s): %s", (long long)entry->seq,
                 entry->event, entry->resource_id.text, wrong);
        return false;
    }
    finding->head.seq = entry->seq;
    memcpy(finding->head.hash, entry->hash, sizeof finding->head.hash);
    return true;
}

/* Every entry has its version, whose body has the hash that the entry says. */
static bool verify_versions(struct store *store, struct audit_finding *finding)
{
    struct db_statement *statement =
        db_fixed(store->db,
                 "SELECT a.seq, a.resource, a.resource_id, a.body_sha256, v.body FROM audit_log AS a LEFT JOIN version "
                 "AS v ON v.seq = a.seq AND v.record_id = a.resource_id ORDER BY a.seq");
    enum db_step step = DB_ERROR;
    while (statement && !finding->text[0] && (step = db_step(statement)) == DB_ROW) {
        char hash[65] = "";
        if (db_text(statement, 4))
            audit_hash_text(db_text(statement, 4), db_length(statement, 4), hash);
        if (!db_whole(statement)) {
            step = DB_ERROR;
            break;
        }
        if (!db_text(statement, 3) || strcmp(hash, db_text(statement, 3)) != 0)
            snprintf(finding->text, sizeof finding->text, "audit entry %lld: the version of %s %s that it speaks of %s",
                     (long long)db_integer(statement, 0), db_text(statement, 1), db_text(statement, 2),
                     hash[0] ? "was changed" : "is missing");
    }
    if (statement)
        db_reset(statement);
    return finding->text[0] || step != DB_ERROR;
}

/* Whether a record is as its last version says. */
static bool verify_record(struct store *store, const struct resource *resource, const void *record, const char *body,
                          bool *ret_same)
{
    struct arena arena; /* of this record */
    arena_init(&arena);
    const char *opened = body ? store_opened(store, resource, body, true, &arena) : NULL;
    struct buffer now = {0};
    record_render_as(&now, resource, record, opened);
    bool fine = (!body || opened) && !buffer_failed(&now);
    *ret_same = fine && opened && now.length == strlen(opened) && memcmp(now.data, opened, now.length) == 0;
    buffer_finish(&now);
    arena_finish(&arena);
    return fine;
}

/* Every record is as its last version says. */
static bool verify_records(struct store *store, const struct resource *resource, struct arena *arena,
                           struct audit_finding *finding)
{
    const char *sql = arena_format(arena,
                                   "SELECT (SELECT v.body FROM version AS v JOIN audit_log AS a ON a.seq = "
                                   "v.seq WHERE v.record_id = t.id ORDER BY v.version DESC LIMIT 1), %s FROM %s "
                                   "AS t ORDER BY t.id",
                                   store_columns(resource, view_all.clearance), resource->name);
    void *record = arena_alloc(arena, resource->size);
    struct db_statement *statement = verify_query(store, arena, sql);
    struct date today = {0};
    enum db_step step = DB_ERROR;
    while (statement && !finding->text[0] && (step = db_step(statement)) == DB_ROW) {
        if (!store_row(store, statement, 1, resource, NULL, &today, NULL, record)) {
            step = DB_ERROR;
            break;
        }
        bool same = false;
        if (!verify_record(store, resource, record, db_text(statement, 0), &same) || !db_whole(statement)) {
            step = DB_ERROR;
            break;
        }
        if (!same)
            snprintf(finding->text, sizeof finding->text, "%s %s (%s): the record is not as its last audit entry says",
                     resource->name, ((struct record *)record)->id.text, verify_reference(record));
        finding->records++;
    }
    if (statement)
        db_reset(statement);
    return finding->text[0] || step == DB_DONE;
}

static bool verify_presence(struct store *store, const struct resource *resource, struct arena *arena,
                            struct audit_finding *finding)
{
    const char *sql = arena_format(arena,
                                   "SELECT a.seq, a.resource_id FROM audit_log AS a WHERE a.resource = '%s' AND "
                                   "NOT EXISTS (SELECT 1 FROM %s AS t WHERE t.id = a.resource_id) LIMIT 1",
                                   resource->name, resource->name);
    struct db_statement *statement = verify_query(store, arena, sql);
    enum db_step step = statement ? db_step(statement) : DB_ERROR;
    if (step == DB_ROW)
        snprintf(finding->text, sizeof finding->text, "audit entry %lld: the %s %s that it speaks of is missing",
                 (long long)db_integer(statement, 0), resource->name, db_text(statement, 1));
    if (statement)
        db_reset(statement);
    return step != DB_ERROR;
}

/* The kept minutes are those whose digests their approval says. */
static bool verify_kept(void *context, const char *review, int64_t revision, const struct kept_minutes *minutes,
                        const char *said)
{
    struct audit_finding *finding = context;
    char hash[65] = "";
    if (minutes && said)
        audit_hash_text(minutes->body, minutes->length, hash);
    if (minutes && said && strcmp(hash, said) == 0)
        return true;
    snprintf(finding->text, sizeof finding->text, "review %s, revision %lld: the minutes kept%s%s %s", review,
             (long long)revision, minutes ? " as " : "", minutes ? minutes->form : "",
             !minutes ? "are not all that its approval speaks of"
             : said   ? "are not those of which its approval has the SHA-256"
                      : "are none that its approval speaks of");
    return false;
}

static bool verify_all(struct store *store, struct arena *arena, struct audit_finding *finding)
{
    struct walk walk = {.finding = finding};
    const struct audit_query everything = {.after_seq = INT64_MIN, .limit = INT_MAX};
    if (!audit_list(store, &everything, walk_entry, &walk) || walk.broken)
        return false;
    if (!finding->text[0] && !verify_versions(store, finding))
        return false;
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        if (!finding->text[0] && !verify_records(store, resources[i], arena, finding))
            return false;
        if (!finding->text[0] && !verify_presence(store, resources[i], arena, finding))
            return false;
    }
    if (!finding->text[0] && !verify_personal(store, arena, finding))
        return false;
    if (!finding->text[0] && !verify_revisions(store, arena, finding))
        return false;
    if (!finding->text[0] && !store_content_verify(store, finding->text, sizeof finding->text))
        return false;
    if (!finding->text[0] && !store_walk_minutes(store, verify_kept, finding))
        return false;
    return finding->text[0] || store_check_kept(store, arena, finding->text, sizeof finding->text);
}

bool audit_verify(struct store *store, struct audit_finding *ret_finding)
{
    *ret_finding = (struct audit_finding){0};
    memset(ret_finding->head.hash, '0', 64);
    struct arena arena;
    arena_init(&arena);
    /* One snapshot, so that writes meanwhile do not look like a forgery. */
    bool fine = db_run(store->db, "BEGIN") && verify_all(store, &arena, ret_finding);
    if (db_in_transaction(store->db) && !db_run(store->db, "COMMIT"))
        fine = false;
    arena_finish(&arena);
    if (!fine) /* what was found may have come of that */
        ret_finding->text[0] = '\0';
    return fine;
}
