/* libFuzzer's two functions, the table of targets, and the API as they call it. */
#include "fuzz.h"

#include "reviewd/person.h"

#include <sys/stat.h>
#include <unistd.h>

struct world fuzz_world;
static struct id ana;

static const struct target targets[] = {
    {"accept", fuzz_accept, true},
    {"attachment", fuzz_attachment, true},
    {"body", fuzz_body, true},
    {"calendar", fuzz_calendar, false},
    {"canonical", fuzz_canonical, false},
    {"condition", fuzz_condition, false},
    {"csv", fuzz_csv, false},
    {"cursor", fuzz_cursor, true},
    {"disposition", fuzz_disposition, false},
    {"document", fuzz_document, false},
    {"form", fuzz_form, false},
    {"import", fuzz_import, true},
    {"key", fuzz_key, true},
    {"markdown", fuzz_markdown, false},
    {"media_type", fuzz_media_type, false},
    {"number", fuzz_number, false},
    {"patch", fuzz_patch, true},
    {"path", fuzz_path, true},
    {"pdf", fuzz_pdf, false},
    {"plot", fuzz_plot, false},
    {"query", fuzz_query, true},
    {"range", fuzz_range, false},
    {"register", fuzz_register, false},
    {"search", fuzz_search, true},
    {"settings", fuzz_settings, false},
    {"signature", fuzz_signature, false},
    {"spool", fuzz_spool, false},
    {"token", fuzz_token, true},
    {"value", fuzz_value, false},
    {"xlsx", fuzz_xlsx, false},
};

static const struct target *target;

static void let_go(void)
{
    world_end(&fuzz_world);
}

START_TEST(make_world)
{
    world_begin(&fuzz_world);
    world_fill(&fuzz_world);
    fuzz_world.settings.public_url = "https://reviews.example.org";
}
END_TEST

/* Check's assertions, which the unit tests' world is made with, hold in a test alone. */
static void begin_world(void)
{
    Suite *suite = suite_create("world");
    tcase_add_test(unit_case(suite, "world"), make_world);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_SILENT);
    if (srunner_ntests_failed(runner) ||
        store_find(&fuzz_world.store, &person_resource, "ana@x.org", &view_all, &ana) != FOUND)
        abort();
    srunner_free(runner);
    atexit(let_go);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --target is in libFuzzer's own arguments, which it hands on to processes that it starts; of what begins with two
 * hyphens it takes no other notice. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *name = "";
    for (int i = 1; i < *argc; i++) {
        if (strncmp((*argv)[i], "--target=", 9) == 0)
            name = (*argv)[i] + 9;
        if (strcmp((*argv)[i], "--list") == 0) {
            for (int j = 0; j < ROWS(targets); j++)
                puts(targets[j].name);
            exit(0);
        }
    }
    for (int i = 0; i < ROWS(targets); i++) {
        if (strcmp(targets[i].name, name) == 0)
            target = &targets[i];
    }
    if (!target) {
        fprintf(stderr, "usage: fuzz --target=NAME [libFuzzer's arguments]; --list names them\n");
        exit(2);
    }
    world_init();
    if (target->in_world)
        begin_world();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    target->run(data, size);
    return 0;
}

/* --- bytes into values -------------------------------------------------------------------------------------------
 */

uint8_t input_byte(struct input *input)
{
    if (!input->size)
        return 0;
    input->size--;
    return *input->data++;
}

static char *take(struct input *input, size_t length, struct arena *arena)
{
    char *text = arena_copy(arena, (const char *)input->data, length);
    char *to = text;
    for (size_t i = 0; i < length; i++) {
        if (text[i])
            *to++ = text[i];
    }
    *to = '\0';
    input->data += length;
    input->size -= length;
    return text;
}

const char *input_line(struct input *input, struct arena *arena)
{
    const uint8_t *end = input->size ? memchr(input->data, '\n', input->size) : NULL;
    const char *line = take(input, end ? (size_t)(end - input->data) : input->size, arena);
    if (end)
        input_byte(input);
    return line;
}

