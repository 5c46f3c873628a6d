/* src/store/list.c: filters, order, pages, and who sees what. */
#include "../world.h"

#include "reviewd/input.h"

#include <stdio.h>

static struct world world;
static struct arena arena;

static void begin(void)
{
    world_begin(&world);
    world_fill(&world);
    arena_init(&arena);
}

static void end(void)
{
    arena_finish(&arena);
    world_end(&world);
}

enum { SEEN_MAX = 64 };

struct seen {
    const struct resource *resource;
    const struct field *sort;
    char text[SEEN_MAX][48]; /* reference, e-mail address or title of each row */
    char id[SEEN_MAX][37];
    char value[SEEN_MAX][300]; /* of the field sorted by */
    size_t count;
};

static bool see(void *context, const void *record)
{
    struct seen *seen = context;
    const struct record *common = record;
    const struct field *email = resource_field_named(seen->resource, "email");
    const char *text = common->reference ? common->reference
                       : email           ? ((const struct person *)record)->email
                                         : common->id.text;
    snprintf(seen->text[seen->count], 48, "%s", text);
    memcpy(seen->id[seen->count], common->id.text, 37);
    seen->value[seen->count][0] = '\0';
    if (seen->sort && field_is_set(seen->sort, record)) {
        const void *at = field_of(seen->sort, record);
        if (seen->sort->kind == FIELD_KIND_INTEGER)
            snprintf(seen->value[seen->count], 300, "%lld", (long long)((const struct integer *)at)->value);
        else
            snprintf(seen->value[seen->count], 300, "%s",
                     seen->sort->kind == FIELD_KIND_TEXT ? *(const char *const *)at : (const char *)at);
    }
    return ++seen->count < SEEN_MAX;
}

static struct list_query query_of(const struct resource *resource)
{
    return (struct list_query){.resource = resource, .view = view_all, .today = {"2026-11-21"}, .limit = SEEN_MAX};
}

static void list(const struct list_query *query, struct seen *ret_seen)
{
    ret_seen->resource = query->resource;
    ret_seen->sort = query->sort;
    ret_seen->count = 0;
    ck_assert_msg(store_list(&world.store, query, &arena, see, ret_seen), "%s", db_message(world.store.db));
}

/* --- pages ---------------------------------------------------------------------------------------------------------
 */

static const struct {
    const struct resource *resource;
    const char *sort; /* NULL: by id */
} orders[] = {
    {&person_resource, NULL},
    {&person_resource, "name"},
    {&person_resource, "email"},
    {&review_resource, "held_on"},
    {&review_resource, "title"},
    {&review_resource, "reference"},
    {&decision_resource, "deadline"},
    {&decision_resource, "decided_on"},
    {&input_resource, "position"},
    {&input_resource, "title"},
    {&action_item_resource, "completed_on"},
    {&review_resource, "created_at"},
};

/* Whatever the order and the size of the page: the pages together are the whole list, each row once. */
START_TEST(pages_make_up_the_list)
{
    struct seen whole = {0}, page = {0};
    for (int descending = 0; descending < 2; descending++) {
        for (int limit = 1; limit <= 4; limit++) {
            struct list_query query = query_of(orders[_i].resource);
            query.sort = orders[_i].sort ? resource_field_named(orders[_i].resource, orders[_i].sort) : NULL;
            query.descending = descending;
            list(&query, &whole);
            ck_assert_uint_gt(whole.count, 0);
            size_t got = 0;
            query.limit = limit;
            do {
                list(&query, &page);
                for (size_t i = 0; i < page.count; i++, got++)
                    ck_assert_msg(got < whole.count && strcmp(page.id[i], whole.id[got]) == 0, "%s by %s: row %zu",
                                  query.resource->name, orders[_i].sort ? orders[_i].sort : "id", got);
                query.after_value = page.count ? arena_text(&arena, page.value[page.count - 1]) : "";
                query.after_id = page.count ? arena_text(&arena, page.id[page.count - 1]) : "";
            } while (page.count == (size_t)limit);
            ck_assert_uint_eq(got, whole.count);
        }
    }
}
END_TEST

START_TEST(lists_are_in_order)
{
    struct seen seen = {0};
    struct list_query query = query_of(&person_resource);
    query.sort = resource_field_named(&person_resource, "name");
    list(&query, &seen);
    static const char *const names[] = {"Ana", "Ivo", "Mirko", "Petra", "Vesna", "Zoran"};
    ck_assert_uint_eq(seen.count, COUNT_OF(names));
    for (size_t i = 0; i < seen.count; i++)
        ck_assert_str_eq(seen.value[i], names[i]);
    query.descending = true;
    list(&query, &seen);
    ck_assert_str_eq(seen.value[0], "Zoran");
}
END_TEST

/* --- filters -------------------------------------------------------------------------------------------------------
 */

