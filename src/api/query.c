/* Query parameters, filters, cursors and the frame of a list. */
#include "paged.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 200, VALUES_MAX = 100 };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

const char *percent_decode(struct arena *arena, const char *text, size_t length, bool plus)
{
    char *decoded = arena_copy(arena, text, length);
    size_t n = 0;
    for (size_t i = 0; i < length && !arena_failed(arena); i++) {
        char c = text[i];
        if (c == '+' && plus) {
            c = ' ';
        } else if (c == '%') {
            int high = i + 2 < length ? hex_digit(text[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return NULL;
            c = (char)(high * 16 + low);
            i += 2;
        }
        decoded[n++] = c;
    }
    if (arena_failed(arena))
        return NULL;
    decoded[n] = '\0';
    return text_is_utf8(decoded, n) ? decoded : NULL;
}

const char *query_get(const struct call *call, const char *name)
{
    for (size_t i = 0; i < call->query_count; i++) {
        if (strcmp(call->query[i].name, name) == 0)
            return call->query[i].value;
    }
    return NULL;
}

bool query_is_true(const struct call *call, const char *name)
{
    const char *value = query_get(call, name);
    return value && strcmp(value, "true") == 0;
}

static bool is_named(const char *const *names, const char *name)
{
    for (; names && *names; names++) {
        if (strcmp(*names, name) == 0)
            return true;
    }
    return false;
}

/* The field that a filter's name speaks of, with what follows its name. */
static const struct field *filter_field(const struct resource *resource, const char *name, const char **ret_suffix)
{
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        size_t length = strlen(field->name);
        if (!resource_has(resource, field) || field->hidden || strncmp(name, field->name, length) != 0)
            continue;
        const char *suffix = name + length;
        bool date = field->kind == FIELD_KIND_DATE || field->kind == FIELD_KIND_INSTANT;
        bool range = strcmp(suffix, "_before") == 0 || strcmp(suffix, "_after") == 0;
        bool plain = field->kind == FIELD_KIND_ENUM || field->kind == FIELD_KIND_TRUTH ||
                     field->kind == FIELD_KIND_REF || field->kind == FIELD_KIND_REFS ||
                     field->kind == FIELD_KIND_DATE || field == &record_fields[1];
        bool fits = (date && range) || (plain && !*suffix);
        if (fits && !(field->derived && strcmp(field->name, "overdue") != 0)) {
            *ret_suffix = suffix;
            return field;
        }
    }
    return NULL;
}

bool query_known(const struct route *route, const char *name)
{
    static const char *const list[] = {"limit", "cursor", "sort", "count", "q", NULL};
    static const char *const short_list[] = {"limit", "cursor", "count", NULL};
    const char *suffix;
    if (is_named(route->query, name))
        return true;
    if (route->feed && strcmp(name, "token") == 0)
        return true;
    if (strcmp(name, "format") == 0)
        return route->formats != 0;
    if (route->write)
        return strcmp(name, "dry_run") == 0;
    if (strcmp(name, "as_of") == 0)
        return route->past;
    if (!route->list)
        return false;
    if (!route->resource || route->read != read_list)
        return is_named(short_list, name);
    if (strcmp(name, "withdrawn") == 0)
        return route->resource->withdrawable;
    if (strcmp(name, "q") == 0)
        return resource_is_searched(route->resource);
    return is_named(list, name) || filter_field(route->resource, name, &suffix) != NULL;
}

bool query_parse(struct call *call, const char *query)
{
    while (query && *query) {
        size_t length = strcspn(query, "&");
        if (!length) { /* an empty pair says nothing */
            query++;
            continue;
        }
        size_t name_length = strcspn(query, "&=");
        const char *name = percent_decode(call->arena, query, name_length, true);
        const char *value = "";
        if (name_length < length)
            value = percent_decode(call->arena, query + name_length + 1, length - name_length - 1, true);
        if (!name || !value)
            violation_add_parameter(&call->violations, "query.invalid", name ? name : "?",
                                    "A parameter is not percent-encoded UTF-8.");
        else if (!query_known(call->route, name))
            violation_add_parameter(&call->violations, "query.unknown", name, "This path knows no parameter '%.100s'.",
                                    name);
        else if (query_get(call, name))
            violation_add_parameter(&call->violations, "query.repeated", name, "'%.100s' is given more than once.",
                                    name);
        else if (call->query_count < QUERY_MAX)
            call->query[call->query_count++] = (struct parameter){name, value};
        query += length + (query[length] == '&');
    }
    static const char *const switches[] = {"dry_run", "count", "withdrawn"};
    for (size_t i = 0; i < COUNT_OF(switches); i++) {
        const char *value = query_get(call, switches[i]);
        if (value && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
            violation_add_parameter(&call->violations, "query.invalid", switches[i], "'%s' is true or false.",
                                    switches[i]);
    }
    call->dry_run = query_is_true(call, "dry_run");
    return call->violations.count == 0;
}

int query_limit(struct call *call)
{
    const char *text = query_get(call, "limit");
    if (!text)
        return LIMIT_DEFAULT;
    char *end;
    long limit = strtol(text, &end, 10);
    if (*text >= '0' && *text <= '9' && !*end && limit >= 1 && limit <= LIMIT_MAX)
        return (int)limit;
    violation_add_parameter(&call->violations, "query.invalid", "limit", "'limit' is a number from 1 to %d.",
                            LIMIT_MAX);
    return 0;
}

void query_as_of(struct call *call)
{
    const char *text = query_get(call, "as_of");
    struct instant *instant = text ? arena_alloc(call->arena, sizeof *instant) : NULL;
    struct date date;
    if (!instant)
        return;
    if (date_parse(text, &date) || !instant_parse(text, instant)) {
        violation_add_parameter(&call->violations, "query.invalid", "as_of",
                                "'as_of' takes an instant in UTC (RFC 3339), such as 2026-11-21T18:46:00Z.");
    } else if (strcmp(instant->text, call->now.text) > 0) {
        violation_add_parameter(&call->violations, "query.invalid", "as_of", "'as_of' takes an instant that has come.");
    } else {
        call->view.as_of = instant;
        call->today = instant_date(instant);
    }
}

const struct instant *call_moment(const struct call *call)
{
    return call->view.as_of ? call->view.as_of : &call->now;
}

/* --- filters ----------------------------------------------------------------------------------------------------- */

static void invalid(struct call *call, const char *name, const char *what)
{
    violation_add_parameter(&call->violations, "query.invalid", name, "'%s' %s.", name, what);
}

size_t query_values(struct call *call, const char *name, const char *text, const char ***ret_values)
{
    const char **values = *ret_values = arena_array(call->arena, VALUES_MAX, sizeof *values);
    for (size_t count = 0; values;) {
        size_t length = strcspn(text, ",");
        values[count++] = arena_copy(call->arena, text, length);
        if (!text[length])
            return count;
        if (count == VALUES_MAX) {
            invalid(call, name, "takes 100 values at most");
            return count;
        }
        text += length + 1;
    }
    return 0;
}

/* Whether the value has the form of what names a record of the resource beside its id. */
bool resource_names(const struct resource *target, const char *value)
{
    size_t prefix = target && target->reference_prefix ? strlen(target->reference_prefix) : 0;
    return (target && target->found_by && strchr(value, '@')) ||
           (prefix && strncmp(value, target->reference_prefix, prefix) == 0 && value[prefix] == '-');
}

static const char *const absent_id = "00000000-0000-0000-0000-000000000000";

/* How far a filter's references are looked up. A record shows the reference of what it hangs from also to who owns it
 * and does not see that (review_reference): so a filter by that reference tells no more than the record does, and finds
 * what the filter by the id finds. Any other reference has to lead to what the caller sees. */
static const struct view *filter_view(const struct call *call, const struct resource *resource,
                                      const struct field *field)
{
    for (size_t i = 0; i < resource->field_count; i++) {
        const struct field *shown = &resource->fields[i];
        if (shown->via && strcmp(shown->via, field->name) == 0 && strcmp(shown->of, "reference") == 0)
            return &view_all;
    }
    return &call->view;
}

/* The id that a filter's value names; an id that nothing has where it names nothing. NULL: the database failed. */
static const char *resolve(struct call *call, const struct view *view, const struct resource *target, const char *name,
                           const char *value)
{
    struct id id;
    if (id_parse(value, &id))
        return arena_text(call->arena, id.text);
    if (!resource_names(target, value)) {
        invalid(call, name,
                target && target->found_by           ? "takes an id or an e-mail address"
                : target && target->reference_prefix ? "takes an id or a reference"
                                                     : "takes an id");
        return absent_id;
    }
    switch (store_find(call->store, target, value, view, &id)) {
    case FOUND:
        return arena_text(call->arena, id.text);
    case ABSENT:
        return absent_id;
    case BROKEN:
        break;
    }
    return NULL;
}

const char *query_resolve(struct call *call, const struct resource *target, const char *name, const char *value)
{
    return resolve(call, &call->view, target, name, value);
}

/* One value, unlike the others: both would be no filter. */
static bool add_truth(struct call *call, const struct field *field, const char *name, const char *text,
                      struct filter *ret_filter)
{
    const char **value = arena_alloc(call->arena, sizeof *value);
    if (!value)
        return false;
    bool on = strcmp(text, "true") == 0;
    if (!on && strcmp(text, "false") != 0)
        invalid(call, name, "is true or false");
    *value = on ? "1" : "0";
    *ret_filter = (struct filter){FILTER_IN, field, value, 1};
    return true;
}

static bool add_in(struct call *call, const struct resource *resource, const struct field *field, const char *name,
                   const char *text, struct filter *ret_filter)
{
    /* The id alone has no target: it is the resource's own. */
    const struct resource *target = field->target ? resource_find(field->target) : resource;
    const struct view *view = filter_view(call, resource, field);
    bool reference = field->kind == FIELD_KIND_REF || field->kind == FIELD_KIND_REFS;
    const char **values;
    size_t count = query_values(call, name, text, &values);
    if (!values)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct date date;
        if (field->kind == FIELD_KIND_ENUM && !field_enum_value(field, values[i]))
            invalid(call, name, "takes its values, separated by commas");
        if (field->kind == FIELD_KIND_DATE && !date_parse(values[i], &date))
            invalid(call, name, "takes a date, YYYY-MM-DD");
        if (field->kind == FIELD_KIND_TEXT && !*values[i])
            invalid(call, name, "takes references, separated by commas");
        if (reference && !(values[i] = resolve(call, view, target, name, values[i])))
            return false;
    }
    *ret_filter = (struct filter){FILTER_IN, field, values, count};
    return true;
}

bool query_filter(struct call *call, const struct resource *resource, const char *name, const char *text,
                  struct filter *ret_filter)
{
    return add_in(call, resource, resource_field_named(resource, name), name, text, ret_filter);
}

static bool add_range(struct call *call, const struct field *field, const char *name, const char *text, bool before,
                      struct filter *ret_filter)
{
    const char **value = arena_alloc(call->arena, sizeof *value);
    struct date date;
    struct instant instant;
    if (!value)
        return false;
    bool is_date = date_parse(text, &date);
    if (is_date) /* of an instant: the whole day */
        *value = field->kind == FIELD_KIND_DATE
                     ? text
                     : arena_format(call->arena, "%sT%s", text, before ? "23:59:59.999Z" : "00:00:00.000Z");
    else if (field->kind == FIELD_KIND_INSTANT && instant_parse(text, &instant))
        *value = arena_text(call->arena, instant.text);
    else
        invalid(call, name,
                field->kind == FIELD_KIND_DATE ? "takes a date, YYYY-MM-DD"
                                               : "takes an instant in UTC (RFC 3339) or a date");
    *ret_filter = (struct filter){before ? FILTER_TO : FILTER_FROM, field, value, 1};
    return true;
}

static const char *const overdue_values[2][1] = {{"false"}, {"true"}};

static bool add_filter(struct call *call, const struct resource *resource, const struct parameter *parameter,
                       struct list_query *query)
{
    const char *suffix;
    const struct field *field = filter_field(resource, parameter->name, &suffix);
    if (!field)
        return true;
    if (query->filter_count == FILTERS_MAX - 1) { /* the last place is the parent's */
        invalid(call, parameter->name, "is one filter too many");
        return true;
    }
    struct filter *filter = &query->filters[query->filter_count];
    bool truth = field->kind == FIELD_KIND_TRUTH;
    bool fine = *suffix ? add_range(call, field, parameter->name, parameter->value, suffix[1] == 'b', filter)
                : truth ? add_truth(call, field, parameter->name, parameter->value, filter)
                        : add_in(call, resource, field, parameter->name, parameter->value, filter);
    if (field->derived) {
        filter->kind = FILTER_OVERDUE;
        if (filter->count)
            filter->values = overdue_values[filter->values[0][0] == '1'];
    }
    query->filter_count++;
    return fine;
}

static void add_sort(struct call *call, const struct resource *resource, struct list_query *query)
{
    const char *sort = query_get(call, "sort");
    if (!sort)
        return;
    query->descending = *sort == '-';
    const char *name = sort + query->descending;
    if (strcmp(name, "id") == 0)
        return;
    query->sort = resource_field_named(resource, name);
    if (query->sort && query->sort->sortable)
        return;
    char names[300] = "id";
    size_t length = 2;
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (field->sortable && resource_has(resource, field) && length < sizeof names)
            length += (size_t)snprintf(names + length, sizeof names - length, ", %s", field->name);
    }
    violation_add_parameter(&call->violations, "query.invalid", "sort",
                            "'sort' takes one of these, with - in front for the other way round: %s.", names);
}