/* The length of the character there; 0 where there is none. */
static size_t character_at(const char *text)
{
    for (size_t length = 1; length <= 4 && text[length - 1]; length++) {
        if (text_is_utf8(text, length))
            return length;
    }
    return 0;
}

static const char *as_utf8(char *text)
{
    for (char *at = text; *at;) {
        size_t length = character_at(at);
        if (!length)
            *at = '?';
        at += length ? length : 1;
    }
    return text;
}

const char *input_text(struct input *input, struct arena *arena)
{
    return as_utf8(take(input, input->size, arena));
}

const char *input_text_line(struct input *input, struct arena *arena)
{
    return as_utf8((char *)(uintptr_t)input_line(input, arena));
}

/* --- the API in this process -------------------------------------------------------------------------------------
 */

struct request *fuzz_request(enum method method, const char *method_name, const char *asked)
{
    world_forget(&fuzz_world);
    struct request *request = &fuzz_world.request;
    *request = (struct request){
        .arena = &fuzz_world.arena, .method = method, .method_name = method_name, .target = asked, .body = ""};
    request->headers[HEADER_X_REQUEST_ID] = "fuzz";
    return request;
}

static void gather(struct response *response)
{
    struct body_stream *stream = &response->stream;
    static char piece[4096];
    ssize_t length = 1;
    while (stream->read && (length > 0 || length == STREAM_LATER)) {
        length = stream->read(stream->context, piece, sizeof piece);
        REQUIRE(length >= 0 || length == STREAM_LATER, "the stream breaks off");
        if (length > 0)
            buffer_add(&response->body, piece, (size_t)length);
    }
    if (stream->end)
        stream->end(stream->context);
    *stream = (struct body_stream){0};
}

static void check_problem(const struct response *response)
{
    const char *type = response_get(response, "Content-Type");
    REQUIRE(type && strcmp(type, "application/problem+json") == 0, "%d is no problem", response->status);
    json_t *problem = fuzz_json(response);
    static const char *const members[] = {"type", "title", "detail", "instance"};
    for (int i = 0; i < ROWS(members); i++) {
        const char *text = json_string_value(json_object_get(problem, members[i]));
        REQUIRE(text && *text, "%d has no %s", response->status, members[i]);
    }
    REQUIRE(json_integer_value(json_object_get(problem, "status")) == response->status, "another status");
    json_t *violation;
    size_t index;
    json_array_foreach(json_object_get(problem, "violations"), index, violation)
        REQUIRE(catalogue_find(json_string_value(json_object_get(violation, "rule"))), "a rule that is not listed");
    json_decref(problem);
}

struct response *fuzz_send(void)
{
    struct response *response = &fuzz_world.response;
    api_call_alone(fuzz_world.worker, fuzz_world.folder, &fuzz_world.request, response, &ana);
    gather(response);
    REQUIRE(response->status >= 200 && response->status < 500, "%s is answered %d: %s", fuzz_world.request.target,
            response->status, db_message(fuzz_world.store.db));
    REQUIRE(!buffer_failed(&response->body) && !arena_failed(&fuzz_world.arena), "memory");
    for (size_t i = 0; i < response->header_count; i++)
        REQUIRE(!response->headers[i].value[strcspn(response->headers[i].value, "\r\n")], "a header has two lines: %s",
                response->headers[i].value);
    if (response->status >= 400 && fuzz_world.request.method != METHOD_HEAD)
        check_problem(response);
    return response;
}

json_t *fuzz_json(const struct response *response)
{
    const char *text = response->static_body ? response->static_body : response->body.data;
    size_t length = response->static_body ? response->static_length : response->body.length;
    json_error_t error;
    json_t *value = json_loadb(text ? text : "", text ? length : 0, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    REQUIRE(value, "the answer is no JSON: %s in %.*s", error.text, (int)length, text);
    return value;
}
