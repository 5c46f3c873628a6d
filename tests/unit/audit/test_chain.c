/* src/audit/chain.c: entries, each hashing the one before. */
#include "../world.h"

#include "reviewd/person.h"

#include <sodium.h>
#include <stdio.h>

static struct world world;

static void begin(void)
{
    world_begin(&world);
}

static void end(void)
{
    world_end(&world);
}

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define AT                                                                                                             \
    {                                                                                                                  \
        "2026-11-21T12:00:00.000Z"                                                                                     \
    }

static const struct person ana = {.record = {.id = {"00000000-0000-7000-8000-00000000000a"},
                                             .version = {true, 1},
                                             .created_at = AT,
                                             .updated_at = AT,
                                             .imported = TRUTH_FALSE},
                                  .name = "Ana",
                                  .email = "ana@x.org",
                                  .role = ROLE_EMPLOYEE,
                                  .external = TRUTH_FALSE,
                                  .active = TRUTH_TRUE};

static void add(const char *event, int64_t version, const char *request_id, const char *name)
{
    struct person person = ana;
    person.record.version.value = version;
    person.name = name;
    const struct audit_entry entry = {.at = AT, .event = event, .request_id = request_id};
    ck_assert(db_run(world.store.db, "BEGIN IMMEDIATE"));
    world.store.head_known = false;
    ck_assert(version == 1 ? store_insert(&world.store, &person_resource, &person)
                           : store_update(&world.store, &person_resource, &person));
    ck_assert(audit_append(&world.store, &person_resource, &person, &entry));
    ck_assert(store_index_words(&world.store));
    ck_assert(db_run(world.store.db, "COMMIT"));
}

struct entries {
    struct audit_entry entry[8];
    char text[8][3][80]; /* event, resource, request id */
    size_t count;
};

static bool keep(void *context, const struct audit_entry *entry)
{
    struct entries *entries = context;
    entries->entry[entries->count] = *entry;
    const char *texts[] = {entry->event, entry->resource, entry->request_id};
    for (size_t i = 0; i < 3; i++)
        snprintf(entries->text[entries->count][i], 80, "%s", texts[i] ? texts[i] : "(none)");
    return ++entries->count < 8;
}

START_TEST(an_empty_log_begins_with_zeros)
{
    struct audit_head head;
    ck_assert(audit_head(&world.store, &head));
    ck_assert_int_eq(head.seq, 0);
    ck_assert_str_eq(head.hash, ZEROS);
}
END_TEST

/* Of the instant of the newest entry there may be more to come. */
START_TEST(what_is_past_has_an_entry_behind_it)
{
    bool past = true;
    ck_assert(audit_is_past(&world.store, &(const struct instant){"2026-11-21T11:59:59.999Z"}, &past) && !past);
    add("person.create", 1, NULL, "Ana");
    ck_assert(audit_is_past(&world.store, &(const struct instant){"2026-11-21T11:59:59.999Z"}, &past) && past);
    ck_assert(audit_is_past(&world.store, &(const struct instant){"2026-11-21T12:00:00.000Z"}, &past) && !past);
}
END_TEST

static void sha256(const char *text, char ret_hex[65])
{
    unsigned char hash[32];
    crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text));
    for (int i = 0; i < 32; i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", hash[i]);
}

/* The commitment to a member, worked out of the salt that is kept and the value that was written. */
static void commitment(const char *member, const char *value, char ret_hex[65])
{
    char text[200];
    struct db_statement *statement =
        db_query(world.store.db, "SELECT salt, commitment FROM personal WHERE member = $1");
    db_bind_text(statement, 1, member);
    ck_assert_int_eq(db_step(statement), DB_ROW);
    ck_assert_uint_eq(db_length(statement, 0), 32);
    snprintf(text, sizeof text, "reviewd-personal-1\n%s\n%s", db_text(statement, 0), value);
    sha256(text, ret_hex);
    ck_assert_str_eq(db_text(statement, 1), ret_hex);
    db_reset(statement);
}

