/* Readers: what is read in one round of a loop shares a transaction, and with it the two locks that each would take
 * (a quarter of the time of a small read). */
#include "reviewd/store.h"

/* BEGIN alone sees nothing yet: the first read does, and till then db_snapshot() tells of the state before. */
static bool begin(struct store *store)
{
    if (!db_run(store->db, "BEGIN"))
        return false;
    struct db_statement *statement = db_fixed(store->db, "SELECT 1 FROM migration LIMIT 1");
    bool read = statement && db_step(statement) != DB_ERROR;
    if (statement)
        db_reset(statement);
    return read;
}

bool store_snapshot(struct store *store, uint64_t commits)
{
    if (store->has_snapshot && store->snapshot_of == commits && db_in_transaction(store->db))
        return true;
    store_let_go(store);
    store->snapshot_of = commits;
    bool begun = begin(store);
    store->has_snapshot = db_in_transaction(store->db);
    return begun;
}

void store_let_go(struct store *store)
{
    if (store->has_snapshot && db_in_transaction(store->db) && !db_run(store->db, "COMMIT"))
        store->has_snapshot = !db_script(store->db, "ROLLBACK");
    else
        store->has_snapshot = false;
}

void store_let_go_older(struct store *store, uint64_t commits)
{
    if (store->snapshot_of != commits)
        store_let_go(store);
}
