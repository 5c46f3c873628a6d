/* db.h on SQLite. */
#include "reviewd/db.h"

#include "files.h"
#include "question.h"
#include "words.h"

#include <assert.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    STATEMENT_SLOTS = 512, /* a power of two, well above the number of fixed statements */
    QUERIES_MAX = 64,      /* texts made for one request: the lists that callers really use */
    BUSY_TIMEOUT_MS = 5000,
    BUSY_PAUSE_MS = 5,
};

struct db_statement {
    sqlite3_stmt *handle;
    struct db *db;
};

struct slot {
    const char *sql; /* the caller's, known by its address */
    struct db_statement statement;
};

struct query {
    uint64_t hash;
    uint64_t used; /* by the connection's own clock of queries */
    char *sql;
    struct db_statement statement;
};

struct db {
    sqlite3 *handle;
    enum db_mode mode;
    enum db_fault fault;
    char message[300];
    int wal_pages;
    bool sync_failed;
    struct slot slots[STATEMENT_SLOTS];
    struct query queries[QUERIES_MAX];
    uint64_t query_clock;
};

void db_global_init(void)
{
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_URI, 0); /* a folder called "file:…" is a folder */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 0); /* journals of statements are files at once: ours */
    sqlite3_initialize();
    files_register();
}

const char *db_driver_version(void)
{
    static char text[40];
    snprintf(text, sizeof text, "SQLite %s", sqlite3_libversion());
    return text;
}

static enum db_fault fault_of(int code)
{
    switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return DB_FAULT_NONE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return DB_FAULT_BUSY;
    case SQLITE_FULL:
        return DB_FAULT_FULL;
    case SQLITE_IOERR:
        return code == SQLITE_IOERR_NOMEM ? DB_FAULT_MEMORY : DB_FAULT_IO;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
        return DB_FAULT_IO;
    case SQLITE_NOMEM:
        return DB_FAULT_MEMORY;
    case SQLITE_CONSTRAINT:
        return DB_FAULT_CONSTRAINT;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return DB_FAULT_CORRUPT;
    default:
        return DB_FAULT_OTHER;
    }
}

static bool note(struct db *db, int code)
{
    enum db_fault fault = fault_of(code);
    if (fault == DB_FAULT_NONE)
        return true;
    db->fault = fault;
    snprintf(db->message, sizeof db->message, "%s", sqlite3_errmsg(db->handle));
    return false;
}

static int on_wal(void *context, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    ((struct db *)context)->wal_pages = pages;
    return SQLITE_OK;
}

static void on_rollback(void *context)
{
    files_forget(((struct db *)context)->handle);
}

/* A backup that was put back has no log until somebody opens it. Where another is about to write at that moment, as one
 * is who opens it, too, SQLite gives up without waiting, since it holds a lock already: so it is asked again. */
static bool use_log(struct db *db)
{
    int code;
    sqlite3_busy_timeout(db->handle, 0);
    for (int waited_ms = 0;
         (code = sqlite3_exec(db->handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL)) != SQLITE_OK &&
         fault_of(code) == DB_FAULT_BUSY && waited_ms < BUSY_TIMEOUT_MS;
         waited_ms += BUSY_PAUSE_MS)
        sqlite3_sleep(BUSY_PAUSE_MS);
    bool fine = note(db, code);
    sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    return fine;
}

