#include "reviewd/progress.h"
#include "reviewd/failpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct progress {
    int fd;
    char path[4300];
};

static void make_path(char *path, size_t size, const char *folder, const char *id)
{
    snprintf(path, size, "%s/import-%.100s.progress", folder, id);
}

struct progress *progress_begin(const char *folder, const char *id)
{
    struct progress *progress = calloc(1, sizeof *progress);
    if (!progress)
        return NULL;
    make_path(progress->path, sizeof progress->path, folder, id);
    progress->fd = FAILPOINT("import.begin") ? -1 : open(progress->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (progress->fd >= 0 && flock(progress->fd, LOCK_EX | LOCK_NB) == 0) {
        progress_tell(progress, &(struct progress_figures){0});
        return progress;
    }
    int error = errno;
    if (progress->fd >= 0) {
        unlink(progress->path);
        close(progress->fd);
    }
    free(progress);
    errno = error;
    return NULL;
}

/* Of one length always, so that one write puts it all in the place of what was there. */
void progress_tell(const struct progress *progress, const struct progress_figures *figures)
{
    char text[100];
    int length = snprintf(text, sizeof text, "%20lld %20lld %20lld %20lld\n", (long long)figures->lines,
                          (long long)figures->created, (long long)figures->unchanged, (long long)figures->refused);
    /* Where it cannot be told, the work goes on all the same. */
    if (pwrite(progress->fd, text, (size_t)length, 0) < 0)
        return;
}

void progress_end(struct progress *progress)
{
    if (!progress)
        return;
    unlink(progress->path);
    close(progress->fd);
    free(progress);
}

bool progress_look(const char *folder, const char *id, struct progress_figures *ret_figures)
{
    char path[4300];
    char text[100];
    make_path(path, sizeof path, folder, id);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool alive = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ssize_t length = alive ? pread(fd, text, sizeof text - 1, 0) : 0;
    close(fd);
    if (!alive)
        return false;
    text[length > 0 ? length : 0] = '\0';
    long long lines = 0, created = 0, unchanged = 0, refused = 0;
    if (sscanf(text, "%lld %lld %lld %lld", &lines, &created, &unchanged, &refused) != 4)
        lines = created = unchanged = refused = 0; /* it has only begun */
    *ret_figures = (struct progress_figures){lines, created, unchanged, refused};
    return true;
}

void progress_forget(const char *folder, const char *id)
{
    char path[4300];
    make_path(path, sizeof path, folder, id);
    unlink(path);
}
