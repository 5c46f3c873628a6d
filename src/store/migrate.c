#include "ask.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The database's own table of what was done to it. */
static bool read_number(struct store *store, int *ret_number)
{
    int64_t tables = 0;
    int64_t number = 0;
    if (!ask_integer(db_fixed(store->db, "SELECT count(*) FROM sqlite_schema WHERE name = 'migration'"), &tables))
        return false;
    if (tables && !ask_integer(db_query(store->db, "SELECT coalesce(max(number), 0) FROM migration"), &number))
        return false;
    *ret_number = (int)number;
    return true;
}

static bool apply(struct store *store, const struct migration *migration)
{
    static const char table[] = "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
                                "applied_at TEXT NOT NULL) STRICT";
    if (!db_script(store->db, "BEGIN IMMEDIATE"))
        return false;
    int number;
    bool fine = db_script(store->db, table) && read_number(store, &number);
    if (fine && number < migration->number) { /* else another process was faster */
        struct db_statement *statement =
            db_script(store->db, migration->sql)
                ? db_query(store->db, "INSERT INTO migration (number, name, applied_at) VALUES ($1, $2, "
                                      "strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))")
                : NULL;
        if (statement) {
            db_bind_integer(statement, 1, migration->number);
            db_bind_text(statement, 2, migration->name);
        }
        fine = ask_done(statement);
    }
    if (fine && db_script(store->db, "COMMIT"))
        return true;
    if (db_in_transaction(store->db) && !db_script(store->db, "ROLLBACK"))
        return false;
    return false;
}

static bool back_up(struct store *store, const char *data_folder, int number)
{
    char path[4200];
    char part[4210];
    snprintf(path, sizeof path, "%s/before-migration-%04d.db", data_folder, number + 1);
    snprintf(part, sizeof part, "%s.part", path);
    unlink(part);
    mode_t mask = umask(0077);
    bool copied = db_backup(store->db, part) && rename(part, path) == 0;
    umask(mask);
    return copied;
}

enum migrated store_migrate(struct store *store, const char *data_folder, int *ret_from, int *ret_to)
{
    size_t count;
    const struct migration *migrations = db_migrations(&count);
    int number;
    if (!read_number(store, &number))
        return MIGRATED_FAILED;
    *ret_from = number;
    *ret_to = migrations[count - 1].number;
    if (number > *ret_to)
        return MIGRATED_NEWER;
    if (number == *ret_to)
        return MIGRATED_NOTHING;
    if (number > 0 && !back_up(store, data_folder, number))
        return MIGRATED_FAILED;
    for (size_t i = 0; i < count; i++) {
        if (migrations[i].number > number && !apply(store, &migrations[i]))
            return MIGRATED_FAILED;
    }
    return MIGRATED;
}