static bool configure(struct db *db)
{
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (!db_script(db, "PRAGMA foreign_keys = 1; PRAGMA wal_autocheckpoint = 0;"))
        return false;
    if (db->mode != DB_BUILDER && !note(db, words_register(db->handle)))
        return false;
    /* Nothing here that reads the schema, which takes a few milliseconds: whoever opens a reader may never read, and at
     * a start each loop's thread does it for itself. Its version stands in the header, which tells a database from
     * another file. (The cache is SQLite's usual 2 MB.) */
    if (db->mode == DB_READER)
        return db_script(db, "PRAGMA query_only = 1; PRAGMA temp_store = 2; PRAGMA schema_version");
    if (db->mode == DB_BUILDER)
        return db_script(db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;");
    sqlite3_wal_hook(db->handle, on_wal, db);
    sqlite3_rollback_hook(db->handle, on_rollback, db);
    /* No temp_store here: in memory, SQLite would keep the journals of statements by itself (files.c).
     * Large files make the log long for once: it does not stay as long for good. What is deleted is overwritten, so
     * that what is erased of a person is not left in free pages. */
    return use_log(db) &&
           db_script(db, "PRAGMA synchronous = FULL; PRAGMA secure_delete = 1; PRAGMA cache_size = -4096;"
                         "PRAGMA journal_size_limit = 134217728;");
}

struct db *db_open(const char *path, enum db_mode mode, const char **ret_message)
{
    static _Thread_local char message[300];
    struct db *db = calloc(1, sizeof *db);
    if (!db) {
        *ret_message = "out of memory";
        return NULL;
    }
    db->mode = mode;
    mode_t mask = umask(0077);
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | (mode == DB_READER ? 0 : SQLITE_OPEN_CREATE);
    int code = sqlite3_open_v2(path, &db->handle, flags, NULL);
    bool opened = code == SQLITE_OK && configure(db);
    umask(mask);
    if (opened)
        return db;
    snprintf(message, sizeof message, "%s", db->handle ? sqlite3_errmsg(db->handle) : "out of memory");
    *ret_message = message;
    db_close(db);
    return NULL;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (size_t i = 0; i < STATEMENT_SLOTS; i++)
        sqlite3_finalize(db->slots[i].statement.handle);
    for (size_t i = 0; i < QUERIES_MAX; i++) {
        sqlite3_finalize(db->queries[i].statement.handle);
        sqlite3_free(db->queries[i].sql);
    }
    sqlite3_close(db->handle);
    free(db);
}

/* SQLite takes "$1" for a name; "?1" is the number that we mean. */
static char *sqlite_text(const char *sql)
{
    char *text = strdup(sql);
    for (char *at = text; at && *at; at++) {
        if (*at == '$' && at[1] >= '0' && at[1] <= '9')
            *at = '?';
    }
    return text;
}

static bool prepare(struct db *db, const char *sql, unsigned flags, struct db_statement *ret_statement)
{
    char *text = sqlite_text(sql);
    if (!text) {
        db->fault = DB_FAULT_MEMORY;
        return false;
    }
    sqlite3_stmt *handle = NULL;
    int code = sqlite3_prepare_v3(db->handle, text, -1, flags, &handle, NULL);
    free(text);
    if (!note(db, code))
        return false;
    *ret_statement = (struct db_statement){handle, db};
    return true;
}

/* Reset, and without the bindings of the call before: their texts were that caller's. */
static struct db_statement *statement_again(struct db_statement *statement)
{
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
    return statement;
}

struct db_statement *db_fixed(struct db *db, const char *sql)
{
    size_t at = ((uintptr_t)sql >> 3) * 0x9E3779B97F4A7C15u >> 40 & (STATEMENT_SLOTS - 1);
    for (size_t probes = 0; db->slots[at].sql && db->slots[at].sql != sql; probes++) {
        assert(probes < STATEMENT_SLOTS && "there are more fixed statements than slots");
        at = (at + 1) & (STATEMENT_SLOTS - 1);
    }
    struct slot *slot = &db->slots[at];
    if (!slot->sql) {
        if (!prepare(db, sql, SQLITE_PREPARE_PERSISTENT, &slot->statement))
            return NULL;
        slot->sql = sql;
    }
    return statement_again(&slot->statement);
}

static uint64_t text_hash(const char *text)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001B3u;
    return hash;
}

/* The place of a text, or the one that was longest without use. */
static struct query *query_place(struct db *db, const char *sql, uint64_t hash)
{
    struct query *oldest = &db->queries[0];
    for (size_t i = 0; i < QUERIES_MAX; i++) {
        struct query *query = &db->queries[i];
        if (query->sql && query->hash == hash && strcmp(query->sql, sql) == 0)
            return query;
        if (query->used < oldest->used)
            oldest = query;
    }
    return oldest;
}

struct db_statement *db_query(struct db *db, const char *sql)
{
    uint64_t hash = text_hash(sql);
    struct query *query = query_place(db, sql, hash);
    if (!query->sql || query->hash != hash || strcmp(query->sql, sql) != 0) {
        sqlite3_finalize(query->statement.handle);
        sqlite3_free(query->sql);
        *query = (struct query){.hash = hash, .sql = sqlite3_mprintf("%s", sql)};
        if (!query->sql || !prepare(db, sql, SQLITE_PREPARE_PERSISTENT, &query->statement)) {
            sqlite3_free(query->sql);
            *query = (struct query){0};
            db->fault = db->fault ? db->fault : DB_FAULT_MEMORY;
            return NULL;
        }
    }
    query->used = ++db->query_clock;
    return statement_again(&query->statement);
}

void db_bind_text(struct db_statement *statement, int parameter, const char *text)
{
    note(statement->db, sqlite3_bind_text(statement->handle, parameter, text, -1, SQLITE_STATIC));
}

