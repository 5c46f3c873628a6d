/* Parameters of the path, the query and the header: those that query.c takes, asked of it one by one. */
#include "openapi.h"

#include <stdio.h>

static void put_parameter_head(struct buffer *out, const char *name, const char *where, const char *description)
{
    put_begin(out, NULL, '{');
    put_string(out, "name", name);
    put_string(out, "in", where);
    put_string(out, "description", description);
}

/* Several values of one parameter are separated by commas. */
static void put_values(struct buffer *out, const struct field *field)
{
    bool id = field->kind == FIELD_KIND_REF || field->kind == FIELD_KIND_REFS;
    put_json(out, "style", "\"form\",\"explode\":false");
    put_begin(out, "schema", '{');
    put_json(out, "type", "\"array\",\"minItems\":1,\"maxItems\":100");
    put_begin(out, "items", '{');
    put_json(out, "type", "\"string\"");
    if (field->kind == FIELD_KIND_ENUM)
        put_enum(out, field, false);
    else if (id || field->kind == FIELD_KIND_TEXT)
        put_json(out, "minLength", "1");
    else
        put_json(out, "format", "\"date\"");
    put_end(out, '}');
    put_end(out, '}');
}

static void put_filter(struct buffer *out, const struct field *field, const char *name, const char *ending)
{
    char text[500];
    const char *words = field->kind == FIELD_KIND_REFS ? "Only where one of these is among them"
                        : *ending == 0                 ? "Only where this is one of these"
                        : ending[1] == 'b'             ? "Only up to"
                                                       : "Only from";
    snprintf(text, sizeof text, "%s: %s", words, field->description);
    put_parameter_head(out, name, "query", text);
    if (field->kind == FIELD_KIND_TRUTH)
        put_json(out, "schema", "{\"type\":\"boolean\"}");
    else if (!*ending)
        put_values(out, field);
    else if (field->kind == FIELD_KIND_DATE)
        put_json(out, "schema", "{\"type\":\"string\",\"format\":\"date\"}");
    else
        put_json(out, "schema",
                 "{\"anyOf\":[{\"type\":\"string\",\"format\":\"date-time\"},"
                 "{\"type\":\"string\",\"format\":\"date\"}]}");
    put_end(out, '}');
}

static void put_filters(struct buffer *out, const struct route *route)
{
    static const char *const endings[] = {"", "_before", "_after"};
    for (size_t i = 0; i < resource_field_count(route->resource); i++) {
        const struct field *field = resource_field(route->resource, i);
        for (size_t e = 0; e < COUNT_OF(endings); e++) {
            char name[100];
            snprintf(name, sizeof name, "%s%s", field->name, endings[e]);
            if (query_known(route, name) && strcmp(name, "withdrawn") != 0) /* no filter, but what shows them at all */
                put_filter(out, field, name, endings[e]);
        }
    }
}

static void put_sort(struct buffer *out, const struct resource *resource)
{
    put_parameter_head(out, "sort", "query", "The order, with - in front for the other way round; the id breaks ties.");
    put_begin(out, "schema", '{');
    put_json(out, "type", "\"string\",\"default\":\"id\",\"enum\":[\"id\",\"-id\"");
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (field->sortable && resource_has(resource, field))
            buffer_format(out, ",\"%s\",\"-%s\"", field->name, field->name);
    }
    put_end(out, ']');
    put_end(out, '}');
    put_end(out, '}');
}

static void put_words(struct buffer *out, const struct resource *resource)
{
    char text[400] = "Only where all these words are found in";
    const char *separator = " ";
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        size_t length = strlen(text);
        if (!field->searched || !resource_has(resource, field))
            continue;
        snprintf(text + length, sizeof text - length, "%s`%s`", separator, field->name);
        separator = ", ";
    }
    put_parameter_head(out, "q", "query", text);
    put_json(out, "schema", "{\"type\":\"string\",\"minLength\":1}");
    put_end(out, '}');
}

static void put_rule_filters(struct buffer *out)
{
    put_parameter_head(out, "resource", "query", "Only the rules of these resources, or parts of the protocol.");
    put_json(out, "style", "\"form\",\"explode\":false");
    put_begin(out, "schema", '{');
    put_json(out, "type", "\"array\",\"minItems\":1");
    put_begin(out, "items", '{');
    put_json(out, "type", "\"string\"");
    put_begin(out, "enum", '[');
    for (size_t i = 0; i < catalogue_count(); i++) {
        size_t first = 0;
        while (strcmp(catalogue_at(first)->resource, catalogue_at(i)->resource) != 0)
            first++;
        if (first == i)
            put_string(out, NULL, catalogue_at(i)->resource);
    }
    put_end(out, ']');
    put_end(out, '}');
    put_end(out, '}');
    put_end(out, '}');
    put_parameter_head(out, "status", "query", "Only the rules that lead to one of these statuses.");
    put_json(out, "style", "\"form\",\"explode\":false");
    put_json(out, "schema",
             "{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"integer\",\"enum\":[400,403,409,422]}}");
    put_end(out, '}');
}

static void put_search(struct buffer *out)
{
    put_parameter_head(out, "q", "query", "Words: each is looked for as the beginning of a word, in any case.");
    put_json(out, "required", "true");
    put_json(out, "schema", "{\"type\":\"string\"}");
    put_end(out, '}');
    put_parameter_head(out, "kind", "query", "Only records of these resources.");
    put_json(out, "style", "\"form\",\"explode\":false");
    put_begin(out, "schema", '{');
    put_json(out, "type", "\"array\",\"minItems\":1");
    put_begin(out, "items", '{');
    put_json(out, "type", "\"string\"");
    put_begin(out, "enum", '[');
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        if (search_looks_into(resources[i]))
            put_string(out, NULL, resources[i]->name);
    }
    put_end(out, ']');
    put_end(out, '}');
    put_end(out, '}');
    put_end(out, '}');
}

