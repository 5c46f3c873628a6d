/* reviewd serve: built bottom-up, run, torn down in reverse. */
#include "command.h"
#include "deliver.h"

#include "reviewd/clock.h"
#include "reviewd/failpoint.h"
#include "reviewd/log.h"
#include "reviewd/transport.h"
#include "reviewd/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    GRACE_MS = 5000,
    WATCHDOG_MS = 2000,
    WRITER_STUCK_MS = 20000,
};

/* Signs the head of the audit log if it has moved, in the writer. */
struct head_job {
    struct job job;
    struct keyring *ring;
    const char *folder;
    sem_t over;
};

struct daemon {
    struct invocation *invocation;
    int lock;
    int signals;
    struct store store; /* for the start alone */
    struct server *server;
    struct writer *writer;
    struct api *api;
    struct keyring *ring;
    struct deliverer *deliverer;
};

/* One daemon to a data folder: two writers would not know of each other's checkpoints. */
static bool lock_folder(struct daemon *daemon)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/serve.lock", daemon->invocation->settings.data);
    daemon->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (daemon->lock < 0) {
        fail("cannot open %s: %s", path, error_text(errno));
        return false;
    }
    if (FAILPOINT("start.lock")) {
        fail("cannot lock %s: %s", path, error_text(errno));
        return false;
    }
    if (flock(daemon->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    fail("another reviewd serves the data folder %s", daemon->invocation->settings.data);
    return false;
}

static void report(void *context, const char *finding)
{
    (void)context;
    fail("the database: %s", finding);
}

static bool prepare_database(struct daemon *daemon)
{
    const char *folder = daemon->invocation->settings.data;
    const char *message;
    int from;
    int to;
    if (!store_settle_log(folder)) {
        fail("the log of the database in %s cannot be synced: %s", folder, error_text(errno));
        return false;
    }
    if (!store_open(&daemon->store, folder, DB_WRITER, &message)) {
        fail("cannot open the database in %s: %s", folder, message);
        return false;
    }
    switch (store_migrate(&daemon->store, folder, &from, &to)) {
    case MIGRATED:
        LOG(LOG_INFO, "migrated", LOG_NUMBER("from", from), LOG_NUMBER("to", to));
        break;
    case MIGRATED_NOTHING:
        break;
    case MIGRATED_NEWER:
        fail("the database in %s is of a newer reviewd (migration %d; this one knows %d): use that one", folder, from,
             to);
        return false;
    case MIGRATED_OLDER:
    case MIGRATED_FAILED:
        fail("cannot migrate the database in %s: %s", folder, db_message(daemon->store.db));
        return false;
    }
    return db_check(daemon->store.db, true, report, NULL);
}

/* Reads the keys, and makes the first one. */
static bool prepare_keys(struct daemon *daemon)
{
    char message[400];
    char id[KEY_ID_TEXT_BYTES];
    struct secret_key key;
    bool made;
    bool signed_before = false;
    daemon->ring = keyring_open(daemon->invocation->settings.data, &made, message, sizeof message);
    if (!daemon->ring) {
        fail("%s", message);
        return false;
    }
    if (!made)
        return true;
    keyring_present(daemon->ring, &key);
    key_id_text(&key.public, id);
    secret_key_wipe(&key);
    LOG(LOG_INFO, "key.made", LOG_TEXT("key_id", id),
        LOG_TEXT("detail", "keep a backup of it, apart from the database"));
    if (checkpoint_exists(&daemon->store, &signed_before) && signed_before)
        LOG(LOG_WARNING, "keys.missing",
            LOG_TEXT("detail", "the database has signed heads by keys that are not here any more"));
    return true;
}

static void greet_empty(struct daemon *daemon)
{
    struct db_statement *statement = db_fixed(daemon->store.db, "SELECT 1 FROM person LIMIT 1");
    bool empty = statement && db_step(statement) == DB_DONE;
    if (statement)
        db_reset(statement);
    if (!empty)
        return;
    const char *folder = daemon->invocation->settings.data;
    fprintf(stderr,
            "There is nobody in %s yet. Make the first person and a token for them:\n"
            "  reviewd person upsert --data %s --name 'Ana Horvat' --email ana@example.org --role isms_manager\n"
            "  reviewd token create --data %s --person ana@example.org --label first\n",
            folder, folder, folder);
}

static bool open_log(const struct settings *settings)
{
    for (size_t i = 0; i < LOG_LEVELS; i++) { /* the setting is one of them */
        if (strcmp(log_level_names[i], settings->log_level) != 0)
            continue;
        if (log_open((enum log_level)i, *settings->log_file ? settings->log_file : NULL))
            return true;
        fail("cannot open the log file %s: %s", settings->log_file, error_text(errno));
        return false;
    }
    return false;
}

/* Signals come by a descriptor, in the main thread alone. */
static bool block_signals(struct daemon *daemon)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    (void)signal(SIGPIPE, SIG_IGN);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) == 0)
        daemon->signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (daemon->signals >= 0)
        return true;
    fail("cannot wait for signals: %s", error_text(errno));
    return false;
}

