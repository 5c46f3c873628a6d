/* Preloaded into reviewd: lets calls that read, write, sync, open or name the data folder's files fail or take long, as
 * the test says in a page that it shares with us. The layout is that of faults.py. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WRITES = 1, SYNCS = 2, TRUNCATES = 4, READS = 8, OPENS = 16, NAMES = 32 };

struct control {
    int64_t calls;    /* which fail: WRITES | SYNCS | … */
    int64_t error;    /* errno; 0: none fails */
    int64_t skip;     /* so many of them still pass */
    int64_t count;    /* then so many fail; -1: all */
    int64_t delay_us; /* of each sync, whether it fails or not */
    int64_t seen;     /* calls of these kinds, by us */
    int64_t failed;   /* those of them that failed, by us */
    int64_t halves;   /* the first write that fails writes the half of it, and says so; the next one fails */
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

static int is_meant_path(const char *path)
{
    size_t length = strlen(path);
    size_t suffix = strnlen(control->suffix, sizeof control->suffix);
    return (strncmp(path, folder, strlen(folder)) == 0 ||
            (strncmp(path, folder, length) == 0 && length + 1 == strlen(folder))) &&
           length >= suffix && memcmp(path + length - suffix, control->suffix, suffix) == 0;
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
    return is_meant_path(path);
}

static int is_meant_at(int at, const char *path)
{
    return path[0] == '/' ? is_meant_path(path) : at != AT_FDCWD && is_meant(at);
}

static int is_on(int kind)
{
    return control && (__atomic_load_n(&control->calls, __ATOMIC_ACQUIRE) & kind);
}

/* errno of a call that is meant; 0: it passes. */
static int fault_now(void)
{
    int64_t at = __atomic_fetch_add(&control->seen, 1, __ATOMIC_ACQ_REL);
    int64_t skip = __atomic_load_n(&control->skip, __ATOMIC_ACQUIRE);
    int64_t count = __atomic_load_n(&control->count, __ATOMIC_ACQUIRE);
    int error = (int)__atomic_load_n(&control->error, __ATOMIC_ACQUIRE);
    if (!error || at < skip || (count >= 0 && at >= skip + count))
        return 0;
    __atomic_fetch_add(&control->failed, 1, __ATOMIC_ACQ_REL);
    return error;
}

static int fault(int kind, int fd)
{
    return is_on(kind) && is_meant(fd) ? fault_now() : 0;
}

/* Whether this write, which would fail, is to be a short one. */
static int is_half(size_t size)
{
    return size > 1 && __atomic_exchange_n(&control->halves, 0, __ATOMIC_ACQ_REL);
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

#define FAIL_AT(kind, at, path)                                                                                        \
    if (is_on(kind) && is_meant_at(at, path)) {                                                                        \
        int error = fault_now();                                                                                       \
        if (error) {                                                                                                   \
            errno = error;                                                                                             \
            return -1;                                                                                                 \
        }                                                                                                              \
    }

#define WRITE_FAULT                                                                                                    \
    int error = fault(WRITES, fd);                                                                                     \
    if (error && is_half(size)) {                                                                                      \
        size /= 2;                                                                                                     \
    } else if (error) {                                                                                                \
        errno = error;                                                                                                 \
        return -1;                                                                                                     \
    }

ssize_t write(int fd, const void *data, size_t size)
{
    REAL(write);
    WRITE_FAULT
    return real(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    REAL(pwrite);
    WRITE_FAULT
    return real(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    REAL(pwrite64);
    WRITE_FAULT
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

/* --- reading, opening, naming ------------------------------------------------------------------------------------ */

ssize_t read(int fd, void *data, size_t size)
{
    REAL(read);
    FAIL(READS, fd)
    return real(fd, data, size);
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
    REAL(pread);
    FAIL(READS, fd)
    return real(fd, data, size, offset);
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset)
{
    REAL(pread64);
    FAIL(READS, fd)
    return real(fd, data, size, offset);
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(arguments, int) : 0;
}

int openat(int at, const char *path, int flags, ...)
{
    REAL(openat);
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    FAIL_AT(OPENS, at, path)
    return real(at, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    REAL(open);
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    FAIL_AT(OPENS, AT_FDCWD, path)
    return real(path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...) __attribute__((alias("openat")));
int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int mkdir(const char *path, mode_t mode)
{
    REAL(mkdir);
    FAIL_AT(NAMES, AT_FDCWD, path)
    return real(path, mode);
}

int unlink(const char *path)
{
    REAL(unlink);
    FAIL_AT(NAMES, AT_FDCWD, path)
    return real(path);
}

int unlinkat(int at, const char *path, int flags)
{
    REAL(unlinkat);
    FAIL_AT(NAMES, at, path)
    return real(at, path, flags);
}

int link(const char *from, const char *to)
{
    REAL(link);
    FAIL_AT(NAMES, AT_FDCWD, to)
    return real(from, to);
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    FAIL_AT(NAMES, AT_FDCWD, to)
    return real(from, to);
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
    REAL(renameat);
    FAIL_AT(NAMES, to_at, to)
    return real(from_at, from, to_at, to);
}
