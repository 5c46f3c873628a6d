/* src/command/: each allocation of a command fails once, each thing that it asks of the database, and each call of the
 * system: it says so with exit status 1, or does all of its work; nothing leaks, and what is stored is whole. */
#include "command/command.h" /* before Check, which has another fail() */

#include "../memory/shim.h"
#include "../world.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct world world;
static char elsewhere[100]; /* the data folder that a backup is put back into */

/* Files, in a folder of their own. */
static char folder[64];
static char pack[100], signed_heads[100], heads_of_the_api[100], public_keys[100], people[100];
static char backup[100], new_backup[100];

/* What is made anew for each call. */
static char email[40];
static char token[40];

static int call_of(const char *name, const char *const (*options)[2], const char *operand, const char *data, bool json)
{
    struct invocation invocation = {.settings = world.settings, .operands = {operand}, .json = json};
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(commands[i].name, name) == 0)
            invocation.command = &commands[i];
    }
    EXPECT(invocation.command, "there is no command %s", name);
    invocation.settings.data = data;
    for (; options && (*options)[0]; options++) {
        size_t row = 0;
        while (row < invocation.command->option_count &&
               strcmp(invocation.command->options[row].name, (*options)[0]) != 0)
            row++;
        EXPECT(row < invocation.command->option_count, "%s has no option %s", name, (*options)[0]);
        invocation.options[row] = (*options)[1];
    }
    return invocation.command->run(&invocation);
}

/* --- before each call ----------------------------------------------------------------------------------------------
 */

static void new_person(void)
{
    static int count;
    snprintf(email, sizeof email, "somebody-%d@x.org", 1000 + count++);
}

static void find_token(const char *table)
{
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT id FROM %s ORDER BY id DESC LIMIT 1", table);
    struct db_statement *statement = db_query(world.store.db, sql);
    EXPECT(statement && db_step(statement) == DB_ROW, "there is no %s", table);
    snprintf(token, sizeof token, "%s", db_text(statement, 0));
    db_reset(statement);
}

#define OPTIONS(...) ((const char *const[][2]){__VA_ARGS__, {NULL, NULL}})
#define FOR_PETRA                                                                                                      \
    {"--person", "petra@x.org"},                                                                                       \
    {                                                                                                                  \
        "--label", "Laptop"                                                                                            \
    }

static void new_token(void)
{
    EXPECT(call_of("token create", OPTIONS(FOR_PETRA), NULL, world.folder, false) == EXIT_FINE, "no token");
    find_token("token");
}

static void new_calendar_token(void)
{
    EXPECT(call_of("token create", OPTIONS(FOR_PETRA, {"--calendar", ""}), NULL, world.folder, false) == EXIT_FINE,
           "no token");
    find_token("calendar_token");
}

