/* reviewd demo: plays deploy/demo.json through the API itself, with a clock of the story's own, so that every record
 * of it has passed the same rules as any other. */
#include "command.h"

#include "reviewd/clock.h"
#include "reviewd/token.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

extern const char demo_story[]; /* deploy/demo.json; see meson.build */

enum { DAY_MS = 86400000, NINE_MS = 9 * 3600000, STEP_MS = 60000 };

struct stage {
    struct invocation *invocation;
    struct data data;
    json_t *story;
    json_t *saved; /* name -> text */
    int64_t today_ms;
    long day;
    long steps_of_day;
};

/* --- {day:-30} and {name} -------------------------------------------------------------------------------------------
 */

/* Writes what stands for the name between braces; false where nothing does. */
static bool put_placeholder(struct stage *stage, const char *name, struct buffer *text)
{
    if (strncmp(name, "day:", 4) == 0) {
        struct instant at = instant_from_ms(stage->today_ms + strtol(name + 4, NULL, 10) * DAY_MS);
        struct date date = instant_date(&at);
        buffer_put(text, date.text);
        return true;
    }
    const char *value = json_string_value(json_object_get(stage->saved, name));
    if (value)
        buffer_put(text, value);
    return value != NULL;
}

/* The text with its placeholders filled, allocated; NULL when memory is out. */
static char *fill(struct stage *stage, const char *template)
{
    struct buffer text = {0};
    while (*template) {
        size_t plain = strcspn(template, "{");
        buffer_add(&text, template, plain);
        template += plain;
        if (!*template)
            break;
        size_t length = strcspn(template, "}");
        char name[100];
        bool fits = template[length] == '}' && length > 1 && length < sizeof name;
        if (fits)
            snprintf(name, sizeof name, "%.*s", (int)length - 1, template + 1);
        if (fits && put_placeholder(stage, name, &text)) {
            template += length + 1;
        } else {
            buffer_char(&text, '{');
            template ++;
        }
    }
    return buffer_take(&text);
}

/* The JSON of a body with its placeholders filled. Texts of the story hold no braces but placeholders. */
static char *fill_body(struct stage *stage, json_t *body)
{
    char *template = body ? json_dumps(body, JSON_COMPACT) : NULL;
    if (!template)
        return NULL;
    char *text = fill(stage, template);
    free(template);
    return text;
}

/* --- steps ----------------------------------------------------------------------------------------------------------
 */

static bool save(struct stage *stage, json_t *pointers, const struct response *response)
{
    json_t *answer = json_loadb(response->body.data, response->body.length, 0, NULL);
    const char *name;
    json_t *pointer;
    bool fine = true;
    json_object_foreach(pointers, name, pointer)
    {
        json_t *at = answer;
        char path[200];
        snprintf(path, sizeof path, "%s", json_string_value(pointer));
        char *rest = NULL;
        for (char *part = strtok_r(path, "/", &rest); part && at; part = strtok_r(NULL, "/", &rest))
            at = json_is_array(at) ? json_array_get(at, (size_t)strtol(part, NULL, 10)) : json_object_get(at, part);
        fine = fine && json_is_string(at) && json_object_set(stage->saved, name, at) == 0;
    }
    json_decref(answer);
    return fine;
}

static bool play_step(struct stage *stage, json_t *step, size_t number)
{
    static const struct {
        const char *name;
        enum method method;
    } methods[] = {{"GET", METHOD_GET}, {"POST", METHOD_POST}, {"PATCH", METHOD_PATCH}};
    long day = (long)json_integer_value(json_object_get(step, "day"));
    stage->steps_of_day = day == stage->day ? stage->steps_of_day + 1 : 0;
    stage->day = day;
    clock_pretend(stage->today_ms + day * DAY_MS + NINE_MS + stage->steps_of_day * STEP_MS);
    enum method method = METHOD_GET;
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        if (strcmp(methods[i].name, json_string_value(json_object_get(step, "method"))) == 0)
            method = methods[i].method;
    }
    struct id person = {0};
    char *target = fill(stage, json_string_value(json_object_get(step, "path")));
    char *body = fill_body(stage, json_object_get(step, "body"));
    const char *key = json_string_value(json_object_get(json_object_get(step, "headers"), "Idempotency-Key"));
    const struct response *response = NULL;
    if (target && store_find(&stage->data.store, &person_resource, json_string_value(json_object_get(step, "as")),
                             &view_all, &person) == FOUND)
        response = data_call(&stage->data, stage->invocation, method, target, body, key, &person);
    long wanted = (long)json_integer_value(json_object_get(step, "status"));
    bool fine = response && response->status == wanted &&
                (response->status >= 300 || save(stage, json_object_get(step, "save"), response));
    if (!fine)
        fail("step %zu of the story (%s) was answered with %d in place of %ld: %s", number, target ? target : "?",
             response ? response->status : 0, wanted,
             response && response->status >= 300 ? problem_line(&stage->data.arena, response) : "");
    free(target);
    free(body);
    return fine;
}

