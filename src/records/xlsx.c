/* Sheets (ECMA-376, SpreadsheetML), made while they are read: libxlsxwriter makes all but the rows (workbook.h), which
 * are written here, and libarchive packs them as they come. What names the last row comes behind the rows. */
#include "workbook.h"

#include "reviewd/zip.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    CELL_UNITS_MAX = 32767, /* UTF-16 code units, Excel's limit */
    PACK_FROM_BYTES = 32 * 1024,
    TAIL_BYTES = 1 << 20, /* at most, by far */
    DAY_MS = 86400000,
};

/* Of a file that needs no Zip64. */
static const int64_t sheet_bytes_max = (1LL << 32) - 1 - TAIL_BYTES;

struct xlsx {
    const struct resource *resource;
    struct column columns[COLUMNS_MAX];
    char letters[COLUMNS_MAX][4];
    size_t count;
    struct workbook workbook;
    struct zip *zip;
    int64_t modified_s;
    int64_t rows;       /* with the head */
    int64_t length;     /* of the sheet, as far as it is packed */
    struct buffer text; /* of the sheet, still to be packed */
    struct buffer scratch;
};

/* "A" to "Z", then "AA" … */
static void name_columns(struct xlsx *xlsx)
{
    for (size_t i = 0; i < xlsx->count; i++) {
        char *at = xlsx->letters[i];
        if (i >= 26)
            *at++ = (char)('A' + i / 26 - 1);
        *at++ = (char)('A' + i % 26);
        *at = '\0';
    }
}

static bool put_part(struct xlsx *xlsx, const struct workbook_part *part)
{
    const struct zip_file file = {part->name, (int64_t)part->text.length, xlsx->modified_s, false};
    return zip_open(xlsx->zip, &file) && zip_add(xlsx->zip, part->text.data, part->text.length);
}

/* All that does not depend on the rows, and the sheet as far as its first one. */
static bool put_front(struct xlsx *xlsx)
{
    const struct workbook *workbook = &xlsx->workbook;
    for (size_t i = 0; i < workbook->count; i++) {
        const struct workbook_part *part = &workbook->parts[i];
        if (part != workbook->book && part != workbook->sheet && !put_part(xlsx, part))
            return false;
    }
    buffer_add(&xlsx->text, workbook->sheet->text.data, workbook->sheet_head);
    return zip_open(xlsx->zip, &(const struct zip_file){workbook->sheet->name, -1, xlsx->modified_s, false});
}

struct xlsx *xlsx_begin(struct buffer *out, const struct resource *resource, const char *folder, const char *title,
                        const struct instant *now)
{
    struct xlsx *xlsx = calloc(1, sizeof *xlsx);
    if (!xlsx)
        return NULL;
    struct date today = instant_date(now);
    xlsx->resource = resource;
    xlsx->count = columns_of(resource, xlsx->columns);
    xlsx->modified_s = date_days(&today) * (DAY_MS / 1000);
    xlsx->rows = 1;
    name_columns(xlsx);
    if (workbook_make(&xlsx->workbook, xlsx->columns, xlsx->count, folder, title, now)) {
        xlsx->zip = zip_begin(out, ZIP_PLAIN);
        if (xlsx->zip && put_front(xlsx))
            return xlsx;
    }
    xlsx_drop(xlsx);
    return NULL;
}

/* --- texts ------------------------------------------------------------------------------------------------------- */

/* The bytes of the text that a cell holds. */
static size_t bytes_that_fit(const char *text, size_t length, size_t units)
{
    size_t at = 0;
    while (at < length) {
        unsigned char lead = (unsigned char)text[at];
        size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        size_t needed = bytes == 4 ? 2 : 1;
        if (needed > units)
            return at;
        units -= needed;
        at += bytes;
    }
    return at;
}

/* Whether a text says _xHHHH_ there, which stands for a character (ST_Xstring, ECMA-376-1, 22.9.2.19). A character that
 * is written so itself begins with what may be its last letter. */
static bool is_escape(const char *text, size_t length)
{
    if (length < 7 || text[1] != 'x')
        return false;
    for (size_t i = 2; i < 6; i++) {
        if (!text[i] || !strchr("0123456789abcdefABCDEF", text[i]))
            return false;
    }
    unsigned char last = (unsigned char)text[6];
    return last == '_' || (last < 0x20 && last != '\t' && last != '\n');
}

