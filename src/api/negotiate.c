/* Conditional requests (RFC 9110, 13), content negotiation (12), Prefer (RFC 7240), and the end of every answer. */
#include "api.h"

#include "reviewd/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <zlib.h>

enum { GZIP_FROM_BYTES = 1024, GZIP_LEVEL = 4 };

const char *etag_of(struct arena *arena, const char *body, size_t length)
{
    char tag[FINGERPRINT_HEX_BYTES + 2] = "\"";
    digest_fingerprint(body, length, tag + 1);
    tag[FINGERPRINT_HEX_BYTES] = '"';
    return arena_copy(arena, tag, FINGERPRINT_HEX_BYTES + 1);
}

/* The next entity tag of a list: its length with quotes, 0 at the end, -1 where it is none, or more than one. */
static int next_tag(const char **at, bool *ret_weak)
{
    *at += strspn(*at, " \t,");
    if (!**at)
        return 0;
    *ret_weak = strncmp(*at, "W/", 2) == 0;
    if (*ret_weak)
        *at += 2;
    if (**at != '"')
        return -1;
    const char *end = strchr(*at + 1, '"');
    const char *then = end ? end + 1 + strspn(end + 1, " \t") : NULL;
    return then && (!*then || *then == ',') ? (int)(end - *at) + 1 : -1;
}

/* The length of what a tag says, without its coding's suffix and the closing quote. */
static size_t plain_length(const char *tag, size_t length)
{
    return length > 7 && memcmp(tag + length - 6, "-gzip\"", 6) == 0 ? length - 6 : length - 1;
}

/* Whether a listed tag names the representation, in any of its codings. */
static bool tag_names(const char *tag, size_t length, const char *etag)
{
    size_t own = plain_length(etag, strlen(etag));
    return plain_length(tag, length) == own && memcmp(tag, etag, own) == 0;
}

int if_match_status(const char *if_match, const char *etag)
{
    if (!if_match)
        return 428;
    if (strcmp(if_match, "*") == 0)
        return 0;
    const char *at = if_match;
    bool weak;
    int length;
    bool hits = false;
    while ((length = next_tag(&at, &weak)) > 0) {
        hits = hits || (!weak && tag_names(at, (size_t)length, etag));
        at += length;
    }
    return hits && length == 0 ? 0 : 412; /* what is no list names nothing */
}

bool if_none_match_hits(const char *if_none_match, const char *etag)
{
    if (strcmp(if_none_match, "*") == 0)
        return true;
    const char *at = if_none_match;
    bool weak;
    int length;
    while ((length = next_tag(&at, &weak)) > 0) {
        if (tag_names(at, (size_t)length, etag))
            return true;
        at += length;
    }
    return false;
}

/* A weight (RFC 9110, 12.4.2); what is none is as good as left out. */
static double weight_read(const char *text)
{
    char *end;
    double weight = strtod(text, &end);
    return end > text && weight >= 0 && weight <= 1 ? weight : 1;
}

/* The weight of a list's member for `token` (exactly, ignoring case), or -1. */
static double weight_of(const char *list, const char *token)
{
    size_t length = strlen(token);
    double weight = -1;
    while (list && *list) {
        list += strspn(list, " \t,");
        size_t item = strcspn(list, ",");
        size_t name = strcspn(list, ",; \t");
        if (name == length && strncasecmp(list, token, length) == 0) {
            weight = 1;
            for (const char *at = list + name; at < list + item; at++) {
                if ((*at == 'q' || *at == 'Q') && at[1] == '=' && strchr("; \t", at[-1]))
                    weight = weight_read(at + 2);
            }
        }
        list += item;
    }
    return weight;
}

bool header_lists(const char *header, const char *token)
{
    return weight_of(header, token) > 0;
}

/* Past what stands for a word: a token or, within quotes, anything (RFC 7240, 2). */
static const char *skip_word(const char *at)
{
    if (*at != '"')
        return at + strcspn(at, " \t,;=\"");
    for (at++; *at && *at != '"'; at++)
        at += *at == '\\' && at[1];
    return at + (*at == '"');
}

/* Whether Prefer asks for return=minimal; the first that it says of `return` counts. */
static bool prefers_minimal(const char *prefer)
{
    static const char blank[] = " \t";
    bool named = true; /* a name follows, not a parameter of the one before */
    while (prefer && *prefer) {
        prefer += strspn(prefer, blank);
        const char *name = prefer;
        const char *name_end = prefer = skip_word(prefer);
        const char *value = prefer + strspn(prefer, blank);
        const char *value_end = value;
        if (*value == '=') {
            value += 1 + strspn(value + 1, blank);
            prefer = value_end = skip_word(value);
        }
        if (named && name_end - name == 6 && strncasecmp(name, "return", 6) == 0) {
            bool quoted = value_end - value >= 2 && *value == '"';
            return value_end - value == 7 + 2 * quoted && strncasecmp(value + quoted, "minimal", 7) == 0;
        }
        prefer += strspn(prefer, blank);
        named = *prefer == ',';
        prefer += *prefer ? 1 : 0;
    }
    return false;
}

double accept_weight(const char *accept, const char *type)
{
    if (!accept || !*accept)
        return 1;
    double exact = weight_of(accept, type);
    if (exact >= 0)
        return exact;
    char range[100];
    snprintf(range, sizeof range, "%.*s/*", (int)strcspn(type, "/"), type);
    double family = weight_of(accept, range);
    if (family >= 0)
        return family;
    double any = weight_of(accept, "*/*");
    return any > 0 ? any : 0;
}

