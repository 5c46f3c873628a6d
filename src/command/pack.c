/* `audit verify --pack`: whether an evidence pack is what its server made, without that server. */
#include "pack.h"

#include "reviewd/late.h"
#include "reviewd/log.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void put_text(struct buffer *text, const struct packed *packed)
{
    buffer_format(text, "the pack holds: %zu files, %zu records in %zu versions, %lld entries of the log\n",
                  packed->count, packed->record_count, packed->version_count, (long long)packed->entries);
    buffer_format(text, "signed by key %s\nhead %lld %s\n", packed->key_id, (long long)packed->head.seq,
                  packed->head.hash);
}

static void put_json(struct buffer *text, const struct packed *packed)
{
    const char *finding = packed->finding;
    buffer_format(text, "{\"valid\":%s,\"files\":%zu,\"records\":%zu,\"versions\":%zu,\"entries\":%lld,",
                  *finding ? "false" : "true", packed->count, packed->record_count, packed->version_count,
                  (long long)packed->entries);
    buffer_format(text,
                  *finding ? "\"seq\":null,\"hash\":null,\"key_id\":null,\"finding\":"
                           : "\"seq\":%lld,\"hash\":\"%s\",\"key_id\":\"%s\",\"finding\":",
                  (long long)packed->head.seq, packed->head.hash, packed->key_id);
    if (*finding)
        json_put_text(text, finding, strlen(finding));
    else
        buffer_put(text, "null");
    buffer_put(text, "}\n");
}

static int tell(const struct invocation *invocation, const struct packed *packed)
{
    struct buffer text = {0};
    if (invocation->json)
        put_json(&text, packed);
    else if (!packed->finding[0])
        put_text(&text, packed);
    int status = text.length ? print(&text) : EXIT_FINE;
    return packed->finding[0] ? fail("%s", packed->finding) : status;
}

int verify_pack(const struct invocation *invocation)
{
    const char *path = option(invocation, "--pack");
    struct known_keys keys = {0};
    struct packed packed;
    if (!late_load(LATE_ARCHIVE) || !late_load(LATE_PANGO)) /* which says why */
        return EXIT_FAILED;
    if (access(path, R_OK) != 0)
        return fail("cannot read %s: %s", path, error_text(errno));
    if (!verify_keys(invocation, &keys))
        return EXIT_FAILED;
    if (packed_read(&packed, path) && packed_check_list(&packed, &keys) && packed_check_records(&packed) &&
        packed_check_log(&packed, &keys))
        packed_check_files(&packed);
    int status = tell(invocation, &packed);
    packed_finish(&packed);
    known_keys_finish(&keys);
    return status;
}