/* Adds what stands for the character there where it cannot stand for itself; how many bytes it has, 0 where it can. XML
 * has no control characters, and neither U+FFFE nor U+FFFF, in whose place U+FFFD stands. */
static size_t put_special(struct buffer *buffer, const char *at, size_t length)
{
    unsigned char byte = (unsigned char)*at;
    switch (byte) {
    case '&':
        buffer_put(buffer, "&amp;");
        return 1;
    case '<':
        buffer_put(buffer, "&lt;");
        return 1;
    case '>':
        buffer_put(buffer, "&gt;");
        return 1;
    case '_':
        if (!is_escape(at, length))
            return 0;
        buffer_put(buffer, "_x005F_");
        return 1;
    case 0xEF:
        if (length < 3 || (unsigned char)at[1] != 0xBF || (unsigned char)at[2] < 0xBE)
            return 0;
        buffer_put(buffer, "\xEF\xBF\xBD");
        return 3;
    default:
        if (byte >= 0x20 || byte == '\t' || byte == '\n')
            return 0;
        buffer_format(buffer, "_x%04X_", byte);
        return 1;
    }
}

static void put_escaped(struct buffer *buffer, const char *text, size_t length)
{
    size_t done = 0;
    for (size_t i = 0; i < length;) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x20 && byte != '&' && byte != '<' && byte != '>' && byte != '_' && byte != 0xEF) {
            i++;
            continue;
        }
        buffer_add(buffer, text + done, i - done);
        size_t taken = put_special(buffer, text + i, length - i);
        done = i + taken;
        i += taken ? taken : 1;
    }
    buffer_add(buffer, text + done, length - done);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static void put_text(struct xlsx *xlsx, const struct cell *cell)
{
    static const char note[] = " [cut: the whole text is in the other formats]";
    struct buffer *buffer = &xlsx->text;
    size_t length = cell->length;
    bool fits = length <= CELL_UNITS_MAX || bytes_that_fit(cell->text, length, CELL_UNITS_MAX) == length;
    if (!fits)
        length = bytes_that_fit(cell->text, length, CELL_UNITS_MAX - sizeof note);
    bool edged = is_space(cell->text[0]) || is_space(cell->text[length - 1]);
    buffer_put(buffer, edged ? " t=\"inlineStr\"><is><t xml:space=\"preserve\">" : " t=\"inlineStr\"><is><t>");
    put_escaped(buffer, cell->text, length);
    buffer_put(buffer, fits ? "" : note);
    buffer_put(buffer, "</t></is></c>");
}

/* --- cells ------------------------------------------------------------------------------------------------------- */

/* Days since the one before 1900-01-01; where the format has 1900-02-29, which was none, it has come between. What is
 * older has no number. */
static int64_t day_number(const char *text)
{
    struct date date = {0};
    memcpy(date.text, text, sizeof date.text - 1);
    int64_t number = date_days(&date) + 25569;
    return number < 61 ? number - 1 : number;
}

static int64_t digits(const char *text, size_t count)
{
    int64_t number = 0;
    for (size_t i = 0; i < count; i++)
        number = number * 10 + (text[i] - '0');
    return number;
}

/* The milliseconds of the day in "2026-11-21T18:46:00.123Z". */
static int64_t time_ms(const char *text)
{
    return ((digits(text + 11, 2) * 60 + digits(text + 14, 2)) * 60 + digits(text + 17, 2)) * 1000 +
           digits(text + 20, 3);
}

static bool put_time(struct xlsx *xlsx, const struct cell *cell, bool instant)
{
    static const int64_t parts = 100000000000; /* of a day: eleven digits */
    struct buffer *buffer = &xlsx->text;
    int64_t day = cell->length >= (instant ? 24 : 10) ? day_number(cell->text) : 0;
    if (day < 1)
        return false;
    buffer_put(buffer, " s=\"");
    json_put_integer(buffer, instant ? xlsx->workbook.instant_style : xlsx->workbook.date_style);
    buffer_put(buffer, "\"><v>");
    json_put_integer(buffer, day);
    if (instant)
        buffer_format(buffer, ".%011lld", (long long)((time_ms(cell->text) * parts + DAY_MS / 2) / DAY_MS));
    buffer_put(buffer, "</v></c>");
    return true;
}

