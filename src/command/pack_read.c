/* Reading an evidence pack: the digest of every file, and what is in those that are checked further. */
#include "pack.h"

#include "reviewd/digest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    KEPT_MAX_BYTES = 64 * 1024 * 1024, /* of one file */
    KEPT_IN_ALL_MAX_BYTES = 512 * 1024 * 1024,
    BLOCK_BYTES = 64 * 1024,
    NAME_MAX_BYTES = 1000,
};

bool packed_find(struct packed *packed, const char *format, ...)
{
    va_list arguments;
    if (packed->finding[0])
        return false;
    va_start(arguments, format);
    vsnprintf(packed->finding, sizeof packed->finding, format, arguments);
    va_end(arguments);
    size_t length = strlen(packed->finding);
    for (char *at = packed->finding; *at; at++) /* names come from whoever made the pack */
        *at = (unsigned char)*at < ' ' || *at == 0x7F ? '?' : *at;
    while (length && !text_is_utf8(packed->finding, length))
        packed->finding[--length] = '\0';
    return false;
}

/* Whether a path stays in its folder wherever it is unpacked. */
static bool is_safe(const char *name)
{
    for (const char *at = name;;) {
        size_t length = strcspn(at, "/");
        if (length == 0 || (length == 1 && *at == '.') || (length == 2 && at[0] == '.' && at[1] == '.'))
            return false;
        if (!at[length])
            break;
        at += length + 1;
    }
    return strlen(name) <= NAME_MAX_BYTES && !strchr(name, '\\') && text_is_utf8(name, strlen(name));
}

/* The name within the pack's folder, which the first file says; NULL with a finding. */
static const char *inner_name(struct packed *packed, const char *name)
{
    if (!name || !is_safe(name)) {
        bool utf8 = name && text_is_utf8(name, strlen(name));
        packed_find(packed, "%s: a pack has no such file", utf8 ? name : "a file whose name is none");
        return NULL;
    }
    size_t length = strcspn(name, "/") + 1;
    if (!packed->folder && name[length - 1])
        packed->folder = arena_copy(&packed->arena, name, length);
    if (packed->folder && strncmp(name, packed->folder, strlen(packed->folder)) == 0)
        return name + strlen(packed->folder);
    packed_find(packed, "%s: it is not in the folder of the pack", name);
    return NULL;
}

/* What is read for more than its digest. */
static bool is_kept(const char *name)
{
    return strncmp(name, "records/", 8) == 0 || strcmp(name, PACK_SUMS) == 0 ||
           strcmp(name, PACK_SUMS_SIGNATURE) == 0 || strcmp(name, PACK_CHECKPOINT) == 0 ||
           strcmp(name, PACK_CHECKPOINT_SIGNATURE) == 0;
}

static struct packed_file *add_file(struct packed *packed, const char *name)
{
    if (packed->count == packed->room) {
        packed->room = packed->room ? packed->room * 2 : 256;
        struct packed_file *files = realloc(packed->files, packed->room * sizeof *files);
        if (!files)
            return NULL;
        packed->files = files;
    }
    struct packed_file *file = &packed->files[packed->count++];
    *file = (struct packed_file){.name = arena_text(&packed->arena, name)};
    return file;
}

static bool read_content(struct packed *packed, struct unzip *unzip, struct packed_file *file)
{
    static char block[BLOCK_BYTES];
    struct sha256 hash;
    unsigned char digest[SHA256_BYTES];
    struct buffer kept = {0};
    ssize_t length;
    bool keep = is_kept(file->name);
    digest_begin(&hash);
    while ((length = unzip_read(unzip, block, sizeof block)) > 0 && kept.length < KEPT_MAX_BYTES) {
        digest_add(&hash, block, (size_t)length);
        if (keep)
            buffer_add(&kept, block, (size_t)length);
        packed->kept += keep ? (size_t)length : 0;
        if (packed->kept > KEPT_IN_ALL_MAX_BYTES)
            break;
    }
    digest_end(&hash, digest);
    digest_hex(digest, sizeof digest, file->sha256);
    if (keep && length == 0 && !buffer_failed(&kept)) {
        file->data = arena_copy(&packed->arena, kept.length ? kept.data : "", kept.length);
        file->length = kept.length;
    }
    packed->arena.failed |= buffer_failed(&kept);
    buffer_finish(&kept);
    if (length < 0)
        return packed_find(packed, "%s: %s", file->name, unzip_message(unzip));
    return length == 0 || packed_find(packed, "%s: it is larger than such a file is", file->name);
}

/* Folders as such are in no pack that was made here, but in one that was unpacked and packed again. They say nothing;
 * yet they lie where files may: the name is judged as that of a file in it. */
static bool pass_folder(struct packed *packed, const char *full)
{
    size_t length = full ? strlen(full) : 0;
    while (length && full[length - 1] == '/')
        length--;
    return inner_name(packed, arena_format(&packed->arena, "%.*s/x", (int)length, full ? full : "")) != NULL;
}

static int compare_files(const void *a, const void *b)
{
    return strcmp(((const struct packed_file *)a)->name, ((const struct packed_file *)b)->name);
}

static bool read_all(struct packed *packed, struct unzip *unzip)
{
    const char *full;
    enum unzip_next next;
    while ((next = unzip_next(unzip, &full)) == UNZIP_FILE || next == UNZIP_FOLDER) {
        if (next == UNZIP_FOLDER) {
            if (!pass_folder(packed, full))
                return false;
            continue;
        }
        const char *name = inner_name(packed, full);
        struct packed_file *file = name ? add_file(packed, name) : NULL;
        if (!name || !file || arena_failed(&packed->arena))
            return packed_find(packed, "out of memory");
        if (!read_content(packed, unzip, file))
            return false;
    }
    if (next == UNZIP_BROKEN)
        return packed_find(packed, "it cannot be read as a ZIP archive: %s", unzip_message(unzip));
    if (packed->count)
        qsort(packed->files, packed->count, sizeof *packed->files, compare_files);
    for (size_t i = 1; i < packed->count; i++) {
        if (strcmp(packed->files[i - 1].name, packed->files[i].name) == 0)
            return packed_find(packed, "%s: there are two of this name", packed->files[i].name);
    }
    return !arena_failed(&packed->arena) || packed_find(packed, "out of memory");
}

bool packed_read(struct packed *packed, const char *path)
{
    char message[300];
    *packed = (struct packed){.path = path};
    arena_init(&packed->arena);
    struct unzip *unzip = unzip_open(path, message, sizeof message);
    if (!unzip)
        return packed_find(packed, "it cannot be read as a ZIP archive: %s", message);
    bool fine = read_all(packed, unzip);
    unzip_close(unzip);
    return fine;
}

void packed_finish(struct packed *packed)
{
    free(packed->files);
    arena_finish(&packed->arena);
}

const struct packed_file *packed_file(const struct packed *packed, const char *name)
{
    const struct packed_file key = {.name = name};
    return packed->count ? bsearch(&key, packed->files, packed->count, sizeof key, compare_files) : NULL;
}

struct unzip *packed_reopen(struct packed *packed, const char *name)
{
    char message[300];
    const char *full;
    struct unzip *unzip = unzip_open(packed->path, message, sizeof message);
    enum unzip_next next;
    while (unzip && ((next = unzip_next(unzip, &full)) == UNZIP_FILE || next == UNZIP_FOLDER)) {
        const char *inner = next == UNZIP_FILE ? inner_name(packed, full) : NULL;
        if (inner && strcmp(inner, name) == 0)
            return unzip;
    }
    unzip_close(unzip);
    packed_find(packed, "%s: it is not there any more", name);
    return NULL;
}
