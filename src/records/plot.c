#include "reviewd/plot.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

/* In units of the viewBox. As wide as a phone, so that letters of 12 remain legible there. */
enum {
    WIDTH = 320,
    MARGIN = 12,
    HEAD = 26,       /* the title's line */
    LINE = 16,       /* a line of text */
    ROW = 34,        /* a label and the bar below it */
    BAR = 12,        /* of that */
    ROOM = 46,       /* right of the longest bar: for its value */
    LINE_PLOT = 130, /* the height of what lies between the axes */
    GUTTER = 42,     /* left of them: for the ticks */
    TICKS = 4,       /* about as many intervals */
    VALUES_SHOWN = 8,
    LABEL_ROOM = 78,
};

/* Okabe and Ito (2008), and whether letters on them are white. */
static const struct {
    const char *colour;
    const char *letters;
} palette[PLOT_SERIES_MAX] = {
    {"#0072b2", "#fff"}, {"#e69f00", "#000"}, {"#009e73", "#000"}, {"#cc79a7", "#000"},
    {"#56b4e9", "#000"}, {"#d55e00", "#000"}, {"#f0e442", "#000"}, {"#888888", "#000"},
};

/* What an axis shows, in long doubles: the span of two doubles may be beyond a double. */
struct axis {
    long double low;
    long double high;
    long double step;
};

/* --- texts ---------------------------------------------------------------------------------------------------------
 */

/* XML 1.0, 2.2: of the control characters it knows three, in no form the others. */
static void put_escaped(struct buffer *buffer, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        bool noncharacter =
            i + 2 < length && c == 0xef && (unsigned char)text[i + 1] == 0xbf && (unsigned char)text[i + 2] >= 0xbe;
        if (c == '&')
            buffer_put(buffer, "&amp;");
        else if (c == '<')
            buffer_put(buffer, "&lt;");
        else if (c == '>')
            buffer_put(buffer, "&gt;");
        else if (c == '"')
            buffer_put(buffer, "&quot;");
        else if (c == '\n' || c == '\t' || c == '\r')
            buffer_char(buffer, ' ');
        else if (c < 0x20 || c == 0x7f || noncharacter)
            buffer_put(buffer, "\xef\xbf\xbd");
        else
            buffer_char(buffer, (char)c);
        i += noncharacter ? 2 : 0;
    }
}

static void put_text(struct buffer *buffer, const char *text)
{
    put_escaped(buffer, text, strlen(text));
}

/* The bytes of the next code point, and about how many letters' room it takes: those of the East take two. */
static size_t code_point(const char *at, int *ret_columns)
{
    unsigned char c = (unsigned char)*at;
    size_t length = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    *ret_columns = length == 4 || (length == 3 && c >= 0xe1 && !(c == 0xe2 && (unsigned char)at[1] < 0xba)) ? 2 : 1;
    return strnlen(at, length);
}

/* As much of a text as has room, with an ellipsis for the rest. */
static void put_cut(struct buffer *buffer, const char *text, int columns)
{
    int used = 0, columns_of_next = 0;
    size_t kept = 0; /* what stays where the whole has no room */
    for (const char *at = text; *at;) {
        size_t length = code_point(at, &columns_of_next);
        used += columns_of_next;
        if (used > columns) {
            put_escaped(buffer, text, kept);
            buffer_put(buffer, "…");
            return;
        }
        at += length;
        if (used < columns)
            kept = (size_t)(at - text);
    }
    put_text(buffer, text);
}

static void put_value(struct buffer *buffer, const struct number *value, const char *unit)
{
    if (!value->known) {
        buffer_put(buffer, "–");
        return;
    }
    json_put_number(buffer, value->value);
    if (unit && *unit) {
        buffer_put(buffer, "\xc2\xa0"); /* no line breaks there */
        put_text(buffer, unit);
    }
}

/* A value where there is little room: at most five figures of it. */
static void put_short(struct buffer *buffer, double value)
{
    if (fabs(value) < 1e5 && value == floor(value))
        buffer_format(buffer, "%.0f", value + 0.0);
    else
        buffer_format(buffer, "%.4g", value);
}

static void text_begin(struct buffer *buffer, long double x, long double y, const char *anchor)
{
    buffer_format(buffer, "<text x=\"%.1Lf\" y=\"%.1Lf\" text-anchor=\"%s\" fill=\"currentColor\">", x, y, anchor);
}

static void text_end(struct buffer *buffer)
{
    buffer_put(buffer, "</text>\n");
}

/* --- axes ----------------------------------------------------------------------------------------------------------
 */