void db_bind_blob(struct db_statement *statement, int parameter, const void *data, size_t length)
{
    note(statement->db, sqlite3_bind_blob64(statement->handle, parameter, data, length, SQLITE_STATIC));
}

void db_bind_integer(struct db_statement *statement, int parameter, int64_t value)
{
    note(statement->db, sqlite3_bind_int64(statement->handle, parameter, value));
}

void db_bind_number(struct db_statement *statement, int parameter, double value)
{
    note(statement->db, sqlite3_bind_double(statement->handle, parameter, value));
}

void db_bind_null(struct db_statement *statement, int parameter)
{
    note(statement->db, sqlite3_bind_null(statement->handle, parameter));
}

enum db_step db_step(struct db_statement *statement)
{
    /* SQLite may have rolled the transaction back behind our back (memory or the disk failed within a SELECT): what
     * would be written now would be committed on its own. */
    sqlite3 *handle = statement->db->handle;
    if (sqlite3_get_autocommit(handle) && !sqlite3_stmt_readonly(statement->handle)) {
        snprintf(statement->db->message, sizeof statement->db->message, "a write outside a transaction");
        statement->db->fault = DB_FAULT_OTHER;
        return DB_ERROR;
    }
    int code = sqlite3_step(statement->handle);
    if (code == SQLITE_ROW)
        return DB_ROW;
    if (code == SQLITE_DONE)
        return DB_DONE;
    note(statement->db, code);
    return DB_ERROR;
}

void db_reset(struct db_statement *statement)
{
    sqlite3_reset(statement->handle);
}

bool db_is_null(struct db_statement *statement, int column)
{
    return sqlite3_column_type(statement->handle, column) == SQLITE_NULL;
}

const char *db_text(struct db_statement *statement, int column)
{
    return (const char *)sqlite3_column_text(statement->handle, column);
}

const void *db_blob(struct db_statement *statement, int column)
{
    return sqlite3_column_blob(statement->handle, column);
}

size_t db_length(struct db_statement *statement, int column)
{
    return (size_t)sqlite3_column_bytes(statement->handle, column);
}

int64_t db_integer(struct db_statement *statement, int column)
{
    return sqlite3_column_int64(statement->handle, column);
}

double db_number(struct db_statement *statement, int column)
{
    return sqlite3_column_double(statement->handle, column);
}

bool db_whole(struct db_statement *statement)
{
    int code = sqlite3_errcode(statement->db->handle);
    return code != SQLITE_NOMEM || note(statement->db, code);
}

bool db_run(struct db *db, const char *sql)
{
    struct db_statement *statement = db_fixed(db, sql);
    if (!statement)
        return false;
    bool fine = note(db, sqlite3_step(statement->handle)); /* not db_step(): BEGIN is no write within a transaction */
    db_reset(statement);
    return fine;
}

bool db_script(struct db *db, const char *sql)
{
    return note(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

#ifdef REVIEWD_FAILPOINTS
bool db_failed(struct db *db, bool fails)
{
    if (fails) {
        db->fault = DB_FAULT_IO;
        snprintf(db->message, sizeof db->message, "disk I/O error");
    }
    return fails;
}
#endif

enum db_fault db_fault(const struct db *db)
{
    return db->fault;
}

const char *db_message(const struct db *db)
{
    return db->message;
}

bool db_in_transaction(const struct db *db)
{
    return !sqlite3_get_autocommit(db->handle);
}

int64_t db_changes(const struct db *db)
{
    return sqlite3_total_changes64(db->handle);
}

unsigned db_snapshot(const struct db *db)
{
    unsigned others = 0;
    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_DATA_VERSION, &others);
    return others;
}

bool db_question(struct db *db, const char *name, const char *sql)
{
    return note(db, question_register(db->handle, db, name, sql, db->mode == DB_READER));
}

int64_t db_data_version(struct db *db)
{
    struct db_statement *statement = db_fixed(db, "PRAGMA data_version");
    if (!statement)
        return -1;
    int64_t version = db_step(statement) == DB_ROW ? db_integer(statement, 0) : -1;
    db_reset(statement);
    return version;
}

int db_wal_pages(const struct db *db)
{
    return db->wal_pages;
}

bool db_checkpoint(struct db *db)
{
    int log = 0;
    int moved = 0;
    int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &moved);
    if (code == SQLITE_OK)
        db->wal_pages = log - moved;
    db->sync_failed |= code == SQLITE_IOERR_FSYNC;
    return note(db, code);
}

