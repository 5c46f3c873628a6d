#include "reviewd/checkpoint.h"

#include "reviewd/audit.h"
#include "reviewd/id.h"

#include <stdio.h>
#include <stdlib.h>

/* The newest checkpoint's seq and time in milliseconds; 0 where there is none. */
struct last {
    int64_t seq;
    int64_t at_ms;
};

/* "2026-11-21T18:46:00.123Z" */
static int64_t instant_ms(const struct instant *instant)
{
    const char *clock = instant->text + sizeof "2026-11-21T" - 1;
    const struct date date = instant_date(instant);
    int64_t minutes = (date_days(&date) * 24 + atoi(clock)) * 60 + atoi(clock + 3);
    return (minutes * 60 + atoi(clock + 6)) * 1000 + atoi(clock + 9);
}

static bool read_last(struct store *store, struct last *ret_last)
{
    struct db_statement *statement = db_fixed(store->db, "SELECT seq, at FROM checkpoint ORDER BY seq DESC LIMIT 1");
    struct instant at;
    *ret_last = (struct last){0};
    if (!statement)
        return false;
    enum db_step step = db_step(statement);
    if (step == DB_ROW) {
        ret_last->seq = db_integer(statement, 0);
        if (db_text(statement, 1) && instant_parse(db_text(statement, 1), &at))
            ret_last->at_ms = instant_ms(&at);
    }
    db_reset(statement);
    return step != DB_ERROR;
}

bool checkpoint_exists(struct store *store, bool *ret_exists)
{
    struct last last;
    if (!read_last(store, &last))
        return false;
    *ret_exists = last.seq > 0;
    return true;
}

bool checkpoint_due(struct store *store, int64_t now_ms, int64_t interval_ms, bool *ret_due)
{
    struct last last;
    struct audit_head head;
    if (!read_last(store, &last))
        return false;
    /* A clock that was set back is no reason to wait until it has caught up. */
    *ret_due = now_ms < last.at_ms || now_ms - last.at_ms >= interval_ms;
    if (!*ret_due)
        return true;
    if (!audit_head(store, &head))
        return false;
    *ret_due = head.seq > last.seq;
    return true;
}

/* --- making one ----------------------------------------------------------------------------------------------------
 */

static bool read_instance(struct store *store, struct id *ret_id, bool *ret_found)
{
    struct db_statement *statement = db_fixed(store->db, "SELECT id FROM instance");
    if (!statement)
        return false;
    enum db_step step = db_step(statement);
    *ret_found = step == DB_ROW && db_text(statement, 0) && id_parse(db_text(statement, 0), ret_id);
    bool fine = step == DB_DONE || *ret_found;
    db_reset(statement);
    return fine;
}

static bool run(struct db_statement *statement)
{
    enum db_step step = db_step(statement);
    db_reset(statement);
    return step == DB_DONE;
}

/* The log's own name, made where it has none yet. */
static bool find_instance(struct store *store, struct id *ret_id)
{
    bool found = false;
    if (!read_instance(store, ret_id, &found) || found)
        return found;
    *ret_id = id_make();
    struct db_statement *statement = db_fixed(store->db, "INSERT INTO instance (one, id) VALUES (1, $1)");
    if (!statement)
        return false;
    db_bind_text(statement, 1, ret_id->text);
    return run(statement);
}

static bool insert(struct store *store, const struct checkpoint *checkpoint)
{
    struct db_statement *statement = db_fixed(
        store->db, "INSERT INTO checkpoint (seq, hash, at, key_id, text, signature) VALUES ($1, $2, $3, $4, $5, $6)");
    if (!statement || DB_FAILPOINT(store->db, "head.keep"))
        return false;
    db_bind_integer(statement, 1, checkpoint->seq);
    db_bind_text(statement, 2, checkpoint->hash);
    db_bind_text(statement, 3, checkpoint->at);
    db_bind_text(statement, 4, checkpoint->key_id);
    db_bind_text(statement, 5, checkpoint->text);
    db_bind_text(statement, 6, checkpoint->signature);
    return run(statement);
}

