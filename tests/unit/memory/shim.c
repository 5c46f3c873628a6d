#include "shim.h"

#include "reviewd/arena.h"
#include "reviewd/db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static struct {
    enum shim_source source;
    size_t fails_at;
    size_t asked;
    bool armed;
    bool for_good;
    bool fired;
    long held[SHIM_COUNT];
    enum db_fault fault;
} shim;

bool shim_is_slow(void)
{
#ifdef __SANITIZE_ADDRESS__
    return true;
#else
    return getenv("UNIT_MEMORY_SPARSE") != NULL;
#endif
}

static bool fails(enum shim_source source)
{
    if (!shim.armed || shim.source != source || !shim.fails_at)
        return false;
    shim.asked++;
    if (shim.for_good ? shim.asked < shim.fails_at : shim.asked != shim.fails_at)
        return false;
    shim.fired = true;
    return true;
}

void shim_arm(enum shim_source source, size_t n, bool for_good)
{
    shim.for_good = for_good;
    shim.source = source;
    shim.fails_at = n;
    shim.asked = 0;
    shim.fired = false;
    shim.armed = true;
}

void shim_fault(enum db_fault fault)
{
    shim.fault = fault;
}

bool shim_disarm(void)
{
    shim.armed = false;
    return shim.fired;
}

size_t shim_asked(void)
{
    return shim.asked;
}

long shim_held(enum shim_source source)
{
    return shim.held[source];
}

/* --- ours: ld replaces each by its __wrap_ -------------------------------------------------------------------------
 */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *data, size_t size);
void __real_free(void *data);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *data, size_t size);
void __wrap_free(void *data);
char *__wrap_strdup(const char *text);

static void *held(void *data)
{
    shim.held[SHIM_OURS] += data != NULL;
    return data;
}

