/* How far something is that takes long, told from one process to another: a file of the data folder, which is locked as
 * long as somebody is at it. So that another process, or the next one after a crash, sees whether anybody still is. */
#ifndef REVIEWD_PROGRESS_H
#define REVIEWD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress_figures {
    int64_t lines;
    int64_t created;
    int64_t unchanged;
    int64_t refused;
};

struct progress;

/* `id` is a name for a file. NULL with errno on failure. */
struct progress *progress_begin(const char *folder, const char *id);
void progress_tell(const struct progress *progress, const struct progress_figures *figures);

/* Takes the file away. Takes NULL. */
void progress_end(struct progress *progress);

/* Whether somebody is at it; how far, then. Any thread and process. */
bool progress_look(const char *folder, const char *id, struct progress_figures *ret_figures);

/* Takes away what a crash left of it. */
void progress_forget(const char *folder, const char *id);

#endif
