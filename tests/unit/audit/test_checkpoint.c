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
    {"hash ", "hashes "},
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

START_TEST(a_text_names_the_key_that_signed_it)
{
    char made[1000];
    snprintf(made, sizeof made, "%s", text);
    memset(strstr(made, "\nkey ") + 5, '0', 16);
    expect_claim(made, signature, "it says that key 0000000000000000 signed it, and its signature says ");
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

/* --- a log with two of them, the second by another key -------------------------------------------------------------
 */

static struct keyring *ring;
static struct buffer file; /* newest first */
static size_t second;      /* where the older one begins in it */

static const struct instant *later(int64_t ms)
{
    static struct instant at;
    at = instant_from_ms(WORLD_NOW_MS + ms);
    return &at;
}

static void append(int64_t ms)
{
    ck_assert(db_run(world.store.db, "BEGIN IMMEDIATE") && checkpoint_append(&world.store, ring, later(ms)) &&
              db_run(world.store.db, "COMMIT"));
}

static void grow(const char *body)
{
    world_expect(&world, 200, &(const struct ask_for){METHOD_PATCH, "/v1/people/ivo@x.org", body, "ana@x.org"});
    world.store.head_known = false;
}

static bool put(void *context, const struct checkpoint *checkpoint)
{
    (void)context;
    second = file.length;
    checkpoint_put(&file, checkpoint);
    return true;
}

static void begin_two(void)
{
    bool made;
    char message[400];
    const struct checkpoint_query all = {.newest_first = true, .limit = 10};
    world_begin(&world);
    world_fill(&world);
    ring = keyring_open(world.folder, &made, message, sizeof message);
    ck_assert_msg(ring != NULL, "%s", message);
    append(0);
    ck_assert_msg(keyring_rotate(world.folder, message, sizeof message), "%s", message);
    grow("{\"job_title\":\"Clerk\"}");
    append(1000);
    ck_assert(keyring_known(ring, &keys) && checkpoint_list(&world.store, &all, put, NULL));
    ck_assert_uint_eq(keys.count, 2);
}

static void end_two(void)
{
    buffer_finish(&file);
    keyring_close(ring);
    end();
}

static void expect_file(const char *content, size_t length, int64_t checked, const char *said)
{
    struct checkpoint_finding finding = {0};
    ck_assert(checkpoint_check_file(&world.store, &keys, content, length, &finding));
    ck_assert_msg(said ? strstr(finding.text, said) != NULL : !finding.text[0], "%s: %s", content, finding.text);
    ck_assert_int_eq(finding.checked, checked);
}

/* In any order, with empty lines between them; and whole. */
START_TEST(a_file_of_checkpoints_is_whole)
{
    struct checkpoint_finding finding = {0};
    struct audit_head head;
    ck_assert(checkpoint_check_file(&world.store, &keys, file.data, file.length, &finding) && !finding.text[0]);
    ck_assert(audit_head(&world.store, &head));
    ck_assert_int_eq(finding.checked, 2);
    ck_assert_int_eq(finding.newest, head.seq);
    int lines = 0;
    for (size_t at = second; at < file.length; at++) {
        lines += file.data[at] == '\n';
        if (lines < 10)
            expect_file(file.data, at + 1, 1, "after 1 checkpoints the file ends in the middle of one");
        else
            expect_file(file.data, at + 1, 2, NULL);
    }
    file.data[0] = 'R'; /* what follows is not looked at */
    expect_file(file.data, file.length, 0, "the text of checkpoint 1 of those here is none");
}
END_TEST

static void tamper(const char *sql)
{
    char script[20000] = "PRAGMA foreign_keys = 0; PRAGMA ignore_check_constraints = 1;";
    struct db_statement *statement = db_query(world.store.db, "SELECT name FROM sqlite_schema WHERE type = 'trigger'");
    while (db_step(statement) == DB_ROW)
        snprintf(script + strlen(script), sizeof script - strlen(script), "DROP TRIGGER %s;", db_text(statement, 0));
    db_reset(statement);
    ck_assert_msg(db_script(world.store.db, script) && db_script(world.store.db, sql), "%s: %s", sql,
                  db_message(world.store.db));
}

#define LOOSE(table)                                                                                                   \
    "CREATE TABLE loose AS SELECT * FROM " table "; DROP TABLE " table "; ALTER TABLE loose RENAME TO " table ";"
#define NEWEST " WHERE seq = (SELECT max(seq) FROM checkpoint)"
#define OTHER_HASH "'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'"

static const struct {
    const char *sql, *said;
} tamperings[] = {
    {"DELETE FROM instance", "and this one is of no name"},
    {LOOSE("instance") "UPDATE instance SET id = NULL", "and this one is of no name"},
    {"UPDATE instance SET id = '00000000-0000-7000-8000-000000000000'", "and this one is 00000000-0000"},
    {"DELETE FROM audit_log" NEWEST, "the log was cut short"},
    {"UPDATE audit_log SET seq = seq + 1" NEWEST, "the log has no entry"},
    {"UPDATE audit_log SET hash = " OTHER_HASH NEWEST, "the log was rewritten"},
    {LOOSE("audit_log") "UPDATE audit_log SET hash = NULL" NEWEST, "the log was rewritten"},
    {"UPDATE checkpoint SET text = 'reviewd-checkpoint-1'" NEWEST, "the text of checkpoint 2 of those here is none"},
    {LOOSE("checkpoint") "UPDATE checkpoint SET text = NULL" NEWEST, "the text of checkpoint 2 of those here is none"},
    {"UPDATE checkpoint SET signature = 'untrusted comment: '" NEWEST, "no signature of minisign's form"},
    {LOOSE("checkpoint") "UPDATE checkpoint SET signature = NULL" NEWEST, "no signature of minisign's form"},
    {"UPDATE checkpoint SET seq = seq + 1" NEWEST, "the database says something else"},
    {"UPDATE checkpoint SET hash = " OTHER_HASH NEWEST, "the database says something else"},
    {"UPDATE checkpoint SET at = '2020-01-01T00:00:00.000Z'" NEWEST, "the database says something else"},
    {"UPDATE checkpoint SET key_id = '0000000000000000'" NEWEST, "the database says something else"},
    {LOOSE("checkpoint") "UPDATE checkpoint SET key_id = NULL" NEWEST, "the database says something else"},
};

START_TEST(tampering_with_what_is_stored_is_found)
{
    struct checkpoint_finding finding = {0};
    ck_assert(checkpoint_check_stored(&world.store, &keys, &finding));
    ck_assert_str_eq(finding.text, "");
    ck_assert_int_eq(finding.checked, 2);
    tamper(tamperings[_i].sql);
    finding = (struct checkpoint_finding){0};
    ck_assert(checkpoint_check_stored(&world.store, &keys, &finding));
    ck_assert_msg(strstr(finding.text, tamperings[_i].said) != NULL, "%s: %s", tamperings[_i].sql, finding.text);
}
END_TEST

static void expect_due(int64_t ms, bool due)
{
    bool is_due = !due;
    ck_assert(checkpoint_due(&world.store, WORLD_NOW_MS + ms, 3600000, &is_due));
    ck_assert_msg(is_due == due, "after %lld ms", (long long)ms);
}

/* An hour after the last, where the log has grown; and at once where the clock was set back. */
START_TEST(when_the_next_is_due)
{
    expect_due(3601000, false);
    expect_due(0, false);
    grow("{\"job_title\":\"Head clerk\"}");
    expect_due(3600999, false);
    expect_due(3601000, true);
    expect_due(0, true);
}
END_TEST

/* When the last one was made cannot be known any more: the next is due. */
static const char *const times[] = {"UPDATE checkpoint SET at = 'xxxxxxxxxxxxxxxxxxxxxxxx'",
                                    LOOSE("checkpoint") "UPDATE checkpoint SET at = NULL"};

START_TEST(a_time_that_is_none)
{
    grow("{\"job_title\":\"Head clerk\"}");
    expect_due(1001, false);
    tamper(times[_i]);
    expect_due(1001, true);
}
END_TEST

START_TEST(nothing_is_signed_twice)
{
    int64_t count;
    append(5000);
    ck_assert(checkpoint_count(&world.store, NULL, &count));
    ck_assert_int_eq(count, 2);
}
END_TEST

/* A log whose name is damaged is not given another one. */
static const char *const names[] = {"UPDATE instance SET id = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'",
                                    LOOSE("instance") "UPDATE instance SET id = NULL"};

START_TEST(a_damaged_name_is_not_signed)
{
    grow("{\"job_title\":\"Head clerk\"}");
    tamper(names[_i]);
    ck_assert(db_run(world.store.db, "BEGIN IMMEDIATE"));
    ck_assert(!checkpoint_append(&world.store, ring, later(5000)));
    ck_assert(db_run(world.store.db, "ROLLBACK"));
}
END_TEST

static bool count_row(void *context, const struct checkpoint *checkpoint)
{
    int64_t *seqs = context;
    seqs[1 + seqs[0]++] = checkpoint->seq;
    return true;
}

START_TEST(some_of_them)
{
    int64_t all[4] = {0}, some[4];
    const struct checkpoint_query every = {.newest_first = true, .limit = 3};
    ck_assert(checkpoint_list(&world.store, &every, count_row, all));
    ck_assert(all[0] == 2 && all[1] > all[2]);
    const struct {
        struct checkpoint_query query;
        int64_t count, first;
    } rows[] = {
        {{.limit = 3}, 2, all[2]},
        {{.limit = 1}, 1, all[2]},
        {{.after_seq = all[2], .limit = 3}, 1, all[1]},
        {{.newest_first = true, .limit = 1}, 1, all[1]},
        {{.newest_first = true, .after_seq = all[1], .limit = 3}, 1, all[2]},
        {{.newest_first = true, .after_seq = all[2], .limit = 3}, 0, 0},
    };
    for (int i = 0; i < ROWS(rows); i++) {
        memset(some, 0, sizeof some);
        ck_assert(checkpoint_list(&world.store, &rows[i].query, count_row, some));
        ck_assert_msg(some[0] == rows[i].count && some[1] == rows[i].first, "row %d", i);
    }
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
    tcase_add_test(tcase, a_text_names_the_key_that_signed_it);
    tcase_add_test(tcase, a_key_that_is_not_known);
    tcase = unit_case(suite, "checkpoints");
    tcase_add_checked_fixture(tcase, begin_two, end_two);
    tcase_add_test(tcase, a_file_of_checkpoints_is_whole);
    tcase_add_loop_test(tcase, tampering_with_what_is_stored_is_found, 0, ROWS(tamperings));
    tcase_add_test(tcase, when_the_next_is_due);
    tcase_add_loop_test(tcase, a_time_that_is_none, 0, ROWS(times));
    tcase_add_test(tcase, nothing_is_signed_twice);
    tcase_add_loop_test(tcase, a_damaged_name_is_not_signed, 0, ROWS(names));
    tcase_add_test(tcase, some_of_them);
    return suite;
}
