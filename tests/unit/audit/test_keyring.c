/* src/audit/keyring.c: the files of keys. */
#include "../world.h"

#include "reviewd/checkpoint.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static void begin(void)
{
    snprintf(folder, sizeof folder, "/tmp/reviewd-keys-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void end(void)
{
    char path[600];
    snprintf(path, sizeof path, "%s/keys", folder);
    DIR *keys = opendir(path);
    for (const struct dirent *entry; keys && (entry = readdir(keys));) {
        snprintf(path, sizeof path, "%s/keys/%s", folder, entry->d_name);
        unlink(path); /* "." and ".." stay */
    }
    if (keys)
        closedir(keys);
    snprintf(path, sizeof path, "%s/keys", folder);
    rmdir(path);
    rmdir(folder);
}

START_TEST(the_ring_notices_a_rotation)
{
    char message[400] = "";
    bool made;
    struct secret_key first, second;
    struct known_keys keys;
    struct keyring *ring = keyring_open(folder, &made, message, sizeof message);
    ck_assert_msg(ring && made, "%s", message);
    keyring_present(ring, &first);
    ck_assert_msg(keyring_rotate(folder, message, sizeof message), "%s", message);
    keyring_present(ring, &second);
    ck_assert_mem_ne(&first, &second, sizeof first);
    ck_assert(keyring_known(ring, &keys));
    ck_assert_uint_eq(keys.count, 2);
    size_t present = memcmp(&keys.items[0].key, &second.public, sizeof second.public) == 0 ? 0 : 1;
    ck_assert(!instant_is_set(&keys.items[present].retired_at));
    ck_assert(instant_is_set(&keys.items[1 - present].retired_at));
    ck_assert_mem_eq(&keys.items[1 - present].key, &first.public, sizeof first.public);
    known_keys_finish(&keys);
    keyring_close(ring);
    ring = keyring_open(folder, &made, message, sizeof message);
    ck_assert(ring && !made);
    keyring_close(ring);
}
END_TEST

/* The secret key alone says which one signs: what a crash left undone after it was written is done at the next start.
 */
START_TEST(a_rotation_that_was_broken_off_is_finished)
{
    char message[400] = "", path[200];
    bool made;
    struct known_keys keys;
    struct keyring *ring = keyring_open(folder, &made, message, sizeof message);
    ck_assert_ptr_nonnull(ring);
    ck_assert(keyring_rotate(folder, message, sizeof message));
    ck_assert(keyring_known(ring, &keys));
    for (size_t i = 0; i < keys.count; i++) { /* as if only the secret one had been written */
        char id[KEY_ID_TEXT_BYTES];
        struct known_key *key = &keys.items[i];
        key_id_text(&key->key, id);
        snprintf(path, sizeof path, "%s/keys/%s.pub", folder, id);
        bool present = !instant_is_set(&key->retired_at);
        ck_assert_int_eq(unlink(path), 0);
        if (present)
            continue;
        struct buffer text = {0};
        key->retired_at = (struct instant){0};
        known_key_put(&text, key);
        FILE *file = fopen(path, "w");
        ck_assert(file && fwrite(text.data, 1, text.length, file) == text.length);
        fclose(file);
        buffer_finish(&text);
    }
    known_keys_finish(&keys);
    keyring_close(ring);
    ring = keyring_open(folder, &made, message, sizeof message);
    ck_assert_msg(ring && !made, "%s", message);
    keyring_close(ring);
    ck_assert(keyring_read_public(folder, &keys, message, sizeof message));
    ck_assert_uint_eq(keys.count, 2);
    ck_assert_int_eq(instant_is_set(&keys.items[0].retired_at) + instant_is_set(&keys.items[1].retired_at), 1);
    known_keys_finish(&keys);
}
END_TEST

/* Whatever the order in which they lie there. */
START_TEST(keys_are_newest_first)
{
    static const char *const made[] = {"2026-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z",
                                       "2026-06-01T00:00:00.000Z"};
    char message[200] = "";
    struct buffer text = {0};
    struct known_keys keys;
    for (int i = 0; i < ROWS(made); i++) {
        struct known_key key = {.key = {.id = {(unsigned char)i}}, .retired_at = {"2028-01-01T00:00:00.000Z"}};
        snprintf(key.made_at.text, sizeof key.made_at.text, "%s", made[i]);
        known_key_put(&text, &key);
    }
    ck_assert_msg(known_keys_parse(text.data, text.length, &keys, message, sizeof message), "%s", message);
    ck_assert_uint_eq(keys.count, 3);
    ck_assert_str_eq(keys.items[0].made_at.text, made[1]);
    ck_assert_str_eq(keys.items[1].made_at.text, made[2]);
    ck_assert_str_eq(keys.items[2].made_at.text, made[0]);
    for (int i = 0; i < 2; i++) {
        text.length = 0;
        keys.items[0].retired_at = i ? keys.items[0].made_at : (struct instant){0};
        known_key_render(&text, &keys.items[0]);
        buffer_char(&text, '\0');
        const char *end = i ? ",\"retired_at\":\"2027-01-01T00:00:00.000Z\"}" : ",\"retired_at\":null}";
        ck_assert_ptr_nonnull(strstr(text.data, end));
    }
    known_keys_finish(&keys);
    buffer_finish(&text);
}
END_TEST

START_TEST(a_folder_without_keys_has_none)
{
    char message[400] = "";
    struct known_keys keys;
    ck_assert(keyring_read_public(folder, &keys, message, sizeof message));
    ck_assert_uint_eq(keys.count, 0);
}
END_TEST

/* What root makes belongs to whom the data folder belongs to; who is not root makes what is theirs. */
START_TEST(keys_belong_to_the_owner_of_the_folder)
{
    enum { NOBODY = 65534 };
    char message[400] = "", path[600];
    bool made;
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chown(folder, NOBODY, NOBODY), 0);
    ck_assert_int_eq(seteuid(_i ? NOBODY : 0), 0);
    struct keyring *ring = keyring_open(folder, &made, message, sizeof message);
    bool rotated = keyring_rotate(folder, message, sizeof message);
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_msg(ring && made && rotated, "%s", message);
    keyring_close(ring);
    snprintf(path, sizeof path, "%s/keys", folder);
    DIR *keys = opendir(path);
    ck_assert_ptr_nonnull(keys);
    for (const struct dirent *entry; (entry = readdir(keys));) {
        struct stat status;
        if (strcmp(entry->d_name, "..") == 0)
            continue;
        ck_assert_int_eq(fstatat(dirfd(keys), entry->d_name, &status, 0), 0);
        ck_assert_msg(status.st_uid == NOBODY, "%s belongs to %u", entry->d_name, status.st_uid);
    }
    closedir(keys);
}
END_TEST

/* --- what else may lie there ---------------------------------------------------------------------------------------
 */

static void put_file(const char *name, mode_t mode, const char *content)
{
    char path[200];
    snprintf(path, sizeof path, "%s/keys/%s", folder, name);
    unlink(path);
    FILE *file = fopen(path, "wb");
    ck_assert(file && fputs(content, file) >= 0 && fclose(file) == 0 && chmod(path, mode) == 0);
}

/* Made by a first opening: the name of the public half, and what the two files say. */
static struct {
    char name[KEY_ID_TEXT_BYTES + 4];
    char public[600];
    char secret[600];
} own;

static void read_own(const char *name, char ret_content[600])
{
    char path[200];
    snprintf(path, sizeof path, "%s/keys/%s", folder, name);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t length = fread(ret_content, 1, 599, file);
    ret_content[length] = '\0';
    fclose(file);
}

static void make_own(void)
{
    char message[400];
    bool made;
    struct known_keys keys;
    struct keyring *ring = keyring_open(folder, &made, message, sizeof message);
    ck_assert_msg(ring && made, "%s", message);
    ck_assert(keyring_known(ring, &keys));
    key_id_text(&keys.items[0].key, own.name);
    memcpy(own.name + KEY_ID_TEXT_BYTES - 1, ".pub", 5);
    known_keys_finish(&keys);
    keyring_close(ring);
    read_own(own.name, own.public);
    read_own("reviewd.key", own.secret);
}

/* A file of keys: C is the comment of one, L its line. */
static const struct {
    const char *text;
    size_t count; /* 0: refused */
} files[] = {
    {"C\nL\n", 1},
    {"C\nL", 1},
    {"\n\nC\nL\n\n", 1},
    {"C\nL\nC\nL\n", 2},
    {"", 0},
    {"\n", 0},
    {"C\n", 0},
    {"C", 0},
    {"L\n", 0},
    {"C\nC\nL\n", 0},
    {"x\n", 0},
    {"comment\nL\n", 0},
    {"C\nL\nC\n", 0},
    {"untrusted comment: made by hand\nL\n", 1},
    {"untrusted comment: x, made 2026\nL\n", 1},
    {"untrusted comment: x, made 2026-13-21T18:46:00.123Z\nL\n", 1},
};

START_TEST(a_file_of_keys_has_its_form)
{
    struct buffer text = {0};
    struct known_keys keys;
    char message[200] = "";
    make_own();
    size_t comment = strcspn(own.public, "\n");
    for (const char *at = files[_i].text; *at; at++) {
        if (*at == 'C')
            buffer_add(&text, own.public, comment);
        else if (*at == 'L')
            buffer_add(&text, own.public + comment + 1, strlen(own.public + comment + 1) - 1);
        else
            buffer_char(&text, *at);
    }
    bool fine = known_keys_parse(text.length ? text.data : "", text.length, &keys, message, sizeof message);
    ck_assert_msg(fine == (files[_i].count > 0), "row %d: %s", _i, message);
    if (fine) {
        ck_assert_uint_eq(keys.count, files[_i].count);
        known_keys_finish(&keys);
    }
    buffer_finish(&text);
}
END_TEST

static const struct {
    const char *name; /* NULL: the key's own */
    mode_t mode;
    const char *content; /* "L", "C" …: the rest of a secret that lacks one of them */
    const char *said;    /* NULL: it opens all the same */
} damages[] = {
    {"reviewd.key", 0600, "", "damaged"},
    {"reviewd.key", 0600, "untrusted comment: x\n", "damaged"},
    {"reviewd.key", 0600, "untrusted comment: x, made 2026-11-21T18:46:00.123Z\nx\n", "damaged"},
    {"reviewd.key", 0600, "S", "damaged"}, /* without the day of its making */
    {"reviewd.key", 0644, "s", "open to others"},
    {"reviewd.key", 0600, "s", NULL},
    {NULL, 0644, "", "damaged"},
    {NULL, 0644, "x\ny\n", "damaged"},
    {NULL, 0644, "PP", "damaged"}, /* two of them */
    {NULL, 0644, "p", "damaged"},  /* without the day of its making */
    {NULL, 0644, "P", NULL},
    {"0123456789ABCDEF.pub", 0644, "P", "damaged"}, /* under another name */
    {"0123456789abcdef.pub", 0644, "x", NULL},      /* no name of ours */
    {"0123456789ABCDEF.txt", 0644, "x", NULL},
    {"README", 0644, "x", NULL},
};

START_TEST(a_damaged_folder_is_not_taken)
{
    struct buffer text = {0};
    char message[400] = "";
    bool made;
    make_own();
    for (const char *at = damages[_i].content; *at; at++) {
        bool all = *at == 's' || *at == 'P';
        const char *from = *at == 's' || *at == 'S' ? own.secret : own.public;
        if (!strchr("sSpP", *at) || damages[_i].content[0] == 'u')
            buffer_char(&text, *at);
        else if (all)
            buffer_put(&text, from);
        else
            buffer_format(&text, "untrusted comment: x%s", strchr(from, '\n'));
    }
    buffer_char(&text, '\0');
    put_file(damages[_i].name ? damages[_i].name : own.name, damages[_i].mode, text.data);
    buffer_finish(&text);
    struct keyring *ring = keyring_open(folder, &made, message, sizeof message);
    ck_assert_msg((ring != NULL) == !damages[_i].said, "row %d: %s", _i, message);
    ck_assert_msg(ring || strstr(message, damages[_i].said), "row %d: %s", _i, message);
    keyring_close(ring);
}
END_TEST

/* Puts the present public key there, changed. */
static void put_changed(bool another, bool retired)
{
    char message[200];
    struct known_keys keys;
    struct buffer text = {0};
    ck_assert(known_keys_parse(own.public, strlen(own.public), &keys, message, sizeof message));
    if (another)
        keys.items[0].key.key[0] ^= 1;
    if (retired)
        keys.items[0].retired_at = keys.items[0].made_at;
    known_key_put(&text, &keys.items[0]);
    buffer_char(&text, '\0');
    put_file(own.name, 0644, text.data);
    known_keys_finish(&keys);
    buffer_finish(&text);
}

START_TEST(halves_that_do_not_belong_together)
{
    char message[400] = "";
    bool made;
    make_own();
    put_changed(true, false);
    ck_assert_ptr_null(keyring_open(folder, &made, message, sizeof message));
    ck_assert_ptr_nonnull(strstr(message, "do not belong together"));
}
END_TEST

START_TEST(the_present_key_is_not_retired)
{
    char message[400] = "", public[600];
    bool made;
    make_own();
    put_changed(false, true);
    struct keyring *ring = keyring_open(folder, &made, message, sizeof message);
    ck_assert_msg(ring && !made, "%s", message);
    keyring_close(ring);
    read_own(own.name, public);
    ck_assert_str_eq(public, own.public);
}
END_TEST

/* What was signed with it is not made worthless by another one, unless one asks for that. */
START_TEST(a_secret_key_that_is_lost)
{
    char path[200], message[400] = "";
    bool made;
    make_own();
    snprintf(path, sizeof path, "%s/keys/reviewd.key", folder);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_ptr_null(keyring_open(folder, &made, message, sizeof message));
    ck_assert_msg(strstr(message, "is missing") != NULL, "%s", message);
    if (_i == 0) {
        ck_assert_msg(keyring_rotate(folder, message, sizeof message), "%s", message);
        return;
    }
    put_file(own.name, 0644, "x\n");
    ck_assert_ptr_null(keyring_open(folder, &made, message, sizeof message));
    ck_assert_msg(strstr(message, "damaged") != NULL, "%s", message);
    ck_assert(!keyring_rotate(folder, message, sizeof message));
}
END_TEST

/* Whatever of the secret key's file is another, all files are read again. */
START_TEST(a_change_of_the_file_is_noticed)
{
    char path[200], message[400] = "";
    bool made;
    struct stat status;
    struct known_keys keys;
    struct buffer other = {0};
    make_own();
    struct keyring *ring = keyring_open(folder, &made, message, sizeof message);
    ck_assert_msg(ring != NULL, "%s", message);
    known_key_put(&other, &(const struct known_key){.key = {.id = {1, 2, 3, 4, 5, 6, 7, 0xAB}},
                                                    .made_at = {"2026-01-01T00:00:00.000Z"},
                                                    .retired_at = {"2026-02-01T00:00:00.000Z"}});
    buffer_char(&other, '\0');
    put_file("AB07060504030201.pub", 0644, other.data);
    buffer_finish(&other);
    ck_assert(keyring_known(ring, &keys));
    ck_assert_uint_eq(keys.count, 1);
    known_keys_finish(&keys);
    snprintf(path, sizeof path, "%s/keys/reviewd.key", folder);
    ck_assert_int_eq(stat(path, &status), 0);
    struct timespec times[2] = {status.st_atim, status.st_mtim};
    if (_i == 0) { /* another file, made beside it: else it might get the same number */
        char beside[220];
        snprintf(beside, sizeof beside, "%s.new", path);
        put_file("reviewd.key.new", 0600, own.secret);
        ck_assert_int_eq(rename(beside, path), 0);
    } else if (_i == 1) { /* its length */
        FILE *file = fopen(path, "a");
        ck_assert(file && fputs("\n", file) >= 0 && fclose(file) == 0);
    } else if (_i == 2) { /* who may read it */
        ck_assert_int_eq(chmod(path, 0400), 0);
    } else if (_i == 3) {
        times[1].tv_sec--;
    } else {
        times[1].tv_nsec = (times[1].tv_nsec + 1) % 1000000000;
    }
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
    ck_assert_msg(keyring_refresh(ring, message, sizeof message), "%s", message);
    ck_assert(keyring_known(ring, &keys));
    ck_assert_msg(keys.count == 2, "change %d is not noticed", _i);
    known_keys_finish(&keys);
    keyring_close(ring);
}
END_TEST

/* A file that is none, one that is too large, a folder that is open to others. */
START_TEST(what_is_no_file_of_ours)
{
    char path[200], message[400] = "", large[8000];
    bool made;
    make_own();
    snprintf(path, sizeof path, "%s/keys/reviewd.key", folder);
    if (_i == 0) {
        ck_assert(unlink(path) == 0 && symlink("/dev/null", path) == 0);
    } else if (_i == 1) {
        memset(large, 'x', sizeof large - 1);
        large[sizeof large - 1] = '\0';
        put_file("reviewd.key", 0600, large);
    } else if (_i == 2) {
        ck_assert(unlink(path) == 0 && mkfifo(path, 0600) == 0);
    } else {
        snprintf(path, sizeof path, "%s/keys", folder);
        ck_assert_int_eq(chmod(path, 0755), 0);
    }
    struct keyring *ring = keyring_open(folder, &made, message, sizeof message);
    ck_assert_msg(!ring && message[0], "row %d", _i);
    ck_assert(!keyring_rotate(folder, message, sizeof message) || _i < 3);
}
END_TEST

Suite *keyring_suite(void)
{
    Suite *suite = suite_create("audit/keyring");
    TCase *tcase = unit_case(suite, "keyring");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, the_ring_notices_a_rotation);
    tcase_add_test(tcase, keys_are_newest_first);
    tcase_add_test(tcase, a_folder_without_keys_has_none);
    tcase_add_loop_test(tcase, keys_belong_to_the_owner_of_the_folder, 0, 2);
    tcase_add_test(tcase, halves_that_do_not_belong_together);
    tcase_add_test(tcase, the_present_key_is_not_retired);
    tcase_add_loop_test(tcase, a_secret_key_that_is_lost, 0, 2);
    tcase_add_loop_test(tcase, a_change_of_the_file_is_noticed, 0, 5);
    tcase_add_test(tcase, a_rotation_that_was_broken_off_is_finished);
    tcase_add_loop_test(tcase, a_file_of_keys_has_its_form, 0, ROWS(files));
    tcase_add_loop_test(tcase, a_damaged_folder_is_not_taken, 0, ROWS(damages));
    tcase_add_loop_test(tcase, what_is_no_file_of_ours, 0, 4);
    return suite;
}
