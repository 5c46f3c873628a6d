/* Search over the words of all resources. */
#include "ask.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORDS_BYTES = 4096, SNIPPET_TOKENS = 24, NAME_MAX_LENGTH = 255 };

/* How many of the index's first columns name the record: a reference, a title, a name. */
static int name_columns(const struct resource *resource, const struct field **ret_title)
{
    int count = 0;
    *ret_title = NULL;
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (!field->searched || !resource_has(resource, field))
            continue;
        if (field_max(field) > NAME_MAX_LENGTH)
            break;
        if (!*ret_title && field != &record_fields[1])
            *ret_title = field;
        count++;
    }
    return count;
}

static struct db_statement *query_made(struct store *store, char *sql)
{
    struct db_statement *statement = sql ? db_query(store->db, sql) : NULL;
    free(sql);
    return statement;
}

/* Puts a hit where its weight belongs, among at most `limit`; false where it weighs too little. */
static bool place(struct hit *hits, size_t *count, size_t limit, const struct hit *hit)
{
    size_t at = *count;
    while (at > 0 && hits[at - 1].weight < hit->weight)
        at--;
    if (at >= limit)
        return false;
    size_t kept = *count < limit ? *count : limit - 1;
    memmove(&hits[at + 1], &hits[at], (kept - at) * sizeof *hits);
    hits[at] = *hit;
    *count = kept + 1;
    return true;
}

/* The best of one resource among those of the others. */
static bool rank(struct store *store, const struct word_search *search, const char *words,
                 const struct resource *resource, struct hit *hits, size_t *count)
{
    const struct field *title;
    int names = name_columns(resource, &title);
    struct buffer condition = {0};
    buffer_format(&condition, "%s%s", store_visible(resource, search->view.clearance),
                  resource->withdrawable ? " AND t.withdrawn = 0" : "");
    char *visible = buffer_take(&condition);
    char *sql = visible ? db_words_rank_sql(resource->name, visible, names, SEARCH_CANDIDATES) : NULL;
    free(visible);
    struct db_statement *statement = query_made(store, sql);
    if (!statement)
        return false;
    db_bind_text(statement, 1, search->view.person.text);
    db_bind_text(statement, 2, words);
    db_bind_integer(statement, 3, search->limit);
    enum db_step step;
    while ((step = db_step(statement)) == DB_ROW) {
        const struct hit hit = {
            .resource = resource, .key = db_integer(statement, 0), .weight = db_number(statement, 1)};
        if (!place(hits, count, (size_t)search->limit, &hit))
            break; /* the others weigh even less */
    }
    db_reset(statement);
    return step != DB_ERROR;
}

/* What is shown of a hit. ABSENT: it has just gone. */
static enum found show(struct store *store, const char *words, struct arena *arena, struct hit *hit)
{
    const struct field *title;
    const char begin[] = {SNIPPET_BEGIN, '\0'};
    const char end[] = {SNIPPET_END, '\0'};
    char columns[200];
    name_columns(hit->resource, &title);
    snprintf(columns, sizeof columns, "t.id, %s, %s%s", hit->resource->reference_prefix ? "t.reference" : "NULL",
             title ? "t." : "NULL", title ? title->name : "");
    struct db_statement *statement = query_made(store, db_words_show_sql(hit->resource->name, columns, SNIPPET_TOKENS));
    if (!statement)
        return BROKEN;
    db_bind_text(statement, 1, words);
    db_bind_integer(statement, 2, hit->key);
    db_bind_text(statement, 3, begin);
    db_bind_text(statement, 4, end);
    enum db_step step = db_step(statement);
    bool whole = step != DB_ROW || db_whole(statement);
    if (step == DB_ROW) {
        const char *snippet = ask_copy(statement, 0, arena);
        hit->snippet = snippet ? snippet : "";
        ask_text(statement, 1, hit->id.text, sizeof hit->id.text);
        hit->reference = ask_copy(statement, 2, arena);
        hit->title = ask_copy(statement, 3, arena);
        whole = db_whole(statement);
    }
    db_reset(statement);
    return step == DB_ERROR || !whole ? BROKEN : step == DB_ROW ? FOUND : ABSENT;
}

bool store_search(struct store *store, const struct word_search *search, struct arena *arena,
                  const struct hit **ret_hits, size_t *ret_count)
{
    char words[WORDS_BYTES];
    size_t count = 0;
    size_t shown = 0;
    struct hit *hits = arena_array(arena, (size_t)search->limit + 1, sizeof *hits);
    if (!hits)
        return false;
    bool asked = db_words_query(search->words, words, sizeof words);
    for (size_t i = 0; asked && i < RESOURCE_COUNT; i++) {
        if (search->among[i] && !rank(store, search, words, resources[i], hits, &count))
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        enum found found = show(store, words, arena, &hits[i]);
        if (found == BROKEN)
            return false;
        if (found == FOUND)
            hits[shown++] = hits[i];
    }
    *ret_hits = hits;
    *ret_count = shown;
    return true;
}
