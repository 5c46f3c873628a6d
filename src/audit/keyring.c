#include "reviewd/keyring.h"

#include "reviewd/clock.h"
#include "reviewd/failpoint.h"
#include "reviewd/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_FILE_MAX = 4096, PATH_MAX_BYTES = 4200, INSTANT_CHARS = 24 };

#define SECRET_FILE "reviewd.key"
#define PART_FILE "new.part"
#define PUBLIC_ENDING ".pub"

static const char comment_begin[] = "untrusted comment: ";

struct keyring {
    pthread_mutex_t mutex;
    char folder[PATH_MAX_BYTES];
    struct secret_key secret;
    struct known_keys known;
    struct stat seen; /* the secret key's file */
};

/* What a failure is told by. */
struct message {
    char *text;
    size_t size;
};

static bool complain(const struct message *message, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool complain(const struct message *message, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message->text, message->size, format, arguments);
    va_end(arguments);
    return false;
}

/* --- known keys ----------------------------------------------------------------------------------------------------
 */

void known_keys_finish(struct known_keys *keys)
{
    free(keys->items);
    *keys = (struct known_keys){0};
}

/* In its place: newest first. */
static bool known_keys_add(struct known_keys *keys, const struct known_key *key)
{
    struct known_key *items = realloc(keys->items, (keys->count + 1) * sizeof *items);
    if (!items)
        return false;
    keys->items = items;
    size_t at = keys->count++;
    for (; at > 0 && strcmp(items[at - 1].made_at.text, key->made_at.text) < 0; at--)
        items[at] = items[at - 1];
    items[at] = *key;
    return true;
}

void known_key_put(struct buffer *buffer, const struct known_key *key)
{
    char id[KEY_ID_TEXT_BYTES];
    char line[PUBLIC_LINE_BYTES];
    key_id_text(&key->key, id);
    public_key_line(&key->key, line);
    buffer_format(buffer, "%sreviewd public key %s, made %s", comment_begin, id, key->made_at.text);
    if (instant_is_set(&key->retired_at))
        buffer_format(buffer, ", retired %s", key->retired_at.text);
    buffer_format(buffer, "\n%s\n", line);
}

void known_key_render(struct buffer *buffer, const struct known_key *key)
{
    char id[KEY_ID_TEXT_BYTES];
    char line[PUBLIC_LINE_BYTES];
    bool retired = instant_is_set(&key->retired_at);
    key_id_text(&key->key, id);
    public_key_line(&key->key, line);
    buffer_format(buffer, "{\"key_id\":\"%s\",\"algorithm\":\"Ed25519\",\"public_key\":\"%s\",\"made_at\":\"%s\",", id,
                  line, key->made_at.text);
    buffer_format(buffer, retired ? "\"retired_at\":\"%s\"}" : "\"retired_at\":null}", key->retired_at.text);
}

/* A line of a key file, and the rest. */
struct lines {
    const char *at;
    const char *end;
};

static bool next_line(struct lines *lines, const char **ret_line, size_t *ret_length)
{
    if (lines->at == lines->end)
        return false;
    const char *stop = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    *ret_line = lines->at;
    *ret_length = (size_t)((stop ? stop : lines->end) - lines->at);
    lines->at = stop ? stop + 1 : lines->end;
    return true;
}

/* The instant after a word of a key file's comment; absent where there is none. */
static struct instant instant_after(const char *comment, size_t length, const char *word)
{
    struct instant instant = {0};
    char text[INSTANT_CHARS + 1] = "";
    const char *at = memmem(comment, length, word, strlen(word));
    if (at && length - (size_t)(at - comment) >= strlen(word) + INSTANT_CHARS) {
        memcpy(text, at + strlen(word), INSTANT_CHARS);
        if (!instant_parse(text, &instant))
            instant = (struct instant){0};
    }
    return instant;
}

