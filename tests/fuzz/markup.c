/* A reader of markup that takes nothing for granted: what our writers make has to be well-formed, whoever wrote what is
 * in it. */
#include "fuzz.h"

#include <ctype.h>
#include <strings.h>

enum { DEPTH_MAX = 600, NAME_MAX_BYTES = 60, ATTRIBUTES_MAX = 20 };

struct markup {
    const char *at;
    const char *end;
    char open[DEPTH_MAX][NAME_MAX_BYTES];
    size_t depth;
    bool page;
};

#define HERE(markup) (int)((markup)->end - (markup)->at < 60 ? (markup)->end - (markup)->at : 60), (markup)->at

static bool begins(const struct markup *markup, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(markup->end - markup->at) >= length && memcmp(markup->at, text, length) == 0;
}

/* &amp; and the like; numbers. */
static void take_entity(struct markup *markup)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&nbsp;"};
    for (int i = 0; i < ROWS(known); i++) {
        if (begins(markup, known[i])) {
            markup->at += strlen(known[i]);
            return;
        }
    }
    const char *at = markup->at + 1;
    bool hex = at + 1 < markup->end && at[0] == '#' && at[1] == 'x';
    REQUIRE(at < markup->end && *at == '#', "a bare &: %.*s", HERE(markup));
    at += 1 + hex;
    const char *from = at;
    while (at < markup->end && (hex ? isxdigit((unsigned char)*at) : isdigit((unsigned char)*at)))
        at++;
    REQUIRE(at > from && at < markup->end && *at == ';', "a bare &: %.*s", HERE(markup));
    long number = strtol(from, NULL, hex ? 16 : 10);
    REQUIRE(number >= 0x20 || number == 9 || number == 10 || number == 13, "&#%ld; is no character", number);
    markup->at = at + 1;
}

static size_t take_name(struct markup *markup, char ret_name[NAME_MAX_BYTES])
{
    size_t length = 0;
    while (markup->at < markup->end && length < NAME_MAX_BYTES - 1 &&
           (isalnum((unsigned char)*markup->at) || strchr("-_:", *markup->at)))
        ret_name[length++] = *markup->at++;
    ret_name[length] = '\0';
    REQUIRE(length && !isdigit((unsigned char)ret_name[0]), "a bare <: %.*s", HERE(markup));
    return length;
}

static void skip_space(struct markup *markup)
{
    while (markup->at < markup->end && strchr(" \t\r\n", *markup->at))
        markup->at++;
}

/* What may stand on a page. */
static void check_element(const char *name)
{
    static const char *const elements[] = {
        "html", "head", "meta", "title",   "style",    "body",   "main",   "footer",     "div",    "p",
        "h1",   "h2",   "h3",   "h4",      "h5",       "h6",     "dl",     "dt",         "dd",     "table",
        "tr",   "th",   "td",   "caption", "svg",      "thead",  "tbody",  "desc",       "g",      "rect",
        "line", "path", "text", "ul",      "polyline", "ol",     "li",     "tspan",      "figure", "pre",
        "code", "em",   "a",    "br",      "hr",       "circle", "strong", "blockquote",
    };
    for (int i = 0; i < ROWS(elements); i++) {
        if (strcmp(name, elements[i]) == 0)
            return;
    }
    REQUIRE(false, "there is no place for <%s>", name);
}

static void check_attribute(const char *name, const char *value)
{
    REQUIRE(strncasecmp(name, "on", 2) != 0 && strcasecmp(name, "src") != 0 && strcasecmp(name, "srcdoc") != 0,
            "%s would run or fetch something", name);
    bool leads = strcasecmp(name, "href") == 0 || strcasecmp(name, "xlink:href") == 0;
    REQUIRE(!leads || !*value || strncasecmp(value, "http:", 5) == 0 || strncasecmp(value, "https:", 6) == 0 ||
                strncasecmp(value, "mailto:", 7) == 0,
            "a link to %.40s", value);
}

static void take_attribute(struct markup *markup, const char *name)
{
    REQUIRE(begins(markup, "=\""), "%s has no quoted value: %.*s", name, HERE(markup));
    markup->at += 2;
    if (markup->page)
        check_attribute(name, markup->at);
    while (markup->at < markup->end && *markup->at != '"') {
        REQUIRE(*markup->at != '<', "a < in %s: %.*s", name, HERE(markup));
        if (*markup->at == '&')
            take_entity(markup);
        else
            markup->at++;
    }
    REQUIRE(markup->at < markup->end, "%s does not end", name);
    markup->at++;
}

static void take_attributes(struct markup *markup)
{
    char names[ATTRIBUTES_MAX][NAME_MAX_BYTES];
    for (size_t count = 0;; count++) {
        const char *before = markup->at;
        skip_space(markup);
        if (begins(markup, ">") || begins(markup, "/>"))
            return;
        REQUIRE(markup->at > before && count < ATTRIBUTES_MAX, "an attribute does not begin: %.*s", HERE(markup));
        take_name(markup, names[count]);
        for (size_t i = 0; i < count; i++)
            REQUIRE(strcmp(names[i], names[count]) != 0, "%s is there twice", names[count]);
        take_attribute(markup, names[count]);
    }
}

static void take_tag(struct markup *markup)
{
    markup->at++;
    bool closes = begins(markup, "/");
    markup->at += closes;
    char name[NAME_MAX_BYTES];
    take_name(markup, name);
    if (closes) {
        REQUIRE(markup->depth && strcmp(markup->open[markup->depth - 1], name) == 0, "</%s> closes nothing", name);
        REQUIRE(begins(markup, ">"), "</%s does not end", name);
        markup->depth--;
        markup->at++;
        return;
    }
    if (markup->page)
        check_element(name);
    take_attributes(markup);
    if (begins(markup, "/>")) {
        markup->at += 2;
        return;
    }
    REQUIRE(markup->depth < DEPTH_MAX, "too deep");
    memcpy(markup->open[markup->depth++], name, sizeof name);
    markup->at++;
    if (strcmp(name, "style") == 0) { /* our own, up to its end */
        const char *end = memmem(markup->at, (size_t)(markup->end - markup->at), "</", 2);
        REQUIRE(end, "a style does not end");
        markup->at = end;
    }
}

static void check(const char *text, size_t length, bool page)
{
    static struct markup markup;
    markup.at = text;
    markup.end = text + length;
    markup.depth = 0;
    markup.page = page;
    REQUIRE(text_is_utf8(text, length), "it is not UTF-8");
    if (begins(&markup, "<?xml"))
        markup.at = strstr(text, "?>") + 2;
    if (begins(&markup, "<!DOCTYPE html>"))
        markup.at += 15;
    while (markup.at < markup.end) {
        unsigned char c = (unsigned char)*markup.at;
        REQUIRE(c >= 0x20 || c == '\t' || c == '\n' || c == '\r', "a control character: %02x", c);
        if (c == '<')
            take_tag(&markup);
        else if (c == '&')
            take_entity(&markup);
        else
            markup.at++;
    }
    REQUIRE(!markup.depth, "<%s> does not end", markup.open[markup.depth - 1]);
}

void markup_check(const char *text, size_t length)
{
    check(text, length, false);
}

void markup_check_page(const char *text, size_t length)
{
    check(text, length, true);
}
