/* A data folder of its own with people, reviews and commitments in it, and the API called in this process. */
#ifndef REVIEWD_TESTS_UNIT_WORLD_H
#define REVIEWD_TESTS_UNIT_WORLD_H

#include "unit.h"

#include "reviewd/api.h"
#include "reviewd/audit.h"

/* 2026-11-21T12:00:00.000Z: every test happens then. */
#define WORLD_NOW_MS 1795262400000

struct world {
    char folder[64];
    struct settings settings;
    struct store store;
    struct api *api;
    struct api_worker *worker;
    struct arena arena; /* of the last request */
    struct request request;
    struct response response;
};

/* What one request brings beside its target. */
struct ask_for {
    enum method method;
    const char *target;
    const char *body;
    const char *as;       /* e-mail address; NULL: the console */
    const char *key;      /* Idempotency-Key */
    const char *if_match; /* "*" where it is left out; "" for none */
    const char *accept_encoding;
    const char *authorization; /* in place of `as`; "": no header at all */
    const char *file;          /* in place of a body: what a file says that is sent as it is … */
    const char *type;          /* … of this media type, or of none */
};

/* Process-wide, once: the libraries, the domain, the store, the clock. */
void world_init(void);

/* An empty data folder, migrated; and the API on it. */
void world_begin(struct world *world);
void world_end(struct world *world);

/* The API's own part alone: what world_begin() makes last. */
void world_open(struct world *world);
void world_close(struct world *world);

/* An API that has keys, in the place of the one without; the ring is the caller's. */
struct keyring *world_take_keys(struct world *world);

/* Sends a request. The response lives until the next one. */
struct response *world_ask(struct world *world, const struct ask_for *ask);
#define ASK_FOR(world, ...) world_ask(world, &(const struct ask_for){__VA_ARGS__})

/* Frees what the last request and its answer hold. */
void world_forget(struct world *world);

/* The same, and fails unless it is answered so. */
void world_expect(struct world *world, int status, const struct ask_for *ask);

/* A member of the last answer, which is a text without escapes; fails where there is none. In a ring of buffers. */
const char *world_member(const struct world *world, const char *name);

/* Fails unless the audit chain fits what is stored. */
void world_verify(struct world *world);

int64_t world_integer(struct world *world, const char *sql);

/* People:  mirko@x.org, vesna@x.org (top management), ana@x.org (ISMS manager), ivo@x.org (department head),
 *          petra@x.org (employee), with Ana's token in *ret_token.
 * Reviews: MR-2026-01 approved, with DEC-2026-001 adopted and ACT-2026-0001 open (Petra's);
 *          MR-2026-02 concluded; MR-2026-03 in progress, with DEC-2026-003 proposed; MR-2026-04 planned. */
void world_fill(struct world *world);

/* An "Authorization" value that world_fill() has made. */
extern char world_authorization[80];

#endif
