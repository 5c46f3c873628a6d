/* Drawing the pages that pdf.c has laid out. */
#include "pdf.h"

#include <stdio.h>

enum { OUTLINE_LEVELS = 4 };

struct drawing {
    const struct pdf *pdf;
    cairo_surface_t *surface;
    cairo_t *cairo;
    int page;                    /* from 1 */
    int entries[OUTLINE_LEVELS]; /* of the outline: the last of each level */
};

static cairo_status_t write_out(void *context, const unsigned char *data, unsigned length)
{
    struct buffer *out = context;
    buffer_add(out, (const char *)data, length);
    return CAIRO_STATUS_SUCCESS; /* a failure stays with the buffer: cairo 1.16 does not survive one of its target */
}

/* A text of one line beside the body. It is no part of the document's structure. */
static void draw_edge(struct drawing *drawing, const char *text, double y, PangoAlignment alignment, double width)
{
    PangoLayout *layout = late.pango_layout_new(drawing->pdf->context);
    PangoFontDescription *font = late.pango_font_description_from_string("Noto Sans, DejaVu Sans, sans-serif");
    late.pango_font_description_set_absolute_size(font, 8 * PANGO_SCALE);
    late.pango_layout_set_font_description(layout, font);
    late.pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    late.pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    late.pango_layout_set_alignment(layout, alignment);
    late.pango_layout_set_single_paragraph_mode(layout, TRUE);
    late.pango_layout_set_auto_dir(layout, FALSE); /* left stays left */
    late.pango_layout_set_text(layout, text, -1);
    late.cairo_move_to(drawing->cairo, alignment == PANGO_ALIGN_RIGHT ? PAGE_WIDTH - MARGIN - width : MARGIN, y);
    late.pango_cairo_show_layout(drawing->cairo, layout);
    late.pango_font_description_free(font);
    late.g_object_unref(layout);
}

/* Across the page and pale, as outlines: who copies the text does not copy it. */
static void draw_watermark(struct drawing *drawing)
{
    cairo_t *cairo = drawing->cairo;
    PangoLayout *layout = late.pango_layout_new(drawing->pdf->context);
    PangoFontDescription *font = late.pango_font_description_from_string("Noto Sans, DejaVu Sans, sans-serif Bold");
    late.pango_font_description_set_absolute_size(font, 130 * PANGO_SCALE);
    late.pango_layout_set_font_description(layout, font);
    late.pango_layout_set_text(layout, "DRAFT", -1);
    PangoRectangle logical;
    late.pango_layout_get_extents(layout, NULL, &logical);
    late.cairo_save(cairo);
    late.cairo_translate(cairo, PAGE_WIDTH / 2, PAGE_HEIGHT / 2);
    late.cairo_rotate(cairo, -0.9);
    late.cairo_translate(cairo, -logical.width / 2.0 / PANGO_SCALE, -logical.height / 2.0 / PANGO_SCALE);
    late.cairo_set_source_rgb(cairo, 0.95, 0.92, 0.92);
    late.cairo_move_to(cairo, 0, 0); /* or it starts where the page before ended */
    late.pango_cairo_layout_path(cairo, layout);
    late.cairo_fill(cairo);
    late.cairo_restore(cairo);
    late.pango_font_description_free(font);
    late.g_object_unref(layout);
}

static void begin_page(struct drawing *drawing)
{
    drawing->page++;
    if (drawing->pdf->document->draft)
        draw_watermark(drawing);
    late.cairo_set_source_rgb(drawing->cairo, 0.1, 0.1, 0.1);
}

static void draw_edges(struct drawing *drawing)
{
    const struct document *document = drawing->pdf->document;
    char number[60];
    late.cairo_set_source_rgb(drawing->cairo, 0.35, 0.35, 0.35);
    const char *head =
        arena_format(drawing->pdf->arena, "%s \u00b7 \u2068%s\u2069", document->reference, document->title);
    draw_edge(drawing, head, 34, PANGO_ALIGN_LEFT, BODY_WIDTH - 60);
    snprintf(number, sizeof number, "Page %d of %d", drawing->page, drawing->pdf->pages);
    draw_edge(drawing, document->classification, PAGE_HEIGHT - 44, PANGO_ALIGN_LEFT, BODY_WIDTH - 100);
    draw_edge(drawing, number, PAGE_HEIGHT - 44, PANGO_ALIGN_RIGHT, 100);
    if (document->draft) {
        late.cairo_set_source_rgb(drawing->cairo, 0.64, 0, 0);
        draw_edge(drawing, "DRAFT", 34, PANGO_ALIGN_RIGHT, 60);
    }
}

