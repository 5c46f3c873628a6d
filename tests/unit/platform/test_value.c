/* src/platform/value.c: dates, instants, ids. */
#include "../unit.h"

#include <ctype.h>

#include "reviewd/value.h"

#include <stdio.h>

static const char *shown(const char *text)
{
    return *text ? text : "(absent)";
}

/* --- dates ---------------------------------------------------------------------------------------------------------
 */

static int month_days(int year, int month)
{
    if (month == 2)
        return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* A whole cycle of the Gregorian calendar, counted day by day in another way than value.c does. */
START_TEST(every_day_of_400_years_goes_there_and_back)
{
    int year = 1800, month = 1, day = 1;
    const struct date first = {"1800-01-01"};
    int64_t days = date_days(&first);
    for (int i = 0; i < 146097; i++, days++) {
        char text[40];
        struct date date = {""};
        snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
        EXPECT(date_parse(text, &date), "%s is a day", text);
        EXPECT(strcmp(date.text, text) == 0, "%s is kept as %s", text, date.text);
        EXPECT(date_days(&date) == days, "%s is day %lld", text, (long long)days);
        struct date back = date_from_days(days);
        EXPECT(strcmp(back.text, text) == 0, "day %lld is %s, not %s", (long long)days, text, back.text);
        if (++day > month_days(year, month)) {
            day = 1;
            month = month == 12 ? 1 : month + 1;
            year += month == 1;
        }
    }
    ck_assert_int_eq(year, 2200);
}
END_TEST

static const struct {
    int64_t days;
    const char *text;
} date_ends[] = {
    {0, "1970-01-01"},       {-1, "1969-12-31"}, {-719162, "0001-01-01"}, {-719163, ""},       {-719469, ""},
    {2932896, "9999-12-31"}, {2932897, ""},      {INT64_MIN / 2, ""},     {INT64_MAX / 2, ""},
};

START_TEST(the_calendar_has_ends)
{
    struct date date = date_from_days(date_ends[_i].days);
    ck_assert_str_eq(date.text, date_ends[_i].text);
    if (date_is_set(&date))
        ck_assert_int_eq(date_days(&date), date_ends[_i].days);
}
END_TEST

static const struct {
    const char *text;
    bool good;
} dates[] = {
    {"2026-11-21", true},
    {"0001-01-01", true},
    {"9999-12-31", true},
    {"2024-02-29", true},
    {"2000-02-29", true},
    {"2026-02-29", false},
    {"1900-02-29", false},
    {"2100-02-29", false},
    {"2024-02-30", false},
    {"2026-04-31", false},
    {"2026-00-10", false},
    {"2026-13-01", false},
    {"2026-01-00", false},
    {"2026-01-32", false},
    {"0000-01-01", false},
    {"", false},
    {"2026", false},
    {"2026-1-1", false},
    {"2026-01-1", false},
    {"2026-01-01 ", false},
    {" 2026-01-01", false},
    {"2026-01-01T", false},
    {"2026/01/01", false},
    {"20260101", false},
    {"+026-01-01", false},
    {"-026-01-01", false},
    {"2026-0x-01", false},
    {"2026-01-01Z", false},
    {"2026-01-0\xC2\xB9", false},
    {"20260-01-01", false},
};

START_TEST(a_date_is_a_day_of_the_calendar)
{
    struct date date = {"1999-09-09"};
    bool parsed = date_parse(dates[_i].text, &date);
    EXPECT(parsed == dates[_i].good, "'%s' is %s", dates[_i].text, dates[_i].good ? "a date" : "no date");
    ck_assert_str_eq(date.text, parsed ? dates[_i].text : "1999-09-09"); /* untouched on failure */
}
END_TEST

static const struct {
    const char *from;
    int months;
    const char *to;
} months[] = {
    {"2026-01-15", 0, "2026-01-15"},
    {"2026-01-15", 1, "2026-02-15"},
    {"2026-01-31", 1, "2026-02-28"},
    {"2024-01-31", 1, "2024-02-29"},
    {"2024-01-30", 1, "2024-02-29"},
    {"2024-02-29", 12, "2025-02-28"},
    {"2024-02-29", 48, "2028-02-29"},
    {"2096-02-29", 48, "2100-02-28"},
    {"2026-03-31", 1, "2026-04-30"},
    {"2026-08-31", 1, "2026-09-30"},
    {"2026-10-31", 1, "2026-11-30"},
    {"2026-11-30", 3, "2027-02-28"},
    {"2026-12-01", 1, "2027-01-01"},
    {"2026-12-31", 2, "2027-02-28"},
    {"2026-11-21", 24, "2028-11-21"},
    {"2026-02-28", 1, "2026-03-28"},
    {"9999-11-30", 1, "9999-12-30"},
    {"9999-12-01", 1, ""},
    {"", 1, ""},
};

START_TEST(months_are_added_to_the_same_day_or_the_last)
{
    struct date from = {""};
    memcpy(from.text, months[_i].from, strlen(months[_i].from) + 1);
    struct date to = date_add_months(&from, months[_i].months);
    EXPECT(strcmp(to.text, months[_i].to) == 0, "%s + %d months is %s, not %s", shown(from.text), months[_i].months,
           shown(months[_i].to), shown(to.text));
}
END_TEST

START_TEST(absent_dates_are_before_nothing)
{
    const struct date early = {"2026-01-01"}, late = {"2026-01-02"}, absent = {""};
    ck_assert(date_before(&early, &late));
    ck_assert(!date_before(&late, &early));
    ck_assert(!date_before(&early, &early));
    ck_assert(!date_before(&absent, &late));
    ck_assert(!date_before(&early, &absent));
    ck_assert(date_equal(&absent, &absent));
    ck_assert(!date_equal(&early, &late));
}
END_TEST

/* --- instants ------------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *text;
    const char *instant; /* "": none */
} instants[] = {
    {"2026-11-21T18:46:00.123Z", "2026-11-21T18:46:00.123Z"},
    {"2026-11-21T18:46:00Z", "2026-11-21T18:46:00.000Z"},
    {"2026-11-21T18:46:00.1Z", "2026-11-21T18:46:00.100Z"},
    {"2026-11-21T18:46:00.05Z", "2026-11-21T18:46:00.050Z"},
    {"2026-11-21T18:46:00.1239999Z", "2026-11-21T18:46:00.123Z"},
    {"2026-11-21T00:00:00Z", "2026-11-21T00:00:00.000Z"},
    {"2026-11-21T23:59:59.999Z", "2026-11-21T23:59:59.999Z"},
    {"2026-11-21", "2026-11-21T00:00:00.000Z"},
    {"2024-02-29", "2024-02-29T00:00:00.000Z"},
    {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
    {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
    {"", ""},
    {"2026-11-21T", ""},
    {"2026-11-21T18", ""},
    {"2026-11-21T18:46Z", ""},
    {"2026-11-21T18:46:00", ""},
    {"2026-11-21T18:46:00.Z", ""},
    {"2026-11-21T18:46:00.1", ""},
    {"2026-11-21T18:46:00,1Z", ""},
    {"2026-11-21T18:46:00ZZ", ""},
    {"2026-11-21T18:46:00Z ", ""},
    {"2026-11-21T18:46:00+01:00", ""},
    {"2026-11-21 18:46:00Z", ""},
    {"2026-11-21T24:00:00Z", ""},
    {"2026-11-21T18:60:00Z", ""},
    {"2026-11-21T18:46:61Z", ""},
    {"2026-11-21T-1:46:00Z", ""},
    {"2026-02-29T18:46:00Z", ""},
    {"2026-11-21TT18:46:0Z", ""},
};

START_TEST(an_instant_is_utc_with_milliseconds)
{
    struct instant instant = {""};
    bool parsed = instant_parse(instants[_i].text, &instant);
    EXPECT(parsed == (*instants[_i].instant != '\0'), "'%s' is %s", instants[_i].text,
           parsed ? "no instant" : "an instant");
    ck_assert_str_eq(instant.text, instants[_i].instant);
}
END_TEST

static const struct {
    int64_t ms;
    const char *text;
} moments[] = {
    {0, "1970-01-01T00:00:00.000Z"},
    {1, "1970-01-01T00:00:00.001Z"},
    {-1, "1969-12-31T23:59:59.999Z"},
    {-86400000, "1969-12-31T00:00:00.000Z"},
    {-86400001, "1969-12-30T23:59:59.999Z"},
    {1795286760123, "2026-11-21T18:46:00.123Z"},
    {951782400000, "2000-02-29T00:00:00.000Z"},
    {253402300799999, "9999-12-31T23:59:59.999Z"},
    {253402300800000, ""},
    {-62135596800000, "0001-01-01T00:00:00.000Z"},
    {-62135596800001, ""},
    {INT64_MIN, ""},
    {INT64_MAX, ""},
};

START_TEST(milliseconds_become_an_instant)
{
    struct instant instant = instant_from_ms(moments[_i].ms);
    ck_assert_str_eq(instant.text, moments[_i].text);
    struct instant again = {""};
    struct date day = instant_date(&instant);
    if (instant_is_set(&instant)) {
        ck_assert(instant_parse(instant.text, &again));
        ck_assert_str_eq(again.text, instant.text);
        ck_assert_int_eq(strncmp(day.text, instant.text, 10), 0);
    }
}
END_TEST

/* --- ids -----------------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *text;
    bool good;
} ids[] = {
    {"019aa87c-5e3c-7d0a-9a51-0f6f2c3b7a10", true},
    {"00000000-0000-0000-0000-000000000000", true},
    {"ffffffff-ffff-ffff-ffff-ffffffffffff", true},
    {"019AA87C-5E3C-7d0a-9A51-0F6F2C3B7A10", true}, /* and shown in lower case */
    {"019aa87c-5e3c-7d0a-9a51-0f6f2c3b7a1G", false},
    {"019aa87c-5e3c-7d0a-9a51-0f6f2c3b7a1", false},
    {"019aa87c-5e3c-7d0a-9a51-0f6f2c3b7a100", false},
    {"019aa87c5-e3c-7d0a-9a51-0f6f2c3b7a10", false},
    {"019aa87c-5e3c-7d0a-9a51-0f6f2c3b7a1g", false},
    {"{19aa87c-5e3c-7d0a-9a51-0f6f2c3b7a1}", false},
    {"019aa87c_5e3c_7d0a_9a51_0f6f2c3b7a10", false},
    {"019aa87c-5e3c-7d0a-9a51-0f6f2c3b7a10 ", false},
    {"", false},
    {"MR-2026-01", false},
    {"------------------------------------", false},
};

START_TEST(an_id_is_a_uuid)
{
    struct id id = {"untouched"};
    bool parsed = id_parse(ids[_i].text, &id);
    EXPECT(parsed == ids[_i].good, "'%s' is %s", ids[_i].text, ids[_i].good ? "an id" : "no id");
    char shown[80];
    snprintf(shown, sizeof shown, "%s", parsed ? ids[_i].text : "untouched");
    for (char *c = shown; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    ck_assert_str_eq(id.text, shown);
}
END_TEST

Suite *value_suite(void)
{
    Suite *suite = suite_create("platform/value");
    TCase *date = unit_case(suite, "dates");
    tcase_add_test(date, every_day_of_400_years_goes_there_and_back);
    tcase_add_loop_test(date, the_calendar_has_ends, 0, ROWS(date_ends));
    tcase_add_loop_test(date, a_date_is_a_day_of_the_calendar, 0, ROWS(dates));
    tcase_add_loop_test(date, months_are_added_to_the_same_day_or_the_last, 0, ROWS(months));
    tcase_add_test(date, absent_dates_are_before_nothing);
    TCase *instant = unit_case(suite, "instants");
    tcase_add_loop_test(instant, an_instant_is_utc_with_milliseconds, 0, ROWS(instants));
    tcase_add_loop_test(instant, milliseconds_become_an_instant, 0, ROWS(moments));
    TCase *id = unit_case(suite, "ids");
    tcase_add_loop_test(id, an_id_is_a_uuid, 0, ROWS(ids));
    return suite;
}
