/* A document as Markdown. What users wrote in plain text is escaped wherever it would mean something. */
#include "narrative.h"
#include "write.h"

#include <ctype.h>

/* Characters that mean something anywhere. */
static bool is_special(const char *text, const char *at)
{
    if (*at == '_') /* within a word it does not */
        return at == text || !isalnum((unsigned char)at[-1]) || !isalnum((unsigned char)at[1]);
    if (*at == '#') /* at the end of a heading */
        return at[1] == '\0' || at[1] == '#';
    return strchr("\\`*[]<>&|~", *at) != NULL;
}

/* Whether the rest of a line begins with something that makes it no paragraph. */
static bool begins_block(const char *line)
{
    if (strchr("#+-=", *line))
        return true;
    size_t digits = strspn(line, "0123456789");
    return digits > 0 && (line[digits] == '.' || line[digits] == ')') && strchr(" \t\n", line[digits + 1]);
}

/* `breaks`: what stands for a line break. */
static void put_text(struct buffer *out, const char *text, const char *breaks)
{
    bool begins = true; /* of a line, but for white space */
    for (const char *at = text; *at; at++) {
        if (*at == '\n') {
            buffer_put(out, breaks);
            begins = true;
            continue;
        }
        if (begins && (*at == ' ' || *at == '\t'))
            continue; /* four of them would make it code */
        if (begins && begins_block(at)) {
            size_t digits = strspn(at, "0123456789");
            buffer_add(out, at, digits);
            at += digits;
            buffer_char(out, '\\');
            buffer_char(out, *at);
        } else {
            if (is_special(text, at))
                buffer_char(out, '\\');
            buffer_char(out, *at);
        }
        begins = false;
    }
}

static void put_facts(struct buffer *out, const struct block *block)
{
    for (const struct fact *fact = block->facts; fact; fact = fact->next) {
        buffer_put(out, "- **");
        put_text(out, fact->name, " ");
        buffer_put(out, ":** ");
        put_text(out, fact->text, "\\\n  ");
        buffer_char(out, '\n');
    }
    buffer_char(out, '\n');
}

static void put_table(struct buffer *out, const struct block *block)
{
    put_text(out, block->text, " ");
    buffer_put(out, "\n\n|");
    for (size_t i = 0; i < block->column_count; i++) {
        buffer_char(out, ' ');
        put_text(out, block->columns[i].title, " ");
        buffer_put(out, " |");
    }
    buffer_put(out, "\n|");
    for (size_t i = 0; i < block->column_count; i++)
        buffer_put(out, block->columns[i].number ? " ---: |" : " --- |");
    for (const struct row *row = block->rows; row; row = row->next) {
        buffer_put(out, "\n|");
        for (size_t i = 0; i < block->column_count; i++) {
            buffer_char(out, ' ');
            put_text(out, row->cells[i], " ");
            buffer_put(out, " |");
        }
    }
    buffer_put(out, "\n\n");
}

/* A figure's values stand in the tables around it: here it is what it shows, in words. */
static void put_figure(struct buffer *out, struct arena *arena, const struct plot *plot)
{
    buffer_put(out, "*");
    put_text(out, document_clean(arena, plot->title), " ");
    buffer_put(out, ".* ");
    put_text(out, document_clean(arena, plot->text), " ");
    buffer_put(out, "\n\n");
}

static void put_block(struct buffer *out, const struct document *document, const struct block *block)
{
    switch (block->kind) {
    case BLOCK_HEADING:
        for (int i = 0; i < block->level; i++)
            buffer_char(out, '#');
        buffer_char(out, ' ');
        put_text(out, block->text, " ");
        buffer_put(out, "\n\n");
        return;
    case BLOCK_PLAIN:
        put_text(out, block->text, "\\\n");
        buffer_put(out, "\n\n");
        return;
    case BLOCK_NARRATIVE:
        narrative_markdown(out, document->arena, block->text, block->level);
        buffer_char(out, '\n');
        return;
    case BLOCK_FACTS:
        put_facts(out, block);
        return;
    case BLOCK_TABLE:
        put_table(out, block);
        return;
    case BLOCK_FIGURE:
        put_figure(out, document->arena, block->plot);
        return;
    }
}

void document_markdown(const struct document *document, struct buffer *out)
{
    buffer_put(out, "# ");
    put_text(out, document->title, " ");
    buffer_put(out, "\n\n");
    if (document->draft) {
        buffer_put(out, "**DRAFT:** ");
        put_text(out, document->status, " ");
        buffer_put(out, "\n\n");
    }
    for (const struct block *block = document->blocks; block; block = block->next)
        put_block(out, document, block);
}
