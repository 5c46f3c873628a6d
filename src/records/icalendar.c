#include "icalendar.h"

#include <stdio.h>

enum { LINE_OCTETS = 75 };

/* One character, or an escape, that is not to be torn apart. */
static void put_whole(struct icalendar *calendar, const char *octets, size_t length)
{
    if (calendar->column + length > LINE_OCTETS) {
        buffer_put(calendar->out, "\r\n ");
        calendar->column = 1;
    }
    buffer_add(calendar->out, octets, length);
    calendar->column += length;
}

static size_t character_length(const char *text)
{
    size_t length = 1;
    while (((unsigned char)text[length] & 0xC0) == 0x80)
        length++;
    return length;
}

static void put_plain(struct icalendar *calendar, const char *text)
{
    while (*text) {
        size_t length = character_length(text);
        put_whole(calendar, text, length);
        text += length;
    }
}

void icalendar_begin(struct icalendar *calendar, const char *name)
{
    calendar->column = 0;
    put_plain(calendar, name);
    put_whole(calendar, ":", 1);
}

void icalendar_end(struct icalendar *calendar)
{
    buffer_put(calendar->out, "\r\n");
}

void icalendar_add(struct icalendar *calendar, const char *text)
{
    while (*text) {
        size_t length = character_length(text);
        if (*text == '\r' || *text == '\n') { /* CR LF is one end of a line, as each is by itself */
            length += text[0] == '\r' && text[1] == '\n';
            put_whole(calendar, "\\n", 2);
        } else if (*text == '\\' || *text == ';' || *text == ',') {
            const char escaped[] = {'\\', *text};
            put_whole(calendar, escaped, sizeof escaped);
        } else if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7F) {
            put_whole(calendar, "\xEF\xBF\xBD", 3); /* no text may hold it: U+FFFD stands where it stood */
        } else {
            put_whole(calendar, text, length);
        }
        text += length;
    }
}

void icalendar_put_text(struct icalendar *calendar, const char *name, const char *text)
{
    icalendar_begin(calendar, name);
    icalendar_add(calendar, text);
    icalendar_end(calendar);
}

void icalendar_put(struct icalendar *calendar, const char *name, const char *value)
{
    icalendar_begin(calendar, name);
    put_plain(calendar, value);
    icalendar_end(calendar);
}

void icalendar_put_integer(struct icalendar *calendar, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    icalendar_put(calendar, name, text);
}

void icalendar_put_date(struct icalendar *calendar, const char *name, const struct date *date)
{
    char text[16];
    snprintf(text, sizeof text, "%.4s%.2s%.2s", date->text, date->text + 5, date->text + 8);
    icalendar_put(calendar, name, text);
}

void icalendar_put_instant(struct icalendar *calendar, const char *name, const char *instant)
{
    char text[24];
    snprintf(text, sizeof text, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", instant, instant + 5, instant + 8, instant + 11,
             instant + 14, instant + 17);
    icalendar_put(calendar, name, text);
}
