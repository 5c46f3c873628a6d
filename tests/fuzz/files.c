/* Evidence files on their way in: bytes into a spool, what they are, how they are called. */
#include "fuzz.h"

#include "reviewd/media_type.h"

#include <strings.h>

/* However the bytes come, piece by piece, they are the same bytes, and text or not. */
void fuzz_spool(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    size_t piece = 1 + input_byte(&input) % 16;
    struct spool spool;
    unsigned char digest[SHA256_BYTES], whole[SHA256_BYTES];
    char read[64];
    spool_init(&spool);
    REQUIRE(spool_open(&spool, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"), "there is no file");
    for (size_t at = 0; at < input.size; at += piece)
        REQUIRE(spool_add(&spool, input.data + at, input.size - at < piece ? input.size - at : piece), "no room");
    spool_digest(&spool, digest);
    digest_sha256_of(input.data, input.size, whole);
    REQUIRE(memcmp(digest, whole, sizeof whole) == 0 && spool.length == (int64_t)input.size, "other bytes");
    REQUIRE(spool_is_text(&spool) == text_is_utf8((const char *)input.data, input.size), "text or not");
    int64_t offset = input.size ? input.data[0] % (int64_t)input.size : 0;
    ssize_t got = spool_read(&spool, offset, read, sizeof read);
    REQUIRE(got >= 0 && (size_t)got <= input.size - (size_t)offset, "%zd bytes", got);
    REQUIRE(memcmp(read, input.data + offset, (size_t)got) == 0, "other bytes at %lld", (long long)offset);
    spool_finish(&spool);
}

/* Whether a browser would take the text for a page, whatever is declared. */
static bool begins_page(const char *text)
{
    static const char *const pages[] = {"<html", "<!doctype html", "<script", "<svg", "<iframe", "<body", "<meta"};
    text += strspn(text, " \t\r\n\f");
    for (int i = 0; i < ROWS(pages); i++) {
        size_t length = strlen(pages[i]);
        if (strncasecmp(text, pages[i], length) == 0 && strchr(" \t\r\n\f/>", text[length]))
            return true;
    }
    return false;
}

/* Name, declared type (a line each) and content. What a browser would run is never taken. */
void fuzz_media_type(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena arena;
    arena_init(&arena);
    const char *name = input_text_line(&input, &arena);
    const char *declared = input_text_line(&input, &arena);
    size_t tail = input.size < MEDIA_TAIL_BYTES ? input.size : MEDIA_TAIL_BYTES;
    struct media_sample sample = {.head = input.data,
                                  .head_length = input.size < MEDIA_HEAD_BYTES ? input.size : MEDIA_HEAD_BYTES,
                                  .tail = input.data + input.size - tail,
                                  .tail_length = tail,
                                  .is_text = text_is_utf8((const char *)input.data, input.size),
                                  .declared = *declared ? declared : NULL,
                                  .name = *name ? name : NULL};
    const char *type = media_type_of(&sample);
    if (type) {
        static const char *const never[] = {"html", "svg", "script", "executable", "xml"};
        const char *bare =
            arena_copy(&arena, (const char *)input.data, strnlen((const char *)input.data, sample.head_length));
        for (int i = 0; i < ROWS(never); i++)
            REQUIRE(!strcasestr(type, never[i]) || strstr(type, "openxml"), "it is taken for %s", type);
        REQUIRE(!begins_page(bare) && strncmp(bare, "#!", 2) != 0, "%.20s is taken for %s", bare, type);
        size_t length = strlen(name);
        REQUIRE(length < 5 ||
                    (strcasecmp(name + length - 5, ".html") != 0 && strcasecmp(name + length - 4, ".svg") != 0 &&
                     strcasecmp(name + length - 4, ".exe") != 0),
                "%s is taken for %s", name, type);
        bool text = strncmp(type, "text/", 5) == 0;
        REQUIRE(!text || sample.is_text, "it is no %s", type);
        /* And once more, by what it was found to be. */
        sample.declared = type;
        const char *again = media_type_of(&sample);
        REQUIRE(again && strcmp(again, type) == 0, "%s has become %s", type, again ? again : "nothing");
    }
    arena_finish(&arena);
}

/* A name out of a header is UTF-8; and a name that we put into one comes back. */
void fuzz_disposition(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena arena;
    arena_init(&arena);
    bool writes = input_byte(&input) % 2;
    const char *text = writes ? input_text(&input, &arena) : input_line(&input, &arena);
    if (writes) {
        const char *header = disposition_attachment(&arena, text);
        const char *again = disposition_name(&arena, header);
        REQUIRE(!header[strspn(header, " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
                                       "abcdefghijklmnopqrstuvwxyz{|}~")],
                "%s is not ASCII", header);
        REQUIRE(again && strcmp(again, text) == 0, "'%s' has become '%s' by %s", text, again ? again : "nothing",
                header);
    } else {
        const char *name = disposition_name(&arena, text);
        REQUIRE(!name || text_is_utf8(name, strlen(name)), "the name in %s is not UTF-8", text);
    }
    arena_finish(&arena);
}

/* A whole evidence file: the lines of its Content-Disposition and Content-Type, then its bytes. What is taken is kept
 * as it came. */
void fuzz_attachment(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    static struct upload upload;
    struct arena arena;
    arena_init(&arena);
    const char *disposition = input_line(&input, &arena);
    const char *type = input_line(&input, &arena);
    upload = (struct upload){.files = 1};
    spool_init(&upload.spool);
    REQUIRE(spool_open(&upload.spool, fuzz_world.folder) && spool_add(&upload.spool, input.data, input.size),
            "no room");
    struct request *request =
        fuzz_request(METHOD_POST, "POST", "/v1/reviews/MR-2026-03/attachments?dry_run=true&description=A+file");
    request->headers[HEADER_CONTENT_DISPOSITION] = *disposition ? disposition : NULL;
    request->headers[HEADER_CONTENT_TYPE] = *type ? type : NULL;
    request->upload = &upload;
    if (fuzz_send()->status == 201) {
        json_t *record = fuzz_json(&fuzz_world.response);
        const char *name = json_string_value(json_object_get(record, "name"));
        const char *sha256 = json_string_value(json_object_get(record, "sha256"));
        char digest[65];
        audit_hash_text((const char *)input.data, input.size, digest);
        REQUIRE(sha256 && strcmp(sha256, digest) == 0, "other bytes");
        REQUIRE(json_integer_value(json_object_get(record, "size")) == (json_int_t)input.size, "another size");
        REQUIRE(name && *name && !strpbrk(name, "/\\\r\n"), "the name is '%s'", name);
        json_decref(record);
    }
    spool_finish(&upload.spool);
    arena_finish(&arena);
}
