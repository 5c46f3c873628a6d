/* Signed heads: those of the database, and those that an auditor brings along. */
#include "command.h"

#include "reviewd/checkpoint.h"
#include "reviewd/log.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX_BYTES = 1 << 30 };

static bool read_whole(const char *path, struct buffer *ret_text)
{
    const bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "re");
    char block[65536];
    size_t count;
    if (!file) {
        fail("cannot read %s: %s", path, error_text(errno));
        return false;
    }
    while (ret_text->length < FILE_MAX_BYTES && (count = fread(block, 1, sizeof block, file)) > 0)
        buffer_add(ret_text, block, count);
    bool fine = !ferror(file) && !buffer_failed(ret_text) && ret_text->length < FILE_MAX_BYTES;
    if (!fine)
        fail("cannot read %s: %s", path, ferror(file) ? error_text(errno) : "it is too large");
    if (!standard)
        (void)fclose(file); /* it was only read */
    return fine;
}

bool verify_keys(const struct invocation *invocation, struct known_keys *ret_keys)
{
    const char *path = option(invocation, "--key");
    char message[400];
    struct buffer text = {0};
    if (!path) {
        if (keyring_read_public(invocation->settings.data, ret_keys, message, sizeof message))
            return true;
        fail("%s", message);
        return false;
    }
    bool fine = read_whole(path, &text);
    if (fine && !known_keys_parse(text.length ? text.data : "", text.length, ret_keys, message, sizeof message)) {
        fail("%s: %s", path, message);
        fine = false;
    }
    buffer_finish(&text);
    return fine;
}

static bool is_said(const json_t *member, const char *said)
{
    return !member || (json_is_string(member) && strcmp(json_string_value(member), said) == 0);
}

/* What stands beside the text is there to be read; the text alone is what is signed. */
static bool is_beside(json_t *one, const struct known_keys *keys, struct checkpoint_finding *finding)
{
    struct checkpoint_claim claim = {0};
    json_t *text = json_object_get(one, "text");
    json_t *signature = json_object_get(one, "signature");
    json_t *seq = json_object_get(one, "seq");
    checkpoint_check_claim(keys, json_string_value(text), json_string_length(text), json_string_value(signature),
                           json_string_length(signature), &claim, finding);
    return finding->text[0] ||
           (is_said(json_object_get(one, "hash"), claim.hash) && is_said(json_object_get(one, "at"), claim.at) &&
            is_said(json_object_get(one, "key_id"), claim.key_id) &&
            (!seq || (json_is_integer(seq) && json_integer_value(seq) == claim.seq)));
}

/* One, or a page of them. */
static bool check_value(struct store *store, const struct known_keys *keys, json_t *whole,
                        struct checkpoint_finding *finding)
{
    json_t *page = json_object_get(whole, "data");
    size_t count = page ? json_array_size(page) : 1;
    bool fine = true;
    for (size_t i = 0; fine && i < count && !finding->text[0]; i++) {
        json_t *one = page ? json_array_get(page, i) : whole;
        json_t *text = json_object_get(one, "text");
        json_t *signature = json_object_get(one, "signature");
        if (json_is_string(text) && json_is_string(signature))
            fine = checkpoint_check(store, keys, json_string_value(text), json_string_length(text),
                                    json_string_value(signature), json_string_length(signature), finding);
        else
            snprintf(finding->text, sizeof finding->text, "a checkpoint in JSON has a text and a signature");
        if (fine && !finding->text[0] && !is_beside(one, keys, finding))
            snprintf(finding->text, sizeof finding->text,
                     "what stands beside the text of checkpoint %lld of those here says something else than the text, "
                     "which is what is signed",
                     (long long)finding->checked);
    }
    if (json_is_string(json_object_get(whole, "next_cursor")))
        fail("this is one page: there are more signed heads behind its next_cursor, or all of them as NDJSON");
    return fine;
}

/* As the API answers one, a page of them, or all as NDJSON. */
static bool check_json(struct store *store, const struct known_keys *keys, const struct buffer *file,
                       struct checkpoint_finding *finding)
{
    bool fine = true;
    for (size_t at = 0; fine && at < file->length && !finding->text[0];) {
        json_error_t error;
        size_t flags = JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK;
        json_t *whole = json_loadb(file->data + at, file->length - at, flags, &error);
        if (whole)
            fine = check_value(store, keys, whole, finding);
        else if (json_error_code(&error) == json_error_out_of_memory)
            fine = false;
        else
            snprintf(finding->text, sizeof finding->text, "after %lld checkpoints comes what is no JSON: %s",
                     (long long)finding->checked, error.text);
        json_decref(whole);
        at += (size_t)error.position;
        while (at < file->length && file->data[at] && strchr(" \t\r\n", file->data[at]))
            at++;
    }
    return fine;
}

/* Whether it is what the API answers as CSV, whose cells would have to be taken apart to know the texts. */
static bool is_csv(const struct buffer *file)
{
    static const char head[] = "seq,hash,";
    return file->length >= strlen(head) && memcmp(file->data, head, strlen(head)) == 0;
}

static bool check_file(const struct invocation *invocation, struct store *store, const struct known_keys *keys,
                       struct checkpoint_finding *finding)
{
    const char *path = option(invocation, "--checkpoint");
    struct buffer file = {0};
    bool fine = read_whole(path, &file);
    if (fine && file.length >= 3 && memcmp(file.data, "\xEF\xBB\xBF", 3) == 0) {
        fail("%s begins with a byte order mark, which it did not when it was answered: take the bytes as they come",
             path);
        fine = false;
    } else if (fine && is_csv(&file)) {
        fail("%s is CSV: take the signed heads as JSON or NDJSON", path);
        fine = false;
    } else if (fine && file.length) {
        bool json = file.data[0] == '{' || file.data[0] == '[';
        fine = json ? check_json(store, keys, &file, finding)
                    : checkpoint_check_file(store, keys, file.data, file.length, finding);
        if (!fine)
            fail("the audit log cannot be read: %s", db_message(store->db));
    }
    if (fine && !finding->text[0] && !finding->checked)
        snprintf(finding->text, sizeof finding->text, "there is no checkpoint in %.400s", path);
    buffer_finish(&file);
    return fine;
}

bool verify_checkpoints(const struct invocation *invocation, struct store *store,
                        struct checkpoint_finding *ret_finding)
{
    struct known_keys keys = {0};
    *ret_finding = (struct checkpoint_finding){0};
    if (!verify_keys(invocation, &keys))
        return false;
    bool fine = true;
    if (option(invocation, "--checkpoint")) {
        fine = check_file(invocation, store, &keys, ret_finding);
    } else if (!checkpoint_check_stored(store, &keys, ret_finding)) {
        fail("the checkpoints cannot be read: %s", db_message(store->db));
        fine = false;
    }
    known_keys_finish(&keys);
    return fine;
}
