/* What each operation may answer: headers, bodies with their examples, problems. */
#include "openapi.h"

#include <stdio.h>
#include <stdlib.h>

static void put_headers(struct buffer *out, const struct route *route, bool created)
{
    static const struct {
        const char *name;
        unsigned traits;
    } headers[] = {
        {"X-Request-Id", TRAIT_ANY},           {"Cache-Control", TRAIT_ANY}, {"Vary", TRAIT_ANY},
        {"ETag", TRAIT_TAGGED | TRAIT_WRITES}, {"Dry-Run", TRAIT_WRITES},    {"Preference-Applied", TRAIT_WRITES},
        {"Idempotent-Replayed", TRAIT_POSTS},
    };
    put_begin(out, "headers", '{');
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        if (route_traits(route) & headers[i].traits)
            put_ref(out, headers[i].name, "headers", headers[i].name, "");
    }
    if (route->formats & FORMAT(PDF)) { /* a document */
        put_ref(out, "Content-Disposition", "headers", "Content-Disposition", "");
        put_ref(out, "Content-Security-Policy", "headers", "Content-Security-Policy", "");
    }
    if (created)
        put_ref(out, "Location", "headers", "Location", "");
    if (route->list)
        put_ref(out, "Link", "headers", "Link", "");
    if (route_formats(route) & (FORMAT(CSV) | FORMAT(XLSX) | FORMAT(ZIP)))
        put_ref(out, "Content-Disposition", "headers", "Content-Disposition", "");
    put_end(out, '}');
}

/* The parent that the amendments of an example have. */
static const struct resource *parent_of(const struct route *route)
{
    return route->parent && route->read != read_carried ? route->parent : &action_item_resource;
}

static void put_revision_example(struct buffer *out, const char *name)
{
    const struct resource *const parts[] = {&attendee_resource, &input_resource, &decision_resource};
    put_record_example(out, name, &review_resource, NULL, resource_transition(&review_resource, "approve"));
    if (!buffer_failed(out))
        out->length--;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        const char *verb = parts[i] == &decision_resource ? "adopt" : NULL;
        put_begin(out, parts[i]->collection, '[');
        put_record_example(out, NULL, parts[i], &review_resource, verb ? resource_transition(parts[i], verb) : NULL);
        put_end(out, ']');
    }
    put_end(out, '}');
}

/* What agenda and minutes begin with is the same. */
static void put_minutes_example(struct buffer *out, const char *name, bool agenda)
{
    static const struct {
        const char *name;
        const struct resource *resource;
        const struct resource *parent;
        const char *verb;
    } parts[] = {{"attendees", &attendee_resource, &review_resource, NULL},
                 {"inputs", &input_resource, &review_resource, NULL},
                 {"decisions", &decision_resource, &review_resource, "adopt"},
                 {"action_items", &action_item_resource, &decision_resource, NULL}};
    put_begin(out, name, '{');
    put_json(out, "draft", agenda ? "true" : "false");
    put_json(out, "extract", "false");
    put_record_example(out, "review", &review_resource, NULL,
                       resource_transition(&review_resource, agenda ? "start" : "approve"));
    put_json(out, "owners", "[{\"id\":\"019aa87c-5e3c-7d0a-9a51-0f6f2c3b7a10\",\"name\":\"Ana Horvat\"}]");
    for (size_t i = 0; i < (agenda ? 2 : COUNT_OF(parts)); i++) {
        const struct resource *resource = parts[i].resource;
        put_begin(out, parts[i].name, '[');
        put_record_example(out, NULL, resource, parts[i].parent,
                           parts[i].verb ? resource_transition(resource, parts[i].verb) : NULL);
        put_end(out, ']');
    }
    put_json(out, "carried_action_items", "[]");
    if (!agenda) {
        put_json(out, "previous_metrics", "[]");
        put_json(out, "audit_head",
                 "{\"seq\":812,\"hash\":\"60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752\"}");
    }
    put_end(out, '}');
}

static void put_item_example(struct buffer *out, const struct route *route, const char *name)
{
    const struct resource *resource = route->resource;
    if (route->read == read_agenda || route->read == read_minutes || route->read == read_revision_minutes)
        put_minutes_example(out, name, route->read == read_agenda);
    else if (route->read == read_revision || route->read == read_revisions)
        put_revision_example(out, name);
    else if (route->read == read_history)
        put_history_example(out, name, resource);
    else if (route->write == write_create)
        put_created_example(out, name, resource, parent_of(route));
    else
        put_record_example(out, name, resource, parent_of(route),
                           route->verb ? resource_transition(resource, route->verb) : NULL);
}

