/* Names that are to outlast a loss of power: a file that was made, moved or linked is only there for good once the
 * folder that names it was synced. Safe in any thread. */
#ifndef REVIEWD_DISK_H
#define REVIEWD_DISK_H

#include <stdbool.h>

/* The file or folder of this path. False with errno. */
bool disk_sync(const char *path);

/* The folder that names this one, by whatever way one comes to it. One that we may pass and not read is taken as it is.
 */
bool disk_sync_above(const char *folder);

/* The folder in which a file of this path lies. */
bool disk_sync_around(const char *path);

#endif
