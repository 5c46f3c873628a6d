/* What lines an import has, and what they call themselves: so that lines name one another in any order, and the
 * parents are stored first. In few bytes for each, since there may be a million. */
#include "import.h"

#include "reviewd/digest.h"
#include "reviewd/id.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* What comes next has to stay a number that is taken here, too: "MR-2026-99999". */
enum { DIGITS_MORE = 3 };

/* A name by its fingerprint: two names that had the same would be taken for one, within one import. */
struct plan_name {
    char hash[FINGERPRINT_HEX_BYTES]; /* "": the place is free */
    uint32_t line;
};

void plan_finish(struct import_plan *plan)
{
    free(plan->lines);
    free(plan->names);
    free(plan->references);
    *plan = (struct import_plan){0};
}

struct plan_line *plan_add(struct import_plan *plan, int64_t offset, size_t line, size_t part, size_t kind)
{
    if (plan->count == plan->capacity) {
        size_t capacity = plan->capacity ? plan->capacity * 2 : 256;
        struct plan_line *lines = realloc(plan->lines, capacity * sizeof *lines);
        if (!lines)
            return NULL;
        plan->lines = lines;
        plan->capacity = capacity;
    }
    struct plan_line *added = &plan->lines[plan->count++];
    *added = (struct plan_line){
        .offset = offset, .line = (uint32_t)line, .part = (uint8_t)part, .kind = (uint8_t)kind, .state = LINE_PENDING};
    return added;
}

/* --- ids in 16 bytes -----------------------------------------------------------------------------------------------
 */

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void id_pack(const struct id *id, unsigned char ret_bytes[16])
{
    const char *at = id->text;
    for (size_t i = 0; i < 16; i++, at += 2) {
        at += *at == '-';
        ret_bytes[i] = (unsigned char)(digit(at[0]) * 16 + digit(at[1]));
    }
}

struct id plan_id(const struct plan_line *line)
{
    struct id id;
    const unsigned char *b = line->id;
    snprintf(id.text, sizeof id.text, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    return id;
}

/* --- names ---------------------------------------------------------------------------------------------------------
 */

/* An id is one whatever the record; a reference says its kind; an address is the same in any case. */
static void name_hash(const char *key, char ret_hash[FINGERPRINT_HEX_BYTES])
{
    char text[600];
    struct id id;
    if (id_parse(key, &id)) {
        digest_fingerprint(id.text, 36, ret_hash);
        return;
    }
    size_t length = 0;
    for (; length < sizeof text - 1 && key[length]; length++)
        text[length] = (char)tolower((unsigned char)key[length]);
    digest_fingerprint(text, length, ret_hash);
}

static struct plan_name *place_of(const struct import_plan *plan, const char *hash)
{
    size_t at =
        strtoull((char[]){hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7], '\0'}, NULL, 16);
    for (at %= plan->name_capacity; plan->names[at].hash[0]; at = (at + 1) % plan->name_capacity) {
        if (strcmp(plan->names[at].hash, hash) == 0)
            break;
    }
    return &plan->names[at];
}

static bool names_grow(struct import_plan *plan)
{
    struct import_plan grown = *plan;
    grown.name_capacity = plan->name_capacity ? plan->name_capacity * 2 : 1024;
    grown.names = calloc(grown.name_capacity, sizeof *grown.names);
    if (!grown.names)
        return false;
    for (size_t i = 0; i < plan->name_capacity; i++) {
        if (plan->names[i].hash[0])
            *place_of(&grown, plan->names[i].hash) = plan->names[i];
    }
    free(plan->names);
    *plan = grown;
    return true;
}

/* Notes a name of the last line. */
static bool take_name(struct import_plan *plan, const char *key, const char *member, struct violations *violations)
{
    char hash[FINGERPRINT_HEX_BYTES];
    if (plan->name_count * 2 >= plan->name_capacity && !names_grow(plan))
        return false;
    name_hash(key, hash);
    struct plan_name *name = place_of(plan, hash);
    if (name->hash[0] && name->line != plan->count - 1) {
        violation_add(violations, "import.duplicate", arena_format(violations->arena, "#/%s", member),
                      "Line %u is of '%.100s' already.", plan->lines[name->line].line, key);
    } else if (!name->hash[0]) {
        memcpy(name->hash, hash, sizeof hash);
        name->line = (uint32_t)(plan->count - 1);
        plan->name_count++;
    }
    return true;
}

bool reference_parse(const struct resource *resource, const char *text, int *ret_year, int64_t *ret_number)
{
    size_t prefix = strlen(resource->reference_prefix);
    const char *year = text + prefix + 1;
    if (strncmp(text, resource->reference_prefix, prefix) != 0 || text[prefix] != '-' ||
        strspn(year, "0123456789") != 4 || year[4] != '-')
        return false;
    const char *number = year + 5;
    size_t digits = strspn(number, "0123456789");
    size_t least = (size_t)resource->reference_digits;
    *ret_year = atoi(year);
    *ret_number = strtoll(number, NULL, 10);
    return !number[digits] && digits >= least && digits <= least + DIGITS_MORE && (digits == least || *number != '0') &&
           *ret_number > 0;
}

static bool take_reference(struct import_plan *plan, const struct resource *resource, const char *text)
{
    int year;
    int64_t number;
    if (!reference_parse(resource, text, &year, &number))
        return true; /* the line is refused for it */
    for (size_t i = 0; i < plan->reference_count; i++) {
        struct plan_reference *known = &plan->references[i];
        if (known->resource == resource && known->year == year) {
            known->number = number > known->number ? number : known->number;
            return true;
        }
    }
    struct plan_reference *references =
        realloc(plan->references, (plan->reference_count + 1) * sizeof *plan->references);
    if (!references)
        return false;
    plan->references = references;
    plan->references[plan->reference_count++] = (struct plan_reference){resource, year, number};
    return true;
}

bool plan_name(struct import_plan *plan, const struct resource *resource, const json_t *object,
               struct violations *violations)
{
    struct plan_line *line = &plan->lines[plan->count - 1];
    const char *given = json_string_value(json_object_get(object, "id"));
    const char *reference = resource->reference_prefix ? json_string_value(json_object_get(object, "reference")) : NULL;
    const char *found_by = resource->found_by ? json_string_value(json_object_get(object, resource->found_by)) : NULL;
    struct id id;
    bool has_id = given && id_parse(given, &id);
    if (!has_id)
        id = id_make();
    id_pack(&id, line->id);
    return (!has_id || take_name(plan, id.text, "id", violations)) &&
           (!reference ||
            (take_name(plan, reference, "reference", violations) && take_reference(plan, resource, reference))) &&
           (!found_by || take_name(plan, found_by, resource->found_by, violations));
}

const struct plan_line *plan_find(const struct import_plan *plan, const struct resource *resource, const char *key)
{
    char hash[FINGERPRINT_HEX_BYTES];
    if (!plan->name_capacity)
        return NULL;
    name_hash(key, hash);
    const struct plan_name *name = place_of(plan, hash);
    const struct plan_line *line = name->hash[0] ? &plan->lines[name->line] : NULL;
    return line && line->kind < IMPORT_KINDS && import_kind(line->kind) == resource ? line : NULL;
}
