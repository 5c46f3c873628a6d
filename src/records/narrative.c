#include "narrative.h"

#include <assert.h>
#include <cmark.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

/* --- libcmark's memory ----------------------------------------------------------------------------------------------
 *
 * libcmark ends the process where it gets no memory. So it takes it from an arena, and is left where there is none. */

struct work {
    struct arena *arena;
    jmp_buf memory_is_out;
};

/* What this thread is at: libcmark hands its allocator no context. Set for the calls of one function and no longer. */
static _Thread_local struct work *current;

enum { HEAD = 16 }; /* before what libcmark gets: its size */

static void *cmark_take(size_t count, size_t size)
{
    char *memory = size && count > SIZE_MAX / 4 / size ? NULL : arena_take(current->arena, HEAD + count * size);
    if (!memory)
        longjmp(current->memory_is_out, 1);
    *(size_t *)(void *)memory = count * size;
    return memset(memory + HEAD, 0, count * size);
}

static void *cmark_take_again(void *old, size_t size)
{
    size_t had = old ? *(size_t *)(void *)((char *)old - HEAD) : 0;
    if (old && had >= size)
        return old;
    void *memory = cmark_take(1, size);
    if (had)
        memcpy(memory, old, had);
    return memory;
}

static void cmark_give_back(void *memory)
{
    (void)memory; /* it goes with the arena */
}

static cmark_mem from_arena = {cmark_take, cmark_take_again, cmark_give_back};

/* --- making it harmless ---------------------------------------------------------------------------------------------
 */

/* The sanitised tree's texts have no raw HTML, so that this says what the library does anyway. */
enum { OPTIONS = CMARK_OPT_DEFAULT | CMARK_OPT_HARDBREAKS };

static cmark_node *make(cmark_node_type type)
{
    return cmark_node_new_with_mem(type, &from_arena);
}

static void show_as_text(cmark_node *node, cmark_node_type as)
{
    cmark_node *text = make(as);
    cmark_node_set_literal(text, cmark_node_get_literal(node));
    cmark_node_replace(node, text);
}

static bool leads_somewhere_safe(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0 || strncasecmp(url, "http://", 7) == 0 ||
           strncasecmp(url, "mailto:", 7) == 0;
}

static void move_children(cmark_node *from, cmark_node *to)
{
    for (cmark_node *child; (child = cmark_node_first_child(from));)
        cmark_node_append_child(to, child);
}

/* What a link that leads nowhere safe says, with where it would have led. */
static void unlink_link(cmark_node *node)
{
    const char *parts[] = {" (", cmark_node_get_url(node), ")"};
    for (cmark_node *child; (child = cmark_node_first_child(node));)
        cmark_node_insert_before(node, child);
    for (size_t i = 0; i < 3; i++) {
        cmark_node *text = make(CMARK_NODE_TEXT);
        cmark_node_set_literal(text, parts[i]);
        cmark_node_insert_before(node, text);
    }
    cmark_node_unlink(node);
}

static void tame_link(cmark_node *node, bool picture)
{
    if (!leads_somewhere_safe(cmark_node_get_url(node))) {
        unlink_link(node);
    } else if (picture) {
        cmark_node *link = make(CMARK_NODE_LINK);
        cmark_node_set_url(link, cmark_node_get_url(node));
        cmark_node_set_title(link, cmark_node_get_title(node));
        move_children(node, link);
        if (!cmark_node_first_child(link)) {
            cmark_node *text = make(CMARK_NODE_TEXT);
            cmark_node_set_literal(text, cmark_node_get_url(node));
            cmark_node_append_child(link, text);
        }
        cmark_node_replace(node, link);
    }
}

