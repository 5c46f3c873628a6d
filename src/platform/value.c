#include "reviewd/value.h"

bool id_parse(const char *text, struct id *ret_id)
{
    static const char form[] = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
    struct id id;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        char lower = (char)(text[i] | 0x20); /* of a letter; digits and '-' have that bit */
        bool hex = (text[i] >= '0' && text[i] <= '9') || (lower >= 'a' && lower <= 'f');
        if (form[i] == '-' ? text[i] != '-' : !hex)
            return false;
        id.text[i] = lower;
    }
    if (text[sizeof form - 1])
        return false;
    id.text[sizeof form - 1] = '\0';
    *ret_id = id;
    return true;
}

static bool parse_digits(const char *text, int count, int *ret_number)
{
    int number = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (text[i] - '0');
    }
    *ret_number = number;
    return true;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Reads the ten characters of a full-date. */
static bool parse_day(const char *text, int *ret_year, int *ret_month, int *ret_day)
{
    if (strnlen(text, 10) < 10 || text[4] != '-' || text[7] != '-')
        return false;
    if (!parse_digits(text, 4, ret_year) || !parse_digits(text + 5, 2, ret_month) ||
        !parse_digits(text + 8, 2, ret_day))
        return false;
    return *ret_year >= 1 && *ret_month >= 1 && *ret_month <= 12 && *ret_day >= 1 &&
           *ret_day <= days_of_month(*ret_year, *ret_month);
}

bool date_parse(const char *text, struct date *ret_date)
{
    int year, month, day;
    if (!parse_day(text, &year, &month, &day) || text[10])
        return false;
    memcpy(ret_date->text, text, sizeof ret_date->text);
    return true;
}

static void put_two(char *at, int64_t number)
{
    at[0] = (char)('0' + number / 10);
    at[1] = (char)('0' + number % 10);
}

static struct date date_make(int year, int month, int day)
{
    struct date date = {0};
    if (year < 1 || year > 9999)
        return date;
    memcpy(date.text, "0000-00-00", sizeof date.text);
    put_two(date.text, year / 100);
    put_two(date.text + 2, year % 100);
    put_two(date.text + 5, month);
    put_two(date.text + 8, day);
    return date;
}

