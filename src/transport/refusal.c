/* What libmicrohttpd answers by itself becomes a problem like any other.
 *
 * Heads that are malformed or too long, and chunks that do not add up, never reach our handler: the library answers
 * them with a page of its own in HTML, which it hands to MHD_queue_response(). Debian's library calls that function
 * through its procedure linkage table, so that the dynamic linker takes ours, and ours queues a problem in place of the
 * page. Our own answers go straight to the library's function (response_queue); so whatever arrives here is the
 * library's. A library that is linked so that it calls itself directly never comes here: its pages go out as they
 * are. */
#include "exchange.h"

#include <dlfcn.h>
#include <strings.h>

/* The library's own functions; found once, before there is a second thread. */
static struct {
    enum MHD_Result (*queue)(struct MHD_Connection *, unsigned, struct MHD_Response *);
    enum MHD_Result (*look_up)(struct MHD_Connection *, enum MHD_ValueKind, const char *, size_t, const char **,
                               size_t *);
    enum MHD_Result (*keep)(struct MHD_Connection *, enum MHD_ValueKind, const char *, size_t, const char *, size_t);
} library;

bool library_find(void)
{
    /* ISO C knows no way from an object's address to a function's; POSIX has this one. */
    *(void **)&library.queue = dlsym(RTLD_NEXT, "MHD_queue_response");
    *(void **)&library.look_up = dlsym(RTLD_NEXT, "MHD_lookup_connection_value_n");
    *(void **)&library.keep = dlsym(RTLD_NEXT, "MHD_set_connection_value_n");
    return library.queue && library.look_up && library.keep;
}

enum MHD_Result response_queue(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
    return library.queue(connection, status, response);
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned status, struct MHD_Response *page)
{
    if (exchange_refuse(connection, (int)status) == MHD_YES)
        return MHD_YES;
    return library.queue(connection, status, page);
}

static bool is_named(const char *key, size_t length, const char *name)
{
    return key && length == strlen(name) && strncasecmp(key, name, length) == 0;
}

/* Some of its refusals the library forgets again, and reads on: then it sends their head twice, or closes the
 * connection without a word. So that it has nothing to refuse there, the two functions below, which it calls by their
 * names as well, do not show it a Content-Length that is no plain number, which the framing guard refuses a moment
 * later; and spare it the cookies and the parameters of the query, for which nobody here asks it. A head that leaves no
 * room for an answer it refuses once it cannot keep a header of it. */

enum MHD_Result MHD_lookup_connection_value_n(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                                              const char *key, size_t key_size, const char **value_ptr,
                                              size_t *value_size_ptr)
{
    const char *value = NULL;
    size_t length = 0;
    enum MHD_Result found = library.look_up(connection, kind, key, key_size, &value, &length);
    if (found != MHD_YES)
        return found;
    bool hidden = is_named(key, key_size, "Cookie") ||
                  (is_named(key, key_size, "Content-Length") && !content_length_is_plain(value, length));
    if (kind == MHD_HEADER_KIND && hidden)
        return MHD_NO;
    if (value_ptr)
        *value_ptr = value;
    if (value_size_ptr)
        *value_size_ptr = length;
    return MHD_YES;
}

enum MHD_Result MHD_set_connection_value_n(struct MHD_Connection *connection, enum MHD_ValueKind kind, const char *key,
                                           size_t key_size, const char *value, size_t value_size)
{
    if (kind == MHD_GET_ARGUMENT_KIND)
        return MHD_YES;
    if (!exchange_has_room(connection, key_size + value_size))
        return MHD_NO;
    return library.keep(connection, kind, key, key_size, value, value_size);
}
