#include "reviewd/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 8192 - 64, ALIGNMENT = 16 };

struct arena_block {
    struct arena_block *next;
    size_t size;
    _Alignas(ALIGNMENT) char data[];
};

void arena_init(struct arena *arena)
{
    *arena = (struct arena){0};
}

void arena_finish(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
    arena_init(arena);
}

void arena_reset(struct arena *arena)
{
    struct arena_block *kept = NULL;
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        if (!kept && block->size == BLOCK_BYTES)
            kept = block;
        else
            free(block);
    }
    *arena = (struct arena){.blocks = kept};
    if (kept) {
        kept->next = NULL;
        arena->at = kept->data;
        arena->left = kept->size;
    }
}

void *arena_take(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        arena->failed = true;
        return NULL;
    }
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (size > arena->left) {
        size_t block_size = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        struct arena_block *block = malloc(sizeof *block + block_size);
        if (!block) {
            arena->failed = true;
            return NULL;
        }
        block->size = block_size;
        block->next = arena->blocks;
        arena->blocks = block;
        arena->at = block->data;
        arena->left = block_size;
    }
    char *at = arena->at;
    arena->at += size;
    arena->left -= size;
    return at;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *at = arena_take(arena, size);
    return at ? memset(at, 0, size) : NULL;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / 2 / size) {
        arena->failed = true;
        return NULL;
    }
    return arena_alloc(arena, count * size);
}

/* What text functions return when memory is out: never written to, since every writer goes through a copy. */
static char no_text[1] = "";

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_take(arena, length + 1);
    if (!copy)
        return no_text;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text));
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    char small[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(small, sizeof small, format, arguments);
    va_end(arguments);
    if (length < 0) {
        arena->failed = true;
        return no_text;
    }
    if ((size_t)length < sizeof small)
        return arena_copy(arena, small, (size_t)length);
    char *large = arena_take(arena, (size_t)length + 1);
    if (!large)
        return no_text;
    va_start(arguments, format);
    vsnprintf(large, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return large;
}
