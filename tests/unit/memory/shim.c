#include "shim.h"

#include "reviewd/arena.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static struct {
    enum shim_source source;
    size_t fails_at;
    size_t asked;
    bool armed;
    bool for_good;
    bool fired;
    long held[SHIM_COUNT];
} shim;

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
