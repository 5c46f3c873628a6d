#include "question.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWERS = 256, ID_BYTES = 36 };

/* To one pair of ids. */
struct answer {
    char a[ID_BYTES];
    char b[ID_BYTES];
    bool yes;
    unsigned snapshot; /* in which it was given */
};

struct question {
    struct db *db;
    const char *sql;
    size_t count;
    struct answer answers[]; /* a reader's alone: who writes would forget them at once */
};

/* SQLite's code. */
static int ask(struct question *question, sqlite3_context *result, const char *a, const char *b, bool *ret_yes)
{
    struct db_statement *statement = db_fixed(question->db, question->sql);
    enum db_step step = DB_ERROR;
    if (statement) {
        db_bind_text(statement, 1, a);
        db_bind_text(statement, 2, b);
        step = db_step(statement);
    }
    int code = step == DB_ERROR ? sqlite3_extended_errcode(sqlite3_context_db_handle(result)) : SQLITE_OK;
    if (statement)
        db_reset(statement);
    *ret_yes = step == DB_ROW;
    /* Where memory of our own was out, the connection has heard of nothing: it may even say SQLITE_ROW, which as an
     * error would be taken for a row. */
    bool heard = code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE;
    return step == DB_ERROR && !heard ? SQLITE_NOMEM : code;
}

/* The last letters of an id are random. */
static struct answer *place_of(struct question *question, const char *a, const char *b)
{
    if (!question->count)
        return NULL;
    unsigned hash = 0;
    for (int i = ID_BYTES - 4; i < ID_BYTES; i++)
        hash = (hash * 31 + (unsigned char)a[i]) * 31 + (unsigned char)b[i];
    return &question->answers[hash % question->count];
}

static void answer(sqlite3_context *result, int count, sqlite3_value **values)
{
    (void)count;
    struct question *question = sqlite3_user_data(result);
    const char *a = (const char *)sqlite3_value_text(values[0]);
    const char *b = (const char *)sqlite3_value_text(values[1]);
    bool ids = a && b && sqlite3_value_bytes(values[0]) == ID_BYTES && sqlite3_value_bytes(values[1]) == ID_BYTES;
    if (!ids) { /* an id that is absent names nothing */
        sqlite3_result_int(result, 0);
        return;
    }
    struct answer *known = place_of(question, a, b);
    unsigned snapshot = known ? db_snapshot(question->db) : 0;
    if (known && known->snapshot == snapshot && memcmp(known->a, a, ID_BYTES) == 0 &&
        memcmp(known->b, b, ID_BYTES) == 0) {
        sqlite3_result_int(result, known->yes);
        return;
    }
    bool yes;
    int code = ask(question, result, a, b, &yes);
    if (code != SQLITE_OK) {
        sqlite3_result_error_code(result, code);
        return;
    }
    sqlite3_result_int(result, yes);
    if (!known)
        return;
    memcpy(known->a, a, ID_BYTES);
    memcpy(known->b, b, ID_BYTES);
    known->snapshot = snapshot;
    known->yes = yes;
}

int question_register(sqlite3 *handle, struct db *db, const char *name, const char *sql, bool remembers)
{
    size_t count = remembers ? ANSWERS : 0;
    struct question *question = calloc(1, sizeof *question + count * sizeof(struct answer));
    if (!question)
        return SQLITE_NOMEM;
    question->db = db;
    question->sql = sql;
    question->count = count;
    return sqlite3_create_function_v2(handle, name, 2, SQLITE_UTF8 | SQLITE_DIRECTONLY, question, answer, NULL, NULL,
                                      free); /* which is called on failure, too */
}
