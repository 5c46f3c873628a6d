/* What an evidence pack shows: each record is its last version, the evidence is that of which the records have the
 * SHA-256, and minutes are those that were approved. */
#include "pack.h"

#include "reviewd/digest.h"
#include "reviewd/review.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* --- folders of records --------------------------------------------------------------------------------------------
 */

static const struct resource *resource_of(const char *name, size_t length)
{
    for (size_t i = 0; i < PACK_RESOURCES; i++) {
        const char *collection = pack_resources[i]->collection;
        if (strlen(collection) == length && memcmp(collection, name, length) == 0)
            return pack_resources[i];
    }
    return NULL;
}

/* Digits without a zero in front, and what follows them. */
static bool take_number(const char **at, const char *then, int64_t *ret_number)
{
    size_t digits = strspn(*at, "0123456789");
    if (digits == 0 || digits > 18 || **at == '0' || strncmp(*at + digits, then, strlen(then)) != 0)
        return false;
    *ret_number = strtoll(*at, NULL, 10);
    *at += digits + strlen(then);
    return true;
}

/* "version-3.entry-27.json" */
static bool parse_version(const char *leaf, struct packed_version *ret_version)
{
    if (strncmp(leaf, "version-", 8) != 0)
        return false;
    leaf += 8;
    return take_number(&leaf, ".entry-", &ret_version->number) && take_number(&leaf, ".json", &ret_version->seq) &&
           !*leaf;
}

