/* Field table <-> rows. */
#include "ask.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const struct view view_all = {.clearance = CLASSIFICATION_RESTRICTED};

enum { FIELDS_MAX = 64 };

/* The SQL of one resource, made once from its table. */
struct statements {
    const struct field *stored[FIELDS_MAX]; /* in the order of its columns */
    size_t stored_count;
    char *columns[CLASSIFICATION_RESTRICTED + 1];
    char *insert;
    char *update;
    char *index_words; /* NULL where nothing of it is searched */
    char *mark_words;  /* notes that all of it is in the index */
    char *visible[CLASSIFICATION_RESTRICTED + 1];
    char *load_by_id[CLASSIFICATION_RESTRICTED + 1];
    char *load_by_name[CLASSIFICATION_RESTRICTED + 1]; /* by reference, or what it is found by */
    char *find_by_id[CLASSIFICATION_RESTRICTED + 1];
    char *find_by_name[CLASSIFICATION_RESTRICTED + 1];
};

static struct statements all_statements[RESOURCE_COUNT];

/* Whether a person sees a review, by their clearance: sees_review_<clearance>(person, review). */
static char *sees_review[CLASSIFICATION_RESTRICTED];

static const struct statements *statements_of(const struct resource *resource)
{
    return &all_statements[resource_index(resource)];
}

const char *store_columns(const struct resource *resource, unsigned clearance)
{
    return statements_of(resource)->columns[clearance];
}

/* A member of the alias t as who has the clearance sees it ($1: the caller). */
static const char *unveiled(const struct field *field, unsigned clearance, char *buffer, size_t size)
{
    if (field->veiled && clearance < CLASSIFICATION_RESTRICTED)
        snprintf(buffer, size, "CASE WHEN sees_review_%u($1, t.\"%s\") THEN t.\"%s\" END", clearance, field->name,
                 field->name);
    else
        snprintf(buffer, size, "t.\"%s\"", field->name);
    return buffer;
}

const char *store_visible(const struct resource *resource, unsigned clearance)
{
    return statements_of(resource)->visible[clearance];
}

static bool is_stored(const struct resource *resource, const struct field *field)
{
    return !field->derived && resource_has(resource, field);
}

static void put_attachment_visible(struct buffer *sql, const char *alias, unsigned clearance);

/* Whether the caller ($1) may read the review of that alias, or attends it. A chain of OR, since SQLite builds a
 * temporary b-tree for a list of constants each time. */
static void put_review_visible(struct buffer *sql, const char *alias, unsigned clearance)
{
    buffer_put(sql, "(");
    for (unsigned level = 1; level <= clearance; level++)
        buffer_format(sql, "%s.classification = '%s' OR ", alias, classification_names[level - 1]);
    buffer_format(sql,
                  "EXISTS (SELECT 1 FROM attendee AS v WHERE v.review_id = %s.id AND v.person_id = $1 AND "
                  "v.withdrawn = 0))",
                  alias);
}

/* The same of the review that a row of the alias belongs to, as a question that readers remember the answers to: one
 * review has many rows. */
static void put_sees_review(struct buffer *sql, const char *alias, unsigned clearance)
{
    buffer_format(sql, "sees_review_%u($1, %s.review_id)", clearance, alias);
}

static void put_visible(struct buffer *sql, const struct resource *resource, const char *alias, unsigned clearance)
{
    if (clearance >= CLASSIFICATION_RESTRICTED || resource == &person_resource || resource == &token_resource) {
        buffer_put(sql, "$1 IS NOT NULL");
    } else if (resource == &import_resource) {
        buffer_format(sql, "%s.created_by = $1", alias);
    } else if (resource == &calendar_token_resource) {
        buffer_format(sql, "%s.person_id = $1", alias);
    } else if (resource == &review_resource) {
        put_review_visible(sql, alias, clearance);
    } else if (resource == &attachment_resource) {
        put_attachment_visible(sql, alias, clearance);
    } else if (resource == &amendment_resource || resource == &follow_up_resource) {
        buffer_format(sql, "(EXISTS (SELECT 1 FROM action_item AS p WHERE p.id = %s.action_item_id AND ", alias);
        put_visible(sql, &action_item_resource, "p", clearance);
        buffer_put(sql, ")");
        if (resource == &amendment_resource) {
            buffer_format(sql, " OR EXISTS (SELECT 1 FROM decision AS p WHERE p.id = %s.decision_id AND ", alias);
            put_visible(sql, &decision_resource, "p", clearance);
            buffer_put(sql, ")");
        }
        buffer_put(sql, ")");
    } else {
        bool owned = resource == &decision_resource || resource == &action_item_resource;
        buffer_put(sql, "(");
        if (owned)
            buffer_format(sql, "%s.owner_id = $1 OR ", alias);
        put_sees_review(sql, alias, clearance);
        buffer_put(sql, ")");
    }
}

