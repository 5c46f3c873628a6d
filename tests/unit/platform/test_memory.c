/* src/platform/arena.c and buffer.c: memory of one request, and growing bytes. */
#include "../unit.h"

#include "reviewd/arena.h"
#include "reviewd/buffer.h"

#include <stdint.h>

START_TEST(an_arena_gives_zeroed_and_aligned_memory)
{
    struct arena arena;
    arena_init(&arena);
    for (size_t size = 1; size < 20000; size += 37) {
        unsigned char *at = arena_alloc(&arena, size);
        EXPECT(at != NULL, "no memory");
        EXPECT((uintptr_t)at % _Alignof(max_align_t) == 0, "%zu bytes are not aligned", size);
        for (size_t i = 0; i < size; i++)
            EXPECT(at[i] == 0, "byte %zu of %zu is not zero", i, size);
        memset(at, 0xAA, size); /* overlaps would show in what comes next */
    }
    arena_reset(&arena);
    unsigned char *again = arena_alloc(&arena, 100);
    for (size_t i = 0; i < 100; i++)
        ck_assert_uint_eq(again[i], 0);
    arena_finish(&arena);
    ck_assert_ptr_null(arena.blocks);
}
END_TEST

START_TEST(an_arena_keeps_texts)
{
    struct arena arena;
    arena_init(&arena);
    char *copy = arena_copy(&arena, "review board", 6);
    ck_assert_str_eq(copy, "review");
    ck_assert_str_eq(arena_text(&arena, ""), "");
    ck_assert_str_eq(arena_format(&arena, "%s-%04d", "ACT", 42), "ACT-0042");
    char *large = arena_format(&arena, "%0*d", 5000, 7); /* beyond its small buffer */
    ck_assert_uint_eq(strlen(large), 5000);
    ck_assert_str_eq(copy, "review");
    ck_assert(!arena_failed(&arena));
    arena_finish(&arena);
}
END_TEST

START_TEST(an_arena_remembers_that_it_failed)
{
    struct arena arena;
    arena_init(&arena);
    ck_assert_ptr_null(arena_array(&arena, SIZE_MAX / 4, 8));
    ck_assert(arena_failed(&arena));
    arena_reset(&arena);
    ck_assert(!arena_failed(&arena));
    ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX - 4));
    ck_assert(arena_failed(&arena));
    ck_assert_ptr_nonnull(arena_alloc(&arena, 8)); /* sticky, but still usable */
    ck_assert(arena_failed(&arena));
    arena_finish(&arena);
}
END_TEST

START_TEST(a_buffer_grows)
{
    struct buffer buffer = {0};
    for (int i = 0; i < 3000; i++)
        buffer_format(&buffer, "%d,", i);
    buffer_put(&buffer, "end");
    buffer_add(&buffer, "\0x", 2);
    ck_assert(!buffer_failed(&buffer));
    ck_assert_int_eq(strncmp(buffer.data, "0,1,2,3,", 8), 0);
    ck_assert_int_eq(memcmp(buffer.data + buffer.length - 5, "end\0x", 5), 0);
    char *text = buffer_take(&buffer);
    ck_assert_ptr_nonnull(text);
    ck_assert_ptr_null(buffer.data);
    free(text);
}
END_TEST

START_TEST(a_failed_buffer_stays_failed)
{
    struct buffer buffer = {0};
    buffer_put(&buffer, "before");
    ck_assert(!buffer_reserve(&buffer, SIZE_MAX / 2));
    ck_assert(buffer_failed(&buffer));
    ck_assert(!buffer_reserve(&buffer, SIZE_MAX / 2));
    ck_assert_ptr_null(buffer_take(&buffer));
    ck_assert(!buffer_failed(&buffer)); /* taken: as new */
    buffer_finish(&buffer);
}
END_TEST

START_TEST(an_empty_buffer_is_an_empty_text)
{
    struct buffer buffer = {0};
    char *text = buffer_take(&buffer);
    ck_assert_str_eq(text, "");
    free(text);
}
END_TEST

Suite *memory_suite(void)
{
    Suite *suite = suite_create("platform/arena, buffer");
    TCase *tcase = unit_case(suite, "memory");
    tcase_add_test(tcase, an_arena_gives_zeroed_and_aligned_memory);
    tcase_add_test(tcase, an_arena_keeps_texts);
    tcase_add_test(tcase, an_arena_remembers_that_it_failed);
    tcase_add_test(tcase, a_buffer_grows);
    tcase_add_test(tcase, a_failed_buffer_stays_failed);
    tcase_add_test(tcase, an_empty_buffer_is_an_empty_text);
    return suite;
}