static int compare_versions(const void *a, const void *b)
{
    const struct packed_version *x = a;
    const struct packed_version *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

/* Takes the files of one folder, which lie side by side: so many from *at on. */
static bool take_folder(struct packed *packed, size_t *at, struct packed_record *record)
{
    const struct packed_file *first = &packed->files[*at];
    const char *collection = first->name + strlen("records/");
    size_t length = strcspn(collection, "/");
    const char *slash = strrchr(first->name, '/');
    record->resource = resource_of(collection, length);
    if (!record->resource || slash <= collection + length ||
        memchr(collection + length + 1, '/', (size_t)(slash - collection) - length - 1))
        return packed_find(packed, "%s: a pack has no such file", first->name);
    record->folder = arena_copy(&packed->arena, first->name, (size_t)(slash + 1 - first->name));
    size_t from = *at;
    while (*at < packed->count && strncmp(packed->files[*at].name, record->folder, strlen(record->folder)) == 0)
        ++*at;
    record->versions = arena_array(&packed->arena, *at - from, sizeof *record->versions);
    for (size_t i = from; record->versions && i < *at; i++) {
        const struct packed_file *file = &packed->files[i];
        const char *leaf = file->name + strlen(record->folder);
        struct packed_version *version = &record->versions[record->count];
        version->file = file;
        if (strcmp(leaf, "record.json") == 0)
            record->shown = file;
        else if (strcmp(leaf, PACK_OPENINGS) == 0)
            record->openings = file;
        else if (parse_version(leaf, version))
            record->count++;
        else
            return packed_find(packed, "%s: a pack has no such file", file->name);
    }
    if (!record->versions)
        return packed_find(packed, "out of memory");
    qsort(record->versions, record->count, sizeof *record->versions, compare_versions);
    packed->version_count += record->count;
    return (record->shown && record->count) ||
           packed_find(packed, "%s: the record or its versions are missing", record->folder);
}

/* --- what is in them -----------------------------------------------------------------------------------------------
 */

static json_t *parse(struct packed *packed, const struct packed_file *file)
{
    json_t *object = json_loadb(file->data, file->length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
    if (json_is_object(object))
        return object;
    json_decref(object);
    packed_find(packed, "%s: it is no JSON object", file->name);
    return NULL;
}

/* Puts what the openings say into the place of a body's commitments. An opening without a salt is of what was erased:
 * nothing speaks for its value but the list. */
static bool open_body(struct packed *packed, const struct packed_record *record, json_t *body)
{
    if (!record->openings)
        return true;
    json_t *openings = json_loadb(record->openings->data, record->openings->length, JSON_REJECT_DUPLICATES, NULL);
    bool fine = json_is_array(openings);
    size_t index;
    json_t *opening;
    json_array_foreach(openings, index, opening)
    {
        const char *member = json_string_value(json_object_get(opening, "member"));
        const char *salt = json_string_value(json_object_get(opening, "salt"));
        json_t *value = json_object_get(opening, "value");
        const char *said =
            member ? json_string_value(json_object_get(json_object_get(body, member), "commitment")) : NULL;
        char commitment[SHA256_HEX_BYTES] = "";
        if (salt && json_is_string(value))
            personal_commitment(salt, json_string_value(value), commitment);
        fine = fine && said && json_is_string(value) && (!salt || strcmp(said, commitment) == 0);
        fine = fine && json_object_set(body, member, value) == 0;
    }
    json_decref(openings);
    return fine || packed_find(packed, "%s: it does not open the last version", record->openings->name);
}

/* The record shows what its last version says. Packs are kept for years: a version may lack members that were added to
 * the table later, which are then absent, and have some that this build does not know yet. */
static bool compare_shown(struct packed *packed, const struct packed_record *record, json_t *body, json_t *shown)
{
    const char *name;
    json_t *value;
    json_object_foreach(body, name, value)
    {
        const struct field *field = resource_field_named(record->resource, name);
        json_t *is = json_object_get(shown, name);
        if (is ? !json_equal(is, value) : field && !field->hidden)
            return packed_find(packed, "%s: its '%.100s' is not that of its last version", record->shown->name, name);
    }
    json_object_foreach(shown, name, value)
    {
        const struct field *field = resource_field_named(record->resource, name);
        bool absent = json_is_null(value) || (json_is_array(value) && !json_array_size(value));
        if (!json_object_get(body, name) && !(field && (field->derived || absent)))
            return packed_find(packed, "%s: its '%.100s' is none that its last version has, or this reviewd knows",
                               record->shown->name, name);
    }
    return true;
}

/* "records/decisions/DEC-2026-001/" */
static bool check_folder(struct packed *packed, const struct packed_record *record, json_t *body)
{
    const char *reference = json_string_value(json_object_get(body, "reference"));
    const char *folder = arena_format(&packed->arena, "records/%s/%s/", record->resource->collection,
                                      reference ? reference : record->id.text);
    return strcmp(folder, record->folder) == 0 ||
           packed_find(packed, "%s: it is not the folder of the record in it", record->folder);
}

/* The versions are of one record and follow each other, in the log too. */
static bool check_version(struct packed *packed, struct packed_record *record, size_t index, json_t *body)
{
    const struct packed_version *version = &record->versions[index];
    const char *id = json_string_value(json_object_get(body, "id"));
    if (index == 0 && id && strlen(id) == 36)
        memcpy(record->id.text, id, 37);
    bool fine = id && strcmp(id, record->id.text) == 0 && version->number == (int64_t)index + 1 &&
                json_number_value(json_object_get(body, "version")) == (double)version->number &&
                (index == 0 || version->seq > version[-1].seq);
    return fine || packed_find(packed, "%s: it is not version %zu of the record", version->file->name, index + 1);
}

static bool check_record(struct packed *packed, struct packed_record *record)
{
    json_t *shown = parse(packed, record->shown);
    bool fine = shown != NULL;
    for (size_t i = 0; fine && i < record->count; i++) {
        json_t *body = parse(packed, record->versions[i].file);
        fine = body && check_version(packed, record, i, body);
        if (fine && i + 1 == record->count)
            fine = check_folder(packed, record, body) && open_body(packed, record, body) &&
                   compare_shown(packed, record, body, shown);
        json_decref(body);
    }
    json_decref(shown);
    return fine;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp((*(struct packed_record *const *)a)->id.text, (*(struct packed_record *const *)b)->id.text);
}

static bool sort_ids(struct packed *packed)
{
    for (size_t i = 0; i < packed->record_count; i++)
        packed->by_id[i] = &packed->records[i];
    qsort(packed->by_id, packed->record_count, sizeof *packed->by_id, compare_ids);
    for (size_t i = 1; i < packed->record_count; i++) {
        if (id_equal(&packed->by_id[i - 1]->id, &packed->by_id[i]->id))
            return packed_find(packed, "%s: the record is in the pack twice", packed->by_id[i]->folder);
    }
    return true;
}

bool packed_check_records(struct packed *packed)
{
    size_t reviews = 0;
    packed->records = arena_array(&packed->arena, packed->count + 1, sizeof *packed->records);
    packed->by_id = arena_array(&packed->arena, packed->count + 1, sizeof *packed->by_id);
    if (!packed->records || !packed->by_id)
        return packed_find(packed, "out of memory");
    for (size_t at = 0; at < packed->count;) {
        if (strncmp(packed->files[at].name, "records/", 8) != 0) {
            at++;
            continue;
        }
        struct packed_record *record = &packed->records[packed->record_count++];
        if (!take_folder(packed, &at, record) || !check_record(packed, record))
            return false;
        reviews += record->resource == &review_resource;
    }
    if (arena_failed(&packed->arena))
        return packed_find(packed, "out of memory");
    if (reviews != 1)
        return packed_find(packed, "there are %zu reviews in it; a pack is of one", reviews);
    return sort_ids(packed);
}

/* --- evidence and minutes ------------------------------------------------------------------------------------------
 */

static bool check_evidence(struct packed *packed, const struct packed_record *record, size_t number)
{
    json_t *shown = parse(packed, record->shown);
    const char *name = json_string_value(json_object_get(shown, "name"));
    const char *sha256 = json_string_value(json_object_get(shown, "sha256"));
    bool withdrawn = json_is_true(json_object_get(shown, "withdrawn"));
    bool fine = name && sha256;
    const char *path = fine ? arena_format(&packed->arena, "evidence/%s%s", withdrawn ? "withdrawn/" : "",
                                           pack_file_name(&packed->arena, number, name))
                            : "";
    const struct packed_file *file = fine ? packed_file(packed, path) : NULL;
    if (!file)
        fine = packed_find(packed, "%s: there is no file %s", record->folder, path);
    else if (strcmp(file->sha256, sha256) != 0)
        fine = packed_find(packed, "%s: it is not the file of which %s has the SHA-256", path, record->folder);
    json_decref(shown);
    return fine;
}

/* The minutes in one form, whole or as an extract, are those that the approved review names. */
static bool check_form(struct packed *packed, const char *stem, const char *form, json_t *digests, size_t *found)
{
    char member[40];
    snprintf(member, sizeof member, "extract_%s", form);
    const struct packed_file *whole = packed_file(packed, arena_format(&packed->arena, "%s.%s", stem, form));
    const struct packed_file *extract = packed_file(packed, arena_format(&packed->arena, "%s-extract.%s", stem, form));
    const struct packed_file *file = whole ? whole : extract;
    const char *said = json_string_value(json_object_get(digests, whole ? form : member));
    if (!file || (whole && extract))
        return packed_find(packed, "%s.%s: the minutes of an approved revision are not there once", stem, form);
    if (!said || strcmp(said, file->sha256) != 0)
        return packed_find(packed, "%s: these are not the minutes of which the approval has the SHA-256", file->name);
    ++*found;
    return true;
}

static bool check_approval(struct packed *packed, const struct packed_version *version, size_t *found)
{
    json_t *body = parse(packed, version->file);
    json_t *digests = json_object_get(body, "minutes_sha256");
    const char *status = json_string_value(json_object_get(body, "status"));
    const char *reference = json_string_value(json_object_get(body, "reference"));
    bool fine = body != NULL;
    if (fine && json_is_object(digests) && status && strcmp(status, "approved") == 0 && reference) {
        const char *stem = arena_format(&packed->arena, "minutes/%s-r%lld", reference,
                                        (long long)json_number_value(json_object_get(body, "revision")));
        fine = check_form(packed, stem, "html", digests, found) && check_form(packed, stem, "pdf", digests, found);
    }
    json_decref(body);
    return fine;
}

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

/* A draft, or what was approved before minutes were kept: nothing but the list speaks for it. */
static bool is_unproved(const char *name)
{
    return ends_with(name, "-draft.html") || ends_with(name, "-draft.pdf") || ends_with(name, "-made-anew.html") ||
           ends_with(name, "-made-anew.pdf");
}

bool packed_check_files(struct packed *packed)
{
    size_t attachments = 0;
    size_t minutes = 0;
    for (size_t i = 0; i < packed->record_count; i++) {
        const struct packed_record *record = &packed->records[i];
        if (strcmp(record->resource->name, "attachment") == 0 && !check_evidence(packed, record, ++attachments))
            return false;
        for (size_t v = 0; record->resource == &review_resource && v < record->count; v++) {
            if (!check_approval(packed, &record->versions[v], &minutes))
                return false;
        }
    }
    for (size_t i = 0; i < packed->count; i++) {
        const char *name = packed->files[i].name;
        attachments -= strncmp(name, "evidence/", 9) == 0;
        minutes -= strncmp(name, "minutes/", 8) == 0 && !is_unproved(name);
    }
    if (attachments)
        return packed_find(packed, "evidence: there are files of which no record speaks");
    return minutes == 0 || packed_find(packed, "minutes: there are files of which no approval speaks");
}
