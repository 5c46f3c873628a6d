/* Looking after the database: migrate, check, backup, restore, audit verify. */
#include "command.h"

#include "reviewd/audit.h"
#include "reviewd/disk.h"
#include "reviewd/failpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int run_migrate(struct invocation *invocation)
{
    struct store store;
    const char *folder = invocation->settings.data;
    const char *message;
    if (!data_folder_make(folder))
        return EXIT_FAILED;
    if (!store_open(&store, folder, DB_GUEST, &message))
        return fail("cannot open the database in %s: %s", folder, message);
    int from = 0;
    int to = 0;
    enum migrated migrated = store_migrate(&store, folder, &from, &to);
    int status;
    if (migrated == MIGRATED_NEWER) {
        status = fail("the database in %s is of a newer reviewd (migration %d; this one knows %d): use that one",
                      folder, from, to);
    } else if (migrated == MIGRATED_FAILED) {
        status = fail("cannot migrate the database in %s: %s", folder, db_message(store.db));
    } else {
        struct buffer text = {0};
        buffer_format(&text, invocation->json ? "{\"from\":%d,\"to\":%d}\n" : "migrated from %d to %d\n", from, to);
        status = print(&text);
    }
    store_close(&store);
    return status;
}

/* --- verify --------------------------------------------------------------------------------------------------------
 */

static void put_heads(struct buffer *text, const struct checkpoint_finding *heads)
{
    if (heads->checked)
        buffer_format(text, "signed heads that hold: %lld, up to entry %lld\n", (long long)heads->checked,
                      (long long)heads->newest);
    if (heads->unknown)
        buffer_format(text, "%lld of them are by keys that are not here, so that their signatures were not checked\n",
                      (long long)heads->unknown);
}

static void put_finding(struct buffer *text, const struct audit_finding *finding,
                        const struct checkpoint_finding *heads, bool json)
{
    if (!json) {
        if (!finding->text[0])
            buffer_format(text, "the chain holds: %lld entries, %lld records\nhead %lld %s\n",
                          (long long)finding->head.seq, (long long)finding->records, (long long)finding->head.seq,
                          finding->head.hash);
        if (!finding->text[0])
            put_heads(text, heads);
        return;
    }
    buffer_format(text, "{\"valid\":%s,\"seq\":%lld,\"hash\":\"%s\",\"records\":%lld,\"finding\":",
                  finding->text[0] ? "false" : "true", (long long)finding->head.seq, finding->head.hash,
                  (long long)finding->records);
    if (finding->text[0])
        json_put_text(text, finding->text, strlen(finding->text));
    else
        buffer_put(text, "null");
    buffer_format(text, ",\"checkpoints\":%lld,\"checkpoints_of_unknown_keys\":%lld}\n", (long long)heads->checked,
                  (long long)heads->unknown);
}

int run_audit_verify(struct invocation *invocation)
{
    struct data data;
    struct audit_finding finding;
    if (option(invocation, "--pack")) { /* needs no data folder */
        if (option(invocation, "--checkpoint"))
            return fail("--checkpoint is of the log in the data folder, and --pack of a file alone: ask for one"),
                   EXIT_USAGE;
        return verify_pack(invocation);
    }
    if (!data_open(&data, invocation))
        return EXIT_FAILED;
    int status = EXIT_FAILED;
    struct checkpoint_finding heads = {0};
    if (!audit_verify(&data.store, &finding)) {
        fail("the audit log cannot be read: %s", db_message(data.store.db));
    } else if (finding.text[0] || verify_checkpoints(invocation, &data.store, &heads)) {
        struct buffer text = {0};
        if (!finding.text[0])
            memcpy(finding.text, heads.text, sizeof finding.text);
        put_finding(&text, &finding, &heads, invocation->json);
        status = print(&text);
        if (finding.text[0])
            status = fail("%s", finding.text);
    }
    data_close(&data);
    return status;
}