static void add_to_outline(struct drawing *drawing, const struct op *op)
{
    char place[80];
    int parent = op->level > 1 ? drawing->entries[op->level - 1] : CAIRO_PDF_OUTLINE_ROOT;
    snprintf(place, sizeof place, "page=%d pos=[0 %d]", drawing->page, (int)op->y);
    int entry =
        late.cairo_pdf_surface_add_outline(drawing->surface, parent, op->text, place, CAIRO_PDF_OUTLINE_FLAG_OPEN);
    for (int level = op->level; level < OUTLINE_LEVELS; level++)
        drawing->entries[level] = entry;
}

static void draw_op(struct drawing *drawing, const struct op *op)
{
    cairo_t *cairo = drawing->cairo;
    switch (op->kind) {
    case OP_PAGE:
        draw_edges(drawing);
        late.cairo_show_page(cairo);
        if (drawing->page < drawing->pdf->pages)
            begin_page(drawing);
        return;
    case OP_BEGIN:
        late.cairo_tag_begin(cairo, op->text, NULL);
        return;
    case OP_END:
        late.cairo_tag_end(cairo, op->text);
        return;
    case OP_LINE:
        late.cairo_move_to(cairo, op->x, op->y);
        late.pango_cairo_show_layout_line(cairo, op->line);
        return;
    case OP_FILL:
    case OP_STROKE:
        late.cairo_save(cairo);
        late.cairo_set_source_rgb(cairo, op->shade[0], op->shade[1], op->shade[2]);
        if (op->kind == OP_FILL) {
            late.cairo_rectangle(cairo, op->x, op->y, op->width, op->height);
            late.cairo_fill(cairo);
        } else {
            const double dashes[] = {4, 3};
            late.cairo_set_line_width(cairo, 1.2);
            late.cairo_set_dash(cairo, dashes, op->dashed ? 2 : 0, 0);
            late.cairo_move_to(cairo, op->x, op->y);
            late.cairo_rel_line_to(cairo, op->width, op->height);
            late.cairo_stroke(cairo);
        }
        late.cairo_restore(cairo);
        return;
    case OP_OUTLINE:
        add_to_outline(drawing, op);
        return;
    }
}

static void set_metadata(cairo_surface_t *surface, const struct document *document)
{
    const char *title = arena_format(document->arena, "%s \u00b7 %s%s", document->reference, document->title,
                                     document->draft ? " (DRAFT)" : "");
    const char *date = arena_format(document->arena, "%.19sZ", document->made_at);
    late.cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title);
    late.cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, document->classification);
    late.cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "reviewd");
    late.cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
    late.cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, date);
    if (document->author)
        late.cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR, document->author);
}

void pdf_draw(const struct pdf *pdf, struct buffer *out)
{
    struct drawing drawing = {.pdf = pdf};
    drawing.surface = late.cairo_pdf_surface_create_for_stream(write_out, out, PAGE_WIDTH, PAGE_HEIGHT);
    drawing.cairo = late.cairo_create(drawing.surface);
    set_metadata(drawing.surface, pdf->document);
    begin_page(&drawing);
    for (const struct op *op = pdf->ops; op; op = op->next)
        draw_op(&drawing, op);
    bool fine = late.cairo_status(drawing.cairo) == CAIRO_STATUS_SUCCESS;
    late.cairo_destroy(drawing.cairo);
    late.cairo_surface_finish(drawing.surface);
    if (!fine || late.cairo_surface_status(drawing.surface) != CAIRO_STATUS_SUCCESS)
        out->failed = true;
    late.cairo_surface_destroy(drawing.surface);
}
