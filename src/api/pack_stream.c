/* An evidence pack, piece by piece: each step makes a file or a part of one, of what never changes. */
#include "pack.h"

#include "minutes.h"
#include "worker.h"

#include "reviewd/attachment.h"
#include "reviewd/content.h"
#include "reviewd/failpoint.h"
#include "reviewd/register.h"

#include <stdio.h>
#include <stdlib.h>

enum { STEP_RECORDS = 50, STEP_ENTRIES = 200, STEPS_AT_ONCE = 8 };

/* --- files ---------------------------------------------------------------------------------------------------------
 */

/* "2026-11-21T18:46:00.123Z" */
static int64_t seconds_of(const char *instant)
{
    struct instant at = {0};
    if (!instant_parse(instant, &at))
        return 0;
    const struct date date = instant_date(&at);
    return ((date_days(&date) * 24 + atoi(at.text + 11)) * 60 + atoi(at.text + 14)) * 60 + atoi(at.text + 17);
}

/* Begins a file; `size` is -1 where it is not known. What is evidence is stored as it is, since it mostly is packed
 * already, and the rest deflated. */
static bool begin(struct pack *pack, const char *name, int64_t size, const char *modified, bool stored)
{
    struct buffer path = {0};
    buffer_put(&path, pack->folder);
    buffer_put(&path, name);
    buffer_char(&path, '\0');
    pack->name.length = 0;
    buffer_put(&pack->name, name);
    digest_begin(&pack->hash);
    bool fine = !buffer_failed(&path) && !buffer_failed(&pack->name);
    if (fine)
        fine = zip_open(pack->zip, &(const struct zip_file){path.data, size, seconds_of(modified), stored});
    buffer_finish(&path);
    return fine;
}

static bool add(struct pack *pack, const void *data, size_t length)
{
    digest_add(&pack->hash, data, length);
    return !length || zip_add(pack->zip, data, length);
}

static void digest_so_far(const struct pack *pack, char ret_hex[SHA256_HEX_BYTES])
{
    unsigned char digest[SHA256_BYTES];
    digest_end(&pack->hash, digest);
    digest_hex(digest, sizeof digest, ret_hex);
}

/* Ends it with its line in SHA256SUMS. Names have neither line breaks nor backslashes, which sha256sum would want to
 * have escaped. */
static bool finish(struct pack *pack)
{
    char hex[SHA256_HEX_BYTES];
    digest_so_far(pack, hex);
    buffer_format(&pack->sums, "%s  %.*s\n", hex, (int)pack->name.length, pack->name.data);
    return !buffer_failed(&pack->sums);
}

static bool put_bytes(struct pack *pack, const char *name, const char *modified, const char *data, size_t length)
{
    return begin(pack, name, (int64_t)length, modified, false) && add(pack, data, length) && finish(pack);
}

/* The buffer's text as a file. Frees it. */
static bool put_buffer(struct pack *pack, const char *name, const char *modified, struct buffer *text)
{
    bool fine = !buffer_failed(text) && put_bytes(pack, name, modified, text->data, text->length);
    buffer_finish(text);
    return fine;
}

/* --- the page, the minutes -----------------------------------------------------------------------------------------
 */

static bool step_page(struct pack *pack, bool *ret_over)
{
    const struct checkpoint *head = &pack->head;
    const struct pack_facts facts = {pack->review, pack->first, head->seq, head->hash, head->at, head->key_id};
    struct buffer html = {0};
    struct buffer text = {0};
    struct arena arena;
    arena_init(&arena);
    pack_page(&arena, &facts, &html, &text);
    bool fine = !arena_failed(&arena) && put_buffer(pack, PACK_README_HTML, head->at, &html);
    fine = fine && put_buffer(pack, PACK_README_TEXT, head->at, &text);
    arena_finish(&arena);
    buffer_finish(&html);
    buffer_finish(&text);
    *ret_over = true;
    return fine;
}

static const struct {
    enum minutes_form form;
    const char *ending;
} minutes_forms[] = {{MINUTES_HTML, "html"}, {MINUTES_PDF, "pdf"}};

static const char *minutes_name(const struct pack *pack, struct arena *arena, int64_t revision, const char *kind,
                                const char *ending)
{
    return arena_format(arena, "minutes/%s-r%lld%s.%s", pack->review->record.reference, (long long)revision, kind,
                        ending);
}

