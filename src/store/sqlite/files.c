/* The system's files, but for two kinds:
 *
 * - The log (WAL). SQLite writes each page of a COMMIT by two calls of the system. Here they are gathered, and written
 *   together before anybody can miss them: before the log is synced, read, measured or cut. SQLite tells the other
 *   connections of new pages only after the sync (synchronous=FULL, which every writer of ours has), so that no other
 *   process looks for what is not there yet. A failure of the gathered write is one of the sync: COMMIT fails. It may
 *   also come of a read, after which SQLite takes no more than that statement back: so what was lost fails whatever
 *   wants it, until the transaction is taken back as a whole.
 *   What is gathered and not synced is of a transaction under way. Once that is taken back it is forgotten, since its
 *   place in the log is the next writer's, be it another process: files_forget() at each rollback, and at the close.
 * - The journal of a statement, from which SQLite takes back one that fails half-way. It lives for that statement, and
 *   is a piece of memory here; SQLite's own kept it in pieces of 1 KiB, seventy of them for an action item. Where it
 *   grows long, as that of an import's savepoint does, it is a file of the system's after all. */
#include "files.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    GATHERED_BYTES = 124 * 1024, /* one call of SQLite's writes less than 128 KiB: it takes the length modulo that */
    JOURNAL_BYTES = 64 * 1024,
    JOURNAL_MAX_BYTES = 4 * 1024 * 1024,
};

static sqlite3_vfs *system_files;

/* --- the log ---------------------------------------------------------------------------------------------------- */

struct log_file {
    sqlite3_file file;
    sqlite3_int64 at; /* where what is gathered belongs */
    size_t gathered;
    int failed; /* what was gathered from `at` on could not be written, and is lost: SQLite's code for that */
    char *data;
    void *real[]; /* the system's file: SQLite aligns by eight */
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return (sqlite3_file *)((struct log_file *)file)->real;
}

/* What cannot be written is dropped: the transaction will be taken back, and the next one writes to the same place. To
 * keep it would hold up the checkpoint that makes room. */
static int log_flush(sqlite3_file *file)
{
    struct log_file *log = (struct log_file *)file;
    int length = (int)log->gathered;
    if (log->failed || !length)
        return log->failed;
    log->gathered = 0;
    log->failed = real_of(file)->pMethods->xWrite(real_of(file), log->data, length, log->at);
    return log->failed;
}

static int log_write(sqlite3_file *file, const void *data, int length, sqlite3_int64 at)
{
    struct log_file *log = (struct log_file *)file;
    if (log->failed)
        return log->failed;
    if (!log->data)
        log->data = malloc(GATHERED_BYTES);
    bool fits =
        log->data && at == log->at + (sqlite3_int64)log->gathered && log->gathered + (size_t)length <= GATHERED_BYTES;
    if (!fits) {
        int code = log_flush(file);
        if (code != SQLITE_OK)
            return code;
        if (!log->data || length > GATHERED_BYTES)
            return real_of(file)->pMethods->xWrite(real_of(file), data, length, at);
        log->at = at;
    }
    memcpy(log->data + log->gathered, data, (size_t)length);
    log->gathered += (size_t)length;
    return SQLITE_OK;
}

/* What stands before what was lost is read all the same: a transaction is taken back with it. */
static int log_read(sqlite3_file *file, void *data, int length, sqlite3_int64 at)
{
    int code = log_flush(file);
    if (at + length <= ((struct log_file *)file)->at)
        code = SQLITE_OK;
    return code == SQLITE_OK ? real_of(file)->pMethods->xRead(real_of(file), data, length, at) : code;
}

static int log_sync(sqlite3_file *file, int flags)
{
    int code = log_flush(file);
    return code == SQLITE_OK ? real_of(file)->pMethods->xSync(real_of(file), flags) : code;
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int code = log_flush(file);
    return code == SQLITE_OK ? real_of(file)->pMethods->xTruncate(real_of(file), size) : code;
}

static int log_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    int code = log_flush(file);
    return code == SQLITE_OK ? real_of(file)->pMethods->xFileSize(real_of(file), ret_size) : code;
}

static int log_close(sqlite3_file *file)
{
    free(((struct log_file *)file)->data);
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int log_lock(sqlite3_file *file, int lock)
{
    return real_of(file)->pMethods->xLock(real_of(file), lock);
}

static int log_unlock(sqlite3_file *file, int lock)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}

static int log_locked(sqlite3_file *file, int *ret_locked)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret_locked);
}

static int log_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int log_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int log_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static const sqlite3_io_methods log_methods = {
    .iVersion = 1,
    .xClose = log_close,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync,
    .xFileSize = log_size,
    .xLock = log_lock,
    .xUnlock = log_unlock,
    .xCheckReservedLock = log_locked,
    .xFileControl = log_control,
    .xSectorSize = log_sector,
    .xDeviceCharacteristics = log_characteristics,
};

void files_forget(sqlite3 *handle)
{
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) == SQLITE_OK && file &&
        file->pMethods == &log_methods) {
        ((struct log_file *)file)->gathered = 0;
        ((struct log_file *)file)->failed = SQLITE_OK;
    }
}

static int log_open(const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    struct log_file *log = (struct log_file *)file;
    *log = (struct log_file){.file = {NULL}};
    int code = system_files->xOpen(system_files, name, real_of(file), flags, ret_flags);
    if (real_of(file)->pMethods) /* to be closed, even after a failure */
        log->file.pMethods = &log_methods;
    return code;
}

/* --- the journal of a statement --------------------------------------------------------------------------------- */

