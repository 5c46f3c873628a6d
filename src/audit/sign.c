#include "reviewd/sign.h"

#include <sodium.h>
#include <stdio.h>

/* What the base64 lines of minisign hold. */
struct public_box {
    char algorithm[2]; /* "Ed" */
    unsigned char id[KEY_ID_BYTES];
    unsigned char key[32];
};

struct secret_box {
    char algorithm[2];     /* "Ed" */
    char derivation[2];    /* NUL NUL: no password */
    char checksum_kind[2]; /* "B2" */
    unsigned char salt[32];
    unsigned char limits[16];
    unsigned char id[KEY_ID_BYTES];
    unsigned char secret[64];
    unsigned char checksum[32]; /* minisign leaves it empty where there is no password */
};

struct signature_box {
    char algorithm[2]; /* "Ed" over the bytes, "ED" over their BLAKE2b-512 */
    unsigned char id[KEY_ID_BYTES];
    unsigned char bytes[SIGN_BYTES];
};

enum {
    HASH_BYTES = 64,
    SIGNATURE_LINE_BYTES = 101,
    GLOBAL_LINE_BYTES = 89,
    COMMENT_MAX = 8192, /* as minisign has it; so that checking takes no memory */
};

static const char untrusted[] = "untrusted comment: ";
static const char trusted[] = "trusted comment: ";

static void encode(const void *data, size_t length, char *ret_line, size_t size)
{
    sodium_bin2base64(ret_line, size, data, length, sodium_base64_VARIANT_ORIGINAL);
}

/* Whether the line is the base64 of just so many bytes. Of bytes beyond ASCII libsodium takes some for letters. */
static bool decode(const char *line, size_t length, void *ret_data, size_t size)
{
    size_t decoded;
    const char *end;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)line[i] >= 0x80)
            return false;
    }
    return sodium_base642bin(ret_data, size, line, length, NULL, &decoded, &end, sodium_base64_VARIANT_ORIGINAL) == 0 &&
           decoded == size && end == line + length;
}

/* --- keys ----------------------------------------------------------------------------------------------------------
 */

void secret_key_make(struct secret_key *ret_key)
{
    crypto_sign_keypair(ret_key->public.key, ret_key->secret);
    randombytes_buf(ret_key->public.id, sizeof ret_key->public.id);
}

void secret_key_wipe(struct secret_key *key)
{
    sodium_memzero(key, sizeof *key);
}

void key_id_text(const struct public_key *key, char ret_text[KEY_ID_TEXT_BYTES])
{
    for (size_t i = 0; i < KEY_ID_BYTES; i++) /* little-endian */
        snprintf(ret_text + 2 * i, 3, "%02X", key->id[KEY_ID_BYTES - 1 - i]);
}

void public_key_line(const struct public_key *key, char ret_line[PUBLIC_LINE_BYTES])
{
    struct public_box box = {.algorithm = {'E', 'd'}};
    memcpy(box.id, key->id, sizeof box.id);
    memcpy(box.key, key->key, sizeof box.key);
    encode(&box, sizeof box, ret_line, PUBLIC_LINE_BYTES);
}

bool public_key_parse(const char *line, size_t length, struct public_key *ret_key)
{
    struct public_box box;
    if (!decode(line, length, &box, sizeof box) || memcmp(box.algorithm, "Ed", 2) != 0)
        return false;
    memcpy(ret_key->id, box.id, sizeof box.id);
    memcpy(ret_key->key, box.key, sizeof box.key);
    return true;
}

void secret_key_line(const struct secret_key *key, char ret_line[SECRET_LINE_BYTES])
{
    struct secret_box box = {.algorithm = {'E', 'd'}, .checksum_kind = {'B', '2'}};
    memcpy(box.id, key->public.id, sizeof box.id);
    memcpy(box.secret, key->secret, sizeof box.secret);
    encode(&box, sizeof box, ret_line, SECRET_LINE_BYTES);
    sodium_memzero(&box, sizeof box);
}

bool secret_key_parse(const char *line, size_t length, struct secret_key *ret_key)
{
    struct secret_box box;
    unsigned char seed[32];
    struct secret_key key;
    bool fine = decode(line, length, &box, sizeof box) && memcmp(&box, "Ed\0\0B2", 6) == 0;
    if (fine) {
        /* A secret with the public half of another key would give itself away with the first signature. */
        crypto_sign_ed25519_sk_to_seed(seed, box.secret);
        crypto_sign_seed_keypair(key.public.key, key.secret, seed);
        memcpy(key.public.id, box.id, sizeof box.id);
        fine = sodium_memcmp(key.secret, box.secret, sizeof box.secret) == 0;
    }
    if (fine)
        *ret_key = key;
    sodium_memzero(&box, sizeof box);
    sodium_memzero(seed, sizeof seed);
    secret_key_wipe(&key);
    return fine;
}

/* --- signing -------------------------------------------------------------------------------------------------------
 */

