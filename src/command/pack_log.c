/* What an evidence pack proves: its list of files is whole and signed, its part of the log is a chain that leads to the
 * signed head, and each version is the one of which its entry has the SHA-256. */
#include "pack.h"

#include "reviewd/audit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { DIGEST_HEX = 64, ENTRY_MAX_BYTES = 16 * 1024, READ_BYTES = 64 * 1024 };

/* --- the list ------------------------------------------------------------------------------------------------------
 */

/* "<64 digits>  <name>" without its end. */
static bool check_line(struct packed *packed, const char *line, size_t length)
{
    char name[1100];
    size_t at = DIGEST_HEX + 2;
    bool fine = length > at && length - at < sizeof name && strspn(line, "0123456789abcdef") == DIGEST_HEX &&
                memcmp(line + DIGEST_HEX, "  ", 2) == 0;
    if (!fine)
        return packed_find(packed, PACK_SUMS ": a line of it is no digest with a name");
    memcpy(name, line + at, length - at);
    name[length - at] = '\0';
    struct packed_file *file = (struct packed_file *)(uintptr_t)packed_file(packed, name);
    if (!file)
        return packed_find(packed, "%s: it is listed, and not in the pack", name);
    if (memcmp(file->sha256, line, DIGEST_HEX) != 0)
        return packed_find(packed, "%s: it was changed: its SHA-256 is not the one listed", name);
    file->listed = true;
    return true;
}

static bool check_sums(struct packed *packed, const struct packed_file *sums)
{
    const char *end = sums->data + sums->length;
    for (const char *at = sums->data; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop)
            return packed_find(packed, PACK_SUMS ": its last line does not end");
        if (!check_line(packed, at, (size_t)(stop - at)))
            return false;
        at = stop + 1;
    }
    for (size_t i = 0; i < packed->count; i++) {
        const struct packed_file *file = &packed->files[i];
        bool list = strcmp(file->name, PACK_SUMS) == 0 || strcmp(file->name, PACK_SUMS_SIGNATURE) == 0;
        if (!file->listed && !list)
            return packed_find(packed, "%s: it is in the pack, and not listed", file->name);
    }
    return true;
}

static bool check_signature(struct packed *packed, const struct known_keys *keys, const struct packed_file *sums,
                            const struct packed_file *file)
{
    struct signature signature;
    struct public_key named = {0};
    if (!signature_parse(file->data, file->length, &signature))
        return packed_find(packed, "%s: it is no signature of minisign's form", file->name);
    memcpy(named.id, signature.key_id, sizeof named.id);
    key_id_text(&named, packed->key_id);
    for (size_t i = 0; i < keys->count; i++) {
        if (memcmp(keys->items[i].key.id, named.id, sizeof named.id) != 0)
            continue;
        return signature_holds(&signature, &keys->items[i].key, sums->data, sums->length) ||
               packed_find(packed, "%s: key %s did not sign this list", file->name, packed->key_id);
    }
    return packed_find(packed, "%s: it is by key %s, of which there is no public key here: name its file with --key",
                       file->name, packed->key_id);
}

bool packed_check_list(struct packed *packed, const struct known_keys *keys)
{
    const struct packed_file *sums = packed_file(packed, PACK_SUMS);
    const struct packed_file *signature = packed_file(packed, PACK_SUMS_SIGNATURE);
    if (!sums || !signature)
        return packed_find(packed, "%s: it is not there", sums ? PACK_SUMS_SIGNATURE : PACK_SUMS);
    return check_sums(packed, sums) && check_signature(packed, keys, sums, signature);
}

/* --- entries -------------------------------------------------------------------------------------------------------
 */

static bool take_text(json_t *object, const char *name, char *ret_text, size_t length)
{
    json_t *value = json_object_get(object, name);
    const char *text = json_string_value(value);
    if (!text || json_string_length(value) != length || strlen(text) != length)
        return false;
    memcpy(ret_text, text, length + 1);
    return true;
}