/* When a revision was approved, as it says itself. */
static const char *approved_at(const struct pack *pack, struct arena *arena, int64_t revision)
{
    const char *body = NULL;
    if (store_revision(pack->call->store, &pack->review->record.id, revision, arena, &body) != FOUND)
        return NULL;
    json_t *object = json_parse(arena, body, strlen(body), 0, NULL);
    return json_string_value(json_object_get(object, "approved_at"));
}

static bool put_kept(struct pack *pack, struct arena *arena, int64_t revision)
{
    for (size_t i = 0; i < COUNT_OF(minutes_forms); i++) {
        struct kept_minutes kept;
        enum found found =
            minutes_kept(pack->call, &pack->review->record.id, revision, minutes_forms[i].form, arena, &kept);
        if (found == ABSENT)
            return true;
        const char *at = found == FOUND ? approved_at(pack, arena, revision) : NULL;
        const char *kind = found == FOUND && kept.extract ? "-extract" : "";
        const char *name = minutes_name(pack, arena, revision, kind, minutes_forms[i].ending);
        if (!at || arena_failed(arena) || !put_bytes(pack, name, at, kept.body, kept.length))
            return false;
    }
    return true;
}

static bool put_draft(struct pack *pack, struct arena *arena)
{
    const char *kind = pack->review->status == REVIEW_APPROVED ? "-made-anew" : "-draft";
    int64_t revision = pack->review->revision.value;
    const char *html = minutes_name(pack, arena, revision, kind, "html");
    const char *pdf = minutes_name(pack, arena, revision, kind, "pdf");
    return !arena_failed(arena) && put_buffer(pack, html, pack->head.at, &pack->draft_html) &&
           put_buffer(pack, pdf, pack->head.at, &pack->draft_pdf);
}

/* A revision in each step. */
static bool step_minutes(struct pack *pack, bool *ret_over)
{
    struct arena arena;
    arena_init(&arena);
    bool fine = put_kept(pack, &arena, ++pack->at);
    *ret_over = pack->at >= pack->review->revision.value;
    if (fine && *ret_over && pack->draft_html.length)
        fine = put_draft(pack, &arena);
    arena_finish(&arena);
    return fine;
}

/* --- records -------------------------------------------------------------------------------------------------------
 */

/* A record out of its last version. */
struct restored {
    struct pack *pack;
    const struct resource *resource;
    struct arena arena;
    void *record;
    struct instant at; /* of that version */
    struct buffer text;
    struct buffer openings; /* of personal members of that version */
};

static bool restore_row(void *context, const struct pack_version *version)
{
    struct restored *restored = context;
    restored->at = version->at;
    return !resource_is_personal(restored->resource) ||
           openings_render(restored->pack->call, restored->resource, version->body, &restored->openings);
}

/* Reads the record, as the API shows it now or would if nothing had been written since, and hands it to `put`. */
static bool with_record(struct pack *pack, const struct pack_record *record, bool (*put)(struct restored *restored))
{
    struct restored restored = {.pack = pack, .resource = pack_resources[pack->kind]};
    arena_init(&restored.arena);
    restored.record = arena_alloc(&restored.arena, restored.resource->size);
    const struct call *call = pack->call;
    bool fine = restored.record &&
                store_pack_last(call->store, restored.resource, record, &call->view, &call->today, &restored.arena,
                                restored.record, restore_row, &restored) &&
                put(&restored);
    buffer_finish(&restored.text);
    buffer_finish(&restored.openings);
    arena_finish(&restored.arena);
    return fine;
}

static const struct pack_record *present_record(const struct pack *pack)
{
    return &pack->kinds[pack->kind].records[pack->record];
}

static bool put_line(struct restored *restored)
{
    csv_put_record(&restored->text, restored->resource, restored->record);
    return !buffer_failed(&restored->text) && add(restored->pack, restored->text.data, restored->text.length);
}

static bool begin_register(struct pack *pack)
{
    char name[80];
    struct buffer head = {0};
    snprintf(name, sizeof name, "registers/%s.csv", pack_resources[pack->kind]->collection);
    csv_put_head(&head, pack_resources[pack->kind]);
    bool fine =
        !buffer_failed(&head) && begin(pack, name, -1, pack->head.at, false) && add(pack, head.data, head.length);
    buffer_finish(&head);
    return fine;
}

/* Some rows of a register. The review itself needs none. */
static bool step_registers(struct pack *pack, bool *ret_over)
{
    if (pack->kind == 0)
        pack->kind = 1;
    const struct pack_kind *kind = &pack->kinds[pack->kind];
    if (pack->record == 0 && !begin_register(pack))
        return false;
    for (int i = 0; i < STEP_RECORDS && pack->record < kind->count; i++, pack->record++) {
        if (!with_record(pack, present_record(pack), put_line))
            return false;
    }
    if (pack->record < kind->count)
        return true;
    pack->record = 0;
    *ret_over = ++pack->kind == PACK_RESOURCES;
    return finish(pack);
}

