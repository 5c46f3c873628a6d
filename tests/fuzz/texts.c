/* Writers of texts, and what their readers take back: cells, lines of a calendar, Markdown. */
#include "fuzz.h"

#include "records/icalendar.h"
#include "records/narrative.h"
#include "reviewd/csv.h"

/* --- CSV -----------------------------------------------------------------------------------------------------------
 */

/* The text of one cell as RFC 4180 reads it, in the arena. */
static char *read_cell(struct arena *arena, const char *cell)
{
    char *text = arena_text(arena, cell);
    char *to = text;
    if (*cell != '"') {
        REQUIRE(!strpbrk(cell, "\",\r\n"), "'%s' is to be quoted", cell);
        return text;
    }
    for (cell++;; cell++) {
        if (*cell == '"') {
            if (cell[1] != '"') {
                REQUIRE(!cell[1], "'%s' follows the cell", cell + 1);
                break;
            }
            cell++;
        }
        REQUIRE(*cell, "a cell does not end");
        *to++ = *cell;
    }
    *to = '\0';
    return text;
}

/* A text comes back as it was, and no spreadsheet takes its cell for a formula. */
void fuzz_csv(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena arena;
    struct buffer out = {0};
    arena_init(&arena);
    const char *text = input_text(&input, &arena);
    csv_cell(&out, text, strlen(text));
    buffer_char(&out, '\0');
    const char *shown = read_cell(&arena, out.data);
    const char *at = shown + strspn(shown, " ");
    REQUIRE(!*at || !strchr("=+-@\t\r\n", *at), "'%s' is a formula", shown);
    REQUIRE(strcmp(csv_text(shown), text) == 0, "'%s' has become '%s'", text, csv_text(shown));
    out.length = 0;
    csv_value(&out, text, strlen(text));
    buffer_char(&out, '\0');
    REQUIRE(strcmp(read_cell(&arena, out.data), text) == 0, "the value '%s' has become another", text);
    buffer_finish(&out);
    arena_finish(&arena);
}

/* --- calendars -----------------------------------------------------------------------------------------------------
 */

/* Unfolds a content line (RFC 5545, 3.1), which has to be one. */
static char *unfold(struct arena *arena, const struct buffer *out)
{
    char *line = arena_alloc(arena, out->length + 1);
    char *to = line;
    size_t octets = 0;
    for (size_t i = 0; i < out->length; i++) {
        bool ends = i + 1 < out->length && memcmp(out->data + i, "\r\n", 2) == 0;
        if (ends) {
            REQUIRE(octets <= 75, "a line has %zu octets", octets);
            REQUIRE(text_is_utf8(out->data + i - octets, octets), "a character is torn apart");
            octets = 0;
            i++;
            if (i + 1 < out->length) {
                REQUIRE(out->data[i + 1] == ' ', "a second line begins");
                octets = 1;
                i++;
            }
            continue;
        }
        unsigned char c = (unsigned char)out->data[i];
        REQUIRE(c >= 0x20 || c == '\t', "a control character: %02x", c);
        octets++;
        *to++ = out->data[i];
    }
    REQUIRE(octets == 0, "the line does not end");
    *to = '\0';
    return line;
}

/* A text as its reader has it (3.3.11). */
static void unescape(char *text)
{
    char *to = text;
    for (; *text; text++) {
        REQUIRE(!strchr(";,", *text), "a bare %c", *text);
        if (*text == '\\') {
            text++;
            REQUIRE(*text && strchr("\\;,nN", *text), "an escape of '%c'", *text);
            *to++ = *text == 'n' || *text == 'N' ? '\n' : *text;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
}

void fuzz_calendar(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena arena;
    struct buffer out = {0}, wanted = {0};
    arena_init(&arena);
    const char *text = input_text(&input, &arena);
    struct icalendar calendar = {.out = &out};
    icalendar_put_text(&calendar, "SUMMARY", text);
    char *line = unfold(&arena, &out);
    REQUIRE(strncmp(line, "SUMMARY:", 8) == 0, "another property: %s", line);
    unescape(line + 8);
    for (const char *at = text; *at; at++) {
        if (*at == '\r' || *at == '\n') {
            buffer_char(&wanted, '\n');
            at += at[0] == '\r' && at[1] == '\n';
        } else if (((unsigned char)*at < 0x20 && *at != '\t') || *at == 0x7F) {
            buffer_put(&wanted, "\uFFFD");
        } else {
            buffer_char(&wanted, *at);
        }
    }
    buffer_char(&wanted, '\0');
    REQUIRE(strcmp(line + 8, wanted.data) == 0, "'%s' has become '%s'", wanted.data, line + 8);
    buffer_finish(&out);
    buffer_finish(&wanted);
    arena_finish(&arena);
}

/* --- Markdown ------------------------------------------------------------------------------------------------------
 */

static void visit(void *context, const struct passage *passage)
{
    size_t *passages = context;
    size_t length = strlen(passage->text);
    size_t before = 0;
    ++*passages;
    REQUIRE(text_is_utf8(passage->text, length), "a passage is not UTF-8");
    for (const struct span *span = passage->spans; span; span = span->next) {
        REQUIRE(before <= span->from && span->from < span->to, "a span of %zu to %zu", span->from, span->to);
        before = span->to;
    }
    REQUIRE(passage->indent >= 0, "an indent of %d", passage->indent);
}

/* What anybody writes becomes harmless, and stays so when it is read as Markdown once more. */
void fuzz_markdown(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena arena;
    struct buffer html = {0}, markdown = {0}, again = {0};
    arena_init(&arena);
    int level = 2 + input_byte(&input) % 3;
    const char *text = input_text(&input, &arena);
    narrative_html(&html, &arena, text, level);
    REQUIRE(!buffer_failed(&html), "memory");
    /* Control characters are made visible before this (document_clean); the text by itself may have them. */
    for (size_t i = 0; i < html.length; i++) {
        if ((unsigned char)html.data[i] < 0x20)
            html.data[i] = ' ';
    }
    if (html.length)
        markup_check_page(html.data, html.length);
    narrative_markdown(&markdown, &arena, text, level);
    buffer_char(&markdown, '\0');
    REQUIRE(!buffer_failed(&markdown), "memory");
    narrative_html(&again, &arena, markdown.data, level);
    for (size_t i = 0; i < again.length; i++) {
        if ((unsigned char)again.data[i] < 0x20)
            again.data[i] = ' ';
    }
    if (again.length)
        markup_check_page(again.data, again.length);
    size_t passages = 0;
    narrative_walk(&arena, text, level, visit, &passages);
    REQUIRE(!arena_failed(&arena), "memory");
    buffer_finish(&html);
    buffer_finish(&markdown);
    buffer_finish(&again);
    arena_finish(&arena);
}
