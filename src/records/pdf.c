/* Laying a document out on pages. */
#include "pdf.h"

#include "narrative.h"
#include "write.h"

enum { COLUMNS_MAX = 9, INDENT_MAX = 8 };

static const double INDENT = 14.0;
static const double CELL_PAD = 3.0;
static const double HEADING_SIZES[] = {18.0, 18.0, 13.0, 11.0, 10.0, 9.5, 9.5};
static const struct text_look BODY = {.size = 9.5};
static const struct text_look CELL = {.size = 8};
static const struct text_look FIGURE_CELL = {.size = 8, .end = true};
static const struct text_look HEAD_CELL = {.size = 8, .bold = true};
static const struct text_look NUMBER_HEAD_CELL = {.size = 8, .bold = true, .end = true};
static const struct text_look FACT_NAME = {.size = 9.5, .bold = true};

/* --- notes ---------------------------------------------------------------------------------------------------------
 */

struct op *pdf_add(struct pdf *pdf, enum op_kind kind)
{
    struct op *op = arena_alloc(pdf->arena, sizeof *op);
    if (!op)
        return NULL;
    op->kind = kind;
    if (pdf->last)
        pdf->last->next = op;
    else
        pdf->ops = op;
    pdf->last = op;
    return op;
}

static void add_tag(struct pdf *pdf, enum op_kind kind, const char *tag)
{
    struct op *op = pdf_add(pdf, kind);
    if (op)
        op->text = tag;
}

void pdf_begin(struct pdf *pdf, const char *tag)
{
    pdf->open[pdf->open_count++] = tag;
    add_tag(pdf, OP_BEGIN, tag);
}

void pdf_end(struct pdf *pdf)
{
    add_tag(pdf, OP_END, pdf->open[--pdf->open_count]);
}

void pdf_break_page(struct pdf *pdf)
{
    for (size_t i = pdf->open_count; i > 0; i--)
        add_tag(pdf, OP_END, pdf->open[i - 1]);
    pdf_add(pdf, OP_PAGE);
    pdf->pages++;
    pdf->y = TOP;
    for (size_t i = 0; i < pdf->open_count; i++)
        add_tag(pdf, OP_BEGIN, pdf->open[i]);
}

static void add_rule(struct pdf *pdf, double x, double y, double width)
{
    struct op *op = pdf_add(pdf, OP_FILL);
    if (op)
        *op = (struct op){.kind = OP_FILL, .x = x, .y = y, .width = width, .height = 0.5, .shade = {0.75, 0.75, 0.75}};
}

/* --- text ----------------------------------------------------------------------------------------------------------
 */

