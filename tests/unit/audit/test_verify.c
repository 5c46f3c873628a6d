/* src/audit/verify.c: whatever is changed behind our back is found, and said where. */
#include "../world.h"

#include <stdio.h>

static struct world world;

static void begin(void)
{
    world_begin(&world);
    world_fill(&world);
}

static void end(void)
{
    world_end(&world);
}

/* Whoever can write the file can take the triggers away. */
static void drop_triggers(void)
{
    char script[20000] = "PRAGMA foreign_keys = 0;";
    struct db_statement *statement = db_query(world.store.db, "SELECT name FROM sqlite_schema WHERE type = 'trigger'");
    while (db_step(statement) == DB_ROW)
        snprintf(script + strlen(script), sizeof script - strlen(script), "DROP TRIGGER %s;", db_text(statement, 0));
    db_reset(statement);
    ck_assert_msg(db_script(world.store.db, script), "%s", db_message(world.store.db));
}

#define FORGED "'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'"
#define ZEROS "'0000000000000000000000000000000000000000000000000000000000000000'"
#define LAST "(SELECT max(seq) FROM audit_log)"

/* Whoever can write the file can take a table's conditions away, too. */
#define LOOSE(table)                                                                                                   \
    "CREATE TABLE loose AS SELECT * FROM " table "; DROP TABLE " table "; ALTER TABLE loose RENAME TO " table ";"

