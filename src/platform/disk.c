#include "reviewd/disk.h"
#include "reviewd/failpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool disk_sync(const char *path)
{
    if (FAILPOINT("disk.sync"))
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool fine = fd >= 0 && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return fine;
}

bool disk_sync_above(const char *folder)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/..", folder);
    return disk_sync(path) || errno == EACCES;
}

bool disk_sync_around(const char *path)
{
    char folder[4200];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    return disk_sync(folder);
}