/* Those of an approved review; NULL where the entry has none. To be freed. False where memory is out. */
static bool take_digests(json_t *object, char **ret_digests)
{
    json_t *digests = json_object_get(object, "minutes_sha256");
    *ret_digests = json_is_object(digests) ? json_dumps(digests, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    return *ret_digests || !json_is_object(digests);
}

/* The entry that a line is: its texts live as long as the object and the digests. False where the line is not just what
 * the API shows of one. */
static bool parse_entry(json_t *object, const char *digests, const char *line, size_t length,
                        struct audit_entry *ret_entry)
{
    struct buffer again = {0};
    struct audit_entry entry = {.seq = json_integer_value(json_object_get(object, "seq")),
                                .event = json_string_value(json_object_get(object, "event")),
                                .resource = json_string_value(json_object_get(object, "resource")),
                                .request_id = json_string_value(json_object_get(object, "request_id")),
                                .minutes_sha256 = digests};
    json_t *actor = json_object_get(object, "actor_id");
    bool fine = entry.seq > 0 && entry.event && entry.resource && take_text(object, "at", entry.at.text, 24) &&
                take_text(object, "resource_id", entry.resource_id.text, 36) &&
                take_text(object, "body_sha256", entry.body_sha256, DIGEST_HEX) &&
                take_text(object, "previous_hash", entry.previous_hash, DIGEST_HEX) &&
                take_text(object, "hash", entry.hash, DIGEST_HEX) &&
                (json_is_null(actor) || take_text(object, "actor_id", entry.actor_id.text, 36));
    if (fine) {
        audit_render(&again, &entry, true);
        fine = again.length == length && memcmp(again.data, line, length) == 0;
    }
    buffer_finish(&again);
    *ret_entry = entry;
    return fine;
}

static int compare_id(const void *key, const void *item)
{
    return strcmp(key, (*(struct packed_record *const *)item)->id.text);
}

/* The version of which the entry speaks is there, and is the one; of records that are not in the pack nothing is. */
static bool check_version(struct packed *packed, const struct audit_entry *entry)
{
    struct packed_record **found = NULL;
    if (packed->record_count)
        found =
            bsearch(entry->resource_id.text, packed->by_id, packed->record_count, sizeof *packed->by_id, compare_id);
    if (!found)
        return true;
    struct packed_record *record = *found;
    for (size_t i = 0; i < record->count; i++) {
        struct packed_version *version = &record->versions[i];
        if (version->seq != entry->seq)
            continue;
        version->found = true;
        if (strcmp(entry->resource, record->resource->name) != 0)
            return packed_find(packed, "%s: audit entry %lld speaks of another kind of record", version->file->name,
                               (long long)entry->seq);
        return strcmp(version->file->sha256, entry->body_sha256) == 0 ||
               packed_find(packed, "%s: it is not the version of which audit entry %lld has the SHA-256",
                           version->file->name, (long long)entry->seq);
    }
    return packed_find(packed, "audit entry %lld (%s): its version is missing in %s", (long long)entry->seq,
                       entry->event, record->folder);
}

/* Where the walk through the entries is. */
struct walk {
    struct packed *packed;
    int64_t seq; /* of the entry before; 0 at the first */
    char hash[65];
};

static bool check_entry(struct walk *walk, const struct audit_entry *entry)
{
    struct packed *packed = walk->packed;
    char hash[65];
    if (walk->seq && entry->seq != walk->seq + 1)
        return packed_find(packed, "audit entry %lld: an entry before it is missing", (long long)entry->seq);
    if (walk->seq && strcmp(entry->previous_hash, walk->hash) != 0)
        return packed_find(packed, "audit entry %lld: its previous_hash is not the hash of the entry before",
                           (long long)entry->seq);
    if (!audit_entry_hash(entry, hash))
        return packed_find(packed, "out of memory");
    if (strcmp(hash, entry->hash) != 0)
        return packed_find(packed, "audit entry %lld: its hash is not that of what it says", (long long)entry->seq);
    walk->seq = entry->seq;
    memcpy(walk->hash, entry->hash, sizeof walk->hash);
    packed->entries++;
    return check_version(packed, entry);
}

static bool check_entry_line(struct walk *walk, const char *line, size_t length)
{
    struct audit_entry entry;
    json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
    char *digests;
    bool fine = take_digests(object, &digests) || packed_find(walk->packed, "out of memory");
    fine =
        fine && (parse_entry(object, digests, line, length, &entry) ||
                 packed_find(walk->packed, PACK_ENTRIES ": after entry %lld comes what is none", (long long)walk->seq));
    fine = fine && check_entry(walk, &entry);
    free(digests);
    json_decref(object);
    return fine;
}

/* Takes whole lines off the text. */
static bool take_lines(struct walk *walk, struct buffer *text)
{
    const char *at = text->data;
    const char *end = text->data + text->length;
    const char *stop;
    while (at < end && (stop = memchr(at, '\n', (size_t)(end - at)))) {
        if (!check_entry_line(walk, at, (size_t)(stop - at)))
            return false;
        at = stop + 1;
    }
    text->length = (size_t)(end - at);
    memmove(text->data, at, text->length);
    return text->length <= ENTRY_MAX_BYTES || packed_find(walk->packed, PACK_ENTRIES ": a line of it has no end");
}

/* There may be a million: line by line. */
static bool walk_entries(struct packed *packed, struct walk *walk)
{
    static char block[READ_BYTES];
    struct buffer text = {0};
    ssize_t length = 0;
    struct unzip *unzip = packed_reopen(packed, PACK_ENTRIES);
    bool fine = unzip != NULL;
    while (fine && (length = unzip_read(unzip, block, sizeof block)) > 0) {
        buffer_add(&text, block, (size_t)length);
        fine = buffer_failed(&text) ? packed_find(packed, "out of memory") : take_lines(walk, &text);
    }
    if (fine && length < 0)
        fine = packed_find(packed, PACK_ENTRIES ": %s", unzip_message(unzip));
    if (fine && text.length)
        fine = packed_find(packed, PACK_ENTRIES ": its last line does not end");
    buffer_finish(&text);
    unzip_close(unzip);
    return fine;
}

/* --- the head ------------------------------------------------------------------------------------------------------
 */

static bool check_head(struct packed *packed, const struct known_keys *keys)
{
    struct checkpoint_finding finding = {0};
    const struct packed_file *text = packed_file(packed, PACK_CHECKPOINT);
    const struct packed_file *signature = packed_file(packed, PACK_CHECKPOINT_SIGNATURE);
    if (!text || !signature)
        return packed_find(packed, "%s: it is not there", text ? PACK_CHECKPOINT_SIGNATURE : PACK_CHECKPOINT);
    checkpoint_check_claim(keys, text->data, text->length, signature->data, signature->length, &packed->head, &finding);
    return !finding.text[0] || packed_find(packed, "%s", finding.text);
}

bool packed_check_log(struct packed *packed, const struct known_keys *keys)
{
    struct walk walk = {.packed = packed};
    if (!check_head(packed, keys))
        return false;
    if (!packed_file(packed, PACK_ENTRIES))
        return packed_find(packed, PACK_ENTRIES ": it is not there");
    if (!walk_entries(packed, &walk))
        return false;
    if (walk.seq != packed->head.seq)
        return packed_find(packed, "the entries end with %lld, and the signed head is entry %lld", (long long)walk.seq,
                           (long long)packed->head.seq);
    if (strcmp(walk.hash, packed->head.hash) != 0)
        return packed_find(packed, "entry %lld has another hash than the signed head: the log was worked out anew",
                           (long long)walk.seq);
    for (size_t i = 0; i < packed->record_count; i++) {
        const struct packed_record *record = &packed->records[i];
        for (size_t v = 0; v < record->count; v++) {
            if (!record->versions[v].found)
                return packed_find(packed, "%s: no audit entry speaks of it", record->versions[v].file->name);
        }
    }
    return true;
}
