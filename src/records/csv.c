#include "reviewd/csv.h"

static bool is_guarded(char first)
{
    return first && strchr("=+-@\t\r\n'", first);
}

void csv_cell(struct buffer *buffer, const char *text, size_t length)
{
    if (!text || !length)
        return;
    bool guarded = is_guarded(text[0]);
    bool quoted = false;
    for (size_t i = 0; i < length && !quoted; i++)
        quoted = text[i] == '"' || text[i] == ',' || text[i] == '\r' || text[i] == '\n';
    /* White space at an end is kept by every reader where it is quoted. */
    quoted = quoted || text[0] == ' ' || text[0] == '\t' || text[length - 1] == ' ' || text[length - 1] == '\t';
    if (quoted)
        buffer_char(buffer, '"');
    if (guarded)
        buffer_char(buffer, '\'');
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"')
            buffer_char(buffer, '"');
        buffer_char(buffer, text[i]);
    }
    if (quoted)
        buffer_char(buffer, '"');
}