static const struct {
    const char *name;
    const char *sql;
    const char *finding; /* a part of what is said */
} tamperings[] = {
    {"an entry's event", "UPDATE audit_log SET event = 'person.delete' WHERE seq = 3", "audit entry 3"},
    {"an entry's time", "UPDATE audit_log SET at = '2026-11-21T12:00:00.009Z' WHERE seq = 1", "audit entry 1"},
    {"an entry's actor", "UPDATE audit_log SET actor_id = NULL WHERE seq = 20", "audit entry 20"},
    {"an entry's request", "UPDATE audit_log SET request_id = 'other' WHERE seq = 4", "audit entry 4"},
    {"an entry's request taken away", "UPDATE audit_log SET request_id = NULL WHERE seq = 4", "audit entry 4"},
    {"an entry's request made empty",
     "PRAGMA ignore_check_constraints = 1; UPDATE audit_log SET request_id = '' WHERE request_id IS NULL",
     "audit entry"},
    {"an entry's hash made longer",
     "PRAGMA ignore_check_constraints = 1; UPDATE audit_log SET hash = hash || 'f' WHERE seq = " LAST, "its hash"},
    {"an entry's time made longer",
     "PRAGMA ignore_check_constraints = 1; UPDATE audit_log SET at = at || 'Z' WHERE seq = 4", "audit entry 4"},
    {"an entry's event taken away", LOOSE("audit_log") "UPDATE audit_log SET event = NULL WHERE seq = 3",
     "audit entry 3"},
    {"the last entry's hash taken away", LOOSE("audit_log") "UPDATE audit_log SET hash = NULL WHERE seq = " LAST,
     "its hash"},
    {"an entry's resource", "UPDATE audit_log SET resource = 'token' WHERE seq = 2", "audit entry 2"},
    {"an entry's record", "UPDATE audit_log SET resource_id = (SELECT id FROM review LIMIT 1) WHERE seq = 2",
     "audit entry 2"},
    {"an entry's body hash", "UPDATE audit_log SET body_sha256 = " FORGED " WHERE seq = 5", "audit entry 5"},
    {"an entry's hash", "UPDATE audit_log SET hash = " FORGED " WHERE seq = 5", "audit entry 5"},
    {"the last entry's hash", "UPDATE audit_log SET hash = " FORGED " WHERE seq = " LAST, "its hash"},
    {"an entry's previous hash", "UPDATE audit_log SET previous_hash = " FORGED " WHERE seq = 5", "previous_hash"},
    {"the first previous hash", "UPDATE audit_log SET previous_hash = " FORGED " WHERE seq = 1", "audit entry 1"},
    {"an entry taken out", "DELETE FROM version WHERE seq = 7; DELETE FROM audit_log WHERE seq = 7", "missing"},
    {"the first entry taken out", "DELETE FROM version WHERE seq = 1; DELETE FROM audit_log WHERE seq = 1",
     "audit entry 2"},
    {"the last entry taken out, its record left",
     "DELETE FROM version WHERE seq = " LAST "; DELETE FROM audit_log WHERE seq = " LAST,
     "is not as its last audit entry says"},
    {"the whole log taken out", "DELETE FROM version; DELETE FROM audit_log", "is not as its last audit entry says"},
    {"two entries in another order",
     "UPDATE audit_log SET seq = -1 WHERE seq = 2; UPDATE audit_log SET seq = 2 WHERE seq = 3; UPDATE audit_log SET "
     "seq "
     "= 3 WHERE seq = -1",
     "audit entry 2"},
    {"digests of minutes where there are none",
     "UPDATE audit_log SET minutes_sha256 = '{}' WHERE seq = (SELECT max(seq) FROM audit_log WHERE resource = "
     "'review')",
     "its hash"},
    {"an entry added at the end",
     "INSERT INTO audit_log SELECT seq + 1, at, actor_id, event, resource, resource_id, request_id, body_sha256, "
     "hash, " FORGED ", NULL FROM audit_log ORDER BY seq DESC LIMIT 1",
     "its hash"},
    {"an entry added in front",
     "INSERT INTO audit_log SELECT 0, at, actor_id, event, resource, resource_id, request_id, "
     "body_sha256, " ZEROS ", " FORGED ", NULL FROM audit_log WHERE seq = 1",
     "audit entry 0"},
    {"all entries renumbered", "UPDATE audit_log SET seq = seq + 1000; UPDATE version SET seq = seq + 1000",
     "audit entry 1001"},
    {"a version's body", "UPDATE version SET body = replace(body, 'IT', 'HR') WHERE seq = 3", "was changed"},
    {"a kept value", "UPDATE personal SET value = 'Marko' WHERE value = 'Mirko'", "person"},
    {"a kept value and its record",
     "UPDATE personal SET value = 'marko@x.org' WHERE value = 'mirko@x.org'; UPDATE person SET email = 'marko@x.org' "
     "WHERE email = 'mirko@x.org'",
     "the value kept of 'email' does not open its commitment"},
    {"a salt", "UPDATE personal SET salt = '00000000000000000000000000000000' WHERE member = 'name_at_review'",
     "the value kept of 'name_at_review' does not open its commitment"},
    {"a value without its salt", "UPDATE personal SET salt = NULL WHERE member = 'email'", "its person was not erased"},
    {"a kept value that is none", LOOSE("personal") "UPDATE personal SET value = NULL WHERE value = 'Mirko'", "person"},
    {"a kept value of no member", LOOSE("personal") "UPDATE personal SET member = NULL WHERE value = 'Mirko'",
     "person"},
    {"a kept value taken out", "DELETE FROM personal WHERE value = 'Mirko'", "person"},
    {"a value kept of nothing",
     "INSERT INTO personal (commitment, person_id, record_id, member, salt, value) SELECT " FORGED
     ", person_id, record_id, member, salt, value FROM personal LIMIT 1",
     "no version of the record speaks of it"},
    {"a value kept of no record",
     "INSERT INTO personal (commitment, person_id, record_id, member, salt, value) SELECT " FORGED
     ", person_id, '000000000000000000000000000000000000', member, salt, value FROM personal LIMIT 1",
     "record 000000"},
    {"a value said to be another person's",
     "UPDATE personal SET person_id = (SELECT id FROM person WHERE email = 'petra@x.org')",
     "no version of the record speaks of it"},
    {"a version taken out", "DELETE FROM version WHERE seq = 6", "is missing"},
    {"a version moved to another record", "UPDATE version SET record_id = 'x' WHERE seq = 6", "is missing"},
    {"a record", "UPDATE person SET name = 'Marko' WHERE email = 'mirko@x.org'", "person"},
    {"a record's owner", "UPDATE action_item SET owner_id = (SELECT id FROM person WHERE email = 'ivo@x.org')",
     "ACT-2026-0001"},
    {"a record's deadline", "UPDATE decision SET deadline = '2029-01-01' WHERE reference = 'DEC-2026-001'",
     "DEC-2026-001"},
    {"a record's criteria", "UPDATE action_item SET success_criteria = '[{}]'", "ACT-2026-0001"},
    {"an approved review's summary", "UPDATE review SET summary = 'x' WHERE reference = 'MR-2026-01'", "MR-2026-01"},
    {"a member taken away", "UPDATE review SET location = '' WHERE reference = 'MR-2026-01'", "MR-2026-01"},
    {"kept minutes", "UPDATE minutes SET body = CAST(body || ' ' AS BLOB) WHERE form = 'markdown'",
     "kept as markdown are not those"},
    {"kept minutes and their digest", "UPDATE minutes SET body = x'78', sha256 = " FORGED " WHERE form = 'html'",
     "kept as html are not those"},
    {"kept minutes taken out", "DELETE FROM minutes WHERE form = 'pdf'", "are not all that its approval speaks of"},
    {"kept minutes given to another revision", "UPDATE minutes SET revision = 2",
     "are none that its approval speaks of"},
    {"a review's digest of its minutes", "UPDATE review SET minutes_sha256 = json_set(minutes_sha256, '$.pdf', 'x')",
     "MR-2026-01"},
    {"a record's version", "UPDATE input SET version = version + 1 WHERE position = 3", "input"},
    {"a record's time", "UPDATE follow_up SET created_at = '2020-01-01T00:00:00.000Z'", "follow_up"},
    {"an attendee's presence", "UPDATE attendee SET attendance = 'absent' WHERE capacity = 'chair'", "attendee"},
    {"a token made to write more", "UPDATE token SET read_only = 1", "token"},
    {"a record taken out", "DELETE FROM follow_up", "is missing"},
    {"a person taken out", "DELETE FROM person WHERE email = 'zoran@x.org'", "is missing"},
    {"a record added",
     "INSERT INTO person (id, version, created_at, updated_at, name, email, role, external, active) VALUES "
     "('00000000-0000-7000-8000-00000000000a', 1, '2026-11-21T12:00:00.000Z', '2026-11-21T12:00:00.000Z', 'Eve', "
     "'eve@x.org', 'top_management', 0, 1)",
     "is not as its last audit entry says"},
    {"a record's id", "UPDATE person SET id = '00000000-0000-7000-8000-00000000000a' WHERE email = 'zoran@x.org'",
     "is not as its last audit entry says"},
    {"a revision's body", "UPDATE revision SET body = replace(body, 'Mirko', 'Marko')", "is not what was approved"},
    {"a revision's time", "UPDATE revision SET approved_at = '2020-01-01T00:00:00.000Z'", "is not what was approved"},
    {"a revision without its time", LOOSE("revision") "UPDATE revision SET approved_at = NULL",
     "is not what was approved"},
    {"a revision taken out", "DELETE FROM revision", "revision 1 of review"},
    {"a revision's number", "UPDATE revision SET revision = 7", "is missing"},
    {"a revision moved to another review",
     "UPDATE revision SET review_id = (SELECT id FROM review WHERE status <> 'approved')", "is missing"},
    {"a revision added", "INSERT INTO revision SELECT review_id, 2, approved_at, body FROM revision",
     "no audit entry approved it"},
    {"an input of a decision taken out", "DELETE FROM decision_input", "decision_input"},
    {"an input of a decision added",
     "INSERT INTO decision_input SELECT (SELECT id FROM decision LIMIT 1), id FROM input WHERE id NOT IN (SELECT "
     "input_id FROM decision_input)",
     "decision_input"},
    {"a counter set back", "UPDATE reference_counter SET last = last - 1 WHERE prefix = 'MR' AND last > 1",
     "the counter of references"},
    {"a counter taken out", "DELETE FROM reference_counter WHERE prefix = 'ACT'", "ACT-2026-0001"},
    {"an index of words that is too far on", "INSERT OR REPLACE INTO words_indexed VALUES ('review', 1000)",
     "words_indexed"},
    {"an old version put back", "UPDATE person SET (version, name) = (1, 'x') WHERE email = 'petra@x.org'", "person"},
};