PangoLayout *pdf_layout(struct pdf *pdf, const char *text, const struct text_look *look, double width)
{
    PangoLayout *layout = late.pango_layout_new(pdf->context);
    PangoFontDescription *font = late.pango_font_description_new();
    late.pango_font_description_set_family_static(font,
                                                  look->monospace ? "monospace" : "Noto Sans, DejaVu Sans, sans-serif");
    late.pango_font_description_set_absolute_size(font, look->size * PANGO_SCALE);
    late.pango_font_description_set_weight(font, look->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    late.pango_layout_set_font_description(layout, font);
    late.pango_font_description_free(font);
    late.pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    late.pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    late.pango_layout_set_alignment(layout, look->end ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
    late.pango_layout_set_text(layout, text, -1);
    struct kept_layout *kept = arena_alloc(pdf->arena, sizeof *kept);
    if (kept) {
        *kept = (struct kept_layout){pdf->layouts, layout};
        pdf->layouts = kept;
        return layout;
    }
    late.g_object_unref(layout);
    return NULL;
}

double pdf_height(PangoLayout *layout)
{
    PangoRectangle logical;
    late.pango_layout_get_extents(layout, NULL, &logical);
    return (double)logical.height / PANGO_SCALE;
}

double pdf_line_height(PangoLayoutIter *at)
{
    PangoRectangle logical;
    late.pango_layout_iter_get_line_extents(at, NULL, &logical);
    return (double)logical.height / PANGO_SCALE;
}

void pdf_line(struct pdf *pdf, PangoLayoutIter *at, double x, double y)
{
    PangoRectangle logical;
    struct op *op = pdf_add(pdf, OP_LINE);
    if (!op)
        return;
    late.pango_layout_iter_get_line_extents(at, NULL, &logical);
    op->line = late.pango_layout_iter_get_line_readonly(at);
    op->x = x + (double)logical.x / PANGO_SCALE;
    op->y = y + (double)(late.pango_layout_iter_get_baseline(at) - logical.y) / PANGO_SCALE;
}

void pdf_label(struct pdf *pdf, const char *text, const struct text_look *look, double x, double y, double width)
{
    PangoLayout *layout = pdf_layout(pdf, text, look, width);
    if (!layout)
        return;
    late.pango_layout_set_single_paragraph_mode(layout, TRUE);
    late.pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    PangoLayoutIter *at = late.pango_layout_get_iter(layout);
    pdf_line(pdf, at, x, y);
    late.pango_layout_iter_free(at);
}

/* Puts all lines beneath each other, over as many pages as it takes. Neither the first nor the last is left alone. */
static void place(struct pdf *pdf, PangoLayout *layout, double x)
{
    if (!layout)
        return;
    PangoLayoutIter *at = late.pango_layout_get_iter(layout);
    int count = late.pango_layout_get_line_count(layout);
    int line = 0;
    do {
        double height = pdf_line_height(at);
        bool keeps_next = (line == 0 && count > 1) || line == count - 2;
        if (pdf->y + (keeps_next ? 2 : 1) * height > BOTTOM)
            pdf_break_page(pdf);
        pdf_line(pdf, at, x, pdf->y);
        pdf->y += height;
        line++;
    } while (late.pango_layout_iter_next_line(at));
    late.pango_layout_iter_free(at);
}

/* It stays with as much of what follows. */
static void place_heading(struct pdf *pdf, int level, const char *text, double keep)
{
    static const char *const tags[] = {"H1", "H1", "H2", "H3", "H4", "H5", "H6"};
    const struct text_look look = {.size = HEADING_SIZES[level], .bold = true};
    PangoLayout *layout = pdf_layout(pdf, text, &look, BODY_WIDTH);
    if (!layout)
        return;
    double above = level > 1 ? look.size : 0;
    if (pdf->y + above + pdf_height(layout) + keep > BOTTOM)
        pdf_break_page(pdf);
    else if (pdf->y > TOP)
        pdf->y += above;
    struct op *outline = level <= 3 ? pdf_add(pdf, OP_OUTLINE) : NULL;
    if (outline) {
        outline->text = text;
        outline->level = level;
        outline->y = pdf->y;
    }
    pdf_begin(pdf, tags[level]);
    place(pdf, layout, MARGIN);
    pdf_end(pdf);
    pdf->y += look.size / 3;
}

static void place_plain(struct pdf *pdf, const char *text, const struct text_look *look)
{
    pdf_begin(pdf, "P");
    place(pdf, pdf_layout(pdf, text, look, BODY_WIDTH), MARGIN);
    pdf_end(pdf);
    pdf->y += 5;
}

/* --- narratives ----------------------------------------------------------------------------------------------------
 */

static void add_attribute(PangoAttrList *list, PangoAttribute *attribute, const struct span *span)
{
    attribute->start_index = (guint)span->from;
    attribute->end_index = (guint)span->to;
    late.pango_attr_list_insert(list, attribute);
}

static void set_styles(PangoLayout *layout, const struct span *spans)
{
    PangoAttrList *list = late.pango_attr_list_new();
    for (const struct span *span = spans; span; span = span->next) {
        if (span->style & STYLE_STRONG)
            add_attribute(list, late.pango_attr_weight_new(PANGO_WEIGHT_BOLD), span);
        if (span->style & STYLE_EMPHASIS)
            add_attribute(list, late.pango_attr_style_new(PANGO_STYLE_ITALIC), span);
        if (span->style & STYLE_CODE)
            add_attribute(list, late.pango_attr_family_new("monospace"), span);
    }
    late.pango_layout_set_attributes(layout, list);
    late.pango_attr_list_unref(list);
}

static void place_passage(void *context, const struct passage *passage)
{
    struct pdf *pdf = context;
    double indent = INDENT * (passage->indent < INDENT_MAX ? passage->indent : INDENT_MAX);
    if (passage->kind == PASSAGE_HEADING) {
        place_heading(pdf, passage->level, arena_text(pdf->arena, passage->text), 36);
        return;
    }
    if (passage->kind == PASSAGE_RULE) {
        add_rule(pdf, MARGIN, pdf->y + 3, BODY_WIDTH);
        pdf->y += 8;
        return;
    }
    const struct text_look code = {.size = 8.5, .monospace = true};
    PangoLayout *layout =
        pdf_layout(pdf, passage->text, passage->kind == PASSAGE_CODE ? &code : &BODY, BODY_WIDTH - indent);
    if (!layout)
        return;
    set_styles(layout, passage->spans);
    pdf_begin(pdf, "P");
    if (passage->marker) {
        if (pdf->y + 2 * BODY.size > BOTTOM)
            pdf_break_page(pdf);
        pdf_label(pdf, arena_text(pdf->arena, passage->marker), &BODY, MARGIN + indent - INDENT, pdf->y, 3 * INDENT);
    }
    /* A number too wide for its place moves its text, not into it. */
    place(pdf, layout, MARGIN + indent + (passage->marker && strlen(passage->marker) > 3 ? INDENT : 0));
    pdf_end(pdf);
    pdf->y += 4;
}

/* --- rows ----------------------------------------------------------------------------------------------------------
 */

/* How rows of a kind are set. */
struct grid {
    const char *row_tag;
    const char *first_tag;
    const char *tag;
    size_t count;
    double widths[COLUMNS_MAX];
    const struct text_look *looks[COLUMNS_MAX];
    bool ruled;
    const struct block *table; /* whose head is put on each page */
};

struct cell {
    PangoLayoutIter *at;
    double x;
    bool done;
};

static void place_head(struct pdf *pdf, const struct grid *body);

/* As much of a row as has room on the page. */
static void place_slice(struct pdf *pdf, const struct grid *grid, struct cell *cells)
{
    double top = pdf->y;
    double bottom = top;
    pdf_begin(pdf, grid->row_tag);
    for (size_t i = 0; i < grid->count; i++) {
        double y = top + CELL_PAD;
        pdf_begin(pdf, i ? grid->tag : grid->first_tag);
        while (!cells[i].done && y + pdf_line_height(cells[i].at) <= BOTTOM - CELL_PAD) {
            pdf_line(pdf, cells[i].at, cells[i].x, y);
            y += pdf_line_height(cells[i].at);
            cells[i].done = !late.pango_layout_iter_next_line(cells[i].at);
        }
        pdf_end(pdf);
        bottom = y > bottom ? y : bottom;
    }
    pdf_end(pdf);
    pdf->y = bottom + CELL_PAD;
    if (grid->ruled)
        add_rule(pdf, MARGIN, pdf->y, BODY_WIDTH);
}

static bool is_done(const struct cell *cells, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!cells[i].done)
            return false;
    }
    return true;
}

