/* src/platform/json_put.c: JSON texts and numbers in the form of RFC 8785. */
#include "../unit.h"

#include "reviewd/buffer.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>

static struct buffer out;

static void begin(void)
{
    out = (struct buffer){0};
}

static void end(void)
{
    buffer_finish(&out);
}

static const char *number(double value)
{
    out.length = 0;
    json_put_number(&out, value);
    buffer_char(&out, '\0');
    EXPECT(!buffer_failed(&out), "the buffer failed");
    return out.data;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* RFC 8785, appendix B, by bit pattern. */
static const struct {
    uint64_t bits;
    const char *text;
} appendix_b[] = {
    {0x0000000000000000, "0"},
    {0x8000000000000000, "0"},
    {0x0000000000000001, "5e-324"},
    {0x8000000000000001, "-5e-324"},
    {0x7fefffffffffffff, "1.7976931348623157e+308"},
    {0xffefffffffffffff, "-1.7976931348623157e+308"},
    {0x4340000000000000, "9007199254740992"},
    {0xc340000000000000, "-9007199254740992"},
    {0x4430000000000000, "295147905179352830000"},
    {0x44b52d02c7e14af5, "9.999999999999997e+22"},
    {0x44b52d02c7e14af6, "1e+23"},
    {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
    {0x444b1ae4d6e2ef4e, "999999999999999700000"},
    {0x444b1ae4d6e2ef4f, "999999999999999900000"},
    {0x444b1ae4d6e2ef50, "1e+21"},
    {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
    {0x3eb0c6f7a0b5ed8d, "0.000001"},
    {0x41b3de4355555553, "333333333.3333332"},
    {0x41b3de4355555554, "333333333.33333325"},
    {0x41b3de4355555555, "333333333.3333333"},
    {0x41b3de4355555556, "333333333.3333334"},
    {0x41b3de4355555557, "333333333.33333343"},
    {0xbecbf647612f3696, "-0.0000033333333333333333"},
    {0x43143ff3c1cb0959, "1424953923781206.2"},
    /* beyond the RFC: powers of two, whose lower neighbour is nearer than the upper one */
    {0x3d30000000000000, "5.684341886080802e-14"},
    {0x0010000000000000, "2.2250738585072014e-308"},
    {0x3ff0000000000000, "1"},
    {0x3fb999999999999a, "0.1"},
    {0x4050000000000000, "64"},
    {0x40f86a0000000000, "100000"},
    {0x3ff8000000000000, "1.5"},
    {0xbff8000000000000, "-1.5"},
    {0x433fffffffffffff, "9007199254740991"},
    {0x4415af1d78b58c40, "100000000000000000000"},
};

START_TEST(numbers_as_rfc_8785_writes_them)
{
    ck_assert_str_eq(number(double_of(appendix_b[_i].bits)), appendix_b[_i].text);
}
END_TEST

/* What an assertion prints is expected. */
static void quiet(void)
{
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
}

START_TEST(there_is_no_json_for_infinity)
{
    quiet();
    json_put_number(&out, INFINITY);
}
END_TEST

START_TEST(there_is_no_json_for_nan)
{
    quiet();
    json_put_number(&out, NAN);
}
END_TEST

/* The digits of a number's text without sign, point and exponent, and without zeros at either end. */
static int digits_of(const char *text, char *ret_digits)
{
    int count = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9' && (count || *text != '0'))
            ret_digits[count++] = *text;
    }
    while (count > 1 && ret_digits[count - 1] == '0')
        count--;
    ret_digits[count] = '\0';
    return count;
}

/* Whether a decimal of fewer digits, on either side of the value, reads back as the value. */
static bool is_shorter_possible(double value, int digits)
{
    char text[48];
    snprintf(text, sizeof text, "%.*e", digits - 2, value);
    if (strtod(text, NULL) == value)
        return true;
    char *mark = strchr(text, 'e');
    long exponent = strtol(mark + 1, NULL, 10);
    long long whole = 0;
    for (const char *c = text; c < mark; c++)
        whole = *c >= '0' && *c <= '9' ? whole * 10 + (*c - '0') : whole;
    for (int step = -1; step <= 1; step += 2) {
        snprintf(text, sizeof text, "%llde%ld", whole + step, exponent - (digits - 2));
        if (strtod(text, NULL) == value)
            return true;
    }
    return false;
}

static void check_number(double value)
{
    char digits[64];
    const char *text = number(value);
    EXPECT(strtod(text, NULL) == value, "%.17g is written as %s", value, text);
    int count = digits_of(text, digits);
    EXPECT(count <= 17, "%s has more than 17 digits", text);
    EXPECT(count < 2 || !is_shorter_possible(fabs(value), count), "%s is not the shortest for %.17g", text, value);
}

START_TEST(powers_of_two_are_shortest)
{
    for (int exponent = -1074; exponent <= 1023; exponent++)
        check_number(ldexp(1, exponent));
}
END_TEST

START_TEST(random_doubles_come_back_and_are_shortest)
{
    uint64_t state = 0x9E3779B97F4A7C15u; /* the same ones in every run */
    for (int i = 0; i < 20000; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        double value = double_of(state);
        if (isfinite(value))
            check_number(value);
        check_number((double)(int64_t)(state >> 40) / 1000); /* such as people type */
    }
}
END_TEST

static const struct {
    int64_t value;
    const char *text;
} integers[] = {
    {0, "0"}, {7, "7"}, {-1, "-1"}, {10, "10"}, {INT64_MAX, "9223372036854775807"}, {INT64_MIN, "-9223372036854775808"},
};

START_TEST(integers_are_written_whole)
{
    json_put_integer(&out, integers[_i].value);
    buffer_char(&out, '\0');
    ck_assert_str_eq(out.data, integers[_i].text);
}
END_TEST

/* RFC 8785, 3.2.2.2: the short escapes where there are any, \u00xx in lower case, everything else as it is. */
static const struct {
    const char *text;
    const char *json;
} texts[] = {
    {"", "\"\""},
    {"plain", "\"plain\""},
    {"\"", "\"\\\"\""},
    {"\\", "\"\\\\\""},
    {"/", "\"/\""},
    {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
    {"\x01\x0B\x0E\x1F", "\"\\u0001\\u000b\\u000e\\u001f\""},
    {"\x7F", "\"\x7F\""},
    {"\xE2\x82\xAC$\x0F\nA'B\"\\\\\"/", "\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\""}, /* the RFC's own example */
    {"\xE2\x80\xA8\xE2\x80\xA9", "\"\xE2\x80\xA8\xE2\x80\xA9\""},
    {"\xF0\x9F\x98\x80", "\"\xF0\x9F\x98\x80\""},
    {"end\n", "\"end\\n\""},
    {"\nbegin", "\"\\nbegin\""},
};

START_TEST(texts_are_escaped_as_little_as_may_be)
{
    json_put_text(&out, texts[_i].text, strlen(texts[_i].text));
    buffer_char(&out, '\0');
    ck_assert_str_eq(out.data, texts[_i].json);
}
END_TEST

/* Texts are gone through eight bytes at a time: what is to be escaped is found wherever it lies. */
START_TEST(an_escape_is_found_at_every_place)
{
    unsigned char text[20];
    for (size_t at = 0; at < sizeof text; at++) {
        memset(text, _i % 2 ? 0xBF : 'a', sizeof text);
        text[at] = (unsigned char)_i;
        out.length = 0;
        json_put_text(&out, (const char *)text, sizeof text);
        bool escaped = _i < 0x20 || _i == '"' || _i == '\\';
        ck_assert_int_eq(out.length > sizeof text + 2, escaped);
        ck_assert_int_eq(memcmp(out.data + 1, text, at), 0);
        ck_assert_int_eq(out.data[1 + at], escaped ? '\\' : (char)_i);
        ck_assert_int_eq(memcmp(out.data + out.length - (sizeof text - at), text + at + 1, sizeof text - at - 1), 0);
    }
}
END_TEST

START_TEST(every_control_character_is_escaped)
{
    for (unsigned char c = 0; c < 0x20; c++) {
        out.length = 0;
        json_put_text(&out, (const char *)&c, 1);
        EXPECT(out.length > 3 && out.data[1] == '\\', "U+%04X", c);
    }
}
END_TEST

Suite *json_put_suite(void)
{
    Suite *suite = suite_create("platform/json_put");
    TCase *numbers = unit_case(suite, "numbers");
    tcase_add_checked_fixture(numbers, begin, end);
    tcase_add_loop_test(numbers, numbers_as_rfc_8785_writes_them, 0, ROWS(appendix_b));
    tcase_add_test_raise_signal(numbers, there_is_no_json_for_infinity, SIGABRT);
    tcase_add_test_raise_signal(numbers, there_is_no_json_for_nan, SIGABRT);
    tcase_add_test(numbers, powers_of_two_are_shortest);
    tcase_add_test(numbers, random_doubles_come_back_and_are_shortest);
    tcase_add_loop_test(numbers, integers_are_written_whole, 0, ROWS(integers));
    TCase *strings = unit_case(suite, "texts");
    tcase_add_checked_fixture(strings, begin, end);
    tcase_add_loop_test(strings, texts_are_escaped_as_little_as_may_be, 0, ROWS(texts));
    tcase_add_loop_test(strings, an_escape_is_found_at_every_place, 0, 256);
    tcase_add_test(strings, every_control_character_is_escaped);
    return suite;
}