/* A node may go once the iterator is past it. */
static void tame(cmark_node *root, int level)
{
    cmark_iter *iterator = cmark_iter_new(root);
    cmark_event_type event;
    while ((event = cmark_iter_next(iterator)) != CMARK_EVENT_DONE) {
        cmark_node *node = cmark_iter_get_node(iterator);
        cmark_node_type type = cmark_node_get_type(node);
        if (type == CMARK_NODE_HTML_BLOCK)
            show_as_text(node, CMARK_NODE_CODE_BLOCK);
        else if (type == CMARK_NODE_HTML_INLINE)
            show_as_text(node, CMARK_NODE_TEXT);
        else if (event == CMARK_EVENT_EXIT && (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE))
            tame_link(node, type == CMARK_NODE_IMAGE);
        else if (event == CMARK_EVENT_EXIT && type == CMARK_NODE_HEADING && level) {
            int under = cmark_node_get_heading_level(node) + level;
            cmark_node_set_heading_level(node, under < 6 ? under : 6);
        }
    }
}

static cmark_node *parse(const char *markdown, int level)
{
    cmark_parser *parser = cmark_parser_new_with_mem(OPTIONS, &from_arena);
    cmark_parser_feed(parser, markdown, strlen(markdown));
    cmark_node *root = cmark_parser_finish(parser);
    tame(root, level);
    return root;
}

/* Runs work(context) with libcmark's memory out of the arena; false where that is out. */
static bool with_memory(struct arena *arena, void (*work)(void *context), void *context)
{
    struct work here = {.arena = arena};
    if (setjmp(here.memory_is_out)) {
        current = NULL;
        return false;
    }
    current = &here;
    work(context);
    current = NULL;
    return true;
}

/* --- as text --------------------------------------------------------------------------------------------------------
 */

struct rendering {
    const char *markdown;
    int level;
    bool html;
    const char *ret_text;
};

static void render(void *context)
{
    struct rendering *rendering = context;
    cmark_node *root = parse(rendering->markdown, rendering->level);
    rendering->ret_text =
        rendering->html ? cmark_render_html(root, OPTIONS) : cmark_render_commonmark(root, OPTIONS, 0);
}

static void put_rendered(struct buffer *out, struct arena *arena, struct rendering *rendering)
{
    if (with_memory(arena, render, rendering))
        buffer_put(out, rendering->ret_text);
    else
        out->failed = true;
}

void narrative_html(struct buffer *out, struct arena *arena, const char *markdown, int level)
{
    put_rendered(out, arena, &(struct rendering){.markdown = markdown, .level = level, .html = true});
}

void narrative_markdown(struct buffer *out, struct arena *arena, const char *markdown, int level)
{
    put_rendered(out, arena, &(struct rendering){.markdown = markdown, .level = level});
}

/* --- as passages ----------------------------------------------------------------------------------------------------
 */

struct walk {
    const char *markdown;
    struct arena *arena;
    void (*visit)(void *context, const struct passage *passage);
    void *context;
    char *text; /* of the passage under way, in the arena */
    size_t length;
    size_t room;
    struct passage passage;
    struct span *last_span;
    unsigned style;
    int indent;
    const char *marker; /* of an item whose first passage is to come */
    int level;
};

static void put_text(struct walk *walk, const char *text, size_t length, unsigned style)
{
    if (!length) /* an empty run has no style */
        return;
    if (walk->length + length + 1 > walk->room) {
        walk->room = 2 * (walk->length + length + 1);
        walk->text = cmark_take_again(walk->text, walk->room);
    }
    assert(walk->text && "room was made");
    memcpy(walk->text + walk->length, text, length);
    struct span *span = walk->last_span;
    if (span && span->style == style && span->to == walk->length) {
        span->to += length;
    } else if (style) {
        struct span *fresh = cmark_take(1, sizeof *fresh);
        *fresh = (struct span){.from = walk->length, .to = walk->length + length, .style = style};
        if (span)
            span->next = fresh;
        else
            walk->passage.spans = fresh;
        walk->last_span = fresh;
    }
    walk->length += length;
    walk->text[walk->length] = '\0';
}

static void begin_passage(struct walk *walk, enum passage_kind kind, int level)
{
    walk->passage = (struct passage){.kind = kind, .level = level, .indent = walk->indent, .marker = walk->marker};
    walk->marker = NULL;
    walk->last_span = NULL;
    walk->style = 0;
    walk->text = NULL;
    walk->length = walk->room = 0;
}

static void end_passage(struct walk *walk)
{
    while (walk->length && walk->text[walk->length - 1] == '\n')
        walk->text[--walk->length] = '\0';
    walk->passage.text = walk->text ? walk->text : "";
    walk->visit(walk->context, &walk->passage);
}

