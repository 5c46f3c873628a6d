/* Preloaded into reviewd: writes down, in their order, all calls that change the files of a folder or sync them, and
 * what is sent to callers between them. disk.py makes of it what a disk may hold after the power failed.
 *
 * One lock, over all processes, is held from before a call to after its line, so that the order written down is the one
 * in which things happened: what stands before a sync was there when it began, and what stands behind an answer was
 * not yet synced when the answer left. The -shm is left out, since its content is made anew after a crash. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SENT_MAX = 2048 }; /* of an answer: its head is enough */

/* Then the name (a path below the folder; two of them with a NUL between), then the data. The layout is disk.py's. */
struct line {
    uint32_t kind;
    uint32_t name_length;
    uint64_t inode;
    int64_t offset;
    uint64_t data_length;
};

static char folder[PATH_MAX]; /* with a slash behind it */
static size_t folder_length;
static int out = -1;
static int lock_fd = -1;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void)
{
    const char *root = getenv("RECORD_FOLDER");
    const char *path = getenv("RECORD_LOG");
    if (!root || !path)
        return;
    folder_length = (size_t)snprintf(folder, sizeof folder, "%s/", root);
    out = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    lock_fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (out < 0 || lock_fd < 0)
        abort();
}

static void lock(void)
{
    pthread_mutex_lock(&mutex);
    while (flock(lock_fd, LOCK_EX) != 0)
        continue;
}

static void unlock(void)
{
    int error = errno;
    flock(lock_fd, LOCK_UN);
    pthread_mutex_unlock(&mutex);
    errno = error;
}

/* --- lines ------------------------------------------------------------------------------------------------------- */

static void put_parts(char kind, uint64_t inode, int64_t offset, const char *name, size_t name_length,
                      const struct iovec *parts, int count, size_t data_length)
{
    struct line line = {(uint32_t)kind, (uint32_t)name_length, inode, offset, data_length};
    struct iovec all[18] = {{&line, sizeof line}, {(void *)name, name_length}};
    for (int i = 0; i < count; i++)
        all[2 + i] = parts[i];
    if (syscall(SYS_writev, out, all, 2 + count) != (ssize_t)(sizeof line + name_length + data_length))
        abort(); /* what is missing would be taken for what never happened */
}

static void put(char kind, uint64_t inode, int64_t offset, const char *name, const void *data, size_t length)
{
    const struct iovec part = {(void *)data, length};
    put_parts(kind, inode, offset, name, name ? strlen(name) : 0, &part, 1, length);
}

static void put_two(char kind, const char *from, const char *to)
{
    char names[2 * PATH_MAX];
    int length = snprintf(names, sizeof names, "%s%c%s", from, '\0', to);
    put_parts(kind, 0, 0, names, (size_t)length, NULL, 0, 0);
}

/* --- which files ------------------------------------------------------------------------------------------------- */

/* The path below the folder; NULL: it is none of ours. */
static const char *below(const char *path)
{
    if (out < 0 || strncmp(path, folder, folder_length) != 0)
        return NULL;
    size_t length = strlen(path);
    if (length >= 4 && strcmp(path + length - 4, "-shm") == 0)
        return NULL;
    return path + folder_length;
}