static void tamper(const char *name, const char *sql)
{
    drop_triggers();
    ck_assert_msg(db_script(world.store.db, sql), "%s: %s", name, db_message(world.store.db));
}

static void expect_finding(const char *name, const char *text)
{
    struct audit_finding finding;
    ck_assert(audit_verify(&world.store, &finding));
    ck_assert_msg(strstr(finding.text, text) != NULL, "%s: '%s' does not say '%s'", name, finding.text, text);
}

START_TEST(tampering_is_found)
{
    world_verify(&world);
    tamper(tamperings[_i].name, tamperings[_i].sql);
    expect_finding(tamperings[_i].name, tamperings[_i].finding);
}
END_TEST

/* Of a person who was renamed and then erased: nothing but the history speaks of the first name. */
#define ERASED "(SELECT id FROM person WHERE erased_at IS NOT NULL)"
#define FIRST_NAME "key = (SELECT min(key) FROM personal WHERE member = 'name' AND person_id = " ERASED ")"
#define UNNAMED "UPDATE personal SET value = 'Zoran' WHERE " FIRST_NAME

static const struct {
    const char *name;
    const char *sql;
    const char *finding;
} former[] = {
    {"the name that was erased", UNNAMED, "was erased, but is not the person's pseudonym"},
    {"the reason of erasing without its salt", "UPDATE personal SET salt = NULL WHERE member = 'privacy_reason'",
     "was erased, but is not the person's pseudonym"},
    {"a name for the member that SQL takes for the same", "UPDATE personal SET member = '\"name\"' WHERE " FIRST_NAME,
     "the value kept of '\"name\"' has no salt"},
    {"a former name taken out", "DELETE FROM personal WHERE " FIRST_NAME, "that it has a commitment to is missing"},
    {"a former name that is none", LOOSE("personal") "UPDATE personal SET value = NULL WHERE " FIRST_NAME, "is none"},
    {"a former name of no member", LOOSE("personal") "UPDATE personal SET member = NULL WHERE " FIRST_NAME,
     "no version of the record speaks of it"},
};