/* As what it hangs from: with its review, or with the decision or action item that the caller owns. */
static void put_attachment_visible(struct buffer *sql, const char *alias, unsigned clearance)
{
    buffer_put(sql, "(");
    put_sees_review(sql, alias, clearance);
    buffer_format(
        sql,
        " OR EXISTS (SELECT 1 FROM decision AS p WHERE p.id = %s.decision_id AND p.owner_id = $1) OR EXISTS "
        "(SELECT 1 FROM action_item AS p WHERE p.owner_id = $1 AND p.id = coalesce(%s.action_item_id, (SELECT "
        "f.action_item_id FROM follow_up AS f WHERE f.id = %s.follow_up_id))))",
        alias, alias, alias);
}

static void list_stored(const struct resource *resource, struct statements *s)
{
    s->stored_count = 0;
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (!is_stored(resource, field))
            continue;
        assert(s->stored_count < FIELDS_MAX);
        s->stored[s->stored_count++] = field;
    }
}

static char *make_columns(const struct resource *resource, unsigned clearance)
{
    struct buffer sql = {0};
    char column[160];
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (is_stored(resource, field))
            buffer_format(&sql, "%s%s", sql.length ? ", " : "", unveiled(field, clearance, column, sizeof column));
    }
    return buffer_take(&sql);
}

static char *make_insert(const struct resource *resource)
{
    struct buffer sql = {0};
    struct buffer values = {0};
    buffer_format(&sql, "INSERT OR FAIL INTO %s (", resource->name);
    int parameter = 0;
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (!is_stored(resource, field))
            continue;
        buffer_format(&sql, "%s\"%s\"", parameter ? ", " : "", field->name);
        buffer_format(&values, "%s$%d", parameter ? ", " : "", parameter + 1);
        parameter++;
    }
    buffer_put(&sql, ") VALUES (");
    buffer_add(&sql, values.data, values.length);
    buffer_put(&sql, ")");
    buffer_finish(&values);
    return buffer_take(&sql);
}

static char *make_update(const struct resource *resource)
{
    struct buffer sql = {0};
    buffer_format(&sql, "UPDATE %s SET ", resource->name);
    int parameter = 0;
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (is_stored(resource, field) && ++parameter > 1) /* the first is the id */
            buffer_format(&sql, "%s\"%s\" = $%d", parameter > 2 ? ", " : "", field->name, parameter);
    }
    buffer_put(&sql, " WHERE id = $1");
    return buffer_take(&sql);
}

static char *make_mark_words(const struct resource *resource)
{
    struct buffer sql = {0};
    buffer_format(&sql,
                  "INSERT INTO words_indexed (resource, last) SELECT '%s', coalesce(max(key), 0) FROM %s WHERE true "
                  "ON CONFLICT (resource) DO UPDATE SET last = excluded.last",
                  resource->name, resource->name);
    return buffer_take(&sql);
}

static bool make_index_words(const struct resource *resource, char **ret_sql)
{
    struct buffer columns = {0};
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (field->searched && is_stored(resource, field))
            buffer_format(&columns, "%s%s", columns.length ? ", " : "", field->name);
    }
    *ret_sql = NULL;
    bool fine = !buffer_failed(&columns);
    bool searched = resource_is_searched(resource);
    char *text = buffer_take(&columns);
    if (searched && text)
        *ret_sql = db_words_index_sql(resource->name, text);
    free(text);
    return fine && (!searched || *ret_sql);
}

static char *make_visible(const struct resource *resource, unsigned clearance)
{
    struct buffer sql = {0};
    put_visible(&sql, resource, "t", clearance);
    return buffer_take(&sql);
}

static char *make_load(const struct resource *resource, const char *columns, const char *by, const char *visible)
{
    struct buffer sql = {0};
    buffer_format(&sql, "SELECT %s FROM %s AS t WHERE t.%s = $2 AND %s", columns, resource->name, by, visible);
    return buffer_take(&sql);
}