/* The contract's formula, written out by hand. */
START_TEST(the_hash_is_that_of_the_contract)
{
    static const char form[] =
        "{\"active\":true,\"created_at\":\"2026-11-21T12:00:00.000Z\",\"created_by\":null,\"department\":null,"
        "\"email\":{\"commitment\":\"%s\"},\"erased_at\":null,\"external\":false,"
        "\"id\":\"00000000-0000-7000-8000-00000000000a\",\"imported\":false,"
        "\"job_title\":null,\"legal_hold_at\":null,"
        "\"name\":{\"commitment\":\"%s\"},\"privacy_reason\":null,\"role\":\"employee\","
        "\"updated_at\":\"2026-11-21T12:00:00.000Z\",\"updated_by\":null,\"version\":1}";
    char email[65], name[65], body[2000], body_hex[65], hex[65], text[2000];
    struct audit_head head;
    add("person.create", 1, "r\"1", "Ana");
    commitment("email", "ana@x.org", email);
    commitment("name", "Ana", name);
    snprintf(body, sizeof body, form, email, name);
    sha256(body, body_hex);
    snprintf(text, sizeof text,
             "reviewd-audit-1\n" ZEROS
             "\n{\"actor_id\":null,\"at\":\"2026-11-21T12:00:00.000Z\",\"body_sha256\":\"%s\","
             "\"event\":\"person.create\",\"previous_hash\":\"" ZEROS "\",\"request_id\":\"r\\\"1\","
             "\"resource\":\"person\",\"resource_id\":\"00000000-0000-7000-8000-00000000000a\",\"seq\":1}",
             body_hex);
    sha256(text, hex);
    ck_assert(audit_head(&world.store, &head));
    ck_assert_int_eq(head.seq, 1);
    ck_assert_str_eq(head.hash, hex);
    world_verify(&world);
}
END_TEST

START_TEST(each_entry_names_the_one_before)
{
    struct entries entries = {0};
    const struct audit_query all = {.limit = 8};
    add("person.create", 1, "one", "Ana");
    add("person.update", 2, NULL, "Ana H");
    add("person.update", 3, "three", "Ana I");
    ck_assert(audit_list(&world.store, &all, keep, &entries));
    ck_assert_uint_eq(entries.count, 3);
    for (size_t i = 0; i < entries.count; i++) {
        ck_assert_int_eq(entries.entry[i].seq, (int64_t)i + 1);
        ck_assert_str_eq(entries.entry[i].previous_hash, i ? entries.entry[i - 1].hash : ZEROS);
        ck_assert_str_eq(entries.text[i][1], "person");
    }
    ck_assert_str_eq(entries.text[1][2], "(none)");
    ck_assert_str_eq(entries.text[2][2], "three");
    world_verify(&world);
}
END_TEST

static const struct {
    const char *name;
    struct audit_query query;
    int64_t count;
} queries[] = {
    {"all", {.limit = 8}, 3},
    {"after the first", {.after_seq = 1, .limit = 8}, 2},
    {"two of them", {.limit = 2}, 2},
    {"of a resource", {.resource = "[\"person\"]", .limit = 8}, 3},
    {"of another", {.resource = "[\"review\"]", .limit = 8}, 0},
    {"of a record", {.resource_id = "[\"00000000-0000-7000-8000-00000000000a\"]", .limit = 8}, 3},
    {"of another record", {.resource_id = "[\"00000000-0000-7000-8000-00000000000b\"]", .limit = 8}, 0},
    {"of an event", {.event = "[\"person.update\"]", .limit = 8}, 2},
    {"newest first", {.newest_first = true, .limit = 8}, 3},
    {"newest first, before the third", {.newest_first = true, .before_seq = 3, .limit = 8}, 2},
    {"of a record, newest first",
     {.newest_first = true, .resource_id = "[\"00000000-0000-7000-8000-00000000000a\"]", .limit = 8},
     3},
    {"of an actor", {.actor_id = "[\"00000000-0000-7000-8000-00000000000a\"]", .limit = 8}, 0},
    {"from then", {.from = "2026-11-21T12:00:00.000Z", .limit = 8}, 3},
    {"from a moment later", {.from = "2026-11-21T12:00:00.001Z", .limit = 8}, 0},
    {"to then", {.to = "2026-11-21T12:00:00.000Z", .limit = 8}, 3},
    {"to a moment earlier", {.to = "2026-11-21T11:59:59.999Z", .limit = 8}, 0},
};

