/* The body of a request that brings a file, as it is or in a form (RFC 7578), piece by piece into a spool: memory does
 * not grow with it, and where the connection breaks off nothing is left behind. */
#include "exchange.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum {
    FORM_FRAME_BYTES = 64 * 1024, /* that a form may have beside its file */
    FORM_BUFFER_BYTES = 8 * 1024, /* of the library's parser; a part's header lines have to fit */
    FIELDS_BYTES = 60 * 1024,     /* of all texts beside the file */
};

struct incoming {
    struct upload upload;
    struct MHD_PostProcessor *form; /* NULL: the body is the file */
    struct exchange *exchange;
    int64_t max;     /* bytes of a file, or of several */
    int64_t counted; /* of the server's incoming_bytes */
    bool in_file;    /* the part that was read last is a file … */
    int64_t part;    /* … of so many bytes */
    char *texts;     /* of FIELDS_BYTES */
    size_t texts_length;
};

size_t upload_max(const struct exchange *exchange, int64_t file_max)
{
    const char *type = exchange->request.headers[HEADER_CONTENT_TYPE];
    bool form = type && strncasecmp(type, "multipart/form-data", 19) == 0;
    return (size_t)file_max + (form ? FORM_FRAME_BYTES : 0);
}

/* The first thing that goes wrong is what is answered; nothing more is kept then. */
static void fail(struct incoming *incoming, enum upload_fault fault)
{
    struct server *server = incoming->exchange->loop->server;
    if (incoming->upload.fault == UPLOAD_FINE)
        incoming->upload.fault = fault;
    spool_finish(&incoming->upload.spool);
    atomic_fetch_sub(&server->incoming_bytes, incoming->counted);
    incoming->counted = 0;
}

static void take_bytes(struct incoming *incoming, const char *data, size_t length)
{
    struct server *server = incoming->exchange->loop->server;
    const struct settings *settings = server->options.settings;
    struct spool *spool = &incoming->upload.spool;
    if (!length || incoming->upload.fault != UPLOAD_FINE)
        return;
    if (spool->length + (int64_t)length > incoming->max) {
        fail(incoming, UPLOAD_TOO_LARGE);
        return;
    }
    /* What is on its way takes room before anything is known of it: no more than all evidence may. */
    incoming->counted += (int64_t)length;
    int64_t all = atomic_fetch_add(&server->incoming_bytes, (int64_t)length) + (int64_t)length;
    if (all > (int64_t)settings->attachments_total_max_mib << 20) {
        fail(incoming, UPLOAD_NO_ROOM);
        return;
    }
    if ((spool->fd < 0 && !spool_open(spool, server->options.data_folder)) || !spool_add(spool, data, length))
        fail(incoming, errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? UPLOAD_NO_ROOM : UPLOAD_BROKEN);
}

/* --- forms ------------------------------------------------------------------------------------------------------- */

static bool is_coded(const char *transfer_encoding)
{
    return transfer_encoding && strcasecmp(transfer_encoding, "binary") != 0 &&
           strcasecmp(transfer_encoding, "8bit") != 0 && strcasecmp(transfer_encoding, "7bit") != 0;
}

static const char *keep(struct incoming *incoming, const char *text)
{
    return text ? arena_text(&incoming->exchange->arena, text) : NULL;
}

/* The library may call for the beginning of a part twice, the first time without any byte of it. */
static bool goes_on(const struct incoming *incoming, uint64_t offset)
{
    return offset > 0 || incoming->part == 0;
}

/* A file of a form that may have several. */
static void begin_part(struct incoming *incoming, const char *field, const char *name, const char *type)
{
    struct upload *upload = &incoming->upload;
    if (upload->files > UPLOAD_PARTS_MAX) {
        fail(incoming, UPLOAD_MALFORMED);
        return;
    }
    upload->parts[upload->files - 1] =
        (struct upload_part){keep(incoming, field), keep(incoming, name), keep(incoming, type), upload->spool.length};
}

static bool is_same(const struct upload *upload, const char *field, const char *name)
{
    if (!upload->several)
        return upload->files == 1 && upload->name && strcmp(upload->name, name) == 0;
    const struct upload_part *last = upload->files ? &upload->parts[upload->files - 1] : NULL;
    return last && strcmp(last->field, field) == 0 && last->name && strcmp(last->name, name) == 0;
}