/* By what its records are found beside their ids. */
static const char *name_of(const struct resource *resource)
{
    return resource->found_by ? resource->found_by : resource->reference_prefix ? "reference" : "id";
}

static char *make_sees_review(unsigned clearance)
{
    struct buffer sql = {0};
    buffer_put(&sql, "SELECT 1 FROM review AS r WHERE r.id = $2 AND ");
    put_review_visible(&sql, "r", clearance);
    return buffer_take(&sql);
}

static bool give_questions(struct db *db)
{
    bool fine = true;
    for (unsigned level = 0; fine && level < CLASSIFICATION_RESTRICTED; level++) {
        char name[24];
        snprintf(name, sizeof name, "sees_review_%u", level);
        fine = db_question(db, name, sees_review[level]);
    }
    return fine;
}

bool store_init(void)
{
    parents_init();
    for (unsigned level = 0; level < CLASSIFICATION_RESTRICTED; level++) {
        if (!sees_review[level] && !(sees_review[level] = make_sees_review(level)))
            return false;
    }
    if (!newest_init())
        return false;
    for (size_t r = 0; r < RESOURCE_COUNT && !all_statements[r].insert; r++) {
        const struct resource *resource = resources[r];
        struct statements *s = &all_statements[r];
        const char *name = name_of(resource);
        list_stored(resource, s);
        s->insert = make_insert(resource);
        s->update = make_update(resource);
        s->mark_words = make_mark_words(resource);
        if (!s->insert || !s->update || !s->mark_words || !make_index_words(resource, &s->index_words))
            return false;
        for (unsigned level = 0; level <= CLASSIFICATION_RESTRICTED; level++) {
            s->columns[level] = make_columns(resource, level);
            s->visible[level] = make_visible(resource, level);
            if (!s->columns[level] || !s->visible[level])
                return false;
            s->load_by_id[level] = make_load(resource, s->columns[level], "id", s->visible[level]);
            s->load_by_name[level] = make_load(resource, s->columns[level], name, s->visible[level]);
            s->find_by_id[level] = make_load(resource, "t.id", "id", s->visible[level]);
            s->find_by_name[level] = make_load(resource, "t.id", name, s->visible[level]);
            if (!s->load_by_id[level] || !s->load_by_name[level] || !s->find_by_id[level] || !s->find_by_name[level])
                return false;
        }
    }
    return true;
}

bool store_open(struct store *store, const char *data_folder, enum db_mode mode, const char **ret_message)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", data_folder, STORE_FILE) >= (int)sizeof path) {
        *ret_message = "the path of the data folder is too long";
        return false;
    }
    bool created = false;
    if (FAILPOINT("store.open")) {
        *ret_message = "disk I/O error";
        return false;
    }
    if (mode != DB_READER && access(path, F_OK) != 0 && !store_create(data_folder, path, &created, ret_message))
        return false;
    struct parents *parents = parents_create();
    *ret_message = "out of memory";
    struct db *db = parents ? db_open(path, mode, ret_message) : NULL;
    if (db && !give_questions(db)) {
        *ret_message = "out of memory";
        db_close(db);
        db = NULL;
    }
    if (!db)
        parents_destroy(parents);
    else
        *store = (struct store){.db = db, .created = created, .parents = parents};
    if (db)
        store_forget(store);
    return db != NULL;
}

void store_close(struct store *store)
{
    db_close(store->db);
    parents_destroy(store->parents);
    *store = (struct store){0};
}

void store_forget(struct store *store)
{
    parents_forget(store->parents);
    for (size_t i = 0; i < RESOURCE_COUNT; i++)
        store->unindexed[i] += store->unindexed[i] == 0;
}

/* --- rows into records ----------------------------------------------------------------------------------------- */

static unsigned enum_of(const struct field *field, const char *name)
{
    return name ? field_enum_value(field, name) : 0;
}

static const char *text_of(struct db_statement *statement, int column, struct arena *arena)
{
    const char *text = db_text(statement, column);
    return text && arena ? arena_copy(arena, text, db_length(statement, column)) : text;
}

