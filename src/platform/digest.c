/* SHA-256 by Nettle, which takes the processor's own instructions for it where there are any; XXH3 by xxHash. */
#include "reviewd/digest.h"

#include <nettle/sha2.h>
#include <nettle/version.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

void digest_sha256(const struct bytes *parts, size_t count, unsigned char ret_digest[SHA256_BYTES])
{
    struct sha256_ctx state;
    sha256_init(&state);
    for (size_t i = 0; i < count; i++)
        sha256_update(&state, parts[i].length, parts[i].data);
    sha256_digest(&state, SHA256_BYTES, ret_digest);
}

void digest_sha256_of(const void *data, size_t length, unsigned char ret_digest[SHA256_BYTES])
{
    digest_sha256(&(struct bytes){data, length}, 1, ret_digest);
}

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(struct sha256), "struct sha256 holds Nettle's state");

void digest_begin(struct sha256 *ret_hash)
{
    struct sha256_ctx state;
    sha256_init(&state);
    memcpy(ret_hash->state, &state, sizeof state);
}

void digest_add(struct sha256 *hash, const void *data, size_t length)
{
    struct sha256_ctx state;
    memcpy(&state, hash->state, sizeof state);
    sha256_update(&state, length, data);
    memcpy(hash->state, &state, sizeof state);
}

void digest_end(const struct sha256 *hash, unsigned char ret_digest[SHA256_BYTES])
{
    struct sha256_ctx state;
    memcpy(&state, hash->state, sizeof state);
    sha256_digest(&state, SHA256_BYTES, ret_digest);
}

void digest_hex(const unsigned char *digest, size_t length, char *ret_hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        *ret_hex++ = digits[digest[i] >> 4];
        *ret_hex++ = digits[digest[i] & 15];
    }
    *ret_hex = '\0';
}

void digest_fingerprint(const void *data, size_t length, char ret_hex[FINGERPRINT_HEX_BYTES])
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, length));
    digest_hex(canonical.digest, sizeof canonical.digest, ret_hex);
}

const char *digest_nettle_version(void)
{
    static char text[24];
    snprintf(text, sizeof text, "%d.%d", nettle_version_major(), nettle_version_minor());
    return text;
}

const char *digest_xxhash_version(void)
{
    static char text[24];
    unsigned version = XXH_versionNumber();
    snprintf(text, sizeof text, "%u.%u.%u", version / 10000, version / 100 % 100, version % 100);
    return text;
}