/* As many descriptors as the system lets us have: every connection is one. */
static void raise_limits(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            LOG(LOG_WARNING, "limit.failed", LOG_TEXT("detail", error_text(errno)));
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there are no threads yet
    mallopt(M_ARENA_MAX, 2); /* few threads allocate much: more arenas only cost memory */
}

/* --- signed heads --------------------------------------------------------------------------------------------------
 */

static enum job_result sign_head(struct job *job, struct store *store)
{
    struct instant now = instant_from_ms(clock_now_ms());
    struct head_job *own = (struct head_job *)job;
    /* What a crash has broken off is said at once; later, keep_house() does. */
    return api_settle_imports(store, own->folder) && checkpoint_append(store, own->ring, &now) ? JOB_KEEP : JOB_BREAK;
}

static void head_signed(struct job *job)
{
    sem_post(&((struct head_job *)job)->over);
}

/* At start and stop: the writer signs the head, and this waits for it. */
static void sign_now(struct daemon *daemon)
{
    struct head_job own = {.job = {.run = sign_head, .done = head_signed},
                           .ring = daemon->ring,
                           .folder = daemon->invocation->settings.data};
    own.job.deadline_ms = clock_monotonic_us() / 1000 + WRITER_STUCK_MS;
    sem_init(&own.over, 0, 0);
    bool taken = writer_submit(daemon->writer, &own.job);
    while (taken && sem_wait(&own.over) != 0)
        continue;
    if (!taken || own.job.outcome != JOB_ANSWERED)
        LOG(LOG_WARNING, "checkpoint.unsigned", LOG_TEXT("detail", "the head of the audit log could not be signed"));
    sem_destroy(&own.over);
}

/* The writer's housekeeping: the API's, and a signed head when it is time for one. */
static bool keep_house(void *context, struct store *store)
{
    struct daemon *daemon = context;
    int64_t now_ms = clock_now_ms();
    int64_t interval_ms = daemon->invocation->settings.checkpoint_interval_minutes * INT64_C(60000);
    bool due;
    if (!api_housekeeping(NULL, store) || !api_settle_imports(store, daemon->invocation->settings.data) ||
        !checkpoint_due(store, now_ms, interval_ms, &due))
        return false;
    struct instant now = instant_from_ms(now_ms);
    return !due || checkpoint_append(store, daemon->ring, &now);
}

