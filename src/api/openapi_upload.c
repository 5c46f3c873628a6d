/* The description of what files are sent in and answered as. */
#include "openapi.h"

#include <stdio.h>

/* What the example's file says; its size and SHA-256 are those of the attachment's example. */
#define FILE_TEXT "host,critical\r\nweb01,0\r\n"

void put_upload_body(struct buffer *out, const struct route *route)
{
    const struct field *description = resource_field_named(route->resource, "description");
    put_begin(out, "requestBody", '{');
    put_string(
        out, "description",
        "The file as it is, its name in Content-Disposition; or a form with one file, and beside it, if at all, the "
        "description.");
    put_json(out, "required", "true");
    put_begin(out, "content", '{');
    put_begin(out, "*/*", '{');
    put_json(out, "schema", "{\"type\":\"string\",\"description\":\"The bytes.\"}");
    put_string(out, "example", FILE_TEXT);
    put_end(out, '}');
    put_begin(out, "multipart/form-data", '{');
    put_begin(out, "schema", '{');
    put_json(out, "type", "\"object\",\"additionalProperties\":false,\"required\":[\"file\"]");
    put_begin(out, "properties", '{');
    put_json(out, "file",
             "{\"type\":\"string\",\"contentMediaType\":\"application/octet-stream\",\"description\":"
             "\"The file, with its name; the member may be called otherwise.\"}");
    put_begin(out, "description", '{');
    put_json(out, "type", "\"string\",\"maxLength\":2000");
    put_string(out, "description", description->description);
    put_end(out, '}');
    put_end(out, '}');
    put_end(out, '}');
    put_begin(out, "example", '{');
    put_string(out, "file", FILE_TEXT);
    put_json(out, "description", description->example);
    put_end(out, '}');
    put_end(out, '}');
    put_end(out, '}');
    put_end(out, '}');
}

void put_content_responses(struct buffer *out)
{
    static const struct {
        const char *status;
        const char *description;
        bool part;
    } answers[] = {{"200", "The whole file, in the type that it has.", false},
                   {"206", "The range that was asked for.", true}};
    static const char *const headers[] = {"X-Request-Id",        "Cache-Control", "Vary",
                                          "Content-Disposition", "Accept-Ranges", "Content-Range"};
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        put_begin(out, answers[i].status, '{');
        put_string(out, "description", answers[i].description);
        put_begin(out, "headers", '{');
        put_ref(out, "ETag", "headers", "ETag", "");
        for (size_t h = 0; h < COUNT_OF(headers) - !answers[i].part; h++)
            put_ref(out, headers[h], "headers", headers[h], "");
        put_end(out, '}');
        put_begin(out, "content", '{');
        put_begin(out, "*/*", '{');
        put_json(out, "schema", "{\"type\":\"string\",\"description\":\"The bytes.\"}");
        put_string(out, "example", answers[i].part ? "host" : FILE_TEXT);
        put_end(out, '}');
        put_end(out, '}');
        put_end(out, '}');
    }
    put_ref(out, "416", "responses", "RangeNotSatisfiable", "");
}
