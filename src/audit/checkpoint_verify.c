/* Whether signed heads are genuine, and the log still is what they say it was. */
#include "reviewd/checkpoint.h"

#include "reviewd/audit.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_LINES = 6, SIGNATURE_LINES = 4, VALUE_BYTES = 65, SEQ_DIGITS = 18 };

/* What a checkpoint's text says. */
struct claim {
    char instance[VALUE_BYTES];
    char seq_text[VALUE_BYTES];
    char hash[VALUE_BYTES];
    char at[VALUE_BYTES];
    char key_id[VALUE_BYTES];
    int64_t seq;
};

static void find(struct checkpoint_finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first stays. */
static void find(struct checkpoint_finding *finding, const char *format, ...)
{
    va_list arguments;
    if (finding->text[0])
        return;
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof finding->text, format, arguments);
    va_end(arguments);
}

/* --- the text ------------------------------------------------------------------------------------------------------
 */

/* Takes "<word> <value>" LF off the text; the value has just so many of these characters (0: as many as there are). */
static bool take(const char **at, const char *end, const char *word, const char *characters, size_t length,
                 char ret_value[VALUE_BYTES])
{
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    size_t word_length = strlen(word);
    if (!stop || (size_t)(stop - *at) < word_length || memcmp(*at, word, word_length) != 0)
        return false;
    size_t found = (size_t)(stop - *at) - word_length;
    if (found >= VALUE_BYTES || (length && found != length))
        return false;
    memcpy(ret_value, *at + word_length, found);
    ret_value[found] = '\0';
    *at = stop + 1;
    return strspn(ret_value, characters) == found; /* no NUL either */
}

static bool claim_parse(const char *text, size_t length, struct claim *ret_claim)
{
    const char *at = text;
    const char *end = text + length;
    char none[VALUE_BYTES];
    if (!take(&at, end, "reviewd-checkpoint-1", "", 0, none) ||
        !take(&at, end, "instance ", "0123456789abcdef-", 36, ret_claim->instance) ||
        !take(&at, end, "seq ", "0123456789", 0, ret_claim->seq_text) ||
        !take(&at, end, "hash ", "0123456789abcdef", 64, ret_claim->hash) ||
        !take(&at, end, "at ", "0123456789-:.TZ", 24, ret_claim->at) ||
        !take(&at, end, "key ", "0123456789ABCDEF", 16, ret_claim->key_id) || at != end)
        return false;
    size_t digits = strlen(ret_claim->seq_text);
    ret_claim->seq = digits && digits <= SEQ_DIGITS ? strtoll(ret_claim->seq_text, NULL, 10) : 0;
    return ret_claim->seq > 0;
}

/* --- the signature -------------------------------------------------------------------------------------------------
 */

static const struct known_key *key_of(const struct known_keys *keys, const struct signature *signature)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (memcmp(keys->items[i].key.id, signature->key_id, sizeof signature->key_id) == 0)
            return &keys->items[i];
    }
    return NULL;
}

/* *ret_key is NULL where the signature is whole but its key is not known. False with a finding. */
static bool check_signature(const struct known_keys *keys, const char *text, size_t text_length, const char *signature,
                            size_t signature_length, const struct claim *claim, const struct known_key **ret_key,
                            struct checkpoint_finding *finding)
{
    struct signature parsed;
    char id[KEY_ID_TEXT_BYTES];
    struct public_key named = {0};
    if (!signature_parse(signature, signature_length, &parsed)) {
        find(finding, "checkpoint %s (%s): it has no signature of minisign's form", claim->seq_text, claim->at);
        return false;
    }
    memcpy(named.id, parsed.key_id, sizeof named.id);
    key_id_text(&named, id);
    *ret_key = key_of(keys, &parsed);
    if (strcmp(id, claim->key_id) != 0)
        find(finding, "checkpoint %s (%s): it says that key %s signed it, and its signature says %s", claim->seq_text,
             claim->at, claim->key_id, id);
    else if (*ret_key && !signature_holds(&parsed, &(*ret_key)->key, text, text_length))
        find(finding, "checkpoint %s (%s): key %s did not sign this", claim->seq_text, claim->at, id);
    return !finding->text[0];
}

/* --- the log -------------------------------------------------------------------------------------------------------
 */

/* The instance that this log is; "" where it has no name yet. */
static bool read_instance(struct store *store, char ret_id[VALUE_BYTES])
{
    struct db_statement *statement = db_fixed(store->db, "SELECT id FROM instance");
    if (!statement)
        return false;
    ret_id[0] = '\0';
    enum db_step step = db_step(statement);
    if (step == DB_ROW)
        snprintf(ret_id, VALUE_BYTES, "%s", db_text(statement, 0) ? db_text(statement, 0) : "");
    bool read = step != DB_ERROR && db_whole(statement);
    db_reset(statement);
    return read;
}

