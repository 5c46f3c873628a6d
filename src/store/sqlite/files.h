/* Two of SQLite's files, kept in a cheaper way than SQLite's own (files.c). Private to the driver. */
#ifndef REVIEWD_SQLITE_FILES_H
#define REVIEWD_SQLITE_FILES_H

#include <sqlite3.h>

/* Makes them the default for every connection that is opened after it. Called once, after sqlite3_initialize(). Where
 * it fails (memory), SQLite goes on with its own. */
void files_register(void);

/* After a transaction of the connection was taken back, before it does anything else. */
void files_forget(sqlite3 *handle);

#endif