START_TEST(tampering_with_what_was_is_found)
{
    world_expect(&world, 200,
                 &(const struct ask_for){METHOD_PATCH, "/v1/people/zoran@x.org", "{\"name\":\"Zlatan\"}", "ana@x.org"});
    world_expect(&world, 200,
                 &(const struct ask_for){METHOD_POST, "/v1/people/zoran@x.org/erase",
                                         "{\"reason\":\"Asked for it in writing.\"}", "ana@x.org"});
    world_verify(&world);
    tamper(former[_i].name, former[_i].sql);
    expect_finding(former[_i].name, former[_i].finding);
}
END_TEST

static bool rework_entry(void *context, const struct audit_entry *entry)
{
    return audit_entry_hash(entry, context);
}

/* A chain that was worked out anew still does not fit what it speaks of. */
START_TEST(a_hash_worked_out_anew_does_not_help)
{
    char hash[65] = "", sql[200];
    struct audit_head head;
    ck_assert(audit_head(&world.store, &head));
    tamper("the last body hash", LOOSE("audit_log") "UPDATE audit_log SET body_sha256 = NULL WHERE seq = " LAST);
    const struct audit_query last = {.after_seq = head.seq - 1, .limit = 1};
    ck_assert(audit_list(&world.store, &last, rework_entry, hash));
    snprintf(sql, sizeof sql, "UPDATE audit_log SET hash = '%s' WHERE seq = %lld", hash, (long long)head.seq);
    ck_assert(db_script(world.store.db, sql));
    expect_finding("the last body hash", "that it speaks of was changed");
}
END_TEST

