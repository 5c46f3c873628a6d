/* Signatures in minisign's format (Ed25519, RFC 8032; BLAKE2b, RFC 7693), so that an outsider checks with `minisign -V`
 * what we signed, and needs nothing of ours. */
#ifndef REVIEWD_SIGN_H
#define REVIEWD_SIGN_H

#include "reviewd/buffer.h"

enum {
    KEY_ID_BYTES = 8,
    KEY_ID_TEXT_BYTES = 17,
    SIGN_BYTES = 64,
    PUBLIC_LINE_BYTES = 57,
    SECRET_LINE_BYTES = 213,
};

struct public_key {
    unsigned char id[KEY_ID_BYTES];
    unsigned char key[32];
};

/* Whoever has one wipes it with secret_key_wipe() when done. */
struct secret_key {
    struct public_key public;
    unsigned char secret[64];
};

void secret_key_make(struct secret_key *ret_key);
void secret_key_wipe(struct secret_key *key);

/* The id as minisign shows it: sixteen hexadecimal digits in upper case. */
void key_id_text(const struct public_key *key, char ret_text[KEY_ID_TEXT_BYTES]);

/* The lines that minisign keeps in its key files, without their comments: of the public half, and of a secret one that
 * no password protects. Parsing says false of anything else, and of a secret half whose public half is not its own. */
void public_key_line(const struct public_key *key, char ret_line[PUBLIC_LINE_BYTES]);
bool public_key_parse(const char *line, size_t length, struct public_key *ret_key);
void secret_key_line(const struct secret_key *key, char ret_line[SECRET_LINE_BYTES]);
bool secret_key_parse(const char *line, size_t length, struct secret_key *ret_key);

/* Ed25519 over the bytes as they are. */
void sign_raw(const struct secret_key *key, const void *data, size_t length, unsigned char ret_signature[SIGN_BYTES]);
bool sign_raw_holds(const struct public_key *key, const void *data, size_t length,
                    const unsigned char signature[SIGN_BYTES]);

/* Writes the four lines of a .minisig file for the bytes: over their BLAKE2b-512, with the time (seconds since
 * 1970-01-01) and the name of the file, without control characters, in the comment that is signed too. */
void sign_bytes(const struct secret_key *key, const void *data, size_t length, int64_t at_s, const char *file,
                struct buffer *signature);

/* A .minisig file, taken apart. */
struct signature {
    bool prehashed;
    unsigned char key_id[KEY_ID_BYTES];
    unsigned char bytes[SIGN_BYTES];
    unsigned char global[SIGN_BYTES]; /* over `bytes` and the comment */
    const char *comment;              /* within the text that was parsed */
    size_t comment_length;
};

bool signature_parse(const char *text, size_t length, struct signature *ret_signature);

/* Whether the key of this id signed just these bytes, and the comment. */
bool signature_holds(const struct signature *signature, const struct public_key *key, const void *data, size_t length);

#endif