bool db_cut_log(struct db *db)
{
    int log = 0;
    int moved = 0;
    sqlite3_busy_timeout(db->handle, 0);
    int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, &log, &moved);
    sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    if (code == SQLITE_OK)
        db->wal_pages = 0;
    db->sync_failed |= code == SQLITE_IOERR_FSYNC;
    return code == SQLITE_OK;
}

bool db_sync_failed(const struct db *db)
{
    return db->sync_failed;
}

bool db_backup(struct db *db, const char *path)
{
    sqlite3 *target = NULL;
    if (DB_FAILPOINT(db, "backup.open"))
        return false;
    int code = sqlite3_open_v2(path, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    sqlite3_backup *backup = code == SQLITE_OK ? sqlite3_backup_init(target, "main", db->handle, "main") : NULL;
    if (backup) {
        bool whole = !FAILPOINT("backup.step") && sqlite3_backup_step(backup, -1) == SQLITE_DONE;
        code = sqlite3_backup_finish(backup);
        if (code == SQLITE_OK && !whole)
            code = SQLITE_BUSY;
        /* A backup is one file: no log beside it. */
        if (code == SQLITE_OK)
            code = FAILPOINT("backup.finish") ? SQLITE_IOERR
                                              : sqlite3_exec(target, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    } else {
        code = target ? sqlite3_errcode(target) : SQLITE_NOMEM;
    }
    sqlite3_close(target);
    return note(db, code);
}

static bool check_pragma(struct db *db, const char *sql, void (*report)(void *, const char *), void *context)
{
    struct db_statement *statement = DB_FAILPOINT(db, "check") ? NULL : db_fixed(db, sql);
    bool fine = statement != NULL;
    enum db_step step = DB_DONE;
    while (statement && (step = db_step(statement)) == DB_ROW) {
        const char *finding = db_text(statement, 0);
        if (finding && strcmp(finding, "ok") == 0)
            continue;
        fine = false;
        report(context, finding ? finding : "?");
    }
    if (!statement || step == DB_ERROR) {
        fine = false;
        report(context, db_message(db));
    }
    if (statement)
        db_reset(statement);
    return fine;
}

bool db_check(struct db *db, bool quick, void (*report)(void *context, const char *finding), void *context)
{
    if (quick) /* reads the header and the schema; a whole check would take too long at every start */
        return check_pragma(db, "SELECT 'ok' FROM sqlite_schema LIMIT 1", report, context);
    bool sound = check_pragma(db, "PRAGMA integrity_check", report, context);
    bool linked = check_pragma(db,
                               "SELECT 'row ' || rowid || ' of ' || \"table\" || ' refers to a missing ' || parent "
                               "FROM pragma_foreign_key_check",
                               report, context);
    return sound && linked;
}

/* FTS5 keeps deleted words in older segments till those are merged: so they are, into one. */
bool db_words_purge(struct db *db, const char *table)
{
    char sql[200];
    snprintf(sql, sizeof sql, "INSERT INTO %s_words (%s_words) VALUES ('optimize')", table, table);
    struct db_statement *statement = db_query(db, sql);
    bool fine = statement && db_step(statement) == DB_DONE;
    if (statement)
        db_reset(statement);
    return fine;
}

char *db_words_index_sql(const char *table, const char *columns)
{
    char *sql = NULL;
    int length = asprintf(&sql,
                          "INSERT INTO %s_words (rowid, %s) SELECT key, %s FROM %s WHERE key > coalesce((SELECT "
                          "last FROM words_indexed WHERE resource = '%s'), 0)",
                          table, columns, columns, table, table);
    return length < 0 ? NULL : sql;
}

const char *db_words_condition(const char *table, int parameter, char *buffer, size_t size)
{
    snprintf(buffer, size, "t.key IN (SELECT rowid FROM %s_words WHERE %s_words MATCH $%d)", table, table, parameter);
    return buffer;
}

/* Every word, quoted, as the beginning of a word in the text: no operator of FTS5's language gets through. */
bool db_words_query(const char *words, char *buffer, size_t size)
{
    size_t length = 0;
    while (*words) {
        size_t space = strspn(words, " \t\r\n");
        words += space;
        size_t word = strcspn(words, " \t\r\n");
        if (!word)
            break;
        if (length + 2 * word + 8 > size)
            return false;
        if (length)
            buffer[length++] = ' ';
        buffer[length++] = '"';
        for (size_t i = 0; i < word; i++) {
            if (words[i] == '"')
                buffer[length++] = '"';
            buffer[length++] = words[i];
        }
        buffer[length++] = '"';
        buffer[length++] = '*';
        words += word;
    }
    buffer[length] = '\0';
    return length > 0;
}
