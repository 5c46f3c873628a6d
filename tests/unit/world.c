#include "world.h"

#include "reviewd/caller.h"
#include "reviewd/clock.h"
#include "reviewd/id.h"
#include "reviewd/person.h"
#include "reviewd/token.h"

#include <dirent.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

char world_authorization[80];

void world_init(void)
{
    if (sodium_init() < 0)
        abort();
    api_init();
    json_object_seed(1);
    db_global_init();
    domain_init();
    if (!store_init())
        abort();
    clock_pretend(WORLD_NOW_MS);
}

static void make_api(struct world *world, struct keyring *ring)
{
    const struct api_options options = {.settings = &world->settings, .keyring = ring};
    world->api = api_create(&options);
    world->worker = api_worker_create(world->api, &world->store);
    ck_assert_ptr_nonnull(world->worker);
}

void world_open(struct world *world)
{
    const char *message = "";
    ck_assert_msg(store_open(&world->store, world->folder, DB_WRITER, &message), "%s", message);
    make_api(world, NULL);
}

struct keyring *world_take_keys(struct world *world)
{
    char message[400] = "";
    bool made;
    struct keyring *ring = keyring_open(world->folder, &made, message, sizeof message);
    ck_assert_msg(ring != NULL, "%s", message);
    api_worker_destroy(world->worker);
    api_destroy(world->api);
    make_api(world, ring);
    return ring;
}

void world_close(struct world *world)
{
    world_forget(world);
    api_worker_destroy(world->worker);
    api_destroy(world->api);
    store_close(&world->store);
    world->worker = NULL;
    world->api = NULL;
}

void world_begin(struct world *world)
{
    *world = (struct world){.settings = {.next_review_max_months = 12,
                                         .decision_horizon_months = 24,
                                         .write_timeout_ms = 60000,
                                         .body_max_bytes = 65536,
                                         .attachment_max_bytes = 1024,
                                         .attachments_total_max_mib = 1,
                                         .public_url = "",
                                         .docs_bundle = "/nowhere"}};
    /* Where it can be, in memory: nothing here asks whether a disk keeps its word. */
    snprintf(world->folder, sizeof world->folder, "%s/reviewd-unit-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(world->folder));
    world->settings.data = world->folder;
    arena_init(&world->arena);
    world_open(world);
    int from, to;
    ck_assert_int_eq(store_migrate(&world->store, world->folder, &from, &to), MIGRATED);
}

/* With the files in it, where it is there. */
static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        char file[400];
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(file);
    }
    if (folder)
        closedir(folder);
    rmdir(path);
}

void world_end(struct world *world)
{
    if (world->worker)
        world_close(world);
    arena_finish(&world->arena);
    char keys[80];
    snprintf(keys, sizeof keys, "%s/keys", world->folder);
    remove_folder(keys);
    remove_folder(world->folder);
}

void world_forget(struct world *world)
{
    buffer_finish(&world->response.body);
    world->response = (struct response){0};
    arena_finish(&world->arena);
    arena_init(&world->arena);
}

static void handled(struct call *call)
{
    (void)call;
}

/* As the transport does. The spool of the last one is let go of. */
static struct upload *take_file(const struct world *world, const char *text)
{
    static struct upload upload = {.spool = {.fd = -1}};
    spool_finish(&upload.spool);
    upload = (struct upload){.files = 1};
    spool_init(&upload.spool);
    bool fine = !text || (spool_open(&upload.spool, world->folder) && spool_add(&upload.spool, text, strlen(text)));
    if (!fine) /* no ck_assert: it allocates, which may be about to fail */
        abort();
    return text ? &upload : NULL;
}

