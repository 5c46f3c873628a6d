#include "words.h"

#include <ctype.h>

const char *enum_words(struct arena *arena, const struct field *fields, size_t count, const char *name,
                       const void *record)
{
    const struct field *field = fields_find(fields, count, name);
    unsigned value = *(const unsigned *)field_of(field, record);
    if (!value)
        return NULL;
    char *words = arena_text(arena, field->values[value - 1]);
    for (char *at = words; *at; at++)
        *at = *at == '_' ? ' ' : *at;
    if (*words)
        *words = (char)toupper((unsigned char)*words);
    return words;
}

const char *field_words(struct arena *arena, const struct resource *resource, const char *name, const void *record)
{
    return enum_words(arena, resource->fields, resource->field_count, name, record);
}

const char *instant_words(struct arena *arena, const struct instant *instant)
{
    return instant_is_set(instant) ? arena_format(arena, "%.10s %.5s UTC", instant->text, instant->text + 11) : NULL;
}

const char *date_words(const struct date *date)
{
    return date_is_set(date) ? date->text : NULL;
}

const char *number_words(struct arena *arena, const struct number *number, const char *unit)
{
    if (!number->known)
        return "";
    struct buffer text = {0};
    json_put_number(&text, number->value);
    arena->failed |= buffer_failed(&text);
    const char *figure = arena_copy(arena, text.data ? text.data : "", text.length);
    buffer_finish(&text);
    return joined(arena, figure, " ", unit);
}

const char *target_words(struct arena *arena, unsigned comparator, const struct number *target, const char *unit)
{
    static const char *const signs[] = {"", "<", "\u2264", "=", "\u2265", ">"};
    if (!target->known)
        return "";
    const char *figure = number_words(arena, target, unit);
    return comparator ? arena_format(arena, "%s %s", signs[comparator], figure) : figure;
}

const char *criteria_words(struct arena *arena, const struct nested *criteria)
{
    const struct criterion *all = criteria->items;
    const char *text = "";
    for (size_t i = 0; all && i < criteria->count; i++) {
        const struct criterion *one = &all[i];
        const char *how = one->verification;
        if (criterion_is_measured(one))
            how = arena_format(arena, "%s %s", one->metric,
                               target_words(arena, one->comparator, &one->target, one->unit));
        text = arena_format(arena, "%s%s%s%s%s%s", text, i ? "\n" : "", one->statement, how ? " (" : "", how ? how : "",
                            how ? ")" : "");
    }
    return text;
}

const char *joined(struct arena *arena, const char *a, const char *separator, const char *b)
{
    if (!a || !*a)
        return b && *b ? b : "";
    return b && *b ? arena_format(arena, "%s%s%s", a, separator, b) : a;
}