static void turn_page(struct pdf *pdf, const struct grid *grid)
{
    pdf_break_page(pdf);
    if (grid->table)
        place_head(pdf, grid);
}

/* What a row takes where it stays together. */
static double row_height(struct pdf *pdf, const struct grid *grid, const char *const *texts)
{
    double height = 0;
    for (size_t i = 0; i < grid->count; i++) {
        PangoLayout *layout = pdf_layout(pdf, texts[i], grid->looks[i], grid->widths[i] - 2 * CELL_PAD);
        double own = layout ? pdf_height(layout) : 0;
        height = own > height ? own : height;
    }
    return height + 2 * CELL_PAD;
}

/* A row stays together where a page holds it at all. */
static void place_row(struct pdf *pdf, const struct grid *grid, const char *const *texts)
{
    struct cell cells[COLUMNS_MAX] = {0};
    double x = MARGIN;
    double height = 0;
    for (size_t i = 0; i < grid->count; i++) {
        PangoLayout *layout = pdf_layout(pdf, texts[i], grid->looks[i], grid->widths[i] - 2 * CELL_PAD);
        double own = layout ? pdf_height(layout) : 0;
        cells[i] = (struct cell){layout ? late.pango_layout_get_iter(layout) : NULL, x + CELL_PAD, !layout};
        height = own > height ? own : height;
        x += grid->widths[i];
    }
    height += 2 * CELL_PAD;
    if (pdf->y + height > BOTTOM && (height < (BOTTOM - TOP) / 2 || pdf->y + 60 > BOTTOM))
        turn_page(pdf, grid);
    place_slice(pdf, grid, cells);
    while (!is_done(cells, grid->count)) {
        turn_page(pdf, grid);
        place_slice(pdf, grid, cells);
    }
    for (size_t i = 0; i < grid->count; i++) {
        if (cells[i].at)
            late.pango_layout_iter_free(cells[i].at);
    }
}