struct response *world_ask(struct world *world, const struct ask_for *ask)
{
    static const char *const names[] = {
        [METHOD_GET] = "GET",       [METHOD_HEAD] = "HEAD", [METHOD_POST] = "POST",       [METHOD_PATCH] = "PATCH",
        [METHOD_DELETE] = "DELETE", [METHOD_PUT] = "PUT",   [METHOD_OPTIONS] = "OPTIONS",
    };
    world_forget(world);
    world->request = (struct request){.arena = &world->arena,
                                      .method = ask->method,
                                      .method_name = names[ask->method],
                                      .target = ask->target,
                                      .body = ask->body,
                                      .body_length = ask->body ? strlen(ask->body) : 0};
    const char **headers = world->request.headers;
    headers[HEADER_CONTENT_TYPE] = ask->body ? "application/json" : ask->type;
    headers[HEADER_IF_MATCH] = !ask->if_match ? "*" : *ask->if_match ? ask->if_match : NULL;
    headers[HEADER_IDEMPOTENCY_KEY] = ask->key;
    headers[HEADER_ACCEPT_ENCODING] = ask->accept_encoding;
    headers[HEADER_AUTHORIZATION] = ask->authorization && *ask->authorization ? ask->authorization : NULL;
    headers[HEADER_X_REQUEST_ID] = "unit-test";
    headers[HEADER_CONTENT_DISPOSITION] = ask->file ? "attachment; filename*=UTF-8''scan%20%E2%82%AC.csv" : NULL;
    world->request.upload = take_file(world, ask->file);
    struct id person;
    if (ask->as && store_find(&world->store, &person_resource, ask->as, &view_all, &person) != FOUND)
        return NULL;
    if (!ask->authorization) {
        api_call_alone(world->worker, world->folder, &world->request, &world->response, ask->as ? &person : NULL);
        return &world->response;
    }
    struct call *call;
    if (api_handle(world->worker, &world->request, &world->response, handled, NULL, &call) == API_WRITE) {
        writer_run_alone(&world->store, world->folder, call_job(call));
        EXPECT(call_answer(call) == API_ANSWER, "%s is left apart", ask->target);
    }
    call_finish(call);
    return &world->response;
}

void world_expect(struct world *world, int status, const struct ask_for *ask)
{
    struct response *response = world_ask(world, ask);
    ck_assert_msg(response && response->status == status, "%s is answered %d, not %d (%s): %.*s", ask->target,
                  response ? response->status : 0, status, db_message(world->store.db),
                  response ? (int)response->body.length : 0,
                  response && response->body.data ? response->body.data : "");
}

const char *world_member(const struct world *world, const char *name)
{
    static char ring[8][100];
    static unsigned turn;
    char pattern[80];
    char *value = ring[turn++ % 8];
    snprintf(pattern, sizeof pattern, "\"%s\":\"", name);
    const char *at = memmem(world->response.body.data, world->response.body.length, pattern, strlen(pattern));
    ck_assert_msg(at != NULL, "there is no '%s' in %.*s", name, (int)world->response.body.length,
                  world->response.body.data);
    at += strlen(pattern);
    snprintf(value, 100, "%.*s", (int)strcspn(at, "\""), at);
    return value;
}

void world_verify(struct world *world)
{
    struct audit_finding finding;
    ck_assert_msg(audit_verify(&world->store, &finding), "verification failed: %s", db_message(world->store.db));
    ck_assert_msg(!finding.text[0], "%s", finding.text);
}

int64_t world_integer(struct world *world, const char *sql)
{
    struct db_statement *statement = db_query(world->store.db, sql);
    ck_assert_msg(statement && db_step(statement) == DB_ROW, "%s: %s", sql, db_message(world->store.db));
    int64_t value = db_integer(statement, 0);
    db_reset(statement);
    return value;
}

/* --- what is in it -------------------------------------------------------------------------------------------------
 */

#define POST(status, path, text)                                                                                       \
    world_expect(world, status, &(const struct ask_for){METHOD_POST, path, text, "ana@x.org"})
#define PATCH(path, text) world_expect(world, 200, &(const struct ask_for){METHOD_PATCH, path, text, "ana@x.org"})

