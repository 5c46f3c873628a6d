/* SQLite by a plain C program, without HTTP, callers or rules: what reviewd is measured against.
 *   plain pages DB THREADS SECONDS       pages of 50 action items, stepped and written as JSON, over and over
 *   plain rows DB THREADS SECONDS        the same of the table's own columns, without the parents' titles
 *   plain records DB IDS THREADS SECONDS one action item by id (a file of ids), stepped and written as JSON
 *   plain commits DB BODY SECONDS        one row (of the file's bytes) to each durable commit
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

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    bool records = strcmp(what, "records") == 0 && argc == 6;
    bool commits = strcmp(what, "commits") == 0 && argc == 5;
    bool pages = (strcmp(what, "pages") == 0 || strcmp(what, "rows") == 0) && argc == 5;
    int threads = records || pages ? atoi(argv[argc - 2]) : 1;
    double seconds = records || pages || commits ? atof(argv[argc - 1]) : 0;
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (threads < 1 || threads > THREADS_MAX || seconds <= 0 || seconds > SECONDS_MAX)
        die("wrong usage");
    if (commits)
        run_commits(argv[2], argv[3], seconds);
    else
        run_reads(argv[2],
                  records                     ? record_sql
                  : strcmp(what, "rows") == 0 ? rows_sql
                                              : pages_sql,
                  records ? argv[3] : NULL, threads, seconds);
    return 0;
}
