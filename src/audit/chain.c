#include "reviewd/audit.h"
#include "reviewd/digest.h"
#include "reviewd/review.h"

#include <stdlib.h>

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

/* `name` as it stands before the value: this is made for each write, and formatting costs as much as hashing. */
static void put_member(struct buffer *buffer, const char *name, const char *text)
{
    buffer_put(buffer, name);
    if (text) /* an empty one is not absent: it would have been put there since */
        json_put_text(buffer, text, strlen(text));
    else
        buffer_put(buffer, "null");
}

void audit_render(struct buffer *buffer, const struct audit_entry *entry, bool with_hash)
{
    buffer_put(buffer, "{\"actor_id\":");
    if (id_is_set(&entry->actor_id))
        json_put_text(buffer, entry->actor_id.text, 36);
    else
        buffer_put(buffer, "null");
    put_member(buffer, ",\"at\":", entry->at.text);
    put_member(buffer, ",\"body_sha256\":", entry->body_sha256);
    put_member(buffer, ",\"event\":", entry->event);
    if (with_hash)
        put_member(buffer, ",\"hash\":", entry->hash);
    if (entry->minutes_sha256) { /* entries of the time before it have no such member */
        buffer_put(buffer, ",\"minutes_sha256\":");
        buffer_put(buffer, entry->minutes_sha256);
    }
    put_member(buffer, ",\"previous_hash\":", entry->previous_hash);
    put_member(buffer, ",\"request_id\":", entry->request_id);
    put_member(buffer, ",\"resource\":", entry->resource);
    put_member(buffer, ",\"resource_id\":", entry->resource_id.text);
    buffer_put(buffer, ",\"seq\":");
    json_put_integer(buffer, entry->seq);
    buffer_char(buffer, '}');
}

void audit_hash_text(const char *text, size_t length, char ret_hex[65])
{
    unsigned char hash[SHA256_BYTES];
    digest_sha256_of(text, length, hash);
    digest_hex(hash, sizeof hash, ret_hex);
}

bool audit_entry_hash(const struct audit_entry *entry, char ret_hex[65])
{
    struct buffer text = {0};
    buffer_put(&text, "reviewd-audit-1\n");
    buffer_put(&text, entry->previous_hash);
    buffer_char(&text, '\n');
    audit_render(&text, entry, false);
    bool fine = !buffer_failed(&text);
    if (fine)
        audit_hash_text(text.data, text.length, ret_hex);
    buffer_finish(&text);
    return fine;
}

static void copy_column(struct db_statement *statement, int column, char *target, size_t size)
{
    const char *text = db_text(statement, column);
    size_t length = text ? db_length(statement, column) : 0;
    if (length >= size)
        length = 0; /* its beginning alone might be what it was */
    memcpy(target, text ? text : "", length);
    target[length] = '\0';
}

bool audit_head(struct store *store, struct audit_head *ret_head)
{
    struct db_statement *statement = db_fixed(store->db, "SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1");
    if (!statement || DB_FAILPOINT(store->db, "audit.head"))
        return false;
    *ret_head = (struct audit_head){0};
    memcpy(ret_head->hash, zeros, sizeof zeros);
    enum db_step step = db_step(statement);
    if (step == DB_ROW) {
        ret_head->seq = db_integer(statement, 0);
        copy_column(statement, 1, ret_head->hash, sizeof ret_head->hash);
    }
    bool read = step != DB_ERROR && db_whole(statement);
    db_reset(statement);
    return read;
}

bool audit_is_past(struct store *store, const struct instant *instant, bool *ret_past)
{
    struct db_statement *statement = db_fixed(store->db, "SELECT at > $1 FROM audit_log ORDER BY seq DESC LIMIT 1");
    if (!statement)
        return false;
    db_bind_text(statement, 1, instant->text);
    enum db_step step = db_step(statement);
    *ret_past = step == DB_ROW && db_integer(statement, 0) != 0;
    db_reset(statement);
    return step != DB_ERROR;
}

/* An entry's hash, and whether it was made by then. */
static bool look_at(struct store *store, int64_t seq, const struct instant *as_of, char ret_hash[65], bool *ret_was)
{
    struct db_statement *statement = db_fixed(store->db, "SELECT hash, at <= $2 FROM audit_log WHERE seq = $1");
    if (!statement)
        return false;
    db_bind_integer(statement, 1, seq);
    db_bind_text(statement, 2, as_of->text);
    bool read = db_step(statement) == DB_ROW && db_text(statement, 0) && db_length(statement, 0) == 64;
    if (read)
        memcpy(ret_hash, db_text(statement, 0), 65);
    *ret_was = read && db_integer(statement, 1) != 0;
    db_reset(statement);
    return read;
}

