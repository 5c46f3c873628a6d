/* The driver's search of words, from the inside. */
#ifndef REVIEWD_STORE_SQLITE_WORDS_H
#define REVIEWD_STORE_SQLITE_WORDS_H

#include <sqlite3.h>

/* Gives a connection the function words_weight(). SQLite's code. */
int words_register(sqlite3 *handle);

#endif