/* "•", or the number that the list has come to, which its node keeps. */
static void begin_item(struct walk *walk, cmark_node *item)
{
    cmark_node *list = cmark_node_parent(item);
    walk->indent++;
    if (cmark_node_get_list_type(list) != CMARK_ORDERED_LIST) {
        walk->marker = "\u2022";
        return;
    }
    intptr_t past = (intptr_t)cmark_node_get_user_data(list);
    walk->marker = arena_format(walk->arena, "%lld.", (long long)past + cmark_node_get_list_start(list));
    cmark_node_set_user_data(list, (void *)(past + 1));
}

static void take_inline(struct walk *walk, cmark_node *node, bool enters)
{
    const char *literal = cmark_node_get_literal(node);
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_TEXT:
        put_text(walk, literal, strlen(literal), walk->style);
        return;
    case CMARK_NODE_CODE:
        put_text(walk, literal, strlen(literal), walk->style | STYLE_CODE);
        return;
    case CMARK_NODE_SOFTBREAK:
    case CMARK_NODE_LINEBREAK:
        put_text(walk, "\n", 1, walk->style);
        return;
    case CMARK_NODE_EMPH:
        walk->style = enters ? walk->style | STYLE_EMPHASIS : walk->style & ~(unsigned)STYLE_EMPHASIS;
        return;
    case CMARK_NODE_STRONG:
        walk->style = enters ? walk->style | STYLE_STRONG : walk->style & ~(unsigned)STYLE_STRONG;
        return;
    case CMARK_NODE_LINK: { /* paper has to say where it leads, unless its text does */
        const char *url = cmark_node_get_url(node);
        size_t length = strlen(url);
        bool said = walk->length >= length && memcmp(walk->text + walk->length - length, url, length) == 0;
        if (!enters && !said) {
            put_text(walk, " <", 2, walk->style);
            put_text(walk, url, length, walk->style);
            put_text(walk, ">", 1, walk->style);
        }
        return;
    }
    default:
        return;
    }
}

static void take_node(struct walk *walk, cmark_node *node, bool enters)
{
    const char *literal = cmark_node_get_literal(node);
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_BLOCK_QUOTE:
        walk->indent += enters ? 1 : -1;
        return;
    case CMARK_NODE_ITEM:
        if (enters) {
            begin_item(walk, node);
        } else {
            if (walk->marker) { /* an item with nothing in it */
                begin_passage(walk, PASSAGE_PARAGRAPH, 0);
                end_passage(walk);
            }
            walk->indent--;
        }
        return;
    case CMARK_NODE_PARAGRAPH:
    case CMARK_NODE_HEADING: {
        int level = cmark_node_get_heading_level(node);
        if (enters)
            begin_passage(walk, level ? PASSAGE_HEADING : PASSAGE_PARAGRAPH, level);
        else
            end_passage(walk);
        return;
    }
    case CMARK_NODE_CODE_BLOCK:
        begin_passage(walk, PASSAGE_CODE, 0);
        put_text(walk, literal, strlen(literal), STYLE_CODE);
        end_passage(walk);
        return;
    case CMARK_NODE_THEMATIC_BREAK:
        begin_passage(walk, PASSAGE_RULE, 0);
        end_passage(walk);
        return;
    default:
        take_inline(walk, node, enters);
    }
}

static void walk_all(void *context)
{
    struct walk *walk = context;
    cmark_iter *iterator = cmark_iter_new(parse(walk->markdown, walk->level));
    cmark_event_type event;
    while ((event = cmark_iter_next(iterator)) != CMARK_EVENT_DONE)
        take_node(walk, cmark_iter_get_node(iterator), event == CMARK_EVENT_ENTER);
}

void narrative_walk(struct arena *arena, const char *markdown, int level,
                    void (*visit)(void *context, const struct passage *passage), void *context)
{
    struct walk walk = {.markdown = markdown, .arena = arena, .visit = visit, .context = context, .level = level};
    if (!with_memory(arena, walk_all, &walk))
        arena->failed = true;
}