void answer_json(struct call *call, int status, struct buffer *body)
{
    struct response *response = call->response;
    if (body != &response->body) {
        buffer_finish(&response->body);
        response->body = *body;
        *body = (struct buffer){0};
    }
    response->status = status;
    response_add(response, "Content-Type", "application/json");
}

void answer_static(struct call *call, int status, const char *type, const char *text, size_t length)
{
    call->response->status = status;
    call->response->static_body = text;
    call->response->static_length = length;
    response_add(call->response, "Content-Type", type);
}

static bool gzip(const char *data, size_t length, struct buffer *ret_packed)
{
    z_stream stream = {0};
    if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    size_t bound = deflateBound(&stream, length);
    bool fine = buffer_reserve(ret_packed, bound);
    if (fine) {
        stream.next_in = (unsigned char *)(uintptr_t)data;
        stream.avail_in = (unsigned)length;
        stream.next_out = (unsigned char *)ret_packed->data;
        stream.avail_out = (unsigned)ret_packed->capacity;
        fine = deflate(&stream, Z_FINISH) == Z_STREAM_END;
        ret_packed->length = stream.total_out;
    }
    deflateEnd(&stream);
    return fine;
}

/* NULL where there is none; the buffer may be that of an answer before. */
static const char *response_body(const struct response *response, size_t *ret_length)
{
    *ret_length = response->static_body ? response->static_length : response->body.length;
    return response->static_body ? response->static_body : response->body.length ? response->body.data : NULL;
}

/* Without a body, status and headers stay as they are. */
static void drop_body(struct response *response)
{
    response->body.length = 0;
    response->static_body = NULL;
    response->stream.read = NULL;
}

/* Of what is compressed in itself nothing would be gained. */
static bool is_packed(const struct response *response)
{
    const char *type = response_get(response, "Content-Type");
    for (unsigned i = 0; type && i < FORMAT_COUNT; i++) {
        if (formats[i].packed && strcmp(formats[i].type, type) == 0)
            return true;
    }
    return false;
}

static bool wants_gzip(const struct call *call, size_t length)
{
    return length >= GZIP_FROM_BYTES && header_lists(call->request->headers[HEADER_ACCEPT_ENCODING], "gzip") &&
           !is_packed(call->response);
}

static void pack(struct call *call)
{
    struct response *response = call->response;
    size_t length;
    const char *body = response_body(response, &length);
    struct buffer packed = {0};
    if (!gzip(body, length, &packed)) {
        buffer_finish(&packed);
        packed.failed = true; /* the tag says gzip by now: this is a breakdown */
    }
    buffer_finish(&response->body);
    response->body = packed;
    response->static_body = NULL;
    response_add(response, "Content-Encoding", "gzip");
}

/* RFC 9110, 8.6: what a 304 says of a length is that of the 200 in its place. */
static int64_t length_of_200(struct call *call, bool packs)
{
    size_t length;
    const char *body = response_body(call->response, &length);
    if (call->response->stream.read)
        return call->response->stream.length;
    if (!packs)
        return (int64_t)length;
    struct buffer packed = {0};
    call->arena->failed |= !gzip(body, length, &packed);
    length = packed.length;
    buffer_finish(&packed);
    return (int64_t)length;
}

static void set_etag(struct response *response, const char *etag)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (strcmp(response->headers[i].name, "ETag") == 0) {
            response->headers[i].value = etag;
            return;
        }
    }
    response_add(response, "ETag", etag);
}

/* Of what is streamed without a tag, "*" alone knows that it is there (RFC 9110, 13.1.2). */
static bool is_known(const struct response *response, const char *if_none_match, const char *etag)
{
    return etag ? if_none_match_hits(if_none_match, etag) : response->stream.read && strcmp(if_none_match, "*") == 0;
}

void answer_finish(struct call *call)
{
    struct response *response = call->response;
    const struct request *request = call->request;
    bool reads = request->method == METHOD_GET || request->method == METHOD_HEAD;
    bool success = response->status >= 200 && response->status < 300;
    const char *etag = response_get(response, "ETag");
    size_t length;
    const char *body = response_body(response, &length);
    if (reads && success && !body && !response->stream.read) /* a list without rows, as NDJSON */
        body = "";
    response_add(response, "X-Request-Id", call->request_id);
    response_add(response, "X-Content-Type-Options", "nosniff");
    if (call->dry_run)
        response_add(response, "Dry-Run", "true");
    if (reads && success && body && !response_get(response, "Cache-Control"))
        etag = etag_of(call->arena, body, length);
    if (!response_get(response, "Cache-Control"))
        response_add(response, "Cache-Control", "private, no-cache");
    if (body || response->stream.read)
        response_add(response, "Vary",
                     call->route && call->route->formats ? "Accept, Accept-Encoding" : "Accept-Encoding");
    bool minimal = !reads && success && prefers_minimal(request->headers[HEADER_PREFER]);
    bool packs = body && !minimal && wants_gzip(call, length);
    if (packs && etag) /* a tag of its own for each coding */
        etag = arena_format(call->arena, "%.*s-gzip\"", (int)strlen(etag) - 1, etag);
    const char *if_none_match = request->headers[HEADER_IF_NONE_MATCH];
    if (etag)
        set_etag(response, etag);
    if (reads && if_none_match && is_known(response, if_none_match, etag)) {
        response->status = 304;
        response->unsent = length_of_200(call, packs);
        drop_body(response);
    } else if (minimal) {
        drop_body(response);
        response_add(response, "Preference-Applied", "return=minimal");
    } else if (packs) {
        pack(call);
    }
}
