/* Problem details (RFC 9457) and the pages that explain their types. */
#include "api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct problem_type {
    const char *name;
    int status;
    const char *title;
    const char *explanation;
};

static const struct problem_type problem_types[] = {
    {"malformed-request", 400, "Malformed request",
     "The request could not be read: the body is not JSON in UTF-8 or gives a member twice, or the query has a "
     "parameter that the path does not know, that is given twice, or whose value has not its form."},
    {"unauthenticated", 401, "Unauthenticated",
     "No valid credential came with the request. Send 'Authorization: Bearer rvd_…' with a token made by 'reviewd "
     "token create' that is neither expired nor revoked, for an active person."},
    {"forbidden", 403, "Forbidden",
     "The caller's role, or a separation of duties, says no. The violations name the rule."},
    {"not-found", 404, "Not found",
     "There is no such path or record, or the caller may not see it: the answer is the same."},
    {"method-not-allowed", 405, "Method not allowed",
     "The path does not know this method; the header Allow lists those that it knows. No record is ever deleted: "
     "records are cancelled, withdrawn or deactivated, by verbs."},
    {"not-acceptable", 406, "Not acceptable",
     "The header Accept allows none of the types in which this can be answered. Accept application/json."},
    {"state-conflict", 409, "State conflict",
     "The request is right in itself, but not in the record's present state. The violations say what would be."},
    {"stale", 412, "Stale",
     "The record has changed since it was read: the If-Match header names another version. Read it again, decide "
     "again, and send its present ETag."},
    {"too-large", 413, "Too large", "The body is larger than the server takes."},
    {"target-too-long", 414, "Target too long", "The request's first line is longer than the server takes."},
    {"unsupported-media-type", 415, "Unsupported media type",
     "The body has a type that is not taken here; the headers Accept-Post and Accept-Patch list those that are."},
    {"range-not-satisfiable", 416, "Range not satisfiable",
     "The range that was asked for begins behind the end of the file; Content-Range says how long it is."},
    {"rule-violation", 422, "Rule violation",
     "The request breaks one or more rules; all of them are listed. /v1/rules explains each."},
    {"precondition-required", 428, "Precondition required",
     "A change needs the header If-Match with the record's ETag, so that nobody overwrites what they have not seen. "
     "'*' takes whatever is there."},
    {"too-many-requests", 429, "Too many requests", "Wait as long as Retry-After says."},
    {"headers-too-large", 431, "Headers too large", "The request's headers together are longer than the server takes."},
    {"internal", 500, "Internal error", "Something failed on our side. Nothing was stored."},
    {"unavailable", 503, "Unavailable", "The server cannot take this now. Nothing was stored; try again later."},
    {"outcome-unknown", 503, "Outcome unknown",
     "The database failed while it made the write durable: whether it is stored is not known. The server takes no more "
     "writes until it is restarted; then the same request with the same Idempotency-Key settles it."},
    {"version-not-supported", 505, "HTTP version not supported", "The server speaks HTTP/1.1 and 1.0."},
    {"storage-full", 507, "Storage full", "There is no room to store it. Nothing was stored."},
};

static const struct problem_type *type_find(int status, const char *name)
{
    for (size_t i = 0; i < COUNT_OF(problem_types); i++) {
        if (name ? strcmp(problem_types[i].name, name) == 0 : problem_types[i].status == status)
            return &problem_types[i];
    }
    return type_find(500, NULL);
}

static void put_text(struct buffer *buffer, const char *text)
{
    json_put_text(buffer, text, strlen(text));
}

static void put_line(struct buffer *buffer, const struct violation *violation)
{
    if (violation->resource) {
        buffer_put(buffer, ",\"resource\":");
        put_text(buffer, violation->resource);
    }
    if (violation->line)
        buffer_format(buffer, ",\"line\":%zu", violation->line);
    if (violation->column)
        buffer_format(buffer, ",\"column\":%zu", violation->column);
    if (violation->column_name) {
        buffer_put(buffer, ",\"column_name\":");
        put_text(buffer, violation->column_name);
    }
}

