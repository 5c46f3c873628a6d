#include "document.h"

#include "reviewd/value.h"

#include <stdint.h>

enum { DIRECTIONS_MAX = 60 };

/* --- cleaning -------------------------------------------------------------------------------------------------------
 */

/* A text on its way to being clean. */
struct cleaning {
    struct buffer out;
    char open[DIRECTIONS_MAX]; /* 'i' for an isolate, 'e' for an embedding or override */
    size_t depth;
};

static void put_code_point(struct buffer *out, uint32_t c)
{
    if (c < 0x80) {
        buffer_char(out, (char)c);
    } else if (c < 0x800) {
        buffer_char(out, (char)(0xC0 | c >> 6));
        buffer_char(out, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        buffer_char(out, (char)(0xE0 | c >> 12));
        buffer_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
        buffer_char(out, (char)(0x80 | (c & 0x3F)));
    } else {
        buffer_char(out, (char)(0xF0 | c >> 18));
        buffer_char(out, (char)(0x80 | (c >> 12 & 0x3F)));
        buffer_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
        buffer_char(out, (char)(0x80 | (c & 0x3F)));
    }
}

/* The next code point of UTF-8 that is known to be sound. */
static uint32_t next_code_point(const unsigned char **text)
{
    const unsigned char *t = *text;
    size_t length = *t < 0x80 ? 1 : *t < 0xE0 ? 2 : *t < 0xF0 ? 3 : 4;
    uint32_t c = length == 1 ? *t : *t & (0x7Fu >> length);
    size_t i = 1;
    for (; i < length && t[i]; i++)
        c = c << 6 | (t[i] & 0x3F);
    *text += i;
    return c;
}

enum { POP_EMBEDDING = 0x202C, POP_ISOLATE = 0x2069 };

static void close_direction(struct cleaning *cleaning)
{
    put_code_point(&cleaning->out, cleaning->open[--cleaning->depth] == 'i' ? POP_ISOLATE : POP_EMBEDDING);
}

static void close_line(struct cleaning *cleaning)
{
    while (cleaning->depth)
        close_direction(cleaning);
}

/* What opens or closes a direction (UAX #9, 2.1 to 2.5). A closing that nothing has opened has no effect and is left
 * out, so that it has none on what stands around the text. */
static void put_direction(struct cleaning *cleaning, uint32_t c)
{
    bool isolate = c >= 0x2066 && c <= 0x2068;
    if (c == POP_EMBEDDING) {
        if (cleaning->depth && cleaning->open[cleaning->depth - 1] == 'e')
            close_direction(cleaning);
    } else if (c == POP_ISOLATE) {
        size_t at = cleaning->depth;
        while (at && cleaning->open[at - 1] != 'i')
            at--;
        while (at && cleaning->depth >= at)
            close_direction(cleaning);
    } else if (cleaning->depth < DIRECTIONS_MAX) {
        cleaning->open[cleaning->depth++] = isolate ? 'i' : 'e';
        put_code_point(&cleaning->out, c);
    }
}

static bool is_direction(uint32_t c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

static bool is_line_break(uint32_t c)
{
    return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

static bool is_no_character(uint32_t c)
{
    return (c >= 0x80 && c < 0xA0) || (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
}

const char *document_clean(struct arena *arena, const char *text)
{
    struct cleaning cleaning = {0};
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        uint32_t c = next_code_point(&at);
        if (is_line_break(c)) {
            if (c == '\r' && *at == '\n')
                at++;
            close_line(&cleaning);
            buffer_char(&cleaning.out, '\n');
        } else if (is_direction(c)) {
            put_direction(&cleaning, c);
        } else if (c < 0x20 && c != '\t') {
            put_code_point(&cleaning.out, 0x2400 + c);
        } else if (c == 0x7F) {
            put_code_point(&cleaning.out, 0x2421);
        } else {
            put_code_point(&cleaning.out, is_no_character(c) ? 0xFFFD : c);
        }
    }
    close_line(&cleaning);
    while (cleaning.out.length && strchr(" \t\n", cleaning.out.data[cleaning.out.length - 1]))
        cleaning.out.length--;
    arena->failed |= buffer_failed(&cleaning.out);
    const char *clean = arena_copy(arena, cleaning.out.data ? cleaning.out.data : "", cleaning.out.length);
    buffer_finish(&cleaning.out);
    return clean;
}

/* --- blocks --------------------------------------------------------------------------------------------------------
 */

static struct block *add(struct document *document, enum block_kind kind)
{
    struct block *block = arena_alloc(document->arena, sizeof *block);
    if (!block)
        return NULL;
    block->kind = kind;
    block->level = document->level;
    if (document->last)
        document->last->next = block;
    else
        document->blocks = block;
    document->last = block;
    return block;
}

static bool is_blank(const char *text)
{
    return !text || text_length(text) == 0;
}

static void add_text(struct document *document, enum block_kind kind, const char *text)
{
    struct block *block = is_blank(text) ? NULL : add(document, kind);
    if (block)
        block->text = document_clean(document->arena, text);
}

void document_heading(struct document *document, int level, const char *text)
{
    document->level = level;
    add_text(document, BLOCK_HEADING, text);
}

void document_plain(struct document *document, const char *text)
{
    add_text(document, BLOCK_PLAIN, text);
}

void document_narrative(struct document *document, const char *markdown)
{
    add_text(document, BLOCK_NARRATIVE, markdown);
}

void document_fact(struct document *document, const char *name, const char *text)
{
    if (is_blank(text))
        return;
    struct block *block = document->last;
    if (!block || block->kind != BLOCK_FACTS)
        block = add(document, BLOCK_FACTS);
    struct fact *fact = arena_alloc(document->arena, sizeof *fact);
    if (!block || !fact)
        return;
    fact->name = name;
    fact->text = document_clean(document->arena, text);
    if (block->last_fact)
        block->last_fact->next = fact;
    else
        block->facts = fact;
    block->last_fact = fact;
}

void document_table(struct document *document, const char *caption, const struct column *columns, size_t count)
{
    struct block *block = add(document, BLOCK_TABLE);
    if (!block)
        return;
    block->text = caption;
    block->columns = arena_array(document->arena, count, sizeof *columns);
    block->column_count = block->columns ? count : 0;
    for (size_t i = 0; i < block->column_count; i++)
        block->columns[i] = columns[i];
}

void document_row(struct document *document, const char *const *cells)
{
    struct block *block = document->last;
    struct row *row = arena_alloc(document->arena, sizeof *row);
    const char **clean = block ? arena_array(document->arena, block->column_count + 1, sizeof *clean) : NULL;
    if (!row || !clean || block->kind != BLOCK_TABLE)
        return;
    for (size_t i = 0; i < block->column_count; i++)
        clean[i] = cells[i] ? document_clean(document->arena, cells[i]) : "";
    row->cells = clean;
    if (block->last_row)
        block->last_row->next = row;
    else
        block->rows = row;
    block->last_row = row;
}

void document_figure(struct document *document, const struct plot *plot)
{
    struct block *block = add(document, BLOCK_FIGURE);
    if (block)
        block->plot = plot;
}
