/* Which representation of a resource is answered (RFC 9110, 12.5.1). */
#include "api.h"

const struct format_type formats[FORMAT_COUNT] = {
    [FORMAT_JSON] = {"json", "application/json", false},
    [FORMAT_NDJSON] = {"ndjson", "application/x-ndjson", false},
    [FORMAT_CSV] = {"csv", "text/csv", false},
    [FORMAT_XLSX] = {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", true},
    [FORMAT_HTML] = {"html", "text/html", false},
    [FORMAT_MARKDOWN] = {"md", "text/markdown", false},
    [FORMAT_PDF] = {"pdf", "application/pdf", true},
    [FORMAT_SVG] = {"svg", "image/svg+xml", false},
    [FORMAT_CALENDAR] = {"ics", "text/calendar", false},
    [FORMAT_ZIP] = {"zip", "application/zip", true},
};

unsigned route_formats(const struct route *route)
{
    return route->formats ? route->formats : FORMAT(JSON);
}

static bool has(const struct call *call, enum format format)
{
    return (route_formats(call->route) & 1u << format) != 0;
}

/* "application/json, text/csv", or their short names */
static const char *known(struct call *call, bool by_name)
{
    const char *all = "";
    for (unsigned i = 0; i < FORMAT_COUNT; i++) {
        if (has(call, i))
            all =
                arena_format(call->arena, "%s%s%s", all, *all ? ", " : "", by_name ? formats[i].name : formats[i].type);
    }
    return all;
}

static bool choose_named(struct call *call, const char *name)
{
    for (unsigned i = 0; i < FORMAT_COUNT; i++) {
        if (has(call, i) && strcmp(formats[i].name, name) == 0) {
            call->format = i;
            return true;
        }
    }
    violation_add_parameter(&call->violations, "query.invalid", "format", "'format' is one of these here: %s.",
                            known(call, true));
    answer_violations(call);
    return false;
}

bool format_choose(struct call *call)
{
    const char *name = query_get(call, "format");
    if (name)
        return choose_named(call, name);
    double best = 0;
    for (unsigned i = 0; i < FORMAT_COUNT; i++) {
        double weight = has(call, i) ? accept_weight(call->request->headers[HEADER_ACCEPT], formats[i].type) : 0;
        if (weight > best) {
            best = weight;
            call->format = i;
        }
    }
    if (best > 0)
        return true;
    call->violations.count = 0;
    answer_problem(call, 406, NULL, "This is answered as %s alone.", known(call, false));
    return false;
}

static void add_type(struct call *call, int status)
{
    const char *type = formats[call->format].type;
    bool text = strncmp(type, "text/", 5) == 0;
    call->response->status = status;
    response_add(call->response, "Content-Type", text ? arena_format(call->arena, "%s; charset=utf-8", type) : type);
}

void answer_formatted(struct call *call, int status)
{
    add_type(call, status);
}

void answer_stream(struct call *call, int status, const struct body_stream *stream)
{
    add_type(call, status);
    call->response->stream = *stream;
}
