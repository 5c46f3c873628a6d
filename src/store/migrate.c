#include "ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
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
    /* What failed is told by the first message: the rollback's own is of no interest. */
    return db_in_transaction(store->db) && db_script(store->db, "ROLLBACK") && false;
}

int store_open_checkpoint_lock(const char *data_folder)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/checkpoint.lock", data_folder);
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

int store_lock_checkpoints(const char *data_folder)
{
    int lock = store_open_checkpoint_lock(data_folder);
    if (lock >= 0 && flock(lock, LOCK_EX) != 0) {
        close(lock);
        lock = -1;
    }
    return lock;
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

static bool migrate_all(struct store *store, int number)
{
    size_t count;
    const struct migration *migrations = db_migrations(&count);
    for (size_t i = 0; i < count; i++) {
        if (migrations[i].number > number && !apply(store, &migrations[i]))
            return false;
    }
    return true;
}

static bool sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool fine = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return fine;
}

bool store_create(const char *data_folder, const char *path, bool *ret_created, const char **ret_message)
{
    char part[4200];
    char log[4220];
    static char message[200];
    snprintf(part, sizeof part, "%s/new-%ld.db", data_folder, (long)getpid());
    unlink(part);
    struct store store = {.db = db_open(part, DB_BUILDER, ret_message)};
    if (!store.db)
        return false;
    bool fine = migrate_all(&store, 0) && db_script(store.db, "PRAGMA journal_mode = WAL");
    if (!fine)
        snprintf(message, sizeof message, "%s", db_message(store.db));
    store_close(&store);
    static const char *const beside[] = {"-wal", "-shm"}; /* of a log that nothing was written to */
    for (size_t i = 0; i < COUNT_OF(beside); i++) {
        snprintf(log, sizeof log, "%s%s", part, beside[i]);
        unlink(log);
    }
    if (fine && !sync_path(part, O_RDWR)) {
        snprintf(message, sizeof message, "the new database cannot be synced: %s", strerror(errno));
        fine = false;
    }
    *ret_created = fine && link(part, path) == 0;
    int error = errno;
    unlink(part);
    errno = error;
    if (fine && (*ret_created ? sync_path(data_folder, O_RDONLY | O_DIRECTORY) : errno == EEXIST))
        return true;
    *ret_message = message[0] ? message : "the new database cannot be put into its place";
    return false;
}

enum migrated store_standing(struct store *store, int *ret_from, int *ret_to)
{
    size_t count;
    const struct migration *migrations = db_migrations(&count);
    *ret_to = migrations[count - 1].number;
    if (!read_number(store, ret_from))
        return MIGRATED_FAILED;
    if (*ret_from != *ret_to)
        return *ret_from > *ret_to ? MIGRATED_NEWER : MIGRATED_OLDER;
    return MIGRATED_NOTHING;
}

enum migrated store_migrate(struct store *store, const char *data_folder, int *ret_from, int *ret_to)
{
    enum migrated standing = store_standing(store, ret_from, ret_to);
    if (standing == MIGRATED_NOTHING && store->created) {
        *ret_from = 0;
        return MIGRATED;
    }
    if (standing != MIGRATED_OLDER)
        return standing;
    if (*ret_from > 0 && !back_up(store, data_folder, *ret_from))
        return MIGRATED_FAILED;
    int lock = store_lock_checkpoints(data_folder);
    bool fine = lock >= 0 && migrate_all(store, *ret_from);
    if (lock >= 0)
        close(lock);
    return fine ? MIGRATED : MIGRATED_FAILED;
}
