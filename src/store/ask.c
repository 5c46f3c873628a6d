#include "ask.h"

struct db_statement *ask(struct store *store, const char *sql, const char *const *texts)
{
    struct db_statement *statement = db_fixed(store->db, sql);
    for (int i = 0; statement && texts[i]; i++)
        db_bind_text(statement, i + 1, texts[i]);
    return statement;
}

bool ask_done(struct db_statement *statement)
{
    if (!statement)
        return false;
    enum db_step step = db_step(statement);
    db_reset(statement);
    return step != DB_ERROR;
}

bool ask_integer(struct db_statement *statement, int64_t *ret_value)
{
    if (!statement)
        return false;
    bool read = db_step(statement) == DB_ROW;
    if (read)
        *ret_value = db_integer(statement, 0);
    db_reset(statement);
    return read;
}

void ask_text(struct db_statement *statement, int column, char *target, size_t size)
{
    const char *text = db_text(statement, column);
    if (text && !memccpy(target, text, '\0', size)) /* only a damaged database holds such a text */
        target[size - 1] = '\0';
}

const char *ask_copy(struct db_statement *statement, int column, struct arena *arena)
{
    const char *text = db_text(statement, column);
    return text ? arena_copy(arena, text, db_length(statement, column)) : NULL;
}

/* Makes room for one more item of a growing array in the arena; NULL when memory is out. */
static void *grow(struct arena *arena, void *items, size_t count, size_t size)
{
    if (count & (count - 1) || (count && count < 8))
        return items; /* room is made at 0, 8, 16, 32 … */
    void *grown = arena_array(arena, count ? count * 2 : 8, size);
    if (grown && count)
        memcpy(grown, items, count * size);
    return grown;
}

bool ask_rows(struct db_statement *statement, struct arena *arena, size_t size,
              void (*row)(struct db_statement *statement, struct arena *arena, void *item), void **ret_items,
              size_t *ret_count)
{
    char *items = NULL;
    size_t count = 0;
    enum db_step step = DB_ERROR;
    while (statement && (step = db_step(statement)) == DB_ROW) {
        items = grow(arena, items, count, size);
        if (!items)
            break;
        row(statement, arena, items + count++ * size);
    }
    if (statement)
        db_reset(statement);
    if (step != DB_DONE)
        return false;
    *ret_items = items;
    *ret_count = count;
    return true;
}

static void named_row(struct db_statement *statement, struct arena *arena, void *item)
{
    struct named *named = item;
    ask_text(statement, 0, named->id.text, sizeof named->id.text);
    named->reference = ask_copy(statement, 1, arena);
    named->title = ask_copy(statement, 2, arena);
}

bool ask_named(struct db_statement *statement, const struct resource *resource, struct arena *arena,
               const struct named **ret_items, size_t *ret_count)
{
    void *rows;
    if (!ask_rows(statement, arena, sizeof(struct named), named_row, &rows, ret_count))
        return false;
    struct named *items = rows;
    for (size_t i = 0; i < *ret_count; i++)
        items[i].resource = resource;
    *ret_items = items;
    return true;
}

static void id_row(struct db_statement *statement, struct arena *arena, void *item)
{
    (void)arena;
    ask_text(statement, 0, ((struct id *)item)->text, sizeof(struct id));
}

bool ask_ids(struct db_statement *statement, struct arena *arena, const struct id **ret_ids, size_t *ret_count)
{
    void *rows = NULL;
    bool read = ask_rows(statement, arena, sizeof(struct id), id_row, &rows, ret_count);
    *ret_ids = rows;
    return read;
}
