/* The bytes of evidence files, in pieces: each content once, known by its SHA-256, and never deleted. */
#ifndef REVIEWD_CONTENT_H
#define REVIEWD_CONTENT_H

#include "reviewd/spool.h"
#include "reviewd/store.h"

/* Of every piece but the last: as much as a stream sends at once, so that each is read once. The schema knows it. */
enum { CONTENT_PIECE_BYTES = 32 * 1024 };

/* FOUND where these bytes are kept already. */
MUST_USE enum found store_content_find(struct store *store, const char *sha256);

/* How many bytes there are in all contents. */
MUST_USE bool store_content_total(struct store *store, int64_t *ret_bytes);

/* Keeps what the spool holds, unless it is kept already. In the writer's transaction, whose memory it does not fill. */
MUST_USE bool store_content_add(struct store *store, const char *sha256, const struct instant *now,
                                const struct spool *spool);

/* Reads from an offset to the end of its piece, `size` bytes at most: no lock and no memory is held afterwards. ABSENT
 * beyond the end. */
MUST_USE enum found store_content_read(struct store *store, const char *sha256, int64_t offset, char *ret_data,
                                       size_t size, size_t *ret_length);

/* Whether each content is whole and has the digest under which it is kept, and the total is their sum: else a sentence
 * about the first that is not, "" where all are. False on failure. */
MUST_USE bool store_content_verify(struct store *store, char *ret_finding, size_t size);

#endif