/* --- check ---------------------------------------------------------------------------------------------------------
 */

struct findings {
    struct buffer json;
    int count;
};

static void note(void *context, const char *text)
{
    struct findings *findings = context;
    buffer_put(&findings->json, findings->count++ ? "," : "");
    json_put_text(&findings->json, text, strlen(text));
    fail("%s", text);
}

int run_check(struct invocation *invocation)
{
    struct data data;
    if (!data_open(&data, invocation))
        return EXIT_FAILED;
    struct findings findings = {0};
    struct audit_finding finding;
    db_check(data.store.db, false, note, &findings);
    db_check_schema(data.store.db, note, &findings);
    if (!audit_verify(&data.store, &finding))
        note(&findings, db_message(data.store.db));
    else if (finding.text[0])
        note(&findings, finding.text);
    struct checkpoint_finding heads;
    if (!verify_checkpoints(invocation, &data.store, &heads))
        findings.count++;
    else if (heads.text[0])
        note(&findings, heads.text);
    struct buffer text = {0};
    if (invocation->json)
        buffer_format(&text, "{\"sound\":%s,\"findings\":[%.*s]}\n", findings.count ? "false" : "true",
                      (int)findings.json.length, findings.json.data ? findings.json.data : "");
    else if (!findings.count)
        buffer_format(&text, "sound: structure, references and chain (%lld records)\n", (long long)finding.records);
    int status = text.length ? print(&text) : EXIT_FINE;
    buffer_finish(&findings.json);
    data_close(&data);
    return findings.count ? EXIT_FAILED : status;
}

/* --- backup and restore --------------------------------------------------------------------------------------------
 */

/* Opens a copy of its own accord and verifies the chain in it. */
static bool verify_copy(const char *folder, struct audit_finding *ret_finding)
{
    struct store store;
    const char *message = "";
    if (!store_open(&store, folder, DB_READER, &message)) {
        fail("the copy cannot be opened: %s", message);
        return false;
    }
    struct findings findings = {0};
    bool fine = db_check(store.db, false, note, &findings);
    if (fine && !audit_verify(&store, ret_finding)) {
        fail("this is no database of reviewd: %s", db_message(store.db));
        fine = false;
    }
    if (fine && ret_finding->text[0]) {
        fail("in the copy: %s", ret_finding->text);
        fine = false;
    }
    buffer_finish(&findings.json);
    store_close(&store);
    return fine;
}

static bool copy_file(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    char block[65536];
    ssize_t count = -1;
    while (out >= 0 && (count = read(in, block, sizeof block)) > 0) {
        if (write(out, block, (size_t)count) != count) {
            count = -1;
            break;
        }
    }
    bool fine = out >= 0 && count == 0 && fsync(out) == 0;
    int error = errno;
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    errno = error;
    return fine;
}

static bool folder_is_empty(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder)
        return errno == ENOENT;
    bool empty = true;
    for (const struct dirent *entry; empty && (entry = readdir(folder));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                strcmp(entry->d_name, KEYS_FOLDER) == 0; /* they come from a backup of their own */
    closedir(folder);
    return empty;
}

static int print_copy(const struct invocation *invocation, const char *what, const char *path,
                      const struct audit_finding *finding)
{
    struct buffer text = {0};
    if (invocation->json) {
        buffer_put(&text, "{\"file\":");
        json_put_text(&text, path, strlen(path));
        buffer_format(&text, ",\"records\":%lld,\"seq\":%lld,\"hash\":\"%s\"}\n", (long long)finding->records,
                      (long long)finding->head.seq, finding->head.hash);
    } else {
        buffer_format(&text, "%s %s: %lld records, audit head %lld %s\n", what, path, (long long)finding->records,
                      (long long)finding->head.seq, finding->head.hash);
    }
    return print(&text);
}

