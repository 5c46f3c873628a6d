/* A document as one HTML page (in the form that XML has, too): no script, nothing fetched; A4 on paper, a narrow column
 * on a phone, light or dark as the reader has it. */
#include "narrative.h"
#include "write.h"

static const char style[] =
    ":root{color-scheme:light dark;--ground:#fff;--text:#1b1b1b;--soft:#555;--line:#c9c9c9;--head:#f1f1f1;"
    "--warn:#a40000}"
    "@media(prefers-color-scheme:dark){:root{--ground:#16181b;--text:#e8e8e8;--soft:#b0b0b0;--line:#4a4d52;"
    "--head:#24272b;--warn:#ff9c8f}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;padding:1rem;max-width:60rem;background:var(--ground);color:var(--text);"
    "font:1rem/1.5 system-ui,'Noto Sans','DejaVu Sans',sans-serif;overflow-wrap:break-word}"
    "h1{font-size:1.6rem;line-height:1.25}h2{font-size:1.25rem;margin-top:2rem;border-bottom:1px solid var(--line)}"
    "h3{font-size:1.05rem;margin-top:1.5rem}h4,h5,h6{font-size:1rem}"
    ".draft{color:var(--warn);border:2px solid;padding:.4rem .7rem;font-weight:700}"
    ".stamp{display:none}"
    "dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.2rem 1rem;margin:.8rem 0}"
    "dt{color:var(--soft)}dd{margin:0;min-width:0}"
    ".wide{overflow-x:auto;margin:1rem 0}"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}"
    "caption{text-align:start;font-weight:600;padding:.3rem 0}"
    "th,td{border:1px solid var(--line);padding:.3rem .5rem;text-align:start;vertical-align:top;min-width:4.5rem}"
    "thead th{background:var(--head)}.n{text-align:end;font-variant-numeric:tabular-nums}"
    ".k{white-space:nowrap}td:last-child:not(.n){min-width:9rem}"
    "figure{display:inline-block;vertical-align:top;width:20rem;max-width:100%;margin:.8rem 1rem .8rem 0}figure "
    "svg{display:block;width:100%;height:auto}"
    ".told pre{overflow-x:auto;background:var(--head);padding:.5rem;white-space:pre-wrap}"
    ".told blockquote{margin:.5rem 0;padding-inline-start:1rem;border-inline-start:3px solid var(--line)}"
    "footer{margin-top:2.5rem;color:var(--soft);font-size:.85rem;border-top:1px solid var(--line)}"
    "@media(max-width:34rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}"
    "@page{size:A4;margin:18mm 16mm 20mm}"
    "@media print{:root{color-scheme:light;--ground:#fff;--text:#000;--soft:#444;--line:#999;--head:#eee;"
    "--warn:#a40000}"
    "body{max-width:none;padding:0;font-size:10pt}thead{display:table-header-group}"
    "tr,figure,dl{break-inside:avoid}h1,h2,h3,h4,caption{break-after:avoid}.wide{overflow:visible;padding:0 1px}"
    "a{color:inherit}p{orphans:2;widows:2}"
    "figure{width:8.3cm;margin-right:.4cm}dl{grid-template-columns:9rem 1fr}"
    "table{font-size:8.5pt}th,td{padding:2pt "
    "4pt}th,td:not(:last-child){min-width:0}footer{margin-top:1rem;break-before:avoid}"
    "h2{margin-top:1.2rem}h3{margin-top:1rem}h4{margin:.6rem 0 .2rem}tbody "
    "tr:first-child{break-before:avoid}p{margin:.3rem 0}"
    ".stamp{display:block;position:fixed;top:38%;left:0;width:100%;text-align:center;font-size:110pt;font-weight:700;"
    "color:rgba(164,0,0,.09)}}";

static void put_escaped(struct buffer *out, const char *text, const char *line_break)
{
    const char *from = text;
    const char *at = text;
    for (; *at; at++) {
        const char *instead = *at == '&'    ? "&amp;"
                              : *at == '<'  ? "&lt;"
                              : *at == '>'  ? "&gt;"
                              : *at == '"'  ? "&quot;"
                              : *at == '\'' ? "&#39;"
                              : *at == '\n' ? line_break
                                            : NULL;
        if (!instead)
            continue;
        buffer_add(out, from, (size_t)(at - from));
        buffer_put(out, instead);
        from = at + 1;
    }
    buffer_add(out, from, (size_t)(at - from));
}

static void put_text(struct buffer *out, const char *text)
{
    put_escaped(out, text, "<br/>\n");
}

/* Where there are no elements: in an attribute, in the page's title. */
static void put_line(struct buffer *out, const char *text)
{
    put_escaped(out, text, " ");
}