static bool sign_head(struct store *store, struct keyring *ring, const struct audit_head *head,
                      const struct instant *now)
{
    struct id instance;
    struct secret_key key;
    char key_id[KEY_ID_TEXT_BYTES];
    char file[60];
    struct buffer text = {0};
    struct buffer signature = {0};
    if (DB_FAILPOINT(store->db, "head.sign") || !find_instance(store, &instance))
        return false;
    keyring_present(ring, &key);
    key_id_text(&key.public, key_id);
    buffer_format(&text, "reviewd-checkpoint-1\ninstance %s\nseq %lld\nhash %s\nat %s\nkey %s\n", instance.text,
                  (long long)head->seq, head->hash, now->text, key_id);
    snprintf(file, sizeof file, "checkpoint-%lld", (long long)head->seq);
    if (!buffer_failed(&text))
        sign_bytes(&key, text.data, text.length, instant_ms(now) / 1000, file, &signature);
    secret_key_wipe(&key);
    struct checkpoint made = {.seq = head->seq, .hash = head->hash, .at = now->text, .key_id = key_id};
    char *taken = buffer_take(&text);
    char *signed_by = taken ? buffer_take(&signature) : NULL;
    made.text = taken;
    made.signature = signed_by;
    bool fine = signed_by && insert(store, &made);
    buffer_finish(&signature);
    free(taken);
    free(signed_by);
    return fine;
}

bool checkpoint_append(struct store *store, struct keyring *ring, const struct instant *now)
{
    struct last last;
    struct audit_head head;
    if (!read_last(store, &last) || !audit_head(store, &head))
        return false;
    return head.seq <= last.seq || sign_head(store, ring, &head, now);
}

/* --- reading -------------------------------------------------------------------------------------------------------
 */

#define COLUMNS "SELECT seq, hash, at, key_id, text, signature FROM checkpoint "
#define OF_THEN " AND ($2 IS NULL OR at <= $2) "

bool checkpoint_list(struct store *store, const struct checkpoint_query *query,
                     bool (*row)(void *context, const struct checkpoint *checkpoint), void *context)
{
    struct db_statement *statement =
        db_fixed(store->db, query->newest_first ? COLUMNS "WHERE seq < $1" OF_THEN "ORDER BY seq DESC"
                                                : COLUMNS "WHERE seq > $1" OF_THEN "ORDER BY seq");
    if (!statement)
        return false;
    db_bind_integer(statement, 1, query->newest_first && !query->after_seq ? INT64_MAX : query->after_seq);
    db_bind_text(statement, 2, query->as_of ? query->as_of->text : NULL);
    enum db_step step = DB_DONE;
    bool more = true;
    for (int i = 0; more && i < query->limit && (step = db_step(statement)) == DB_ROW; i++) {
        const struct checkpoint checkpoint = {.seq = db_integer(statement, 0),
                                              .hash = db_text(statement, 1),
                                              .at = db_text(statement, 2),
                                              .key_id = db_text(statement, 3),
                                              .text = db_text(statement, 4),
                                              .signature = db_text(statement, 5)};
        if (!db_whole(statement)) {
            step = DB_ERROR;
            break;
        }
        more = row(context, &checkpoint);
    }
    db_reset(statement);
    return step != DB_ERROR;
}

bool checkpoint_count(struct store *store, const struct instant *as_of, int64_t *ret_count)
{
    struct db_statement *statement = db_fixed(store->db, "SELECT count(*) FROM checkpoint WHERE seq > $1" OF_THEN);
    if (!statement)
        return false;
    db_bind_integer(statement, 1, 0);
    db_bind_text(statement, 2, as_of ? as_of->text : NULL);
    bool counted = db_step(statement) == DB_ROW;
    if (counted)
        *ret_count = db_integer(statement, 0);
    db_reset(statement);
    return counted;
}

void checkpoint_render(struct buffer *buffer, const struct checkpoint *checkpoint)
{
    buffer_format(buffer,
                  "{\"seq\":%lld,\"hash\":\"%s\",\"at\":\"%s\",\"key_id\":\"%s\",\"text\":", (long long)checkpoint->seq,
                  checkpoint->hash, checkpoint->at, checkpoint->key_id);
    json_put_text(buffer, checkpoint->text, strlen(checkpoint->text));
    buffer_put(buffer, ",\"signature\":");
    json_put_text(buffer, checkpoint->signature, strlen(checkpoint->signature));
    buffer_char(buffer, '}');
}

void checkpoint_put(struct buffer *buffer, const struct checkpoint *checkpoint)
{
    buffer_put(buffer, checkpoint->text);
    buffer_put(buffer, checkpoint->signature);
    buffer_char(buffer, '\n');
}