static void axis_take(struct axis *axis, const struct number *value)
{
    if (!value->known)
        return;
    axis->low = fminl(axis->low, (long double)value->value);
    axis->high = fmaxl(axis->high, (long double)value->value);
}

/* Widens the axis to steps of 1, 2 or 5 times a power of ten. */
static void axis_round(struct axis *axis)
{
    if (axis->low > axis->high) /* no value at all */
        axis->low = axis->high = 0;
    if (axis->low == axis->high) {
        long double pad = fmaxl(fabsl(axis->low) / 2, axis->low == 0 ? 1 : 0);
        axis->low -= axis->low > 0 || axis->low < 0 ? pad : 0;
        axis->high += pad;
    }
    long double rough = (axis->high - axis->low) / TICKS;
    long double power = powl(10, floorl(log10l(rough)));
    long double share = rough / power;
    axis->step = power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
    axis->low = floorl(axis->low / axis->step) * axis->step;
    axis->high = ceill(axis->high / axis->step) * axis->step;
}

static long double axis_place(const struct axis *axis, long double value, long double from, long double to)
{
    return from + (to - from) * ((value - axis->low) / (axis->high - axis->low));
}

static int axis_count(const struct axis *axis)
{
    return (int)lroundl((axis->high - axis->low) / axis->step);
}

static void put_tick(struct buffer *buffer, const struct axis *axis, int index)
{
    long double value = axis->low + axis->step * (long double)index;
    if (fabsl(value) < axis->step / 2) /* what rounding left of zero */
        value = 0;
    buffer_format(buffer, fabsl(value) < 1e5L ? "%.6Lg" : "%.3Lg", value);
}

/* --- the frame -----------------------------------------------------------------------------------------------------
 */

static void put_values(struct buffer *buffer, const struct plot *plot)
{
    for (size_t i = 0; i < plot->label_count; i++) {
        buffer_put(buffer, i ? "; " : " ");
        put_text(buffer, plot->labels[i]);
        buffer_put(buffer, ":");
        for (size_t s = 0; s < plot->series_count; s++) {
            buffer_put(buffer, s ? ", " : " ");
            if (plot->series[s].name) {
                put_text(buffer, plot->series[s].name);
                buffer_char(buffer, ' ');
            }
            put_value(buffer, &plot->series[s].values[i], plot->unit);
        }
        if (plot->targets && plot->targets[i].known) {
            buffer_put(buffer, ", target ");
            put_value(buffer, &plot->targets[i], plot->unit);
        }
    }
    buffer_put(buffer, plot->label_count ? "." : " There is nothing to show.");
}

/* Colours that change with the screen's are set by the style, all others by attributes, which any viewer knows. */
static void put_style(struct buffer *buffer, const struct plot *plot)
{
    if (plot->inlined)
        return;
    buffer_format(buffer,
                  "<style>#%s{color-scheme:light dark;color:#1a1a1a}#%s-ground{fill:#fff}"
                  "@media (prefers-color-scheme:dark){#%s{color:#eee}#%s-ground{fill:#1a1a1a}}</style>\n",
                  plot->id, plot->id, plot->id, plot->id);
    buffer_format(buffer, "<rect id=\"%s-ground\" width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", plot->id);
}

static void frame_begin(struct buffer *buffer, const struct plot *plot, int height)
{
    buffer_format(buffer,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"%s\" viewBox=\"0 0 %d %d\" width=\"%d\" "
                  "height=\"%d\" role=\"img\" aria-labelledby=\"%s-title %s-text\" "
                  "font-family=\"system-ui,sans-serif\" font-size=\"12\">\n<title id=\"%s-title\">",
                  plot->id, WIDTH, height, WIDTH, height, plot->id, plot->id, plot->id);
    put_text(buffer, plot->title);
    buffer_format(buffer, "</title>\n<desc id=\"%s-text\">", plot->id);
    put_text(buffer, plot->text);
    put_values(buffer, plot);
    buffer_put(buffer, "</desc>\n");
    put_style(buffer, plot);
    buffer_format(buffer, "<text x=\"%d\" y=\"18\" font-weight=\"bold\" fill=\"currentColor\">", MARGIN);
    put_cut(buffer, plot->title, 42);
    text_end(buffer);
}

