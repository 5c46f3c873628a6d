/* A plot on paper: the same values as in its SVG, drawn with what pdf.c notes down. */
#include "pdf.h"

#include <math.h>

#define FIGURE_WIDTH 330.0
#define LABEL_WIDTH 90.0

enum { LINE_HEIGHT = 90, BAR_HEIGHT = 13 };

static const struct text_look TITLE = {.size = 9, .bold = true};
static const struct text_look SMALL = {.size = 7.5};

/* Okabe and Ito's colours, which the colour-blind tell apart, in the order of the SVG's. */
static const double colours[PLOT_SERIES_MAX][3] = {
    {0, 0.447, 0.698},     {0.902, 0.624, 0}, {0, 0.620, 0.451},     {0.8, 0.475, 0.655},
    {0.337, 0.706, 0.914}, {0.835, 0.369, 0}, {0.941, 0.894, 0.259}, {0.533, 0.533, 0.533},
};

static void put(struct pdf *pdf, enum op_kind kind, const double box[4], const double shade[3], bool dashed)
{
    struct op *op = pdf_add(pdf, kind);
    if (!op)
        return;
    op->x = box[0];
    op->y = box[1];
    op->width = box[2];
    op->height = box[3];
    op->dashed = dashed;
    for (int i = 0; i < 3; i++)
        op->shade[i] = shade[i];
}

static const char *number_text(struct pdf *pdf, double value, const char *unit)
{
    struct buffer text = {0};
    json_put_number(&text, value);
    if (unit)
        buffer_format(&text, " %s", unit);
    pdf->arena->failed |= buffer_failed(&text);
    const char *copy = arena_copy(pdf->arena, text.data ? text.data : "", text.length);
    buffer_finish(&text);
    return document_clean(pdf->arena, copy);
}

/* --- lines ---------------------------------------------------------------------------------------------------------
 */

struct span_of {
    double low;
    double high;
};

static void widen(struct span_of *span, const struct number *values, size_t count)
{
    for (size_t i = 0; values && i < count; i++) {
        if (!values[i].known)
            continue;
        span->low = fmin(span->low, values[i].value);
        span->high = fmax(span->high, values[i].value);
    }
}

/* Halves, since the difference of two doubles may be none. */
static double height_of(const struct span_of *span, double value)
{
    double whole = span->high / 2 - span->low / 2;
    return whole > 0 ? (value / 2 - span->low / 2) / whole : 0.5;
}

static void put_line(struct pdf *pdf, const struct plot *plot, const struct number *values, const struct span_of *span,
                     const double shade[3], bool dashed)
{
    double step = plot->label_count > 1 ? (FIGURE_WIDTH - 40) / (double)(plot->label_count - 1) : 0;
    double from_x = 0, from_y = 0;
    bool from = false;
    for (size_t i = 0; i < plot->label_count; i++) {
        if (!values[i].known) {
            from = false;
            continue;
        }
        double x = MARGIN + 20 + step * (double)i;
        double y = pdf->y + LINE_HEIGHT - 14 - (LINE_HEIGHT - 28) * height_of(span, values[i].value);
        if (from)
            put(pdf, OP_STROKE, (const double[]){from_x, from_y, x - from_x, y - from_y}, shade, dashed);
        if (!dashed) {
            put(pdf, OP_FILL, (const double[]){x - 2, y - 2, 4, 4}, shade, false);
            pdf_label(pdf, number_text(pdf, values[i].value, NULL), &SMALL, x - 4, y - 13, 50);
        }
        from = true;
        from_x = x;
        from_y = y;
    }
}

