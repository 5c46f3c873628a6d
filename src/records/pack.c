/* Evidence packs: names of files, and the page that says how to check one. */
#include "reviewd/pack.h"

#include "late_functions.h"
#include "words.h"
#include "write.h"

enum { NAME_MAX_BYTES = 120, ENDING_MAX_BYTES = 16 };

/* --- names ---------------------------------------------------------------------------------------------------------
 */

/* The code point at text; a byte that begins none stands for itself, and is no letter. */
static unsigned code_point(const unsigned char *c, size_t *ret_length)
{
    size_t length = c[0] >= 0xF0 ? 4 : c[0] >= 0xE0 ? 3 : c[0] >= 0xC0 ? 2 : 1;
    unsigned point = length == 1 ? c[0] : c[0] & (0xFFu >> (length + 1));
    size_t i = 1;
    for (; i < length && (c[i] & 0xC0) == 0x80; i++)
        point = point << 6 | (c[i] & 0x3F);
    *ret_length = i;
    return i == length && (length > 1 || c[0] < 0x80) ? point : 0xFFFD;
}

/* Parts of paths and signs that Windows reserves; controls, ends of lines, what is invisible or turns the direction of
 * writing. */
static bool is_unfit(unsigned point)
{
    static const char reserved[] = "/\\:*?\"<>|";
    return point < 0x20 || (point >= 0x7F && point <= 0x9F) || (point < 0x80 && strchr(reserved, (int)point)) ||
           point == 0xAD || point == 0x061C || (point >= 0x200B && point <= 0x200F) ||
           (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF ||
           (point >= 0xFFF0 && point <= 0xFFFF) || point >= 0xE0000;
}

/* The last bytes of a name that say what it is: ".pdf". 0: none. */
static size_t ending_length(const char *name, size_t length)
{
    size_t ending = 1;
    while (ending < length && ending <= ENDING_MAX_BYTES && name[length - ending] != '.')
        ending++;
    return ending < length && ending <= ENDING_MAX_BYTES ? ending : 0;
}

/* Cuts bytes out of the middle so that the name is short enough; no character is cut in two. */
static void shorten(struct buffer *name)
{
    size_t ending = ending_length(name->data, name->length);
    size_t from = name->length - ending;
    size_t to = NAME_MAX_BYTES - ending;
    if (name->length <= NAME_MAX_BYTES)
        return;
    while (to && ((unsigned char)name->data[to] & 0xC0) == 0x80)
        to--;
    memmove(name->data + to, name->data + from, ending);
    name->length = to + ending;
}

const char *pack_file_name(struct arena *arena, size_t number, const char *name)
{
    struct buffer safe = {0};
    /* Some programs compose letters while they unpack (NFC); then the name would not be the one that is listed. */
    char *composed = late_load(LATE_PANGO) ? late.g_utf8_normalize(name, -1, G_NORMALIZE_NFC) : NULL;
    size_t length;
    for (const char *at = composed ? composed : name; *at; at += length) {
        if (is_unfit(code_point((const unsigned char *)at, &length)))
            buffer_char(&safe, '_');
        else
            buffer_add(&safe, at, length);
    }
    if (composed)
        late.g_free(composed);
    if (!buffer_failed(&safe))
        shorten(&safe);
    while (safe.length && (safe.data[safe.length - 1] == '.' || safe.data[safe.length - 1] == ' '))
        safe.length--; /* Windows leaves them out, so that two names would become one */
    arena->failed |= buffer_failed(&safe);
    const char *made =
        arena_format(arena, "%03zu-%.*s", number, (int)safe.length, safe.data && safe.length ? safe.data : "");
    buffer_finish(&safe);
    return made;
}

/* --- the page ------------------------------------------------------------------------------------------------------
 */

static const char before_checks[] =
    "All of it needs nothing but standard tools, and no access to the server that made it: `sha256sum`, `minisign` "
    "and, for step 4, Python 3. Open a terminal in this folder. Where names of files have letters beyond ASCII, "
    "unpack in a UTF-8 locale.";

static const char check_sums[] =
    "```sh\n"
    "sha256sum -c --quiet SHA256SUMS\n"
    "find . -type f ! -path './SHA256SUMS*' | wc -l\n"
    "wc -l < SHA256SUMS\n```\n\n"
    "The first prints nothing where every file is as it is listed (on macOS it is `shasum -a 256 -c`). The other two "
    "print the same number where no file was added.";

static const char check_signature[] =
    "Which key signed the list stands in its signature. Take the public key from somewhere else than this folder: the "
    "organisation prints it with `reviewd key show` and answers it at `/v1/keys`. Whoever changes a pack can put "
    "another key into it.\n\n"
    "```sh\n"
    "head -n 1 SHA256SUMS.minisig\n"
    "minisign -V -m SHA256SUMS -p THE-KEY.pub\n```\n\n"
    "`keys/` has the organisation's public keys as this server knows them, for comparison.";

static const char check_versions[] =
    "Each record has a folder in `records/`: `record.json` is the record as the API shows it, and each "
    "`version-N.entry-SEQ.json` a version as it is stored (RFC 8785). Its SHA-256 is the `body_sha256` of the entry "
    "SEQ of the audit log, which says when and by whom it was written:\n\n"
    "```sh\n"
    "sha256sum records/reviews/*/version-*.json\n"
    "grep '\"event\":\"review\\.' audit/entries.ndjson\n```\n\n"
    "The names of attendees are hashed as commitments, so that they can be erased without breaking the chain. Each is "
    "the "
    "SHA-256 of `reviewd-personal-1`, a salt and the name, each on a line of its own but without an end of the last; "
    "`openings.json` beside the record has salt and name for its last version. Without a salt the name was erased.";

static const char check_chain[] =
    "`audit/entries.ndjson` has every entry of the log from the first of this review up to the signed head, those of "
    "other records as well, so that no link is missing. The hash of an entry is the SHA-256 of `reviewd-audit-1`, its "
    "`previous_hash` and the entry without its `hash` as RFC 8785 writes it, each on a line of its own but without an "
    "end of the last. `audit/checkpoint.txt` is the head, signed. A checkpoint that you were given before has to "
    "agree, too: at its `seq` the log has its `hash`.\n\n"
    "```sh\n"
    "minisign -V -m audit/checkpoint.txt -p THE-KEY.pub\n"
    "python3 - <<'END'\n"
    "import hashlib, json, pathlib\n"
    "entries, before = {}, None\n"
    "for line in open('audit/entries.ndjson', encoding='utf-8'):\n"
    "    entry = json.loads(line)\n"
    "    said = entry.pop('hash')\n"
    "    text = json.dumps(entry, sort_keys=True, separators=(',', ':'), ensure_ascii=False)\n"
    "    text = 'reviewd-audit-1\\n' + entry['previous_hash'] + '\\n' + text\n"
    "    assert hashlib.sha256(text.encode()).hexdigest() == said, entry\n"
    "    assert before in (None, entry['previous_hash']), entry\n"
    "    entries[str(entry['seq'])], before = entry, said\n"
    "head = dict(line.split() for line in open('audit/checkpoint.txt') if ' ' in line)\n"
    "assert head['seq'] == max(entries, key=int) and head['hash'] == before, head\n"
    "for path in pathlib.Path('records').glob('*/*/version-*.json'):\n"
    "    seq = path.name.split('-')[-1].split('.')[0]\n"
    "    assert hashlib.sha256(path.read_bytes()).hexdigest() == entries[seq]['body_sha256'], path\n"
    "print('the chain holds up to entry', head['seq'])\n"
    "END\n```\n";

static const char check_all[] =
    "Whoever has reviewd, on any machine, gets all of that and more by one command: that each record shown is the last "
    "of its versions, that no version of these records is missing, and that minutes and evidence are those that the "
    "records speak of.\n\n"
    "```sh\n"
    "reviewd audit verify --pack FILE.zip --key THE-KEY.pub\n```\n";

static const char proof[] =
    "- Nothing in it was changed since the server made it, as long as the secret key is the organisation's alone.\n"
    "- The records were written in this order, and none of these versions was changed or left out up to the signed "
    "head, which covers every entry before it.\n"
    "- It does not prove what happened after the signed head, nor that what was written down is true.\n"
    "- Registers, and the minutes of a revision that is not approved, are made of the records; only the signed list "
    "speaks for them; so it is with minutes called made-anew, of what was approved before the server kept any. The "
    "minutes of an approved revision were kept at its approval, or when the review arrived approved by an import, "
    "which they say then: their SHA-256 stands in the review's `minutes_sha256`. Where they show something of other "
    "reviews that this pack's reader may not read, an "
    "extract made at the same time stands in their place.";

static void add_facts(struct document *document, const struct pack_facts *facts)
{
    struct arena *arena = document->arena;
    const struct review *review = facts->review;
    document_fact(document, "Review", review->record.reference);
    document_fact(document, "Title", review->title);
    document_fact(document, "Classification", document->classification);
    document_fact(document, "Status", field_words(arena, &review_resource, "status", review));
    document_fact(document, "Revision", arena_format(arena, "%lld", (long long)review->revision.value));
    document_fact(document, "Audit log",
                  arena_format(arena, "entries %lld to %lld", (long long)facts->first_seq, (long long)facts->head_seq));
    document_fact(document, "Signed head", facts->head_hash);
    document_fact(document, "Signed at", facts->head_at);
    document_fact(document, "By key", facts->key_id);
}

static void add_contents(struct document *document)
{
    static const struct column columns[] = {{"Folder", 1, false}, {"What it has", 4, false}};
    static const char *const rows[][2] = {
        {"minutes", "The minutes in PDF and HTML: those kept at each approval, or a draft of the present revision."},
        {"registers", "Attendees, inputs, decisions, action items and the rest as CSV, for spreadsheets."},
        {"records", "Every record of the review as JSON, withdrawn ones too, with each of its versions."},
        {"evidence", "The files attached, numbered as in registers/attachments.csv; those withdrawn in a folder."},
        {"audit", "The audit log from the review's first entry to its signed head."},
        {"keys", "The public keys of the server that made this."},
    };
    document_heading(document, 2, "What is in it");
    document_table(document, "Folders", columns, COUNT_OF(columns));
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        document_row(document, rows[i]);
}

static void add_checks(struct document *document)
{
    static const struct {
        const char *title;
        const char *markdown;
    } checks[] = {
        {"Step 1: no file was changed, taken away or added", check_sums},
        {"Step 2: the list is signed", check_signature},
        {"Step 3: each version is what the audit log speaks of", check_versions},
        {"Step 4: the log is a chain up to its signed head", check_chain},
        {"Step 5: or all at once", check_all},
    };
    document_heading(document, 2, "How to check it");
    document_narrative(document, before_checks);
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        document_heading(document, 3, checks[i].title);
        document_narrative(document, checks[i].markdown);
    }
    document_heading(document, 2, "What that proves");
    document_narrative(document, proof);
}

void pack_page(struct arena *arena, const struct pack_facts *facts, struct buffer *html, struct buffer *text)
{
    const struct review *review = facts->review;
    struct document document = {
        .arena = arena,
        .title = document_clean(arena, arena_format(arena, "Evidence: %s", review->title)),
        .reference = review->record.reference,
        .classification = field_words(arena, &review_resource, "classification", review),
        .made_at = facts->head_at,
    };
    add_facts(&document, facts);
    add_contents(&document);
    add_checks(&document);
    document_html(&document, html);
    document_markdown(&document, text);
}
