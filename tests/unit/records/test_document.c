#include "../unit.h"

#include "records/document.h"

static const struct {
    const char *name;
    const char *text;
    const char *clean;
} texts[] = {
    {"nothing", "", ""},
    {"words", "Zo\u00eb said: \u201cyes\u201d \U0001F600", "Zo\u00eb said: \u201cyes\u201d \U0001F600"},
    {"lines of any kind",
     "a\nb\r\nc\rd\xc2\x85"
     "e\u2028f\u2029g",
     "a\nb\nc\nd\ne\nf\ng"},
    {"an end of white space", "a \t\n\n ", "a"},
    {"a tab", "a\tb", "a\tb"},
    {"controls",
     "a\x01\x1b[2J\x7f"
     "b",
     "a\u2401\u241b[2J\u2421b"},
    {"C1 controls",
     "a\xc2\x9b"
     "b",
     "a\ufffdb"},
    {"what is no character", "a\ufffe\uffff\ufdd0\U0001ffffb", "a\ufffd\ufffd\ufffd\ufffdb"},
    {"an override", "a\u202eb", "a\u202eb\u202c"},
    {"an override over lines", "a\u202eb\nc", "a\u202eb\u202c\nc"},
    {"an isolate, closed", "a\u2067b\u2069c", "a\u2067b\u2069c"},
    {"an isolate, open", "a\u2067b", "a\u2067b\u2069"},
    {"closings of what is not open", "\u2069\u202ca", "a"},
    {"an embedding within an isolate", "\u2066a\u202bb\u2069c", "\u2066a\u202bb\u202c\u2069c"},
    {"an isolate within an embedding", "\u202aa\u2066b\u202cc", "\u202aa\u2066bc\u2069\u202c"},
    {"marks that open nothing", "\u200fa\u200e", "\u200fa\u200e"},
};

START_TEST(texts_are_cleaned)
{
    struct arena arena;
    arena_init(&arena);
    const char *clean = document_clean(&arena, texts[_i].text);
    ck_assert_msg(strcmp(clean, texts[_i].clean) == 0, "%s: '%s'", texts[_i].name, clean);
    ck_assert_str_eq(document_clean(&arena, clean), clean); /* and then they are clean */
    arena_finish(&arena);
}
END_TEST

START_TEST(a_hundred_directions_are_closed)
{
    struct arena arena;
    struct buffer text = {0};
    arena_init(&arena);
    for (int i = 0; i < 100; i++)
        buffer_put(&text, i % 2 ? "\u202e" : "\u2067");
    buffer_char(&text, 'a');
    char *many = buffer_take(&text);
    const char *clean = document_clean(&arena, many);
    int depth = 0;
    for (const char *at = clean; *at; at++) {
        depth += strncmp(at, "\u202e", 3) == 0 || strncmp(at, "\u2067", 3) == 0;
        depth -= strncmp(at, "\u202c", 3) == 0 || strncmp(at, "\u2069", 3) == 0;
        ck_assert_int_ge(depth, 0);
    }
    ck_assert_int_eq(depth, 0);
    free(many);
    arena_finish(&arena);
}
END_TEST

Suite *document_suite(void)
{
    Suite *suite = suite_create("records/document");
    TCase *tcase = unit_case(suite, "clean");
    tcase_add_loop_test(tcase, texts_are_cleaned, 0, ROWS(texts));
    tcase_add_test(tcase, a_hundred_directions_are_closed);
    return suite;
}
