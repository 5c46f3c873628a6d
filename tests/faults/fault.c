/* Preloaded into reviewd: lets writing and syncing of the data folder's files fail or take long, as the test says in a
 * page that it shares with us. The layout is that of faults.py. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { WRITES = 1, SYNCS = 2, TRUNCATES = 4 };

struct control {
    int64_t calls;    /* which fail: WRITES | SYNCS | TRUNCATES */
    int64_t error;    /* errno; 0: none fails */
    int64_t skip;     /* so many of them still pass */
    int64_t count;    /* then so many fail; -1: all */
    int64_t delay_us; /* of each sync, whether it fails or not */
    int64_t seen;     /* calls of these kinds, by us */
    int64_t failed;   /* those of them that failed, by us */
    char suffix[40];  /* of the files that are meant; empty: all of the folder */
};

static struct control *control;
static char folder[PATH_MAX];

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAULT_CONTROL");
    const char *data = getenv("FAULT_FOLDER");
    int fd = path && data ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    snprintf(folder, sizeof folder, "%s/", data);
    void *page = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (page != MAP_FAILED)
        control = page;
}

static int is_meant(int fd)
{
    char link[40];
    char path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = '\0';
    size_t suffix = strnlen(control->suffix, sizeof control->suffix);
    return strncmp(path, folder, strlen(folder)) == 0 && (size_t)length >= suffix &&
           memcmp(path + length - suffix, control->suffix, suffix) == 0;
}

/* errno of this call; 0: it passes. */
static int fault(int kind, int fd)
{
    if (!control || !(__atomic_load_n(&control->calls, __ATOMIC_ACQUIRE) & kind) || !is_meant(fd))
        return 0;
    int64_t at = __atomic_fetch_add(&control->seen, 1, __ATOMIC_ACQ_REL);
    int64_t skip = __atomic_load_n(&control->skip, __ATOMIC_ACQUIRE);
    int64_t count = __atomic_load_n(&control->count, __ATOMIC_ACQUIRE);
    int error = (int)__atomic_load_n(&control->error, __ATOMIC_ACQUIRE);
    if (!error || at < skip || (count >= 0 && at >= skip + count))
        return 0;
    __atomic_fetch_add(&control->failed, 1, __ATOMIC_ACQ_REL);
    return error;
}

static void delay(int fd)
{
    int64_t us = control ? __atomic_load_n(&control->delay_us, __ATOMIC_ACQUIRE) : 0;
    if (us <= 0 || !is_meant(fd))
        return;
    struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

#define REAL(name)                                                                                                     \
    static __typeof__(&name) real;                                                                                     \
    if (!__atomic_load_n(&real, __ATOMIC_ACQUIRE))                                                                     \
    __atomic_store_n(&real, (__typeof__(&name))dlsym(RTLD_NEXT, #name), __ATOMIC_RELEASE)

#define FAIL(kind, fd)                                                                                                 \
    int error = fault(kind, fd);                                                                                       \
    if (error) {                                                                                                       \
        errno = error;                                                                                                 \
        return -1;                                                                                                     \
    }

ssize_t write(int fd, const void *data, size_t size)
{
    REAL(write);
    FAIL(WRITES, fd)
    return real(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    REAL(pwrite);
    FAIL(WRITES, fd)
    return real(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    REAL(pwrite64);
    FAIL(WRITES, fd)
    return real(fd, data, size, offset);
}

int ftruncate(int fd, off_t length)
{
    REAL(ftruncate);
    FAIL(TRUNCATES, fd)
    return real(fd, length);
}

int ftruncate64(int fd, off64_t length)
{
    REAL(ftruncate64);
    FAIL(TRUNCATES, fd)
    return real(fd, length);
}

int fsync(int fd)
{
    REAL(fsync);
    delay(fd);
    FAIL(SYNCS, fd)
    return real(fd);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    delay(fd);
    FAIL(SYNCS, fd)
    return real(fd);
}