static bool put_shown(struct restored *restored)
{
    struct pack *pack = restored->pack;
    const struct record *common = restored->record;
    char name[100];
    snprintf(pack->record_folder, sizeof pack->record_folder, "records/%s/%s", restored->resource->collection,
             common->reference ? common->reference : common->id.text);
    snprintf(name, sizeof name, "%s/record.json", pack->record_folder);
    record_render(&restored->text, restored->resource, restored->record, RENDER_SHOWN);
    if (!put_buffer(pack, name, restored->at.text, &restored->text))
        return false;
    if (!restored->openings.length)
        return true;
    snprintf(name, sizeof name, "%s/" PACK_OPENINGS, pack->record_folder);
    return put_buffer(pack, name, restored->at.text, &restored->openings);
}

static bool put_version(void *context, const struct pack_version *version)
{
    struct pack *pack = context;
    char name[140];
    snprintf(name, sizeof name, "%s/version-%lld.entry-%lld.json", pack->record_folder, (long long)version->version,
             (long long)version->seq);
    pack->at = version->version;
    pack->seq = version->seq;
    return put_bytes(pack, name, version->at.text, version->body, version->length);
}

/* A record, or some more of its versions. */
static bool step_records(struct pack *pack, bool *ret_over)
{
    const struct pack_kind *kind = &pack->kinds[pack->kind];
    if (pack->record == kind->count) {
        pack->record = 0;
        *ret_over = ++pack->kind == PACK_RESOURCES;
        return true;
    }
    const struct pack_record *record = present_record(pack);
    int64_t from = pack->at + 1;
    if (from == 1 && !with_record(pack, record, put_shown))
        return false;
    if (!store_pack_versions(pack->call->store, record, from, STEP_RECORDS, put_version, pack))
        return false;
    if (pack->at - from + 1 == STEP_RECORDS)
        return true;
    pack->record++; /* these were the last */
    pack->at = 0;
    return pack->seq == record->last;
}

/* --- evidence ------------------------------------------------------------------------------------------------------
 */

static bool begin_evidence(struct restored *restored)
{
    struct pack *pack = restored->pack;
    const struct attachment *attachment = restored->record;
    const char *file = pack_file_name(&restored->arena, pack->record + 1, attachment->name);
    const char *name =
        arena_format(&restored->arena, "evidence/%s%s", attachment->withdrawn == TRUTH_TRUE ? "withdrawn/" : "", file);
    snprintf(pack->record_folder, sizeof pack->record_folder, "%s", attachment->sha256);
    return !arena_failed(&restored->arena) &&
           begin(pack, name, attachment->size.value, attachment->record.created_at.text, true);
}

/* A piece of a file, whose digest stands in record_folder. */
static bool step_evidence(struct pack *pack, bool *ret_over)
{
    char piece[CONTENT_PIECE_BYTES];
    char hex[SHA256_HEX_BYTES];
    size_t length = 0;
    pack->kind = PACK_RESOURCES - 1; /* attachments come last */
    if (pack->record == pack->kinds[pack->kind].count) {
        *ret_over = true;
        return true;
    }
    if (pack->at == 0 && !with_record(pack, present_record(pack), begin_evidence))
        return false;
    switch (store_content_read(pack->call->store, pack->record_folder, pack->at, piece, sizeof piece, &length)) {
    case FOUND:
        pack->at += (int64_t)length;
        return add(pack, piece, length);
    case ABSENT: /* its end; what is damaged is not to be signed */
        pack->at = 0;
        pack->record++;
        digest_so_far(pack, hex);
        return strcmp(hex, pack->record_folder) == 0 && finish(pack);
    case BROKEN:
        break;
    }
    return false;
}

/* --- the log, the keys, the list -----------------------------------------------------------------------------------
 */

struct entries {
    struct pack *pack;
    struct buffer line;
    bool fine;
};

static bool put_entry(void *context, const struct audit_entry *entry)
{
    struct entries *entries = context;
    struct pack *pack = entries->pack;
    if (entry->seq > pack->head.seq)
        return false;
    entries->line.length = 0;
    audit_render(&entries->line, entry, true);
    buffer_char(&entries->line, '\n');
    pack->at = entry->seq;
    entries->fine = !buffer_failed(&entries->line) && add(pack, entries->line.data, entries->line.length);
    return entries->fine;
}

