/* What a file is, by what is in it: the allow-list of evidence files.
 *
 * A table of our own, since what is taken is a short list: libmagic reads thousands of formats, by a language that it
 * interprets, out of bytes that anybody may send. */
#ifndef REVIEWD_MEDIA_TYPE_H
#define REVIEWD_MEDIA_TYPE_H

#include <stdbool.h>
#include <stddef.h>

enum { MEDIA_HEAD_BYTES = 4096, MEDIA_TAIL_BYTES = 4096 };

struct media_sample {
    const unsigned char *head; /* the first MEDIA_HEAD_BYTES, or all of it */
    size_t head_length;
    const unsigned char *tail; /* likewise the last */
    size_t tail_length;
    bool is_text;         /* all of it is UTF-8 without NUL */
    const char *declared; /* the client's Content-Type, or NULL */
    const char *name;     /* of the file, or NULL */
};

/* The type by which it is kept: the declared one where the content can be that, else that of the content. NULL: it is
 * nothing that is taken (HTML, SVG, scripts and programs never are, whatever they are declared to be). */
const char *media_type_of(const struct media_sample *sample);

/* What is taken, in words. */
extern const char media_types_taken[];

#endif