#define REVIEW_BODY                                                                                                    \
    "{\"title\":\"Management review\",\"type\":\"scheduled\",\"scope\":\"The whole ISMS\","                            \
    "\"period_start\":\"2026-05-01\",\"period_end\":\"2026-10-31\",\"planned_on\":\"2026-11-20\","                     \
    "\"chair_id\":\"mirko@x.org\",\"classification\":\"internal\",\"also_covers\":[\"Quality review\"]}"
#define CRITERIA                                                                                                       \
    "\"success_criteria\":[{\"statement\":\"Patches are in time\",\"metric\":\"share\",\"comparator\":\"gte\","        \
    "\"target\":95,\"unit\":\"%\"},{\"statement\":\"The procedure is known\",\"verification\":\"By interviews\"}]"

static void add_person(struct world *world, const char *name, const char *role)
{
    char body[400];
    snprintf(body, sizeof body,
             "{\"name\":\"%c%s\",\"email\":\"%s@x.org\",\"role\":\"%s\",\"department\":\"IT\",\"job_title\":\"Head\"}",
             name[0] - 32, name + 1, name, role);
    world_expect(world, 201, &(const struct ask_for){METHOD_POST, "/v1/people", body});
}

static bool keep_token(struct world *world)
{
    unsigned char hash[32];
    struct token token = {.record = {.id = id_make(), .version = {true, 1}}, .label = "unit", .read_only = TRUTH_FALSE};
    token.record.created_at = token.record.updated_at = instant_from_ms(WORLD_NOW_MS);
    memcpy(world_authorization, "Bearer ", 7);
    token_make(world_authorization + 7, hash);
    const struct audit_entry entry = {.at = token.record.created_at, .event = "token.create"};
    return store_find(&world->store, &person_resource, "ana@x.org", &view_all, &token.person_id) == FOUND &&
           db_script(world->store.db, "BEGIN IMMEDIATE") && store_insert(&world->store, &token_resource, &token) &&
           store_keep_secret(&world->store, &token.record.id, hash) &&
           audit_append(&world->store, &token_resource, &token, &entry) && db_script(world->store.db, "COMMIT");
}

/* Longer than a page of the database, so that SQLite keeps it elsewhere and has to allocate for it. */
static const char *long_text(void)
{
    static char text[6001];
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = i % 7 == 6 ? ' ' : (char)('a' + i % 26);
    text[sizeof text - 2] = '.';
    return text;
}

/* A new review with its ten inputs dealt with, and a decision; the decision's kind and the rest of its body. */
static void hold_review(struct world *world, const char *reference, const char *decision)
{
    char path[120], body[8000], input[40] = "";
    POST(201, "/v1/reviews", REVIEW_BODY);
    ck_assert_str_eq(world_member(world, "reference"), reference);
    snprintf(path, sizeof path, "/v1/reviews/%s/attendees", reference);
    POST(201, path, "{\"person_id\":\"ana@x.org\",\"capacity\":\"secretary\",\"attendance\":\"attended\"}");
    snprintf(path, sizeof path, "/v1/reviews/%s/start", reference);
    POST(200, path, NULL);
    for (int64_t i = 1; i <= 10; i++) {
        char sql[200];
        snprintf(sql, sizeof sql,
                 "SELECT i.id FROM input AS i JOIN review AS r ON r.id = i.review_id WHERE r.reference = "
                 "'%s' AND i.position = %lld",
                 reference, (long long)i);
        struct db_statement *statement = db_query(world->store.db, sql);
        ck_assert(statement && db_step(statement) == DB_ROW);
        snprintf(input, sizeof input, "%s", db_text(statement, 0));
        db_reset(statement);
        snprintf(path, sizeof path, "/v1/inputs/%s", input);
        PATCH(path, "{\"state\":\"nothing_to_report\",\"summary\":\"Nothing happened here.\"}");
    }
    snprintf(path, sizeof path, "/v1/reviews/%s/decisions", reference);
    snprintf(body, sizeof body,
             "{\"title\":\"A decision\",\"statement\":\"%s\",\"rationale\":\"Because.\",\"input_ids\":[\"%s\"],"
             "\"decided_by_id\":\"mirko@x.org\",\"owner_id\":\"petra@x.org\",%s}",
             long_text(), input, decision);
    POST(201, path, body);
}

