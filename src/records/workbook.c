#include "workbook.h"

#include "late_functions.h"

#include "reviewd/zip.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { ROOM_BYTES = 1 << 20, PIECE_BYTES = 4096 };

/* --- made by the library -------------------------------------------------------------------------------------------
 */

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

static void put_head(lxw_workbook *book, lxw_worksheet *sheet, const struct column *columns, size_t count)
{
    lxw_format *bold = late.workbook_add_format(book);
    if (bold)
        late.format_set_bold(bold);
    for (size_t i = 0; i < count; i++) {
        const struct column *column = &columns[i];
        char name[120];
        snprintf(name, sizeof name, "%s%s%s", column->field->name, column->member ? "." : "",
                 column->member ? column->member->name : "");
        double width = column_width(column);
        double least = (double)strlen(name) + 4; /* the filter's button */
        late.worksheet_set_column(sheet, (lxw_col_t)i, (lxw_col_t)i, width < least ? least : width, NULL);
        late.worksheet_write_string(sheet, 0, (lxw_col_t)i, name, bold);
    }
    late.worksheet_freeze_panes(sheet, 1, 0);
    late.worksheet_autofilter(sheet, 0, 0, WORKBOOK_ROWS_MAX - 1, (lxw_col_t)(count - 1));
}

/* A second row whose first cells have the two formats: by them the numbers of those are learnt. */
static bool put_styles(lxw_workbook *book, lxw_worksheet *sheet)
{
    static const char *const formats[] = {"yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss.000"};
    for (size_t i = 0; i < 2; i++) {
        lxw_format *format = late.workbook_add_format(book);
        if (!format)
            return false;
        late.format_set_num_format(format, formats[i]);
        if (late.worksheet_write_number(sheet, 1, (lxw_col_t)i, 1, format) != LXW_NO_ERROR)
            return false;
    }
    return true;
}

static bool make(const char *path, const struct column *columns, size_t count, const char *folder, const char *title,
                 const struct instant *now)
{
    /* Texts stand in their cells then, and not in a part of their own. */
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = (char *)(uintptr_t)folder};
    lxw_workbook *book = late.workbook_new_opt(path, &options);
    if (!book)
        return false;
    lxw_doc_properties properties = {.title = (char *)(uintptr_t)title};
    struct date epoch = {"1970-01-01"};
    struct date today = instant_date(now);
    properties.created = (time_t)(date_days(&today) - date_days(&epoch)) * 86400;
    late.workbook_set_properties(book, &properties);
    lxw_worksheet *sheet = late.workbook_add_worksheet(book, title);
    bool fine = sheet && sheet->optimize_tmpfile && (put_head(book, sheet, columns, count), put_styles(book, sheet));
    if (!fine) {
        late.lxw_workbook_free(book);
        return false;
    }
    /* One at a time: it asks gmtime(), whose answer belongs to all threads. */
    static pthread_mutex_t packing = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&packing);
    fine = late.workbook_close(book) == LXW_NO_ERROR;
    pthread_mutex_unlock(&packing);
    return fine;
}

/* --- taken apart ---------------------------------------------------------------------------------------------------
 */

static bool read_part(struct unzip *unzip, struct workbook_part *part)
{
    ssize_t length;
    do {
        if (!buffer_reserve(&part->text, PIECE_BYTES + 1))
            return false;
        length = unzip_read(unzip, part->text.data + part->text.length, PIECE_BYTES);
        part->text.length += length > 0 ? (size_t)length : 0;
    } while (length > 0);
    part->text.data[part->text.length] = '\0';
    /* Whole, since the library does not look whether its temporary files had room. */
    char last = part->text.length ? part->text.data[part->text.length - 1] : '\0';
    return length == 0 && (last == '>' || last == '\n');
}

