#include "deliver.h"

#include "command.h"
#include "reviewd/checkpoint.h"
#include "reviewd/clock.h"
#include "reviewd/failpoint.h"
#include "reviewd/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PERIOD_S = 1,
    COMMAND_MS = 10000,
    COMMAND_ENDING_MS = 2000,
    SLICE_MS = 20,
    AT_ONCE_MAX = 1000, /* checkpoints to one delivery */
    WORDS_MAX = 32,
    WHY_BYTES = 400,
};

/* Nothing was ever handed out. */
#define UNKNOWN INT64_C(-1)

enum output { OUTPUT_FILE, OUTPUT_COMMAND, OUTPUT_COUNT };

static const char *const output_names[OUTPUT_COUNT] = {"file", "command"};

struct deliverer {
    const struct settings *settings;
    struct keyring *ring;
    struct store store;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    _Atomic bool ending;
    int64_t delivered[OUTPUT_COUNT];     /* up to which seq, kept in a file; UNKNOWN: nothing yet */
    int64_t failed[OUTPUT_COUNT];        /* not again before there is a newer one … */
    const char *failed_at[OUTPUT_COUNT]; /* … or the setting has changed */
    char key_trouble[WHY_BYTES];
};

/* --- how far it has come -------------------------------------------------------------------------------------------
 */

static void state_path(const struct deliverer *deliverer, const char *ending, char *ret_path, size_t size)
{
    snprintf(ret_path, size, "%s/checkpoint.delivered%s", deliverer->settings->data, ending);
}

static void read_state(struct deliverer *deliverer)
{
    char path[4200];
    char name[16];
    long long seq;
    for (int i = 0; i < OUTPUT_COUNT; i++)
        deliverer->delivered[i] = UNKNOWN;
    state_path(deliverer, "", path, sizeof path);
    FILE *file = fopen(path, "re");
    while (file && fscanf(file, "%15s %18lld", name, &seq) == 2) {
        for (int i = 0; i < OUTPUT_COUNT; i++) {
            if (strcmp(name, output_names[i]) == 0)
                deliverer->delivered[i] = seq;
        }
    }
    if (file)
        fclose(file);
}

/* Where this is lost, one delivery is made twice, or those that waited for it go missing; the next one covers them. */
static void write_state(const struct deliverer *deliverer)
{
    char path[4200];
    char part[4200];
    state_path(deliverer, "", path, sizeof path);
    state_path(deliverer, ".part", part, sizeof part);
    FILE *file = fopen(part, "we");
    bool fine = file != NULL;
    for (int i = 0; fine && i < OUTPUT_COUNT; i++)
        fine = fprintf(file, "%s %lld\n", output_names[i], (long long)deliverer->delivered[i]) > 0;
    if (file && fclose(file) != 0)
        fine = false;
    if (!fine || FAILPOINT("deliver.state") || rename(part, path) != 0)
        LOG(LOG_WARNING, "checkpoint.state", LOG_TEXT("detail", strerror(errno)));
}

/* --- a file --------------------------------------------------------------------------------------------------------
 */

