/* A request and its answer, without the library that carries them (RFC 9110, 9111). */
#ifndef REVIEWD_HTTP_H
#define REVIEWD_HTTP_H

#include "reviewd/arena.h"
#include "reviewd/buffer.h"
#include "reviewd/spool.h"

#include <sys/types.h>

enum method {
    METHOD_OTHER,
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_PUT,
    METHOD_OPTIONS
};

/* The request headers that reviewd looks at. */
enum header {
    HEADER_ACCEPT,
    HEADER_ACCEPT_ENCODING,
    HEADER_AUTHORIZATION,
    HEADER_CONTENT_ENCODING,
    HEADER_CONTENT_TYPE,
    HEADER_IDEMPOTENCY_KEY,
    HEADER_IF_MATCH,
    HEADER_IF_NONE_MATCH,
    HEADER_PREFER,
    HEADER_X_REQUEST_ID,
    HEADER_CONTENT_DISPOSITION,
    HEADER_IF_RANGE,
    HEADER_RANGE,
    HEADER_COUNT,
};

/* What came in the way of a file. */
enum upload_fault {
    UPLOAD_FINE,
    UPLOAD_TOO_LARGE,
    UPLOAD_MALFORMED, /* the form is none (RFC 7578) */
    UPLOAD_NO_ROOM,   /* on the disk, or beside the other files that are on their way */
    UPLOAD_BROKEN,    /* it cannot be kept for another reason */
};

/* A member of a form that is no file. */
struct upload_field {
    const char *name;
    const char *value; /* not ended by NUL */
    size_t length;
};

enum { UPLOAD_FIELDS_MAX = 8, UPLOAD_PARTS_MAX = 16 };

/* A file of a form that may have several. */
struct upload_part {
    const char *field; /* the member of the form */
    const char *name;  /* as it was sent; NULL: none */
    const char *type;
    int64_t offset; /* in the spool, where it goes on to the next one's */
};

/* The body of a request that brings a file: as it is, or as multipart/form-data. */
struct upload {
    struct spool spool; /* the file's bytes; of a form those of the first one, or of all where several are taken */
    enum upload_fault fault;
    bool form;
    bool several;     /* of a form all files are taken, not the first alone */
    size_t files;     /* in the form; 1 without one */
    const char *name; /* of the file in the form, as it was sent; NULL: none */
    const char *type; /* its media type as it was sent; NULL: none */
    struct upload_field fields[UPLOAD_FIELDS_MAX];
    size_t field_count;
    struct upload_part parts[UPLOAD_PARTS_MAX]; /* where several are taken */
};

struct request {
    struct arena *arena;
    enum method method;
    const char *method_name;
    const char *target;                /* raw: path and query */
    const char *headers[HEADER_COUNT]; /* NULL: not sent; several lines of a list joined by ", " */
    bool repeated[HEADER_COUNT];       /* sent more than once */
    const char *body;
    size_t body_length;
    bool body_too_large;
    bool body_let_go;      /* since nobody was known by the token when it came in */
    struct upload *upload; /* in place of the body, on paths that take files; NULL elsewhere */
};

struct response_header {
    const char *name;
    const char *value;
};

enum { RESPONSE_HEADERS_MAX = 20 };

enum { STREAM_LATER = -2 };

/* A body that is made while it is sent, piece by piece on its loop's thread, so that it never is in memory as a whole.
 */
struct body_stream {
    /* Fills in up to `size` bytes, at least one; 0 at the end, -1 where the answer has to be broken off. STREAM_LATER
     * where there is nothing yet and more to look at: others have their turn, then it is called again. */
    ssize_t (*read)(void *context, char *data, size_t size);
    /* Once, after the last read, also where the client left; may be NULL. The response's arena still is there. */
    void (*end)(void *context);
    void *context;
    int64_t length; /* in bytes; -1: not known beforehand */
};

struct response {
    int status;
    struct response_header headers[RESPONSE_HEADERS_MAX];
    size_t header_count;
    struct buffer body;      /* the response owns it; empty at first, maybe with room left by another */
    const char *static_body; /* or a text that lives on, of static_length bytes */
    size_t static_length;
    struct body_stream stream; /* or this, where `read` is set */
    int64_t unsent; /* of a 304: the length of the body that the request would have got otherwise; -1: not known */
    int route;      /* its number in the route table, for logs and metrics; -1: none */
    bool close;     /* the connection is not to be used again */
};

/* Name and value live as long as the response's arena. */
static inline void response_add(struct response *response, const char *name, const char *value)
{
    if (response->header_count < RESPONSE_HEADERS_MAX)
        response->headers[response->header_count++] = (struct response_header){name, value};
}

static inline const char *response_get(const struct response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (strcmp(response->headers[i].name, name) == 0)
            return response->headers[i].value;
    }
    return NULL;
}

#endif