/* An element with a text that somebody wrote, which has a direction of its own. */
static void put_element(struct buffer *out, const char *name, const char *more, const char *text)
{
    buffer_format(out, "<%s%s dir=\"auto\">", name, more);
    put_text(out, text);
    buffer_format(out, "</%s>", name);
}

static void put_facts(struct buffer *out, const struct block *block)
{
    buffer_put(out, "<dl>\n");
    for (const struct fact *fact = block->facts; fact; fact = fact->next) {
        buffer_put(out, "<dt>");
        put_text(out, fact->name);
        buffer_put(out, "</dt>");
        put_element(out, "dd", "", fact->text);
        buffer_char(out, '\n');
    }
    buffer_put(out, "</dl>\n");
}

/* References, dates, a figure with its unit and the like: no place in them is one for a line to end. */
static bool is_key(const char *text, bool number)
{
    size_t length = strlen(text);
    return length <= 16 && (number || strcspn(text, " \n") == length);
}

static void put_cells(struct buffer *out, const struct block *block, const struct row *row)
{
    static const char *const classes[2][2][2] = {
        {{"", " class=\"k\""}, {" class=\"n\"", " class=\"n k\""}},
        {{" scope=\"row\"", " scope=\"row\" class=\"k\""},
         {" scope=\"row\" class=\"n\"", " scope=\"row\" class=\"n k\""}},
    };
    buffer_put(out, "<tr>");
    for (size_t i = 0; i < block->column_count; i++) {
        bool number = block->columns[i].number;
        const char *class = classes[i == 0][number][is_key(row->cells[i], number)];
        put_element(out, i ? "td" : "th", class, row->cells[i]);
    }
    buffer_put(out, "</tr>\n");
}

/* Wide tables scroll by themselves, which a keyboard has to be able to do as well. */
static void put_table(struct buffer *out, const struct block *block)
{
    buffer_put(out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"");
    put_line(out, block->text);
    buffer_put(out, "\"><table><caption>");
    put_text(out, block->text);
    buffer_put(out, "</caption>\n<thead><tr>");
    for (size_t i = 0; i < block->column_count; i++) {
        buffer_format(out, "<th scope=\"col\"%s>", block->columns[i].number ? " class=\"n\"" : "");
        put_text(out, block->columns[i].title);
        buffer_put(out, "</th>");
    }
    buffer_put(out, "</tr></thead>\n<tbody>\n");
    for (const struct row *row = block->rows; row; row = row->next)
        put_cells(out, block, row);
    buffer_put(out, "</tbody></table></div>\n");
}

static void put_block(struct buffer *out, const struct document *document, const struct block *block)
{
    switch (block->kind) {
    case BLOCK_HEADING:
        put_element(out, arena_format(document->arena, "h%d", block->level), "", block->text);
        buffer_char(out, '\n');
        return;
    case BLOCK_PLAIN:
        put_element(out, "p", "", block->text);
        buffer_char(out, '\n');
        return;
    case BLOCK_NARRATIVE:
        buffer_put(out, "<div class=\"told\" dir=\"auto\">\n");
        narrative_html(out, document->arena, block->text, block->level);
        buffer_put(out, "</div>\n");
        return;
    case BLOCK_FACTS:
        put_facts(out, block);
        return;
    case BLOCK_TABLE:
        put_table(out, block);
        return;
    case BLOCK_FIGURE:
        buffer_put(out, "<figure>\n");
        plot_render(out, block->plot);
        buffer_put(out, "\n</figure>\n");
        return;
    }
}

void document_html(const struct document *document, struct buffer *out)
{
    buffer_put(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<title>");
    put_line(out, document->reference);
    buffer_put(out, " \u00b7 ");
    put_line(out, document->title);
    buffer_put(out, document->draft ? " (DRAFT)</title>\n" : "</title>\n");
    buffer_put(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    if (document->author) {
        buffer_put(out, "<meta name=\"author\" content=\"");
        put_line(out, document->author);
        buffer_put(out, "\"/>\n");
    }
    buffer_format(out, "<meta name=\"dcterms.created\" content=\"%s\"/>\n<style>%s</style>\n</head>\n<body>\n<main>\n",
                  document->made_at, style);
    if (document->draft) {
        buffer_put(out, "<div class=\"stamp\" aria-hidden=\"true\">DRAFT</div>\n<p class=\"draft\">DRAFT: ");
        put_text(out, document->status);
        buffer_put(out, "</p>\n");
    }
    put_element(out, "h1", "", document->title);
    buffer_char(out, '\n');
    for (const struct block *block = document->blocks; block; block = block->next)
        put_block(out, document, block);
    buffer_put(out, "</main>\n<footer><p>");
    put_text(out, document->reference);
    buffer_put(out, " \u00b7 ");
    put_text(out, document->classification);
    buffer_put(out, document->draft ? " \u00b7 DRAFT</p></footer>\n" : "</p></footer>\n");
    buffer_put(out, "</body>\n</html>\n");
}
