/* The description of what files are sent in and answered as. */
#include "openapi.h"

#include "reviewd/import.h"

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

/* --- imports -------------------------------------------------------------------------------------------------------
 */

#define IMPORT_LINE                                                                                                    \
    "{\"resource\":\"person\",\"name\":\"Petra Novak\",\"email\":\"petra.novak@example.org\",\"role\":\"employee\"}\n"

const char import_description[] =
    "Each line becomes a record by the rules of a POST of it: `resource` names the collection, and in NDJSON without "
    "it "
    "each line has a member `resource` (`person`, `action_item`, …). What a record hangs from stands in `review_id`, "
    "`decision_id` or `action_item_id`. A form (`-F people=@people.csv -F reviews=@reviews.csv …`) has a file for each "
    "collection. What the registers give is taken, their read-only columns included; lines name one another by id, "
    "reference or e-mail address, in any order. A line whose record is there already is `unchanged` where it says the "
    "same, and breaks `import.exists` where it does not.\n\n"
    "All or nothing, in one transaction, unless `partial=true` stores the good lines alone, a few hundred at a time. "
    "Every violation has its line, and in CSV its column. The record of an import is kept, also where it was refused: "
    "a "
    "422 links to it. `Prefer: respond-async` answers 202 at once, and GET shows how far it is.\n\n"
    "**Histories** are moved in by ISMS managers alone: members that the server sets by itself (ids, references, "
    "states, "
    "instants) and days that have passed. Such records say `imported`. The server sets `version` anew, makes and keeps "
    "the minutes of what arrives approved anew, which they say, and takes no earlier revisions and no files over. It "
    "judges at the end what belongs together: a review that was held has its inputs, attendees and decisions, an "
    "action "
    "item the state that its follow-ups come to, and things happened in an order that they can have. An amendment or "
    "follow-up of the past comes with the record that it is of; to one that is there already it is added as of today, "
    "without what the server sets. People's roles are those of now; who has become inactive may be named.";

void put_import_body(struct buffer *out)
{
    put_begin(out, "requestBody", '{');
    put_string(out, "description",
               "One file, in UTF-8: CSV as RFC 4180 has it, its first line naming the columns, or an object of JSON on "
               "each line; or a form with several.");
    put_json(out, "required", "true");
    put_begin(out, "content", '{');
    put_begin(out, "application/x-ndjson", '{');
    put_json(out, "schema", "{\"type\":\"string\",\"description\":\"Lines of JSON.\"}");
    put_string(out, "example", IMPORT_LINE);
    put_end(out, '}');
    put_begin(out, "text/csv", '{');
    put_json(out, "schema", "{\"type\":\"string\",\"description\":\"A head and lines of cells.\"}");
    put_string(out, "example", "name,email,role\r\nPetra Novak,petra.novak@example.org,employee\r\n");
    put_end(out, '}');
    put_begin(out, "multipart/form-data", '{');
    put_begin(out, "schema", '{');
    put_json(out, "type", "\"object\",\"additionalProperties\":false,\"minProperties\":1");
    put_begin(out, "properties", '{');
    put_json(out, "file",
             "{\"type\":\"string\",\"contentMediaType\":\"application/x-ndjson\",\"description\":\"Mixed records, or "
             "those of the collection that `resource` names.\"}");
    for (size_t i = 0; i < IMPORT_KINDS; i++)
        put_json(out, import_collections[i],
                 "{\"type\":\"string\",\"contentMediaType\":\"text/csv\",\"description\":\"Records of this collection, "
                 "as text/csv or application/x-ndjson.\"}");
    put_end(out, '}');
    put_end(out, '}');
    put_begin(out, "example", '{');
    put_string(out, "file", IMPORT_LINE);
    put_end(out, '}');
    put_end(out, '}');
    put_end(out, '}');
    put_end(out, '}');
}
