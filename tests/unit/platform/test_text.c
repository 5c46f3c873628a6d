/* src/platform/value.c: the length of texts, and UTF-8 (RFC 3629). */
#include "../unit.h"

#include "reviewd/value.h"

#include <stdio.h>

/* Encodes a number in so many bytes, whether or not that is its proper form. */
static void encode(uint32_t code, int length, char *ret_text)
{
    static const unsigned char leads[] = {0, 0x00, 0xC0, 0xE0, 0xF0, 0xF8, 0xFC};
    for (int i = length - 1; i > 0; i--, code >>= 6)
        ret_text[i] = (char)(0x80 | (code & 0x3F));
    ret_text[0] = (char)(leads[length] | code);
    ret_text[length] = '\0';
}

static int proper_length(uint32_t code)
{
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

START_TEST(every_code_point_is_utf8)
{
    char text[8];
    for (uint32_t code = 1; code <= 0x10FFFF; code++) {
        bool surrogate = code >= 0xD800 && code <= 0xDFFF;
        int length = proper_length(code);
        encode(code, length, text);
        EXPECT(text_is_utf8(text, (size_t)length) == !surrogate, "U+%04X", code);
        for (int cut = 1; cut < length; cut++)
            EXPECT(!text_is_utf8(text, (size_t)cut), "U+%04X, %d of %d bytes", code, cut, length);
    }
}
END_TEST

START_TEST(no_overlong_form_is_utf8)
{
    char text[8];
    for (uint32_t code = 0; code < 0x10000; code++) {
        for (int length = proper_length(code) + 1; length <= 4; length++) {
            encode(code, length, text);
            EXPECT(!text_is_utf8(text, (size_t)length), "U+%04X in %d bytes", code, length);
        }
    }
}
END_TEST

START_TEST(nothing_beyond_unicode_is_utf8)
{
    char text[8];
    for (uint32_t code = 0x110000; code < 0x200000; code += 7) {
        encode(code, 4, text);
        EXPECT(!text_is_utf8(text, 4), "U+%X", code);
    }
    for (int first = 0x80; first <= 0xFF; first++) {
        char alone[2] = {(char)first, '\0'};
        EXPECT(!text_is_utf8(alone, 1), "byte %02X alone", (unsigned)first);
    }
    encode(0x200000, 5, text);
    ck_assert(!text_is_utf8(text, 5));
    encode(0x4000000, 6, text);
    ck_assert(!text_is_utf8(text, 6));
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    size_t length;
    bool good;
} utf8[] = {
    {"nothing", "", 0, true},
    {"ASCII", "review", 6, true},
    {"two, three, four bytes", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x93\x9D", 9, true},
    {"NUL within", "a\0b", 3, false},
    {"NUL alone", "\0", 1, false},
    {"bad after good", "good \xC3", 6, false},
    {"good after bad", "\x80good", 5, false},
    {"continuation missing", "\xE2\x82!", 3, false},
    {"one continuation too many", "\xC3\xA4\xA4", 3, false},
    {"surrogate pair (CESU-8)", "\xED\xA0\xBD\xED\xB3\x9D", 6, false},
    {"Latin-1", "M\xFCnchen", 7, false},
    {"FE FF", "\xFE\xFF", 2, false},
};

START_TEST(texts_are_utf8_or_not)
{
    EXPECT(text_is_utf8(utf8[_i].text, utf8[_i].length) == utf8[_i].good, "%s", utf8[_i].name);
}
END_TEST

/* Unicode's White_Space, without what JSON cannot hold as text of ours (all of it can). */
static const uint32_t spaces[] = {
    0x09,   0x0A,   0x0B,   0x0C,   0x0D,   0x20,   0x85,   0xA0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003,
    0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
};

START_TEST(all_white_space_is_trimmed)
{
    char space[8], text[64];
    encode(spaces[_i], proper_length(spaces[_i]), space);
    snprintf(text, sizeof text, "%s%s%s", space, space, space);
    EXPECT(text_length(text) == 0, "U+%04X is blank", spaces[_i]);
    snprintf(text, sizeof text, "%sab%s%s", space, space, space);
    EXPECT(text_length(text) == 2, "U+%04X at the ends does not count", spaces[_i]);
    snprintf(text, sizeof text, "%sa%sb%s", space, space, space);
    EXPECT(text_length(text) == 3, "U+%04X within counts", spaces[_i]);
}
END_TEST

static const struct {
    const char *text;
    size_t length;
} lengths[] = {
    {"", 0},
    {"a", 1},
    {" a ", 1},
    {"a b", 3},
    {"  a  b  ", 4},
    {"\xC4\x8D\xC4\x87\xC5\xBE", 3},         /* three letters of two bytes */
    {"\xE2\x82\xAC", 1},                     /* the euro sign, beside E2 80 … */
    {"\xE2\x80\x9Cx\xE2\x80\x9D", 3},        /* quotation marks of that row are no spaces */
    {"\xE2\x80\xA6", 1},                     /* nor is the ellipsis */
    {"\xC2\xA9", 1},                         /* nor the copyright sign beside the no-break space */
    {"\xE3\x80\x81", 1},                     /* nor the ideographic comma beside its space */
    {"\xF0\x9F\x93\x9D\xF0\x9F\x93\x9D", 2}, /* four bytes each */
    {"e\xCC\x81", 2},                        /* a letter and its accent: two code points */
    {"\xC3\xA4 \xC3\xA4", 3},
};

START_TEST(length_is_in_code_points)
{
    EXPECT(text_length(lengths[_i].text) == lengths[_i].length, "'%s' is %zu long, not %zu", lengths[_i].text,
           lengths[_i].length, text_length(lengths[_i].text));
}
END_TEST

Suite *text_suite(void)
{
    Suite *suite = suite_create("platform/text");
    TCase *tcase = unit_case(suite, "UTF-8");
    tcase_add_test(tcase, every_code_point_is_utf8);
    tcase_add_test(tcase, no_overlong_form_is_utf8);
    tcase_add_test(tcase, nothing_beyond_unicode_is_utf8);
    tcase_add_loop_test(tcase, texts_are_utf8_or_not, 0, ROWS(utf8));
    TCase *length = unit_case(suite, "length");
    tcase_add_loop_test(length, all_white_space_is_trimmed, 0, ROWS(spaces));
    tcase_add_loop_test(length, length_is_in_code_points, 0, ROWS(lengths));
    return suite;
}