void sign_raw(const struct secret_key *key, const void *data, size_t length, unsigned char ret_signature[SIGN_BYTES])
{
    crypto_sign_detached(ret_signature, NULL, data, length, key->secret);
}

bool sign_raw_holds(const struct public_key *key, const void *data, size_t length,
                    const unsigned char signature[SIGN_BYTES])
{
    return crypto_sign_verify_detached(signature, data, length, key->key) == 0;
}

static void hash(const void *data, size_t length, unsigned char ret_hash[HASH_BYTES])
{
    crypto_generichash(ret_hash, HASH_BYTES, data, length, NULL, 0);
}

void sign_bytes(const struct secret_key *key, const void *data, size_t length, int64_t at_s, const char *file,
                struct buffer *signature)
{
    struct signature_box box = {.algorithm = {'E', 'D'}};
    unsigned char digest[HASH_BYTES];
    unsigned char global[SIGN_BYTES];
    char id[KEY_ID_TEXT_BYTES];
    char line[SIGNATURE_LINE_BYTES];
    char global_line[GLOBAL_LINE_BYTES];
    struct buffer comment = {0};
    struct buffer message = {0};
    hash(data, length, digest);
    memcpy(box.id, key->public.id, sizeof box.id);
    sign_raw(key, digest, sizeof digest, box.bytes);
    buffer_format(&comment, "timestamp:%lld\tfile:", (long long)at_s);
    for (; *file; file++)
        buffer_char(&comment, (unsigned char)*file < ' ' || *file == 0x7f ? '_' : *file);
    buffer_put(&comment, "\thashed");
    buffer_add(&message, (const char *)box.bytes, SIGN_BYTES); /* the global signature is over both */
    buffer_add(&message, comment.data, comment.length);
    if (!buffer_failed(&comment) && !buffer_failed(&message)) {
        sign_raw(key, message.data, message.length, global);
        key_id_text(&key->public, id);
        encode(&box, sizeof box, line, sizeof line);
        encode(global, sizeof global, global_line, sizeof global_line);
        buffer_format(signature, "%ssignature by reviewd, key %s\n%s\n%s", untrusted, id, line, trusted);
        buffer_add(signature, comment.data, comment.length);
        buffer_format(signature, "\n%s\n", global_line);
    } else {
        signature->failed = true;
    }
    buffer_finish(&comment);
    buffer_finish(&message);
}

/* --- checking ------------------------------------------------------------------------------------------------------
 */

/* The next line without its end; false where the text is over. */
static bool next_line(const char **at, const char *end, const char **ret_line, size_t *ret_length)
{
    if (*at == end)
        return false;
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    *ret_line = *at;
    *ret_length = (size_t)((stop ? stop : end) - *at);
    *at = stop ? stop + 1 : end;
    return true;
}

static bool begins(const char *line, size_t length, const char *with)
{
    return length >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

bool signature_parse(const char *text, size_t length, struct signature *ret_signature)
{
    const char *at = text;
    const char *end = text + length;
    const char *lines[4];
    size_t lengths[4];
    struct signature_box box;
    for (int i = 0; i < 4; i++) {
        if (!next_line(&at, end, &lines[i], &lengths[i]))
            return false;
    }
    struct signature signature = {.comment = lines[2] + strlen(trusted)};
    if (at != end || !begins(lines[0], lengths[0], untrusted) || !decode(lines[1], lengths[1], &box, sizeof box) ||
        !begins(lines[2], lengths[2], trusted) || !decode(lines[3], lengths[3], signature.global, SIGN_BYTES))
        return false;
    signature.comment_length = lengths[2] - strlen(trusted);
    if (signature.comment_length > COMMENT_MAX)
        return false;
    signature.prehashed = memcmp(box.algorithm, "ED", 2) == 0;
    if (!signature.prehashed && memcmp(box.algorithm, "Ed", 2) != 0)
        return false;
    memcpy(signature.key_id, box.id, sizeof box.id);
    memcpy(signature.bytes, box.bytes, sizeof box.bytes);
    *ret_signature = signature;
    return true;
}

bool signature_holds(const struct signature *signature, const struct public_key *key, const void *data, size_t length)
{
    unsigned char digest[HASH_BYTES];
    unsigned char message[SIGN_BYTES + COMMENT_MAX]; /* what the global signature is over */
    if (memcmp(signature->key_id, key->id, sizeof key->id) != 0)
        return false;
    hash(data, length, digest);
    bool holds = signature->prehashed ? sign_raw_holds(key, digest, sizeof digest, signature->bytes)
                                      : sign_raw_holds(key, data, length, signature->bytes);
    memcpy(message, signature->bytes, SIGN_BYTES);
    memcpy(message + SIGN_BYTES, signature->comment, signature->comment_length);
    return holds && sign_raw_holds(key, message, SIGN_BYTES + signature->comment_length, signature->global);
}