static const char *place(int at, const char *path, char full[PATH_MAX])
{
    if (out < 0)
        return NULL;
    if (path[0] == '/') {
        snprintf(full, PATH_MAX, "%s", path);
    } else {
        char link[40];
        char base[PATH_MAX];
        snprintf(link, sizeof link, at == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", at);
        ssize_t length = readlink(link, base, sizeof base - 1);
        if (length < 0)
            return NULL;
        base[length] = '\0';
        snprintf(full, PATH_MAX, "%.*s/%s", PATH_MAX / 2, base, path);
    }
    return below(full);
}

/* The inode of an open file of the folder, also of one without a name; 0: none of ours. */
static uint64_t inode_of(int fd)
{
    char link[40];
    char path[PATH_MAX];
    struct stat status;
    if (out < 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = '\0';
    bool root = (size_t)length + 1 == folder_length && strncmp(path, folder, folder_length - 1) == 0;
    return (root || below(path)) && fstat(fd, &status) == 0 ? status.st_ino : 0;
}

static uint64_t inode_at(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 ? status.st_ino : 0;
}

#define REAL(name)                                                                                                     \
    static __typeof__(&name) real;                                                                                     \
    if (!__atomic_load_n(&real, __ATOMIC_ACQUIRE))                                                                     \
    __atomic_store_n(&real, (__typeof__(&name))dlsym(RTLD_NEXT, #name), __ATOMIC_RELEASE)

/* --- names ------------------------------------------------------------------------------------------------------- */

static int open_noted(int at, const char *path, int flags, mode_t mode, int (*real)(int, const char *, int, ...))
{
    char full[PATH_MAX];
    if (!(flags & (O_CREAT | O_TRUNC)) && (flags & O_TMPFILE) != O_TMPFILE)
        return real(at, path, flags, mode);
    const char *name = place(at, path, full);
    if (!name)
        return real(at, path, flags, mode);
    lock();
    uint64_t before = (flags & O_TMPFILE) == O_TMPFILE ? 0 : inode_at(full);
    int fd = real(at, path, flags, mode);
    struct stat status;
    if (fd >= 0 && fstat(fd, &status) == 0) {
        if (!before)
            put('C', status.st_ino, 0, (flags & O_TMPFILE) == O_TMPFILE ? NULL : name, NULL, 0);
        else if (flags & O_TRUNC)
            put('T', before, 0, NULL, NULL, 0);
    }
    unlock();
    return fd;
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
    return open_noted(at, path, flags, mode, real);
}

int open(const char *path, int flags, ...)
{
    REAL(openat);
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_noted(AT_FDCWD, path, flags, mode, real);
}

int openat64(int at, const char *path, int flags, ...) __attribute__((alias("openat")));
int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int mkdir(const char *path, mode_t mode)
{
    REAL(mkdir);
    char full[PATH_MAX];
    const char *name = place(AT_FDCWD, path, full);
    if (!name)
        return real(path, mode);
    lock();
    int result = real(path, mode);
    if (result == 0)
        put('M', inode_at(full), 0, name, NULL, 0);
    unlock();
    return result;
}

char *mkdtemp(char *path)
{
    REAL(mkdtemp);
    char full[PATH_MAX];
    if (!place(AT_FDCWD, path, full))
        return real(path);
    lock();
    char *result = real(path);
    const char *name = result ? place(AT_FDCWD, path, full) : NULL;
    if (name)
        put('M', inode_at(full), 0, name, NULL, 0);
    unlock();
    return result;
}

int unlinkat(int at, const char *path, int flags)
{
    REAL(unlinkat);
    char full[PATH_MAX];
    const char *name = place(at, path, full);
    if (!name)
        return real(at, path, flags);
    lock();
    int result = real(at, path, flags);
    if (result == 0)
        put('U', 0, 0, name, NULL, 0);
    unlock();
    return result;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int link(const char *from, const char *to)
{
    REAL(link);
    char full[PATH_MAX];
    const char *name = place(AT_FDCWD, to, full);
    if (!name)
        return real(from, to);
    lock();
    int result = real(from, to);
    if (result == 0)
        put('L', inode_at(full), 0, name, NULL, 0);
    unlock();
    return result;
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
    REAL(renameat);
    char full_from[PATH_MAX];
    char full_to[PATH_MAX];
    const char *old = place(from_at, from, full_from);
    const char *new = place(to_at, to, full_to);
    if (!old || !new)
        return real(from_at, from, to_at, to);
    lock();
    int result = real(from_at, from, to_at, to);
    if (result == 0)
        put_two('R', old, new);
    unlock();
    return result;
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

/* --- contents ---------------------------------------------------------------------------------------------------- */

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    REAL(pwrite);
    uint64_t inode = inode_of(fd);
    if (!inode)
        return real(fd, data, size, offset);
    lock();
    ssize_t written = real(fd, data, size, offset);
    if (written > 0)
        put('W', inode, offset, NULL, data, (size_t)written);
    unlock();
    return written;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) __attribute__((alias("pwrite")));

ssize_t write(int fd, const void *data, size_t size)
{
    REAL(write);
    uint64_t inode = inode_of(fd);
    if (!inode)
        return real(fd, data, size);
    lock();
    ssize_t written = real(fd, data, size);
    if (written > 0)
        put('W', inode, lseek(fd, 0, SEEK_CUR) - written, NULL, data, (size_t)written);
    unlock();
    return written;
}

int ftruncate(int fd, off_t length)
{
    REAL(ftruncate);
    uint64_t inode = inode_of(fd);
    if (!inode)
        return real(fd, length);
    lock();
    int result = real(fd, length);
    if (result == 0)
        put('T', inode, length, NULL, NULL, 0);
    unlock();
    return result;
}

int ftruncate64(int fd, off64_t length) __attribute__((alias("ftruncate")));

static int sync_noted(int fd, int (*real)(int))
{
    uint64_t inode = inode_of(fd);
    if (!inode)
        return real(fd);
    lock();
    int result = real(fd);
    put(result == 0 ? 'S' : 'F', inode, 0, NULL, NULL, 0);
    unlock();
    return result;
}

int fsync(int fd)
{
    REAL(fsync);
    return sync_noted(fd, real);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    return sync_noted(fd, real);
}

/* --- answers ----------------------------------------------------------------------------------------------------- */

static void note_sent(const struct iovec *parts, size_t count)
{
    char start[SENT_MAX];
    size_t length = 0;
    if (out < 0)
        return;
    for (size_t i = 0; i < count && length < sizeof start; i++) {
        size_t taken = parts[i].iov_len < sizeof start - length ? parts[i].iov_len : sizeof start - length;
        memcpy(start + length, parts[i].iov_base, taken);
        length += taken;
    }
    if (length < 5 || memcmp(start, "HTTP/", 5) != 0)
        return;
    lock();
    put('N', 0, 0, NULL, start, length);
    unlock();
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    REAL(send);
    note_sent(&(struct iovec){(void *)data, size}, 1);
    return real(fd, data, size, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    REAL(sendmsg);
    note_sent(message->msg_iov, message->msg_iovlen);
    return real(fd, message, flags);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    REAL(writev);
    note_sent(parts, (size_t)count);
    return real(fd, parts, count);
}