START_TEST(entries_are_chosen)
{
    struct entries entries = {0};
    int64_t count = -1;
    add("person.create", 1, "one", "Ana");
    add("person.update", 2, NULL, "Ana H");
    add("person.update", 3, "three", "Ana I");
    ck_assert(audit_list(&world.store, &queries[_i].query, keep, &entries));
    ck_assert_msg(entries.count == (size_t)queries[_i].count, "%s: %zu", queries[_i].name, entries.count);
    for (size_t i = 1; i < entries.count; i++)
        ck_assert_int_eq(entries.entry[i].seq < entries.entry[i - 1].seq, queries[_i].query.newest_first);
    ck_assert(audit_count(&world.store, &queries[_i].query, &count));
    ck_assert_msg(queries[_i].query.limit == 2 || count == queries[_i].count, "%s: %lld", queries[_i].name,
                  (long long)count);
}
END_TEST

struct versions {
    int64_t version[8];
    bool has_previous[8];
    size_t count;
};

static bool keep_version(void *context, const struct history_version *version)
{
    struct versions *versions = context;
    versions->version[versions->count] = version->version;
    versions->has_previous[versions->count] = version->previous_body != NULL;
    struct arena arena;
    arena_init(&arena);
    ck_assert_ptr_null(strstr(version->body, "Ana"));
    const char *opened = store_opened(&world.store, &person_resource, version->body, false, &arena);
    ck_assert_ptr_nonnull(strstr(opened, version->version == 1 ? "\"Ana\"" : "\"Ana "));
    arena_finish(&arena);
    return ++versions->count < 8;
}

START_TEST(history_is_newest_first)
{
    struct versions versions = {0};
    add("person.create", 1, "one", "Ana");
    add("person.update", 2, NULL, "Ana H");
    add("person.update", 3, "three", "Ana I");
    ck_assert(audit_history(&world.store, &ana.record.id, INT64_MAX, 8, keep_version, &versions));
    ck_assert_uint_eq(versions.count, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(versions.version[i], 3 - i);
        ck_assert_int_eq(versions.has_previous[i], i < 2);
    }
    versions.count = 0;
    ck_assert(audit_history(&world.store, &ana.record.id, 3, 1, keep_version, &versions));
    ck_assert_uint_eq(versions.count, 1);
    ck_assert_int_eq(versions.version[0], 2);
}
END_TEST

START_TEST(what_is_rolled_back_leaves_no_entry)
{
    struct audit_head before, after;
    add("person.create", 1, "one", "Ana");
    ck_assert(audit_head(&world.store, &before));
    struct person person = ana;
    person.record.version.value = 2;
    const struct audit_entry entry = {.at = AT, .event = "person.update"};
    ck_assert(db_run(world.store.db, "BEGIN IMMEDIATE"));
    ck_assert(store_update(&world.store, &person_resource, &person));
    ck_assert(audit_append(&world.store, &person_resource, &person, &entry));
    ck_assert(db_run(world.store.db, "ROLLBACK"));
    ck_assert(audit_head(&world.store, &after));
    ck_assert_int_eq(after.seq, before.seq);
    ck_assert_str_eq(after.hash, before.hash);
    add("person.update", 2, "two", "Ana H");
    world_verify(&world);
}
END_TEST

Suite *chain_suite(void)
{
    Suite *suite = suite_create("audit/chain");
    TCase *tcase = unit_case(suite, "chain");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, an_empty_log_begins_with_zeros);
    tcase_add_test(tcase, what_is_past_has_an_entry_behind_it);
    tcase_add_test(tcase, the_hash_is_that_of_the_contract);
    tcase_add_test(tcase, each_entry_names_the_one_before);
    tcase_add_loop_test(tcase, entries_are_chosen, 0, ROWS(queries));
    tcase_add_test(tcase, history_is_newest_first);
    tcase_add_test(tcase, what_is_rolled_back_leaves_no_entry);
    return suite;
}