static const char *const open_words[] = {"planned", "in_progress"};
static const char *const approved[] = {"approved"};
static const char *const one_day[] = {"2026-11-20"};
static const char *const day_before[] = {"2026-11-19"};
static const char *const day_after[] = {"2026-11-21"};
static const char *const yes[] = {"true"};
static const char *const no[] = {"false"};
static const char *const truths[] = {"1"};

static const struct {
    const char *name;
    const struct resource *resource;
    enum filter_kind kind;
    const char *field;
    const char *const *values;
    size_t count;
    const char *words;
    const char *rows; /* with a space after each */
} filters[] = {
    {"one value", &review_resource, FILTER_IN, "status", approved, 1, NULL, "MR-2026-01 "},
    {"two values", &review_resource, FILTER_IN, "status", open_words, 2, NULL, "MR-2026-03 MR-2026-04 "},
    {"from the day", &review_resource, FILTER_FROM, "held_on", one_day, 1, NULL, "MR-2026-01 MR-2026-02 "},
    {"to the day", &review_resource, FILTER_TO, "held_on", one_day, 1, NULL, "MR-2026-01 MR-2026-02 "},
    {"from the day after", &review_resource, FILTER_FROM, "held_on", day_after, 1, NULL, ""},
    {"to the day before", &review_resource, FILTER_TO, "held_on", day_before, 1, NULL, ""},
    {"a truth", &decision_resource, FILTER_IN, "action_required", truths, 1, NULL, "DEC-2026-001 DEC-2026-003 "},
    {"overdue", &action_item_resource, FILTER_OVERDUE, "overdue", yes, 1, NULL, ""},
    {"not overdue", &action_item_resource, FILTER_OVERDUE, "overdue", no, 1, NULL, "ACT-2026-0001 "},
    {"a word", &action_item_resource, FILTER_OVERDUE, "overdue", no, 1, "window", "ACT-2026-0001 "},
    {"the beginning of a word, in any case", &action_item_resource, FILTER_OVERDUE, "overdue", no, 1, "WIN ext",
     "ACT-2026-0001 "},
    {"a word that is not there", &action_item_resource, FILTER_OVERDUE, "overdue", no, 1, "window house", ""},
    {"no words at all", &action_item_resource, FILTER_OVERDUE, "overdue", no, 1, "  ", ""},
    {"what means something to FTS5", &action_item_resource, FILTER_OVERDUE, "overdue", no, 1, "\" OR * NEAR( -a:b", ""},
};

START_TEST(filters_choose)
{
    struct seen seen = {0};
    struct list_query query = query_of(filters[_i].resource);
    query.filters[0] = (struct filter){filters[_i].kind, resource_field_named(filters[_i].resource, filters[_i].field),
                                       filters[_i].values, filters[_i].count};
    query.filter_count = 1;
    query.words = filters[_i].words;
    list(&query, &seen);
    char rows[400] = "";
    for (size_t i = 0; i < seen.count; i++)
        snprintf(rows + strlen(rows), sizeof rows - strlen(rows), "%s ", seen.text[i]);
    ck_assert_msg(strcmp(rows, filters[_i].rows) == 0, "%s: '%s', not '%s'", filters[_i].name, rows, filters[_i].rows);
    int64_t count = -1;
    ck_assert(store_count(&world.store, &query, &arena, &count));
    ck_assert_int_eq(count, (int64_t)seen.count);
}
END_TEST

START_TEST(an_overdue_item_is_found_the_day_after)
{
    struct seen seen = {0};
    static const struct {
        const char *today;
        size_t count;
    } days[] = {{"2027-03-31", 0}, {"2027-04-01", 1}};
    struct list_query query = query_of(&action_item_resource);
    query.filters[0] = (struct filter){FILTER_OVERDUE, resource_field_named(&action_item_resource, "overdue"), yes, 1};
    query.filter_count = 1;
    for (size_t i = 0; i < COUNT_OF(days); i++) {
        memcpy(query.today.text, days[i].today, sizeof query.today.text);
        list(&query, &seen);
        ck_assert_uint_eq(seen.count, days[i].count);
    }
}
END_TEST

START_TEST(withdrawn_ones_are_left_out)
{
    struct seen seen = {0};
    world_expect(&world, 201,
                 &(const struct ask_for){METHOD_POST, "/v1/reviews/MR-2026-04/inputs",
                                         "{\"clause\":\"a\",\"title\":\"Extra\"}", "ana@x.org"});
    char path[100];
    snprintf(path, sizeof path, "/v1/inputs/%s/withdraw", world_member(&world, "id"));
    struct list_query query = query_of(&input_resource);
    list(&query, &seen);
    size_t before = seen.count;
    world_expect(&world, 200, &(const struct ask_for){METHOD_POST, path, "{\"reason\":\"Twice\"}", "ana@x.org"});
    list(&query, &seen);
    ck_assert_uint_eq(seen.count, before - 1);
    query.with_withdrawn = true;
    list(&query, &seen);
    ck_assert_uint_eq(seen.count, before);
}
END_TEST