/* "open 3 · closed 4" in their colours, as many lines as it takes; returns how many. Without a buffer: only counts. */
static int legend(struct buffer *buffer, const struct plot *plot)
{
    enum { LETTER = 7, NAME_MAX = 20 };
    int x = MARGIN, y = HEAD + LINE - 4, lines = 0;
    for (size_t s = 0; s < plot->series_count; s++) {
        const char *name = plot->series[s].name ? plot->series[s].name : "";
        int columns = 0, next = 0;
        for (const char *at = name; *at; columns += next)
            at += code_point(at, &next);
        int width = 16 + LETTER * (columns < NAME_MAX ? columns : NAME_MAX) + 8;
        if (x > MARGIN && x + width > WIDTH - MARGIN) {
            x = MARGIN;
            y += LINE;
        }
        lines = (y - HEAD + 4) / LINE;
        if (buffer) {
            buffer_format(buffer,
                          "<rect x=\"%d\" y=\"%d\" width=\"10\" height=\"10\" fill=\"%s\" stroke=\"currentColor\" "
                          "stroke-width=\"0.5\"/>",
                          x, y - 9, palette[s].colour);
            text_begin(buffer, x + 14, y, "start");
            put_cut(buffer, name, NAME_MAX);
            text_end(buffer);
        }
        x += width;
    }
    return lines;
}

static void put_unit(struct buffer *buffer, const struct plot *plot, int y)
{
    text_begin(buffer, MARGIN, y, "start");
    put_cut(buffer, plot->unit, 42);
    text_end(buffer);
}

/* --- bars ----------------------------------------------------------------------------------------------------------
 */

static struct number row_total(const struct plot *plot, size_t row)
{
    struct number total = {0};
    for (size_t s = 0; s < plot->series_count; s++) {
        const struct number *value = &plot->series[s].values[row];
        total.known = total.known || value->known;
        total.value += value->known ? value->value : 0;
    }
    return total;
}

static void put_bar(struct buffer *buffer, const char *colour, long double from, long double to, int y)
{
    buffer_format(buffer,
                  "<rect x=\"%.1Lf\" y=\"%d\" width=\"%.1Lf\" height=\"%d\" fill=\"%s\" stroke=\"currentColor\" "
                  "stroke-width=\"0.5\"/>\n",
                  fminl(from, to), y, fabsl(to - from), BAR, colour);
}

/* The parts of a stacked bar, each with its value where that has room. */
static void put_parts(struct buffer *buffer, const struct plot *plot, const struct axis *axis, size_t row, int y)
{
    long double sum = 0;
    for (size_t s = 0; s < plot->series_count; s++) {
        const struct number *value = &plot->series[s].values[row];
        if (!value->known || value->value <= 0)
            continue;
        long double from = axis_place(axis, sum, MARGIN, WIDTH - MARGIN - ROOM);
        sum += (long double)value->value;
        long double to = axis_place(axis, sum, MARGIN, WIDTH - MARGIN - ROOM);
        put_bar(buffer, palette[s].colour, from, to, y);
        if (to - from < 8 || (to - from < 32 && (value->value >= 10 || value->value != floor(value->value))))
            continue;
        buffer_format(buffer, "<text x=\"%.1Lf\" y=\"%d\" text-anchor=\"middle\" font-size=\"10\" fill=\"%s\">",
                      (from + to) / 2, y + BAR - 2, palette[s].letters);
        put_short(buffer, value->value);
        text_end(buffer);
    }
}

static void put_row(struct buffer *buffer, const struct plot *plot, const struct axis *axis, size_t row, int y)
{
    struct number total = plot->kind == PLOT_STACKED ? row_total(plot, row) : plot->series[0].values[row];
    text_begin(buffer, MARGIN + 3, y + 12, "start");
    put_cut(buffer, plot->labels[row], 42);
    text_end(buffer);
    long double zero = axis_place(axis, 0, MARGIN, WIDTH - MARGIN - ROOM);
    long double end = total.known ? axis_place(axis, (long double)total.value, MARGIN, WIDTH - MARGIN - ROOM) : zero;
    if (plot->kind == PLOT_STACKED)
        put_parts(buffer, plot, axis, row, y + LINE);
    else if (total.known)
        put_bar(buffer, palette[0].colour, zero, end, y + LINE);
    text_begin(buffer, fmaxl(zero, end) + 5, y + LINE + BAR - 2, "start");
    if (total.known)
        put_short(buffer, total.value);
    else
        buffer_put(buffer, "–");
    text_end(buffer);
}

static void put_bar_ticks(struct buffer *buffer, const struct axis *axis, int top, int bottom)
{
    int count = axis_count(axis);
    for (int i = 0; i <= count; i++) {
        long double x = axis_place(axis, axis->low + axis->step * (long double)i, MARGIN, WIDTH - MARGIN - ROOM);
        buffer_format(buffer,
                      "<path d=\"M%.1Lf %dV%d\" stroke=\"currentColor\" stroke-opacity=\"%s\" fill=\"none\"/>\n", x,
                      top, bottom, i ? "0.2" : "0.8");
        text_begin(buffer, x, bottom + 13, i ? "middle" : "start");
        put_tick(buffer, axis, i);
        text_end(buffer);
    }
}