/* Of a list that is there as a whole as well. */
static void put_cap(struct buffer *out)
{
    put_parameter_head(
        out, "limit", "query",
        "The most items on a page of JSON, 200 at most and 50 if it is left out; in the other formats the "
        "most of all, and without it there is no limit.");
    put_json(out, "schema", "{\"type\":\"integer\",\"minimum\":1}");
    put_end(out, '}');
}

static void put_format(struct buffer *out, const struct route *route)
{
    put_parameter_head(out, "format", "query", "The representation, for whoever cannot set Accept.");
    put_begin(out, "schema", '{');
    put_json(out, "type", "\"string\"");
    put_begin(out, "enum", '[');
    for (unsigned i = 0; i < FORMAT_COUNT; i++) {
        if (route->formats & 1u << i)
            put_string(out, NULL, formats[i].name);
    }
    put_end(out, ']');
    put_end(out, '}');
    put_end(out, '}');
}

static void put_event(void *context, const char *event)
{
    put_string(context, NULL, event);
}

/* What the audit log is filtered by, where the tables know all values; base.json describes the rest. */
static bool put_audit_filter(struct buffer *out, const char *name)
{
    bool event = strcmp(name, "event") == 0;
    if (!event && strcmp(name, "resource") != 0)
        return false;
    put_parameter_head(out, name, "query",
                       event ? "Only these events: the resource, and what happened." : "Only entries of these.");
    put_json(out, "style", "\"form\",\"explode\":false");
    put_begin(out, "schema", '{');
    put_json(out, "type", "\"array\",\"minItems\":1,\"maxItems\":100");
    put_begin(out, "items", '{');
    put_json(out, "type", "\"string\"");
    put_begin(out, "enum", '[');
    if (event)
        audit_events(put_event, out);
    for (size_t i = 0; i < RESOURCE_COUNT && !event; i++)
        put_string(out, NULL, resources[i]->name);
    put_end(out, ']');
    put_end(out, '}');
    put_end(out, '}');
    put_end(out, '}');
    return true;
}

void put_parameters(struct buffer *out, const struct route *route)
{
    static const struct {
        const char *name; /* of the query's parameter, or NULL for a header */
        const char *component;
        unsigned traits;
    } shared[] = {
        {"limit", "Limit", 0},
        {"cursor", "Cursor", 0},
        {"count", "Count", 0},
        {"withdrawn", "Withdrawn", 0},
        {"dry_run", "DryRun", 0},
        {"as_of", "AsOf", 0},
        {NULL, "If-None-Match", TRAIT_TAGGED},
        {NULL, "If-Match", TRAIT_CHANGES},
        {NULL, "Idempotency-Key", TRAIT_POSTS},
        {NULL, "Prefer", TRAIT_WRITES},
        {NULL, "X-Request-Id", TRAIT_ANY},
    };
    static const char *const of_files[] = {"Range", "If-Range"};
    put_begin(out, "parameters", '[');
    bool rules = route->read == read_rules;
    bool search = route->read == read_search;
    bool whole = route->list && route->formats;
    for (const char *const *name = route->query; name && *name && !rules && !search; name++) {
        if (route->takes_import)
            put_ref(out, NULL, "parameters", "Import", camel(*name).text);
        else if (!put_audit_filter(out, *name))
            put_ref(out, NULL, "parameters", camel(*name).text, "");
    }
    if (rules)
        put_rule_filters(out);
    if (search)
        put_search(out);
    if (whole)
        put_cap(out);
    if (route->read == read_list) {
        put_filters(out, route);
        if (query_known(route, "q"))
            put_words(out, route->resource);
        put_sort(out, route->resource);
    }
    if (route->formats)
        put_format(out, route);
    for (size_t i = 0; i < COUNT_OF(shared); i++) {
        if (whole && shared[i].name && strcmp(shared[i].name, "limit") == 0)
            continue;
        if (shared[i].name ? query_known(route, shared[i].name) : (route_traits(route) & shared[i].traits) != 0)
            put_ref(out, NULL, "parameters", shared[i].component, "");
    }
    for (size_t i = 0; route->gives_file && i < COUNT_OF(of_files); i++)
        put_ref(out, NULL, "parameters", of_files[i], "");
    if (route->takes_file || route->takes_import)
        put_ref(out, NULL, "parameters", "Content-Disposition", "");
    put_end(out, ']');
}

void put_path_parameters(struct buffer *out, const struct route *route)
{
    const struct resource *named = route->parent ? route->parent : route->resource;
    const char *path = route->path;
    put_begin(out, "parameters", '[');
    while ((path = strchr(path, '{'))) {
        bool id = strncmp(path, "{id}", 4) == 0;
        bool number = strncmp(path, "{n}", 3) == 0;
        bool seq = strncmp(path, "{seq}", 5) == 0;
        char text[120];
        snprintf(text, sizeof text, "The %s's id%s.", id ? named->title : "",
                 id && named->found_by           ? ", or the e-mail address"
                 : id && named->reference_prefix ? ", or its reference"
                                                 : "");
        put_parameter_head(out,
                           id       ? "id"
                           : number ? "n"
                           : seq    ? "seq"
                                    : "name",
                           "path",
                           id       ? text
                           : number ? "The revision's number."
                           : seq    ? "The number of the entry that it signs."
                                    : "Its name.");
        put_json(out, "required", "true");
        put_json(out, "schema",
                 number || seq ? "{\"type\":\"integer\",\"minimum\":1}"
                               : "{\"type\":\"string\",\"minLength\":1,\"maxLength\":254}");
        put_end(out, '}');
        path++;
    }
    put_end(out, ']');
}