/* The longest word of the text that is longer than `length`, or NULL; and whether the text has more than one. */
static const char *longer_word(const char *text, size_t *length, bool *ret_prose)
{
    const char *longest = NULL;
    for (const char *at = text; *at;) {
        size_t own = strcspn(at, " \n");
        *ret_prose |= at[own] != '\0';
        if (own > *length) {
            longest = at;
            *length = own;
        }
        at += own + strspn(at + own, " \n");
    }
    return longest;
}

static double word_width(struct pdf *pdf, const char *word, size_t length, const struct text_look *look)
{
    PangoRectangle logical = {0};
    const char *text = arena_copy(pdf->arena, word, length);
    PangoLayout *layout = text ? pdf_layout(pdf, text, look, BODY_WIDTH) : NULL;
    if (layout)
        late.pango_layout_get_extents(layout, NULL, &logical);
    return (double)logical.width / PANGO_SCALE + 2 * CELL_PAD + 0.5;
}

/* What the longest words of a column and of its title take; and whether there is more than one word in a cell. */
static double column_width(struct pdf *pdf, const struct block *table, size_t column, const struct text_look *look,
                           bool *ret_prose)
{
    bool ignored = false;
    size_t head_length = 0, length = 0;
    const char *head = longer_word(table->columns[column].title, &head_length, &ignored);
    const char *word = NULL;
    for (const struct row *row = table->rows; row; row = row->next) {
        const char *longer = longer_word(row->cells[column], &length, ret_prose);
        word = longer ? longer : word;
    }
    double in_head = head ? word_width(pdf, head, head_length, &HEAD_CELL) : 0;
    double in_body = word ? word_width(pdf, word, length, look) : 0;
    return in_head > in_body ? in_head : in_body;
}

/* Each column has room for its longest word, within reason; what is left is shared among those with more than words. */
static void set_widths(struct pdf *pdf, struct grid *grid, const struct block *table)
{
    double rest = BODY_WIDTH;
    double most = 1.5 * BODY_WIDTH / (double)grid->count;
    double shares[COLUMNS_MAX] = {0};
    double all = 0;
    for (size_t i = 0; i < grid->count; i++) {
        bool prose = false;
        double word = column_width(pdf, table, i, grid->looks[i], &prose);
        grid->widths[i] = word < most ? word : most / 3;
        rest -= grid->widths[i];
        shares[i] = table->columns[i].share * (prose ? 1 : 0.1);
        all += shares[i];
    }
    for (size_t i = 0; i < grid->count; i++)
        grid->widths[i] = rest < 0 ? BODY_WIDTH / (double)grid->count : grid->widths[i] + rest * shares[i] / all;
}

static void place_head(struct pdf *pdf, const struct grid *body)
{
    struct grid grid = {.row_tag = "TR", .first_tag = "TH", .tag = "TH", .count = body->count, .ruled = true};
    const char *titles[COLUMNS_MAX];
    for (size_t i = 0; i < grid.count; i++) {
        titles[i] = body->table->columns[i].title;
        grid.widths[i] = body->widths[i];
        grid.looks[i] = body->table->columns[i].number ? &NUMBER_HEAD_CELL : &HEAD_CELL;
    }
    place_row(pdf, &grid, titles);
}

static struct grid table_grid(struct pdf *pdf, const struct block *table)
{
    struct grid grid = {.row_tag = "TR",
                        .first_tag = "TH",
                        .tag = "TD",
                        .count = table->column_count < COLUMNS_MAX ? table->column_count : COLUMNS_MAX,
                        .ruled = true,
                        .table = table};
    for (size_t i = 0; i < grid.count; i++)
        grid.looks[i] = table->columns[i].number ? &FIGURE_CELL : &CELL;
    set_widths(pdf, &grid, table);
    return grid;
}