static void conclude(struct world *world, const char *reference, const char *decision)
{
    char path[120], body[8000], attendee[40] = "";
    snprintf(path, sizeof path, "/v1/decisions/%s/adopt", decision);
    POST(200, path, "{\"decided_on\":\"2026-11-20\"}");
    struct db_statement *statement =
        db_query(world->store.db, "SELECT id FROM attendee WHERE capacity = 'chair' ORDER BY id DESC LIMIT 1");
    ck_assert(statement && db_step(statement) == DB_ROW);
    snprintf(attendee, sizeof attendee, "%s", db_text(statement, 0));
    db_reset(statement);
    snprintf(path, sizeof path, "/v1/attendees/%s", attendee);
    PATCH(path, "{\"attendance\":\"attended\"}");
    if (strcmp(decision, "DEC-2026-001") == 0)
        POST(201, "/v1/decisions/DEC-2026-001/action-items",
             "{\"kind\":\"corrective\",\"title\":\"Extend the window\",\"root_cause\":\"Too short\",\"owner_id\":"
             "\"petra@x.org\",\"deadline\":\"2027-03-31\"," CRITERIA "}");
    else
        POST(201, "/v1/action-items/ACT-2026-0001/follow-ups",
             "{\"kind\":\"progress\",\"performed_by_id\":\"ana@x.org\",\"performed_on\":\"2026-11-21\",\"note\":\"On "
             "its way.\",\"outcome\":\"on_track\",\"review_id\":\"MR-2026-02\",\"next_follow_up_on\":\"2027-01-15\"}");
    snprintf(path, sizeof path, "/v1/reviews/%s/conclude", reference);
    snprintf(body, sizeof body,
             "{\"held_on\":\"2026-11-20\",\"next_review_on\":\"2027-05-20\",\"summary\":\"%s\",\"suitability\":"
             "{\"verdict\":\"yes\",\"rationale\":\"It fits.\"},\"adequacy\":{\"verdict\":\"yes\",\"rationale\":\"It "
             "does.\"},\"effectiveness\":{\"verdict\":\"with_reservations\",\"rationale\":\"Nearly.\"}}",
             long_text());
    POST(200, path, body);
}

void world_fill(struct world *world)
{
    static const char action[] = "\"kind\":\"corrective_action\",\"deadline\":\"2027-06-30\"," CRITERIA;
    static const char none[] = "\"kind\":\"no_change\",\"no_action_reason\":\"All is well.\"";
    clock_pretend(WORLD_NOW_MS);
    add_person(world, "mirko", "top_management");
    add_person(world, "vesna", "top_management");
    add_person(world, "ana", "isms_manager");
    add_person(world, "ivo", "department_head");
    add_person(world, "petra", "employee");
    ck_assert(keep_token(world));
    hold_review(world, "MR-2026-01", action);
    conclude(world, "MR-2026-01", "DEC-2026-001");
    world_expect(world, 200,
                 &(const struct ask_for){METHOD_POST, "/v1/reviews/MR-2026-01/approve", NULL, "mirko@x.org"});
    clock_pretend(WORLD_NOW_MS + 1000); /* a later review, which the action item is carried into */
    hold_review(world, "MR-2026-02", none);
    conclude(world, "MR-2026-02", "DEC-2026-002");
    hold_review(world, "MR-2026-03", action);
    POST(201, "/v1/reviews", REVIEW_BODY);
    POST(201, "/v1/reviews/MR-2026-04/attendees", "{\"person_id\":\"ana@x.org\",\"capacity\":\"secretary\"}");
    world_expect(world, 201,
                 &(const struct ask_for){METHOD_POST, "/v1/people",
                                         "{\"name\":\"Zoran\",\"email\":\"zoran@x.org\",\"role\":\"auditor\"}",
                                         "ana@x.org", .key = "kept-answer-1"});
    world_verify(world);
}
