/* src/audit/checkpoint_verify.c, sign.c: a checkpoint is taken as it was signed, and in no other form. */
#include "../world.h"

#include "reviewd/checkpoint.h"

#include <stdio.h>

static struct world world;
static struct known_keys keys;
static char text[1000];
static char signature[1000];

static bool take(void *context, const struct checkpoint *checkpoint)
{
    (void)context;
    snprintf(text, sizeof text, "%s", checkpoint->text);
    snprintf(signature, sizeof signature, "%s", checkpoint->signature);
    return false;
}

static void begin(void)
{
    bool made;
    char message[200];
    const struct instant now = instant_from_ms(WORLD_NOW_MS);
    const struct checkpoint_query all = {.limit = 1};
    world_begin(&world);
    world_fill(&world);
    struct keyring *ring = keyring_open(world.folder, &made, message, sizeof message);
    ck_assert_msg(ring != NULL, "%s", message);
    ck_assert(db_run(world.store.db, "BEGIN IMMEDIATE") && checkpoint_append(&world.store, ring, &now) &&
              db_run(world.store.db, "COMMIT"));
    ck_assert(keyring_known(ring, &keys) && checkpoint_list(&world.store, &all, take, NULL));
    keyring_close(ring);
}

static void end(void)
{
    known_keys_finish(&keys);
    world_end(&world);
}

/* The text with one piece of it replaced; fails where it has no such piece. */
static void replace(const char *from, const char *piece, const char *by, char ret_made[12000])
{
    const char *at = strstr(from, piece);
    ck_assert_msg(at != NULL, "there is no '%s' in %s", piece, from);
    snprintf(ret_made, 12000, "%.*s%s%s", (int)(at - from), from, by, at + strlen(piece));
}

static const struct {
    const char *piece, *by;
} texts[] = {
    {"reviewd-checkpoint-1\n", "reviewd-checkpoint-2\n"},
    {"reviewd-checkpoint-1\n", "reviewd-checkpoint-1 \n"},
    {"reviewd-checkpoint-1\n", ""},
    {"instance ", "instances "},
    {"instance ", "instance 0"},
    {"seq ", "seq -"},
    {"seq ", "seq 0\nseq "},
    {"hash ", "hash A"},
    {"hash ", "Hash "},
    {"at ", "at 1"},
    {"at 2", "at x"},
    {"key ", "key a"},
    {"key ", "keys "},
    {"\nkey ", "\nkey \n"},
    {"\nkey ", "\n\nkey "},
    {"seq ", "seq 111111111111111111111"},
    {"seq ",
     "seq 111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"},
};

static void expect_claim(const char *of, const char *signed_by, const char *said)
{
    struct checkpoint_claim claim = {0};
    struct checkpoint_finding finding = {0};
    checkpoint_check_claim(&keys, of, strlen(of), signed_by, strlen(signed_by), &claim, &finding);
    ck_assert_msg(said ? strstr(finding.text, said) != NULL : !finding.text[0], "%s: %s", of, finding.text);
}

START_TEST(as_it_was_signed)
{
    char made[12000];
    expect_claim(text, signature, NULL);
    replace(text, "hash ", "hash ", made);
    expect_claim(made, signature, NULL);
}
END_TEST

START_TEST(a_text_has_its_form)
{
    char made[12000];
    replace(text, texts[_i].piece, texts[_i].by, made);
    expect_claim(made, signature, "is none");
    struct checkpoint_finding finding = {0};
    ck_assert(checkpoint_check(&world.store, &keys, made, strlen(made), signature, strlen(signature), &finding));
    ck_assert_ptr_nonnull(strstr(finding.text, "is none"));
}
END_TEST

START_TEST(a_text_is_whole)
{
    char made[1200];
    for (size_t length = 0; length < strlen(text); length++) {
        snprintf(made, sizeof made, "%.*s", (int)length, text);
        expect_claim(made, signature, "is none");
    }
    snprintf(made, sizeof made, "%sx", text);
    expect_claim(made, signature, "is none");
    char number[40];
    snprintf(number, sizeof number, "seq %.*s\n", (int)strspn(strstr(text, "seq ") + 4, "0123456789"),
             strstr(text, "seq ") + 4);
    char without[12000];
    replace(text, number, "seq \n", without);
    expect_claim(without, signature, "is none");
    replace(text, number, "seq 0\n", without);
    expect_claim(without, signature, "is none");
}
END_TEST

static const struct {
    const char *piece, *by, *said;
} signatures[] = {
    {"untrusted comment: ", "comment: ", "no signature of minisign's form"},
    {"\ntrusted comment: ", "\ncomment: ", "no signature of minisign's form"},
    {"\nRU", "\nRR", "no signature of minisign's form"}, /* an algorithm that there is not */
    {"\nRU", "\nRW", "did not sign this"},               /* as if not of the hash */
    {"\nRU", "\n?U", "no signature of minisign's form"},
    {"timestamp:", "timestamp:1", "did not sign this"},
    {"\ntrusted", "\n\ntrusted", "no signature of minisign's form"},
};

START_TEST(a_signature_has_its_form)
{
    char made[12000];
    replace(signature, signatures[_i].piece, signatures[_i].by, made);
    expect_claim(text, made, signatures[_i].said);
    struct checkpoint_finding finding = {0};
    ck_assert(checkpoint_check(&world.store, &keys, text, strlen(text), made, strlen(made), &finding));
    ck_assert_ptr_nonnull(strstr(finding.text, signatures[_i].said));
}
END_TEST

START_TEST(a_comment_is_no_longer_than_minisign_takes)
{
    char made[12000], comment[9000];
    memset(comment, 'x', sizeof comment - 1);
    comment[sizeof comment - 1] = '\0';
    replace(signature, "timestamp:", comment, made);
    expect_claim(text, made, "no signature of minisign's form");
    comment[8000] = '\0';
    replace(signature, "timestamp:", comment, made);
    expect_claim(text, made, "did not sign this");
}
END_TEST

START_TEST(a_key_that_is_not_known)
{
    const struct known_keys none = {0};
    struct checkpoint_claim claim = {0};
    struct checkpoint_finding finding = {0};
    checkpoint_check_claim(&none, text, strlen(text), signature, strlen(signature), &claim, &finding);
    ck_assert_ptr_nonnull(strstr(finding.text, "there is no public key"));
    finding = (struct checkpoint_finding){0};
    ck_assert(checkpoint_check_stored(&world.store, &none, &finding));
    ck_assert(!finding.text[0] && finding.unknown == 1);
}
END_TEST

Suite *checkpoint_suite(void)
{
    Suite *suite = suite_create("audit/checkpoint");
    TCase *tcase = unit_case(suite, "checkpoint");
    tcase_add_unchecked_fixture(tcase, begin, end);
    tcase_add_test(tcase, as_it_was_signed);
    tcase_add_loop_test(tcase, a_text_has_its_form, 0, ROWS(texts));
    tcase_add_test(tcase, a_text_is_whole);
    tcase_add_loop_test(tcase, a_signature_has_its_form, 0, ROWS(signatures));
    tcase_add_test(tcase, a_comment_is_no_longer_than_minisign_takes);
    tcase_add_test(tcase, a_key_that_is_not_known);
    return suite;
}