static bool start(struct daemon *daemon)
{
    const struct settings *settings = &daemon->invocation->settings;
    char message[300];
    const char *why = NULL;
    const struct server_options server = {.settings = settings, .data_folder = settings->data};
    daemon->server = server_create(&server, message, sizeof message);
    if (!daemon->server) {
        fail("%s", message);
        return false;
    }
    const struct writer_options writer = {.data_folder = settings->data,
                                          .store = &daemon->store,
                                          .queue_max = (size_t)settings->queue_max,
                                          .group_max = (size_t)settings->group_max,
                                          .periodic = keep_house,
                                          .context = daemon};
    daemon->writer = writer_create(&writer, &why);
    if (!daemon->writer) {
        fail("cannot start the writer: %s", why);
        return false;
    }
    sign_now(daemon);
    daemon->deliverer = deliverer_create(settings, daemon->ring, &why);
    if (!daemon->deliverer) {
        fail("cannot start what hands out signed heads: %s", why);
        return false;
    }
    const struct api_options api = {.settings = settings,
                                    .writer = daemon->writer,
                                    .keyring = daemon->ring,
                                    .ready = server_is_ready,
                                    .figures = server_figures,
                                    .context = daemon->server};
    daemon->api = api_create(&api);
    if (daemon->api && server_start(daemon->server, daemon->api, daemon->writer))
        return true;
    fail("cannot start the event loops");
    return false;
}

static void reload(struct daemon *daemon)
{
    notify("RELOADING=1");
    struct settings *settings = &daemon->invocation->settings;
    char message[512];
    if (!settings_reload(settings, message, sizeof message))
        LOG(LOG_ERROR, "reload.failed", LOG_TEXT("detail", message));
    if (!open_log(settings)) /* the file anew, after it was moved away, and the level */
        LOG(LOG_ERROR, "reload.failed", LOG_TEXT("detail", "the log's file or level cannot be had"));
    LOG(LOG_INFO, "reloaded", LOG_TEXT("data", settings->data));
    notify("READY=1");
}

/* Feeds the watchdog only while the writer moves. */
static void feed_watchdog(struct daemon *daemon)
{
    struct writer_figures figures;
    writer_figures(daemon->writer, &figures);
    if (clock_monotonic_us() / 1000 - figures.moved_ms < WRITER_STUCK_MS)
        notify("WATCHDOG=1");
}

static void wait_for_end(struct daemon *daemon)
{
    for (;;) {
        struct pollfd ready = {.fd = daemon->signals, .events = POLLIN};
        int count = poll(&ready, 1, WATCHDOG_MS);
        feed_watchdog(daemon);
        struct signalfd_siginfo signal;
        if (count <= 0 || read(daemon->signals, &signal, sizeof signal) != sizeof signal)
            continue;
        if (signal.ssi_signo != SIGHUP)
            return;
        reload(daemon);
    }
}

static void stop(struct daemon *daemon)
{
    if (daemon->server)
        server_stop(daemon->server, GRACE_MS);
    api_finish_imports(GRACE_MS);
    if (daemon->writer)
        sign_now(daemon);
    writer_destroy(daemon->writer);
    deliverer_destroy(daemon->deliverer);
    server_destroy(daemon->server);
    api_destroy(daemon->api);
    keyring_close(daemon->ring);
    store_close(&daemon->store);
    if (daemon->signals >= 0)
        close(daemon->signals);
    if (daemon->lock >= 0)
        close(daemon->lock);
}

int run_serve(struct invocation *invocation)
{
    struct daemon daemon = {.invocation = invocation, .lock = -1, .signals = -1};
    bool running = open_log(&invocation->settings) && data_folder_make(invocation->settings.data) &&
                   lock_folder(&daemon) && block_signals(&daemon) && prepare_database(&daemon) && prepare_keys(&daemon);
    if (running) {
        greet_empty(&daemon);
        raise_limits();
        running = start(&daemon);
    }
    if (running) {
        char url[120];
        snprintf(url, sizeof url, "http://%s", server_address(daemon.server));
        LOG(LOG_INFO, "listening", LOG_TEXT("address", server_address(daemon.server)), LOG_TEXT("url", url));
        notify("READY=1");
        wait_for_end(&daemon);
        notify("STOPPING=1");
        LOG(LOG_INFO, "draining", LOG_TEXT("address", server_address(daemon.server)));
    }
    stop(&daemon);
    if (running)
        LOG(LOG_INFO, "stopped", LOG_TEXT("data", invocation->settings.data));
    return running ? EXIT_FINE : EXIT_FAILED;
}
