/* What fuzz targets share. A target is a function that is handed bytes of any kind, and ends the process where a
 * promise is broken: libFuzzer keeps the bytes then. It leaves nothing behind that the next call could notice. */
#ifndef REVIEWD_TESTS_FUZZ_H
#define REVIEWD_TESTS_FUZZ_H

#include "world.h"

#include "api.h"

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

struct target {
    const char *name;
    void (*run)(const uint8_t *data, size_t size);
    bool in_world; /* needs the database */
};

/* Ends the process, with what is wrong. */
#define REQUIRE(condition, ...)                                                                                        \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s does not hold: ", __FILE__, __LINE__, #condition);                              \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* --- bytes into values ------------------------------------------------------------------------------------------- */

/* Parts of the input that targets take from its front. */
struct input {
    const uint8_t *data;
    size_t size;
};

/* 0 at the end. */
uint8_t input_byte(struct input *input);

/* Up to the next LF (which is left out), or all that is left, without NUL bytes; in the arena, ended by NUL. */
const char *input_line(struct input *input, struct arena *arena);

/* All that is left, likewise; as UTF-8: each byte that is none of it becomes '?'. */
const char *input_text(struct input *input, struct arena *arena);

/* A line as UTF-8. */
const char *input_text_line(struct input *input, struct arena *arena);

/* Writes the members of a record out of the input, a line each, as far as it goes. */
void record_fill(const struct resource *resource, void *record, struct input *input, struct arena *arena);

/* --- the API in this process --------------------------------------------------------------------------------------
 *
 * One database for all calls of a process, in memory where it can be, as world_fill() leaves it. Targets read, or write
 * with dry_run=true, so that each call finds what the first one found. */

extern struct world fuzz_world;

/* A request as ana@x.org, the ISMS manager, in fuzz_world.request; to be filled in, then sent. */
struct request *fuzz_request(enum method method, const char *method_name, const char *target);

/* Sends it; a body that would be streamed is gathered. The answer lives until the next request. Holds what every answer
 * has to hold: no 5xx, and a problem is one by its type and members. */
struct response *fuzz_send(void);

/* The answer's JSON, which it has to be; to be released. */
json_t *fuzz_json(const struct response *response);

/* --- markup ------------------------------------------------------------------------------------------------------ */

/* Ends the process unless the text is well-formed as XML is (after a DOCTYPE): elements closed in their order,
 * attributes quoted and once, no bare < or &, only characters that XML has, only these entities. */
void markup_check(const char *text, size_t length);

/* The same of what shows users' words on a page: no element and no attribute that would run or fetch anything, and
 * links to http, https and mailto alone. */
void markup_check_page(const char *text, size_t length);

/* --- a second opinion ----------------------------------------------------------------------------------------------
 */

/* JSON in the form of RFC 8785, written anew and by other means than src/ does it. */
void canonical_put(struct buffer *out, const json_t *value);
void canonical_put_number(struct buffer *out, double value);

/* A member of a ZIP archive, unpacked; to be freed. NULL where there is none of that name. */
char *zip_read(const struct buffer *archive, const char *name, size_t *ret_length);

/* --- the targets ---------------------------------------------------------------------------------------------------
 */

void fuzz_body(const uint8_t *data, size_t size);
void fuzz_patch(const uint8_t *data, size_t size);
void fuzz_query(const uint8_t *data, size_t size);
void fuzz_search(const uint8_t *data, size_t size);
void fuzz_cursor(const uint8_t *data, size_t size);
void fuzz_path(const uint8_t *data, size_t size);
void fuzz_import(const uint8_t *data, size_t size);
void fuzz_key(const uint8_t *data, size_t size);
void fuzz_token(const uint8_t *data, size_t size);
void fuzz_condition(const uint8_t *data, size_t size);
void fuzz_range(const uint8_t *data, size_t size);
void fuzz_accept(const uint8_t *data, size_t size);
void fuzz_form(const uint8_t *data, size_t size);
void fuzz_spool(const uint8_t *data, size_t size);
void fuzz_media_type(const uint8_t *data, size_t size);
void fuzz_attachment(const uint8_t *data, size_t size);
void fuzz_disposition(const uint8_t *data, size_t size);
void fuzz_markdown(const uint8_t *data, size_t size);
void fuzz_document(const uint8_t *data, size_t size);
void fuzz_pdf(const uint8_t *data, size_t size);
void fuzz_plot(const uint8_t *data, size_t size);
void fuzz_csv(const uint8_t *data, size_t size);
void fuzz_register(const uint8_t *data, size_t size);
void fuzz_xlsx(const uint8_t *data, size_t size);
void fuzz_calendar(const uint8_t *data, size_t size);
void fuzz_settings(const uint8_t *data, size_t size);
void fuzz_canonical(const uint8_t *data, size_t size);
void fuzz_number(const uint8_t *data, size_t size);
void fuzz_value(const uint8_t *data, size_t size);
void fuzz_signature(const uint8_t *data, size_t size);

#endif
