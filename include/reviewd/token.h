/* A bearer token (RFC 6750) as it is kept: never the token itself, only its hash, which is no field of the record. */
#ifndef REVIEWD_TOKEN_H
#define REVIEWD_TOKEN_H

#include "reviewd/person.h"

struct token {
    struct record record;
    struct id person_id;
    const char *label;
    unsigned role; /* carries no more than this role may, 0: all that the person may */
    enum truth read_only;
    struct instant expires_at;
    struct instant revoked_at;
};

#endif
