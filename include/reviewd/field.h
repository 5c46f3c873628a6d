/* The field table: one row says all that is known of a member of a record.
 *
 * Every floor has one interpreter of it: JSON in and out, SQL, filters, history, OpenAPI, required-field rules. */
#ifndef REVIEWD_FIELD_H
#define REVIEWD_FIELD_H

#include "reviewd/value.h"

enum field_kind {
    FIELD_KIND_TEXT,    /* const char *  */
    FIELD_KIND_REF,     /* struct id, of a record of `target` */
    FIELD_KIND_DATE,    /* struct date */
    FIELD_KIND_INSTANT, /* struct instant */
    FIELD_KIND_INTEGER, /* struct integer */
    FIELD_KIND_NUMBER,  /* struct number */
    FIELD_KIND_TRUTH,   /* enum truth; a JSON boolean */
    FIELD_KIND_ENUM,    /* any enum whose 0 is "absent"; `values[n - 1]` names value n */
    FIELD_KIND_OBJECT,  /* struct nested: one object of `members` */
    FIELD_KIND_LIST,    /* struct nested: a list of such objects */
    FIELD_KIND_TEXTS,   /* struct nested: a list of texts (items: const char *[]) */
    FIELD_KIND_REFS,    /* struct nested: a list of ids of `target` (items: struct id[]) */
    FIELD_KIND_RAW,     /* struct nested: JSON that the server makes */
};

struct field;

/* The shape of an object within a record. */
struct shape {
    const char *noun; /* as rule names say it: "success_criterion" */
    const struct field *fields;
    size_t field_count;
    size_t size;
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;

    bool required;      /* on creation, and never cleared afterwards */
    bool read_only;     /* set by the server alone */
    bool by_verb;       /* read-only but for the verbs that name it as an argument */
    bool derived;       /* worked out when it is read, never stored */
    bool hidden;        /* stored and hashed, not shown */
    bool veiled;        /* an id, of what is append-only: shown to who sees the review that it names */
    bool personal;      /* a text about a person: what is hashed is a commitment to it, so that it can be erased */
    bool fixed;         /* settable on creation alone */
    bool guarded;       /* part of a commitment: once made, changed by amendments alone */
    bool sortable;      /* `sort=` takes it; the table has an index that ends in the id */
    bool searched;      /* `q=` looks into it */
    bool may_have_left; /* of a person: one who is inactive by now is named all the same */
    bool email;         /* an e-mail address */
    bool url;           /* an absolute http(s) or other URI */
    bool not_negative;  /* of a number */

    size_t min;                /* code points, items, or the least number */
    size_t max;                /* likewise; 0: the kind's default */
    const char *const *values; /* of an enum */
    unsigned value_count;
    unsigned initial;          /* of an enum or truth that a creation leaves out */
    const struct shape *shape; /* of an object or list */
    const char *target;        /* resource that an id names */
    const char *through;       /* an id that is that of the record which this member names, and that lists find by it */
    const char *via;           /* derived: the member (an id) of this record … */
    const char *of;            /* … whose record's field this shows */
    const char *count_rule;    /* the rule about a list's length, where it is not body.length */
    const char *required_rule; /* where the rule's name is not <resource>.<field>.required */
    const char *description;
    const char *example; /* JSON */
};

/* `RECORD` is the struct that the rows around it describe; the member's type is checked by the compiler. */
// NOLINTBEGIN(bugprone-macro-parentheses): it is an initializer, and `type` a type
#define FIELD_PLACE(member, type)                                                                                      \
    .offset = offsetof(RECORD, member) + 0 * sizeof(_Generic(((RECORD *)0)->member, type : 1))
// NOLINTEND(bugprone-macro-parentheses)
#define FIELD_TEXT(member) .kind = FIELD_KIND_TEXT, FIELD_PLACE(member, const char *)
#define FIELD_REF(member, resource) .kind = FIELD_KIND_REF, .target = (resource), FIELD_PLACE(member, struct id)
#define FIELD_DATE(member) .kind = FIELD_KIND_DATE, FIELD_PLACE(member, struct date)
#define FIELD_INSTANT(member) .kind = FIELD_KIND_INSTANT, FIELD_PLACE(member, struct instant)
#define FIELD_INTEGER(member) .kind = FIELD_KIND_INTEGER, FIELD_PLACE(member, struct integer)
#define FIELD_NUMBER(member) .kind = FIELD_KIND_NUMBER, FIELD_PLACE(member, struct number)
#define FIELD_TRUTH(member) .kind = FIELD_KIND_TRUTH, FIELD_PLACE(member, enum truth)
#define FIELD_ENUM(member, names)                                                                                      \
    .kind = FIELD_KIND_ENUM, .values = (names), .value_count = COUNT_OF(names), FIELD_PLACE(member, unsigned)
#define FIELD_OBJECT(member, of_shape)                                                                                 \
    .kind = FIELD_KIND_OBJECT, .shape = &(of_shape), FIELD_PLACE(member, struct nested)
#define FIELD_LIST(member, of_shape) .kind = FIELD_KIND_LIST, .shape = &(of_shape), FIELD_PLACE(member, struct nested)
#define FIELD_TEXTS(member) .kind = FIELD_KIND_TEXTS, FIELD_PLACE(member, struct nested)
#define FIELD_REFS(member, resource) .kind = FIELD_KIND_REFS, .target = (resource), FIELD_PLACE(member, struct nested)
#define FIELD_RAW(member) .kind = FIELD_KIND_RAW, FIELD_PLACE(member, struct nested)

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* Where a field's value lies in a record. */
static inline void *field_in(const struct field *field, void *record)
{
    return (char *)record + field->offset;
}

static inline const void *field_of(const struct field *field, const void *record)
{
    return (const char *)record + field->offset;
}

/* Whether the record has a value there (an empty list is one). */
static inline bool field_is_set(const struct field *field, const void *record)
{
    const void *at = field_of(field, record);
    switch (field->kind) {
    case FIELD_KIND_TEXT:
        return *(const char *const *)at != NULL;
    case FIELD_KIND_REF:
    case FIELD_KIND_DATE:
    case FIELD_KIND_INSTANT:
        return *(const char *)at != '\0';
    case FIELD_KIND_INTEGER:
        return ((const struct integer *)at)->known;
    case FIELD_KIND_NUMBER:
        return ((const struct number *)at)->known;
    case FIELD_KIND_TRUTH:
    case FIELD_KIND_ENUM:
        return *(const unsigned *)at != 0;
    case FIELD_KIND_OBJECT:
    case FIELD_KIND_LIST:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_REFS:
    case FIELD_KIND_RAW:
        return ((const struct nested *)at)->json != NULL;
    }
    return false;
}

/* Makes it absent. */
void field_clear(const struct field *field, void *record);

/* Whether two records of one kind hold the same there (nested ones by their canonical text). */
bool field_equal(const struct field *field, const void *a, const void *b);

/* The least and greatest that a kind allows where the row does not say. */
size_t field_max(const struct field *field);

/* The value's number for an enum's name, 0 where it is none of them. */
unsigned field_enum_value(const struct field *field, const char *name);

const struct field *fields_find(const struct field *fields, size_t count, const char *name);

#endif
