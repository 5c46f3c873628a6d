/* The migrations of this driver, taken into the program as they lie in migrations/sqlite (see meson.build), and the
 * table of those that a database was given. */
#include "reviewd/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern const char migration_0001_spine[];
extern const char migration_0002_checkpoints[];
extern const char migration_0003_calendar[];
extern const char migration_0004_attachments[];
extern const char migration_0005_minutes[];
extern const char migration_0006_personal[];
extern const char migration_0007_writes[];
extern const char migration_0008_imports[];
extern const char migration_0009_approvals[];

const struct migration *db_migrations(size_t *ret_count)
{
    static const struct migration migrations[] = {
        {1, "0001_spine", migration_0001_spine},         {2, "0002_checkpoints", migration_0002_checkpoints},
        {3, "0003_calendar", migration_0003_calendar},   {4, "0004_attachments", migration_0004_attachments},
        {5, "0005_minutes", migration_0005_minutes},     {6, "0006_personal", migration_0006_personal},
        {7, "0007_writes", migration_0007_writes},       {8, "0008_imports", migration_0008_imports},
        {9, "0009_approvals", migration_0009_approvals},
    };
    *ret_count = sizeof migrations / sizeof *migrations;
    return migrations;
}

/* Runs a statement; where it answers a row, that row's number. */
static bool run(struct db_statement *statement, int *ret_number)
{
    if (!statement)
        return false;
    enum db_step step = db_step(statement);
    if (step == DB_ROW)
        *ret_number = (int)db_integer(statement, 0);
    db_reset(statement);
    return step != DB_ERROR;
}

bool db_migrated(struct db *db, int *ret_number)
{
    int number = 0;
    if (!run(db_fixed(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'migration'"), &number) ||
        (number && !run(db_query(db, "SELECT coalesce(max(number), 0) FROM migration"), &number)))
        return false;
    *ret_number = number;
    return true;
}

bool db_migrate(struct db *db, const struct migration *migration)
{
    int none;
    if (!db_script(db, "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
                       "applied_at TEXT NOT NULL) STRICT") ||
        DB_FAILPOINT(db, "migrate.step") || !db_script(db, migration->sql) || DB_FAILPOINT(db, "migrate.number"))
        return false;
    struct db_statement *statement = db_query(db, "INSERT INTO migration (number, name, applied_at) VALUES ($1, $2, "
                                                  "strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))");
    if (statement) {
        db_bind_integer(statement, 1, migration->number);
        db_bind_text(statement, 2, migration->name);
    }
    return run(statement, &none);
}

bool db_built(struct db *db)
{
    return db_script(db, "PRAGMA journal_mode = WAL");
}

void db_built_remove_log(const char *path)
{
    static const char *const beside[] = {"-wal", "-shm"};
    char log[4220];
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        snprintf(log, sizeof log, "%s%s", path, beside[i]);
        unlink(log);
    }
}

bool db_settle_log(const char *path)
{
    char log[4220];
    char piece[65536];
    snprintf(log, sizeof log, "%s-wal", path);
    int fd = open(log, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT;
    off_t at = 0;
    ssize_t length;
    bool fine = true;
    for (; fine && (length = pread(fd, piece, sizeof piece, at)) != 0; at += length)
        fine = length > 0 && pwrite(fd, piece, (size_t)length, at) == length;
    fine = fine && (at == 0 || fsync(fd) == 0);
    int error = errno;
    close(fd);
    errno = error;
    return fine;
}

/* --- the schema, as it should be -----------------------------------------------------------------------------------
 */

/* What there is of a schema, but for SQLite's own: indexes without a text belong to their table, and statistics are
 * made by ANALYZE. */
static const char schema_sql[] = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE "
                                 "'sqlite\\_%' ESCAPE '\\' ORDER BY type, name";
static const char object_sql[] = "SELECT sql FROM sqlite_schema WHERE type = $1 AND name = $2";

struct report {
    void (*report)(void *context, const char *finding);
    void *context;
    bool found;
};

static void tell(struct report *to, const char *type, const char *name, const char *what)
{
    char text[300];
    snprintf(text, sizeof text, "the %s %s %s", type, name, what);
    to->report(to->context, text);
    to->found = true;
}

/* Reports what `from` has and `in` has not, or (where `other` says so) has otherwise. */
static bool compare(struct db *from, struct db *in, const char *missing, const char *other, struct report *to)
{
    struct db_statement *all = db_fixed(from, schema_sql);
    struct db_statement *one = db_fixed(in, object_sql);
    enum db_step step = DB_ERROR;
    while (all && one && (step = db_step(all)) == DB_ROW) {
        db_bind_text(one, 1, db_text(all, 0));
        db_bind_text(one, 2, db_text(all, 1));
        enum db_step found = db_step(one);
        if (found == DB_DONE)
            tell(to, db_text(all, 0), db_text(all, 1), missing);
        else if (found == DB_ROW && other && (!db_text(one, 0) || strcmp(db_text(one, 0), db_text(all, 2)) != 0))
            tell(to, db_text(all, 0), db_text(all, 1), other);
        db_reset(one);
        if (found == DB_ERROR) {
            step = DB_ERROR;
            break;
        }
    }
    if (all)
        db_reset(all);
    return step == DB_DONE;
}

bool db_check_schema(struct db *db, void (*report)(void *context, const char *finding), void *context)
{
    const char *message;
    struct report to = {report, context, false};
    struct db *right = db_open(":memory:", DB_BUILDER, &message);
    size_t count;
    const struct migration *migrations = db_migrations(&count);
    bool fine = right != NULL;
    for (size_t i = 0; fine && i < count; i++)
        fine = db_script(right, "BEGIN") && db_migrate(right, &migrations[i]) && db_script(right, "COMMIT");
    if (!fine || !compare(right, db, "is missing", "was changed", &to) ||
        !compare(db, right, "is none of this schema", NULL, &to)) {
        report(context, "the schema cannot be compared");
        to.found = true;
    }
    db_close(right);
    return !to.found;
}

/* By their names, which are those of table and column. */
bool db_is_indexed(struct db *db, const char *table, const char *column, bool *ret_indexed)
{
    struct db_statement *statement =
        db_fixed(db, "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = $1 || '_' || $2");
    if (!statement)
        return false;
    db_bind_text(statement, 1, table);
    db_bind_text(statement, 2, column);
    bool read = db_step(statement) == DB_ROW;
    *ret_indexed = read && db_integer(statement, 0) > 0;
    db_reset(statement);
    return read;
}
