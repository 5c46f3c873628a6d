/* The OpenAPI description: what its files share. JSON is put into a buffer, whose failure is sticky; a value follows
 * the member's name, and NULL as a name stands for an item of a list. */
#ifndef REVIEWD_API_OPENAPI_H
#define REVIEWD_API_OPENAPI_H

#include "api.h"

/* "action_item" -> "ActionItem": the names of components and operations. */
struct camel {
    char text[120];
};

struct camel camel(const char *text);

void put_name(struct buffer *out, const char *name);
void put_begin(struct buffer *out, const char *name, char bracket);
void put_end(struct buffer *out, char bracket);
void put_string(struct buffer *out, const char *name, const char *text);
void put_json(struct buffer *out, const char *name, const char *json);

/* {"$ref": "#/components/<section>/<component>"}; the component's name in two parts. */
void put_ref(struct buffer *out, const char *name, const char *section, const char *component, const char *ending);

/* --- routes (openapi.c) ------------------------------------------------------------------------------------------- */

/* What a route may answer, send and ask for. */
enum trait {
    TRAIT_ANY = 1 << 0,
    TRAIT_CALLER = 1 << 1, /* it may ask for a token */
    TRAIT_ROLE = 1 << 2,   /* not every role may */
    TRAIT_KEYED = 1 << 3,  /* what it names may be missing */
    TRAIT_JSON = 1 << 4,   /* it looks at Accept */
    TRAIT_TAGGED = 1 << 5, /* a read with an ETag */
    TRAIT_WRITES = 1 << 6,
    TRAIT_CHANGES = 1 << 7, /* a record that is there */
    TRAIT_POSTS = 1 << 8,
};

unsigned route_traits(const struct route *route);

/* Reads that are no plain record, list or history. */
struct special {
    bool (*read)(struct call *call);
    const char *schema; /* and the example's name */
    const char *type;
    const char *tag;
    const char *description;
};

const struct special *special_of(const struct route *route); /* NULL: it is none */

/* --- answers (openapi_answer.c) ----------------------------------------------------------------------------------- */

void put_responses(struct buffer *out, const struct route *route);

/* --- files (openapi_upload.c) ------------------------------------------------------------------------------------- */

/* What POST /v1/imports does, and the body that it takes. */
extern const char import_description[];
void put_import_body(struct buffer *out);

/* The requestBody of a route that takes a file. */
void put_upload_body(struct buffer *out, const struct route *route);

/* The answers of one that gives one: whole, in part, and where there is no such part. */
void put_content_responses(struct buffer *out);

/* --- parameters (openapi_parameter.c) ------------------------------------------------------------------------------
 */

void put_parameters(struct buffer *out, const struct route *route);
void put_path_parameters(struct buffer *out, const struct route *route);

/* --- schemas (openapi_schema.c) ---------------------------------------------------------------------------------- */

/* The schemas of all resources and shapes: members of components.schemas. */
void put_schemas(struct buffer *out);

/* The keywords of a field's values, without its description. */
void put_enum(struct buffer *out, const struct field *field, bool nullable);

/* --- examples (openapi_example.c) -------------------------------------------------------------------------------- */

/* A record as it is after a verb (NULL: after its creation under `parent`). */
void put_record_example(struct buffer *out, const char *name, const struct resource *resource,
                        const struct resource *parent, const struct transition *transition);

/* The answer to its creation: with what is shown once. */
void put_created_example(struct buffer *out, const char *name, const struct resource *resource,
                         const struct resource *parent);

/* A body that creates, changes or takes a record through a verb. */
void put_create_example(struct buffer *out, const char *name, const struct resource *resource);
void put_change_example(struct buffer *out, const char *name, const struct resource *resource);
void put_verb_example(struct buffer *out, const char *name, const struct resource *resource,
                      const struct transition *transition);
void put_history_example(struct buffer *out, const char *name, const struct resource *resource);

/* Whether reads show a value in every record. */
bool field_always_set(const struct field *field);

/* Whether a request that creates or changes a record may have the field. */
bool field_is_writable(const struct field *field, enum body_mode mode);

#endif
