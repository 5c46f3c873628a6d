/* libmicrohttpd 0.9.75 lets requests through that a proxy before it may read otherwise (request smuggling). Whatever
 * RFC 9110 and 9112 leave no two readings of passes; everything else is refused and the connection closed. */
#include "exchange.h"

#include <string.h>
#include <strings.h>

struct head {
    struct exchange *exchange;
    int status;
    const char *wrong;
    const char *end; /* of what was seen so far, in the head as it lies in memory */
    bool gap;        /* something lies between two headers that the library does not show */
    int content_lengths;
    int transfer_encodings;
    int hosts;
};

static bool is_token(const char *text, size_t length)
{
    static const char others[] = "!#$%&'*+.^_`|~";
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        bool usual = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
        if (!usual && (!c || !strchr(others, c)))
            return false;
    }
    return length > 0;
}

/* Without a branch, so that the compiler looks at sixteen bytes at a time; so in is_odd(). */
static bool has_control(const char *text, size_t length)
{
    int found = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        found |= ((c < 0x20) & (c != '\t')) | (c == 0x7F);
    }
    return found;
}

static bool is_digits(const char *text, size_t length)
{
    return length > 0 && strspn(text, "0123456789") == length;
}

bool content_length_is_plain(const char *value, size_t length)
{
    return is_digits(value, length) && length < 19;
}

/* --- what the library hides ----------------------------------------------------------------------------------------
 *
 * 0.9.75 reads the head where it lies, as C strings: it cuts a method, target or value at a NUL, and takes a header
 * without a name for the end of the head, so that the lines behind it are read as the next request. But what it shows
 * has to lie without a gap, from the method to the end of the head, with a space or a line's end between: where that
 * does not add up, something is hidden. (A folded line does not add up either; RFC 9112, 5.2 lets us refuse it.) Later
 * versions may trim or copy what they show, and refuse these by themselves. */

static bool shows_in_place(void)
{
    return strcmp(MHD_get_version(), "0.9.75") == 0;
}

static bool follows(const char *next, const char *end, size_t least, size_t most)
{
    uintptr_t gap = (uintptr_t)next - (uintptr_t)end;
    return gap >= least && gap <= most;
}

static bool line_adds_up(const struct exchange *exchange, const char *method, const char *version)
{
    return follows(exchange->target, method + strlen(method), 1, 1) && follows(version, exchange->target_end, 1, 1);
}

static bool end_adds_up(const struct head *head, const char *method)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(head->exchange->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return !info || follows(method + info->header_size, head->end, 2, 4);
}

/* --- headers --------------------------------------------------------------------------------------------------------
 */

static void set_wrong(struct head *head, int status, const char *wrong)
{
    head->status = status;
    head->wrong = wrong;
}

#define NAME(text) (text), sizeof(text) - 1
static const struct {
    const char *name;
    size_t length;
    enum header header;
    bool list; /* several lines are one list (RFC 9110, 5.3) */
} known_headers[] = {
    {NAME("Accept"), HEADER_ACCEPT, true},
    {NAME("Accept-Encoding"), HEADER_ACCEPT_ENCODING, true},
    {NAME("Authorization"), HEADER_AUTHORIZATION, false},
    {NAME("Content-Disposition"), HEADER_CONTENT_DISPOSITION, false},
    {NAME("Content-Encoding"), HEADER_CONTENT_ENCODING, true},
    {NAME("Content-Type"), HEADER_CONTENT_TYPE, false},
    {NAME("Idempotency-Key"), HEADER_IDEMPOTENCY_KEY, false},
    {NAME("If-Match"), HEADER_IF_MATCH, true},
    {NAME("If-None-Match"), HEADER_IF_NONE_MATCH, true},
    {NAME("If-Range"), HEADER_IF_RANGE, false},
    {NAME("Prefer"), HEADER_PREFER, true},
    {NAME("Range"), HEADER_RANGE, false},
    {NAME("X-Request-Id"), HEADER_X_REQUEST_ID, false},
};