static void render_bars(struct buffer *buffer, const struct plot *plot)
{
    struct axis axis = {0, 0, 0};
    for (size_t i = 0; i < plot->label_count; i++) {
        struct number total = plot->kind == PLOT_STACKED ? row_total(plot, i) : plot->series[0].values[i];
        axis_take(&axis, &total);
    }
    axis_round(&axis);
    bool whole = plot->label_count > 0;
    for (size_t i = 0; i < plot->label_count; i++) {
        for (size_t s = 0; s < plot->series_count; s++)
            whole = whole && floor(plot->series[s].values[i].value) == plot->series[s].values[i].value;
    }
    if (whole && axis.step < 1) { /* no half action items */
        axis.step = 1;
        axis.low = floorl(axis.low);
        axis.high = ceill(axis.high);
    }
    int head = HEAD + (plot->kind == PLOT_STACKED ? LINE * legend(NULL, plot) + 4 : 0) + (plot->unit ? LINE : 0);
    int bottom = head + (plot->label_count ? (int)plot->label_count * ROW : LINE + 4);
    frame_begin(buffer, plot, bottom + (plot->label_count ? LINE + 6 : 6));
    if (plot->kind == PLOT_STACKED)
        legend(buffer, plot);
    if (plot->unit)
        put_unit(buffer, plot, head - 4);
    if (plot->label_count == 0) {
        text_begin(buffer, MARGIN, head + 12, "start");
        buffer_put(buffer, "There is nothing to show.");
        text_end(buffer);
        return;
    }
    put_bar_ticks(buffer, &axis, head, bottom);
    for (size_t i = 0; i < plot->label_count; i++)
        put_row(buffer, plot, &axis, i, head + (int)i * ROW);
}

/* --- lines ---------------------------------------------------------------------------------------------------------
 */

struct ground {
    struct axis axis;
    int top;
    int bottom;
    size_t count;
};

static long double label_x(const struct ground *ground, size_t index)
{
    long double from = MARGIN + GUTTER + 8, to = WIDTH - MARGIN - 22;
    if (ground->count < 2)
        return (from + to) / 2;
    return from + (to - from) * (long double)index / (long double)(ground->count - 1);
}

static long double value_y(const struct ground *ground, double value)
{
    return axis_place(&ground->axis, (long double)value, ground->bottom, ground->top);
}

/* A line through what is known; where a value is missing, it is broken. */
static void put_line(struct buffer *buffer, const struct ground *ground, const struct number *values,
                     const char *attributes)
{
    bool on = false;
    buffer_put(buffer, "<path d=\"");
    for (size_t i = 0; i < ground->count; i++) {
        if (values[i].known)
            buffer_format(buffer, "%s%.1Lf %.1Lf", on ? "L" : "M", label_x(ground, i),
                          value_y(ground, values[i].value));
        on = values[i].known;
    }
    buffer_format(buffer, "\" fill=\"none\" stroke-width=\"2\" %s/>\n", attributes);
}

/* Whether a point's value is written beside it: each where there are few, else those that tell most. */
static bool value_shown(const struct ground *ground, const struct number *values, size_t index)
{
    if (ground->count <= VALUES_SHOWN)
        return true;
    size_t low = index, high = index, last = index;
    for (size_t i = 0; i < ground->count; i++) {
        if (!values[i].known)
            continue;
        low = values[i].value < values[low].value ? i : low;
        high = values[i].value > values[high].value ? i : high;
        last = i > last ? i : last;
    }
    return index == low || index == high || index == last;
}

/* Each value stands on the side of its point on which the target's line is not. */
static void put_points(struct buffer *buffer, const struct ground *ground, const struct number *values,
                       const struct number *targets, const char *colour)
{
    for (size_t i = 0; i < ground->count; i++) {
        if (!values[i].known)
            continue;
        long double x = label_x(ground, i), y = value_y(ground, values[i].value);
        buffer_format(buffer,
                      "<circle cx=\"%.1Lf\" cy=\"%.1Lf\" r=\"3\" fill=\"%s\" stroke=\"currentColor\" "
                      "stroke-width=\"0.5\"/>\n",
                      x, y, colour);
        if (!value_shown(ground, values, i))
            continue;
        bool below = targets && targets[i].known && targets[i].value > values[i].value && y + 18 < ground->bottom;
        text_begin(buffer, x, below ? y + 16 : y - 7, "middle");
        put_short(buffer, values[i].value);
        text_end(buffer);
    }
}

