/* A form with a file (RFC 7578), as it comes off a connection: transport/upload.c with the library's parser behind it.
 */
#include "fuzz.h"

#include "transport/exchange.h"

/* The library asks the connection for the form's boundary by this, as it does in the daemon (transport/refusal.c). The
 * connection is none: there is nothing else that it would be asked for. */
static const char *content_type;

enum MHD_Result MHD_lookup_connection_value_n(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                                              const char *key, size_t key_size, const char **value_ptr,
                                              size_t *value_size_ptr)
{
    (void)connection;
    (void)kind;
    (void)key;
    (void)key_size;
    *value_ptr = content_type;
    if (value_size_ptr)
        *value_size_ptr = strlen(content_type);
    return MHD_YES;
}

static const char *const boundaries[] = {
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=\"a b\"",
    "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
    "multipart/form-data; charset=utf-8; boundary=x",
    "multipart/form-data",
    "multipart/form-data; boundary=",
};

static struct settings settings = {.attachment_max_bytes = 4096, .attachments_total_max_mib = 1};
static struct server server;
static struct loop loop = {.server = &server};

static void take(struct exchange *exchange, const struct input *input, unsigned step)
{
    static unsigned char no_connection[8192];
    *exchange = (struct exchange){.loop = &loop};
    exchange->connection = (struct MHD_Connection *)(void *)no_connection;
    arena_init(&exchange->arena);
    exchange->request.headers[HEADER_CONTENT_TYPE] = content_type;
    server.options.settings = &settings;
    server.options.data_folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    REQUIRE(upload_begin(exchange, settings.attachment_max_bytes, false), "memory");
    for (size_t at = 0; at < input->size;) {
        size_t length = step ? 1 + step % 13 : input->size;
        step = step ? step * 1103515245 + 12345 : 0;
        length = length < input->size - at ? length : input->size - at;
        upload_take(exchange, (const char *)input->data + at, length);
        at += length;
    }
    upload_end(exchange);
}

static void leave(struct exchange *exchange)
{
    upload_finish(exchange);
    arena_finish(&exchange->arena);
}

static void check_same(const char *a, const char *b, const char *what)
{
    REQUIRE(!a == !b && (!a || strcmp(a, b) == 0), "%s is '%s', in pieces '%s'", what, a ? a : "", b ? b : "");
}

/* The first byte is the boundary, the second how it is cut: which must not matter. */
void fuzz_form(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    content_type = boundaries[input_byte(&input) % ROWS(boundaries)];
    unsigned step = input_byte(&input) + 1U;
    static struct exchange whole, pieces;
    take(&whole, &input, 0);
    take(&pieces, &input, step);
    const struct upload *one = whole.request.upload, *other = pieces.request.upload;
    REQUIRE(!one->fault == !other->fault, "it is wrong (%d), and in pieces it is not (%d)", one->fault, other->fault);
    /* More files than one are refused, however many the library tells of. */
    REQUIRE(one->fault || (one->files > 1 ? other->files > 1 : one->files == other->files), "%zu files, in pieces %zu",
            one->files, other->files);
    REQUIRE(one->fault || one->field_count == other->field_count, "%zu texts, in pieces %zu", one->field_count,
            other->field_count);
    if (!one->fault && one->files <= 1) {
        unsigned char digest[SHA256_BYTES], other_digest[SHA256_BYTES];
        check_same(one->name, other->name, "the name");
        check_same(one->type, other->type, "the type");
        REQUIRE(one->spool.length == other->spool.length, "%lld bytes, in pieces %lld", (long long)one->spool.length,
                (long long)other->spool.length);
        spool_digest(&one->spool, digest);
        spool_digest(&other->spool, other_digest);
        REQUIRE(memcmp(digest, other_digest, sizeof digest) == 0, "the file has other bytes in pieces");
        for (size_t i = 0; i < one->field_count; i++) {
            const struct upload_field *a = &one->fields[i], *b = &other->fields[i];
            check_same(a->name, b->name, "a member's name");
            REQUIRE(a->length == b->length && memcmp(a->value, b->value, a->length) == 0,
                    "a text is another in pieces");
        }
    }
    leave(&whole);
    leave(&pieces);
    REQUIRE(server.incoming_bytes == 0, "%lld bytes are still counted", (long long)server.incoming_bytes);
}
