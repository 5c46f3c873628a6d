/* Readers: what is read in one round of a loop shares a transaction, and with it the two locks that each would take
 * (a quarter of the time of a small read). */
#include "reviewd/store.h"

bool store_snapshot(struct store *store, uint64_t commits)
{
    if (store->has_snapshot && store->snapshot_of == commits && db_in_transaction(store->db))
        return true;
    store_let_go(store);
    store->snapshot_of = commits;
    store->has_snapshot = db_run(store->db, "BEGIN");
    return store->has_snapshot;
}

void store_let_go(struct store *store)
{
    if (store->has_snapshot && db_in_transaction(store->db) && !db_run(store->db, "COMMIT"))
        store->has_snapshot = !db_script(store->db, "ROLLBACK");
    else
        store->has_snapshot = false;
}
