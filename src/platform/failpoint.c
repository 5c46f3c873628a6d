#include "reviewd/failpoint.h"

#ifdef REVIEWD_FAILPOINTS
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ORDERS_BYTES = 400, PLACES_MAX = 200, DELAY_MS = 300 };

extern const char *const __start_failpoints[];
extern const char *const __stop_failpoints[];

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char orders[ORDERS_BYTES]; /* as they were last seen */
static int orders_file = -1;
static int log_file = -1;
static int hits[PLACES_MAX];   /* since then */
static bool noted[PLACES_MAX]; /* since then, too */

__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("REVIEWD_FAILPOINT");
    const char *log = getenv("REVIEWD_FAILPOINT_LOG");
    if (log)
        log_file = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (text && text[0] == '/')
        orders_file = open(text, O_RDONLY | O_CLOEXEC);
    else if (text && strcmp(text, "list") != 0)
        snprintf(orders, sizeof orders, "%s", text);
    if (!text || strcmp(text, "list") != 0)
        return;
    for (const char *const *name = __start_failpoints; name < __stop_failpoints; name++)
        puts(*name);
    exit(0);
}

/* The same name at two places is one. */
static size_t index_of(const char *name)
{
    size_t i = 0;
    while (strcmp(__start_failpoints[i], name) != 0)
        i++;
    return i < PLACES_MAX ? i : PLACES_MAX - 1;
}

static void look_for_orders(void)
{
    char text[ORDERS_BYTES] = "";
    if (orders_file < 0 || pread(orders_file, text, sizeof text - 1, 0) < 0 || strcmp(text, orders) == 0)
        return;
    memcpy(orders, text, sizeof orders);
    memset(hits, 0, sizeof hits);
    memset(noted, 0, sizeof noted);
}

/* The action that is due; NULL: none. */
static const char *action_now(const char *name)
{
    static _Thread_local char action[ORDERS_BYTES];
    char ordered[ORDERS_BYTES];
    int hit = ++hits[index_of(name)];
    for (const char *at = orders; *at; at += strcspn(at, ","), at += *at == ',') {
        int number = 1;
        if (sscanf(at, "%399[^:]:%399[^:,\n]:%d", ordered, action, &number) >= 2 && strcmp(ordered, name) == 0 &&
            number == hit)
            return action;
    }
    return NULL;
}

static void note(const char *name)
{
    char line[100];
    size_t i = index_of(name);
    int length = snprintf(line, sizeof line, "%s\n", name);
    if (log_file >= 0 && !noted[i] && write(log_file, line, (size_t)length) < 0)
        abort();
    noted[i] = true;
}

bool failpoint_reached(const char *name)
{
    int before = errno;
    pthread_mutex_lock(&mutex);
    look_for_orders();
    note(name);
    const char *action = action_now(name);
    pthread_mutex_unlock(&mutex);
    errno = before;
    if (!action)
        return false;
    if (strcmp(action, "abort") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(action, "delay") == 0)
        nanosleep(&(struct timespec){.tv_nsec = DELAY_MS * 1000000L}, NULL);
    if (strcmp(action, "error") != 0)
        return false;
    errno = EIO;
    return true;
}
#endif
