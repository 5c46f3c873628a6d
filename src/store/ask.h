/* Small steps that the queries of this floor have in common. */
#ifndef REVIEWD_STORE_ASK_H
#define REVIEWD_STORE_ASK_H

#include "reviewd/store.h"

/* Binds texts to $1, $2 … of a fixed statement; NULL on failure. */
struct db_statement *ask(struct store *store, const char *sql, const char *const *texts);
#define ASK(store, sql, ...) ask(store, sql, (const char *const[]){__VA_ARGS__, NULL})

/* The same of the tables as they were at an instant, or NULL as they are; the query has eight parameters at most. */
struct db_statement *ask_then(struct store *store, const struct instant *as_of, const char *sql,
                              const char *const *texts);
#define ASK_THEN(store, as_of, sql, ...) ask_then(store, as_of, sql, (const char *const[]){__VA_ARGS__, NULL})

/* Runs a statement that answers nothing. */
MUST_USE bool ask_done(struct db_statement *statement);

/* Runs a statement that answers one integer. */
MUST_USE bool ask_integer(struct db_statement *statement, int64_t *ret_value);

/* Copies a column into a text of fixed size; nothing where it is NULL. */
void ask_text(struct db_statement *statement, int column, char *target, size_t size);

/* Copies a column into the arena; NULL where it is NULL. */
const char *ask_copy(struct db_statement *statement, int column, struct arena *arena);

/* Reads rows until the end into an array of zeroed items in the arena, and resets the statement. */
MUST_USE bool ask_rows(struct db_statement *statement, struct arena *arena, size_t size,
                       void (*row)(struct db_statement *statement, struct arena *arena, void *item), void **ret_items,
                       size_t *ret_count);

/* Reads rows of an id. */
MUST_USE bool ask_ids(struct db_statement *statement, struct arena *arena, const struct id **ret_ids,
                      size_t *ret_count);

/* Reads (id, reference, title) rows of a resource until the end, and resets the statement. */
MUST_USE bool ask_named(struct db_statement *statement, const struct resource *resource, struct arena *arena,
                        const struct named **ret_items, size_t *ret_count);

/* The file of the lock that keeps checkpoints and guests' writes apart; -1 where it cannot be had. The second one
 * waits for the lock, and closing it lets go. */
int store_open_checkpoint_lock(const char *data_folder);
int store_lock_checkpoints(const char *data_folder);

/* Makes a migrated database beside its place and puts it there in one step, where nobody else was faster. */
MUST_USE bool store_create(const char *data_folder, const char *path, bool *ret_created, const char **ret_message);

/* Makes the SQL of store_learn_ids(). Once, before threads. False when memory is out. */
bool newest_init(void);

/* Finds in the tables what records show of their parents. Once, before threads. */
void parents_init(void);

/* --- the past (past.c): of a record t, the version w of the instant that a parameter has ---------------------------
 */

struct expression {
    char text[240];
};

/* A member of then, with the type of its column; and as a text, as parameters are. */
struct expression past_value(const struct field *field);
struct expression past_text(const struct field *field);

/* What never changes of a record: its id, and those of the records that it hangs from. Of the row they have indexes. */
bool past_is_lasting(const struct field *field);

/* Joins w to t. */
void past_join(struct buffer *sql, int parameter);

/* The columns of then as store_row() reads them. */
void past_columns(struct buffer *sql, const struct resource *resource, unsigned clearance);

/* Prepared to read the record that the parameter $2 names in the column `by`, as the view sees it ($1: its person).
 * NULL on failure. */
struct db_statement *past_load(struct store *store, const struct resource *resource, const char *by,
                               const struct view *view);

/* The parents that a connection remembers (parents.c). NULL when memory is out; destroy takes NULL. */
struct parents *parents_create(void);
void parents_destroy(struct parents *parents);
void parents_forget(struct parents *parents);

#endif
