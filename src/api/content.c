/* GET …/content: a file as it was sent, whole or a range of it (RFC 9110, 14), read piece by piece while it goes out.
 */
#include "reviewd/content.h"

#include "worker.h"

#include "reviewd/attachment.h"

#include <strings.h>

/* --- ranges ------------------------------------------------------------------------------------------------------ */

/* Digits, the whole of them; as much as there can be where they are too many. -1: there are none. */
static int64_t take_number(const char **at)
{
    size_t length = strspn(*at, "0123456789");
    int64_t value = length ? 0 : -1;
    for (size_t i = 0; i < length; i++)
        value = value > INT64_MAX / 10 - 1 ? INT64_MAX / 10 : value * 10 + ((*at)[i] - '0');
    *at += length;
    return value;
}

enum range range_parse(const char *header, int64_t size, int64_t *ret_first, int64_t *ret_last)
{
    if (!header || strncasecmp(header, "bytes=", 6) != 0)
        return RANGE_WHOLE;
    const char *at = header + 6;
    int64_t first = take_number(&at);
    bool dash = *at == '-';
    at += dash;
    int64_t last = dash ? take_number(&at) : -1;
    bool one = dash && *at == '\0' && (first >= 0 || last >= 0) && (first < 0 || last < 0 || first <= last);
    if (!one) /* several, which may be answered by the whole; or none, which is not looked at */
        return RANGE_WHOLE;
    if (first < 0) { /* the last so many */
        first = last < size ? size - last : 0;
        if (last == 0)
            return RANGE_UNSATISFIABLE;
        last = size - 1;
    }
    if (first >= size)
        return RANGE_UNSATISFIABLE;
    *ret_first = first;
    *ret_last = last < 0 || last >= size ? size - 1 : last;
    return RANGE_PART;
}

/* --- the answer -------------------------------------------------------------------------------------------------- */

struct reading {
    struct api_worker *worker;
    const char *sha256;
    int64_t at;
    int64_t end;
};

/* Nothing is held between two pieces: no transaction, no statement, no bytes. */
static ssize_t read_piece(void *context, char *data, size_t size)
{
    struct reading *reading = context;
    size_t length = 0;
    if (reading->at >= reading->end)
        return 0;
    if ((int64_t)size > reading->end - reading->at)
        size = (size_t)(reading->end - reading->at);
    if (!worker_look(reading->worker) ||
        store_content_read(reading->worker->store, reading->sha256, reading->at, data, size, &length) != FOUND)
        return -1;
    reading->at += (int64_t)length;
    return (ssize_t)length;
}

static enum range range_of(struct call *call, const char *etag, int64_t size, int64_t *ret_first, int64_t *ret_last)
{
    const struct request *request = call->request;
    const char *if_range = request->headers[HEADER_IF_RANGE];
    const char *if_none_match = request->headers[HEADER_IF_NONE_MATCH];
    bool known = if_none_match && if_none_match_hits(if_none_match, etag); /* then it is 304, before any range */
    bool other = if_range && strcmp(if_range, etag) != 0;
    if (request->method != METHOD_GET || known || other || request->repeated[HEADER_RANGE] ||
        request->repeated[HEADER_IF_RANGE])
        return RANGE_WHOLE;
    return range_parse(request->headers[HEADER_RANGE], size, ret_first, ret_last);
}

static bool answer_content(struct call *call, const struct attachment *attachment)
{
    struct response *response = call->response;
    int64_t size = attachment->size.value;
    int64_t first = 0;
    int64_t last = size - 1;
    const char *etag = arena_format(call->arena, "\"%s\"", attachment->sha256);
    bool text = strncmp(attachment->media_type, "text/", 5) == 0;
    enum range range = range_of(call, etag, size, &first, &last);
    response_add(response, "Accept-Ranges", "bytes");
    if (range == RANGE_UNSATISFIABLE) {
        response_add(response, "Content-Range", arena_format(call->arena, "bytes */%lld", (long long)size));
        answer_problem(call, 416, NULL, "The file has %lld bytes.", (long long)size);
        return true;
    }
    struct reading *reading = arena_alloc(call->arena, sizeof *reading);
    if (!reading)
        return false;
    *reading = (struct reading){call->worker, arena_text(call->arena, attachment->sha256), first, last + 1};
    response->status = range == RANGE_PART ? 206 : 200;
    response->stream = (struct body_stream){.read = read_piece, .context = reading, .length = last + 1 - first};
    response_add(response, "Content-Type",
                 text ? arena_format(call->arena, "%s; charset=utf-8", attachment->media_type)
                      : arena_text(call->arena, attachment->media_type));
    response_add(response, "Content-Disposition", disposition_attachment(call->arena, attachment->name));
    response_add(response, "Content-Security-Policy", "sandbox; default-src 'none'");
    response_add(response, "ETag", etag);
    if (range == RANGE_PART)
        response_add(
            response, "Content-Range",
            arena_format(call->arena, "bytes %lld-%lld/%lld", (long long)first, (long long)last, (long long)size));
    return !arena_failed(call->arena);
}

bool read_content(struct call *call)
{
    struct attachment attachment;
    switch (
        store_load(call->store, &attachment_resource, call->keys[0], &call->view, &call->today, NULL, &attachment)) {
    case BROKEN:
        return false;
    case ABSENT:
        answer_not_found(call);
        return true;
    case FOUND:
        break;
    }
    bool fine = answer_content(call, &attachment);
    store_release(call->store);
    return fine;
}
