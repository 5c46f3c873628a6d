/* An evidence pack: what a review leaves behind, in one archive that an outsider checks with standard tools (ISO/IEC
 * 27001:2022, 9.3.3). Under the folder <reference>-evidence/:
 *
 *   README.html, README.txt        what is in it and how to check it
 *   minutes/                       of the present revision and of those approved before
 *   registers/<collection>.csv
 *   records/<collection>/<reference or id>/record.json   as the API shows it
 *       version-<n>.entry-<seq>.json   each version's canonical form, whose SHA-256 is the body_sha256 of that entry
 *       openings.json                  where the last version has commitments in the place of personal members: what
 *                                      they stand for (salt null: erased)
 *   evidence/<number>-<name>, evidence/withdrawn/<number>-<name>
 *   audit/entries.ndjson           from the review's first entry to the signed head, without a gap
 *   audit/checkpoint.txt, .minisig the signed head
 *   keys/<key id>.pub
 *   SHA256SUMS, SHA256SUMS.minisig */
#ifndef REVIEWD_PACK_H
#define REVIEWD_PACK_H

#include "reviewd/arena.h"
#include "reviewd/buffer.h"
#include "reviewd/review.h"

#define PACK_README_HTML "README.html"
#define PACK_README_TEXT "README.txt"
#define PACK_ENTRIES "audit/entries.ndjson"
#define PACK_CHECKPOINT "audit/checkpoint.txt"
#define PACK_CHECKPOINT_SIGNATURE PACK_CHECKPOINT ".minisig"
#define PACK_OPENINGS "openings.json"
#define PACK_SUMS "SHA256SUMS"
#define PACK_SUMS_SIGNATURE PACK_SUMS ".minisig"

/* The name of an evidence file in the pack: `number` makes it unique, in any case of its letters too. What one of the
 * usual file systems does not take, or shows otherwise than it is, is replaced; what is too long is cut before the
 * ending. In the arena; UTF-8, of at most 140 bytes. Packs that were handed out are verified by it: it stays. */
const char *pack_file_name(struct arena *arena, size_t number, const char *name);

/* What the page at the front says of the pack. */
struct pack_facts {
    const struct review *review;
    int64_t first_seq;
    int64_t head_seq;
    const char *head_hash;
    const char *head_at;
    const char *key_id; /* that signed the head */
};

/* Writes the page as HTML and as text. Memory that is out makes the buffers or the arena fail. */
void pack_page(struct arena *arena, const struct pack_facts *facts, struct buffer *html, struct buffer *text);

#endif