bool audit_head_then(struct store *store, const struct instant *as_of, struct audit_head *ret_head)
{
    struct audit_head head;
    if (!audit_head(store, &head))
        return false;
    struct audit_head then = {0};
    memcpy(then.hash, zeros, sizeof zeros);
    int64_t after = head.seq + 1;
    while (as_of && after - then.seq > 1) { /* the one in question is `then` or behind it, and before `after` */
        struct audit_head middle = {.seq = then.seq + (after - then.seq) / 2};
        bool was;
        if (!look_at(store, middle.seq, as_of, middle.hash, &was))
            return false;
        if (was)
            then = middle;
        else
            after = middle.seq;
    }
    *ret_head = as_of ? then : head;
    return true;
}

static bool insert_entry(struct store *store, const struct audit_entry *entry)
{
    struct db_statement *statement = db_fixed(
        store->db,
        "INSERT OR FAIL INTO audit_log (seq, at, actor_id, event, resource, resource_id, request_id, body_sha256, "
        "previous_hash, hash, minutes_sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
    if (!statement || DB_FAILPOINT(store->db, "audit.entry"))
        return false;
    db_bind_integer(statement, 1, entry->seq);
    db_bind_text(statement, 2, entry->at.text);
    db_bind_text(statement, 3, id_is_set(&entry->actor_id) ? entry->actor_id.text : NULL);
    db_bind_text(statement, 4, entry->event);
    db_bind_text(statement, 5, entry->resource);
    db_bind_text(statement, 6, entry->resource_id.text);
    db_bind_text(statement, 7, entry->request_id);
    db_bind_text(statement, 8, entry->body_sha256);
    db_bind_text(statement, 9, entry->previous_hash);
    db_bind_text(statement, 10, entry->hash);
    db_bind_text(statement, 11, entry->minutes_sha256);
    enum db_step step = db_step(statement);
    db_reset(statement);
    return step == DB_DONE;
}

static bool insert_version(struct store *store, int64_t seq, const struct record *record, const char *body)
{
    struct db_statement *statement =
        db_fixed(store->db, "INSERT OR FAIL INTO version (seq, record_id, version, body) VALUES ($1, $2, $3, $4)");
    if (!statement || DB_FAILPOINT(store->db, "audit.version"))
        return false;
    db_bind_integer(statement, 1, seq);
    db_bind_text(statement, 2, record->id.text);
    db_bind_integer(statement, 3, record->version.value);
    db_bind_text(statement, 4, body);
    enum db_step step = db_step(statement);
    db_reset(statement);
    return step == DB_DONE;
}

bool audit_append(struct store *store, const struct resource *resource, const void *record,
                  const struct audit_entry *about)
{
    if (!store->head_known && !audit_head(store, &store->head))
        return false;
    store->head_known = true;
    const struct record *common = record;
    struct arena arena; /* untouched where nothing of the record is personal */
    arena_init(&arena);
    struct buffer body = {0};
    const void *sealed = store_seal(store, resource, record, &arena);
    if (sealed)
        record_render(&body, resource, sealed, RENDER_SEALED);
    size_t length = body.length;
    char *text = sealed ? buffer_take(&body) : NULL;
    arena_finish(&arena);
    if (!text)
        return false;
    struct audit_entry entry = *about;
    entry.seq = store->head.seq + 1;
    entry.resource = resource->name;
    entry.resource_id = common->id;
    if (resource == &review_resource)
        entry.minutes_sha256 = ((const struct review *)record)->minutes_sha256.json;
    memcpy(entry.previous_hash, store->head.hash, sizeof entry.previous_hash);
    audit_hash_text(text, length, entry.body_sha256);
    bool fine = audit_entry_hash(&entry, entry.hash) && insert_entry(store, &entry) &&
                insert_version(store, entry.seq, common, text);
    free(text);
    if (!fine)
        return false;
    store->head.seq = entry.seq;
    memcpy(store->head.hash, entry.hash, sizeof entry.hash);
    return true;
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

static void entry_row(struct db_statement *statement, struct audit_entry *ret_entry)
{
    *ret_entry = (struct audit_entry){.seq = db_integer(statement, 0)};
    copy_column(statement, 1, ret_entry->at.text, sizeof ret_entry->at.text);
    copy_column(statement, 2, ret_entry->actor_id.text, sizeof ret_entry->actor_id.text);
    ret_entry->event = db_text(statement, 3);
    ret_entry->resource = db_text(statement, 4);
    copy_column(statement, 5, ret_entry->resource_id.text, sizeof ret_entry->resource_id.text);
    ret_entry->request_id = db_text(statement, 6);
    copy_column(statement, 7, ret_entry->body_sha256, sizeof ret_entry->body_sha256);
    copy_column(statement, 8, ret_entry->previous_hash, sizeof ret_entry->previous_hash);
    copy_column(statement, 9, ret_entry->hash, sizeof ret_entry->hash);
    ret_entry->minutes_sha256 = db_text(statement, 10);
}

#define ENTRY_COLUMNS                                                                                                  \
    "a.seq, a.at, a.actor_id, a.event, a.resource, a.resource_id, a.request_id, a.body_sha256, a.previous_hash, "      \
    "a.hash, a.minutes_sha256"
#define ENTRY_WHERE                                                                                                    \
    " FROM audit_log AS a WHERE a.seq > $1 AND a.seq < $8 AND ($2 IS NULL OR a.resource IN (SELECT value FROM "        \
    "json_each($2))) AND ($3 IS NULL OR a.actor_id IN (SELECT value FROM json_each($3))) AND ($4 IS NULL OR "          \
    "a.event IN (SELECT value FROM json_each($4))) AND ($5 IS NULL OR a.at >= $5) AND ($6 IS NULL OR a.at <= $6)"
/* By way of the record's versions, which have an index of their own. */
#define ENTRY_OF_RECORD                                                                                                \
    " AND a.seq IN (SELECT v.seq FROM version AS v WHERE v.record_id IN (SELECT value FROM json_each($7)))"

static struct db_statement *bind_query(struct store *store, const char *all, const char *of_record,
                                       const struct audit_query *query)
{
    struct db_statement *statement = db_fixed(store->db, query->resource_id ? of_record : all);
    if (!statement)
        return NULL;
    db_bind_integer(statement, 1, query->after_seq);
    db_bind_integer(statement, 8, query->before_seq ? query->before_seq : INT64_MAX);
    db_bind_text(statement, 2, query->resource);
    db_bind_text(statement, 3, query->actor_id);
    db_bind_text(statement, 4, query->event);
    db_bind_text(statement, 5, query->from);
    db_bind_text(statement, 6, query->to);
    if (query->resource_id)
        db_bind_text(statement, 7, query->resource_id);
    return statement;
}

bool audit_list(struct store *store, const struct audit_query *query,
                bool (*row)(void *context, const struct audit_entry *entry), void *context)
{
    struct db_statement *statement =
        query->newest_first
            ? bind_query(store, "SELECT " ENTRY_COLUMNS ENTRY_WHERE " ORDER BY a.seq DESC",
                         "SELECT " ENTRY_COLUMNS ENTRY_WHERE ENTRY_OF_RECORD " ORDER BY a.seq DESC", query)
            : bind_query(store, "SELECT " ENTRY_COLUMNS ENTRY_WHERE " ORDER BY a.seq",
                         "SELECT " ENTRY_COLUMNS ENTRY_WHERE ENTRY_OF_RECORD " ORDER BY a.seq", query);
    enum db_step step = DB_ERROR;
    bool more = true;
    for (int i = 0; statement && more && i < query->limit && (step = db_step(statement)) == DB_ROW; i++) {
        struct audit_entry entry;
        entry_row(statement, &entry);
        if (!db_whole(statement)) {
            step = DB_ERROR;
            break;
        }
        more = row(context, &entry);
    }
    if (statement)
        db_reset(statement);
    return step != DB_ERROR;
}

bool audit_count(struct store *store, const struct audit_query *query, int64_t *ret_count)
{
    struct db_statement *statement =
        bind_query(store, "SELECT count(*)" ENTRY_WHERE, "SELECT count(*)" ENTRY_WHERE ENTRY_OF_RECORD, query);
    if (!statement)
        return false;
    bool counted = db_step(statement) == DB_ROW;
    if (counted)
        *ret_count = db_integer(statement, 0);
    db_reset(statement);
    return counted;
}

bool audit_history(struct store *store, const struct id *record, int64_t before_version, int limit,
                   bool (*row)(void *context, const struct history_version *version), void *context)
{
    struct db_statement *statement =
        db_fixed(store->db,
                 "SELECT v.version, a.at, a.actor_id, a.event, v.body, p.body, v.seq, a.body_sha256 FROM version AS v "
                 "JOIN audit_log AS a ON a.seq = v.seq LEFT JOIN version AS p ON p.record_id = v.record_id "
                 "AND p.version = v.version - 1 WHERE v.record_id = $1 AND v.version < $2 "
                 "ORDER BY v.version DESC");
    if (!statement)
        return false;
    db_bind_text(statement, 1, record->text);
    db_bind_integer(statement, 2, before_version);
    enum db_step step = DB_DONE;
    bool more = true;
    for (int i = 0; more && i < limit && (step = db_step(statement)) == DB_ROW; i++) {
        struct history_version version = {db_integer(statement, 0), db_text(statement, 1), db_text(statement, 2),
                                          db_text(statement, 3),    db_text(statement, 4), db_text(statement, 5),
                                          db_integer(statement, 6), db_text(statement, 7)};
        if (!db_whole(statement)) {
            step = DB_ERROR;
            break;
        }
        more = row(context, &version);
    }
    db_reset(statement);
    return step != DB_ERROR;
}
