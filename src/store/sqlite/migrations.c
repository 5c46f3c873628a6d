/* The migrations of this driver, taken into the program as they lie in migrations/sqlite (see meson.build), and the
 * table of those that a database was given. */
#include "reviewd/db.h"

#include <stdio.h>
#include <unistd.h>

extern const char migration_0001_spine[];

const struct migration *db_migrations(size_t *ret_count)
{
    static const struct migration migrations[] = {
        {1, "0001_spine", migration_0001_spine},
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
        !db_script(db, migration->sql))
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
