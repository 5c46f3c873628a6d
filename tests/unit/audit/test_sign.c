/* src/audit/sign.c, keyring.c: signatures as RFC 8032 and minisign have them, and the files of keys. */
#include "../world.h"

#include "reviewd/checkpoint.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- RFC 8032, 7.1 -------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *seed;
    const char *public;
    const char *message;
    const char *signature;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
     "5"
     "5141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
     "0"
     "0d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc"
     "0"
     "27beceea1ec40a"},
};

static size_t unhex(const char *hex, unsigned char *ret_bytes)
{
    size_t length = strlen(hex) / 2;
    for (size_t i = 0; i < length; i++) {
        unsigned byte;
        ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
        ret_bytes[i] = (unsigned char)byte;
    }
    return length;
}

static struct secret_key key_of(int vector)
{
    struct secret_key key = {.public.id = {1, 2, 3, 4, 5, 6, 7, 0xAB}};
    unhex(vectors[vector].seed, key.secret);
    unhex(vectors[vector].public, key.secret + 32);
    unhex(vectors[vector].public, key.public.key);
    return key;
}

START_TEST(signs_as_the_rfc_does)
{
    const struct secret_key key = key_of(_i);
    unsigned char message[4], expected[SIGN_BYTES], made[SIGN_BYTES];
    size_t length = unhex(vectors[_i].message, message);
    ck_assert_uint_eq(unhex(vectors[_i].signature, expected), SIGN_BYTES);
    sign_raw(&key, message, length, made);
    ck_assert_mem_eq(made, expected, SIGN_BYTES);
    ck_assert(sign_raw_holds(&key.public, message, length, expected));
    expected[_i] ^= 1;
    ck_assert(!sign_raw_holds(&key.public, message, length, expected));
}
END_TEST

/* --- lines of keys -------------------------------------------------------------------------------------------------
 */

START_TEST(keys_come_back_from_their_lines)
{
    const struct secret_key key = key_of(_i);
    struct secret_key secret;
    struct public_key public;
    char line[SECRET_LINE_BYTES], public_line[PUBLIC_LINE_BYTES], id[KEY_ID_TEXT_BYTES];
    secret_key_line(&key, line);
    ck_assert_uint_eq(strlen(line), SECRET_LINE_BYTES - 1);
    ck_assert(secret_key_parse(line, strlen(line), &secret));
    ck_assert_mem_eq(&secret, &key, sizeof key);
    public_key_line(&key.public, public_line);
    ck_assert_uint_eq(strlen(public_line), PUBLIC_LINE_BYTES - 1);
    ck_assert(public_key_parse(public_line, strlen(public_line), &public));
    ck_assert_mem_eq(&public, &key.public, sizeof public);
    key_id_text(&public, id);
    ck_assert_str_eq(id, "AB07060504030201");
    for (int byte = 0x80; byte <= 0xFF; byte++) { /* some of which libsodium takes for letters */
        public_line[30] = (char)byte;
        ck_assert_msg(!public_key_parse(public_line, strlen(public_line), &public), "byte %02x", (unsigned)byte);
    }
}
END_TEST

/* Every place of the line: what is changed there is noticed, or is no part of the key (salt, limits, checksum). */
START_TEST(a_damaged_secret_key_is_refused)
{
    const struct secret_key key = key_of(0);
    struct secret_key parsed;
    char line[SECRET_LINE_BYTES];
    size_t refused = 0;
    secret_key_line(&key, line);
    for (size_t i = 0; i < strlen(line); i++) {
        char kept = line[i];
        line[i] = kept == 'A' ? 'B' : 'A';
        bool taken = secret_key_parse(line, strlen(line), &parsed);
        ck_assert(!taken || memcmp(parsed.secret, key.secret, sizeof key.secret) == 0);
        refused += !taken;
        line[i] = kept;
    }
    ck_assert_uint_ge(refused, 64 * 4 / 3);
    ck_assert(!secret_key_parse(line, strlen(line) - 1, &parsed));
    ck_assert(!secret_key_parse("", 0, &parsed));
}
END_TEST

/* --- minisign's format ---------------------------------------------------------------------------------------------
 */

START_TEST(a_signature_holds_for_its_bytes_alone)
{
    const struct secret_key key = key_of(0);
    const struct secret_key other = key_of(1);
    struct buffer text = {0};
    struct signature signature;
    sign_bytes(&key, "abc", 3, 1795262400, "a\nb\tc", &text);
    ck_assert(!buffer_failed(&text));
    ck_assert(signature_parse(text.data, text.length, &signature));
    ck_assert(signature.prehashed);
    ck_assert_mem_eq(signature.comment, "timestamp:1795262400\tfile:a_b_c\thashed", signature.comment_length);
    ck_assert(signature_holds(&signature, &key.public, "abc", 3));
    ck_assert(!signature_holds(&signature, &key.public, "abd", 3));
    ck_assert(!signature_holds(&signature, &key.public, "ab", 2));
    ck_assert(!signature_holds(&signature, &other.public, "abc", 3));
    /* Not one bit of it can be another, but in the first line, which nobody signs. */
    size_t first = (size_t)((char *)memchr(text.data, '\n', text.length) - text.data);
    for (size_t i = first; i < text.length; i++) {
        text.data[i] ^= 1;
        ck_assert_msg(!signature_parse(text.data, text.length, &signature) ||
                          !signature_holds(&signature, &key.public, "abc", 3),
                      "byte %zu may change", i);
        text.data[i] ^= 1;
    }
    ck_assert(!signature_parse(text.data, text.length - 1 - 88, &signature));
    buffer_finish(&text);
}
END_TEST

/* --- files ---------------------------------------------------------------------------------------------------------
 */

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

Suite *sign_suite(void)
{
    Suite *suite = suite_create("audit/sign");
    TCase *tcase = unit_case(suite, "sign");
    tcase_add_loop_test(tcase, signs_as_the_rfc_does, 0, ROWS(vectors));
    tcase_add_loop_test(tcase, keys_come_back_from_their_lines, 0, ROWS(vectors));
    tcase_add_test(tcase, a_damaged_secret_key_is_refused);
    tcase_add_test(tcase, a_signature_holds_for_its_bytes_alone);
    tcase = unit_case(suite, "keyring");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, the_ring_notices_a_rotation);
    tcase_add_test(tcase, a_rotation_that_was_broken_off_is_finished);
    tcase_add_loop_test(tcase, a_file_of_keys_has_its_form, 0, ROWS(files));
    tcase_add_loop_test(tcase, a_damaged_folder_is_not_taken, 0, ROWS(damages));
    tcase_add_loop_test(tcase, what_is_no_file_of_ours, 0, 4);
    return suite;
}
