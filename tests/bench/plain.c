/* SQLite by a plain C program, without HTTP, callers or rules: what reviewd is measured against.
 *   plain pages DB THREADS SECONDS       pages of 50 action items, stepped and written as JSON, over and over
 *   plain rows DB THREADS SECONDS        the same of the table's own columns, without the parents' titles
 *   plain records DB IDS THREADS SECONDS one action item by id (a file of ids), stepped and written as JSON
 *   plain commits DB BODY SECONDS        one row (of the file's bytes) to each durable commit
 *   plain groups DB POSTS SECONDS        the rows of a created action item, as they are in the database (a file of its
 *                                        decisions), GROUP of them to each durable commit, copied: what SQLite alone
 *                                        takes of a write, without HTTP, JSON, rules, hashes and words
 * Prints one line of JSON. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { THREADS_MAX = 64, COLUMNS_MAX = 64, IDS_MAX = 100000, ID_BYTES = 37, SECONDS_MAX = 600, TEXT_BYTES = 1 << 20 };

#define COLUMNS                                                                                                        \
    "a.id, a.reference, a.version, a.created_at, a.created_by, a.updated_at, a.updated_by, a.review_id, "              \
    "a.decision_id, a.kind, a.title, a.description, a.root_cause, a.owner_id, a.deadline, a.success_criteria, "        \
    "a.priority, "                                                                                                     \
    "a.resources, a.predecessor_id, a.status, a.original_deadline, a.extension_count, a.progress_percent, "            \
    "a.completed_on, a.closed_on, a.cancelled_on, a.ended_at, a.status_reason, a.cancel_approved_by_id, "              \
    "a.deadline < ?2 AND (a.status = 'open' OR a.status = 'in_progress' OR a.status = 'blocked') AS overdue, "         \
    "0 AS days_overdue"
#define PARENTS                                                                                                        \
    ", r.reference AS review_reference, r.title AS review_title, "                                                     \
    "d.reference AS decision_reference, d.title AS decision_title"
#define JOINS " CROSS JOIN review AS r ON r.id = a.review_id CROSS JOIN decision AS d ON d.id = a.decision_id"

static const char pages_sql[] =
    "SELECT " COLUMNS PARENTS " FROM action_item AS a" JOINS " WHERE a.id > ?1 ORDER BY a.id LIMIT 50";
static const char rows_sql[] = "SELECT " COLUMNS " FROM action_item AS a WHERE a.id > ?1 ORDER BY a.id LIMIT 50";
static const char record_sql[] = "SELECT " COLUMNS PARENTS " FROM action_item AS a" JOINS " WHERE a.id = ?1";

struct text {
    char *data;
    size_t length;
};

struct name {
    char text[64]; /* ,"name": */
    size_t length;
    bool json; /* the column holds JSON */
};

struct worker {
    pthread_t thread;
    const char *path;
    const char *sql;
    char (*ids)[ID_BYTES];
    size_t id_count;
    double end;
    uint64_t calls;
    uint64_t bytes;
};

static void die(const char *what)
{
    fprintf(stderr, "plain: %s\n", what);
    exit(1);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_s(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static sqlite3 *open_database(const char *path)
{
    sqlite3 *database;
    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        die("cannot open the database");
    sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return database;
}

/* --- step and write -------------------------------------------------------------------------------------------------
 */

static void put(struct text *text, const char *data, size_t length)
{
    if (text->length + length > TEXT_BYTES)
        die("a page is too long");
    memcpy(text->data + text->length, data, length);
    text->length += length;
}

static void put_string(struct text *text, const char *string, size_t length)
{
    put(text, "\"", 1);
    size_t from = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)string[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        char escape[8];
        put(text, string + from, i - from);
        put(text, escape, (size_t)snprintf(escape, sizeof escape, c < 0x20 ? "\\u%04x" : "\\%c", c));
        from = i + 1;
    }
    put(text, string + from, length - from);
    put(text, "\"", 1);
}

static void put_value(struct text *text, sqlite3_stmt *statement, int column, const struct name *name)
{
    char number[32];
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        put(text, "null", 4);
        return;
    case SQLITE_TEXT: {
        const char *value = (const char *)sqlite3_column_text(statement, column);
        size_t length = (size_t)sqlite3_column_bytes(statement, column);
        if (name->json)
            put(text, value, length);
        else
            put_string(text, value, length);
        return;
    }
    default:
        put(text, number,
            (size_t)snprintf(number, sizeof number, "%lld", (long long)sqlite3_column_int64(statement, column)));
    }
}

static int read_names(sqlite3_stmt *statement, struct name *ret_names)
{
    int count = sqlite3_column_count(statement);
    for (int i = 0; i < count && i < COLUMNS_MAX; i++) {
        const char *column = sqlite3_column_name(statement, i);
        ret_names[i].length = (size_t)snprintf(ret_names[i].text, sizeof ret_names[i].text, ",\"%s\":", column);
        ret_names[i].json = strcmp(column, "success_criteria") == 0 || strcmp(column, "resources") == 0;
    }
    return count;
}

