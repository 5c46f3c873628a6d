/* reviewd import: a file, or a folder of them, through the API itself, beside a running daemon. */
#include "command.h"

#include "reviewd/clock.h"
#include "reviewd/import.h"
#include "reviewd/log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BAR_WIDTH = 40, BAR_EACH_MS = 100, PIECE_BYTES = 65536 };

/* --- the bar -------------------------------------------------------------------------------------------------------
 */

static void show_progress(void *context, int64_t done, int64_t lines)
{
    (void)context;
    static int64_t shown_ms;
    int64_t now_ms = clock_monotonic_us() / 1000;
    if (!lines || (done < lines && now_ms - shown_ms < BAR_EACH_MS))
        return;
    shown_ms = now_ms;
    char bar[BAR_WIDTH + 1];
    int full = (int)(done * BAR_WIDTH / lines);
    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r[%s] %3d %%  %lld of %lld lines", bar, (int)(done * 100 / lines), (long long)done,
            (long long)lines);
    (void)fflush(stderr);
}

static void clear_progress(void)
{
    fprintf(stderr, "\r%*s\r", BAR_WIDTH + 50, "");
}

/* --- files ---------------------------------------------------------------------------------------------------------
 */

/* What is sent, as a request would bring it. */
struct parcel {
    struct upload upload;
    const char *type; /* of a single file */
};

static bool add_file(struct parcel *parcel, int fd, const char *path)
{
    char piece[PIECE_BYTES];
    for (;;) {
        ssize_t length = read(fd, piece, sizeof piece);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0) {
            fail("cannot read %s: %s", path, error_text(errno));
            return false;
        }
        if (!length)
            return true;
        if (!spool_add(&parcel->upload.spool, piece, (size_t)length)) {
            fail("cannot keep %s in the data folder: %s", path, error_text(errno));
            return false;
        }
    }
}

/* The files of a folder that are called after collections. */
static bool add_folder(struct parcel *parcel, struct arena *arena, const char *folder)
{
    static const char *const endings[] = {"csv", "ndjson", "jsonl"};
    struct upload *upload = &parcel->upload;
    upload->form = upload->several = true;
    for (size_t i = 0; i < IMPORT_KINDS * COUNT_OF(endings); i++) {
        const char *collection = import_collections[i / COUNT_OF(endings)];
        const char *name = arena_format(arena, "%s.%s", collection, endings[i % COUNT_OF(endings)]);
        const char *path = arena_format(arena, "%s/%s", folder, name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
            continue;
        if (fd >= 0 && upload->files < UPLOAD_PARTS_MAX)
            upload->parts[upload->files++] =
                (struct upload_part){collection, name, import_type_by_name(name), upload->spool.length};
        bool added = fd >= 0 && add_file(parcel, fd, path);
        if (fd < 0)
            fail("cannot open %s: %s", path, error_text(errno));
        else
            close(fd);
        if (!added)
            return false;
    }
    if (!upload->files)
        fail("there is no file in %s that is called after a collection, such as people.csv", folder);
    return upload->files > 0;
}

/* JSON begins with a brace; all else is taken for CSV. */
static const char *type_by_content(const struct spool *spool)
{
    char first = '\0';
    return spool_read(spool, 0, &first, 1) == 1 && first == '{' ? "application/x-ndjson" : "text/csv";
}

static bool add_all(struct parcel *parcel, struct data *data, const struct invocation *invocation)
{
    const char *path = invocation->operands[0];
    bool input = strcmp(path, "-") == 0;
    struct stat status;
    spool_init(&parcel->upload.spool);
    if (!spool_open(&parcel->upload.spool, invocation->settings.data)) {
        fail("cannot make a temporary file in %s: %s", invocation->settings.data, error_text(errno));
        return false;
    }
    if (!input && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return add_folder(parcel, &data->arena, path);
    int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail("cannot open %s: %s", path, error_text(errno));
        return false;
    }
    bool added = add_file(parcel, fd, path);
    if (!input)
        close(fd);
    parcel->upload.files = 1;
    parcel->type = import_type_by_name(path);
    if (!parcel->type)
        parcel->type = type_by_content(&parcel->upload.spool);
    return added;
}

/* The collection after which a file is called, or NULL. */
static const char *collection_of(const char *path)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    size_t length = strcspn(name, ".");
    size_t i = name[length] ? import_collection(name, length) : IMPORT_KINDS;
    return i < IMPORT_KINDS ? import_collections[i] : NULL;
}

/* --- the call ------------------------------------------------------------------------------------------------------
 */

