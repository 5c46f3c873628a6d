/* src/audit/sign.c: signatures as RFC 8032 and minisign have them. */
#include "../world.h"

#include "reviewd/sign.h"

#include <stdio.h>

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
    memcpy(public_line, "RA", 2); /* another algorithm */
    ck_assert(!public_key_parse(public_line, strlen(public_line), &public));
    memcpy(public_line, "RW", 2);
    ck_assert(public_key_parse(public_line, strlen(public_line), &public));
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
    sign_bytes(&key, "abc", 3, 1795262400, "a\nb\tc\x7f", &text);
    ck_assert(!buffer_failed(&text));
    ck_assert(signature_parse(text.data, text.length, &signature));
    ck_assert(signature.prehashed);
    ck_assert_mem_eq(signature.comment, "timestamp:1795262400\tfile:a_b_c_\thashed", signature.comment_length);
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
    ck_assert(!signature_parse("untrusted\n\n\n\n", 13, &signature));
    buffer_finish(&text);
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
    return suite;
}