static void put_line_plot(struct pdf *pdf, const struct plot *plot)
{
    static const double grey[3] = {0.45, 0.45, 0.45};
    struct span_of span = {HUGE_VAL, -HUGE_VAL};
    for (size_t i = 0; i < plot->series_count; i++)
        widen(&span, plot->series[i].values, plot->label_count);
    widen(&span, plot->targets, plot->label_count);
    if (plot->targets)
        put_line(pdf, plot, plot->targets, &span, grey, true);
    for (size_t i = 0; i < plot->series_count; i++)
        put_line(pdf, plot, plot->series[i].values, &span, colours[i], false);
    for (size_t i = plot->targets ? plot->label_count : 0; i-- > 0;) {
        if (!plot->targets[i].known)
            continue;
        double y = pdf->y + LINE_HEIGHT - 14 - (LINE_HEIGHT - 28) * height_of(&span, plot->targets[i].value);
        const char *value = number_text(pdf, plot->targets[i].value, plot->unit);
        pdf_label(pdf, arena_format(pdf->arena, "target %s", value ? value : ""), &SMALL, MARGIN + FIGURE_WIDTH - 4,
                  y - 5, BODY_WIDTH - FIGURE_WIDTH);
        break;
    }
    pdf->y += LINE_HEIGHT;
    double step = plot->label_count > 1 ? (FIGURE_WIDTH - 40) / (double)(plot->label_count - 1) : FIGURE_WIDTH - 40;
    for (size_t i = 0; i < plot->label_count; i++)
        pdf_label(pdf, document_clean(pdf->arena, plot->labels[i]), &SMALL, MARGIN + 6 + step * (double)i, pdf->y,
                  step > 40 ? step : 40);
    pdf->y += 12;
}

/* --- bars ----------------------------------------------------------------------------------------------------------
 */

static double bar_sum(const struct plot *plot, size_t label)
{
    double sum = 0;
    for (size_t i = 0; i < plot->series_count; i++)
        sum += plot->series[i].values[label].known ? plot->series[i].values[label].value : 0;
    return sum;
}

static void put_bars(struct pdf *pdf, const struct plot *plot)
{
    double most = 0;
    for (size_t i = 0; i < plot->label_count; i++)
        most = fmax(most, bar_sum(plot, i));
    for (size_t i = 0; i < plot->label_count; i++) {
        double x = MARGIN + LABEL_WIDTH;
        pdf_label(pdf, document_clean(pdf->arena, plot->labels[i]), &SMALL, MARGIN, pdf->y, LABEL_WIDTH - 4);
        for (size_t s = 0; s < plot->series_count; s++) {
            double value = plot->series[s].values[i].known ? plot->series[s].values[i].value : 0;
            double width = most > 0 ? (FIGURE_WIDTH - LABEL_WIDTH - 40) * (value / most) : 0;
            if (width > 0)
                put(pdf, OP_FILL, (const double[]){x, pdf->y + 1, width, BAR_HEIGHT - 5}, colours[s], false);
            x += width;
        }
        pdf_label(pdf, number_text(pdf, bar_sum(plot, i), plot->unit), &SMALL, x + 4, pdf->y, 60);
        pdf->y += BAR_HEIGHT;
    }
}

static void put_legend(struct pdf *pdf, const struct plot *plot)
{
    double x = MARGIN;
    for (size_t i = 0; i < plot->series_count && plot->series[i].name; i++) {
        put(pdf, OP_FILL, (const double[]){x, pdf->y + 3, 7, 7}, colours[i], false);
        pdf_label(pdf, document_clean(pdf->arena, plot->series[i].name), &SMALL, x + 10, pdf->y, 80);
        x += 90;
    }
    pdf->y += x > MARGIN ? 14 : 0;
}

void pdf_figure(struct pdf *pdf, const struct plot *plot)
{
    double height = plot->kind == PLOT_LINE ? LINE_HEIGHT + 12 : (double)(BAR_HEIGHT * plot->label_count);
    if (pdf->y + height + 60 > BOTTOM)
        pdf_break_page(pdf);
    pdf_begin(pdf, "Figure");
    pdf_label(pdf, document_clean(pdf->arena, plot->title), &TITLE, MARGIN, pdf->y, BODY_WIDTH);
    pdf->y += 14;
    pdf_label(pdf, document_clean(pdf->arena, plot->text), &SMALL, MARGIN, pdf->y, BODY_WIDTH);
    pdf->y += 14;
    if (plot->kind == PLOT_LINE)
        put_line_plot(pdf, plot);
    else
        put_bars(pdf, plot);
    put_legend(pdf, plot);
    pdf_end(pdf);
    pdf->y += 8;
}
