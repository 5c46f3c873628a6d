/* src/records/plot.c: well-formed whatever is put in, and every value is there to read. */
#include "../unit.h"

#include "reviewd/plot.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

static struct buffer out;

static void begin(void)
{
    out = (struct buffer){0};
}

static void end(void)
{
    buffer_finish(&out);
}

#define KNOWN(x)                                                                                                       \
    {                                                                                                                  \
        true, (x)                                                                                                      \
    }
#define UNKNOWN                                                                                                        \
    {                                                                                                                  \
        false, 0                                                                                                       \
    }

static const char *const reviews[] = {"MR-2025-01", "MR-2025-02", "MR-2026-01"};
static const struct number rates[] = {KNOWN(91.5), KNOWN(94), KNOWN(97.25)};
static const struct number targets[] = {KNOWN(95), KNOWN(95), KNOWN(96)};
static const struct number gaps[] = {KNOWN(3), UNKNOWN, KNOWN(0)};
static const struct plot_series one[] = {{NULL, rates}};
static const struct plot_series two[] = {{"open", rates}, {"closed", gaps}};

static struct plot plot_of(enum plot_kind kind)
{
    return (struct plot){.kind = kind,
                         .id = "p1",
                         .title = "Patched in time",
                         .text = "The share of hosts patched in time.",
                         .unit = "%",
                         .labels = reviews,
                         .label_count = 3,
                         .series = kind == PLOT_STACKED ? two : one,
                         .series_count = kind == PLOT_STACKED ? 2 : 1,
                         .targets = kind == PLOT_LINE ? targets : NULL};
}

static const char *draw(const struct plot *plot)
{
    out.length = 0;
    plot_render(&out, plot);
    buffer_char(&out, '\0');
    ck_assert(!buffer_failed(&out));
    return out.data;
}

static bool has(const char *svg, const char *text)
{
    return strstr(svg, text) != NULL;
}

/* Every element that begins ends, in order, and no attribute is left open. */
static void assert_well_formed(const char *svg)
{
    const char *open[16];
    size_t depth = 0;
    for (const char *at = strchr(svg, '<'); at; at = strchr(at, '<')) {
        const char *close = strchr(at, '>');
        EXPECT(close, "a tag does not end: %.40s", at);
        int quotes = 0;
        for (const char *c = at; c < close; c++)
            quotes += *c == '"';
        EXPECT(quotes % 2 == 0, "an attribute does not end: %.80s", at);
        if (at[1] == '/') {
            EXPECT(depth > 0 && strncmp(open[depth - 1], at + 2, (size_t)(close - at) - 2) == 0,
                   "closes nothing: %.40s", at);
            depth--;
        } else if (close[-1] != '/') {
            EXPECT(depth < 16, "too deep");
            open[depth++] = at + 1;
        }
        at = close;
    }
    ck_assert_uint_eq(depth, 0);
    EXPECT(!has(svg, "nan") && !has(svg, "inf"), "a place is no number: %s", svg);
}

START_TEST(whole)
{
    struct plot plot = plot_of((enum plot_kind)_i);
    const char *svg = draw(&plot);
    assert_well_formed(svg);
    ck_assert(has(svg, "role=\"img\""));
    ck_assert(has(svg, "aria-labelledby=\"p1-title p1-text\""));
    ck_assert(has(svg, "<title id=\"p1-title\">Patched in time</title>"));
    ck_assert(has(svg, "<desc id=\"p1-text\">The share of hosts patched in time. MR-2025-01: "));
    ck_assert(has(svg, "viewBox=\"0 0 320 "));
    ck_assert(has(svg, "prefers-color-scheme:dark"));
    ck_assert(has(svg, "currentColor"));
    ck_assert(!has(svg, "script") && !has(svg, "href") && !has(svg, "url("));
}
END_TEST

