#include "reviewd/csv.h"

/* What a spreadsheet may take for the beginning of a formula, in UTF-8. */
static bool begins_formula(const char *text)
{
    static const char *const wide[] = {"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"}; /* = + - @ */
    if (*text && strchr("=+-@\t\r\n", *text))
        return true;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        if (strncmp(text, wide[i], 3) == 0)
            return true;
    }
    return false;
}

bool csv_is_risky(const char *text)
{
    return begins_formula(text + strspn(text, "' "));
}

const char *csv_text(const char *cell)
{
    return *cell == '\'' && csv_is_risky(cell) ? cell + 1 : cell;
}

/* Where a cell has to be quoted, beside the quote: what RFC 4180 says, and what others than commas part cells by. */
static bool is_plain(const char *text, size_t length)
{
    if (!length || text[0] == ' ' || text[length - 1] == ' ')
        return false;
    for (size_t i = 0; i < length; i++) {
        switch (text[i]) {
        case '"':
        case ',':
        case ';':
        case '\t':
        case '\r':
        case '\n':
            return false;
        default:
            break;
        }
    }
    return true;
}

static void put_cell(struct buffer *buffer, const char *before, const char *text, size_t length)
{
    if (is_plain(text, length)) {
        buffer_put(buffer, before);
        buffer_add(buffer, text, length);
        return;
    }
    buffer_char(buffer, '"');
    buffer_put(buffer, before);
    while (length) {
        const char *quote = memchr(text, '"', length);
        size_t part = quote ? (size_t)(quote - text) + 1 : length;
        buffer_add(buffer, text, part);
        if (quote)
            buffer_char(buffer, '"');
        text += part;
        length -= part;
    }
    buffer_char(buffer, '"');
}

void csv_cell(struct buffer *buffer, const char *text, size_t length)
{
    if (text && length)
        put_cell(buffer, csv_is_risky(text) ? "'" : "", text, length);
}

void csv_value(struct buffer *buffer, const char *text, size_t length)
{
    put_cell(buffer, "", text, length);
}
