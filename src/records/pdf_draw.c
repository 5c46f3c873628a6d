/* Drawing the pages that pdf.c has laid out. */
#include "pdf.h"

#include <cairo-pdf.h>

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
    PangoLayout *layout = pango_layout_new(drawing->pdf->context);
    PangoFontDescription *font = pango_font_description_from_string("Noto Sans, DejaVu Sans, sans-serif");
    pango_font_description_set_absolute_size(font, 8 * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_alignment(layout, alignment);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    pango_layout_set_auto_dir(layout, FALSE); /* left stays left */
    pango_layout_set_text(layout, text, -1);
    cairo_move_to(drawing->cairo, alignment == PANGO_ALIGN_RIGHT ? PAGE_WIDTH - MARGIN - width : MARGIN, y);
    pango_cairo_show_layout(drawing->cairo, layout);
    pango_font_description_free(font);
    g_object_unref(layout);
}

/* Across the page and pale, as outlines: who copies the text does not copy it. */
static void draw_watermark(struct drawing *drawing)
{
    cairo_t *cairo = drawing->cairo;
    PangoLayout *layout = pango_layout_new(drawing->pdf->context);
    PangoFontDescription *font = pango_font_description_from_string("Noto Sans, DejaVu Sans, sans-serif Bold");
    pango_font_description_set_absolute_size(font, 130 * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_text(layout, "DRAFT", -1);
    PangoRectangle logical;
    pango_layout_get_extents(layout, NULL, &logical);
    cairo_save(cairo);
    cairo_translate(cairo, PAGE_WIDTH / 2, PAGE_HEIGHT / 2);
    cairo_rotate(cairo, -0.9);
    cairo_translate(cairo, -logical.width / 2.0 / PANGO_SCALE, -logical.height / 2.0 / PANGO_SCALE);
    cairo_set_source_rgb(cairo, 0.95, 0.92, 0.92);
    cairo_move_to(cairo, 0, 0); /* or it starts where the page before ended */
    pango_cairo_layout_path(cairo, layout);
    cairo_fill(cairo);
    cairo_restore(cairo);
    pango_font_description_free(font);
    g_object_unref(layout);
}

static void begin_page(struct drawing *drawing)
{
    drawing->page++;
    if (drawing->pdf->document->draft)
        draw_watermark(drawing);
    cairo_set_source_rgb(drawing->cairo, 0.1, 0.1, 0.1);
}

static void draw_edges(struct drawing *drawing)
{
    const struct document *document = drawing->pdf->document;
    char number[60];
    cairo_set_source_rgb(drawing->cairo, 0.35, 0.35, 0.35);
    char *head = g_strdup_printf("%s \u00b7 \u2068%s\u2069", document->reference, document->title);
    draw_edge(drawing, head, 34, PANGO_ALIGN_LEFT, BODY_WIDTH - 60);
    g_free(head);
    g_snprintf(number, sizeof number, "Page %d of %d", drawing->page, drawing->pdf->pages);
    draw_edge(drawing, document->classification, PAGE_HEIGHT - 44, PANGO_ALIGN_LEFT, BODY_WIDTH - 100);
    draw_edge(drawing, number, PAGE_HEIGHT - 44, PANGO_ALIGN_RIGHT, 100);
    if (document->draft) {
        cairo_set_source_rgb(drawing->cairo, 0.64, 0, 0);
        draw_edge(drawing, "DRAFT", 34, PANGO_ALIGN_RIGHT, 60);
    }
}

static void add_to_outline(struct drawing *drawing, const struct op *op)
{
    char place[80];
    int parent = op->level > 1 ? drawing->entries[op->level - 1] : CAIRO_PDF_OUTLINE_ROOT;
    g_snprintf(place, sizeof place, "page=%d pos=[0 %d]", drawing->page, (int)op->y);
    int entry = cairo_pdf_surface_add_outline(drawing->surface, parent, op->text, place, CAIRO_PDF_OUTLINE_FLAG_OPEN);
    for (int level = op->level; level < OUTLINE_LEVELS; level++)
        drawing->entries[level] = entry;
}

static void draw_op(struct drawing *drawing, const struct op *op)
{
    cairo_t *cairo = drawing->cairo;
    switch (op->kind) {
    case OP_PAGE:
        draw_edges(drawing);
        cairo_show_page(cairo);
        if (drawing->page < drawing->pdf->pages)
            begin_page(drawing);
        return;
    case OP_BEGIN:
        cairo_tag_begin(cairo, op->text, NULL);
        return;
    case OP_END:
        cairo_tag_end(cairo, op->text);
        return;
    case OP_LINE:
        cairo_move_to(cairo, op->x, op->y);
        pango_cairo_show_layout_line(cairo, op->line);
        return;
    case OP_FILL:
    case OP_STROKE:
        cairo_save(cairo);
        cairo_set_source_rgb(cairo, op->shade[0], op->shade[1], op->shade[2]);
        if (op->kind == OP_FILL) {
            cairo_rectangle(cairo, op->x, op->y, op->width, op->height);
            cairo_fill(cairo);
        } else {
            const double dashes[] = {4, 3};
            cairo_set_line_width(cairo, 1.2);
            cairo_set_dash(cairo, dashes, op->dashed ? 2 : 0, 0);
            cairo_move_to(cairo, op->x, op->y);
            cairo_rel_line_to(cairo, op->width, op->height);
            cairo_stroke(cairo);
        }
        cairo_restore(cairo);
        return;
    case OP_OUTLINE:
        add_to_outline(drawing, op);
        return;
    }
}

static void set_metadata(cairo_surface_t *surface, const struct document *document)
{
    char *title =
        g_strdup_printf("%s \u00b7 %s%s", document->reference, document->title, document->draft ? " (DRAFT)" : "");
    char *date = g_strdup_printf("%.19sZ", document->made_at);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, document->classification);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "reviewd");
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, date);
    if (document->author)
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR, document->author);
    g_free(title);
    g_free(date);
}

void pdf_draw(const struct pdf *pdf, struct buffer *out)
{
    struct drawing drawing = {.pdf = pdf};
    drawing.surface = cairo_pdf_surface_create_for_stream(write_out, out, PAGE_WIDTH, PAGE_HEIGHT);
    drawing.cairo = cairo_create(drawing.surface);
    set_metadata(drawing.surface, pdf->document);
    begin_page(&drawing);
    for (const struct op *op = pdf->ops; op; op = op->next)
        draw_op(&drawing, op);
    bool fine = cairo_status(drawing.cairo) == CAIRO_STATUS_SUCCESS;
    cairo_destroy(drawing.cairo);
    cairo_surface_finish(drawing.surface);
    if (!fine || cairo_surface_status(drawing.surface) != CAIRO_STATUS_SUCCESS)
        out->failed = true;
    cairo_surface_destroy(drawing.surface);
}