struct journal {
    sqlite3_file file;
    size_t size;
    size_t room;
    char *data;
    int flags;
    bool is_file;
    void *real[]; /* the system's file, if it is one */
};

static sqlite3_file *spilled(sqlite3_file *file)
{
    struct journal *journal = (struct journal *)file;
    return journal->is_file ? (sqlite3_file *)journal->real : NULL;
}

static int journal_spill(struct journal *journal)
{
    sqlite3_file *real = (sqlite3_file *)journal->real;
    int code = system_files->xOpen(system_files, NULL, real, journal->flags, NULL);
    journal->is_file = real->pMethods != NULL; /* then it is to be closed, even after a failure */
    for (size_t at = 0, part; code == SQLITE_OK && at < journal->size; at += part) {
        part = journal->size - at < JOURNAL_BYTES ? journal->size - at : JOURNAL_BYTES;
        code = real->pMethods->xWrite(real, journal->data + at, (int)part, (sqlite3_int64)at);
    }
    free(journal->data);
    journal->data = NULL;
    return code;
}

static bool journal_grow(struct journal *journal, size_t least)
{
    size_t room = journal->room ? journal->room : JOURNAL_BYTES;
    while (room < least)
        room *= 2;
    char *data = room > journal->room ? realloc(journal->data, room) : journal->data;
    if (!data)
        return false;
    journal->data = data;
    journal->room = room;
    return true;
}

static int journal_write(sqlite3_file *file, const void *data, int length, sqlite3_int64 at)
{
    struct journal *journal = (struct journal *)file;
    size_t end = (size_t)at + (size_t)length;
    if (!journal->is_file && end > JOURNAL_MAX_BYTES && journal->size) {
        int code = journal_spill(journal);
        if (code != SQLITE_OK)
            return code;
    }
    if (spilled(file))
        return spilled(file)->pMethods->xWrite(spilled(file), data, length, at);
    if (!journal_grow(journal, end))
        return SQLITE_IOERR_NOMEM;
    if ((size_t)at > journal->size)
        memset(journal->data + journal->size, 0, (size_t)at - journal->size);
    memcpy(journal->data + at, data, (size_t)length);
    journal->size = end > journal->size ? end : journal->size;
    return SQLITE_OK;
}

static int journal_read(sqlite3_file *file, void *data, int length, sqlite3_int64 at)
{
    const struct journal *journal = (const struct journal *)file;
    if (spilled(file))
        return spilled(file)->pMethods->xRead(spilled(file), data, length, at);
    size_t there = (size_t)at < journal->size ? journal->size - (size_t)at : 0;
    size_t taken = there < (size_t)length ? there : (size_t)length;
    if (taken)
        memcpy(data, journal->data + at, taken);
    memset((char *)data + taken, 0, (size_t)length - taken);
    return taken == (size_t)length ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int journal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct journal *journal = (struct journal *)file;
    if (spilled(file))
        return spilled(file)->pMethods->xTruncate(spilled(file), size);
    journal->size = (size_t)size < journal->size ? (size_t)size : journal->size;
    return SQLITE_OK;
}

static int journal_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    if (spilled(file))
        return spilled(file)->pMethods->xFileSize(spilled(file), ret_size);
    *ret_size = (sqlite3_int64)((struct journal *)file)->size;
    return SQLITE_OK;
}

static int journal_close(sqlite3_file *file)
{
    free(((struct journal *)file)->data);
    return spilled(file) ? spilled(file)->pMethods->xClose(spilled(file)) : SQLITE_OK;
}

static int journal_sync(sqlite3_file *file, int flags)
{
    (void)file;
    (void)flags;
    return SQLITE_OK;
}

static int journal_lock(sqlite3_file *file, int lock)
{
    (void)file;
    (void)lock;
    return SQLITE_OK;
}

static int journal_locked(sqlite3_file *file, int *ret_locked)
{
    (void)file;
    *ret_locked = 0;
    return SQLITE_OK;
}

static int journal_control(sqlite3_file *file, int operation, void *argument)
{
    (void)file;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int journal_nothing(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static const sqlite3_io_methods journal_methods = {
    .iVersion = 1,
    .xClose = journal_close,
    .xRead = journal_read,
    .xWrite = journal_write,
    .xTruncate = journal_truncate,
    .xSync = journal_sync,
    .xFileSize = journal_size,
    .xLock = journal_lock,
    .xUnlock = journal_lock,
    .xCheckReservedLock = journal_locked,
    .xFileControl = journal_control,
    .xSectorSize = journal_nothing,
    .xDeviceCharacteristics = journal_nothing,
};

/* --- both ------------------------------------------------------------------------------------------------------- */

static int files_open(sqlite3_vfs *files, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    (void)files;
    if (flags & SQLITE_OPEN_WAL)
        return log_open(name, file, flags, ret_flags);
    if (!(flags & SQLITE_OPEN_SUBJOURNAL))
        return system_files->xOpen(system_files, name, file, flags, ret_flags);
    *(struct journal *)file = (struct journal){.file = {&journal_methods}, .flags = flags};
    if (ret_flags)
        *ret_flags = flags;
    return SQLITE_OK;
}

void files_register(void)
{
    static sqlite3_vfs files;
    if (system_files)
        return;
    system_files = sqlite3_vfs_find(NULL);
    if (!system_files)
        return;
    files = *system_files;
    files.zName = "reviewd";
    size_t before = sizeof(struct log_file) > sizeof(struct journal) ? sizeof(struct log_file) : sizeof(struct journal);
    files.szOsFile += (int)before;
    files.xOpen = files_open;
    sqlite3_vfs_register(&files, 1);
}