static bool step_entries(struct pack *pack, bool *ret_over)
{
    struct entries entries = {.pack = pack, .fine = true};
    if (pack->at == 0) {
        pack->at = pack->first - 1;
        if (!begin(pack, PACK_ENTRIES, -1, pack->head.at, false))
            return false;
    }
    const struct audit_query query = {.after_seq = pack->at, .limit = STEP_ENTRIES};
    int64_t before = pack->at;
    bool fine = audit_list(pack->call->store, &query, put_entry, &entries) && entries.fine;
    buffer_finish(&entries.line);
    *ret_over = pack->at == pack->head.seq;
    if (*ret_over || pack->at == before) /* or the log was cut behind our back */
        return fine && *ret_over && finish(pack);
    return fine;
}

static bool put_keys(struct pack *pack)
{
    struct known_keys keys;
    if (!keyring_known(call_keyring(pack->call), &keys))
        return false;
    bool fine = true;
    for (size_t i = 0; fine && i < keys.count; i++) {
        const struct known_key *key = &keys.items[i];
        struct buffer text = {0};
        char id[KEY_ID_TEXT_BYTES];
        char name[40];
        key_id_text(&key->key, id);
        snprintf(name, sizeof name, "keys/%s.pub", id);
        known_key_put(&text, key);
        fine =
            put_buffer(pack, name, instant_is_set(&key->retired_at) ? key->retired_at.text : key->made_at.text, &text);
    }
    known_keys_finish(&keys);
    return fine;
}

/* What is not in the list: the list, and its signature by the key that signs now. */
static bool put_list(struct pack *pack, const struct secret_key *key)
{
    struct buffer signature = {0};
    const struct buffer *sums = &pack->sums;
    sign_bytes(key, sums->data, sums->length, seconds_of(pack->call->now.text), PACK_SUMS, &signature);
    bool fine = !buffer_failed(&signature) && begin(pack, PACK_SUMS, (int64_t)sums->length, pack->head.at, false) &&
                add(pack, sums->data, sums->length) &&
                begin(pack, PACK_SUMS_SIGNATURE, (int64_t)signature.length, pack->head.at, false) &&
                add(pack, signature.data, signature.length);
    buffer_finish(&signature);
    return fine;
}

/* The key is taken before those that are known are listed, so that it is among them, even if it is rotated now. */
static bool step_seal(struct pack *pack, bool *ret_over)
{
    const struct checkpoint *head = &pack->head;
    struct secret_key key;
    keyring_present(call_keyring(pack->call), &key);
    bool fine = put_bytes(pack, PACK_CHECKPOINT, head->at, head->text, strlen(head->text)) &&
                put_bytes(pack, PACK_CHECKPOINT_SIGNATURE, head->at, head->signature, strlen(head->signature)) &&
                put_keys(pack) && put_list(pack, &key) && zip_finish(pack->zip);
    secret_key_wipe(&key);
    *ret_over = true;
    return fine;
}

/* --- the body ------------------------------------------------------------------------------------------------------
 */

static bool (*const steps[])(struct pack *pack, bool *ret_over) = {
    step_page, step_minutes, step_registers, step_records, step_evidence, step_entries, step_seal,
};

static bool make_more(struct pack *pack)
{
    bool over = false;
    if (FAILPOINT("pack.step") || !steps[pack->step](pack, &over) || buffer_failed(&pack->out))
        return false;
    if (over) {
        pack->step++;
        pack->kind = pack->record = 0;
        pack->at = 0;
    }
    return true;
}

ssize_t pack_read(void *context, char *data, size_t size)
{
    struct pack *pack = context;
    for (int i = 0; pack->sent == pack->out.length; i++) {
        pack->sent = pack->out.length = 0;
        if (pack->step == COUNT_OF(steps))
            return 0;
        if (i == STEPS_AT_ONCE)
            return STREAM_LATER;
        if (!worker_look(pack->call->worker) || !make_more(pack))
            return -1;
    }
    size_t left = pack->out.length - pack->sent;
    size_t part = left < size ? left : size;
    memcpy(data, pack->out.data + pack->sent, part);
    pack->sent += part;
    return (ssize_t)part;
}

void pack_end(struct pack *pack)
{
    zip_close(pack->zip);
    pack->zip = NULL;
    buffer_finish(&pack->out);
    buffer_finish(&pack->sums);
    buffer_finish(&pack->name);
    buffer_finish(&pack->draft_html);
    buffer_finish(&pack->draft_pdf);
}
