/* Two of SQLite's files, kept in a cheaper way than SQLite's own (files.c). Private to the driver. */
#ifndef REVIEWD_SQLITE_FILES_H
#define REVIEWD_SQLITE_FILES_H

/* Makes them the default for every connection that is opened after it. Called once, after sqlite3_initialize(). Where
 * it fails (memory), SQLite goes on with its own. */
void files_register(void);

#endif
