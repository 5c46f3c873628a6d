/* An evidence pack that is to be verified, as it was read. */
#ifndef REVIEWD_COMMAND_PACK_H
#define REVIEWD_COMMAND_PACK_H

#include "command.h"

#include "reviewd/pack.h"
#include "reviewd/pack_rows.h"
#include "reviewd/zip.h"

struct packed_file {
    const char *name; /* within the pack's folder */
    char sha256[65];
    const char *data; /* ended by NUL; NULL: not kept */
    size_t length;
    bool listed;
};

struct packed_version {
    int64_t number;
    int64_t seq;
    const struct packed_file *file;
    bool found; /* its entry in the log */
};

struct packed_record {
    const struct resource *resource;
    const char *folder;
    struct id id;
    const struct packed_file *shown;
    const struct packed_file *openings; /* of its personal members; or NULL */
    struct packed_version *versions;    /* by number */
    size_t count;
};

struct packed {
    const char *path;
    struct arena arena;
    const char *folder;        /* "MR-2026-01-evidence/" */
    struct packed_file *files; /* by name */
    size_t count;
    size_t room;
    struct packed_record *records; /* by folder, and so those of one kind by reference or id */
    struct packed_record **by_id;
    size_t record_count;
    size_t kept; /* bytes of files that are in memory */
    size_t version_count;
    int64_t entries;
    struct checkpoint_claim head;
    char key_id[KEY_ID_TEXT_BYTES]; /* that signed the list */
    char finding[600];              /* the first that does not fit; "" when all does */
};

/* Notes what does not fit, unless something was found before; false. */
bool packed_find(struct packed *packed, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* False with a finding: what cannot be read does not fit either. */
bool packed_read(struct packed *packed, const char *path);
void packed_finish(struct packed *packed);

const struct packed_file *packed_file(const struct packed *packed, const char *name);

/* Opens the pack anew at one of its files. NULL with a finding. */
struct unzip *packed_reopen(struct packed *packed, const char *name);

/* The checks, in their order. Each is false with a finding. */
bool packed_check_list(struct packed *packed, const struct known_keys *keys);
bool packed_check_records(struct packed *packed);
bool packed_check_log(struct packed *packed, const struct known_keys *keys);
bool packed_check_files(struct packed *packed);

#endif