static void put_ticks(struct buffer *buffer, const struct ground *ground)
{
    int count = axis_count(&ground->axis);
    for (int i = 0; i <= count; i++) {
        long double value = ground->axis.low + ground->axis.step * (long double)i;
        long double y = axis_place(&ground->axis, value, ground->bottom, ground->top);
        buffer_format(buffer,
                      "<path d=\"M%d %.1LfH%d\" stroke=\"currentColor\" stroke-opacity=\"%s\" fill=\"none\"/>\n",
                      MARGIN + GUTTER - 8, y, WIDTH - MARGIN, i ? "0.2" : "0.8");
        text_begin(buffer, MARGIN + GUTTER - 12, y + 4, "end");
        put_tick(buffer, &ground->axis, i);
        text_end(buffer);
    }
}

/* As many labels as have room, the last one among them. */
static void put_labels(struct buffer *buffer, const struct ground *ground, const struct plot *plot)
{
    size_t step = 1;
    while (step < ground->count && label_x(ground, step) - label_x(ground, 0) < LABEL_ROOM)
        step++;
    for (size_t i = (ground->count - 1) % step; i < ground->count; i += step) {
        text_begin(buffer, label_x(ground, i), ground->bottom + 15, "middle");
        put_cut(buffer, plot->labels[i], 10);
        text_end(buffer);
    }
}

static void put_targets(struct buffer *buffer, const struct ground *ground, const struct plot *plot)
{
    const struct number *last = NULL;
    for (size_t i = 0; i < ground->count; i++)
        last = plot->targets[i].known ? &plot->targets[i] : last;
    if (!last)
        return;
    put_line(buffer, ground, plot->targets, "stroke=\"currentColor\" stroke-dasharray=\"6 4\"");
    if (ground->count == 1) { /* a line of one point is none */
        long double y = value_y(ground, last->value);
        buffer_format(buffer,
                      "<path d=\"M%d %.1LfH%d\" fill=\"none\" stroke-width=\"2\" stroke=\"currentColor\" "
                      "stroke-dasharray=\"6 4\"/>\n",
                      MARGIN + GUTTER - 8, y, WIDTH - MARGIN);
    }
    text_begin(buffer, WIDTH - MARGIN, ground->top - 18, "end");
    buffer_put(buffer, "- - target ");
    put_short(buffer, last->value);
    text_end(buffer);
}

static void render_line(struct buffer *buffer, const struct plot *plot)
{
    struct ground ground = {{LDBL_MAX, -LDBL_MAX, 0}, 0, 0, plot->label_count};
    for (size_t i = 0; i < plot->label_count; i++) {
        for (size_t s = 0; s < plot->series_count; s++)
            axis_take(&ground.axis, &plot->series[s].values[i]);
        if (plot->targets)
            axis_take(&ground.axis, &plot->targets[i]);
    }
    /* From zero on, unless that would press all changes into the upper third. */
    if (ground.axis.low > 0 && ground.axis.low < ground.axis.high * 2 / 3)
        ground.axis.low = 0;
    bool empty = ground.axis.low > ground.axis.high;
    axis_round(&ground.axis);
    int head = HEAD + (plot->series_count > 1 ? LINE * legend(NULL, plot) + 4 : 0);
    ground.top = head + 2 * LINE;
    ground.bottom = ground.top + LINE_PLOT;
    frame_begin(buffer, plot, ground.bottom + LINE + 8);
    if (plot->series_count > 1)
        legend(buffer, plot);
    if (plot->unit)
        put_unit(buffer, plot, head + 12);
    if (empty) {
        text_begin(buffer, (long double)WIDTH / 2, ground.top + (long double)LINE_PLOT / 2, "middle");
        buffer_put(buffer, "There is nothing to show.");
        text_end(buffer);
        return;
    }
    put_ticks(buffer, &ground);
    if (plot->targets)
        put_targets(buffer, &ground, plot);
    for (size_t s = 0; s < plot->series_count; s++) {
        char stroke[32];
        snprintf(stroke, sizeof stroke, "stroke=\"%s\"", palette[s].colour);
        put_line(buffer, &ground, plot->series[s].values, stroke);
        put_points(buffer, &ground, plot->series[s].values, plot->targets, palette[s].colour);
    }
    put_labels(buffer, &ground, plot);
}

void plot_render(struct buffer *buffer, const struct plot *plot)
{
    assert(plot->series_count >= 1 && plot->series_count <= PLOT_SERIES_MAX);
    if (plot->kind == PLOT_LINE)
        render_line(buffer, plot);
    else
        render_bars(buffer, plot);
    buffer_put(buffer, "</svg>\n");
}
