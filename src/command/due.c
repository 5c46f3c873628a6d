/* reviewd due: what has to be done by when, for people and for cron. */
#include "command.h"

#include "reviewd/clock.h"
#include "reviewd/report_rows.h"

#include <stdio.h>
#include <stdlib.h>

enum { DAYS_DEFAULT = 14, DAYS_MAX = 3650 };

/* Days from now on; -1 where the text is no such number. */
static int parse_days(const char *text)
{
    char *end;
    if (!text)
        return DAYS_DEFAULT;
    long days = strtol(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && days <= DAYS_MAX ? (int)days : -1;
}

/* One line of a terminal: what would control it (C0, DEL, C1) or turn its direction is shown as a question mark. */
static void put_line_text(struct buffer *text, const char *plain)
{
    for (const unsigned char *at = (const unsigned char *)plain; *at; at++) {
        bool c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f;
        bool turns = at[0] == 0xe2 && ((at[1] == 0x80 && ((at[2] >= 0xaa && at[2] <= 0xae) || at[2] == 0x8e ||
                                                          at[2] == 0x8f || at[2] == 0xa8 || at[2] == 0xa9)) ||
                                       (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
        bool shown = *at >= 0x20 && *at != 0x7f && !c1 && !turns;
        buffer_char(text, shown ? (char)*at : '?');
        at += c1 ? 1 : turns ? 2 : 0;
    }
}

static void put_plain(struct buffer *text, const struct due *due, int64_t days)
{
    char when[40];
    char kind[20];
    if (days < 0)
        snprintf(when, sizeof when, "%lld day%s overdue", (long long)-days, days == -1 ? "" : "s");
    else if (days == 0)
        snprintf(when, sizeof when, "today");
    else
        snprintf(when, sizeof when, "in %lld day%s", (long long)days, days == 1 ? "" : "s");
    snprintf(kind, sizeof kind, "%s", due->kind);
    for (char *at = kind; *at; at++)
        *at = *at == '_' ? ' ' : *at;
    buffer_format(text, "%s  %-18s  %-11s  %-13s  ", due->due_on.text, when, kind, due->reference);
    put_line_text(text, due->title);
    buffer_put(text, " (");
    put_line_text(text, due->owner_name);
    buffer_put(text, ")\n");
}

static void put_member(struct buffer *text, const char *name, const char *value)
{
    buffer_format(text, ",\"%s\":", name);
    json_put_text(text, value, strlen(value));
}

static void put_json(struct buffer *text, const struct due *due, int64_t days)
{
    buffer_format(text, "{\"kind\":\"%s\",\"due_on\":\"%s\",\"days_overdue\":%lld,\"id\":\"%s\"", due->kind,
                  due->due_on.text, (long long)(days < 0 ? -days : 0), due->id.text);
    put_member(text, "reference", due->reference);
    put_member(text, "title", due->title);
    put_member(text, "owner", due->owner_name);
    put_member(text, "owner_email", due->owner_email);
    buffer_char(text, '}');
}

static int print_dues(const struct due *dues, size_t count, const struct date *today, int days, bool json)
{
    struct buffer text = {0};
    size_t overdue = 0;
    if (json)
        buffer_format(&text, "{\"today\":\"%s\",\"days\":%d,\"due\":[", today->text, days);
    for (size_t i = 0; i < count; i++) {
        int64_t left = date_days(&dues[i].due_on) - date_days(today);
        overdue += left < 0;
        if (json) {
            buffer_put(&text, i ? ",\n " : "\n ");
            put_json(&text, &dues[i], left);
        } else {
            put_plain(&text, &dues[i], left);
        }
    }
    if (json)
        buffer_format(&text, "],\n\"overdue\":%zu}\n", overdue);
    int status = print(&text);
    return status == EXIT_FINE && overdue ? EXIT_OVERDUE : status;
}

int run_due(struct invocation *invocation)
{
    int days = parse_days(option(invocation, "--days"));
    if (days < 0) {
        fail("--days takes a number from 0 to %d", DAYS_MAX);
        return EXIT_USAGE;
    }
    struct data data;
    struct due *dues;
    size_t count;
    if (!data_open(&data, invocation))
        return EXIT_FAILED;
    struct instant now = instant_from_ms(clock_now_ms());
    struct date today = instant_date(&now);
    struct date until = date_from_days(date_days(&today) + days);
    int status;
    if (store_due(&data.store, &view_all, &until, false, &data.arena, &dues, &count))
        status = print_dues(dues, count, &today, days, invocation->json);
    else
        status = fail("cannot read what is due: %s", db_message(data.store.db));
    data_close(&data);
    return status;
}