bool known_keys_parse(const char *text, size_t length, struct known_keys *ret_keys, char *ret_message, size_t size)
{
    const struct message message = {ret_message, size};
    struct lines lines = {text, text + length};
    struct known_keys keys = {0};
    const char *comment;
    const char *line;
    size_t comment_length;
    size_t line_length;
    while (next_line(&lines, &comment, &comment_length)) {
        if (comment_length == 0)
            continue;
        struct known_key key = {.made_at = instant_after(comment, comment_length, ", made "),
                                .retired_at = instant_after(comment, comment_length, ", retired ")};
        bool fine = comment_length >= strlen(comment_begin) &&
                    memcmp(comment, comment_begin, strlen(comment_begin)) == 0 &&
                    next_line(&lines, &line, &line_length) && public_key_parse(line, line_length, &key.key);
        if (!fine || !known_keys_add(&keys, &key)) {
            known_keys_finish(&keys);
            return complain(&message, fine ? "out of memory" : "it is no public key of minisign's form");
        }
    }
    if (!keys.count)
        return complain(&message, "there is no public key in it");
    *ret_keys = keys;
    return true;
}

/* --- files ---------------------------------------------------------------------------------------------------------
 */

/* Reads a small file of the folder. False with errno; ELOOP for a link, EINVAL for what is no such file. */
static bool read_file(int folder, const char *name, char content[KEY_FILE_MAX], size_t *ret_length, struct stat *status)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool fine = fstat(fd, status) == 0;
    if (fine && (!S_ISREG(status->st_mode) || status->st_size > KEY_FILE_MAX)) {
        errno = EINVAL;
        fine = false;
    }
    ssize_t length = fine ? read(fd, content, KEY_FILE_MAX) : -1;
    int error = errno;
    close(fd);
    errno = error;
    *ret_length = length < 0 ? 0 : (size_t)length;
    return length >= 0;
}

/* Made beside its place, synced, and put there in one step. What root makes belongs to whom the data folder belongs to:
 * the daemon is not root. */