static void *step_and_write(void *context)
{
    struct worker *worker = context;
    sqlite3 *database = open_database(worker->path);
    sqlite3_stmt *statement;
    struct name names[COLUMNS_MAX];
    struct text text = {malloc(TEXT_BYTES), 0};
    char today[11];
    time_t now = time(NULL);
    struct tm day;
    if (!text.data || !gmtime_r(&now, &day) || !strftime(today, sizeof today, "%Y-%m-%d", &day) ||
        sqlite3_prepare_v2(database, worker->sql, -1, &statement, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(database));
    int columns = read_names(statement, names);
    while (now_s() < worker->end) {
        text.length = 0;
        const char *id = worker->id_count ? worker->ids[worker->calls % worker->id_count] : "";
        sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, today, -1, SQLITE_STATIC);
        while (sqlite3_step(statement) == SQLITE_ROW) {
            put(&text, text.length ? ",{" : "{", text.length ? 2 : 1);
            for (int i = 0; i < columns; i++) {
                put(&text, names[i].text + !i, names[i].length - (size_t)!i);
                put_value(&text, statement, i, &names[i]);
            }
            put(&text, "}", 1);
        }
        if (sqlite3_reset(statement) != SQLITE_OK || !text.length)
            die("no rows");
        worker->calls++;
        worker->bytes += text.length;
    }
    free(text.data);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return NULL;
}

static size_t read_ids(const char *path, char (*ids)[ID_BYTES])
{
    FILE *file = fopen(path, "r");
    size_t count = 0;
    while (file && count < IDS_MAX && fscanf(file, "%36s", ids[count]) == 1)
        count++;
    if (!count)
        die("no ids");
    fclose(file);
    return count;
}

static void print(uint64_t calls, uint64_t bytes, double seconds, double cpu)
{
    printf("{\"per_s\": %.1f, \"cpu_us\": %.3f, \"bytes\": %lu}\n", (double)calls / seconds, cpu * 1e6 / (double)calls,
           bytes / calls);
}

static void run_reads(const char *path, const char *sql, const char *ids, int threads, double seconds)
{
    static char id_texts[IDS_MAX][ID_BYTES];
    static struct worker workers[THREADS_MAX];
    size_t id_count = ids ? read_ids(ids, id_texts) : 0;
    double began = now_s();
    uint64_t calls = 0;
    uint64_t bytes = 0;
    for (int i = 0; i < threads; i++) {
        workers[i] =
            (struct worker){.path = path, .sql = sql, .ids = id_texts, .id_count = id_count, .end = began + seconds};
        if (pthread_create(&workers[i].thread, NULL, step_and_write, &workers[i]) != 0)
            die("cannot start a thread");
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        calls += workers[i].calls;
        bytes += workers[i].bytes;
    }
    print(calls, bytes, now_s() - began, cpu_s());
}

/* --- commits --------------------------------------------------------------------------------------------------------
 */

