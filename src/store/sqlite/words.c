/* Ranked search in FTS5.
 *
 * FTS5's own rank, bm25(), weighs a word by how rare it is among all rows, and a row by how long it is beside all
 * others: it would tell a caller of rows that he may not see, it cannot be compared between tables, and it reads each
 * row that it ranks. words_weight() is the rest of it: how often the words stand in the row, saturated as in bm25, and
 * more where they stand in its name. */
#include "words.h"

#include "reviewd/db.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PHRASES_MAX = 64 };

static void words_weight(const Fts5ExtensionApi *api, Fts5Context *row, sqlite3_context *result, int count,
                         sqlite3_value **arguments)
{
    static const double in_name = 4;
    static const double saturation = 1.2;
    double found[PHRASES_MAX] = {0};
    int names = count > 0 ? sqlite3_value_int(arguments[0]) : 0;
    int places = 0;
    int code = api->xInstCount(row, &places);
    for (int i = 0; code == SQLITE_OK && i < places; i++) {
        int phrase, column, offset;
        code = api->xInst(row, i, &phrase, &column, &offset);
        if (code == SQLITE_OK && phrase < PHRASES_MAX)
            found[phrase] += column < names ? in_name : 1;
    }
    if (code != SQLITE_OK) {
        sqlite3_result_error_code(result, code);
        return;
    }
    double weight = 0;
    for (int i = 0; i < PHRASES_MAX; i++)
        weight += found[i] * (saturation + 1) / (found[i] + saturation);
    sqlite3_result_double(result, weight);
}

int words_register(sqlite3 *handle)
{
    fts5_api *api = NULL;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(handle, "SELECT fts5(?1)", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        code = code == SQLITE_ROW ? SQLITE_OK : code;
    }
    sqlite3_finalize(statement);
    if (code != SQLITE_OK)
        return code;
    return api ? api->xCreateFunction(api, "words_weight", NULL, words_weight, NULL) : SQLITE_ERROR;
}

static char *text_made(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *text_made(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (!text)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

char *db_words_keys_sql(const char *table)
{
    return text_made("SELECT rowid FROM %s_words WHERE %s_words MATCH $1 ORDER BY rowid", table, table);
}

char *db_words_rank_sql(const char *table, const char *visible, int names, int candidates)
{
    return text_made("SELECT f.key, f.weight FROM (SELECT t.key AS key, words_weight(%s_words, %d) AS weight FROM "
                     "%s_words CROSS JOIN %s AS t ON t.key = %s_words.rowid WHERE %s_words MATCH $2 AND %s ORDER BY "
                     "%s_words.rowid DESC LIMIT %d) AS f ORDER BY f.weight DESC, f.key DESC LIMIT $3",
                     table, names, table, table, table, table, visible, table, candidates);
}

char *db_words_show_sql(const char *table, const char *columns, int tokens)
{
    return text_made("SELECT snippet(%s_words, -1, $3, $4, '…', %d), %s FROM %s_words CROSS JOIN %s AS t ON "
                     "t.key = %s_words.rowid WHERE %s_words MATCH $1 AND %s_words.rowid = $2",
                     table, tokens, columns, table, table, table, table, table);
}
