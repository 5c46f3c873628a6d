#include "reviewd/calendar.h"

#include "icalendar.h"

#include "reviewd/action_item.h"
#include "reviewd/decision.h"

#include <limits.h>
#include <stdio.h>

/* Of one kind; a calendar is read as a whole, by programs that have to hold all of it. */
enum { EVENTS_MAX = 1000 };

const char *const calendar_kind_names[] = {"review", "decision", "action_item", "follow_up"};

static const char *const classes[] = {
    [0] = "CONFIDENTIAL", /* of a review that cannot be read: the feed is broken then */
    [CLASSIFICATION_PUBLIC] = "PUBLIC",
    [CLASSIFICATION_INTERNAL] = "PRIVATE",
    [CLASSIFICATION_CONFIDENTIAL] = "CONFIDENTIAL",
    [CLASSIFICATION_RESTRICTED] = "CONFIDENTIAL",
};

struct event {
    const struct resource *resource;
    const struct record *record;
    const char *what; /* its UID is the record's id and this: there may be two events of one record */
    const char *category;
    const char *before; /* the title, in the summary */
    const char *title;
    struct date on;
    struct id review_id;
    struct id owner_id;
    const char *owner_word;
    const char *status;
    const char *stamp; /* when it was last changed */
    int64_t moves;     /* how often its date has moved: only ever more */
    bool cancelled;
    bool open; /* else it cannot be overdue */
    unsigned priority;
    const struct review *review; /* one of these */
    const struct decision *decision;
    const struct action_item *item;
};

struct feed {
    struct store *store;
    const struct calendar_query *query;
    struct arena *arena;
    struct icalendar calendar;
    int count; /* of the present kind */
    bool broken;
};

/* --- what an event has to know beside its record -------------------------------------------------------------------
 */

static struct db_statement *ask(struct feed *feed, const char *sql, const char *first, const char *second)
{
    struct db_statement *statement = db_fixed(feed->store->db, sql);
    if (statement) {
        db_bind_text(statement, 1, first);
        if (second)
            db_bind_text(statement, 2, second);
    }
    feed->broken |= !statement;
    return statement;
}

static int64_t ask_count(struct feed *feed, const char *sql, const char *id)
{
    struct db_statement *statement = ask(feed, sql, id, NULL);
    int64_t count = 0;
    if (!statement)
        return 0;
    if (db_step(statement) == DB_ROW)
        count = db_integer(statement, 0);
    else
        feed->broken = true;
    db_reset(statement);
    return count;
}

/* Versions of a record whose date is another one than that of the version before: a number that cannot fall. */
#define MOVES(date_of_v, date_of_p)                                                                                    \
    "SELECT count(*) FROM version AS v JOIN version AS p ON p.record_id = v.record_id AND p.version = v.version - 1 "  \
    "WHERE v.record_id = $1 AND " date_of_p " IS NOT NULL AND " date_of_v " IS DISTINCT FROM " date_of_p

static const char deadline_moves[] = MOVES("v.body ->> 'deadline'", "p.body ->> 'deadline'");
static const char next_review_moves[] = MOVES("v.body ->> 'next_review_on'", "p.body ->> 'next_review_on'");
static const char review_moves[] = MOVES("coalesce(v.body ->> 'held_on', v.body ->> 'planned_on')",
                                         "coalesce(p.body ->> 'held_on', p.body ->> 'planned_on')");

static unsigned classification_of(struct feed *feed, const struct id *review)
{
    struct db_statement *statement = ask(feed, "SELECT classification FROM review WHERE id = $1", review->text, NULL);
    unsigned found = 0;
    bool read = statement && db_step(statement) == DB_ROW && db_text(statement, 0);
    for (unsigned level = CLASSIFICATION_PUBLIC; read && level <= CLASSIFICATION_RESTRICTED; level++) {
        if (strcmp(classification_names[level - 1], db_text(statement, 0)) == 0)
            found = level;
    }
    if (statement)
        db_reset(statement);
    feed->broken |= !found;
    return found;
}

/* --- one event -----------------------------------------------------------------------------------------------------
 */

static bool is_asked_for(const struct feed *feed, const struct event *event)
{
    enum truth wanted = feed->query->overdue;
    bool overdue = event->open && date_before(&event->on, &feed->query->today);
    return wanted == TRUTH_UNKNOWN || (wanted == TRUTH_TRUE) == overdue;
}

static void add_line(struct icalendar *calendar, const char *word, const char *text, const char *more)
{
    icalendar_add(calendar, word);
    icalendar_add(calendar, text);
    icalendar_add(calendar, more ? " " : "");
    icalendar_add(calendar, more ? more : "");
    icalendar_add(calendar, "\n");
}

