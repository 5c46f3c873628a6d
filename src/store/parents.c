/* What records show of the records that they hang from, remembered as long as nobody else writes and this connection
 * changes none of them. */
#include "ask.h"

#include <stdlib.h>

enum { PARENT_SLOTS = 512 };

struct parent {
    struct id id;
    uint64_t epoch;
    unsigned snapshot; /* of the connection, when it was read */
    char *reference;   /* on the heap, the title behind it */
    const char *title;
};

/* Reviews and decisions apart, so that those of one record never take each other's place. */
struct parents {
    uint64_t epoch; /* what was read in an earlier one is forgotten */
    struct parent slots[2][PARENT_SLOTS];
};

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

static bool parent_read(struct store *store, const char *sql, const struct id *id, struct parent *parent)
{
    unsigned snapshot = db_snapshot(store->db);
    if (id_equal(&parent->id, id) && parent->snapshot == snapshot && parent->epoch == store->parents->epoch)
        return true;
    struct db_statement *statement = db_fixed(store->db, sql);
    if (!statement)
        return false;
    parent->id = (struct id){0};
    db_bind_text(statement, 1, id->text);
    bool read = db_step(statement) == DB_ROW && parent_take(statement, parent);
    if (read) {
        parent->id = *id;
        parent->snapshot = snapshot;
        parent->epoch = store->parents->epoch;
    }
    db_reset(statement);
    return read;
}

bool store_derive(struct store *store, const struct resource *resource, const struct date *today, void *record)
{
    static const char review_sql[] = "SELECT reference, title FROM review WHERE id = $1";
    static const char decision_sql[] = "SELECT reference, title FROM decision WHERE id = $1";
    /* Looked at once for a record: what one member shows of a parent stays in its place while the next is filled. */
    bool looked_at[2] = {false, false};
    if (resource->derive)
        resource->derive(record, today);
    for (size_t i = 0; i < resource->field_count; i++) {
        const struct field *field = &resource->fields[i];
        if (!field->via)
            continue;
        bool review = strcmp(field->via, "review_id") == 0;
        const struct id *id = field_of(fields_find(resource->fields, resource->field_count, field->via), record);
        /* The last letters of an id are random. */
        size_t slot =
            ((unsigned)id->text[33] * 37 + (unsigned)id->text[34] * 271 + (unsigned)id->text[35]) % PARENT_SLOTS;
        struct parent *parent = &store->parents->slots[review][slot];
        if (!looked_at[review] && !parent_read(store, review ? review_sql : decision_sql, id, parent))
            return false;
        looked_at[review] = true;
        *(const char **)field_in(field, record) = field->of[0] == 'r' ? parent->reference : parent->title;
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