/* Whether the log has at seq just that hash. */
static bool check_log(struct store *store, const struct claim *claim, struct checkpoint_finding *finding)
{
    struct audit_head head;
    char instance[VALUE_BYTES];
    struct db_statement *statement = db_fixed(store->db, "SELECT hash FROM audit_log WHERE seq = $1");
    if (!statement || !read_instance(store, instance) || !audit_head(store, &head))
        return false;
    db_bind_integer(statement, 1, claim->seq);
    enum db_step step = db_step(statement);
    const char *hash = step == DB_ROW ? db_text(statement, 0) : NULL;
    if (step == DB_ERROR || !db_whole(statement)) {
        db_reset(statement);
        return false;
    }
    if (strcmp(instance, claim->instance) != 0)
        find(finding, "checkpoint %s (%s): it is of the log %s, and this one is %s", claim->seq_text, claim->at,
             claim->instance, instance[0] ? instance : "of no name");
    else if (step == DB_DONE && head.seq < claim->seq)
        find(finding, "checkpoint %s (%s): the log was cut short: it ends with entry %lld", claim->seq_text, claim->at,
             (long long)head.seq);
    else if (step == DB_DONE)
        find(finding, "checkpoint %s (%s): the log has no entry %s", claim->seq_text, claim->at, claim->seq_text);
    else if (!hash || strcmp(hash, claim->hash) != 0)
        find(finding, "checkpoint %s (%s): entry %s of the log had another hash then: the log was rewritten",
             claim->seq_text, claim->at, claim->seq_text);
    db_reset(statement);
    return true;
}

static bool check_one(struct store *store, const struct known_keys *keys, const char *text, size_t text_length,
                      const char *signature, size_t signature_length, struct claim *claim,
                      const struct known_key **ret_key, struct checkpoint_finding *finding)
{
    *ret_key = NULL;
    if (!claim_parse(text, text_length, claim)) {
        find(finding, "the text of checkpoint %lld of those here is none", (long long)finding->checked + 1);
        return true;
    }
    if (!check_signature(keys, text, text_length, signature, signature_length, claim, ret_key, finding))
        return true;
    finding->checked++;
    if (claim->seq > finding->newest)
        finding->newest = claim->seq;
    return check_log(store, claim, finding);
}

/* Here a signature by a key that is not known proves nothing. */
static void want_key(const struct claim *claim, const struct known_key *key, struct checkpoint_finding *finding)
{
    if (!key)
        find(finding, "checkpoint %s (%s): there is no public key %s here: name its file with --key", claim->seq_text,
             claim->at, claim->key_id);
}

bool checkpoint_check(struct store *store, const struct known_keys *keys, const char *text, size_t text_length,
                      const char *signature, size_t signature_length, struct checkpoint_finding *finding)
{
    struct claim claim = {0};
    const struct known_key *key;
    if (!check_one(store, keys, text, text_length, signature, signature_length, &claim, &key, finding))
        return false;
    want_key(&claim, key, finding);
    return true;
}

void checkpoint_check_claim(const struct known_keys *keys, const char *text, size_t text_length, const char *signature,
                            size_t signature_length, struct checkpoint_claim *ret_claim,
                            struct checkpoint_finding *finding)
{
    struct claim claim = {0};
    const struct known_key *key = NULL;
    if (!claim_parse(text, text_length, &claim)) {
        find(finding, "the text of the checkpoint is none");
        return;
    }
    if (!check_signature(keys, text, text_length, signature, signature_length, &claim, &key, finding))
        return;
    want_key(&claim, key, finding);
    ret_claim->seq = claim.seq;
    memcpy(ret_claim->hash, claim.hash, sizeof ret_claim->hash);
    memcpy(ret_claim->at, claim.at, sizeof ret_claim->at);
    memcpy(ret_claim->key_id, claim.key_id, sizeof ret_claim->key_id);
}

/* --- many ----------------------------------------------------------------------------------------------------------
 */

/* The end of the lines that begin here; NULL where there are fewer. */
static const char *after_lines(const char *at, const char *end, int count)
{
    for (; count > 0; count--) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop)
            return NULL;
        at = stop + 1;
    }
    return at;
}

bool checkpoint_check_file(struct store *store, const struct known_keys *keys, const char *text, size_t length,
                           struct checkpoint_finding *finding)
{
    const char *end = text + length;
    for (const char *at = text; at < end && !finding->text[0];) {
        if (*at == '\n') {
            at++;
            continue;
        }
        const char *signature = after_lines(at, end, TEXT_LINES);
        const char *next = signature ? after_lines(signature, end, SIGNATURE_LINES) : NULL;
        if (!next) {
            find(finding, "after %lld checkpoints the file ends in the middle of one", (long long)finding->checked);
            break;
        }
        if (!checkpoint_check(store, keys, at, (size_t)(signature - at), signature, (size_t)(next - signature),
                              finding))
            return false;
        at = next;
    }
    return true;
}

struct stored {
    struct store *store;
    const struct known_keys *keys;
    struct checkpoint_finding *finding;
    bool fine;
};

/* A column that the schema would not let be NULL may be so where that was changed, too. */
static const char *column(const char *text)
{
    return text ? text : "";
}

static bool stored_row(void *context, const struct checkpoint *row)
{
    struct stored *stored = context;
    struct checkpoint_finding *finding = stored->finding;
    struct claim claim;
    const struct known_key *key;
    const char *text = column(row->text);
    const char *signature = column(row->signature);
    stored->fine =
        check_one(stored->store, stored->keys, text, strlen(text), signature, strlen(signature), &claim, &key, finding);
    if (!stored->fine || finding->text[0])
        return false;
    finding->unknown += !key;
    if (claim.seq != row->seq || strcmp(claim.hash, column(row->hash)) != 0 || strcmp(claim.at, column(row->at)) != 0 ||
        strcmp(claim.key_id, column(row->key_id)) != 0)
        find(finding, "checkpoint %lld: the database says something else of it than what was signed",
             (long long)row->seq);
    return !finding->text[0];
}

bool checkpoint_check_stored(struct store *store, const struct known_keys *keys, struct checkpoint_finding *finding)
{
    struct stored stored = {store, keys, finding, true};
    const struct checkpoint_query all = {.limit = INT_MAX};
    return checkpoint_list(store, &all, stored_row, &stored) && stored.fine;
}