static void column_read(struct db_statement *statement, int column, const struct field *field, struct arena *arena,
                        void *record)
{
    void *at = field_in(field, record);
    switch (field->kind) {
    case FIELD_KIND_TEXT:
        *(const char **)at = text_of(statement, column, arena);
        return;
    case FIELD_KIND_REF:
        ask_text(statement, column, at, sizeof(struct id));
        return;
    case FIELD_KIND_DATE:
        ask_text(statement, column, at, sizeof(struct date));
        return;
    case FIELD_KIND_INSTANT:
        ask_text(statement, column, at, sizeof(struct instant));
        return;
    case FIELD_KIND_INTEGER:
        if (!db_is_null(statement, column))
            *(struct integer *)at = (struct integer){true, db_integer(statement, column)};
        return;
    case FIELD_KIND_NUMBER:
        if (!db_is_null(statement, column))
            *(struct number *)at = (struct number){true, db_number(statement, column)};
        return;
    case FIELD_KIND_TRUTH:
        if (!db_is_null(statement, column))
            *(enum truth *)at = db_integer(statement, column) ? TRUTH_TRUE : TRUTH_FALSE;
        return;
    case FIELD_KIND_ENUM:
        *(unsigned *)at = enum_of(field, db_text(statement, column));
        return;
    case FIELD_KIND_OBJECT:
    case FIELD_KIND_LIST:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_REFS:
    case FIELD_KIND_RAW: {
        struct nested *nested = at;
        nested->json = text_of(statement, column, arena);
        nested->length = nested->json ? db_length(statement, column) : 0;
        return;
    }
    }
}

bool store_row(struct store *store, struct db_statement *statement, int column, const struct resource *resource,
               const struct instant *as_of, const struct date *today, struct arena *arena, void *ret_record)
{
    const struct statements *s = statements_of(resource);
    memset(ret_record, 0, resource->size);
    for (size_t i = 0; i < s->stored_count; i++)
        column_read(statement, column++, s->stored[i], arena, ret_record);
    return db_whole(statement) && store_derive(store, resource, as_of, today, ret_record);
}

static enum found bind_key(struct store *store, const struct resource *resource, const char *key,
                           const struct view *view, bool whole, struct db_statement **ret_statement)
{
    const struct statements *s = statements_of(resource);
    struct id id;
    bool by_id = id_parse(key, &id);
    if (!by_id && !resource->found_by && !resource->reference_prefix)
        return ABSENT;
    unsigned level = view->clearance;
    struct db_statement *statement =
        whole && view->as_of ? past_load(store, resource, by_id ? "id" : name_of(resource), view)
                             : db_fixed(store->db, whole ? (by_id ? s->load_by_id : s->load_by_name)[level]
                                                         : (by_id ? s->find_by_id : s->find_by_name)[level]);
    if (!statement)
        return BROKEN;
    db_bind_text(statement, 1, view->person.text);
    if (by_id)
        store->key = id;
    db_bind_text(statement, 2, by_id ? store->key.text : key);
    *ret_statement = statement;
    return FOUND;
}

enum found store_find(struct store *store, const struct resource *resource, const char *key, const struct view *view,
                      struct id *ret_id)
{
    struct db_statement *statement;
    enum found found = bind_key(store, resource, key, view, false, &statement);
    if (found != FOUND)
        return found;
    enum db_step step = db_step(statement);
    if (step == DB_ROW)
        ask_text(statement, 0, ret_id->text, sizeof ret_id->text);
    db_reset(statement);
    return step == DB_ROW ? FOUND : step == DB_DONE ? ABSENT : BROKEN;
}

void store_release(struct store *store)
{
    if (store->borrowed)
        db_reset(store->borrowed);
    store->borrowed = NULL;
}

enum found store_load(struct store *store, const struct resource *resource, const char *key, const struct view *view,
                      const struct date *today, struct arena *arena, void *ret_record)
{
    struct db_statement *statement;
    enum found found =
        DB_FAILPOINT(store->db, "record.load") ? BROKEN : bind_key(store, resource, key, view, true, &statement);
    if (found != FOUND)
        return found;
    enum db_step step = db_step(statement);
    bool read = step == DB_ROW && store_row(store, statement, 0, resource, view->as_of, today, arena, ret_record);
    if (arena || !read)
        db_reset(statement);
    else
        store->borrowed = statement;
    if (read && arena)
        store_keep_derived(resource, arena, ret_record);
    return read ? FOUND : step == DB_DONE ? ABSENT : BROKEN;
}

/* --- records into rows ----------------------------------------------------------------------------------------- */

