/* libmicrohttpd 0.9.75 lets requests through that a proxy before it may read otherwise (request smuggling). Whatever
 * RFC 9110 and 9112 leave no two readings of passes; everything else is refused and the connection closed. */
#include "exchange.h"

#include <string.h>
#include <strings.h>

struct head {
    struct exchange *exchange;
    const char *wrong;
    int content_lengths;
    int transfer_encodings;
    int hosts;
};

static bool is_token(const char *text, size_t length)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && (!c || !strchr(others, c)))
            return false;
    }
    return length > 0;
}

static bool has_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return true;
    }
    return false;
}

static bool is_digits(const char *text, size_t length)
{
    return length > 0 && length < 19 && strspn(text, "0123456789") == length;
}

static const struct {
    const char *name;
    enum header header;
    bool list; /* several lines are one list (RFC 9110, 5.3) */
} known_headers[] = {
    {"Accept", HEADER_ACCEPT, true},
    {"Accept-Encoding", HEADER_ACCEPT_ENCODING, true},
    {"Authorization", HEADER_AUTHORIZATION, false},
    {"Content-Encoding", HEADER_CONTENT_ENCODING, true},
    {"Content-Type", HEADER_CONTENT_TYPE, false},
    {"Idempotency-Key", HEADER_IDEMPOTENCY_KEY, false},
    {"If-Match", HEADER_IF_MATCH, true},
    {"If-None-Match", HEADER_IF_NONE_MATCH, true},
    {"Prefer", HEADER_PREFER, true},
    {"X-Request-Id", HEADER_X_REQUEST_ID, false},
};

static void remember(struct exchange *exchange, const char *name, const char *value, size_t length)
{
    struct request *request = &exchange->request;
    for (size_t i = 0; i < sizeof known_headers / sizeof *known_headers; i++) {
        if (strcasecmp(known_headers[i].name, name) != 0)
            continue;
        const char **slot = &request->headers[known_headers[i].header];
        request->repeated[known_headers[i].header] = *slot != NULL;
        if (*slot && known_headers[i].list)
            *slot = arena_format(&exchange->arena, "%s, %s", *slot, value);
        else
            *slot = arena_copy(&exchange->arena, value, length);
        return;
    }
}

static enum MHD_Result see_header(void *context, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                  const char *value, size_t value_length)
{
    (void)kind;
    struct head *head = context;
    if (!value)
        value = "";
    if (!is_token(name, name_length))
        head->wrong = "A header's name is no token.";
    else if (has_control(value, value_length))
        head->wrong = "A header's value contains control characters.";
    else if (strcasecmp(name, "Content-Length") == 0) {
        head->content_lengths++;
        if (!is_digits(value, value_length))
            head->wrong = "Content-Length is no plain number.";
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        head->transfer_encodings++;
        if (strcasecmp(value, "chunked") != 0)
            head->wrong = "The only transfer coding taken is chunked.";
    } else if (strcasecmp(name, "Host") == 0) {
        head->hosts++;
    } else {
        remember(head->exchange, name, value, value_length);
    }
    return head->wrong ? MHD_NO : MHD_YES;
}

/* Dot segments, plain or coded, and bytes that one reader decodes before it splits and another after. */
static const char *check_target(const char *target)
{
    size_t path = strcspn(target, "?");
    if (target[0] != '/')
        return "The target is no path.";
    for (size_t i = 0; target[i]; i++) {
        unsigned char c = (unsigned char)target[i];
        if (c <= 0x20 || c == 0x7F || c == '#' || (c == '\\' && i < path))
            return "The target contains a character that has no place in it.";
        if (c == '%' && strncmp(target + i, "%00", 3) == 0)
            return "The target contains %00.";
        if (i >= path)
            continue;
        if (c == '%' && (strncasecmp(target + i, "%2f", 3) == 0 || strncasecmp(target + i, "%5c", 3) == 0))
            return "The target contains a coded slash or backslash.";
        if (c == '/') {
            const char *at = target + i + 1;
            int dots = 0;
            while (*at == '.' || strncasecmp(at, "%2e", 3) == 0) {
                at += *at == '.' ? 1 : 3;
                dots++;
            }
            if ((dots == 1 || dots == 2) && (!*at || *at == '/' || *at == '?'))
                return "The target contains dot segments.";
        }
    }
    return NULL;
}

const char *framing_check(struct exchange *exchange, const char *version)
{
    struct head head = {.exchange = exchange};
    MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, see_header, &head);
    if (head.wrong)
        return head.wrong;
    if (head.content_lengths > 1 || head.transfer_encodings > 1)
        return "The length of the body is given twice.";
    if (head.content_lengths && head.transfer_encodings)
        return "The length of the body is given in two ways.";
    if (head.hosts > 1 || (head.hosts == 0 && strcmp(version, "HTTP/1.1") == 0))
        return "A request has one Host.";
    if (head.transfer_encodings && strcmp(version, "HTTP/1.1") != 0)
        return "HTTP/1.0 knows no transfer codings.";
    return check_target(exchange->request.target);
}