/* Appended in one piece and synced; where it does not fit, nothing stays of it. */
static bool append(const char *path, const struct buffer *text, char *ret_why)
{
    struct stat before;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    bool fine = fd >= 0 && !FAILPOINT("deliver.append") && fstat(fd, &before) == 0;
    if (fine) {
        ssize_t written = write(fd, text->data, text->length);
        fine = written == (ssize_t)text->length && (fsync(fd) == 0 || errno == EINVAL /* a device */);
        int error = written >= 0 && written < (ssize_t)text->length ? ENOSPC : errno;
        if (!fine && S_ISREG(before.st_mode) && ftruncate(fd, before.st_size) != 0)
            error = errno;
        errno = error;
    }
    if (!fine)
        snprintf(ret_why, WHY_BYTES, "%.200s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return fine;
}

/* --- a command -----------------------------------------------------------------------------------------------------
 */

struct child {
    pid_t pid;
    int in;  /* its standard input; -1 once all is written */
    int out; /* what it says */
    const struct buffer *text;
    size_t written;
    char said[200];
    size_t said_length;
};

/* Words of the setting, separated by spaces: no shell reads them. */
static size_t split(char *text, char *words[WORDS_MAX + 1])
{
    size_t count = 0;
    while (count < WORDS_MAX && *(text += strspn(text, " "))) {
        words[count++] = text;
        text += strcspn(text, " ");
        if (*text)
            *text++ = '\0';
    }
    words[count] = NULL;
    return *text ? 0 : count;
}

static int spawn(struct child *child, char *const words[], int in, int out)
{
    extern char **environ;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    int error = posix_spawnp(&child->pid, words[0], &actions, &attributes, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

static bool start_child(struct child *child, const char *command, char *ret_why)
{
    char *words[WORDS_MAX + 1];
    int in[2] = {-1, -1};
    int out[2] = {-1, -1};
    char *copy = strdup(command);
    int error = copy && split(copy, words) ? 0 : EINVAL;
    if (!error && (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || fcntl(in[1], F_SETFL, O_NONBLOCK) != 0 ||
                   fcntl(out[0], F_SETFL, O_NONBLOCK) != 0))
        error = errno;
    if (!error)
        error = spawn(child, words, in[0], out[1]);
    free(copy);
    if (in[0] >= 0)
        close(in[0]);
    if (out[1] >= 0)
        close(out[1]);
    child->in = in[1];
    child->out = out[0];
    if (error)
        snprintf(ret_why, WHY_BYTES, "cannot run '%.200s': %s", command, strerror(error));
    return !error;
}

/* Writes what it takes and reads what it says, for a moment. */
static void feed(struct child *child)
{
    struct pollfd fds[2] = {{.fd = child->in, .events = POLLOUT}, {.fd = child->out, .events = POLLIN}};
    char block[4096];
    ssize_t count = -1;
    poll(fds, 2, SLICE_MS);
    if (child->in >= 0) {
        count = write(child->in, child->text->data + child->written, child->text->length - child->written);
        if (count > 0)
            child->written += (size_t)count;
        if (child->written == child->text->length || (count < 0 && errno != EAGAIN && errno != EINTR)) {
            close(child->in);
            child->in = -1;
        }
    }
    while (child->out >= 0 && (count = read(child->out, block, sizeof block)) != 0) {
        if (count < 0 && errno != EINTR)
            break;
        for (ssize_t i = 0; i < count && child->said_length < sizeof child->said - 1; i++)
            child->said[child->said_length++] = block[i] < ' ' || block[i] > '~' ? ' ' : block[i];
    }
    if (child->out >= 0 && count == 0) { /* it has closed it, which is no reason to spin */
        close(child->out);
        child->out = -1;
    }
}

/* Until it ends or its time is up. Its exit status, as waitpid() has it. */
static bool wait_for_child(struct deliverer *deliverer, struct child *child, int *ret_status)
{
    int64_t ends_ms = clock_monotonic_us() / 1000 + COMMAND_MS;
    bool hurried = false;
    pid_t ended;
    while ((ended = waitpid(child->pid, ret_status, WNOHANG)) == 0) {
        int64_t now_ms = clock_monotonic_us() / 1000;
        if (deliverer->ending && !hurried) {
            hurried = true;
            ends_ms = now_ms + COMMAND_ENDING_MS < ends_ms ? now_ms + COMMAND_ENDING_MS : ends_ms;
        }
        if (now_ms >= ends_ms) {
            kill(-child->pid, SIGKILL);
            waitpid(child->pid, ret_status, 0);
            return false;
        }
        feed(child);
    }
    feed(child); /* its last words */
    return ended == child->pid;
}

static bool run_command(struct deliverer *deliverer, const char *command, const struct buffer *text, char *ret_why)
{
    struct child child = {.in = -1, .out = -1, .text = text};
    int status = 0;
    bool started = start_child(&child, command, ret_why);
    bool ended = started && wait_for_child(deliverer, &child, &status);
    if (child.in >= 0)
        close(child.in);
    if (child.out >= 0)
        close(child.out);
    if (!started)
        return false;
    if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (!ended)
        snprintf(ret_why, WHY_BYTES, "it took too long and was killed: %s", child.said);
    else if (WIFEXITED(status))
        snprintf(ret_why, WHY_BYTES, "it ended with status %d: %s", WEXITSTATUS(status), child.said);
    else
        snprintf(ret_why, WHY_BYTES, "it ended by signal %d: %s", WTERMSIG(status), child.said);
    return false;
}

/* --- delivering ----------------------------------------------------------------------------------------------------
 */

struct gathered {
    struct buffer text;
    int64_t last;
};

static bool gather(void *context, const struct checkpoint *checkpoint)
{
    struct gathered *gathered = context;
    checkpoint_put(&gathered->text, checkpoint);
    gathered->last = checkpoint->seq;
    return true;
}

static bool note_seq(void *context, const struct checkpoint *checkpoint)
{
    *(int64_t *)context = checkpoint->seq;
    return true;
}

static const char *target_of(const struct deliverer *deliverer, enum output output)
{
    const struct settings *settings = deliverer->settings; /* SIGHUP may change it meanwhile */
    return output == OUTPUT_FILE ? __atomic_load_n(&settings->checkpoint_file, __ATOMIC_RELAXED)
                                 : __atomic_load_n(&settings->checkpoint_command, __ATOMIC_RELAXED);
}

static bool read_newest(struct deliverer *deliverer, int64_t *ret_newest)
{
    const struct checkpoint_query query = {.newest_first = true, .limit = 1};
    *ret_newest = 0;
    return checkpoint_list(&deliverer->store, &query, note_seq, ret_newest);
}

/* An output that is asked for begins with the newest, which covers those before; so it is where the database is an
 * older one than what was handed out. */
static void begin_output(struct deliverer *deliverer, enum output output, int64_t newest)
{
    int64_t *delivered = &deliverer->delivered[output];
    if (*delivered != UNKNOWN && *delivered <= newest)
        return;
    *delivered = newest ? newest - 1 : 0;
    write_state(deliverer);
}

static void hand_out(struct deliverer *deliverer, enum output output, const char *target, int64_t newest)
{
    int64_t *delivered = &deliverer->delivered[output];
    struct gathered gathered = {0};
    char why[WHY_BYTES] = "";
    const struct checkpoint_query query = {.after_seq = *delivered, .limit = AT_ONCE_MAX};
    bool fine = checkpoint_list(&deliverer->store, &query, gather, &gathered) && !buffer_failed(&gathered.text);
    if (!fine)
        snprintf(why, sizeof why, "%.300s", db_message(deliverer->store.db));
    fine = fine && (output == OUTPUT_FILE ? append(target, &gathered.text, why)
                                          : run_command(deliverer, target, &gathered.text, why));
    buffer_finish(&gathered.text);
    if (!fine) {
        deliverer->failed[output] = newest;
        deliverer->failed_at[output] = target;
        LOG(LOG_WARNING, "checkpoint.undelivered", LOG_TEXT("output", output_names[output]), LOG_NUMBER("seq", newest),
            LOG_TEXT("detail", why));
        return;
    }
    *delivered = gathered.last;
    write_state(deliverer);
    LOG(LOG_INFO, "checkpoint.delivered", LOG_TEXT("output", output_names[output]), LOG_NUMBER("seq", *delivered));
}

static void deliver(struct deliverer *deliverer)
{
    for (enum output output = 0; output < OUTPUT_COUNT; output++) {
        const char *target = target_of(deliverer, output);
        int64_t newest;
        if (!*target || !read_newest(deliverer, &newest))
            continue;
        begin_output(deliverer, output, newest);
        bool failed = deliverer->failed[output] == newest && deliverer->failed_at[output] == target;
        if (newest > deliverer->delivered[output] && !failed)
            hand_out(deliverer, output, target, newest);
    }
}

/* Says once what is wrong with the keys, though they go on signing as they were read. */
static void look_after_keys(struct deliverer *deliverer)
{
    char message[WHY_BYTES] = "";
    if (keyring_refresh(deliverer->ring, message, sizeof message))
        message[0] = '\0';
    if (message[0] && strcmp(message, deliverer->key_trouble) != 0)
        LOG(LOG_WARNING, "keys.unreadable", LOG_TEXT("detail", message));
    memcpy(deliverer->key_trouble, message, sizeof message);
}

static void *deliverer_main(void *context)
{
    struct deliverer *deliverer = context;
    bool ending = false;
    while (!ending) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += PERIOD_S;
        pthread_mutex_lock(&deliverer->mutex);
        if (!deliverer->ending)
            pthread_cond_timedwait(&deliverer->wake, &deliverer->mutex, &until);
        ending = deliverer->ending;
        pthread_mutex_unlock(&deliverer->mutex);
        look_after_keys(deliverer);
        deliver(deliverer);
    }
    return NULL;
}

struct deliverer *deliverer_create(const struct settings *settings, struct keyring *ring, const char **ret_message)
{
    struct deliverer *deliverer = calloc(1, sizeof *deliverer);
    *ret_message = "out of memory";
    if (!deliverer)
        return NULL;
    deliverer->settings = settings;
    deliverer->ring = ring;
    read_state(deliverer);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&deliverer->mutex, NULL);
    pthread_cond_init(&deliverer->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    bool opened = store_open(&deliverer->store, settings->data, DB_READER, ret_message);
    int64_t newest;
    for (enum output output = 0; opened && output < OUTPUT_COUNT; output++) { /* before there are more */
        if (*target_of(deliverer, output) && read_newest(deliverer, &newest))
            begin_output(deliverer, output, newest);
    }
    if (opened && pthread_create(&deliverer->thread, NULL, deliverer_main, deliverer) == 0)
        return deliverer;
    if (opened)
        *ret_message = "its thread cannot be made";
    store_close(&deliverer->store);
    pthread_cond_destroy(&deliverer->wake);
    pthread_mutex_destroy(&deliverer->mutex);
    free(deliverer);
    return NULL;
}

void deliverer_destroy(struct deliverer *deliverer)
{
    if (!deliverer)
        return;
    pthread_mutex_lock(&deliverer->mutex);
    deliverer->ending = true;
    pthread_cond_signal(&deliverer->wake);
    pthread_mutex_unlock(&deliverer->mutex);
    pthread_join(deliverer->thread, NULL);
    store_close(&deliverer->store);
    pthread_cond_destroy(&deliverer->wake);
    pthread_mutex_destroy(&deliverer->mutex);
    free(deliverer);
}
