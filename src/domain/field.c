#include "reviewd/field.h"

enum { TEXT_MAX = 2000, LIST_MAX = 100 };

static size_t field_size(const struct field *field)
{
    switch (field->kind) { // GCOVR_EXCL_BR_LINE: it has no other value; each has a line of its own
    case FIELD_KIND_TEXT:
        return sizeof(const char *);
    case FIELD_KIND_REF:
        return sizeof(struct id);
    case FIELD_KIND_DATE:
        return sizeof(struct date);
    case FIELD_KIND_INSTANT:
        return sizeof(struct instant);
    case FIELD_KIND_INTEGER:
        return sizeof(struct integer);
    case FIELD_KIND_NUMBER:
        return sizeof(struct number);
    case FIELD_KIND_TRUTH:
    case FIELD_KIND_ENUM:
        return sizeof(unsigned);
    case FIELD_KIND_OBJECT:
    case FIELD_KIND_LIST:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_REFS:
    case FIELD_KIND_RAW:
        break;
    }
    return sizeof(struct nested);
}

void field_clear(const struct field *field, void *record)
{
    memset(field_in(field, record), 0, field_size(field));
}

/* An empty list and one that was never given are shown alike, so that the one in place of the other changes nothing. */
static bool holds_something(const struct field *field, const void *record)
{
    if (!field_is_set(field, record))
        return false;
    bool list = field->kind == FIELD_KIND_LIST || field->kind == FIELD_KIND_TEXTS || field->kind == FIELD_KIND_REFS;
    return !list || ((const struct nested *)field_of(field, record))->length > strlen("[]");
}

bool field_equal(const struct field *field, const void *a, const void *b)
{
    bool set = holds_something(field, a);
    if (set != holds_something(field, b))
        return false;
    if (!set)
        return true;
    const void *x = field_of(field, a);
    const void *y = field_of(field, b);
    switch (field->kind) { // GCOVR_EXCL_BR_LINE: it has no other value; each has a line of its own
    case FIELD_KIND_TEXT:
        return strcmp(*(const char *const *)x, *(const char *const *)y) == 0;
    case FIELD_KIND_REF:
    case FIELD_KIND_DATE:
    case FIELD_KIND_INSTANT:
        return strcmp(x, y) == 0;
    case FIELD_KIND_INTEGER:
        return ((const struct integer *)x)->value == ((const struct integer *)y)->value;
    case FIELD_KIND_NUMBER:
        return ((const struct number *)x)->value == ((const struct number *)y)->value;
    case FIELD_KIND_TRUTH:
    case FIELD_KIND_ENUM:
        return *(const unsigned *)x == *(const unsigned *)y;
    case FIELD_KIND_OBJECT:
    case FIELD_KIND_LIST:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_REFS:
    case FIELD_KIND_RAW:
        break;
    }
    const struct nested *p = x;
    const struct nested *q = y;
    return p->length == q->length && memcmp(p->json, q->json, p->length) == 0;
}

size_t field_max(const struct field *field)
{
    if (field->max)
        return field->max;
    return field->kind == FIELD_KIND_TEXT ? TEXT_MAX : LIST_MAX;
}

unsigned field_enum_value(const struct field *field, const char *name)
{
    for (unsigned i = 0; name && i < field->value_count; i++) {
        if (strcmp(field->values[i], name) == 0)
            return i + 1;
    }
    return 0;
}

const struct field *fields_find(const struct field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    }
    return NULL;
}
