/* An evidence pack on its way: planned in one transaction, then made piece by piece of what never changes. */
#ifndef REVIEWD_API_PACK_H
#define REVIEWD_API_PACK_H

#include "api.h"

#include "reviewd/checkpoint.h"
#include "reviewd/pack.h"
#include "reviewd/pack_rows.h"
#include "reviewd/zip.h"

struct pack_kind {
    const struct pack_record *records;
    size_t count;
};

/* In the call's arena. */
struct pack {
    struct call *call;

    /* the plan */
    struct review *review;
    struct pack_kind kinds[PACK_RESOURCES]; /* of pack_resources */
    int64_t first;                          /* the audit entries of all of them */
    int64_t last;
    bool sealed; /* there is a signed head that covers them: */
    struct checkpoint head;
    struct buffer draft_html; /* of a revision that is not approved, or whose minutes were not kept; else empty */
    struct buffer draft_pdf;

    /* making it */
    struct zip *zip;
    struct buffer out; /* made, and from `sent` on not sent yet */
    size_t sent;
    struct buffer sums; /* SHA256SUMS so far */
    const char *folder;
    struct buffer name; /* of the file that is being made, within the folder */
    struct sha256 hash; /* of it */
    size_t step;        /* which part is being made … */
    size_t kind;        /* … and where it is within that part */
    size_t record;
    int64_t at;
    int64_t seq; /* of the version made last */
    char record_folder[80];
};

/* A body that makes the pack; `pack_end` lets go of all that it holds, and does no harm twice. */
ssize_t pack_read(void *context, char *data, size_t size);
void pack_end(struct pack *pack);

#endif