START_TEST(values_are_written)
{
    struct plot line = plot_of(PLOT_LINE);
    const char *svg = draw(&line);
    ck_assert(has(svg, "MR-2026-01: 97.25\xc2\xa0%, target 96\xc2\xa0%."));
    ck_assert(has(svg, ">97.25</text>") && has(svg, ">91.5</text>") && has(svg, "target 96</text>"));
    struct plot stacked = plot_of(PLOT_STACKED);
    svg = draw(&stacked);
    ck_assert(has(svg, "MR-2025-02: open 94\xc2\xa0%, closed –;"));
    ck_assert(has(svg, ">94.5</text>") && has(svg, ">open</text>"));
}
END_TEST

START_TEST(the_same_gives_the_same)
{
    struct plot plot = plot_of((enum plot_kind)_i);
    char *first = strdup(draw(&plot));
    ck_assert_str_eq(first, draw(&plot));
    free(first);
}
END_TEST

static const char *const hostile[] = {
    "<script>alert(1)</script>",
    "\"/><svg onload=alert(1)>",
    "]]></title><x>&amp;&#0;",
    "a\x01\x08\x1b\x7f\nb\r\tc",
    "\xef\xbf\xbf\xef\xbf\xbe",
    "\xe2\x80\xae"
    "drow",
    "測定結果の推移を示す長い長い題名であり折り返しも省略もされるべきものである",
    "قياس النتائج",
    "🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂",
    "",
};

START_TEST(any_text)
{
    const char *text = hostile[_i];
    for (enum plot_kind kind = PLOT_LINE; kind <= PLOT_STACKED; kind++) {
        const char *labels[] = {text, text, text};
        struct plot_series series[] = {{text, rates}, {text, gaps}};
        struct plot plot = plot_of(kind);
        plot.title = plot.text = plot.unit = text;
        plot.labels = labels;
        plot.series = series;
        const char *svg = draw(&plot);
        assert_well_formed(svg);
        EXPECT(!has(svg, "<script") && !has(svg, "<svg onload") && !has(svg, "<x>"), "not escaped: %s", svg);
        for (const char *c = svg; *c; c++)
            EXPECT((unsigned char)*c >= 0x20 || *c == '\n', "a control character: %s", svg);
        EXPECT(text_is_utf8(svg, strlen(svg)), "no UTF-8: %s", svg);
    }
}
END_TEST

START_TEST(long_texts_are_cut_where_they_are_drawn)
{
    char title[10001];
    memset(title, 'm', 10000);
    title[10000] = '\0';
    struct plot plot = plot_of(PLOT_BARS);
    plot.title = title;
    const char *svg = draw(&plot);
    ck_assert(has(svg, title));                                                /* to be read out */
    ck_assert(has(svg, ">mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm…</text>")); /* to be seen */
}
END_TEST

static const struct number odd[][3] = {
    {UNKNOWN, UNKNOWN, UNKNOWN},
    {KNOWN(0), KNOWN(0), KNOWN(0)},
    {KNOWN(7), KNOWN(7), KNOWN(7)},
    {KNOWN(-7), KNOWN(-7), KNOWN(-7)},
    {KNOWN(-3), KNOWN(0), KNOWN(5)},
    {KNOWN(DBL_MAX), KNOWN(-DBL_MAX), KNOWN(0)},
    {KNOWN(DBL_MAX), KNOWN(DBL_MAX), KNOWN(DBL_MAX)},
    {KNOWN(DBL_MIN), KNOWN(5e-324), KNOWN(0)},
    {KNOWN(1e15), KNOWN(1e15 + 1), KNOWN(1e15 + 2)},
    {KNOWN(0.1), KNOWN(0.2), KNOWN(0.30000000000000004)},
    {KNOWN(-0.0), UNKNOWN, KNOWN(1)},
};

/* valgrind has no long doubles but computes them as doubles, where the span of these two is none. */
static bool spans(const struct number values[3])
{
    volatile long double first = values[0].value, second = values[1].value;
    return (first - second) / 2 <= DBL_MAX;
}

