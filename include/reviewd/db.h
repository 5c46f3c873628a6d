/* The seam between SQL and the database that runs it. One folder of src/store per driver implements it.
 *
 * SQL keeps to what the drivers share: $1, $2 … for parameters, RETURNING, ON CONFLICT. A connection and its
 * statements belong to one thread at a time. */
#ifndef REVIEWD_DB_H
#define REVIEWD_DB_H

#include "reviewd/failpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))

struct db;
struct db_statement;

enum db_step { DB_ROW, DB_DONE, DB_ERROR };

/* Why a call failed. */
enum db_fault {
    DB_FAULT_NONE,
    DB_FAULT_BUSY, /* somebody else holds the lock; try again */
    DB_FAULT_FULL, /* no room on the disk */
    DB_FAULT_IO,   /* reading, writing or syncing failed: what is stored is not known */
    DB_FAULT_MEMORY,
    DB_FAULT_CONSTRAINT, /* the schema refused what the rules let through: a bug */
    DB_FAULT_CORRUPT,
    DB_FAULT_OTHER,
};

enum db_mode {
    DB_READER,  /* queries alone; never checkpoints */
    DB_WRITER,  /* the one connection that may checkpoint */
    DB_BUILDER, /* alone with a new file that nobody else knows yet: nothing is synced, no log is kept */
    DB_GUEST,   /* a writer in another process than the daemon: never checkpoints */
};

/* Process-wide settings of the driver; once, before any connection. */
void db_global_init(void);

/* The driver's name and version, for `reviewd version`. */
const char *db_driver_version(void);

/* Opens (a writer or guest also makes) the database. NULL on failure, *ret_message then says why (static or owned by
 * the driver until the next call of this thread). */
MUST_USE struct db *db_open(const char *path, enum db_mode mode, const char **ret_message);
void db_close(struct db *db); /* takes NULL */

/* A prepared statement, reset and ready to be bound; kept by the connection and never freed by the caller.
 * db_fixed: `sql` is a text that outlives the connection and is known by its address. db_query: any text.
 * NULL on failure: see db_fault(). */
struct db_statement *db_fixed(struct db *db, const char *sql);
struct db_statement *db_query(struct db *db, const char *sql);

/* Parameters from 1. Text and blobs are not copied: they live until the statement is reset. NULL binds NULL. */
void db_bind_text(struct db_statement *statement, int parameter, const char *text);
void db_bind_blob(struct db_statement *statement, int parameter, const void *data, size_t length);
void db_bind_integer(struct db_statement *statement, int parameter, int64_t value);
void db_bind_number(struct db_statement *statement, int parameter, double value);
void db_bind_null(struct db_statement *statement, int parameter);

MUST_USE enum db_step db_step(struct db_statement *statement);
void db_reset(struct db_statement *statement);

/* Columns from 0, of the present row; text lives until the next step or reset. NULL for NULL, and where memory ran
 * out: after reading a row that is not followed by another step, ask db_whole(). */
bool db_is_null(struct db_statement *statement, int column);
const char *db_text(struct db_statement *statement, int column);
const void *db_blob(struct db_statement *statement, int column);
size_t db_length(struct db_statement *statement, int column);
int64_t db_integer(struct db_statement *statement, int column);
double db_number(struct db_statement *statement, int column);
__attribute__((warn_unused_result)) bool db_whole(struct db_statement *statement);

/* Runs a statement that answers nothing, or all statements of a script. False on failure. */
MUST_USE bool db_run(struct db *db, const char *sql);
MUST_USE bool db_script(struct db *db, const char *sql);

/* Of the last call that failed on this connection. */
enum db_fault db_fault(const struct db *db);
const char *db_message(const struct db *db);

/* Whether a transaction is open: a failing statement may have rolled back all of it. */
bool db_in_transaction(const struct db *db);

/* Rows written since the connection was opened. */
int64_t db_changes(const struct db *db);

/* What this connection sees, as a number that is another one once anybody else has changed anything: to be asked within
 * a transaction (a statement under way is one), and of worth in this connection alone. What it writes itself does not
 * change it. */
unsigned db_snapshot(const struct db *db);

/* A number that changes when another connection has changed the database. */
int64_t db_data_version(struct db *db);