/* Synced, and under its name for good; where that cannot be had, nothing is left that could be taken for a backup. */
static bool put_in_place(const char *copy, const char *file)
{
    if (!disk_sync(copy) || FAILPOINT("backup.rename") || rename(copy, file) != 0)
        return false;
    if (disk_sync_around(file))
        return true;
    unlink(file);
    return false;
}

int run_backup(struct invocation *invocation)
{
    struct data data;
    const char *file = invocation->operands[0];
    char folder[4096];
    char copy[4200];
    struct audit_finding finding;
    if (access(file, F_OK) == 0)
        return fail("%s exists already", file);
    /* Made and verified beside its place, then put there in one step. */
    if (snprintf(folder, sizeof folder, "%s.part-XXXXXX", file) >= (int)sizeof folder || !mkdtemp(folder))
        return fail("cannot write beside %s: %s", file, strerror(errno));
    snprintf(copy, sizeof copy, "%s/%s", folder, STORE_FILE);
    int status = EXIT_FAILED;
    if (data_open(&data, invocation)) {
        mode_t mask = umask(0077);
        if (!db_backup(data.store.db, copy))
            fail("cannot copy the database: %s", db_message(data.store.db));
        else if (verify_copy(folder, &finding) && put_in_place(copy, file))
            status = print_copy(invocation, "backed up to", file, &finding);
        else
            fail("%s was not written", file);
        umask(mask);
        data_close(&data);
    }
    unlink(copy);
    rmdir(folder);
    return status;
}

/* Copied and verified in a folder of its own within the data folder, then put into its place in one step. */
static bool restore_into(const char *file, const char *folder, struct audit_finding *ret_finding)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char part[4140];
    char copy[4200];
    char place[4200];
    snprintf(part, sizeof part, "%s/restore-XXXXXX", folder);
    if (!mkdtemp(part)) {
        fail("cannot write into %s: %s", folder, strerror(errno));
        return false;
    }
    snprintf(copy, sizeof copy, "%s/%s", part, STORE_FILE);
    snprintf(place, sizeof place, "%s/%s", folder, STORE_FILE);
    bool fine = !FAILPOINT("restore.copy") && copy_file(file, copy);
    if (!fine)
        fail("cannot copy %s: %s", file, strerror(errno));
    fine = fine && verify_copy(part, ret_finding);
    if (fine &&
        (FAILPOINT("restore.rename") || rename(copy, place) != 0 || !disk_sync(folder) || !disk_sync_above(folder))) {
        fail("cannot put the copy into %s: %s", folder, strerror(errno));
        fine = false;
    }
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        char left[4220];
        snprintf(left, sizeof left, "%s%s", copy, suffixes[i]);
        unlink(left);
    }
    rmdir(part);
    return fine;
}

/* A backup has no keys: where they were not put back before, there is a new one from now on. */
static bool tell_of_keys(const char *folder)
{
    char message[400];
    bool made;
    struct keyring *ring = keyring_open(folder, &made, message, sizeof message);
    if (!ring) {
        fail("the database is restored, but its keys cannot be used: %s", message);
        return false;
    }
    if (made)
        fprintf(stderr,
                "reviewd: a new signing key was made: a backup has none. If those of before are kept, put them into "
                "%s/%s, so that what they have signed can be checked.\n",
                folder, KEYS_FOLDER);
    keyring_close(ring);
    return true;
}

int run_restore(struct invocation *invocation)
{
    const char *file = invocation->operands[0];
    const char *folder = invocation->settings.data;
    struct audit_finding finding;
    struct stat status;
    if (stat(file, &status) != 0 || access(file, R_OK) != 0)
        return fail("cannot read %s: %s", file, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return fail("%s is no file", file);
    if (!folder_is_empty(folder))
        return fail("%s is not empty; restore into an empty data folder", folder);
    if (!data_folder_make(folder) || !restore_into(file, folder, &finding) || !tell_of_keys(folder))
        return EXIT_FAILED;
    return print_copy(invocation, "restored from", file, &finding);
}
