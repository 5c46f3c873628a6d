/* A file that is to be imported, CSV or NDJSON, as POST /v1/imports takes it. */
#include "fuzz.h"

static const struct {
    const char *target;
    const char *type;
} ways[] = {
    {"/v1/imports?dry_run=true&resource=people", "text/csv"},
    {"/v1/imports?dry_run=true&resource=action-items", "text/csv"},
    {"/v1/imports?dry_run=true&resource=decisions&partial=true", "text/csv"},
    {"/v1/imports?dry_run=true", "application/x-ndjson"},
    {"/v1/imports?dry_run=true&partial=true", "application/x-ndjson"},
    {"/v1/imports?dry_run=true&resource=follow-ups", "application/x-ndjson"},
};

static int64_t number(const json_t *record, const char *member)
{
    const json_t *value = json_object_get(record, member);
    REQUIRE(json_is_integer(value), "%s is no number", member);
    return json_integer_value(value);
}

/* Entries of the log about anything but imports. */
static int64_t entries(void)
{
    struct db_statement *statement =
        db_query(fuzz_world.store.db, "SELECT count(*) FROM audit_log WHERE resource <> 'import'");
    REQUIRE(statement && db_step(statement) == DB_ROW, "%s", db_message(fuzz_world.store.db));
    int64_t count = db_integer(statement, 0);
    db_reset(statement);
    return count;
}

/* Every line is accounted for, and what is said of one is said of one that is there. */
static void check_outcome(const json_t *record, const struct input *input)
{
    int64_t breaks = 0;
    for (size_t i = 0; i < input->size; i++)
        breaks += input->data[i] == '\n';
    int64_t lines = number(record, "lines");
    REQUIRE(lines <= breaks + 1, "%lld lines of %lld", (long long)lines, (long long)breaks + 1);
    REQUIRE(number(record, "created") + number(record, "unchanged") + number(record, "refused") <= lines,
            "more outcomes than lines");
    json_t *violation;
    size_t index;
    json_array_foreach(json_object_get(record, "violations"), index, violation)
    {
        const json_t *line = json_object_get(violation, "line");
        REQUIRE(!json_is_integer(line) || (json_integer_value(line) >= 1 && json_integer_value(line) <= breaks + 1),
                "line %lld of %lld", (long long)json_integer_value(line), (long long)breaks + 1);
        REQUIRE(catalogue_find(json_string_value(json_object_get(violation, "rule"))), "a rule that is not listed");
    }
}

/* The first byte is what it is imported as. A rehearsal leaves nothing behind but its own record. */
void fuzz_import(const uint8_t *data, size_t size)
{
    static struct upload upload;
    struct input input = {data, size};
    unsigned way = input_byte(&input) % ROWS(ways);
    upload = (struct upload){.files = 1};
    spool_init(&upload.spool);
    REQUIRE(spool_open(&upload.spool, fuzz_world.folder) && spool_add(&upload.spool, input.data, input.size),
            "no room");
    int64_t before = entries();
    struct request *request = fuzz_request(METHOD_POST, "POST", ways[way].target);
    request->headers[HEADER_CONTENT_TYPE] = ways[way].type;
    request->upload = &upload;
    const struct response *response = fuzz_send();
    if (response->status < 300) {
        json_t *record = fuzz_json(response);
        check_outcome(record, &input);
        json_decref(record);
    }
    int64_t after = entries();
    REQUIRE(before == after, "a rehearsal wrote %lld entries", (long long)(after - before));
    spool_finish(&upload.spool);
}
