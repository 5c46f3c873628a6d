/* Workbooks by libxlsxwriter, in its constant memory: rows go to a temporary file as they come. */
#include "column.h"
#include "late_functions.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    CELL_UNITS_MAX = 32767, /* UTF-16 code units, Excel's limit */
    ZIP64_FROM_BYTES = 1 << 30,
    ROOM_BESIDE_BYTES = 1 << 20,
};

struct xlsx {
    const struct resource *resource;
    struct column columns[COLUMNS_MAX];
    size_t count;
    lxw_workbook *workbook;
    lxw_worksheet *worksheet;
    lxw_format *date;
    lxw_format *instant;
    lxw_row_t rows; /* with the head */
    int file;
    struct buffer scratch;
};

static double column_width(const struct column *column)
{
    const struct field *field = column->member ? column->member : column->field;
    switch (field->kind) {
    case FIELD_KIND_DATE:
        return 12;
    case FIELD_KIND_INSTANT:
        return 24;
    case FIELD_KIND_REF:
        return 38;
    case FIELD_KIND_INTEGER:
    case FIELD_KIND_NUMBER:
    case FIELD_KIND_TRUTH:
    case FIELD_KIND_ENUM:
        return 16;
    case FIELD_KIND_TEXT:
        return field_max(field) <= 40 ? 16 : field_max(field) <= 200 ? 36 : 60;
    case FIELD_KIND_OBJECT:
    case FIELD_KIND_LIST:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_REFS:
    case FIELD_KIND_RAW:
        break;
    }
    return 60;
}

static void put_head(struct xlsx *xlsx)
{
    lxw_format *bold = late.workbook_add_format(xlsx->workbook);
    if (bold)
        late.format_set_bold(bold);
    for (size_t i = 0; i < xlsx->count; i++) {
        const struct column *column = &xlsx->columns[i];
        char name[120];
        snprintf(name, sizeof name, "%s%s%s", column->field->name, column->member ? "." : "",
                 column->member ? column->member->name : "");
        double width = column_width(column);
        double least = (double)strlen(name) + 4; /* the filter's button */
        late.worksheet_set_column(xlsx->worksheet, (lxw_col_t)i, (lxw_col_t)i, width < least ? least : width, NULL);
        late.worksheet_write_string(xlsx->worksheet, 0, (lxw_col_t)i, name, bold);
    }
    late.worksheet_freeze_panes(xlsx->worksheet, 1, 0);
}

/* A file without a name in the folder: it goes with the last who has it open. */
static int file_make(const char *folder)
{
    char path[4200];
    if (snprintf(path, sizeof path, "%s/sheet-XXXXXX", folder) >= (int)sizeof path)
        return -1;
    int file = mkostemp(path, O_CLOEXEC);
    if (file >= 0)
        unlink(path);
    return file;
}

static bool workbook_begin(struct xlsx *xlsx, const char *folder, const char *title, const struct instant *now)
{
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", xlsx->file);
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = (char *)(uintptr_t)folder};
    xlsx->workbook = late.workbook_new_opt(path, &options);
    if (!xlsx->workbook)
        return false;
    lxw_doc_properties properties = {.title = (char *)(uintptr_t)title};
    struct date epoch = {"1970-01-01"};
    struct date today = instant_date(now);
    properties.created = (time_t)(date_days(&today) - date_days(&epoch)) * 86400;
    late.workbook_set_properties(xlsx->workbook, &properties);
    xlsx->worksheet = late.workbook_add_worksheet(xlsx->workbook, title);
    xlsx->date = late.workbook_add_format(xlsx->workbook);
    xlsx->instant = late.workbook_add_format(xlsx->workbook);
    if (!xlsx->worksheet || !xlsx->worksheet->optimize_tmpfile || !xlsx->date || !xlsx->instant)
        return false;
    late.format_set_num_format(xlsx->date, "yyyy-mm-dd");
    late.format_set_num_format(xlsx->instant, "yyyy-mm-dd hh:mm:ss.000");
    put_head(xlsx);
    return true;
}

struct xlsx *xlsx_begin(const struct resource *resource, const char *folder, const char *title,
                        const struct instant *now)
{
    struct xlsx *xlsx = late_load(LATE_XLSXWRITER) ? calloc(1, sizeof *xlsx) : NULL;
    if (!xlsx)
        return NULL;
    xlsx->resource = resource;
    xlsx->count = columns_of(resource, xlsx->columns);
    xlsx->rows = 1;
    xlsx->file = file_make(folder);
    if (xlsx->file >= 0 && workbook_begin(xlsx, folder, title, now))
        return xlsx;
    xlsx_drop(xlsx);
    return NULL;
}

/* --- cells ------------------------------------------------------------------------------------------------------- */

/* "2026-11-21" or "2026-11-21T18:46:00.123Z"; the format's calendar begins in 1900, and what is older stays a text. */
static bool put_time(struct xlsx *xlsx, lxw_col_t column, const char *text, bool instant)
{
    lxw_datetime at = {0};
    int milliseconds = 0;
    int parts = sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2lf", &at.year, &at.month, &at.day, &at.hour, &at.min, &at.sec);
    if (parts < (instant ? 6 : 3) || at.year < 1900)
        return false;
    if (instant && sscanf(text + 20, "%3d", &milliseconds) == 1)
        at.sec += milliseconds / 1000.0;
    late.worksheet_write_datetime(xlsx->worksheet, xlsx->rows, column, &at, instant ? xlsx->instant : xlsx->date);
    return true;
}

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

/* The next of the two characters that a text may have and XML may not, U+FFFE and U+FFFF: one makes all of a sheet
 * unreadable. */
