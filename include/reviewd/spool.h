/* Where the bytes of a file lie while they come in: an unlinked file of the data folder, which goes with its descriptor
 * whatever becomes of the request or of the process. A spool belongs to one thread at a time. */
#ifndef REVIEWD_SPOOL_H
#define REVIEWD_SPOOL_H

#include "reviewd/digest.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct spool {
    int fd; /* -1: not open */
    int64_t length;
    struct sha256 hash;
    bool is_text; /* UTF-8 without NUL, as far as whole characters go */
    unsigned char carry[4];
    size_t carried; /* bytes of a character that is not whole yet */
};

/* Without a file yet. */
void spool_init(struct spool *ret_spool);

/* False with errno on failure. */
__attribute__((warn_unused_result)) bool spool_open(struct spool *spool, const char *folder);
__attribute__((warn_unused_result)) bool spool_add(struct spool *spool, const void *data, size_t length);

/* Whether all of it is UTF-8 without NUL. */
bool spool_is_text(const struct spool *spool);

void spool_digest(const struct spool *spool, unsigned char ret_digest[SHA256_BYTES]);

/* Reads `size` bytes from an offset; fewer only at the end. -1 with errno on failure. */
ssize_t spool_read(const struct spool *spool, int64_t offset, void *ret_data, size_t size);

/* Gives the file back to the disk. Twice does no harm. */
void spool_finish(struct spool *spool);

#endif
