/* What several targets do with what is not the program's own: members of archives, records out of bytes. */
#include "fuzz.h"

#include <zlib.h>

static uint32_t little(const unsigned char *at, int bytes)
{
    uint32_t number = 0;
    for (int i = bytes - 1; i >= 0; i--)
        number = number << 8 | at[i];
    return number;
}

static char *inflated(const unsigned char *from, size_t packed, size_t length)
{
    char *text = calloc(1, length + 1);
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)from, .avail_in = (unsigned)packed};
    stream.next_out = (unsigned char *)text;
    stream.avail_out = (unsigned)length;
    REQUIRE(inflateInit2(&stream, -15) == Z_OK && inflate(&stream, Z_FINISH) == Z_STREAM_END, "it cannot be unpacked");
    inflateEnd(&stream);
    return text;
}

/* By the central directory at its end (APPNOTE 4.3.12), as a reader goes about it. */
char *zip_read(const struct buffer *archive, const char *name, size_t *ret_length)
{
    const unsigned char *zip = (const unsigned char *)archive->data;
    size_t size = archive->length;
    size_t end = size - 22;
    REQUIRE(size > 22 && little(zip + end, 4) == 0x06054B50, "the archive does not end");
    char *found = NULL;
    size_t at = little(zip + end + 16, 4);
    while (!found && at + 46 < size && little(zip + at, 4) == 0x02014B50) {
        size_t length = little(zip + at + 28, 2);
        size_t local = little(zip + at + 42, 4);
        if (length == strlen(name) && memcmp(zip + at + 46, name, length) == 0) {
            size_t from = local + 30 + little(zip + local + 26, 2) + little(zip + local + 28, 2);
            *ret_length = little(zip + at + 24, 4);
            found = inflated(zip + from, little(zip + at + 20, 4), *ret_length);
        }
        at += 46 + length + little(zip + at + 30, 2) + little(zip + at + 32, 2);
    }
    return found;
}

void record_fill(const struct resource *resource, void *record, struct input *input, struct arena *arena)
{
    for (size_t i = 0; i < resource_field_count(resource) && input->size; i++) {
        const struct field *field = resource_field(resource, i);
        void *at = field_in(field, record);
        uint8_t byte = input_byte(input);
        if (byte == '-' || !resource_has(resource, field))
            continue;
        if (field->kind == FIELD_KIND_TEXT)
            *(const char **)at = input_text_line(input, arena);
        else if (field->kind == FIELD_KIND_INTEGER)
            *(struct integer *)at = (struct integer){true, (int64_t)byte * 0x10325476981 - 0x500000000};
        else if (field->kind == FIELD_KIND_ENUM && field->value_count)
            *(unsigned *)at = 1 + byte % field->value_count;
        else if (field->kind == FIELD_KIND_TRUTH)
            *(enum truth *)at = byte % 2 ? TRUTH_TRUE : TRUTH_FALSE;
        else if (field->kind == FIELD_KIND_DATE)
            *(struct date *)at = date_from_days(byte * 100);
        else if (field->kind == FIELD_KIND_INSTANT)
            *(struct instant *)at = instant_from_ms(byte * 123456789LL);
        else if (field->kind == FIELD_KIND_REF)
            id_parse("01890a5d-ac96-774b-bcce-b302099a8057", at);
    }
}