static void remember(struct exchange *exchange, const char *name, size_t name_length, const char *value, size_t length)
{
    struct request *request = &exchange->request;
    for (size_t i = 0; i < sizeof known_headers / sizeof *known_headers; i++) {
        if (known_headers[i].length != name_length || strcasecmp(known_headers[i].name, name) != 0)
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

/* host [":" port] (RFC 9112, 3.2), as far as what has no place in it; an empty one is for targets without a host. */
static bool is_host(const char *host)
{
    return !host[strcspn(host, " \t\"#,/<>?@\\^`{|}")] && !strstr(host, "..");
}

static enum MHD_Result see_header(void *context, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                  const char *value, size_t value_length)
{
    (void)kind;
    struct head *head = context;
    if (!value)
        value = "";
    head->gap = head->gap || !follows(name, head->end, 1, 2);
    head->end = value + value_length;
    if (!is_token(name, name_length))
        set_wrong(head, 400, "A header's name is no token.");
    else if (has_control(value, value_length))
        set_wrong(head, 400, "A header's value contains control characters.");
    else if (strcasecmp(name, "Content-Length") == 0) {
        head->content_lengths++;
        if (!is_digits(value, value_length))
            set_wrong(head, 400, "Content-Length is no plain number.");
        else if (!content_length_is_plain(value, value_length))
            set_wrong(head, 413, "The body is larger than the server takes.");
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        head->transfer_encodings++;
        if (strcasecmp(value, "chunked") != 0)
            set_wrong(head, 400, "The only transfer coding taken is chunked.");
    } else if (strcasecmp(name, "Host") == 0) {
        head->hosts++;
        if (!is_host(value))
            set_wrong(head, 400, "Host is no host and port.");
    } else {
        remember(head->exchange, name, name_length, value, value_length);
    }
    return head->wrong ? MHD_NO : MHD_YES;
}

/* Whether there is anything in it of what check_target() looks at, which most have not. */
static bool is_odd(const char *target)
{
    int odd = 0;
    for (size_t i = 0, length = strlen(target); i < length; i++) {
        unsigned char c = (unsigned char)target[i];
        odd |= (c <= 0x20) | (c == 0x7F) | (c == '#') | (c == '\\') | (c == '%') | (c == '.');
    }
    return odd;
}

/* Dot segments, plain or coded, and bytes that one reader decodes before it splits and another after. */
static const char *check_target(const char *target)
{
    if (target[0] != '/')
        return "The target is no path.";
    if (!is_odd(target))
        return NULL;
    size_t path = strcspn(target, "?");
    for (size_t i = 0; target[i]; i++) {
        unsigned char c = (unsigned char)target[i];
        if (c <= 0x20 || c == 0x7F || c == '#' || (c == '\\' && i < path))
            return "The target contains a character that has no place in it.";
        if (c == '%' && strncmp(target + i, "%00", 3) == 0)
            return "The target contains %00.";
        if (i >= path)
            continue;
        if (c == '%' && strspn(target + i + 1, "0123456789abcdefABCDEF") < 2)
            return "The target contains a % without two hexadecimal digits behind it.";
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

/* Every registered method is such a word. Another token may be one by RFC 9110, but nginx takes none; and what looks
 * like one with something before it is the rest of a body whose length somebody took for another. */
static bool is_method(const char *method)
{
    size_t length = strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_");
    return length > 0 && !method[length];
}

/* Of the head as a whole. */
static const char *check_head(const struct head *head, const char *method, const char *version)
{
    if (shows_in_place() && (head->gap || !line_adds_up(head->exchange, method, version) || !end_adds_up(head, method)))
        return "The head contains NUL, a header without a name, a folded line, or more than one space in its first "
               "line.";
    if (!is_method(method))
        return "The method is no word in capital letters.";
    if (head->content_lengths > 1 || head->transfer_encodings > 1)
        return "The length of the body is given twice.";
    if (head->content_lengths && head->transfer_encodings)
        return "The length of the body is given in two ways.";
    if (head->hosts > 1 || (head->hosts == 0 && strcmp(version, "HTTP/1.1") == 0))
        return "A request has one Host.";
    if (head->transfer_encodings && strcmp(version, "HTTP/1.1") != 0)
        return "HTTP/1.0 knows no transfer codings.";
    return check_target(head->exchange->request.target);
}

static enum MHD_Result see_trailer(void *context, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                   const char *value, size_t value_length)
{
    (void)kind;
    bool *fine = context;
    *fine = is_token(name, name_length) && !has_control(value ? value : "", value_length);
    return *fine ? MHD_YES : MHD_NO;
}

bool framing_check_trailers(const struct exchange *exchange)
{
    bool fine = true;
    MHD_get_connection_values_n(exchange->connection, MHD_FOOTER_KIND, see_trailer, &fine);
    return fine;
}

int framing_check(struct exchange *exchange, const char *method, const char *version, const char **ret_detail)
{
    struct head head = {.exchange = exchange, .end = version + strlen(version)};
    MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, see_header, &head);
    if (!head.wrong) {
        const char *wrong = check_head(&head, method, version);
        if (wrong)
            set_wrong(&head, 400, wrong);
    }
    if (head.wrong)
        *ret_detail = head.wrong;
    return head.status;
}