static void put_answer(struct buffer *out, const struct route *route)
{
    if (!(route_formats(route) & FORMAT(JSON)))
        return;
    const struct special *special = special_of(route);
    const char *item = route->read == read_history ? "HistoryVersion" : route->resource ? route->resource->name : "";
    put_begin(out, special ? special->type : "application/json", '{');
    if (special)
        put_ref(out, "schema", "schemas", special->schema, "");
    else
        put_ref(out, "schema", "schemas", camel(item).text, route->list ? "List" : "");
    if (special && (!route->resource || route->read == read_readiness || route->read == read_comparison ||
                    route->read == read_sealed_history)) {
        put_begin(out, "examples", '{');
        put_ref(out, "answer", "examples", special->schema, "");
        put_end(out, '}');
    } else if (route->list) {
        put_begin(out, "example", '{');
        put_begin(out, "data", '[');
        put_item_example(out, route, NULL);
        put_end(out, ']');
        put_json(out, "next_cursor", "null");
        put_end(out, '}');
    } else {
        put_item_example(out, route, "example");
    }
    put_end(out, '}');
}

/* What is no JSON has no schema but its media type; what is no text has not even a type. */
static void put_other_formats(struct buffer *out, const struct route *route)
{
    for (unsigned i = 0; i < FORMAT_COUNT; i++) {
        if (i == FORMAT_JSON || !(route_formats(route) & 1u << i))
            continue;
        put_begin(out, formats[i].type, '{');
        put_json(out, "schema",
                 i == FORMAT_XLSX || i == FORMAT_PDF || i == FORMAT_ZIP ? "{}" : "{\"type\":\"string\"}");
        if (i != FORMAT_CALENDAR) {
            put_string(out, "example", "The same, as a file.");
        } else {
            put_begin(out, "examples", '{');
            put_ref(out, "answer", "examples", "Calendar", "");
            put_end(out, '}');
        }
        put_end(out, '}');
    }
}

/* The import goes on by itself. */
static void put_accepted(struct buffer *out, const struct route *route)
{
    put_begin(out, "202", '{');
    put_string(out, "description", "It has begun (`Prefer: respond-async`); its record says how far it is.");
    put_headers(out, route, true);
    put_begin(out, "content", '{');
    put_answer(out, route);
    put_end(out, '}');
    put_end(out, '}');
}

void put_responses(struct buffer *out, const struct route *route)
{
    static const struct {
        const char *status;
        const char *component;
        unsigned traits;
    } others[] = {
        {"304", "NotModified", TRAIT_TAGGED},
        {"400", "MalformedRequest", TRAIT_ANY},
        {"401", "Unauthenticated", TRAIT_CALLER},
        {"403", "Forbidden", TRAIT_ROLE},
        {"404", "NotFound", TRAIT_KEYED},
        {"406", "NotAcceptable", TRAIT_JSON},
        {"409", "StateConflict", TRAIT_WRITES},
        {"412", "Stale", TRAIT_CHANGES},
        {"413", "TooLarge", TRAIT_WRITES},
        {"414", "TargetTooLong", TRAIT_ANY},
        {"415", "UnsupportedMediaType", TRAIT_WRITES},
        {"422", "RuleViolation", TRAIT_WRITES},
        {"428", "PreconditionRequired", TRAIT_CHANGES},
        {"431", "HeadersTooLarge", TRAIT_ANY},
        {"500", "Internal", TRAIT_ANY},
        {"503", "Unavailable", TRAIT_ANY},
        {"507", "StorageFull", TRAIT_WRITES},
    };
    bool created = route->write == write_create;
    put_begin(out, "responses", '{');
    if (route->gives_file) {
        put_content_responses(out);
    } else {
        put_begin(out, created ? "201" : "200", '{');
        put_string(out, "description",
                   created        ? "It is made."
                   : route->write ? "It is done; the whole record."
                                  : "What was asked for.");
        put_headers(out, route, created);
        put_begin(out, "content", '{');
        put_answer(out, route);
        put_other_formats(out, route);
        put_end(out, '}');
        put_end(out, '}');
    }
    if (route->takes_import)
        put_accepted(out, route);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (route_traits(route) & others[i].traits)
            put_ref(out, others[i].status, "responses", others[i].component, "");
    }
    put_end(out, '}');
}