/* What cannot be the hash of the newest entry is none, and is read no further than it goes; nor is there a head of
 * then. */
static const char *const heads[] = {"NULL", "''", "'f'", "hash || 'f'"};

START_TEST(a_head_that_was_tampered_with)
{
    char sql[400];
    struct audit_head head;
    snprintf(sql, sizeof sql, LOOSE("audit_log") "UPDATE audit_log SET hash = %s WHERE seq = " LAST, heads[_i]);
    tamper(heads[_i], sql);
    ck_assert(audit_head(&world.store, &head));
    ck_assert_str_eq(head.hash, _i == 2 ? "f" : "");
    ck_assert(!audit_head_then(&world.store, &(const struct instant){"9999-12-31T23:59:59.999Z"}, &head));
    expect_finding(heads[_i], "its hash");
}
END_TEST

START_TEST(what_was_not_touched_is_fine)
{
    struct audit_finding finding;
    struct audit_head head;
    ck_assert(audit_head(&world.store, &head));
    ck_assert(audit_verify(&world.store, &finding));
    ck_assert_str_eq(finding.text, "");
    ck_assert_int_eq(finding.head.seq, head.seq);
    ck_assert_str_eq(finding.head.hash, head.hash);
    ck_assert_int_eq(finding.records,
                     world_integer(&world,
                                   "SELECT (SELECT count(*) FROM person) + (SELECT count(*) FROM token) + (SELECT "
                                   "count(*) FROM review) + (SELECT count(*) FROM attendee) + (SELECT count(*) "
                                   "FROM input) + (SELECT count(*) FROM decision) + (SELECT count(*) FROM "
                                   "action_item) + (SELECT count(*) FROM amendment) + (SELECT count(*) FROM "
                                   "follow_up)"));
    ck_assert(!db_in_transaction(world.store.db));
}
END_TEST

/* The schema itself holds what is append-only, as long as nobody takes its triggers away. */
static const char *const refused[] = {
    "UPDATE audit_log SET event = 'x' WHERE seq = 1",
    "DELETE FROM audit_log WHERE seq = 1",
    "INSERT OR REPLACE INTO audit_log SELECT * FROM audit_log WHERE seq = 1",
    "UPDATE version SET body = '{}' WHERE seq = 1",
    "DELETE FROM version WHERE seq = 1",
    "DELETE FROM person",
    "UPDATE person SET name = 'x'",
    "UPDATE follow_up SET note = 'x'",
    "DELETE FROM follow_up",
    "UPDATE review SET title = 'x', version = version + 1 WHERE reference = 'MR-2026-01'",
    "UPDATE revision SET body = '{}'",
};

START_TEST(the_schema_refuses_it)
{
    ck_assert_msg(!db_script(world.store.db, refused[_i]), "%s", refused[_i]);
    world_verify(&world);
}
END_TEST

Suite *verify_suite(void)
{
    Suite *suite = suite_create("audit/verify");
    TCase *tcase = unit_case(suite, "verify");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, what_was_not_touched_is_fine);
    tcase_add_loop_test(tcase, tampering_is_found, 0, ROWS(tamperings));
    tcase_add_loop_test(tcase, tampering_with_what_was_is_found, 0, ROWS(former));
    tcase_add_test(tcase, a_hash_worked_out_anew_does_not_help);
    tcase_add_loop_test(tcase, a_head_that_was_tampered_with, 0, ROWS(heads));
    tcase_add_loop_test(tcase, the_schema_refuses_it, 0, ROWS(refused));
    return suite;
}