static char *next_foreign(char *text)
{
    while ((text = strstr(text, "\xEF\xBF")) && text[2] != '\xBE' && text[2] != '\xBF')
        text += 2;
    return text;
}

/* Whether a text says _xHHHH_ there: by that the format writes characters that XML has not, and so reads it as one. The
 * library writes such a character so, whose escape then brings the last letter. */
static bool is_escape(const char *text, size_t length)
{
    if (length < 7 || memcmp(text, "_x", 2) != 0)
        return false;
    unsigned char last = (unsigned char)text[6];
    bool ends = last == '_' || (last < 0x20 && last != '\t' && last != '\n');
    return ends && strspn(text + 2, "0123456789abcdefABCDEF") >= 4;
}

static void put_escaped(struct buffer *text, const char *from, size_t length)
{
    size_t done = 0;
    for (size_t i = 0; i < length; i++) {
        if (!is_escape(from + i, length - i))
            continue;
        buffer_add(text, from + done, i - done);
        buffer_put(text, "_x005F"); /* its first letter, as an escape */
        done = i;
    }
    buffer_add(text, from + done, length - done);
}

static bool put_text(struct xlsx *xlsx, lxw_col_t column, const struct cell *cell)
{
    static const char note[] = " [cut: the whole text is in the other formats]";
    struct buffer text = {0};
    put_escaped(&text, cell->text, cell->length);
    bool fits = bytes_that_fit(text.data, text.length, CELL_UNITS_MAX) == text.length;
    if (!fits)
        text.length = bytes_that_fit(text.data, text.length, CELL_UNITS_MAX - sizeof note);
    buffer_put(&text, fits ? "" : note);
    buffer_char(&text, '\0');
    bool fine = !buffer_failed(&text);
    for (char *at = fine ? next_foreign(text.data) : NULL; at; at = next_foreign(at))
        at[2] = '\xBD'; /* U+FFFD stands in its place */
    fine = fine && late.worksheet_write_string(xlsx->worksheet, xlsx->rows, column, text.data, NULL) == LXW_NO_ERROR;
    buffer_finish(&text);
    return fine;
}

static bool put_cell(struct xlsx *xlsx, lxw_col_t column, enum field_kind kind, const struct cell *cell)
{
    if (!cell->is_set)
        return true;
    if (cell->bare)
        return put_text(xlsx, column, cell);
    switch (kind) {
    case FIELD_KIND_INTEGER:
    case FIELD_KIND_NUMBER:
        return late.worksheet_write_number(xlsx->worksheet, xlsx->rows, column, cell->number, NULL) == LXW_NO_ERROR;
    case FIELD_KIND_TRUTH:
        return late.worksheet_write_boolean(xlsx->worksheet, xlsx->rows, column, cell->truth, NULL) == LXW_NO_ERROR;
    case FIELD_KIND_DATE:
    case FIELD_KIND_INSTANT:
        return put_time(xlsx, column, cell->text, kind == FIELD_KIND_INSTANT) || put_text(xlsx, column, cell);
    default:
        return put_text(xlsx, column, cell);
    }
}

bool xlsx_add(struct xlsx *xlsx, const void *record)
{
    bool fine = xlsx->rows <= XLSX_ROWS_MAX;
    for (size_t i = 0; fine && i < xlsx->count; i++) {
        struct cell cell = cell_of(&xlsx->columns[i], record, &xlsx->scratch);
        fine = put_cell(xlsx, (lxw_col_t)i, column_kind(&xlsx->columns[i]), &cell);
    }
    xlsx->rows++;
    return fine && !buffer_failed(&xlsx->scratch) && !ferror(xlsx->worksheet->optimize_tmpfile);
}

/* --- the end ----------------------------------------------------------------------------------------------------- */

static void xlsx_free(struct xlsx *xlsx)
{
    buffer_finish(&xlsx->scratch);
    if (xlsx->file >= 0)
        close(xlsx->file);
    free(xlsx);
}

void xlsx_drop(struct xlsx *xlsx)
{
    if (!xlsx)
        return;
    if (xlsx->workbook)
        late.lxw_workbook_free(xlsx->workbook);
    xlsx_free(xlsx);
}

/* The library looks at errors of the packed file, but not at those of its other temporary file, a copy of the rows. */
static bool has_room(const struct xlsx *xlsx, long rows_length)
{
    struct statvfs disk;
    return fstatvfs(xlsx->file, &disk) == 0 && disk.f_bavail * disk.f_frsize >= (unsigned long)rows_length +
                                                                                    (unsigned long)rows_length / 2 +
                                                                                    ROOM_BESIDE_BYTES;
}

bool xlsx_finish(struct xlsx *xlsx, int *ret_file, int64_t *ret_length)
{
    FILE *rows = xlsx->worksheet->optimize_tmpfile;
    long length = fflush(rows) == 0 ? ftell(rows) : -1;
    if (length < 0 || ferror(rows) || !has_room(xlsx, length)) {
        xlsx_drop(xlsx);
        return false;
    }
    late.worksheet_autofilter(xlsx->worksheet, 0, 0, xlsx->rows - 1, (lxw_col_t)(xlsx->count - 1));
    xlsx->workbook->options.use_zip64 = length >= ZIP64_FROM_BYTES;
    /* One at a time: it asks gmtime(), whose answer belongs to all threads. */
    static pthread_mutex_t packing = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&packing);
    bool fine = late.workbook_close(xlsx->workbook) == LXW_NO_ERROR;
    pthread_mutex_unlock(&packing);
    int64_t packed = fine ? lseek(xlsx->file, 0, SEEK_END) : -1;
    if (packed > 0) {
        *ret_length = packed;
        *ret_file = xlsx->file;
        xlsx->file = -1;
    }
    xlsx_free(xlsx);
    return packed > 0;
}
