/* A resource: its record's struct, table of fields, rules and transitions; and the registry of them all. */
#ifndef REVIEWD_RESOURCE_H
#define REVIEWD_RESOURCE_H

#include "reviewd/buffer.h"
#include "reviewd/field.h"
#include "reviewd/rule.h"

/* What every record begins with (contract, section 1: common fields). */
struct record {
    struct id id;
    const char *reference; /* NULL where the resource has none */
    struct integer version;
    struct instant created_at;
    struct id created_by; /* absent: the command line */
    struct instant updated_at;
    struct id updated_by;
    enum truth imported; /* came with what the server sets by itself */
};

/* A member of a verb's body; it sets a field of the record. */
struct argument {
    const char *name;
    const char *field;
    bool required;
    size_t min; /* code points, where it is more than the field's own */
};

/* A verb: from which states, into which. `reopen` and the like have several. */
struct transition {
    const char *verb;
    unsigned from; /* bits: 1 << state */
    unsigned to;   /* 0: the state stays */
    const struct argument *arguments;
    size_t argument_count;
    const char *description;
};

#define STATE(state) (1u << (state))

struct resource {
    const char *name;       /* "action_item"; the table's name too */
    const char *collection; /* "action-items" */
    const char *title;      /* "action item" */
    const char *description;
    size_t size;
    const struct field *fields; /* after the common ones */
    size_t field_count;
    const char *state; /* the field that transitions change, or NULL */
    const struct transition *transitions;
    size_t transition_count;
    const struct rule *rules;
    size_t rule_count;
    const char *reference_prefix; /* "ACT", or NULL */
    int reference_digits;
    const char *found_by; /* a unique text field that names a record as well as its id does (a person's e-mail) */
    bool append_only;     /* version 1 is the only one */
    bool withdrawable;    /* leaves the lists once withdrawn */
    bool uploaded;        /* made of a file that is sent, and changed by verbs alone */
    bool importable;      /* a history of it can be moved in: its records say whether they came so */
    void (*derive)(void *record, const struct date *today);
};

extern const struct resource person_resource;
extern const struct resource review_resource;
extern const struct resource attendee_resource;
extern const struct resource input_resource;
extern const struct resource decision_resource;
extern const struct resource action_item_resource;
extern const struct resource amendment_resource;
extern const struct resource follow_up_resource;
extern const struct resource calendar_token_resource;
extern const struct resource token_resource;
extern const struct resource attachment_resource;
extern const struct resource import_resource;

/* Every resource there is; the token is the only one without a collection of its own. */
enum { RESOURCE_COUNT = 12 };
extern const struct resource *const resources[RESOURCE_COUNT];

const struct resource *resource_find(const char *name);
size_t resource_index(const struct resource *resource);

/* The common fields (created_at …), which every record shows before its own. */
extern const struct field record_fields[];
extern const size_t record_field_count;

/* Fields by one number: the common ones first, then the resource's own. */
static inline size_t resource_field_count(const struct resource *resource)
{
    return record_field_count + resource->field_count;
}

static inline const struct field *resource_field(const struct resource *resource, size_t index)
{
    return index < record_field_count ? &record_fields[index] : &resource->fields[index - record_field_count];
}

const struct field *resource_field_named(const struct resource *resource, const char *name);

/* Whether any of its members is personal. */
bool resource_is_personal(const struct resource *resource);

/* The person whom the personal members of a record are about. */
const struct id *record_subject(const struct resource *resource, const void *record);

/* Whether `q=` has anything to look into. */
bool resource_is_searched(const struct resource *resource);

/* Whether the resource's records have this field at all (a reference is for some). */
static inline bool resource_has(const struct resource *resource, const struct field *field)
{
    if (field->offset == offsetof(struct record, imported))
        return resource->importable;
    return resource->reference_prefix || field->offset != offsetof(struct record, reference);
}

const struct transition *resource_transition(const struct resource *resource, const char *verb);

/* The record's state as a number, and as a word. */
unsigned record_state(const struct resource *resource, const void *record);
const char *record_state_name(const struct resource *resource, const void *record);

/* Adds transition.not_allowed, naming the verbs that the state knows, unless it knows this one. */
bool transition_check(const struct resource *resource, const void *record, const struct transition *transition,
                      struct violations *violations);

/* Whether two records show the same, but for what all records have (id, version, who and when) and what is derived. */
bool record_equal(const struct resource *resource, const void *a, const void *b);

/* Adds <resource>.<field>.required for each required field that is absent. */
void required_check(const struct resource *resource, const void *record, struct violations *violations);

enum render {
    RENDER_SHOWN,     /* what the API shows: the table's order, with derived members, without hidden ones */
    RENDER_CANONICAL, /* what is stored, as RFC 8785 orders it */
    RENDER_SEALED,    /* the same as the audit chain hashes it: each personal member, which holds its commitment in such
                       * a record (store_seal), as {"commitment":"…"} */
};

/* Writes a record as a JSON object. */
void record_render(struct buffer *buffer, const struct resource *resource, const void *record, enum render render);

/* The canonical form as `body`, an older one, has it: without members that are absent, or have their initial value, and
 * that it does not know, since they were added to the table after it was written. */
void record_render_as(struct buffer *buffer, const struct resource *resource, const void *record, const char *body);

/* The same of what the API shows. */
void record_show_as(struct buffer *buffer, const struct resource *resource, const void *record, const char *body);

/* Writes an object of a shape in RFC 8785's form. */
void shape_render(struct buffer *buffer, const struct shape *shape, const void *object);

/* The order of RFC 8785 for each resource and shape. Once, before threads. */
void render_init(void);

/* Calls catalogue_init() and render_init(). */
void domain_init(void);

#endif
