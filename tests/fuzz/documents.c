/* Documents and plots out of what users wrote: HTML, Markdown, PDF, SVG. */
#include "fuzz.h"

#include "records/write.h"

enum { PARTS_MAX = 12, VALUES_MAX = 12 };

static const struct column columns[] = {{"Name", 2, false}, {"Value", 1, true}, {"Remark", 3, false}};

static struct plot *make_plot(struct input *input, struct arena *arena)
{
    struct plot *plot = arena_alloc(arena, sizeof *plot);
    size_t count = input_byte(input) % VALUES_MAX;
    struct plot_series *series = arena_array(arena, 2, sizeof *series);
    const char **labels = arena_array(arena, count + 1, sizeof *labels);
    *plot = (struct plot){.kind = input_byte(input) % 3, .id = "p1", .labels = labels, .label_count = count};
    plot->inlined = input_byte(input) % 2;
    plot->series = series;
    plot->series_count = plot->kind == PLOT_STACKED ? 2 : 1;
    for (size_t i = 0; i < plot->series_count; i++) {
        struct number *values = arena_array(arena, count + 1, sizeof *values);
        for (size_t j = 0; j < count; j++) {
            double value = 0;
            for (size_t k = 0; k < sizeof value; k++)
                ((uint8_t *)&value)[k] = input_byte(input);
            bool good = value == value && value < 1e300 && value > -1e300; /* JSON has no others */
            bool fits = plot->kind != PLOT_STACKED || value >= 0;
            values[j] = (struct number){good && fits, good && fits ? value : 0};
        }
        series[i] = (struct plot_series){plot->series_count > 1 ? (i ? "<open>" : "closed & done") : NULL, values};
    }
    plot->targets = plot->kind == PLOT_LINE && input_byte(input) % 2 ? series[0].values : NULL;
    plot->title = input_text_line(input, arena);
    plot->text = input_text_line(input, arena);
    plot->unit = input_text_line(input, arena);
    for (size_t i = 0; i < count; i++)
        labels[i] = input_text_line(input, arena);
    return plot;
}

/* A letter says what a line is to be. */
static void add_part(struct document *document, struct input *input)
{
    struct arena *arena = document->arena;
    uint8_t kind = input_byte(input);
    if (kind == 'g') {
        document_figure(document, make_plot(input, arena));
        return;
    }
    if (kind == 'n') { /* lines of Markdown, up to an empty one */
        struct buffer text = {0};
        const char *line;
        while (*(line = input_text_line(input, arena))) {
            buffer_put(&text, line);
            buffer_char(&text, '\n');
        }
        buffer_char(&text, '\0');
        document_narrative(document, text.data);
        buffer_finish(&text);
        return;
    }
    const char *first = input_text_line(input, arena);
    if (kind == 'h') {
        document_heading(document, 2 + *first % 3, first);
    } else if (kind == 'f') {
        document_fact(document, "Suitability & <fit>", first); /* names are ours */
    } else if (kind == 't') {
        document_table(document, "Figures & targets", columns, COUNT_OF(columns)); /* captions are ours, too */
        for (int i = input_byte(input) % 4; i >= 0; i--) {
            const char *cells[] = {input_text_line(input, arena), input_text_line(input, arena), NULL};
            document_row(document, cells);
        }
    } else {
        document_plain(document, first);
    }
}

static struct document make_document(struct input *input, struct arena *arena)
{
    struct document document = {.arena = arena, .reference = "MR-2026-01", .made_at = "2026-11-21T12:00:00.000Z"};
    document.draft = input_byte(input) % 2;
    document.title = document_clean(arena, input_text_line(input, arena));
    document.author = document_clean(arena, input_text_line(input, arena));
    document.classification = "internal";
    document.status = "in progress";
    for (int i = 0; i < PARTS_MAX && input->size; i++)
        add_part(&document, input);
    return document;
}

/* Whatever users wrote, the page is well-formed and harmless; and a text that was cleaned is clean. */
void fuzz_document(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena arena;
    struct buffer out = {0};
    arena_init(&arena);
    const char *text = input_text(&(struct input){data, size}, &arena);
    const char *clean = document_clean(&arena, text);
    REQUIRE(strcmp(document_clean(&arena, clean), clean) == 0, "it is cleaned twice: %s", clean);
    struct document document = make_document(&input, &arena);
    document_html(&document, &out);
    REQUIRE(!buffer_failed(&out), "memory");
    markup_check_page(out.data, out.length);
    out.length = 0;
    document_markdown(&document, &out);
    REQUIRE(!buffer_failed(&out) && text_is_utf8(out.data, out.length), "the Markdown is not UTF-8");
    buffer_finish(&out);
    arena_finish(&arena);
}

void fuzz_pdf(const uint8_t *data, size_t size)
{
    struct input input = {data, size < 2000 ? size : 2000};
    struct arena arena;
    struct buffer out = {0};
    arena_init(&arena);
    struct document document = make_document(&input, &arena);
    document_pdf(&document, &out);
    REQUIRE(!buffer_failed(&out) && !arena_failed(&arena), "memory");
    REQUIRE(out.length > 100 && memcmp(out.data, "%PDF-1.", 7) == 0, "it is no PDF");
    REQUIRE(memmem(out.data + out.length - 20, 20, "%%EOF", 5), "it does not end");
    buffer_finish(&out);
    arena_finish(&arena);
}

void fuzz_plot(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena arena;
    struct buffer out = {0};
    arena_init(&arena);
    const struct plot *plot = make_plot(&input, &arena);
    plot_render(&out, plot);
    REQUIRE(!buffer_failed(&out), "memory");
    markup_check_page(out.data, out.length);
    buffer_finish(&out);
    arena_finish(&arena);
}
