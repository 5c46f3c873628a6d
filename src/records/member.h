/* Members of an object in JSON that is our own text: there is no white space in it, its escapes are those of RFC 8785,
 * and there is nothing to refuse. */
#ifndef REVIEWD_RECORDS_MEMBER_H
#define REVIEWD_RECORDS_MEMBER_H

#include "reviewd/buffer.h"

#include <stdbool.h>

/* The text of a value; `at` is NULL where there is none. */
struct json_text {
    const char *at;
    const char *end;
};

/* Where the first member of an object begins; NULL where it is none. */
const char *first_member(struct json_text object);

/* The member that begins at *at: its name, with the quotes, and its value; *at is where the next one would begin. False
 * where the object ends. */
bool next_member(const char **at, struct json_text object, struct json_text *ret_name, struct json_text *ret_value);

/* Whether a member's name is the first `length` bytes. */
bool member_is_named(struct json_text own, const char *name, size_t length);

/* The value of the member whose name is the first `length` bytes; an object that is none has no members. */
struct json_text member_of(struct json_text object, const char *name, size_t length);

/* Whether there is a value, and it is not null. */
bool member_is_set(struct json_text value);

/* Whether an object has no member that is set. */
bool object_is_bare(struct json_text object);

/* Adds a quoted text without its quotes and escapes. */
void member_put_plain(struct buffer *buffer, struct json_text value);

#endif