START_TEST(any_number)
{
    if (!spans(odd[_i]))
        return;
    for (enum plot_kind kind = PLOT_LINE; kind <= PLOT_BARS; kind++) {
        for (size_t count = 0; count <= 3; count++) {
            struct plot_series series[] = {{NULL, odd[_i]}};
            struct plot plot = plot_of(kind);
            plot.series = series;
            plot.label_count = count;
            plot.targets = kind == PLOT_LINE && count % 2 ? odd[_i] : NULL;
            const char *svg = draw(&plot);
            assert_well_formed(svg);
            if (count == 0)
                ck_assert(has(svg, "There is nothing to show.</text>"));
            for (const char *at = strstr(svg, "<circle"); at; at = strstr(at + 1, "<circle")) {
                double x = strtod(strstr(at, "cx=\"") + 4, NULL), y = strtod(strstr(at, "cy=\"") + 4, NULL);
                EXPECT(x >= 0 && x <= 320 && y >= 26 && y <= 200, "out of sight: %.40s", at);
            }
        }
    }
}
END_TEST

/* Ticks are round, they enclose the values, and there are a few of them. */
START_TEST(ticks)
{
    struct plot plot = plot_of(PLOT_LINE);
    const char *svg = draw(&plot);
    ck_assert(has(svg, ">90</text>") && has(svg, ">92</text>") && has(svg, ">98</text>"));
    static const struct number few[] = {KNOWN(1), KNOWN(2), KNOWN(0)};
    struct plot_series series[] = {{NULL, few}};
    plot = plot_of(PLOT_BARS);
    plot.series = series;
    svg = draw(&plot);
    ck_assert(!has(svg, ">0.5</text>")); /* of whole things none is half */
    ck_assert(has(svg, ">1</text>") && has(svg, ">2</text>"));
}
END_TEST

START_TEST(many_points)
{
    enum { MANY = 60 };
    const char *labels[MANY];
    struct number values[MANY];
    for (int i = 0; i < MANY; i++) {
        labels[i] = "MR-2026-01";
        values[i] = (struct number){true, i == 20 ? 99.5 : i};
    }
    struct plot_series series[] = {{NULL, values}};
    struct plot plot = plot_of(PLOT_LINE);
    plot.labels = labels;
    plot.label_count = MANY;
    plot.series = series;
    plot.targets = NULL;
    const char *svg = draw(&plot);
    assert_well_formed(svg);
    ck_assert(has(svg, ">99.5</text>") && has(svg, ">59</text>") && !has(svg, ">33</text>"));
    size_t drawn = 0;
    for (const char *at = strstr(svg, ">MR-2026-01</text>"); at; at = strstr(at + 1, ">MR-2026-01</text>"))
        drawn++;
    ck_assert_uint_eq(drawn, 3);
}
END_TEST

START_TEST(a_page_gives_its_colours)
{
    struct plot plot = plot_of(PLOT_LINE);
    plot.inlined = true;
    const char *svg = draw(&plot);
    ck_assert(!has(svg, "<style") && !has(svg, "p1-ground"));
}
END_TEST

Suite *plot_suite(void)
{
    Suite *suite = suite_create("plot");
    TCase *tcase = unit_case(suite, "plot");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, whole, PLOT_LINE, PLOT_STACKED + 1);
    tcase_add_test(tcase, values_are_written);
    tcase_add_loop_test(tcase, the_same_gives_the_same, PLOT_LINE, PLOT_STACKED + 1);
    tcase_add_loop_test(tcase, any_text, 0, ROWS(hostile));
    tcase_add_test(tcase, long_texts_are_cut_where_they_are_drawn);
    tcase_add_loop_test(tcase, any_number, 0, ROWS(odd));
    tcase_add_test(tcase, ticks);
    tcase_add_test(tcase, many_points);
    tcase_add_test(tcase, a_page_gives_its_colours);
    return suite;
}