/* Pages waiting in the write-ahead log, and moving them into the database without waiting for readers (writer only). */
int db_wal_pages(const struct db *db);
bool db_checkpoint(struct db *db);

/* Moves all of them, and cuts the log to nothing. False, at once, while anybody reads what was before, too. */
bool db_cut_log(struct db *db);

/* Whether a sync has failed while the log was moved: of what was moved so far nothing may have come to the disk, so
 * that it must not be moved on by this process. */
bool db_sync_failed(const struct db *db);

/* A consistent copy of the whole database into a new file, while others go on writing. */
MUST_USE bool db_backup(struct db *db, const char *path);

/* The driver's own checks: structure, then references. Each finding goes to `report`. False where there are any. */
bool db_check(struct db *db, bool quick, void (*report)(void *context, const char *finding), void *context);

/* Whether the schema is the one that this build's migrations make: a trigger, an index or a table that is missing,
 * other or added is reported. False where there is any. */
bool db_check_schema(struct db *db, void (*report)(void *context, const char *finding), void *context);

/* The numbered migrations that this build knows, in order. */
struct migration {
    int number;
    const char *name;
    const char *sql;
};
const struct migration *db_migrations(size_t *ret_count);

/* The number of the last one that the database was given; 0 for a new one. */
MUST_USE bool db_migrated(struct db *db, int *ret_number);

/* Gives it one, with a note that it has it; in a transaction of the caller's. */
MUST_USE bool db_migrate(struct db *db, const struct migration *migration);

/* Ends a builder's work: the file is as any other connection wants it. What then lies beside it once it is closed is
 * of no use (a log that nothing was written to). */
MUST_USE bool db_built(struct db *db);
void db_built_remove_log(const char *path);

/* Makes name(a, b) a function of SQL on this connection: whether `sql` has a row for the ids in $1 and $2; an id that
 * is absent has none. What a reader was answered, it remembers until the database changes. `sql` outlives the
 * connection. */
MUST_USE bool db_question(struct db *db, const char *name, const char *sql);

/* Whether an index leads to the rows by what they have in this column. */
MUST_USE bool db_is_indexed(struct db *db, const char *table, const char *column, bool *ret_indexed);

/* How the driver searches words: a condition on the alias t, with a query in parameter `parameter`, written into the
 * caller's buffer and returned. */
const char *db_words_condition(const char *table, int parameter, char *buffer, size_t size);

/* Turns words into that query; false where there are none, or the buffer is too small. */
bool db_words_query(const char *words, char *buffer, size_t size);

/* The statement that takes the rows of a table beyond `words_indexed` into its index of words. The caller frees it. */
char *db_words_index_sql(const char *table, const char *columns);

/* Leaves nothing of deleted rows in the table's index of words. */
MUST_USE bool db_words_purge(struct db *db, const char *table);

/* The statement that answers the keys of the rows that match the query in $1, in their order. The caller frees it. */
char *db_words_keys_sql(const char *table);

/* The statement by which a reader finds the rows (of alias t) that match the query in parameter $2 and meet a
 * condition: their key and weight, heaviest first, and of those of the same weight the newest; at most as many as
 * parameter $3, out of so many newest ones. The first `names` columns of the index weigh more. The weight depends on
 * nothing but the row. The caller frees it. */
char *db_words_rank_sql(const char *table, const char *visible, int names, int candidates);

/* The statement that shows the row of the key in $2 for the query in $1: the part of its text, about so many words
 * long, where most is found, with $3 before and $4 behind each find; then columns of the alias t. The caller frees it.
 */
char *db_words_show_sql(const char *table, const char *columns, int tokens);

/* Writes the log of this database anew as it is read, and syncs it; nobody may write meanwhile. After a sync that
 * failed the system shows what the disk may not have, and takes it for written: it would be read back as stored, and
 * never be. False with errno. */
bool db_settle_log(const char *path);

/* Where a test says so, the connection fails here as by an I/O error (failpoint.h). */
#ifdef REVIEWD_FAILPOINTS
bool db_failed(struct db *db, bool fails);
#define DB_FAILPOINT(db, name) db_failed(db, FAILPOINT(name))
#else
#define DB_FAILPOINT(db, name) false
#endif

#endif