/* --- people ---------------------------------------------------------------------------------------------------------
 */

static bool make_people(struct stage *stage)
{
    json_t *steps = json_object_get(stage->story, "steps");
    long first = (long)json_integer_value(json_object_get(json_array_get(steps, 0), "day"));
    clock_pretend(stage->today_ms + first * DAY_MS + NINE_MS - 3600000);
    size_t index;
    json_t *person;
    json_array_foreach(json_object_get(stage->story, "people"), index, person)
    {
        char *body = json_dumps(person, JSON_COMPACT);
        const struct response *response =
            data_call(&stage->data, stage->invocation, METHOD_POST, "/v1/people", body, NULL, NULL);
        free(body);
        if (response->status != 201) {
            fail("a person of the story: %s", problem_line(&stage->data.arena, response));
            return false;
        }
    }
    return true;
}

static bool play(struct stage *stage)
{
    size_t index;
    json_t *step;
    if (!make_people(stage))
        return false;
    json_array_foreach(json_object_get(stage->story, "steps"), index, step)
    {
        if (!play_step(stage, step, index + 1))
            return false;
    }
    return true;
}

static bool is_empty(struct store *store)
{
    struct db_statement *statement = db_fixed(store->db, "SELECT 1 FROM audit_log LIMIT 1");
    bool empty = statement && db_step(statement) == DB_DONE;
    if (statement)
        db_reset(statement);
    return empty;
}

static int say_done(struct stage *stage)
{
    struct buffer text = {0};
    size_t people = json_array_size(json_object_get(stage->story, "people"));
    size_t steps = json_array_size(json_object_get(stage->story, "steps"));
    const char *folder = stage->invocation->settings.data;
    const char *organisation = json_string_value(json_object_get(stage->story, "organisation"));
    if (stage->invocation->json) {
        buffer_put(&text, "{\"organisation\":");
        json_put_text(&text, organisation, strlen(organisation));
        buffer_format(&text, ",\"people\":%zu,\"steps\":%zu}\n", people, steps);
        return print(&text);
    }
    buffer_format(&text, "%s: %zu people, %zu steps\nLook at it with a token of one of them:\n", organisation, people,
                  steps);
    json_t *first = json_array_get(json_object_get(stage->story, "people"), 0);
    buffer_format(&text, "  reviewd token create --data %s --person %s --label demo\n  reviewd serve --data %s\n",
                  folder, json_string_value(json_object_get(first, "email")), folder);
    return print(&text);
}

int run_demo(struct invocation *invocation)
{
    struct stage stage = {.invocation = invocation, .today_ms = clock_now_ms() / DAY_MS * DAY_MS, .day = -100000};
    stage.story = json_loads(demo_story, 0, NULL);
    stage.saved = json_object();
    int status = EXIT_FAILED;
    if (!stage.story || !stage.saved) {
        fail("out of memory");
    } else if (data_open(&stage.data, invocation)) {
        if (!is_empty(&stage.data.store))
            fail("%s holds records already; load the example into an empty data folder", invocation->settings.data);
        else if (play(&stage))
            status = say_done(&stage);
        clock_pretend(0);
        data_close(&stage.data);
    }
    json_decref(stage.story);
    json_decref(stage.saved);
    return status;
}
