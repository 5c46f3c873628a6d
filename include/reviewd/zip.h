/* ZIP archives (APPNOTE 6.3, with Zip64 and names in UTF-8), by libarchive: written piece by piece into a buffer, and
 * read back one file after the other.
 *
 * libarchive ends the process where it gets no memory for a name. */
#ifndef REVIEWD_ZIP_H
#define REVIEWD_ZIP_H

#include "reviewd/buffer.h"

#include <sys/types.h>

/* --- writing: what comes of it is added to `out`, to be taken from there at any time */

struct zip;

struct zip_file {
    const char *name;   /* UTF-8, folders parted by '/' */
    int64_t size;       /* -1: not known beforehand */
    int64_t modified_s; /* since 1970-01-01 */
    bool stored;        /* as it is; else deflated. Its size is known. */
};

/* A file of unknown size may grow beyond 4 GiB and is marked so (Zip64) before its first byte, which spreadsheets take
 * for damage. ZIP_PLAIN has no such marks; its files and it as a whole are the caller's to keep below, and what is
 * deflated is deflated fast. */
enum zip_kind { ZIP_OF_ANY_SIZE, ZIP_PLAIN };

/* NULL where memory is out, or the library is not there (late.h). The buffer is the caller's. */
struct zip *zip_begin(struct buffer *out, enum zip_kind kind);

/* Each is false where memory is out. A file ends where the next one begins. */
__attribute__((warn_unused_result)) bool zip_open(struct zip *zip, const struct zip_file *file);
__attribute__((warn_unused_result)) bool zip_add(struct zip *zip, const void *data, size_t length);

/* Writes the directory at the end. */
__attribute__((warn_unused_result)) bool zip_finish(struct zip *zip);

/* Frees it, finished or not. Takes NULL. */
void zip_close(struct zip *zip);

/* --- reading */

struct unzip;

enum unzip_next { UNZIP_FILE, UNZIP_FOLDER, UNZIP_END, UNZIP_BROKEN };

/* NULL where the file cannot be opened as a ZIP: *ret_message says why. */
struct unzip *unzip_open(const char *path, char *ret_message, size_t size);

/* The next file or folder as such; its name lives until the next call. NULL as name: it is no plain file with a name in
 * UTF-8. */
enum unzip_next unzip_next(struct unzip *unzip, const char **ret_name);

/* Fills in up to `size` bytes of it; 0 at its end, -1 where it cannot be read or is damaged. */
ssize_t unzip_read(struct unzip *unzip, void *ret_data, size_t size);

const char *unzip_message(const struct unzip *unzip);
void unzip_close(struct unzip *unzip); /* takes NULL */

#endif