void violations_render(struct buffer *buffer, const struct violations *violations)
{
    buffer_char(buffer, '[');
    for (size_t i = 0; i < violations->count; i++) {
        const struct violation *violation = &violations->items[i];
        buffer_format(buffer, "%s{\"rule\":\"%s\",", i ? "," : "", violation->rule->name);
        buffer_put(buffer, "\"pointer\":");
        put_text(buffer, violation->pointer ? violation->pointer : "#");
        if (violation->parameter) {
            buffer_put(buffer, ",\"parameter\":");
            put_text(buffer, violation->parameter);
        }
        put_line(buffer, violation);
        buffer_put(buffer, ",\"detail\":");
        put_text(buffer, violation->detail);
        buffer_char(buffer, '}');
    }
    buffer_char(buffer, ']');
}

static void problem_render(struct call *call, const struct problem_type *type, const char *detail)
{
    struct response *response = call->response;
    struct buffer *body = &response->body;
    body->length = 0;
    response->static_body = NULL;
    response->stream = (struct body_stream){0};
    response->status = type->status;
    buffer_format(body, "{\"type\":\"/problems/%s\",\"title\":\"%s\",\"status\":%d,\"detail\":", type->name,
                  type->title, type->status);
    put_text(body, detail);
    buffer_put(body, ",\"instance\":");
    put_text(body, call->request_id);
    if (call->violations.count) {
        buffer_put(body, ",\"violations\":");
        violations_render(body, &call->violations);
    }
    buffer_char(body, '}');
    response_add(response, "Content-Type", "application/problem+json");
}

void answer_problem(struct call *call, int status, const char *type, const char *format, ...)
{
    char detail[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    size_t length = strlen(detail);
    while (length && !text_is_utf8(detail, length))
        detail[--length] = '\0';
    problem_render(call, type_find(status, type), detail);
    if (status == 401)
        response_add(call->response, "WWW-Authenticate", "Bearer realm=\"reviewd\"");
    if (status == 503)
        response_add(call->response, "Retry-After", "1");
}

void answer_violations(struct call *call)
{
    int status = violations_status(&call->violations);
    size_t count = call->violations.count;
    if (count == 1)
        answer_problem(call, status, NULL, "%s", call->violations.items[0].detail);
    else if (count < VIOLATIONS_MAX)
        answer_problem(call, status, NULL, "%zu rules are broken; the violations name each.", count);
    else
        answer_problem(call, status, NULL, "%zu rules are broken, or more; the violations name so many.", count);
}

void answer_not_found(struct call *call)
{
    call->violations.count = 0;
    answer_problem(call, 404, NULL, "There is no such path or record, or you may not see it.");
}

void answer_fault(struct call *call, enum db_fault fault)
{
    call->violations.count = 0;
    switch (fault) {
    case DB_FAULT_FULL:
        answer_problem(call, 507, NULL, "There is no room to store this; nothing was stored.");
        return;
    case DB_FAULT_BUSY:
        answer_problem(call, 503, NULL, "The database is busy; nothing was stored. Try again.");
        return;
    case DB_FAULT_IO:
    case DB_FAULT_CORRUPT:
        answer_problem(call, 503, NULL, "The database cannot be read or written; nothing was stored.");
        return;
    case DB_FAULT_NONE:
    case DB_FAULT_MEMORY:
    case DB_FAULT_CONSTRAINT:
    case DB_FAULT_OTHER:
        break;
    }
    answer_problem(call, 500, NULL, "Something failed on our side; nothing was stored.");
}

/* GET /problems/{name} */
bool read_problem_page(struct call *call)
{
    for (size_t i = 0; i < COUNT_OF(problem_types); i++) {
        const struct problem_type *type = &problem_types[i];
        if (strcmp(type->name, call->keys[0]) != 0)
            continue;
        struct buffer *body = &call->response->body;
        buffer_format(body,
                      "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
                      "content=\"width=device-width\"><title>%s</title><style>body{font:1em/1.5 sans-serif;max-width:"
                      "40em;margin:2em auto;padding:0 1em}</style><h1>%s</h1><p>Status %d, type "
                      "<code>/problems/%s</code></p><p>%s</p></html>\n",
                      type->title, type->title, type->status, type->name, type->explanation);
        call->response->status = 200;
        response_add(call->response, "Content-Type", "text/html; charset=utf-8");
        response_add(call->response, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
        return true;
    }
    answer_not_found(call);
    return true;
}
