#include "ask.h"

#include "reviewd/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool apply(struct store *store, const struct migration *migration)
{
    if (DB_FAILPOINT(store->db, "migrate.begin") || !db_script(store->db, "BEGIN IMMEDIATE"))
        return false;
    int number;
    /* Where the number is there already, another process was faster. */
    bool fine = db_migrated(store->db, &number) && (number >= migration->number || db_migrate(store->db, migration)) &&
                !DB_FAILPOINT(store->db, "migrate.commit.before") && db_script(store->db, "COMMIT") &&
                !DB_FAILPOINT(store->db, "migrate.commit.after");
    /* What failed is told by the first message: the rollback's own is of no interest. */
    if (!fine && db_in_transaction(store->db))
        (void)!db_script(store->db, "ROLLBACK");
    return fine;
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
    bool copied = !DB_FAILPOINT(store->db, "migrate.backup.before") && db_backup(store->db, part) &&
                  rename(part, path) == 0 && disk_sync(data_folder) && !DB_FAILPOINT(store->db, "migrate.backup.after");
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

static struct {
    const char *database;
    size_t length;
} template;

void store_use_template(const void *database, size_t length)
{
    template.database = database;
    template.length = length;
}

bool store_build(const char *path, const char **ret_message)
{
    static char message[200];
    unlink(path);
    struct store store = {.db = db_open(path, DB_BUILDER, ret_message)};
    if (!store.db)
        return false;
    bool fine = migrate_all(&store, 0) && db_built(store.db);
    if (!fine)
        snprintf(message, sizeof message, "%s", db_message(store.db));
    *ret_message = message;
    store_close(&store);
    db_built_remove_log(path);
    return fine;
}

static bool copy_template(const char *path, const char **ret_message)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool fine = fd >= 0;
    for (size_t done = 0; fine && done < template.length;) {
        ssize_t written = FAILPOINT("create.write") ? -1 : write(fd, template.database + done, template.length - done);
        fine = written > 0 || (written < 0 && errno == EINTR);
        done += written > 0 ? (size_t)written : 0;
    }
    *ret_message = strerror(errno);
    return fd >= 0 && close(fd) == 0 && fine;
}

bool store_create(const char *data_folder, const char *path, bool *ret_created, const char **ret_message)
{
    char part[4200];
    static char message[200];
    snprintf(part, sizeof part, "%s/new-%ld.db", data_folder, (long)getpid());
    const char *why;
    bool fine = template.database ? copy_template(part, &why) : store_build(part, &why);
    if (!fine)
        snprintf(message, sizeof message, "the new database cannot be made: %s", why);
    /* The folder, too, may just have been made: its name is there for good before the database is. */
    if (fine && (!disk_sync(part) || !disk_sync_above(data_folder))) {
        snprintf(message, sizeof message, "the new database cannot be synced: %s", strerror(errno));
        fine = false;
    }
    *ret_created = fine && !FAILPOINT("create.link") && link(part, path) == 0;
    int error = errno;
    unlink(part);
    errno = error;
    if (fine && (*ret_created ? !FAILPOINT("create.linked") && disk_sync(data_folder) : errno == EEXIST))
        return true;
    *ret_message = message[0] ? message : "the new database cannot be put into its place";
    return false;
}

enum migrated store_standing(struct store *store, int *ret_from, int *ret_to)
{
    size_t count;
    const struct migration *migrations = db_migrations(&count);
    *ret_to = migrations[count - 1].number;
    if (!db_migrated(store->db, ret_from))
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