/* Days since 1970-01-01, counting years from March so that the leap day ends a year. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = y / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

int64_t date_days(const struct date *date)
{
    int year = 1970, month = 1, day = 1;
    parse_day(date->text, &year, &month, &day);
    return days_from_civil(year, month, day);
}

struct date date_from_days(int64_t days)
{
    int64_t z = days + 719468;
    if (z < 0 || days > 2932896)
        return (struct date){0};
    int64_t era = z / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    int year = (int)(year_of_era + era * 400 + (month <= 2));
    return date_make(year, month, day);
}

struct date date_add_months(const struct date *date, int months)
{
    int year, month, day;
    if (!parse_day(date->text, &year, &month, &day))
        return (struct date){0};
    int total = year * 12 + (month - 1) + months;
    year = total / 12;
    month = total % 12 + 1;
    int last = days_of_month(year, month);
    return date_make(year, month, day < last ? day : last);
}

bool instant_parse(const char *text, struct instant *ret_instant)
{
    int year, month, day, hour = 0, minute = 0, second = 0, ms = 0;
    if (!parse_day(text, &year, &month, &day))
        return false;
    const char *at = text + 10;
    if (*at) {
        if (strnlen(at, 10) < 10 || *at != 'T' || at[3] != ':' || at[6] != ':' || !parse_digits(at + 1, 2, &hour) ||
            !parse_digits(at + 4, 2, &minute) || !parse_digits(at + 7, 2, &second))
            return false;
        at += 9;
        if (*at == '.') {
            at++;
            int place = 100;
            if (*at < '0' || *at > '9')
                return false;
            for (; *at >= '0' && *at <= '9'; at++, place /= 10)
                ms += (*at - '0') * place;
        }
        if (strcmp(at, "Z") != 0 || hour > 23 || minute > 59 || second > 59)
            return false;
    }
    int64_t days = days_from_civil(year, month, day);
    *ret_instant = instant_from_ms((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms);
    return instant_is_set(ret_instant);
}

struct instant instant_from_ms(int64_t ms)
{
    int64_t days = ms / 86400000;
    int64_t rest = ms % 86400000;
    if (rest < 0) {
        rest += 86400000;
        days--;
    }
    struct date date = date_from_days(days);
    struct instant instant = {0};
    if (!date_is_set(&date))
        return instant;
    memcpy(instant.text, "0000-00-00T00:00:00.000Z", sizeof instant.text);
    memcpy(instant.text, date.text, 10);
    put_two(instant.text + 11, rest / 3600000);
    put_two(instant.text + 14, rest / 60000 % 60);
    put_two(instant.text + 17, rest / 1000 % 60);
    instant.text[20] = (char)('0' + rest % 1000 / 100);
    put_two(instant.text + 21, rest % 100);
    return instant;
}

struct date instant_date(const struct instant *instant)
{
    struct date date = {0};
    memcpy(date.text, instant->text, 10);
    return date;
}

/* The length in bytes of the white space (Unicode's common kinds) that text starts with, or 0. */
static size_t space_length(const char *text)
{
    const unsigned char *t = (const unsigned char *)text;
    if (*t == ' ' || (*t >= '\t' && *t <= '\r'))
        return 1;
    if (t[0] == 0xC2 && (t[1] == 0xA0 || t[1] == 0x85))
        return 2;
    if (t[0] == 0xE2 && t[1] == 0x80 &&
        ((t[2] >= 0x80 && t[2] <= 0x8B) || t[2] == 0xA8 || t[2] == 0xA9 || t[2] == 0xAF))
        return 3;
    bool rare = (t[0] == 0xE1 && t[1] == 0x9A && t[2] == 0x80) || (t[0] == 0xE2 && t[1] == 0x81 && t[2] == 0x9F);
    if (rare || (t[0] == 0xE3 && t[1] == 0x80 && t[2] == 0x80))
        return 3;
    return 0;
}

size_t text_length(const char *text)
{
    size_t count = 0;
    size_t until_last = 0; /* the count at the end of the last visible character */
    bool started = false;
    while (*text) {
        size_t space = space_length(text);
        if (space) {
            text += space;
            count += started;
            continue;
        }
        text++;
        while (((unsigned char)*text & 0xC0) == 0x80)
            text++;
        started = true;
        count++;
        until_last = count;
    }
    return until_last;
}

/* The length of the well-formed UTF-8 sequence at text, or 0. */
static size_t utf8_sequence(const unsigned char *t, size_t left)
{
    unsigned char first = t[0];
    if (first < 0x80)
        return first ? 1 : 0;
    size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || left < length)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((t[i] & 0xC0) != 0x80)
            return 0;
    }
    bool overlong = (first == 0xE0 && t[1] < 0xA0) || (first == 0xF0 && t[1] < 0x90);
    bool beyond = (first == 0xED && t[1] > 0x9F) || (first == 0xF4 && t[1] > 0x8F);
    return overlong || beyond ? 0 : length;
}

/* Whether all eight bytes are ASCII and none is NUL: then none of them, less one, has or borrows its highest bit. */
static bool is_plain(const unsigned char *t)
{
    uint64_t eight;
    memcpy(&eight, t, sizeof eight);
    return (((eight - 0x0101010101010101u) | eight) & 0x8080808080808080u) == 0;
}

bool text_is_utf8(const char *text, size_t length)
{
    const unsigned char *t = (const unsigned char *)text;
    while (length) {
        size_t step = length >= sizeof(uint64_t) && is_plain(t) ? sizeof(uint64_t) : utf8_sequence(t, length);
        if (!step)
            return false;
        t += step;
        length -= step;
    }
    return true;
}