void *__wrap_malloc(size_t size)
{
    return fails(SHIM_OURS) ? NULL : held(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails(SHIM_OURS) ? NULL : held(__real_calloc(count, size));
}

void *__wrap_realloc(void *data, size_t size)
{
    if (fails(SHIM_OURS))
        return NULL;
    return data ? __real_realloc(data, size) : held(__real_realloc(NULL, size));
}

char *__wrap_strdup(const char *text)
{
    return fails(SHIM_OURS) ? NULL : held(__real_strdup(text));
}

void __wrap_free(void *data)
{
    shim.held[SHIM_OURS] -= data != NULL;
    __real_free(data);
}

/* --- jansson's: of its allocator in src/api/json.c, which alone takes what is not zeroed from another file ---------
 */

void *__real_arena_take(struct arena *arena, size_t size);
void *__wrap_arena_take(struct arena *arena, size_t size);

void *__wrap_arena_take(struct arena *arena, size_t size)
{
    if (!fails(SHIM_JANSSON))
        return __real_arena_take(arena, size);
    arena->failed = true;
    return NULL;
}

/* --- SQLite's ------------------------------------------------------------------------------------------------------
 */

static sqlite3_mem_methods original;

static void *sqlite_malloc(int size)
{
    void *data = fails(SHIM_SQLITE) ? NULL : original.xMalloc(size);
    shim.held[SHIM_SQLITE] += data != NULL;
    return data;
}

static void *sqlite_realloc(void *data, int size)
{
    return fails(SHIM_SQLITE) ? NULL : original.xRealloc(data, size);
}

static void sqlite_free(void *data)
{
    shim.held[SHIM_SQLITE] -= data != NULL;
    original.xFree(data);
}

/* --- the database's, as it looks from above db.h -------------------------------------------------------------------
 */

struct db_statement *__real_db_fixed(struct db *db, const char *sql);
struct db_statement *__real_db_query(struct db *db, const char *sql);
enum db_step __real_db_step(struct db_statement *statement);
bool __real_db_whole(struct db_statement *statement);
enum db_fault __real_db_fault(const struct db *db);
struct db_statement *__wrap_db_fixed(struct db *db, const char *sql);
struct db_statement *__wrap_db_query(struct db *db, const char *sql);
enum db_step __wrap_db_step(struct db_statement *statement);
bool __wrap_db_whole(struct db_statement *statement);
enum db_fault __wrap_db_fault(const struct db *db);

struct db_statement *__wrap_db_fixed(struct db *db, const char *sql)
{
    return fails(SHIM_DATABASE) ? NULL : __real_db_fixed(db, sql);
}

struct db_statement *__wrap_db_query(struct db *db, const char *sql)
{
    return fails(SHIM_DATABASE) ? NULL : __real_db_query(db, sql);
}

enum db_step __wrap_db_step(struct db_statement *statement)
{
    return fails(SHIM_DATABASE) ? DB_ERROR : __real_db_step(statement);
}

bool __wrap_db_whole(struct db_statement *statement)
{
    return !fails(SHIM_DATABASE) && __real_db_whole(statement);
}

enum db_fault __wrap_db_fault(const struct db *db)
{
    bool ours = shim.armed && shim.fired &&
                (shim.source == SHIM_DATABASE || shim.source == SHIM_RUN || shim.source == SHIM_SCRIPT);
    return !ours ? __real_db_fault(db) : shim.fault ? shim.fault : DB_FAULT_IO;
}

bool __real_db_run(struct db *db, const char *sql);
bool __real_db_script(struct db *db, const char *sql);
bool __wrap_db_run(struct db *db, const char *sql);
bool __wrap_db_script(struct db *db, const char *sql);

bool __wrap_db_run(struct db *db, const char *sql)
{
    return !fails(SHIM_RUN) && __real_db_run(db, sql);
}

bool __wrap_db_script(struct db *db, const char *sql)
{
    return !fails(SHIM_SCRIPT) && __real_db_script(db, sql);
}

/* --- the system's, where our own code calls it: files of keys, spools, locks
 * --------------------------------------------
 */

#define SYSTEM(type, name, parameters, arguments)                                                                      \
    type __real_##name parameters;                                                                                     \
    type __wrap_##name parameters;                                                                                     \
    type __wrap_##name parameters                                                                                      \
    {                                                                                                                  \
        if (!fails(SHIM_SYSTEM))                                                                                       \
            return __real_##name arguments;                                                                            \
        errno = EIO;                                                                                                   \
        return -1;                                                                                                     \
    }
SYSTEM(int, open64, (const char *path, int flags, unsigned mode), (path, flags, mode))
SYSTEM(int, openat64, (int folder, const char *path, int flags, unsigned mode), (folder, path, flags, mode))
SYSTEM(int, fstat64, (int fd, void *status), (fd, status))
SYSTEM(int, stat64, (const char *path, void *status), (path, status))
SYSTEM(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size))
SYSTEM(ssize_t, pread64, (int fd, void *data, size_t size, long offset), (fd, data, size, offset))
SYSTEM(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
SYSTEM(int, fchown, (int fd, unsigned owner, unsigned group), (fd, owner, group))
SYSTEM(int, fsync, (int fd), (fd))
SYSTEM(int, flock, (int fd, int operation), (fd, operation))
SYSTEM(int, renameat, (int from, const char *old, int to, const char *name), (from, old, to, name))

/* Closed all the same, as Linux does. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    bool failed = fails(SHIM_SYSTEM);
    int result = __real_close(fd);
    errno = failed ? EIO : errno;
    return failed ? -1 : result;
}

void *__real_fdopendir(int fd);
void *__wrap_fdopendir(int fd);
void *__wrap_fdopendir(int fd)
{
    if (!fails(SHIM_SYSTEM))
        return __real_fdopendir(fd);
    errno = ENOMEM;
    return NULL;
}

int __real_pthread_create(void *thread, const void *attributes, void *(*run)(void *), void *context);
int __wrap_pthread_create(void *thread, const void *attributes, void *(*run)(void *), void *context);
int __wrap_pthread_create(void *thread, const void *attributes, void *(*run)(void *), void *context)
{
    return fails(SHIM_THREAD) ? EAGAIN : __real_pthread_create(thread, attributes, run, context);
}

void shim_install(void)
{
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &original);
    sqlite3_mem_methods methods = original;
    methods.xMalloc = sqlite_malloc;
    methods.xRealloc = sqlite_realloc;
    methods.xFree = sqlite_free;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
        abort();
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0); /* small ones too */
}