static void run_commits(const char *path, const char *body_path, double seconds)
{
    FILE *file = fopen(body_path, "r");
    static char body[65536];
    size_t length = file ? fread(body, 1, sizeof body, file) : 0;
    sqlite3 *database = open_database(path);
    sqlite3_stmt *statement;
    if (!length || sqlite3_exec(database,
                                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                "CREATE TABLE IF NOT EXISTS plain (key INTEGER PRIMARY KEY, body TEXT NOT NULL)",
                                NULL, NULL, NULL) != SQLITE_OK)
        die("cannot make the table");
    if (sqlite3_prepare_v2(database, "INSERT INTO plain (body) VALUES (?1)", -1, &statement, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(database));
    double began = now_s();
    double cpu = cpu_s();
    uint64_t commits = 0;
    for (; now_s() < began + seconds; commits++) {
        sqlite3_bind_text(statement, 1, body, (int)length, SQLITE_STATIC);
        if (sqlite3_step(statement) != SQLITE_DONE || sqlite3_reset(statement) != SQLITE_OK)
            die(sqlite3_errmsg(database));
    }
    print(commits, commits * length, now_s() - began, cpu_s() - cpu);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    fclose(file);
}

/* --- groups --------------------------------------------------------------------------------------------------------
 */

enum { GROUP = 64, DECISIONS_MAX = 100000 };

/* ?1 is the new id, ?2 a number, ?3 the decision. */
static const char *const group_sql[] = {
    "INSERT INTO action_item (id, reference, version, created_at, created_by, updated_at, updated_by, review_id, "
    "decision_id, kind, title, description, root_cause, owner_id, deadline, success_criteria, priority, resources, "
    "status, original_deadline, extension_count, progress_percent) "
    "SELECT ?1, 'ACT-2099-' || ?2, 1, a.created_at, a.created_by, a.updated_at, a.updated_by, d.review_id, d.id, "
    "a.kind, a.title, a.description, a.root_cause, a.owner_id, a.deadline, a.success_criteria, a.priority, "
    "a.resources, 'open', a.original_deadline, 0, NULL "
    "FROM action_item AS a CROSS JOIN decision AS d WHERE a.key = 1 AND d.id = ?3",
    "INSERT INTO audit_log (seq, at, actor_id, event, resource, resource_id, request_id, body_sha256, previous_hash, "
    "hash) SELECT l.seq + 1, l.at, l.actor_id, l.event, l.resource, ?1, l.request_id, l.body_sha256, l.previous_hash, "
    "l.hash FROM audit_log AS l ORDER BY l.seq DESC LIMIT 1",
    "INSERT INTO version (seq, record_id, version, body) SELECT v.seq + 1, ?1, 1, v.body FROM version AS v "
    "ORDER BY v.seq DESC LIMIT 1",
};

static void write_rows(sqlite3 *database, sqlite3_stmt **statements, const char *decision, uint64_t number)
{
    char id[ID_BYTES + 32];
    snprintf(id, sizeof id, "0fffffff-ffff-7000-8000-%012llx", (unsigned long long)number);
    for (size_t i = 0; i < sizeof group_sql / sizeof *group_sql; i++) {
        if (sqlite3_bind_text(statements[i], 1, id, ID_BYTES - 1, SQLITE_STATIC) != SQLITE_OK)
            die(sqlite3_errmsg(database));
        if (i == 0) {
            sqlite3_bind_int64(statements[i], 2, (sqlite3_int64)number);
            sqlite3_bind_text(statements[i], 3, decision, ID_BYTES - 1, SQLITE_STATIC);
        }
        if (sqlite3_step(statements[i]) != SQLITE_DONE || sqlite3_reset(statements[i]) != SQLITE_OK ||
            sqlite3_changes(database) != 1)
            die(sqlite3_errmsg(database));
    }
}

static void run_groups(const char *path, const char *posts_path, double seconds)
{
    static char decisions[DECISIONS_MAX][ID_BYTES];
    size_t count = 0;
    FILE *file = fopen(posts_path, "r");
    if (!file)
        die("cannot read the paths");
    while (count < DECISIONS_MAX && fscanf(file, "/v1/decisions/%36[^/]/action-items\n", decisions[count]) == 1)
        count++;
    fclose(file);
    sqlite3 *database = open_database(path);
    sqlite3_stmt *statements[sizeof group_sql / sizeof *group_sql];
    if (!count || sqlite3_exec(database, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = 1", NULL, NULL, NULL))
        die("cannot begin");
    for (size_t i = 0; i < sizeof group_sql / sizeof *group_sql; i++) {
        if (sqlite3_prepare_v2(database, group_sql[i], -1, &statements[i], NULL) != SQLITE_OK)
            die(sqlite3_errmsg(database));
    }
    uint64_t number = (uint64_t)time(NULL) << 16; /* later than those of a run before */
    uint64_t rows = 0;
    double began = now_s();
    double cpu = cpu_s();
    while (now_s() < began + seconds) {
        if (sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
            die(sqlite3_errmsg(database));
        for (int i = 0; i < GROUP; i++, rows++)
            write_rows(database, statements, decisions[rows % count], number + rows);
        if (sqlite3_exec(database, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
            die(sqlite3_errmsg(database));
    }
    print(rows, 0, now_s() - began, cpu_s() - cpu);
    for (size_t i = 0; i < sizeof group_sql / sizeof *group_sql; i++)
        sqlite3_finalize(statements[i]);
    sqlite3_close(database);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    bool records = strcmp(what, "records") == 0 && argc == 6;
    bool commits = strcmp(what, "commits") == 0 && argc == 5;
    bool groups = strcmp(what, "groups") == 0 && argc == 5;
    bool pages = (strcmp(what, "pages") == 0 || strcmp(what, "rows") == 0) && argc == 5;
    int threads = records || pages ? atoi(argv[argc - 2]) : 1;
    double seconds = records || pages || commits || groups ? atof(argv[argc - 1]) : 0;
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (threads < 1 || threads > THREADS_MAX || seconds <= 0 || seconds > SECONDS_MAX)
        die("wrong usage");
    if (commits)
        run_commits(argv[2], argv[3], seconds);
    else if (groups)
        run_groups(argv[2], argv[3], seconds);
    else
        run_reads(argv[2],
                  records                     ? record_sql
                  : strcmp(what, "rows") == 0 ? rows_sql
                                              : pages_sql,
                  records ? argv[3] : NULL, threads, seconds);
    return 0;
}