bool query_list(struct call *call, const struct resource *resource, struct list_query *ret_query)
{
    struct list_query *query = ret_query;
    query->resource = resource;
    query->view = call->view;
    query->today = call->today;
    query->limit = call->format == FORMAT_JSON ? query_limit(call) : query_cap(call);
    add_sort(call, resource, query);
    query->with_withdrawn = query_is_true(call, "withdrawn");
    query->words = query_get(call, "q");
    if (query->words && !*query->words)
        invalid(call, "q", "takes words");
    else if (query->view.as_of && query->words)
        invalid(call, "q", "looks into what is there now, and goes with no 'as_of'");
    for (size_t i = 0; i < call->query_count; i++) {
        bool own = strcmp(call->query[i].name, "withdrawn") == 0;
        if (!own && !add_filter(call, resource, &call->query[i], query))
            return false;
    }
    if (query_get(call, "cursor") && call->format == FORMAT_JSON)
        cursor_read(call, &query->after_value, &query->after_id);
    return true;
}

/* --- cursors -------------------------------------------------------------------------------------------------------
 */

/* What a cursor is bound to: the path, every parameter but limit, cursor and count, and the row itself. */
static int compare_parameters(const void *a, const void *b)
{
    return strcmp(((const struct parameter *)a)->name, ((const struct parameter *)b)->name);
}

