/* Memory of one request: many small allocations, freed at once.
 *
 * Failure is sticky: an allocation that cannot be had returns NULL (text functions return "") and sets `failed`,
 * and whoever is about to keep something asks arena_failed() first. An arena belongs to one thread at a time. */
#ifndef REVIEWD_ARENA_H
#define REVIEWD_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    char *at;
    size_t left;
    bool failed;
};

void arena_init(struct arena *arena);
void arena_finish(struct arena *arena);

/* Frees all but one block, for the next request. */
void arena_reset(struct arena *arena);

static inline bool arena_failed(const struct arena *arena)
{
    return arena->failed;
}

/* Aligned for any type, and holding anything; NULL when memory is out. */
void *arena_take(struct arena *arena, size_t size);

/* The same, zeroed. */
void *arena_alloc(struct arena *arena, size_t size);

/* A zeroed array; NULL also when count * size overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A NUL-terminated copy of length bytes. */
char *arena_copy(struct arena *arena, const char *text, size_t length);

char *arena_text(struct arena *arena, const char *text);

char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