static void column_bind(struct db_statement *statement, int parameter, const struct field *field, const void *record)
{
    if (!field_is_set(field, record)) {
        db_bind_null(statement, parameter);
        return;
    }
    const void *at = field_of(field, record);
    switch (field->kind) {
    case FIELD_KIND_TEXT:
        db_bind_text(statement, parameter, *(const char *const *)at);
        return;
    case FIELD_KIND_REF:
    case FIELD_KIND_DATE:
    case FIELD_KIND_INSTANT:
        db_bind_text(statement, parameter, at);
        return;
    case FIELD_KIND_INTEGER:
        db_bind_integer(statement, parameter, ((const struct integer *)at)->value);
        return;
    case FIELD_KIND_NUMBER:
        db_bind_number(statement, parameter, ((const struct number *)at)->value);
        return;
    case FIELD_KIND_TRUTH:
        db_bind_integer(statement, parameter, *(const unsigned *)at == TRUTH_TRUE);
        return;
    case FIELD_KIND_ENUM:
        db_bind_text(statement, parameter, field->values[*(const unsigned *)at - 1]);
        return;
    case FIELD_KIND_OBJECT:
    case FIELD_KIND_LIST:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_REFS:
    case FIELD_KIND_RAW:
        db_bind_text(statement, parameter, ((const struct nested *)at)->json);
        return;
    }
}

static bool write_row(struct store *store, const char *sql, const struct resource *resource, const void *record)
{
    struct db_statement *statement = db_fixed(store->db, sql);
    if (!statement)
        return false;
    int parameter = 0;
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (is_stored(resource, field))
            column_bind(statement, ++parameter, field, record);
    }
    enum db_step step = db_step(statement);
    db_reset(statement);
    return step == DB_DONE;
}

static bool index_words(struct store *store, size_t index)
{
    const struct statements *s = &all_statements[index];
    if (!store->unindexed[index])
        return true;
    if (s->index_words && (DB_FAILPOINT(store->db, "words.index") || !db_run(store->db, s->index_words) ||
                           !db_run(store->db, s->mark_words)))
        return false;
    store->unindexed[index] = 0;
    return true;
}

size_t store_unindexed(const struct store *store)
{
    size_t count = 0;
    for (size_t i = 0; i < RESOURCE_COUNT; i++)
        count += store->unindexed[i];
    return count;
}

bool store_index_words(struct store *store)
{
    bool fine = true;
    for (size_t i = 0; i < RESOURCE_COUNT; i++)
        fine = fine && index_words(store, i);
    return fine;
}

bool store_insert(struct store *store, const struct resource *resource, const void *record)
{
    if (DB_FAILPOINT(store->db, "record.insert") ||
        !write_row(store, statements_of(resource)->insert, resource, record))
        return false;
    store->unindexed[resource_index(resource)]++;
    return true;
}

bool store_update(struct store *store, const struct resource *resource, const void *record)
{
    if (resource == &review_resource || resource == &decision_resource)
        parents_forget(store->parents);
    /* The trigger takes the old words out of the index: they have to be there. */
    return !DB_FAILPOINT(store->db, "record.update") && index_words(store, resource_index(resource)) &&
           write_row(store, statements_of(resource)->update, resource, record);
}

const char *store_next_reference(struct store *store, const struct resource *resource, int year, struct arena *arena)
{
    static const char count_sql[] = "INSERT INTO reference_counter (prefix, year, last) VALUES ($1, $2, 1) "
                                    "ON CONFLICT (prefix, year) DO UPDATE SET last = last + 1";
    static const char read_sql[] = "SELECT last FROM reference_counter WHERE prefix = $1 AND year = $2";
    const char *reference = NULL;
    if (DB_FAILPOINT(store->db, "reference.count"))
        return NULL;
    const char *const steps[] = {count_sql, read_sql};
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct db_statement *statement = db_fixed(store->db, steps[i]);
        if (!statement)
            return NULL;
        db_bind_text(statement, 1, resource->reference_prefix);
        db_bind_integer(statement, 2, year);
        enum db_step step = db_step(statement);
        if (step == DB_ROW)
            reference = arena_format(arena, "%s-%04d-%0*lld", resource->reference_prefix, year,
                                     resource->reference_digits, (long long)db_integer(statement, 0));
        db_reset(statement);
        if (step == DB_ERROR)
            return NULL;
    }
    return reference;
}