static const char *cursor_mark(struct call *call, const char *value, const char *id)
{
    struct parameter sorted[QUERY_MAX];
    struct buffer text = {0};
    memcpy(sorted, call->query, sizeof sorted);
    qsort(sorted, call->query_count, sizeof *sorted, compare_parameters);
    buffer_format(&text, "%s|%s|%s", call->path, id, value);
    for (size_t i = 0; i < call->query_count; i++) {
        const char *name = sorted[i].name;
        if (strcmp(name, "limit") != 0 && strcmp(name, "cursor") != 0 && strcmp(name, "count") != 0)
            buffer_format(&text, "&%s=%s", name, sorted[i].value);
    }
    call->arena->failed |= buffer_failed(&text);
    const char *tag = buffer_failed(&text) ? "\"\"" : etag_of(call->arena, text.data, text.length);
    buffer_finish(&text);
    return arena_copy(call->arena, tag + 1, strlen(tag) - 2);
}

const char *cursor_make(struct call *call, const char *value, const char *id)
{
    const char *plain = arena_format(call->arena, "%s|%s|%s", cursor_mark(call, value, id), id, value);
    size_t length = strlen(plain);
    size_t size = sodium_base64_ENCODED_LEN(length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *cursor = arena_alloc(call->arena, size);
    if (!cursor)
        return "";
    return sodium_bin2base64(cursor, size, (const unsigned char *)plain, length,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool cursor_read(struct call *call, const char **ret_value, const char **ret_id)
{
    const char *cursor = query_get(call, "cursor");
    assert(cursor && "asked for only where it is there");
    size_t size = strlen(cursor) + 1;
    char *plain = arena_alloc(call->arena, size);
    size_t length = 0;
    bool fine = plain && sodium_base642bin((unsigned char *)plain, size - 1, cursor, size - 1, NULL, &length, NULL,
                                           sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
    char *id = fine ? strchr(plain, '|') : NULL;
    char *value = id ? strchr(id + 1, '|') : NULL;
    if (value && strlen(plain) == length && text_is_utf8(plain, length)) {
        *id++ = '\0';
        *value++ = '\0';
        if (strcmp(plain, cursor_mark(call, value, id)) == 0) {
            *ret_value = value;
            *ret_id = id;
            return true;
        }
    }
    violation_add_parameter(&call->violations, "query.invalid", "cursor",
                            "'cursor' is a next_cursor of this very list, with the same filters and sort.");
    return false;
}

/* --- the frame -----------------------------------------------------------------------------------------------------
 */

static void put_encoded(struct buffer *buffer, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || strchr("-._~,", c);
        if (plain)
            buffer_char(buffer, (char)c);
        else
            buffer_format(buffer, "%%%02X", c);
    }
}

static const char *next_link(struct call *call, const char *cursor)
{
    struct buffer link = {0};
    buffer_format(&link, "<%s?", call->path);
    for (size_t i = 0; i < call->query_count; i++) {
        if (strcmp(call->query[i].name, "cursor") == 0)
            continue;
        put_encoded(&link, call->query[i].name);
        buffer_char(&link, '=');
        put_encoded(&link, call->query[i].value);
        buffer_char(&link, '&');
    }
    buffer_format(&link, "cursor=%s>; rel=\"next\"", cursor);
    call->arena->failed |= buffer_failed(&link);
    const char *text = buffer_failed(&link) ? "" : arena_copy(call->arena, link.data, link.length);
    buffer_finish(&link);
    return text;
}

void answer_list(struct call *call, struct buffer *rows, const char *next_cursor, int64_t total)
{
    buffer_put(rows, "],\"next_cursor\":");
    if (next_cursor)
        json_put_text(rows, next_cursor, strlen(next_cursor));
    else
        buffer_put(rows, "null");
    if (total >= 0) {
        buffer_put(rows, ",\"total\":");
        json_put_integer(rows, total);
    }
    buffer_char(rows, '}');
    if (next_cursor)
        response_add(call->response, "Link", next_link(call, next_cursor));
    answer_json(call, 200, rows);
}