static void put_description(struct feed *feed, const struct event *event)
{
    struct icalendar *calendar = &feed->calendar;
    struct person_brief owner;
    if (store_person(feed->store, &event->owner_id, feed->arena, &owner) != FOUND) {
        feed->broken = true;
        return;
    }
    char status[40];
    snprintf(status, sizeof status, "%s", event->status);
    for (char *c = status; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    icalendar_begin(calendar, "DESCRIPTION");
    if (event->item)
        add_line(calendar, "Decision: ", event->item->decision_reference, event->item->decision_title);
    if (event->item)
        add_line(calendar, "Review: ", event->item->review_reference, event->item->review_title);
    if (event->decision)
        add_line(calendar, "Review: ", event->decision->review_reference, event->decision->review_title);
    if (event->review && event->review->location)
        add_line(calendar, "Location: ", event->review->location, NULL);
    add_line(calendar, event->owner_word, owner.name, NULL);
    icalendar_add(calendar, "Status: ");
    icalendar_add(calendar, status);
    icalendar_end(calendar);
}

static void put_dates(struct icalendar *calendar, const struct event *event)
{
    icalendar_put_instant(calendar, "DTSTAMP", event->stamp);
    icalendar_put_instant(calendar, "CREATED", event->record->created_at.text);
    icalendar_put_instant(calendar, "LAST-MODIFIED", event->stamp);
    icalendar_put_integer(calendar, "SEQUENCE", event->moves + event->cancelled);
    icalendar_put_date(calendar, "DTSTART;VALUE=DATE", &event->on);
    const struct date next = date_from_days(date_days(&event->on) + 1);
    if (strcmp(event->on.text, "9999-12-31") != 0) /* a day is the default, and the last one has no next */
        icalendar_put_date(calendar, "DTEND;VALUE=DATE", &next);
}

static void put_event(struct feed *feed, const struct event *event)
{
    static const char *const priorities[] = {"0", "9", "5", "3", "1"}; /* none, low, medium, high, critical */
    struct icalendar *calendar = &feed->calendar;
    const char *reference = event->record->reference;
    char uid[80];
    snprintf(uid, sizeof uid, "%s-%s@reviewd", event->record->id.text, event->what);
    icalendar_put(calendar, "BEGIN", "VEVENT");
    icalendar_put(calendar, "UID", uid);
    put_dates(calendar, event);
    icalendar_begin(calendar, "SUMMARY");
    icalendar_add(calendar, event->before);
    icalendar_add(calendar, reference);
    icalendar_add(calendar, " ");
    icalendar_add(calendar, event->title);
    icalendar_end(calendar);
    put_description(feed, event);
    icalendar_put_text(calendar, "CATEGORIES", event->category);
    icalendar_put(calendar, "CLASS", classes[classification_of(feed, &event->review_id)]);
    icalendar_put(calendar, "STATUS", event->cancelled ? "CANCELLED" : "CONFIRMED");
    icalendar_put(calendar, "TRANSP", "TRANSPARENT"); /* it takes nobody's time away */
    if (event->priority && event->priority < COUNT_OF(priorities))
        icalendar_put(calendar, "PRIORITY", priorities[event->priority]);
    if (*feed->query->public_url)
        icalendar_put(
            calendar, "URL",
            arena_format(feed->arena, "%s/v1/%s/%s", feed->query->public_url, event->resource->collection, reference));
    icalendar_put(calendar, "END", "VEVENT");
}

/* Whether there may be more of its kind. */
static bool take(struct feed *feed, const struct event *event)
{
    put_event(feed, event);
    return ++feed->count < EVENTS_MAX && !feed->broken && !buffer_failed(feed->calendar.out);
}

/* --- kinds ---------------------------------------------------------------------------------------------------------
 */

static bool review_row(void *context, const void *record)
{
    struct feed *feed = context;
    const struct review *review = record;
    struct event event = {.resource = &review_resource,
                          .record = &review->record,
                          .what = "review",
                          .category = "Management review",
                          .before = "",
                          .title = review->title,
                          .on = date_is_set(&review->held_on) ? review->held_on : review->planned_on,
                          .review_id = review->record.id,
                          .owner_id = review->chair_id,
                          .owner_word = "Chair: ",
                          .status = review_status_names[review->status - 1],
                          .stamp = review->record.updated_at.text,
                          .cancelled = review->status == REVIEW_CANCELLED,
                          .open = review->status == REVIEW_PLANNED,
                          .review = review};
    if (!is_asked_for(feed, &event))
        return true;
    event.moves = ask_count(feed, review_moves, review->record.id.text);
    return take(feed, &event);
}

static bool is_owner(const struct calendar_query *query, const struct id *person)
{
    bool any = query->owner_count == 0;
    for (size_t i = 0; i < query->owner_count; i++)
        any = any || strcmp(query->owners[i], person->text) == 0;
    return any;
}

static bool next_review_row(void *context, const void *record)
{
    struct feed *feed = context;
    const struct review *review = record;
    struct event event = {.resource = &review_resource,
                          .record = &review->record,
                          .what = "next-review",
                          .category = "Management review due",
                          .before = "Next management review due, after ",
                          .title = review->title,
                          .on = review->next_review_on,
                          .review_id = review->record.id,
                          .owner_id = review->chair_id,
                          .owner_word = "Chair: ",
                          .status = review_status_names[review->status - 1],
                          .stamp = review->record.updated_at.text,
                          .open = true,
                          .review = review};
    if (!is_owner(feed->query, &review->chair_id) || !is_asked_for(feed, &event))
        return false;
    event.moves = ask_count(feed, next_review_moves, review->record.id.text);
    take(feed, &event);
    return false; /* the newest one says it */
}

static bool decision_row(void *context, const void *record)
{
    struct feed *feed = context;
    const struct decision *decision = record;
    struct event event = {.resource = &decision_resource,
                          .record = &decision->record,
                          .what = "deadline",
                          .category = "Decision",
                          .before = "",
                          .title = decision->title,
                          .on = decision->deadline,
                          .review_id = decision->review_id,
                          .owner_id = decision->owner_id,
                          .owner_word = "Owner: ",
                          .status = decision_status_names[decision->status - 1],
                          .stamp = decision->record.updated_at.text,
                          .cancelled = decision_is_ended(decision->status),
                          .open = decision->status == DECISION_ADOPTED,
                          .decision = decision};
    if (!is_asked_for(feed, &event))
        return true;
    event.moves = ask_count(feed, deadline_moves, decision->record.id.text);
    return take(feed, &event);
}

static struct event item_event(const struct action_item *item)
{
    return (struct event){.resource = &action_item_resource,
                          .record = &item->record,
                          .title = item->title,
                          .review_id = item->review_id,
                          .owner_id = item->owner_id,
                          .owner_word = "Owner: ",
                          .status = action_item_status_names[item->status - 1],
                          .stamp = item->record.updated_at.text,
                          .priority = item->priority,
                          .item = item};
}

static bool item_row(void *context, const void *record)
{
    struct feed *feed = context;
    const struct action_item *item = record;
    struct event event = item_event(item);
    event.what = "deadline";
    event.category = "Action item";
    event.before = "";
    event.on = item->deadline;
    event.cancelled = item->status == ACTION_CANCELLED;
    event.open = !action_item_is_ended(item->status) && item->status != ACTION_COMPLETED;
    if (!is_asked_for(feed, &event))
        return true;
    event.moves = ask_count(feed, deadline_moves, item->record.id.text);
    return take(feed, &event);
}

static void copy_text(struct db_statement *statement, int column, char *target, size_t size)
{
    const char *text = db_text(statement, column);
    snprintf(target, size, "%s", text ? text : "");
}

/* Of an item that is not ended: what its newest follow-up says. One event of the item, which moves from one follow-up
 * to the next. */
static bool follow_up_row(void *context, const void *record)
{
    struct feed *feed = context;
    const struct action_item *item = record;
    struct instant made;
    struct event event = item_event(item);
    event.what = "follow-up";
    event.category = "Follow-up";
    event.before = "Follow-up: ";
    event.open = true;
    struct db_statement *statement = ask(
        feed, "SELECT next_follow_up_on, created_at FROM follow_up WHERE action_item_id = $1 ORDER BY id DESC LIMIT 1",
        item->record.id.text, NULL);
    enum db_step step = statement ? db_step(statement) : DB_ERROR;
    if (step == DB_ROW) {
        copy_text(statement, 0, event.on.text, sizeof event.on.text);
        copy_text(statement, 1, made.text, sizeof made.text);
        if (strcmp(made.text, event.stamp) > 0)
            event.stamp = made.text;
        feed->broken |= !db_whole(statement);
    }
    feed->broken |= step == DB_ERROR;
    if (statement)
        db_reset(statement);
    if (feed->broken || !date_is_set(&event.on) || !is_asked_for(feed, &event))
        return !feed->broken;
    event.moves = ask_count(feed, "SELECT count(*) - 1 FROM follow_up WHERE action_item_id = $1", item->record.id.text);
    return take(feed, &event);
}

/* --- the whole -----------------------------------------------------------------------------------------------------
 */

static const struct source {
    enum calendar_kind kind;
    const struct resource *resource;
    const char *date;  /* sorted by it, the latest first */
    const char *owner; /* NULL: the row looks for itself */
    const char *status;
    const char *statuses[5];
    size_t status_count;
    const char *overdue_status; /* of what can be overdue; NULL: it is not told by the status */
    bool (*row)(void *context, const void *record);
} sources[] = {
    {CALENDAR_REVIEW, &review_resource, "planned_on", "chair_id", .overdue_status = "planned", .row = review_row},
    {CALENDAR_REVIEW,
     &review_resource,
     "held_on",
     NULL,
     "status",
     {"concluded", "approved"},
     2,
     .row = next_review_row},
    {CALENDAR_DECISION, &decision_resource, "deadline", "owner_id", .overdue_status = "adopted", .row = decision_row},
    {CALENDAR_ACTION_ITEM, &action_item_resource, "deadline", "owner_id", .row = item_row},
    {CALENDAR_FOLLOW_UP,
     &action_item_resource,
     "deadline",
     "owner_id",
     "status",
     {"open", "in_progress", "blocked", "completed"},
     4,
     .row = follow_up_row},
};

static void add_filter(struct list_query *list, enum filter_kind kind, const char *field, const char *const *values,
                       size_t count)
{
    list->filters[list->filter_count++] =
        (struct filter){kind, field ? resource_field_named(list->resource, field) : NULL, values, count};
}

static bool put_source(struct feed *feed, const struct source *source)
{
    static const char *const first_day[] = {"0001-01-01"}; /* what has no date is no event */
    static const char *const yes[] = {"true"};
    const struct calendar_query *query = feed->query;
    struct list_query list = {.resource = source->resource,
                              .view = query->view,
                              .today = query->today,
                              .sort = resource_field_named(source->resource, source->date),
                              .descending = true,
                              .limit = INT_MAX};
    add_filter(&list, FILTER_FROM, source->date, first_day, 1);
    if (source->owner && query->owner_count)
        add_filter(&list, FILTER_IN, source->owner, query->owners, query->owner_count);
    if (source->status)
        add_filter(&list, FILTER_IN, source->status, source->statuses, source->status_count);
    /* What is overdue is few among many: the rows would find it too, but would have to look at all. */
    if (query->overdue == TRUTH_TRUE && source->overdue_status)
        add_filter(&list, FILTER_IN, "status", &source->overdue_status, 1);
    if (query->overdue == TRUTH_TRUE && source->kind == CALENDAR_ACTION_ITEM)
        add_filter(&list, FILTER_OVERDUE, NULL, yes, 1);
    feed->count = 0;
    return store_list(feed->store, &list, feed->arena, source->row, feed) && !feed->broken;
}

static void put_head(struct icalendar *calendar, const struct calendar_query *query, struct arena *arena)
{
    static const char about[] =
        "Planned management reviews, the next one that is due, deadlines of decisions and action "
        "items, next follow-ups. At most 1,000 of each, the latest first.";
    icalendar_put(calendar, "BEGIN", "VCALENDAR");
    icalendar_put(calendar, "VERSION", "2.0");
    icalendar_put(calendar, "PRODID", "-//reviewd//Management reviews//EN");
    icalendar_put(calendar, "CALSCALE", "GREGORIAN");
    icalendar_put(calendar, "METHOD", "PUBLISH");
    icalendar_put_text(calendar, "NAME", "Management reviews");
    icalendar_put_text(calendar, "X-WR-CALNAME", "Management reviews"); /* for those that know no RFC 7986 */
    icalendar_put_text(calendar, "DESCRIPTION", about);
    icalendar_put(calendar, "REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
    icalendar_put(calendar, "X-PUBLISHED-TTL", "PT1H");
    icalendar_put(calendar, "COLOR", "steelblue");
    /* Without the token, which is the subscriber's own: a calendar that is saved or passed on does not take it along.
     */
    if (*query->public_url)
        icalendar_put(calendar, "SOURCE;VALUE=URI", arena_format(arena, "%s/v1/calendar.ics", query->public_url));
}

bool calendar_render(struct store *store, const struct calendar_query *query, struct arena *arena,
                     struct buffer *ret_text)
{
    struct feed feed = {.store = store, .query = query, .arena = arena, .calendar = {.out = ret_text}};
    put_head(&feed.calendar, query, arena);
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        if ((query->kinds & 1u << sources[i].kind) && !put_source(&feed, &sources[i]))
            return false;
    }
    icalendar_put(&feed.calendar, "END", "VCALENDAR");
    return !arena_failed(arena) && !buffer_failed(ret_text);
}