static bool write_file(int folder, const char *name, mode_t mode, const struct buffer *content,
                       const struct message *message)
{
    struct stat owner;
    unlinkat(folder, PART_FILE, 0);
    int fd = FAILPOINT("key.part") ? -1 : openat(folder, PART_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    bool fine = fd >= 0 && !buffer_failed(content) && fstat(folder, &owner) == 0 &&
                (geteuid() != 0 || fchown(fd, owner.st_uid, owner.st_gid) == 0);
    errno = fine ? ENOSPC : errno; /* of a write that is cut short, which sets none */
    fine = fine && write(fd, content->data, content->length) == (ssize_t)content->length && fsync(fd) == 0;
    if (fd >= 0 && close(fd) != 0)
        fine = false;
    fine = fine && !FAILPOINT("key.rename") && renameat(folder, PART_FILE, folder, name) == 0 &&
           !FAILPOINT("key.renamed") && fsync(folder) == 0;
    if (fine)
        return true;
    complain(message, "cannot write %s/%s: %s", KEYS_FOLDER, name, error_text(errno));
    unlinkat(folder, PART_FILE, 0);
    return false;
}

static bool write_public(int folder, const struct known_key *key, const struct message *message)
{
    char name[KEY_ID_TEXT_BYTES + sizeof PUBLIC_ENDING];
    struct buffer content = {0};
    key_id_text(&key->key, name);
    memcpy(name + KEY_ID_TEXT_BYTES - 1, PUBLIC_ENDING, sizeof PUBLIC_ENDING);
    known_key_put(&content, key);
    bool written = write_file(folder, name, 0644, &content, message);
    buffer_finish(&content);
    return written;
}

static bool write_secret(int folder, const struct secret_key *key, const struct message *message)
{
    char id[KEY_ID_TEXT_BYTES];
    char line[SECRET_LINE_BYTES];
    struct buffer content = {0};
    key_id_text(&key->public, id);
    secret_key_line(key, line);
    buffer_reserve(&content, KEY_FILE_MAX); /* so that it is never moved, and no copy stays behind */
    buffer_format(&content, "%sreviewd secret key %s, made %s\n%s\n", comment_begin, id,
                  instant_from_ms(clock_now_ms()).text, line);
    bool written = write_file(folder, SECRET_FILE, 0600, &content, message);
    explicit_bzero(line, sizeof line);
    if (content.data)
        explicit_bzero(content.data, content.length);
    buffer_finish(&content);
    return written;
}

/* One <key id>.pub: the key in it is the one that its name says. */
static bool read_public_file(int folder, const char *name, struct known_keys *keys, const struct message *message)
{
    char content[KEY_FILE_MAX];
    size_t length;
    struct stat status;
    char id[KEY_ID_TEXT_BYTES] = "";
    char why[100] = "";
    struct known_keys one = {0};
    if (!read_file(folder, name, content, &length, &status))
        return complain(message, "cannot read %s/%s: %s", KEYS_FOLDER, name, error_text(errno));
    bool fine = known_keys_parse(content, length, &one, why, sizeof why) && one.count == 1;
    if (fine)
        key_id_text(&one.items[0].key, id);
    fine = fine && instant_is_set(&one.items[0].made_at) && strncmp(name, id, strlen(id)) == 0;
    if (!fine)
        complain(message, "%s/%s is damaged: put it back from a backup of the keys", KEYS_FOLDER, name);
    else if (!known_keys_add(keys, &one.items[0]))
        fine = complain(message, "out of memory");
    known_keys_finish(&one);
    return fine;
}

static bool is_public_name(const char *name)
{
    return strlen(name) == KEY_ID_TEXT_BYTES - 1 + strlen(PUBLIC_ENDING) &&
           strspn(name, "0123456789ABCDEF") == KEY_ID_TEXT_BYTES - 1 &&
           strcmp(name + KEY_ID_TEXT_BYTES - 1, PUBLIC_ENDING) == 0;
}

static bool read_public_files(int folder, struct known_keys *ret_keys, const struct message *message)
{
    struct known_keys keys = {0};
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    if (!listing) {
        if (fd >= 0)
            close(fd);
        return complain(message, "cannot list %s: %s", KEYS_FOLDER, error_text(errno));
    }
    bool fine = true;
    for (const struct dirent *entry; fine && (entry = readdir(listing));)
        fine = !is_public_name(entry->d_name) || read_public_file(folder, entry->d_name, &keys, message);
    closedir(listing);
    if (!fine)
        known_keys_finish(&keys);
    *ret_keys = keys;
    return fine;
}

/* Reads the present secret key; *ret_absent where there is none. */
static bool read_secret(int folder, struct secret_key *ret_key, struct instant *ret_made_at, struct stat *ret_status,
                        bool *ret_absent, const struct message *message)
{
    char content[KEY_FILE_MAX];
    size_t length;
    const char *comment = NULL;
    const char *line = NULL;
    size_t comment_length = 0;
    size_t line_length = 0;
    *ret_absent = false;
    if (FAILPOINT("key.read") || !read_file(folder, SECRET_FILE, content, &length, ret_status)) {
        *ret_absent = errno == ENOENT;
        return complain(message, "cannot read %s/%s: %s", KEYS_FOLDER, SECRET_FILE, error_text(errno));
    }
    struct lines lines = {content, content + length};
    bool fine = next_line(&lines, &comment, &comment_length) && next_line(&lines, &line, &line_length) &&
                secret_key_parse(line, line_length, ret_key);
    if (fine)
        *ret_made_at = instant_after(comment, comment_length, ", made ");
    fine = fine && instant_is_set(ret_made_at);
    explicit_bzero(content, sizeof content);
    if (!fine)
        return complain(message,
                        "%s/%s is damaged, or has a password: put it back from a backup of the keys, or move it away "
                        "and make a new one with 'reviewd key rotate'",
                        KEYS_FOLDER, SECRET_FILE);
    if (ret_status->st_mode & 077) {
        secret_key_wipe(ret_key);
        return complain(message, "%s/%s is open to others (mode %04o): if nobody has read it, chmod 600 it",
                        KEYS_FOLDER, SECRET_FILE, ret_status->st_mode & 07777);
    }
    return true;
}

/* --- the folder ----------------------------------------------------------------------------------------------------
 */

/* Opens keys/ and takes its lock, which closing lets go. -1 where it is not there (*ret_absent) or not fit. */
static int open_folder(const char *data_folder, bool make, int lock, bool *ret_absent, const struct message *message)
{
    char path[PATH_MAX_BYTES];
    struct stat status;
    struct stat owner;
    snprintf(path, sizeof path, "%s/%s", data_folder, KEYS_FOLDER);
    bool made = make && mkdir(path, 0700) == 0;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    *ret_absent = fd < 0 && errno == ENOENT;
    bool fine = fd >= 0 && stat(data_folder, &owner) == 0 &&
                (!made || geteuid() != 0 || fchown(fd, owner.st_uid, owner.st_gid) == 0) && fstat(fd, &status) == 0 &&
                flock(fd, lock) == 0;
    if (!fine)
        complain(message, "cannot open %s: %s", path, error_text(errno));
    if (fine && lock == LOCK_EX && status.st_mode & 077)
        fine = complain(message, "%s is open to others (mode %04o): chmod 700 it", path, status.st_mode & 07777);
    if (fine)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

bool keyring_read_public(const char *data_folder, struct known_keys *ret_keys, char *ret_message, size_t size)
{
    const struct message message = {ret_message, size};
    bool absent;
    *ret_keys = (struct known_keys){0};
    int folder = open_folder(data_folder, false, LOCK_SH, &absent, &message);
    if (folder < 0)
        return absent;
    bool fine = read_public_files(folder, ret_keys, &message);
    close(folder);
    return fine;
}

/* Makes the public files say what the secret one does: it alone says which key is the present one, so that a rotation
 * that was broken off is finished here. */
static bool settle(int folder, const struct secret_key *secret, const struct instant *made_at, struct known_keys *keys,
                   const struct message *message)
{
    bool found = false;
    for (size_t i = 0; i < keys->count; i++) {
        struct known_key *key = &keys->items[i];
        bool present = memcmp(&key->key, &secret->public, sizeof key->key) == 0;
        if (!present && memcmp(key->key.id, secret->public.id, sizeof key->key.id) == 0)
            return complain(message, "%s/%s and the public key of its id do not belong together", KEYS_FOLDER,
                            SECRET_FILE);
        found = found || present;
        if (present == !instant_is_set(&key->retired_at))
            continue;
        const struct instant never = {0};
        key->retired_at = present ? never : instant_from_ms(clock_now_ms());
        if (!write_public(folder, key, message))
            return false;
    }
    const struct known_key fresh = {.key = secret->public, .made_at = *made_at};
    if (found)
        return true;
    if (!write_public(folder, &fresh, message))
        return false;
    if (known_keys_add(keys, &fresh))
        return true;
    return complain(message, "out of memory");
}

/* Reads all of the folder into the ring, whose keys stay as they were on failure. */
static bool load(struct keyring *ring, int folder, bool *ret_absent, const struct message *message)
{
    struct secret_key secret;
    struct instant made_at;
    struct stat status;
    struct known_keys keys = {0};
    bool fine = read_secret(folder, &secret, &made_at, &status, ret_absent, message);
    if (!fine)
        return false;
    fine = read_public_files(folder, &keys, message) && settle(folder, &secret, &made_at, &keys, message);
    if (fine) {
        known_keys_finish(&ring->known);
        ring->known = keys;
        ring->secret = secret;
        ring->seen = status;
    } else {
        known_keys_finish(&keys);
    }
    secret_key_wipe(&secret);
    return fine;
}

/* Puts a new secret key into the folder; `load` does the rest. That may just have been made, and what is signed with
 * the key would be of no use without it. */
static bool put_new_key(int folder, const struct message *message)
{
    struct secret_key key;
    int above = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = above >= 0 && fsync(above) == 0;
    if (!synced)
        complain(message, "cannot sync the folder that %s is in: %s", KEYS_FOLDER, error_text(errno));
    if (above >= 0)
        close(above);
    if (!synced)
        return false;
    secret_key_make(&key);
    bool written = write_secret(folder, &key, message);
    secret_key_wipe(&key);
    return written;
}

static bool open_ring(struct keyring *ring, const char *data_folder, bool *ret_made, const struct message *message)
{
    struct known_keys former = {0};
    bool absent;
    int folder = open_folder(data_folder, true, LOCK_EX, &absent, message);
    if (folder < 0)
        return false;
    bool fine = load(ring, folder, &absent, message);
    if (!fine && absent && read_public_files(folder, &former, message)) {
        if (former.count)
            complain(message,
                     "%s/%s is missing: put it back from a backup of the keys, or make a new one with 'reviewd key "
                     "rotate'",
                     KEYS_FOLDER, SECRET_FILE);
        else
            fine = *ret_made = put_new_key(folder, message) && load(ring, folder, &absent, message);
        known_keys_finish(&former);
    }
    close(folder);
    return fine;
}

struct keyring *keyring_open(const char *data_folder, bool *ret_made, char *ret_message, size_t size)
{
    const struct message message = {ret_message, size};
    struct keyring *ring = calloc(1, sizeof *ring);
    *ret_made = false;
    if (!ring) {
        complain(&message, "out of memory");
        return NULL;
    }
    snprintf(ring->folder, sizeof ring->folder, "%s", data_folder);
    pthread_mutex_init(&ring->mutex, NULL);
    if (open_ring(ring, data_folder, ret_made, &message))
        return ring;
    keyring_close(ring);
    return NULL;
}

void keyring_close(struct keyring *ring)
{
    if (!ring)
        return;
    pthread_mutex_destroy(&ring->mutex);
    known_keys_finish(&ring->known);
    secret_key_wipe(&ring->secret);
    free(ring);
}

bool keyring_rotate(const char *data_folder, char *ret_message, size_t size)
{
    const struct message message = {ret_message, size};
    struct keyring ring = {0};
    bool absent;
    int folder = open_folder(data_folder, true, LOCK_EX, &absent, &message);
    if (folder < 0)
        return false;
    bool fine = load(&ring, folder, &absent, &message) || absent;
    fine = fine && put_new_key(folder, &message) && load(&ring, folder, &absent, &message);
    known_keys_finish(&ring.known);
    secret_key_wipe(&ring.secret);
    close(folder);
    return fine;
}

/* --- the ring ------------------------------------------------------------------------------------------------------
 */

static bool is_seen(const struct keyring *ring)
{
    char path[PATH_MAX_BYTES + 32];
    struct stat now;
    snprintf(path, sizeof path, "%s/%s/%s", ring->folder, KEYS_FOLDER, SECRET_FILE);
    return stat(path, &now) == 0 && now.st_ino == ring->seen.st_ino && now.st_size == ring->seen.st_size &&
           now.st_mode == ring->seen.st_mode && now.st_mtim.tv_sec == ring->seen.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == ring->seen.st_mtim.tv_nsec;
}

static bool refresh(struct keyring *ring, const struct message *message)
{
    bool absent;
    if (is_seen(ring))
        return true;
    int folder = open_folder(ring->folder, false, LOCK_EX, &absent, message);
    if (folder < 0)
        return false;
    bool fine = load(ring, folder, &absent, message);
    close(folder);
    return fine;
}

bool keyring_refresh(struct keyring *ring, char *ret_message, size_t size)
{
    const struct message message = {ret_message, size};
    pthread_mutex_lock(&ring->mutex);
    bool fine = refresh(ring, &message);
    pthread_mutex_unlock(&ring->mutex);
    return fine;
}

void keyring_present(struct keyring *ring, struct secret_key *ret_key)
{
    char ignored[1];
    const struct message message = {ignored, sizeof ignored};
    pthread_mutex_lock(&ring->mutex);
    (void)!refresh(ring, &message);
    *ret_key = ring->secret;
    pthread_mutex_unlock(&ring->mutex);
}

bool keyring_known(struct keyring *ring, struct known_keys *ret_keys)
{
    char ignored[1];
    const struct message message = {ignored, sizeof ignored};
    pthread_mutex_lock(&ring->mutex);
    (void)!refresh(ring, &message);
    size_t bytes = ring->known.count * sizeof *ring->known.items;
    struct known_keys keys = {malloc(bytes), ring->known.count};
    if (keys.items)
        memcpy(keys.items, ring->known.items, bytes);
    pthread_mutex_unlock(&ring->mutex);
    if (keys.items)
        *ret_keys = keys;
    return keys.items != NULL;
}