static bool read_parts(struct workbook *workbook, const char *path)
{
    char message[200];
    const char *name;
    struct unzip *unzip = unzip_open(path, message, sizeof message);
    enum unzip_next next = unzip ? UNZIP_FILE : UNZIP_BROKEN;
    while (next == UNZIP_FILE && (next = unzip_next(unzip, &name)) == UNZIP_FILE) {
        if (!name || strlen(name) >= sizeof workbook->parts[0].name || workbook->count == WORKBOOK_PARTS_MAX)
            break;
        struct workbook_part *part = &workbook->parts[workbook->count++];
        memcpy(part->name, name, strlen(name) + 1);
        if (!read_part(unzip, part))
            break;
    }
    unzip_close(unzip);
    return next == UNZIP_END;
}

static const struct workbook_part *part_named(const struct workbook *workbook, const char *name)
{
    for (size_t i = 0; i < workbook->count; i++) {
        if (strcmp(workbook->parts[i].name, name) == 0)
            return &workbook->parts[i];
    }
    return NULL;
}

static long style_of(const char *text, const char *cell)
{
    const char *at = strstr(text, cell);
    return at ? strtol(at + strlen(cell), NULL, 10) : 0;
}

/* How far the sheet goes is known when its last row is, and said without need: so it is left out. */
static void drop_dimension(struct buffer *text)
{
    char *from = strstr(text->data, "<dimension ");
    char *to = from ? strstr(from, "/>") : NULL;
    if (!to)
        return;
    to += 2;
    memmove(from, to, (size_t)(text->data + text->length + 1 - to));
    text->length -= (size_t)(to - from);
}

static bool take_apart(struct workbook *workbook)
{
    workbook->book = part_named(workbook, "xl/workbook.xml");
    workbook->sheet = part_named(workbook, "xl/worksheets/sheet1.xml");
    if (!workbook->book || !workbook->sheet)
        return false;
    drop_dimension(&workbook->parts[workbook->sheet - workbook->parts].text);
    const char *text = workbook->sheet->text.data;
    const char *styles = strstr(text, "<row r=\"2\"");
    const char *tail = strstr(text, "</sheetData>");
    if (!styles || !tail || tail < styles)
        return false;
    workbook->sheet_head = (size_t)(styles - text);
    workbook->sheet_tail = (size_t)(tail - text);
    workbook->date_style = style_of(styles, "<c r=\"A2\" s=\"");
    workbook->instant_style = style_of(styles, "<c r=\"B2\" s=\"");
    return workbook->date_style > 0 && workbook->instant_style > 0;
}

static bool has_room(const char *folder)
{
    struct statvfs disk;
    return statvfs(folder, &disk) == 0 && disk.f_bavail * disk.f_frsize >= ROOM_BYTES;
}

bool workbook_make(struct workbook *ret_workbook, const struct column *columns, size_t count, const char *folder,
                   const char *title, const struct instant *now)
{
    char path[40];
    *ret_workbook = (struct workbook){0};
    int file = late_load(LATE_XLSXWRITER) && has_room(folder) ? memfd_create("workbook", MFD_CLOEXEC) : -1;
    if (file < 0)
        return false;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    bool fine =
        make(path, columns, count, folder, title, now) && read_parts(ret_workbook, path) && take_apart(ret_workbook);
    close(file);
    if (!fine)
        workbook_finish(ret_workbook);
    return fine;
}

void workbook_put_ranges(struct buffer *buffer, const char *text, size_t length, int64_t rows)
{
    static const char most[] = "1048576";
    const char *end = text + length;
    const char *at;
    while ((at = memmem(text, (size_t)(end - text), most, sizeof most - 1))) {
        buffer_add(buffer, text, (size_t)(at - text));
        json_put_integer(buffer, rows);
        text = at + sizeof most - 1;
    }
    buffer_add(buffer, text, (size_t)(end - text));
}

void workbook_finish(struct workbook *workbook)
{
    for (size_t i = 0; i < workbook->count; i++)
        buffer_finish(&workbook->parts[i].text);
    workbook->count = 0;
}
