/* Ids never go back, also where the clock was set back while nothing ran, or where another process has made some by a
 * clock of later: each begins above the greatest one that is stored. */
#include "ask.h"

#include "reviewd/buffer.h"
#include "reviewd/id.h"

static char *newest_sql;

bool newest_init(void)
{
    struct buffer sql = {0};
    for (size_t r = 0; r < RESOURCE_COUNT && !newest_sql; r++)
        buffer_format(&sql, "%s SELECT max(id) AS id FROM %s", r ? " UNION ALL" : "SELECT max(id) FROM (",
                      resources[r]->name);
    if (!newest_sql) {
        buffer_put(&sql, ")");
        newest_sql = buffer_take(&sql);
    }
    return newest_sql != NULL;
}

bool store_learn_ids(struct store *store)
{
    unsigned snapshot = db_snapshot(store->db);
    if (store->ids_known && snapshot == store->ids_as_of)
        return true;
    struct db_statement *statement = db_fixed(store->db, newest_sql);
    if (!statement)
        return false;
    struct id newest;
    enum db_step step = db_step(statement);
    bool any = step == DB_ROW && !db_is_null(statement, 0) && db_text(statement, 0) &&
               id_parse(db_text(statement, 0), &newest);
    bool fine = step == DB_ROW && db_whole(statement);
    db_reset(statement);
    if (any && id_made_ms(&newest) >= 0)
        id_not_before(id_made_ms(&newest));
    store->ids_known = fine;
    store->ids_as_of = snapshot;
    return fine;
}