static void call(struct data *data, const struct invocation *invocation, struct parcel *parcel,
                 struct response *response)
{
    const char *resource = option(invocation, "--resource");
    if (!resource && !parcel->upload.form)
        resource = collection_of(invocation->operands[0]);
    struct request request = {.arena = &data->arena, .method = METHOD_POST, .method_name = "POST"};
    request.target = arena_format(
        &data->arena, "/v1/imports?partial=%s&dry_run=%s%s%s", option(invocation, "--partial") ? "true" : "false",
        option(invocation, "--dry-run") ? "true" : "false", resource ? "&resource=" : "", resource ? resource : "");
    request.upload = &parcel->upload;
    request.headers[HEADER_CONTENT_TYPE] = parcel->type;
    const char *name = strrchr(invocation->operands[0], '/');
    name = name ? name + 1 : invocation->operands[0];
    if (!parcel->upload.form && strcmp(name, "-") != 0 && !strpbrk(name, "\"\\\r\n"))
        request.headers[HEADER_CONTENT_DISPOSITION] = arena_format(&data->arena, "attachment; filename=\"%s\"", name);
    api_call_alone(data->worker, invocation->settings.data, &request, response, NULL);
}

/* --- what came of it -----------------------------------------------------------------------------------------------
 */

static void tell_violation(const char *file, json_t *violation)
{
    const char *column = json_string_value(json_object_get(violation, "column_name"));
    const char *pointer = json_string_value(json_object_get(violation, "pointer"));
    const char *kind = json_string_value(json_object_get(violation, "resource"));
    long line = (long)json_integer_value(json_object_get(violation, "line"));
    bool inside = pointer && pointer[1];
    if (line)
        fprintf(stderr, "%s:%ld: ", file, line);
    if (kind)
        fprintf(stderr, "%s: ", kind);
    if (column)
        fprintf(stderr, "%s (column %ld): ", column, (long)json_integer_value(json_object_get(violation, "column")));
    else if (inside)
        fprintf(stderr, "%s: ", pointer);
    fprintf(stderr, "%s (%s)\n", json_string_value(json_object_get(violation, "detail")),
            json_string_value(json_object_get(violation, "rule")));
}

static long count_of(json_t *answer, const char *name)
{
    return (long)json_integer_value(json_object_get(answer, name));
}

static int tell(const struct invocation *invocation, const struct response *response)
{
    json_t *answer = json_loadb(response->body.data, response->body.length, 0, NULL);
    struct buffer text = {0};
    size_t index;
    json_t *violation;
    json_array_foreach(json_object_get(answer, "violations"), index, violation)
    {
        tell_violation(invocation->operands[0], violation);
    }
    bool done = response->status == 201;
    bool whole = done && count_of(answer, "refused") == 0;
    long more = count_of(answer, "violation_count") - (long)index;
    if (done && more > 0)
        fprintf(stderr, "and %ld violations more\n", more);
    if (invocation->json)
        buffer_add(&text, response->body.data, response->body.length);
    else if (done)
        buffer_format(&text, "%s%ld lines: %ld created, %ld unchanged, %ld refused",
                      option(invocation, "--dry-run") ? "dry run, nothing is stored: " : "", count_of(answer, "lines"),
                      count_of(answer, "created"), count_of(answer, "unchanged"), count_of(answer, "refused"));
    if (text.length)
        buffer_char(&text, '\n');
    if (!done && index)
        fail("nothing was stored");
    else if (!done)
        fail("%s", json_string_value(json_object_get(answer, "detail")));
    json_decref(answer);
    int printed = print(&text);
    return whole ? printed : EXIT_FAILED;
}

int run_import(struct invocation *invocation)
{
    static struct parcel parcel;
    static struct response response;
    struct data data;
    const char *resource = option(invocation, "--resource");
    if (resource && import_collection(resource, strlen(resource)) == IMPORT_KINDS) {
        fail("'%s' is no collection that is imported; see 'reviewd import --help'", resource);
        return EXIT_USAGE;
    }
    bool bar = isatty(STDERR_FILENO) && !invocation->json;
    invocation->progress = bar ? show_progress : NULL;
    if (!data_open(&data, invocation))
        return EXIT_FAILED;
    int status = EXIT_FAILED;
    if (add_all(&parcel, &data, invocation)) {
        call(&data, invocation, &parcel, &response);
        if (bar)
            clear_progress();
        status = tell(invocation, &response);
    }
    spool_finish(&parcel.upload.spool);
    buffer_finish(&response.body);
    data_close(&data);
    return status;
}