static void take_file(struct incoming *incoming, const char *field, const char *name, const char *type,
                      const char *data, uint64_t offset, size_t length)
{
    struct upload *upload = &incoming->upload;
    bool named = is_same(upload, field, name);
    if (!incoming->in_file || !goes_on(incoming, offset) || (offset == 0 && !named)) {
        incoming->in_file = true;
        incoming->part = 0;
        if (upload->files++ == 0) {
            upload->name = keep(incoming, name);
            upload->type = keep(incoming, type);
        }
        if (upload->several)
            begin_part(incoming, field, name, type);
    }
    incoming->part += (int64_t)length;
    if (upload->files == 1 || upload->several) /* what is more is refused for being there */
        take_bytes(incoming, data, length);
}

static void take_text(struct incoming *incoming, const char *name, const char *data, uint64_t offset, size_t length)
{
    struct upload *upload = &incoming->upload;
    struct upload_field *field = upload->field_count ? &upload->fields[upload->field_count - 1] : NULL;
    bool same = field && !incoming->in_file && goes_on(incoming, offset) && strcmp(field->name, name) == 0;
    if (!incoming->texts)
        incoming->texts = arena_take(&incoming->exchange->arena, FIELDS_BYTES);
    if ((!same && upload->field_count == UPLOAD_FIELDS_MAX) || length > FIELDS_BYTES - incoming->texts_length) {
        fail(incoming, UPLOAD_MALFORMED);
        return;
    }
    if (!incoming->texts) {
        fail(incoming, UPLOAD_BROKEN);
        return;
    }
    if (!same) {
        incoming->in_file = false;
        incoming->part = 0;
        field = &upload->fields[upload->field_count++];
        *field = (struct upload_field){keep(incoming, name), incoming->texts + incoming->texts_length, 0};
    }
    memcpy(incoming->texts + incoming->texts_length, data, length);
    incoming->texts_length += length;
    incoming->part += (int64_t)length;
    field->length += length;
}

static enum MHD_Result on_part(void *context, enum MHD_ValueKind kind, const char *key, const char *filename,
                               const char *content_type, const char *transfer_encoding, const char *data,
                               uint64_t offset, size_t size)
{
    (void)kind;
    struct incoming *incoming = context;
    if (!key || is_coded(transfer_encoding)) {
        fail(incoming, UPLOAD_MALFORMED);
        return MHD_NO;
    }
    if (filename)
        take_file(incoming, key, filename, content_type, data, offset, size);
    else
        take_text(incoming, key, data, offset, size);
    return incoming->upload.fault == UPLOAD_FINE ? MHD_YES : MHD_NO;
}

/* --- from the head to the end ------------------------------------------------------------------------------------ */

bool upload_begin(struct exchange *exchange, int64_t file_max, bool several)
{
    struct incoming *incoming = arena_alloc(&exchange->arena, sizeof *incoming);
    if (!incoming)
        return false;
    const char *type = exchange->request.headers[HEADER_CONTENT_TYPE];
    struct upload *upload = &incoming->upload;
    incoming->exchange = exchange;
    incoming->max = file_max;
    upload->several = several;
    spool_init(&upload->spool);
    upload->form = type && strncasecmp(type, "multipart/form-data", 19) == 0;
    upload->files = !upload->form;
    if (upload->form) {
        incoming->form = MHD_create_post_processor(exchange->connection, FORM_BUFFER_BYTES, on_part, incoming);
        if (!incoming->form)
            fail(incoming, UPLOAD_MALFORMED);
    }
    exchange->incoming = incoming;
    exchange->request.upload = upload;
    return true;
}

void upload_take(struct exchange *exchange, const char *data, size_t length)
{
    struct incoming *incoming = exchange->incoming;
    if (!incoming->upload.form)
        take_bytes(incoming, data, length);
    else if (incoming->upload.fault == UPLOAD_FINE && MHD_post_process(incoming->form, data, length) != MHD_YES)
        fail(incoming, UPLOAD_MALFORMED);
}

static void end_form(struct incoming *incoming)
{
    /* MHD_NO: its last boundary has not come. */
    if (incoming->form && MHD_destroy_post_processor(incoming->form) != MHD_YES)
        fail(incoming, UPLOAD_MALFORMED);
    incoming->form = NULL;
}

void upload_end(struct exchange *exchange)
{
    if (exchange->incoming)
        end_form(exchange->incoming);
}

void upload_finish(struct exchange *exchange)
{
    struct incoming *incoming = exchange->incoming;
    if (!incoming)
        return;
    end_form(incoming);
    fail(incoming, UPLOAD_TOO_LARGE); /* unless it has ended another way: nobody looks at it any more */
    exchange->incoming = NULL;
}