static void no_new_backup(void)
{
    unlink(new_backup);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static void nothing_elsewhere(void)
{
    nftw(elsewhere, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* --- the commands --------------------------------------------------------------------------------------------------
 */

static const struct task {
    const char *name;
    const char *options[8][2];
    const char *operand;
    void (*before)(void); /* each time, where all is well */
    bool json;
    bool elsewhere; /* in the other data folder */
    bool other;     /* its output is another one each time */
    int status;
} tasks[] = {
    {"person upsert",
     {{"--name", "Some Body"}, {"--email", email}, {"--role", "employee"}, {"--external", ""}},
     NULL,
     new_person},
    {"person upsert",
     {{"--name", "Petra"}, {"--email", "petra@x.org"}, {"--role", "employee"}, {"--job-title", "Clerk"}},
     NULL,
     NULL,
     .json = true},
    {"token create", {FOR_PETRA, {"--expires", "90d"}, {"--role", "employee"}, {"--read-only", ""}}, NULL, NULL},
    {"token create", {FOR_PETRA}, NULL, NULL, .json = true},
    {"token create", {FOR_PETRA, {"--calendar", ""}, {"--expires", "2w"}}, NULL, NULL, .other = true},
    /* Where its lexer finds no memory, jansson 2.14 may lose a letter. */
    {"token create", {FOR_PETRA, {"--calendar", ""}}, NULL, NULL, .json = true, .other = true},
    {"token create", {FOR_PETRA, {"--calendar", ""}, {"--role", "employee"}}, NULL, NULL, .status = EXIT_FAILED},
    {"token create", {FOR_PETRA, {"--calendar", ""}, {"--expires", "soon"}}, NULL, NULL, .status = EXIT_FAILED},
    {"token create",
     {{"--person", "petra@x.org"}, {"--label", ""}, {"--calendar", ""}},
     NULL,
     NULL,
     .status = EXIT_FAILED},
    {"token list", {{NULL}}, NULL, NULL},
    {"token list", {{NULL}}, NULL, NULL, .json = true},
    {"token revoke", {{NULL}}, token, new_token, .json = true},
    {"token revoke", {{NULL}}, token, new_calendar_token, .json = true},
    {"token revoke", {{NULL}}, "00000000-0000-7000-8000-000000000000", NULL, .status = EXIT_FAILED},
    {"migrate", {{NULL}}, NULL, NULL, .json = true},
    {"check", {{NULL}}, NULL, NULL, .json = true},
    {"check", {{NULL}}, NULL, NULL},
    {"backup", {{NULL}}, new_backup, no_new_backup, .json = true},
    {"restore", {{NULL}}, backup, nothing_elsewhere, .elsewhere = true},
    {"audit verify", {{NULL}}, NULL, NULL},
    {"audit verify", {{"--checkpoint", signed_heads}, {"--key", public_keys}}, NULL, NULL, .json = true},
    {"audit verify", {{"--checkpoint", heads_of_the_api}}, NULL, NULL},
    {"audit verify", {{"--pack", pack}}, NULL, NULL, .json = true},
    {"audit verify", {{"--pack", pack}, {"--key", public_keys}}, NULL, NULL},
    {"audit verify", {{"--pack", people}}, NULL, NULL, .status = EXIT_FAILED},
    {"due", {{"--days", "400"}}, NULL, NULL, .status = EXIT_OVERDUE},
    {"due", {{"--days", "400"}}, NULL, NULL, .json = true, .status = EXIT_OVERDUE},
    {"key show", {{NULL}}, NULL, NULL, .json = true},
    {"key rotate", {{NULL}}, NULL, nothing_elsewhere, .elsewhere = true, .other = true},
    {"openapi", {{NULL}}, NULL, NULL},
    {"rules", {{NULL}}, NULL, NULL, .json = true},
    {"rules", {{NULL}}, NULL, NULL},
};

static int run(const struct task *task)
{
    return call_of(task->name, task->options, task->operand, task->elsewhere ? elsewhere : world.folder, task->json);
}

/* --- what they work on ---------------------------------------------------------------------------------------------
 */

static void put_file(char path[100], const char *name, const char *data, size_t length)
{
    snprintf(path, 100, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    ck_assert(file && fwrite(data, 1, length, file) == length && fclose(file) == 0);
}

static void put_text(char path[100], const char *name, const char *text)
{
    put_file(path, name, text, strlen(text));
}

static void make_pack(void)
{
    static char piece[32768];
    struct buffer whole = {0};
    ssize_t length;
    struct response *response = ASK_FOR(&world, METHOD_GET, "/v1/reviews/MR-2026-01/evidence-pack", NULL, "ana@x.org");
    ck_assert(response && response->status == 200);
    while ((length = response->stream.read(response->stream.context, piece, sizeof piece)) > 0 ||
           length == STREAM_LATER)
        buffer_add(&whole, piece, length > 0 ? (size_t)length : 0);
    response->stream.end(response->stream.context);
    ck_assert(length == 0 && !buffer_failed(&whole));
    put_file(pack, "pack.zip", whole.data, whole.length);
    buffer_finish(&whole);
    world_forget(&world);
}

static bool put_head(void *context, const struct checkpoint *checkpoint)
{
    checkpoint_put(context, checkpoint);
    return true;
}

static void make_heads(void)
{
    struct buffer text = {0};
    const struct checkpoint_query all = {.limit = 100};
    ck_assert(checkpoint_list(&world.store, &all, put_head, &text) && text.length);
    put_file(signed_heads, "heads", text.data, text.length);
    buffer_finish(&text);
    struct response *response = ASK_FOR(&world, METHOD_GET, "/v1/audit-log/checkpoints", NULL, "ana@x.org");
    ck_assert_int_eq(response->status, 200);
    put_file(heads_of_the_api, "heads.json", response->body.data, response->body.length);
    world_forget(&world);
}

static void make_keys(struct keyring *ring)
{
    struct buffer text = {0};
    struct known_keys keys;
    ck_assert(keyring_known(ring, &keys));
    for (size_t i = 0; i < keys.count; i++)
        known_key_put(&text, &keys.items[i]);
    put_file(public_keys, "keys.pub", text.data, text.length);
    buffer_finish(&text);
    known_keys_finish(&keys);
}

static void begin(void)
{
    world_begin(&world);
    world_fill(&world);
    world_expect(&world, 201,
                 &(const struct ask_for){METHOD_POST, "/v1/action-items/ACT-2026-0001/attachments", NULL, "ana@x.org",
                                         .file = "host,critical\n"});
    snprintf(folder, sizeof folder, "%s/files-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", folder);
    struct keyring *ring = world_take_keys(&world);
    make_pack();
    make_heads();
    make_keys(ring);
    put_text(people, "people.csv", "name,email,role\nNora,nora@x.org,employee\n");
    snprintf(backup, sizeof backup, "%s/backup", folder);
    snprintf(new_backup, sizeof new_backup, "%s/new-backup", folder);
    ck_assert(db_backup(world.store.db, backup));
    world_close(&world);
    keyring_close(ring);
    world_open(&world);
}

static void end(void)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    world_end(&world);
}

/* --- each failure --------------------------------------------------------------------------------------------------
 */

static int said[2]; /* what a command writes to standard output and standard error */

static void listen_to(void)
{
    for (int i = 0; i < 2; i++) {
        char path[] = "/tmp/reviewd-said-XXXXXX";
        said[i] = mkstemp(path);
        ck_assert(said[i] >= 0 && unlink(path) == 0 && fcntl(said[i], F_SETFL, O_APPEND) == 0);
        ck_assert_int_eq(dup2(said[i], i + 1), i + 1);
    }
}

static void forget_said(void)
{
    ck_assert(ftruncate(said[0], 0) == 0 && ftruncate(said[1], 0) == 0);
}

static size_t said_bytes(int stream)
{
    struct stat status;
    ck_assert_int_eq(fstat(said[stream], &status), 0);
    return (size_t)status.st_size;
}

static int run_well(const struct task *task)
{
    if (task->before)
        task->before();
    forget_said();
    int status = run(task);
    char text[400] = "";
    (void)!pread(said[1], text, sizeof text - 1, 0);
    ck_assert_msg(status == task->status, "%s: %d without a failure: %s", task->name, status, text);
    return status;
}

static void fail_each(const struct task *task, enum shim_source source)
{
    listen_to();
    run_well(task);
    run_well(task); /* what the first leaves, such as a line that is there already, the second finds */
    size_t right = said_bytes(0);
    long held = shim_held(SHIM_OURS);
    bool fired = true;
    for (size_t n = 1; fired; n += 1 + n / 8) {
        if (task->before)
            task->before();
        forget_said();
        shim_arm(source, n, false);
        int status = run(task);
        fired = shim_disarm();
        ck_assert_msg(fired || status == task->status, "%s, %zu: %d without a failure", task->name, n, status);
        ck_assert_msg(status == task->status || status == EXIT_FAILED, "%s, %zu: %d", task->name, n, status);
        ck_assert_msg(status != EXIT_FAILED || said_bytes(1), "%s, %zu: it does not say why", task->name, n);
        ck_assert_msg(status != task->status || status == EXIT_FAILED || task->other || said_bytes(0) == right,
                      "%s, %zu: %zu bytes, not %zu", task->name, n, said_bytes(0), right);
        ck_assert_msg(shim_held(SHIM_OURS) <= held, "%s, %zu: %ld of ours leak", task->name, n,
                      shim_held(SHIM_OURS) - held);
    }
    run_well(task);
    world_verify(&world);
}

static const struct {
    const char *name;
    enum shim_source source;
} ways[] = {{"ours", SHIM_OURS},        {"jansson's", SHIM_JANSSON}, {"what is asked of the database", SHIM_DATABASE},
            {"transactions", SHIM_RUN}, {"scripts", SHIM_SCRIPT},    {"calls of the system", SHIM_SYSTEM}};

#ifdef __SANITIZE_ADDRESS__
enum { EACH_SO_MANY = 12 }; /* the same takes ten times as long */
#else
enum { EACH_SO_MANY = 6 };
#endif

START_TEST(a_command_fails_or_works)
{
    /* Some ways of each command; tests/run coverage takes all. */
    if (!getenv("UNIT_MEMORY_WAYS") && (_i % ROWS(tasks) + _i / ROWS(tasks)) % EACH_SO_MANY != 0)
        return;
    fail_each(&tasks[_i % ROWS(tasks)], ways[_i / ROWS(tasks)].source);
}
END_TEST

Suite *commands_suite(void)
{
    Suite *suite = suite_create("command/commands");
    for (int i = 0; i < ROWS(ways); i++) {
        TCase *way = unit_case(suite, ways[i].name);
        tcase_add_unchecked_fixture(way, begin, end);
        tcase_add_loop_test(way, a_command_fails_or_works, i * ROWS(tasks), (i + 1) * ROWS(tasks));
    }
    return suite;
}
