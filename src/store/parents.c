/* What records show of the records that they hang from, remembered as long as nobody else writes and this connection
 * changes none of them. */
#include "ask.h"

#include <assert.h>
#include <stdlib.h>

enum { PARENT_SLOTS = 2048, SHOWN_MAX = 8 };

/* What one resource shows of its parents, found once in its table. */
struct shown {
    const struct field *field;
    const struct field *via; /* the member that names the parent */
    bool review;             /* which is a review; else a decision */
    bool reference;          /* that is shown; else the title */
};

static struct shown all_shown[RESOURCE_COUNT][SHOWN_MAX];
static size_t shown_count[RESOURCE_COUNT];

struct parent {
    struct id id;
    uint64_t epoch;
    unsigned snapshot;    /* of the connection, when it was read */
    struct instant as_of; /* as it was then; absent: as it is */
    char *reference;      /* on the heap, the title behind it */
    const char *title;
};

/* Reviews and decisions apart, so that those of one record never take each other's place. */
struct parents {
    uint64_t epoch; /* what was read in an earlier one is forgotten */
    struct parent slots[2][PARENT_SLOTS];
};

void parents_init(void)
{
    for (size_t r = 0; r < RESOURCE_COUNT; r++) {
        const struct resource *resource = resources[r];
        shown_count[r] = 0;
        for (size_t i = 0; i < resource->field_count; i++) {
            const struct field *field = &resource->fields[i];
            if (!field->via)
                continue;
            assert(shown_count[r] < SHOWN_MAX);
            all_shown[r][shown_count[r]++] =
                (struct shown){.field = field,
                               .via = fields_find(resource->fields, resource->field_count, field->via),
                               .review = strcmp(field->via, "review_id") == 0,
                               .reference = strcmp(field->of, "reference") == 0};
        }
    }
}

struct parents *parents_create(void)
{
    return calloc(1, sizeof(struct parents));
}

void parents_destroy(struct parents *parents)
{
    for (size_t i = 0; parents && i < PARENT_SLOTS; i++) {
        free(parents->slots[0][i].reference);
        free(parents->slots[1][i].reference);
    }
    free(parents);
}

void parents_forget(struct parents *parents)
{
    parents->epoch++;
}

/* Takes reference and title from the row. */
static bool parent_take(struct db_statement *statement, struct parent *parent)
{
    const char *reference = db_text(statement, 0);
    const char *title = db_text(statement, 1);
    if (!reference || !title)
        return false;
    size_t reference_bytes = db_length(statement, 0) + 1;
    size_t title_bytes = db_length(statement, 1) + 1;
    char *text = realloc(parent->reference, reference_bytes + title_bytes);
    if (!text)
        return false;
    memcpy(text, reference, reference_bytes);
    memcpy(text + reference_bytes, title, title_bytes);
    parent->reference = text;
    parent->title = text + reference_bytes;
    return true;
}

static bool parent_read(struct store *store, const char *sql, const struct id *id, const struct instant *as_of,
                        struct parent *parent)
{
    /* By a clock that was set back, the first version may have come after what hangs from it. */
    static const char then_sql[] =
        "SELECT v.body ->> 'reference', v.body ->> 'title' FROM version AS v JOIN audit_log AS a ON a.seq = v.seq "
        "WHERE v.record_id = $1 AND (a.at <= $2 OR v.version = 1) ORDER BY v.version DESC LIMIT 1";
    unsigned snapshot = db_snapshot(store->db);
    bool same = as_of ? strcmp(parent->as_of.text, as_of->text) == 0 : !instant_is_set(&parent->as_of);
    if (same && id_equal(&parent->id, id) && parent->snapshot == snapshot && parent->epoch == store->parents->epoch)
        return true;
    struct db_statement *statement = db_fixed(store->db, as_of ? then_sql : sql);
    if (!statement)
        return false;
    parent->id = (struct id){0};
    db_bind_text(statement, 1, id->text);
    if (as_of)
        db_bind_text(statement, 2, as_of->text);
#ifndef __clang__ /* which does not know it */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak" /* the slot keeps it; gcc loses count of them */
#endif
    bool read = db_step(statement) == DB_ROW && parent_take(statement, parent);
#ifndef __clang__
#pragma GCC diagnostic pop
#endif
    if (read) {
        parent->id = *id;
        parent->snapshot = snapshot;
        parent->epoch = store->parents->epoch;
        parent->as_of = as_of ? *as_of : (struct instant){0};
    }
    db_reset(statement);
    return read;
}

/* The last letters of an id are random. */
static size_t slot_of(const struct id *id)
{
    size_t slot = 0;
    for (size_t i = 33; i < 36; i++) { /* 'a' to 'f' are 0x61 to 0x66 */
        unsigned char c = (unsigned char)id->text[i];
        slot = slot << 4 | ((c & 15u) + (c >> 6) * 9u);
    }
    return slot % PARENT_SLOTS;
}

bool store_derive(struct store *store, const struct resource *resource, const struct instant *as_of,
                  const struct date *today, void *record)
{
    static const char review_sql[] = "SELECT reference, title FROM review WHERE id = $1";
    static const char decision_sql[] = "SELECT reference, title FROM decision WHERE id = $1";
    if (resource->derive)
        resource->derive(record, today);
    /* Looked at once for a record: what one member shows of a parent stays in its place while the next is filled. */
    bool looked_at[2] = {false, false};
    size_t r = resource_index(resource);
    for (size_t i = 0; i < shown_count[r]; i++) {
        const struct shown *shown = &all_shown[r][i];
        const struct id *id = field_of(shown->via, record);
        struct parent *parent = &store->parents->slots[shown->review][slot_of(id)];
        if (!looked_at[shown->review] &&
            !parent_read(store, shown->review ? review_sql : decision_sql, id, as_of, parent))
            return false;
        looked_at[shown->review] = true;
        *(const char **)field_in(shown->field, record) = shown->reference ? parent->reference : parent->title;
    }
    return true;
}

void store_keep_derived(const struct resource *resource, struct arena *arena, void *record)
{
    for (size_t i = 0; i < resource->field_count; i++) {
        const struct field *field = &resource->fields[i];
        const char **text = field->via ? field_in(field, record) : NULL;
        if (text && *text)
            *text = arena_text(arena, *text);
    }
}
