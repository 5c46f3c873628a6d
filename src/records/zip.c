#include "reviewd/zip.h"

#include "late_functions.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MODE = 0644, READ_BLOCK_BYTES = 64 * 1024 };

/* --- names ---------------------------------------------------------------------------------------------------------
 *
 * libarchive takes names to be in the thread's locale, which a daemon leaves at "C". */

static locale_t utf8_locale;

static void make_locale(void)
{
    utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static locale_t enter_utf8(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_locale);
    return uselocale(utf8_locale);
}

/* --- writing -------------------------------------------------------------------------------------------------------
 */

struct zip {
    struct archive *archive;
    struct archive_entry *entry;
    struct buffer *out;
};

/* Never a failure: after one libarchive frees not all that it holds. The buffer knows of its own. */
static la_ssize_t take(struct archive *archive, void *context, const void *data, size_t length)
{
    struct zip *zip = context;
    (void)archive;
    if (zip->out)
        buffer_add(zip->out, data, length);
    return (la_ssize_t)length;
}

static bool make_plain(struct archive *archive)
{
    return late.archive_write_set_format_option(archive, "zip", "zip64", NULL) == ARCHIVE_OK &&
           late.archive_write_set_format_option(archive, "zip", "compression-level", "1") == ARCHIVE_OK;
}

struct zip *zip_begin(struct buffer *out, enum zip_kind kind)
{
    struct zip *zip = late_load(LATE_ARCHIVE) ? calloc(1, sizeof *zip) : NULL;
    if (!zip)
        return NULL;
    zip->out = out;
    zip->archive = late.archive_write_new();
    zip->entry = late.archive_entry_new();
    if (zip->archive && zip->entry && late.archive_write_set_format_zip(zip->archive) == ARCHIVE_OK &&
        (kind != ZIP_PLAIN || make_plain(zip->archive)) &&
        late.archive_write_set_bytes_per_block(zip->archive, 0) == ARCHIVE_OK &&
        late.archive_write_open(zip->archive, zip, NULL, take, NULL) == ARCHIVE_OK)
        return zip;
    zip_close(zip);
    return NULL;
}

bool zip_open(struct zip *zip, const struct zip_file *file)
{
    late.archive_entry_clear(zip->entry);
    late.archive_entry_set_pathname(zip->entry, file->name);
    late.archive_entry_set_filetype(zip->entry, AE_IFREG);
    late.archive_entry_set_perm(zip->entry, FILE_MODE);
    late.archive_entry_set_mtime(zip->entry, file->modified_s, 0);
    if (file->size >= 0)
        late.archive_entry_set_size(zip->entry, file->size);
    int set = file->stored ? late.archive_write_zip_set_compression_store(zip->archive)
                           : late.archive_write_zip_set_compression_deflate(zip->archive);
    locale_t before = enter_utf8();
    bool fine = set == ARCHIVE_OK && late.archive_write_header(zip->archive, zip->entry) == ARCHIVE_OK;
    uselocale(before);
    return fine && !buffer_failed(zip->out);
}

bool zip_add(struct zip *zip, const void *data, size_t length)
{
    return late.archive_write_data(zip->archive, data, length) == (la_ssize_t)length && !buffer_failed(zip->out);
}

bool zip_finish(struct zip *zip)
{
    return late.archive_write_close(zip->archive) == ARCHIVE_OK && !buffer_failed(zip->out);
}

void zip_close(struct zip *zip)
{
    if (!zip)
        return;
    zip->out = NULL; /* of one that is not finished the end is made, and goes nowhere: only so all of it is freed */
    late.archive_entry_free(zip->entry);
    late.archive_write_free(zip->archive);
    free(zip);
}

/* --- reading -------------------------------------------------------------------------------------------------------
 */

struct unzip {
    struct archive *archive;
};

struct unzip *unzip_open(const char *path, char *ret_message, size_t size)
{
    snprintf(ret_message, size, "libarchive, which reads it, is not there");
    if (!late_load(LATE_ARCHIVE))
        return NULL;
    struct unzip *unzip = calloc(1, sizeof *unzip);
    snprintf(ret_message, size, "out of memory");
    if (!unzip)
        return NULL;
    unzip->archive = late.archive_read_new();
    /* By the directory at the end, as other programs do, and not by what stands before each file. */
    bool fine = unzip->archive && late.archive_read_support_format_zip_seekable(unzip->archive) == ARCHIVE_OK;
    if (fine && late.archive_read_open_filename(unzip->archive, path, READ_BLOCK_BYTES) == ARCHIVE_OK)
        return unzip;
    if (fine)
        snprintf(ret_message, size, "%s", unzip_message(unzip));
    unzip_close(unzip);
    return NULL;
}

enum unzip_next unzip_next(struct unzip *unzip, const char **ret_name)
{
    struct archive_entry *entry;
    locale_t before = enter_utf8();
    int next = late.archive_read_next_header(unzip->archive, &entry);
    bool folder = next == ARCHIVE_OK && late.archive_entry_filetype(entry) == AE_IFDIR;
    if (next == ARCHIVE_OK)
        *ret_name =
            folder || late.archive_entry_filetype(entry) == AE_IFREG ? late.archive_entry_pathname(entry) : NULL;
    uselocale(before);
    return folder ? UNZIP_FOLDER : next == ARCHIVE_OK ? UNZIP_FILE : next == ARCHIVE_EOF ? UNZIP_END : UNZIP_BROKEN;
}

ssize_t unzip_read(struct unzip *unzip, void *ret_data, size_t size)
{
    la_ssize_t length = late.archive_read_data(unzip->archive, ret_data, size);
    return length < 0 ? -1 : (ssize_t)length;
}

const char *unzip_message(const struct unzip *unzip)
{
    const char *message = late.archive_error_string(unzip->archive);
    return message ? message : "it is no ZIP archive";
}

void unzip_close(struct unzip *unzip)
{
    if (!unzip)
        return;
    late.archive_read_free(unzip->archive);
    free(unzip);
}
