/* Digests of bytes: SHA-256 for evidence and secrets, a fast fingerprint for telling representations apart. */
#ifndef REVIEWD_DIGEST_H
#define REVIEWD_DIGEST_H

#include <stddef.h>

enum { SHA256_BYTES = 32, SHA256_HEX_BYTES = 65, FINGERPRINT_HEX_BYTES = 33 };

/* A part of what is digested. */
struct bytes {
    const void *data;
    size_t length;
};

/* SHA-256 (FIPS 180-4) of the parts, one after the other. */
void digest_sha256(const struct bytes *parts, size_t count, unsigned char ret_digest[SHA256_BYTES]);

/* The same of one part. */
void digest_sha256_of(const void *data, size_t length, unsigned char ret_digest[SHA256_BYTES]);

/* The same of bytes that come piece by piece. The state is Nettle's, whose header stays in digest.c. */
struct sha256 {
    _Alignas(8) unsigned char state[128];
};
void digest_begin(struct sha256 *ret_hash);
void digest_add(struct sha256 *hash, const void *data, size_t length);

/* Of all so far; more may be added afterwards. */
void digest_end(const struct sha256 *hash, unsigned char ret_digest[SHA256_BYTES]);

/* In lower-case hexadecimal digits, ended by NUL. */
void digest_hex(const unsigned char *digest, size_t length, char *ret_hex);

/* 128 bits that differ where the bytes differ, as lower-case hexadecimal digits: no proof against someone who looks for
 * two alike. The same on every machine and in every run. */
void digest_fingerprint(const void *data, size_t length, char ret_hex[FINGERPRINT_HEX_BYTES]);

/* The libraries' versions, in static buffers. */
const char *digest_nettle_version(void);
const char *digest_xxhash_version(void);

#endif
