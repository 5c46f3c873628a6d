/* The calendar: as much of it as the caller sees, narrowed by the query. */
#include "reviewd/calendar.h"

#include "api.h"

const char *feed_token_of(struct call *call)
{
    const char *at = strchr(call->request->target, '?');
    for (; at; at = strchr(at, '&')) {
        at++;
        if (strncmp(at, "token=", 6) == 0) {
            const char *token = percent_decode(call->arena, at + 6, strcspn(at + 6, "&"), true);
            return token ? token : "";
        }
    }
    return NULL;
}

static void invalid(struct call *call, const char *name, const char *what)
{
    violation_add_parameter(&call->violations, "query.invalid", name, "'%s' %s.", name, what);
}

static unsigned kinds_of(struct call *call)
{
    const char *list = query_get(call, "kind");
    unsigned kinds = 0;
    if (!list)
        return ~0u;
    for (;;) {
        size_t length = strcspn(list, ",");
        unsigned found = 0;
        for (unsigned kind = CALENDAR_REVIEW; kind <= CALENDAR_FOLLOW_UP; kind++) {
            const char *name = calendar_kind_names[kind - 1];
            if (strlen(name) == length && memcmp(name, list, length) == 0)
                found = 1u << kind;
        }
        if (!found) {
            invalid(call, "kind", "takes review, decision, action_item and follow_up, separated by commas");
            return 0;
        }
        kinds |= found;
        if (!list[length])
            return kinds;
        list += length + 1;
    }
}

static enum truth overdue_of(struct call *call)
{
    const char *value = query_get(call, "overdue");
    if (!value)
        return TRUTH_UNKNOWN;
    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        invalid(call, "overdue", "is true or false");
    return value[0] == 't' ? TRUTH_TRUE : TRUTH_FALSE;
}

static bool owners_of(struct call *call, struct calendar_query *query)
{
    const char *owner = query_get(call, "owner");
    const char *ids = query_get(call, "owner_id");
    if (owner && strcmp(owner, "me") != 0)
        invalid(call, "owner", "takes 'me'; owner_id takes anybody");
    else if (owner && ids)
        invalid(call, "owner", "and 'owner_id' are one too many");
    if (owner) {
        const char **me = arena_alloc(call->arena, sizeof *me);
        if (!me)
            return false;
        *me = call->caller.person_id.text;
        query->owners = me;
        query->owner_count = 1;
    } else if (ids) {
        struct filter filter = {0};
        if (!query_filter(call, &action_item_resource, "owner_id", ids, &filter))
            return false;
        query->owners = filter.values;
        query->owner_count = filter.count;
    }
    return true;
}

bool read_calendar(struct call *call)
{
    struct calendar_query query = {.view = call->view,
                                   .today = call->today,
                                   .kinds = kinds_of(call),
                                   .overdue = overdue_of(call),
                                   .public_url = call_settings(call)->public_url};
    if (!owners_of(call, &query))
        return false;
    if (call->violations.count) {
        answer_violations(call);
        return true;
    }
    if (!calendar_render(call->store, &query, call->arena, &call->response->body))
        return false;
    answer_formatted(call, 200);
    return true;
}
