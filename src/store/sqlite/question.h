/* Questions as functions of SQL (db_question), from the inside. */
#ifndef REVIEWD_STORE_SQLITE_QUESTION_H
#define REVIEWD_STORE_SQLITE_QUESTION_H

#include "reviewd/db.h"

#include <sqlite3.h>

/* Gives a connection the function. SQLite's code. */
int question_register(sqlite3 *handle, struct db *db, const char *name, const char *sql, bool remembers);

#endif
