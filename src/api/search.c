/* GET /v1/search: words in all records that the caller sees. */
#include "rows.h"

enum { SNIPPET_BYTES = 600 };

static void put_part(struct buffer *out, bool first, const char *text, size_t length, bool match)
{
    if (!first)
        buffer_char(out, ',');
    buffer_put(out, "{\"text\":");
    json_put_text(out, text, length);
    buffer_put(out, match ? ",\"match\":true}" : ",\"match\":false}");
}

/* A snippet of words without an end is cut, where a character ends. */
static size_t cut(const char *text, size_t length, size_t room)
{
    if (length <= room)
        return length;
    while (room && ((unsigned char)text[room] & 0xC0) == 0x80)
        room--;
    return room;
}

/* Parts in a row, so that nobody has to tell our marks from the text's own. */
static void put_snippet(struct buffer *out, const char *snippet)
{
    static const char marks[] = {SNIPPET_BEGIN, SNIPPET_END, '\0'};
    size_t room = SNIPPET_BYTES;
    bool match = false;
    bool first = true;
    buffer_char(out, '[');
    for (const char *at = snippet; *at;) {
        size_t length = strcspn(at, marks);
        size_t fits = cut(at, length, room);
        if (fits)
            put_part(out, first, at, fits, match);
        first = first && !fits;
        if (fits < length) {
            put_part(out, first, "…", strlen("…"), false);
            break;
        }
        room -= fits;
        at += length;
        match = *at == SNIPPET_BEGIN;
        at += *at != '\0';
    }
    buffer_char(out, ']');
}

static void put_text_or_null(struct buffer *out, const char *text)
{
    if (text)
        json_put_text(out, text, strlen(text));
    else
        buffer_put(out, "null");
}

static void put_hit(struct buffer *out, const struct hit *hit)
{
    buffer_format(out, "{\"resource\":\"%s\",\"id\":\"%s\",\"reference\":", hit->resource->name, hit->id.text);
    put_text_or_null(out, hit->reference);
    buffer_put(out, ",\"title\":");
    put_text_or_null(out, hit->title);
    buffer_put(out, ",\"snippet\":");
    put_snippet(out, hit->snippet);
    buffer_put(out, ",\"rank\":");
    json_put_number(out, hit->weight);
    buffer_format(out, ",\"url\":\"/v1/%s/%s\"}", hit->resource->collection, hit->id.text);
}

bool search_looks_into(const struct resource *resource)
{
    return resource->collection && resource_is_searched(resource);
}

/* The resources that `kind` names, or all. */
static void choose_kinds(struct call *call, bool among[RESOURCE_COUNT])
{
    const char *kinds = query_get(call, "kind");
    for (size_t i = 0; i < RESOURCE_COUNT; i++)
        among[i] = !kinds && search_looks_into(resources[i]);
    while (kinds) {
        size_t length = strcspn(kinds, ",");
        const struct resource *resource = resource_find(arena_copy(call->arena, kinds, length));
        if (resource && search_looks_into(resource))
            among[resource_index(resource)] = true;
        else
            violation_add_parameter(&call->violations, "query.invalid", "kind",
                                    "'kind' takes names of resources that have words, separated by commas.");
        kinds = kinds[length] ? kinds + length + 1 : NULL;
    }
}

struct finds {
    struct rows rows;
    const struct hit *hits;
    size_t count;
};

static bool finds_page(struct rows *rows)
{
    const struct finds *finds = (const struct finds *)rows;
    for (size_t i = (size_t)rows->after; i < finds->count; i++) {
        struct buffer *row = row_begin(rows);
        if (!row)
            return true;
        put_hit(row, &finds->hits[i]);
        row_end(rows, (int64_t)i + 1);
    }
    return true;
}

/* The heaviest in any format: there is no whole of all finds, of which only some are weighed. */
bool read_search(struct call *call)
{
    struct word_search search = {.words = query_get(call, "q"), .view = call->view, .limit = query_limit(call)};
    struct finds *finds = arena_alloc(call->arena, sizeof *finds);
    if (!finds)
        return false;
    choose_kinds(call, search.among);
    if (!search.words || !*search.words)
        violation_add_parameter(&call->violations, "query.invalid", "q", "'q' says what to look for.");
    if (!call->violations.count && !store_search(call->store, &search, call->arena, &finds->hits, &finds->count))
        return false;
    finds->rows.paged.call = call;
    finds->rows.columns = "resource,id,reference,title,snippet,rank,url";
    finds->rows.page = finds_page;
    finds->rows.ranked = true;
    finds->rows.left = search.limit;
    return answer_rows(&finds->rows);
}