/* The caption and the head are not left alone: what they take, with the first row. */
static double table_begin(struct pdf *pdf, const struct grid *grid)
{
    double first = grid->table->rows ? row_height(pdf, grid, grid->table->rows->cells) : 0;
    return 50 + (first < 200 ? first : 200);
}

static void place_table(struct pdf *pdf, const struct block *table)
{
    struct grid grid = table_grid(pdf, table);
    if (pdf->y + table_begin(pdf, &grid) > BOTTOM)
        pdf_break_page(pdf);
    place_plain(pdf, table->text, &FACT_NAME);
    pdf->y -= 3;
    pdf_begin(pdf, "Table");
    place_head(pdf, &grid);
    for (const struct row *row = table->rows; row; row = row->next)
        place_row(pdf, &grid, row->cells);
    pdf_end(pdf);
    pdf->y += 8;
}

/* A heading stays with what it is about: two lines of it, or the heading below and two lines of that. */
static double begin_of(struct pdf *pdf, const struct block *block)
{
    if (!block || block->kind == BLOCK_HEADING)
        return 70;
    if (block->kind != BLOCK_TABLE)
        return 36;
    struct grid grid = table_grid(pdf, block);
    return table_begin(pdf, &grid);
}

static void place_facts(struct pdf *pdf, const struct block *block)
{
    const struct grid grid = {.row_tag = "LI",
                              .first_tag = "Lbl",
                              .tag = "LBody",
                              .count = 2,
                              .widths = {BODY_WIDTH * 0.26, BODY_WIDTH * 0.74},
                              .looks = {&FACT_NAME, &BODY}};
    pdf_begin(pdf, "L");
    for (const struct fact *fact = block->facts; fact; fact = fact->next) {
        const char *const texts[] = {fact->name, fact->text};
        place_row(pdf, &grid, texts);
        pdf->y -= CELL_PAD;
    }
    pdf_end(pdf);
    pdf->y += 6;
}

/* --- the whole -----------------------------------------------------------------------------------------------------
 */

static void place_block(struct pdf *pdf, const struct block *block)
{
    switch (block->kind) {
    case BLOCK_HEADING:
        place_heading(pdf, block->level, block->text, begin_of(pdf, block->next));
        return;
    case BLOCK_PLAIN:
        place_plain(pdf, block->text, &BODY);
        return;
    case BLOCK_NARRATIVE:
        narrative_walk(pdf->arena, block->text, block->level, place_passage, pdf);
        return;
    case BLOCK_FACTS:
        place_facts(pdf, block);
        return;
    case BLOCK_TABLE:
        place_table(pdf, block);
        return;
    case BLOCK_FIGURE:
        pdf_figure(pdf, block->plot);
        return;
    }
}

/* Sizes are points; letters stand where they belong, and not on the pixels of a screen. */
static PangoContext *make_context(void)
{
    PangoContext *context =
        late.pango_font_map_create_context(late.pango_cairo_font_map_get_default()); /* this thread's own */
    cairo_font_options_t *options = late.cairo_font_options_create();
    late.cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    late.cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    late.pango_cairo_context_set_font_options(context, options);
    late.cairo_font_options_destroy(options);
    late.pango_cairo_context_set_resolution(context, 72);
    late.pango_context_set_round_glyph_positions(context, FALSE);
    late.pango_context_set_language(context, late.pango_language_from_string("en"));
    return context;
}

void document_pdf(const struct document *document, struct buffer *out)
{
    if (!late_load(LATE_PANGO)) {
        out->failed = true;
        return;
    }
    struct pdf pdf = {.document = document, .arena = document->arena, .context = make_context(), .y = TOP};
    pdf_begin(&pdf, "Document");
    place_heading(&pdf, 1, document->title, 36);
    if (document->draft)
        place_plain(&pdf, arena_format(document->arena, "DRAFT: %s", document->status), &FACT_NAME);
    for (const struct block *block = document->blocks; block; block = block->next)
        place_block(&pdf, block);
    pdf_end(&pdf);
    pdf_add(&pdf, OP_PAGE);
    pdf.pages++;
    if (arena_failed(document->arena))
        out->failed = true;
    else
        pdf_draw(&pdf, out);
    for (struct kept_layout *kept = pdf.layouts; kept; kept = kept->next)
        late.g_object_unref(kept->layout);
    late.g_object_unref(pdf.context);
}
