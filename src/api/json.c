/* jansson's memory: a parse takes it from an arena, and is left where there is none.
 *
 * jansson 2.14 does not look whether its lexer got memory: it writes beyond a token that could not grow, or calls good
 * JSON bad. So in a parse an allocation that fails does not return. What was parsed by then lies in the arena and goes
 * with it, and so does the value of a parse that succeeds; which is quicker, too, than giving it back piece by piece.
 *
 * All else that jansson allocates is malloc's as before: values made or changed by hand, whose failure it copes with,
 * and texts that it dumps, for which newer versions keep some of what they took. */
#include "api.h"

#include <assert.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

struct parse {
    struct arena *arena;
    jmp_buf memory_is_out;
};

/* The parse that this thread is in: jansson hands its allocator no context. No request's state waits here, since it
 * is set for the one call of json_loadb() and no longer. */
static _Thread_local struct parse *current;

/* A value may hold memory of both kinds, so what is freed has to tell by its address which it is: malloc's addresses
 * are multiples of 16, as are an arena's, and jansson gets what lies 8 beyond an arena's (it needs no better). */
enum { MARK = 8 };
_Static_assert(_Alignof(max_align_t) % ((size_t)2 * MARK) == 0, "malloc's addresses can have the mark");

static bool of_arena(const void *memory)
{
    return (uintptr_t)memory & MARK;
}

static void *take(size_t size)
{
    if (!current)
        return malloc(size);
    char *memory = arena_take(current->arena, MARK + size);
    if (!memory)
        longjmp(current->memory_is_out, 1);
    return memory + MARK;
}

static void give_back(void *memory)
{
    if (!of_arena(memory))
        free(memory);
}

void api_init(void)
{
    json_set_alloc_funcs(take, give_back);
}

json_t *json_parse(struct arena *arena, const char *text, size_t length, size_t flags, json_error_t *ret_error)
{
    struct parse parse = {.arena = arena};
    if (setjmp(parse.memory_is_out)) {
        current = NULL;
        return NULL;
    }
    current = &parse;
    json_t *value = json_loadb(text, length, flags, ret_error);
    current = NULL;
    /* Else api_init() was not called; but null, true and false are jansson's own, wherever it keeps them. */
    assert(!value || json_is_null(value) || json_is_boolean(value) || of_arena(value));
    return value;
}