/* --- who sees what -------------------------------------------------------------------------------------------------
 */

/* Reviews of all four classifications; Petra attends none but owns what hangs from the first and the third. */
static const struct {
    const char *person;
    unsigned clearance;
    const char *reviews;
    size_t items; /* of one action item, Petra's */
} views[] = {
    {"petra@x.org", CLASSIFICATION_PUBLIC, "MR-2026-01 ", 1},
    {"ivo@x.org", CLASSIFICATION_PUBLIC, "MR-2026-01 ", 1},
    {"ivo@x.org", CLASSIFICATION_INTERNAL, "MR-2026-01 MR-2026-02 ", 1},
    {"zoran@x.org", CLASSIFICATION_CONFIDENTIAL, "MR-2026-01 MR-2026-02 MR-2026-03 ", 1},
    {"zoran@x.org", CLASSIFICATION_RESTRICTED, "MR-2026-01 MR-2026-02 MR-2026-03 MR-2026-04 ", 1},
    {"mirko@x.org", CLASSIFICATION_CONFIDENTIAL, "MR-2026-01 MR-2026-02 MR-2026-03 MR-2026-04 ", 1}, /* the chair */
    {"mirko@x.org", 0, "MR-2026-01 MR-2026-02 MR-2026-03 MR-2026-04 ", 1},
    {"petra@x.org", 0, "", 1}, /* her own */
    {"ivo@x.org", 0, "", 0},
};

START_TEST(a_view_goes_as_far_as_its_clearance)
{
    struct seen seen = {0};
    ck_assert(db_script(world.store.db,
                        "DROP TRIGGER review_frozen; DROP TRIGGER review_versioned;"
                        "UPDATE review SET classification = 'public' WHERE reference = 'MR-2026-01';"
                        "UPDATE review SET classification = 'confidential' WHERE reference = 'MR-2026-03';"
                        "UPDATE review SET classification = 'restricted' WHERE reference = 'MR-2026-04';"));
    struct list_query query = query_of(&review_resource);
    query.view.clearance = views[_i].clearance;
    ck_assert_int_eq(store_find(&world.store, &person_resource, views[_i].person, &view_all, &query.view.person),
                     FOUND);
    list(&query, &seen);
    char rows[400] = "";
    for (size_t i = 0; i < seen.count; i++)
        snprintf(rows + strlen(rows), sizeof rows - strlen(rows), "%s ", seen.text[i]);
    ck_assert_str_eq(rows, views[_i].reviews);
    query.resource = &action_item_resource;
    list(&query, &seen);
    ck_assert_uint_eq(seen.count, views[_i].items);
    struct id id;
    enum found found = store_find(&world.store, &review_resource, "MR-2026-04", &query.view, &id);
    ck_assert_int_eq(found, strstr(views[_i].reviews, "MR-2026-04") ? FOUND : ABSENT);
}
END_TEST

START_TEST(who_was_withdrawn_sees_no_more)
{
    struct seen seen = {0};
    world_expect(&world, 201,
                 &(const struct ask_for){METHOD_POST, "/v1/reviews/MR-2026-04/attendees",
                                         "{\"person_id\":\"ivo@x.org\",\"capacity\":\"observer\"}", "ana@x.org"});
    char path[100];
    snprintf(path, sizeof path, "/v1/attendees/%s/withdraw", world_member(&world, "id"));
    struct list_query query = query_of(&review_resource);
    query.view.clearance = 0;
    ck_assert_int_eq(store_find(&world.store, &person_resource, "ivo@x.org", &view_all, &query.view.person), FOUND);
    list(&query, &seen);
    ck_assert_uint_eq(seen.count, 1);
    world_expect(&world, 200, &(const struct ask_for){METHOD_POST, path, "{\"reason\":\"Left\"}", "ana@x.org"});
    list(&query, &seen);
    ck_assert_uint_eq(seen.count, 0);
}
END_TEST

Suite *list_suite(void)
{
    Suite *suite = suite_create("store/list");
    TCase *tcase = unit_case(suite, "list");
    tcase_add_unchecked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, pages_make_up_the_list, 0, ROWS(orders));
    tcase_add_test(tcase, lists_are_in_order);
    tcase_add_loop_test(tcase, filters_choose, 0, ROWS(filters));
    tcase_add_test(tcase, an_overdue_item_is_found_the_day_after);
    TCase *changing = unit_case(suite, "list, changing");
    tcase_add_checked_fixture(changing, begin, end);
    tcase_add_test(changing, withdrawn_ones_are_left_out);
    tcase_add_test(changing, who_was_withdrawn_sees_no_more);
    tcase_add_loop_test(changing, a_view_goes_as_far_as_its_clearance, 0, ROWS(views));
    return suite;
}
