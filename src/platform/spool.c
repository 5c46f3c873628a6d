#include "reviewd/spool.h"
#include "reviewd/failpoint.h"

#include "reviewd/value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void spool_init(struct spool *ret_spool)
{
    *ret_spool = (struct spool){.fd = -1, .is_text = true};
    digest_begin(&ret_spool->hash);
}

bool spool_open(struct spool *spool, const char *folder)
{
    if (FAILPOINT("spool.open"))
        return false;
    spool->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (spool->fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return spool->fd >= 0;
    char path[4200]; /* not every file system has files without a name */
    snprintf(path, sizeof path, "%s/spool-XXXXXX", folder);
    spool->fd = mkostemp(path, O_CLOEXEC);
    if (spool->fd >= 0)
        unlink(path);
    return spool->fd >= 0;
}

/* The length of the bytes at the end that begin a character and do not end it: 0 to 3. */
static size_t unfinished(const unsigned char *data, size_t length)
{
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        unsigned char c = data[length - back];
        if ((c & 0xC0) == 0x80)
            continue;
        size_t whole = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
        return whole > back ? back : 0;
    }
    return 0;
}

static void look_for_text(struct spool *spool, const unsigned char *data, size_t length)
{
    while (spool->is_text && spool->carried && length) { /* the character that the last piece left open */
        spool->carry[spool->carried++] = *data++;
        length--;
        if (unfinished(spool->carry, spool->carried) == spool->carried && spool->carried < sizeof spool->carry)
            continue;
        spool->is_text = text_is_utf8((const char *)spool->carry, spool->carried);
        spool->carried = 0;
    }
    if (!spool->is_text || !length)
        return;
    size_t open = unfinished(data, length);
    spool->is_text = text_is_utf8((const char *)data, length - open);
    memcpy(spool->carry, data + length - open, open);
    spool->carried = open;
}

bool spool_add(struct spool *spool, const void *data, size_t length)
{
    const char *at = data;
    if (FAILPOINT("spool.write"))
        return false;
    for (size_t left = length; left;) {
        ssize_t written = write(spool->fd, at, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        left -= (size_t)written;
    }
    digest_add(&spool->hash, data, length);
    look_for_text(spool, data, length);
    spool->length += (int64_t)length;
    return true;
}

bool spool_is_text(const struct spool *spool)
{
    return spool->is_text && !spool->carried;
}

void spool_digest(const struct spool *spool, unsigned char ret_digest[SHA256_BYTES])
{
    digest_end(&spool->hash, ret_digest);
}

ssize_t spool_read(const struct spool *spool, int64_t offset, void *ret_data, size_t size)
{
    size_t done = 0;
    if (FAILPOINT("spool.read"))
        return -1;
    while (done < size) {
        ssize_t count = pread(spool->fd, (char *)ret_data + done, size - done, offset + (off_t)done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        done += (size_t)count;
    }
    return (ssize_t)done;
}

void spool_finish(struct spool *spool)
{
    if (spool->fd >= 0)
        close(spool->fd);
    spool->fd = -1;
}