static void put_value(struct xlsx *xlsx, enum field_kind kind, const struct cell *cell)
{
    struct buffer *buffer = &xlsx->text;
    switch (cell->bare ? FIELD_KIND_TEXT : kind) {
    case FIELD_KIND_INTEGER:
    case FIELD_KIND_NUMBER:
        buffer_put(buffer, "><v>");
        json_put_number(buffer, cell->number);
        buffer_put(buffer, "</v></c>");
        return;
    case FIELD_KIND_TRUTH:
        buffer_put(buffer, cell->truth ? " t=\"b\"><v>1</v></c>" : " t=\"b\"><v>0</v></c>");
        return;
    case FIELD_KIND_DATE:
    case FIELD_KIND_INSTANT:
        if (!put_time(xlsx, cell, kind == FIELD_KIND_INSTANT))
            put_text(xlsx, cell);
        return;
    default:
        put_text(xlsx, cell);
    }
}

static bool pack_text(struct xlsx *xlsx)
{
    xlsx->length += (int64_t)xlsx->text.length;
    bool fine = !buffer_failed(&xlsx->text) && xlsx->length <= sheet_bytes_max &&
                zip_add(xlsx->zip, xlsx->text.data, xlsx->text.length);
    xlsx->text.length = 0;
    return fine;
}

bool xlsx_add(struct xlsx *xlsx, const void *record)
{
    struct buffer *buffer = &xlsx->text;
    char row[24];
    if (xlsx->rows > XLSX_ROWS_MAX)
        return false;
    xlsx->rows++;
    size_t row_length = (size_t)snprintf(row, sizeof row, "%lld\"", (long long)xlsx->rows);
    buffer_put(buffer, "<row r=\"");
    buffer_add(buffer, row, row_length);
    buffer_char(buffer, '>');
    for (size_t i = 0; i < xlsx->count; i++) {
        struct cell cell = cell_of(&xlsx->columns[i], record, &xlsx->scratch);
        enum field_kind kind = column_kind(&xlsx->columns[i]);
        bool worded = kind != FIELD_KIND_INTEGER && kind != FIELD_KIND_NUMBER && kind != FIELD_KIND_TRUTH;
        if (!cell.is_set || (worded && !cell.length)) /* an empty text is an empty cell */
            continue;
        buffer_put(buffer, "<c r=\"");
        buffer_put(buffer, xlsx->letters[i]);
        buffer_add(buffer, row, row_length);
        put_value(xlsx, kind, &cell);
    }
    buffer_put(buffer, "</row>");
    return !buffer_failed(&xlsx->scratch) && (buffer->length < PACK_FROM_BYTES || pack_text(xlsx));
}

/* --- the end ----------------------------------------------------------------------------------------------------- */

int64_t xlsx_written(const struct xlsx *xlsx)
{
    return xlsx->length + (int64_t)xlsx->text.length;
}

bool xlsx_finish(struct xlsx *xlsx)
{
    const struct workbook *workbook = &xlsx->workbook;
    const struct buffer *sheet = &workbook->sheet->text;
    workbook_put_ranges(&xlsx->text, sheet->data + workbook->sheet_tail, sheet->length - workbook->sheet_tail,
                        xlsx->rows);
    if (!pack_text(xlsx))
        return false;
    struct workbook_part book = {0};
    memcpy(book.name, workbook->book->name, sizeof book.name);
    workbook_put_ranges(&book.text, workbook->book->text.data, workbook->book->text.length, xlsx->rows);
    bool fine = !buffer_failed(&book.text) && put_part(xlsx, &book) && zip_finish(xlsx->zip);
    buffer_finish(&book.text);
    return fine;
}

void xlsx_drop(struct xlsx *xlsx)
{
    if (!xlsx)
        return;
    zip_close(xlsx->zip);
    workbook_finish(&xlsx->workbook);
    buffer_finish(&xlsx->text);
    buffer_finish(&xlsx->scratch);
    free(xlsx);
}
