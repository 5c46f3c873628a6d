/* The data folder, opened for a command. */
#include "command.h"

#include "reviewd/disk.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int fail(const char *format, ...)
{
    char text[1500];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (char *c = text; *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    fprintf(stderr, "reviewd: %s\n", text);
    return EXIT_FAILED;
}

int print(struct buffer *text)
{
    bool fine = !buffer_failed(text) &&
                (!text->length || fwrite(text->data, 1, text->length, stdout) == text->length) && fflush(stdout) == 0;
    buffer_finish(text);
    return fine ? EXIT_FINE : fail("cannot write to standard output");
}

const char *option(const struct invocation *invocation, const char *name)
{
    for (size_t i = 0; i < invocation->command->option_count; i++) {
        if (strcmp(invocation->command->options[i].name, name) == 0)
            return invocation->options[i];
    }
    return NULL;
}

/* The folders above it, as far as there are none; what cannot be made is told by the folder itself. */
static void make_parents(const char *path)
{
    char above[4096];
    if (snprintf(above, sizeof above, "%s", path) >= (int)sizeof above)
        return;
    for (char *slash = above + strspn(above, "/"); (slash = strchr(slash, '/')); slash += strspn(slash, "/")) {
        if (!slash[strspn(slash, "/")]) /* the folder itself comes before these */
            return;
        *slash = '\0';
        if (mkdir(above, 0755) == 0)
            (void)!disk_sync_above(above);
        *slash = '/';
    }
}

bool data_folder_make(const char *path)
{
    if (mkdir(path, 0700) == 0)
        return true; /* store_create() syncs its name */
    if (errno == ENOENT) {
        make_parents(path);
        if (mkdir(path, 0700) == 0)
            return true;
    }
    struct stat status;
    if (errno == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return true;
    fail("cannot make the data folder %s: %s", path, strerror(errno == EEXIST ? ENOTDIR : errno));
    return false;
}

/* A command migrates nothing by the way: a daemon of the older kind may be running. */
static bool is_current(struct store *store, const char *folder)
{
    int from;
    int to;
    switch (store_standing(store, &from, &to)) {
    case MIGRATED:
    case MIGRATED_NOTHING:
        return true;
    case MIGRATED_OLDER:
        fail("the database in %s is of an older reviewd (migration %d of %d): stop its daemon, then 'reviewd migrate'",
             folder, from, to);
        return false;
    case MIGRATED_NEWER:
        fail("the database in %s is of a newer reviewd (migration %d; this one knows %d): use that one", folder, from,
             to);
        return false;
    case MIGRATED_FAILED:
        break;
    }
    fail("cannot read the database in %s: %s", folder, db_message(store->db));
    return false;
}

bool data_open(struct data *data, const struct invocation *invocation)
{
    *data = (struct data){0};
    const char *folder = invocation->settings.data;
    const char *message;
    if (!data_folder_make(folder))
        return false;
    if (!store_open(&data->store, folder, DB_GUEST, &message)) {
        fail("cannot open the database in %s: %s", folder, message);
        return false;
    }
    const struct api_options options = {.settings = &invocation->settings, .progress = invocation->progress};
    arena_init(&data->arena);
    bool current = is_current(&data->store, folder);
    if (current && !store_learn_ids(&data->store)) {
        fail("cannot read the database in %s: %s", folder, db_message(data->store.db));
    } else if (current) {
        data->api = api_create(&options);
        data->worker = data->api ? api_worker_create(data->api, &data->store) : NULL;
        if (data->worker)
            return true;
        fail("out of memory");
    }
    data_close(data);
    return false;
}

void data_close(struct data *data)
{
    api_worker_destroy(data->worker);
    api_destroy(data->api);
    store_close(&data->store);
    arena_finish(&data->arena);
}

struct response *data_call(struct data *data, const struct invocation *invocation, enum method method,
                           const char *target, const char *body, const char *idempotency_key,
                           const struct id *as_person)
{
    static const char *const names[] = {[METHOD_GET] = "GET", [METHOD_POST] = "POST", [METHOD_PATCH] = "PATCH"};
    static struct response response;
    buffer_finish(&response.body);
    response = (struct response){0};
    arena_reset(&data->arena);
    struct request request = {.arena = &data->arena,
                              .method = method,
                              .method_name = names[method],
                              .target = target,
                              .body = body,
                              .body_length = body ? strlen(body) : 0};
    request.headers[HEADER_CONTENT_TYPE] = body ? "application/json" : NULL;
    request.headers[HEADER_IF_MATCH] = "*";
    request.headers[HEADER_IDEMPOTENCY_KEY] = idempotency_key;
    api_call_alone(data->worker, invocation->settings.data, &request, &response, as_person);
    return &response;
}

const char *problem_line(struct arena *arena, const struct response *response)
{
    json_t *problem = json_loadb(response->body.data, response->body.length, 0, NULL);
    json_t *violations = json_object_get(problem, "violations");
    struct buffer line = {0};
    size_t count = json_array_size(violations);
    for (size_t i = 0; i < count; i++) {
        json_t *violation = json_array_get(violations, i);
        buffer_format(&line, "%s%s (%s)", i ? "; " : "", json_string_value(json_object_get(violation, "detail")),
                      json_string_value(json_object_get(violation, "rule")));
    }
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    if (!count)
        buffer_put(&line, detail ? detail : "the answer cannot be read");
    const char *text = buffer_failed(&line) ? "" : arena_copy(arena, line.data, line.length);
    buffer_finish(&line);
    json_decref(problem);
    return text;
}

/* --- writes that are no request -------------------------------------------------------------------------------------
 */

struct data_job {
    struct job job;
    struct arena *arena;
    bool (*write)(struct store *store, struct arena *arena, void *context);
    void *context;
};

static enum job_result data_run(struct job *job, struct store *store)
{
    struct data_job *own = (struct data_job *)job;
    return own->write(store, own->arena, own->context) ? JOB_KEEP : JOB_BREAK;
}

bool data_write(struct data *data, const struct invocation *invocation,
                bool (*write)(struct store *store, struct arena *arena, void *context), void *context)
{
    struct data_job own = {.job = {.run = data_run}, .arena = &data->arena, .write = write, .context = context};
    writer_run_alone(&data->store, invocation->settings.data, &own.job);
    if (own.job.outcome == JOB_ANSWERED)
        return true;
    fail("the database took nothing: %s", db_message(data->store.db));
    return false;
}
