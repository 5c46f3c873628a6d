/* The request's JSON (RFC 8259), before it means anything. */
#include "api.h"

#include <strings.h>

enum { DEPTH_MAX = 32 };

/* The deepest nesting, counted before the parser recurses into it. */
static int json_depth(const char *text, size_t length)
{
    int depth = 0;
    int deepest = 0;
    bool in_text = false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (in_text) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '{' || c == '[') {
            deepest = ++depth > deepest ? depth : deepest;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return deepest;
}

/* "application/json; charset=utf-8" names the type, in any case, with no other character set. */
bool media_type_is(const char *header, const char *type)
{
    size_t length = strlen(type);
    if (strncasecmp(header, type, length) != 0 || (header[length] && !strchr("; \t", header[length])))
        return false;
    const char *charset = strcasestr(header, "charset=");
    if (!charset)
        return true;
    charset += 8;
    charset += *charset == '"';
    return strncasecmp(charset, "utf-8", 5) == 0 && (!charset[5] || strchr("\"; \t", charset[5]));
}

/* "identity" is no coding (RFC 9110, 8.4.1 and 12.5.3). */
static bool is_coded(const struct request *request)
{
    const char *coding = request->headers[HEADER_CONTENT_ENCODING];
    return coding && strcasecmp(coding, "identity") != 0;
}

static bool check_type(struct call *call)
{
    const char *type = call->request->headers[HEADER_CONTENT_TYPE];
    bool patch = call->request->method == METHOD_PATCH;
    bool taken =
        !is_coded(call->request) && type &&
        (media_type_is(type, "application/json") || (patch && media_type_is(type, "application/merge-patch+json")));
    if (taken)
        return true;
    const char *types = patch ? "application/merge-patch+json, application/json" : "application/json";
    response_add(call->response, patch ? "Accept-Patch" : "Accept-Post", types);
    answer_problem(call, 415, NULL, "Send the body as %s, in UTF-8 and without a Content-Encoding.", types);
    return false;
}

const char *body_types(const struct route *route)
{
    if (route->takes_import)
        return "text/csv, application/x-ndjson, multipart/form-data";
    return route->takes_file ? "multipart/form-data, */*" : "application/json";
}

bool json_is_deep(const char *text, size_t length)
{
    return json_depth(text, length) > DEPTH_MAX;
}

bool body_parse(struct call *call)
{
    const struct request *request = call->request;
    if (request->body_too_large) {
        answer_problem(call, 413, NULL, "The body is larger than the server takes.");
        return false;
    }
    bool typed = request->headers[HEADER_CONTENT_TYPE] || is_coded(request);
    if ((request->body_length || typed) && !check_type(call))
        return false;
    if (!request->body_length && request->method == METHOD_PATCH) {
        answer_problem(call, 400, NULL, "A change has a JSON body, if only {}.");
        return false;
    }
    const char *text = request->body_length ? request->body : "{}";
    size_t length = request->body_length ? request->body_length : 2;
    if (json_is_deep(text, length)) {
        answer_problem(call, 400, NULL, "The body nests deeper than %d levels.", DEPTH_MAX);
        return false;
    }
    if (memchr(text, '\0', length)) { /* jansson overlooks it behind a number or a word */
        answer_problem(call, 400, NULL, "The body is not JSON: it holds a NUL byte.");
        return false;
    }
    json_error_t error;
    /* A scalar is JSON too (RFC 8259, 2): refused for its type, as a list is, and not for its syntax. */
    call->body = json_parse(call->arena, text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (call->body)
        return true;
    if (arena_failed(call->arena))
        answer_problem(call, 500, NULL, "Memory is out; nothing was stored.");
    else
        answer_problem(call, 400, NULL, "The body is not JSON as it is taken here: %s (line %d, column %d).",
                       text_is_utf8(error.text, strlen(error.text)) ? error.text : "not UTF-8", error.line,
                       error.column);
    return false;
}
