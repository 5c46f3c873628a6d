#include "reviewd/content.h"

#include "ask.h"

#include <stdio.h>

enum found store_content_find(struct store *store, const char *sha256)
{
    struct db_statement *statement = ASK(store, "SELECT 1 FROM content WHERE sha256 = $1", sha256);
    enum db_step step = statement ? db_step(statement) : DB_ERROR;
    if (statement)
        db_reset(statement);
    return step == DB_ROW ? FOUND : step == DB_DONE ? ABSENT : BROKEN;
}

bool store_content_total(struct store *store, int64_t *ret_bytes)
{
    return ask_integer(ASK(store, "SELECT bytes FROM content_total", NULL), ret_bytes);
}

static bool add_piece(struct store *store, const char *sha256, int64_t number, const char *data, size_t length)
{
    if (DB_FAILPOINT(store->db, "content.chunk.write"))
        return false;
    struct db_statement *statement =
        ASK(store, "INSERT OR FAIL INTO content_chunk (sha256, number, data) VALUES ($1, $2, $3)", sha256);
    if (statement) {
        db_bind_integer(statement, 2, number);
        db_bind_blob(statement, 3, data, length);
    }
    return ask_done(statement);
}

bool store_content_add(struct store *store, const char *sha256, const struct instant *now, const struct spool *spool)
{
    enum found found = store_content_find(store, sha256);
    if (found != ABSENT)
        return found == FOUND;
    if (DB_FAILPOINT(store->db, "content.add"))
        return false;
    struct db_statement *statement =
        ASK(store, "INSERT OR FAIL INTO content (sha256, created_at, size) VALUES ($1, $2, $3)", sha256, now->text);
    if (statement)
        db_bind_integer(statement, 3, spool->length);
    bool fine = ask_done(statement);
    char piece[CONTENT_PIECE_BYTES];
    for (int64_t number = 0; fine && number * CONTENT_PIECE_BYTES < spool->length; number++) {
        ssize_t length = spool_read(spool, number * CONTENT_PIECE_BYTES, piece, sizeof piece);
        fine = length > 0 && add_piece(store, sha256, number, piece, (size_t)length);
    }
    return fine;
}

enum found store_content_read(struct store *store, const char *sha256, int64_t offset, char *ret_data, size_t size,
                              size_t *ret_length)
{
    struct db_statement *statement =
        ASK(store, "SELECT data FROM content_chunk WHERE sha256 = $1 AND number = $2", sha256);
    if (!statement || DB_FAILPOINT(store->db, "content.chunk.read"))
        return BROKEN;
    db_bind_integer(statement, 2, offset / CONTENT_PIECE_BYTES);
    enum db_step step = db_step(statement);
    size_t skip = (size_t)(offset % CONTENT_PIECE_BYTES);
    size_t length = step == DB_ROW ? db_length(statement, 0) : 0;
    const char *data = length > skip ? db_blob(statement, 0) : NULL;
    if (data) {
        *ret_length = length - skip < size ? length - skip : size;
        memcpy(ret_data, data + skip, *ret_length);
    } else if (step == DB_ROW && !db_whole(statement)) {
        step = DB_ERROR;
    }
    db_reset(statement);
    return data ? FOUND : step == DB_ERROR ? BROKEN : ABSENT;
}

/* --- verify ------------------------------------------------------------------------------------------------------ */

struct verify {
    char sha256[SHA256_HEX_BYTES]; /* of the content that is being read; "" before the first */
    int64_t size;                  /* that it has to have … */
    int64_t length;                /* … and has so far */
    struct sha256 hash;
    int64_t total;
};

/* Judges the content whose last piece was read. */
static void close_content(struct verify *verify, char *ret_finding, size_t size)
{
    unsigned char digest[SHA256_BYTES];
    char hex[SHA256_HEX_BYTES];
    if (!verify->sha256[0])
        return;
    digest_end(&verify->hash, digest);
    digest_hex(digest, sizeof digest, hex);
    if (verify->length != verify->size)
        snprintf(ret_finding, size, "content %s: %lld of its %lld bytes are there", verify->sha256,
                 (long long)verify->length, (long long)verify->size);
    else if (strcmp(hex, verify->sha256) != 0)
        snprintf(ret_finding, size, "content %s: its bytes were changed", verify->sha256);
    verify->total += verify->size;
}

static void open_content(struct verify *verify, struct db_statement *statement)
{
    ask_text(statement, 0, verify->sha256, sizeof verify->sha256);
    verify->size = db_integer(statement, 1);
    verify->length = 0;
    digest_begin(&verify->hash);
}

bool store_content_verify(struct store *store, char *ret_finding, size_t size)
{
    struct verify verify = {0};
    int64_t total;
    ret_finding[0] = '\0';
    struct db_statement *statement = db_fixed(
        store->db, "SELECT c.sha256, c.size, p.data, p.number FROM content AS c LEFT JOIN content_chunk AS p ON "
                   "p.sha256 = c.sha256 ORDER BY c.sha256, p.number");
    enum db_step step = DB_ERROR;
    while (statement && !ret_finding[0] && (step = db_step(statement)) == DB_ROW) {
        const char *sha256 = db_text(statement, 0);
        if (!sha256)
            break;
        if (strcmp(sha256, verify.sha256) != 0) {
            close_content(&verify, ret_finding, size);
            open_content(&verify, statement);
        }
        size_t length = db_length(statement, 2);
        const void *data = length ? db_blob(statement, 2) : NULL;
        if (data && db_integer(statement, 3) * CONTENT_PIECE_BYTES != verify.length) /* nor would it be found */
            snprintf(ret_finding, size, "content %s: its pieces do not follow each other", verify.sha256);
        if (data)
            digest_add(&verify.hash, data, length);
        verify.length += data ? (int64_t)length : 0;
    }
    if (statement)
        db_reset(statement);
    if (ret_finding[0])
        return true;
    if (step != DB_DONE || !store_content_total(store, &total))
        return false;
    close_content(&verify, ret_finding, size);
    if (!ret_finding[0] && total != verify.total)
        snprintf(ret_finding, size, "the contents have %lld bytes in all, not %lld as is noted",
                 (long long)verify.total, (long long)total);
    return true;
}
