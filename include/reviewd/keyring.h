/* The keys that sign, kept as files of minisign's own format in the folder `keys` of the data folder, outside the
 * database: whoever can write to the one cannot sign for the other.
 *
 *   keys/                mode 0700
 *   keys/reviewd.key     the present secret key, mode 0600, with no password: `minisign -S -s` takes it
 *   keys/<key id>.pub    each public key, present and former: `minisign -V -p` takes it
 *
 * A comment in each file says when the key was made, and in a former one when it was retired. Messages on failure are
 * one line without an end. */
#ifndef REVIEWD_KEYRING_H
#define REVIEWD_KEYRING_H

#include "reviewd/sign.h"
#include "reviewd/value.h"

#define KEYS_FOLDER "keys"

struct known_key {
    struct public_key key;
    struct instant made_at;
    struct instant retired_at; /* absent: it is the one that signs */
};

/* Newest first; the items are the holder's. */
struct known_keys {
    struct known_key *items;
    size_t count;
};
void known_keys_finish(struct known_keys *keys);

/* The public keys of a data folder, for checking: none where it has no keys. */
bool keyring_read_public(const char *data_folder, struct known_keys *ret_keys, char *ret_message, size_t size);

/* The public keys in a file: one or several, each with its comment before it, as `reviewd key show` prints them. */
bool known_keys_parse(const char *text, size_t length, struct known_keys *ret_keys, char *ret_message, size_t size);

/* A key as a public key file, two lines; and as a JSON object. */
void known_key_put(struct buffer *buffer, const struct known_key *key);
void known_key_render(struct buffer *buffer, const struct known_key *key);

/* --- signing: any thread */

struct keyring;

/* Opens the keys of a data folder, and makes the first one where it has none (*ret_made). NULL where a file is damaged,
 * missing or open to others, or cannot be written. */
struct keyring *keyring_open(const char *data_folder, bool *ret_made, char *ret_message, size_t size);
void keyring_close(struct keyring *ring); /* takes NULL */

/* Puts a new key in the place of the present one, which stays among the public keys, also where its secret half is
 * lost. A daemon beside notices. */
bool keyring_rotate(const char *data_folder, char *ret_message, size_t size);

/* Reads the files anew where the secret key has changed since; false where they cannot be read any more: then the keys
 * stay as they were. What follows does so by itself. */
bool keyring_refresh(struct keyring *ring, char *ret_message, size_t size);

/* The key that signs; to be wiped. */
void keyring_present(struct keyring *ring, struct secret_key *ret_key);

/* A copy of all public keys. False when memory is out. */
bool keyring_known(struct keyring *ring, struct known_keys *ret_keys);

#endif
