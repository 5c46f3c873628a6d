#include "sheet.h"

#include "reviewd/csv.h"

void sheet_begin(struct sheet *sheet)
{
    sheet->in_row = false;
    if (sheet->mode == SHEET_JSON)
        buffer_char(sheet->buffer, '{');
}

void sheet_end(struct sheet *sheet)
{
    if (sheet->mode == SHEET_JSON)
        buffer_char(sheet->buffer, '}');
    else
        csv_line(sheet->buffer);
    sheet->in_row = true; /* of the row around it */
}

void sheet_member(struct sheet *sheet, const char *name)
{
    if (sheet->in_row)
        buffer_char(sheet->buffer, ',');
    sheet->in_row = true;
    if (sheet->mode == SHEET_JSON)
        buffer_format(sheet->buffer, "\"%s\":", name);
    else if (sheet->mode == SHEET_CSV_HEAD)
        buffer_put(sheet->buffer, name);
}

/* Whether a value is to follow, after writing what stands for one that is absent. */
static bool cell(struct sheet *sheet, const char *name, bool present)
{
    sheet_member(sheet, name);
    if (sheet->mode == SHEET_JSON && !present)
        buffer_put(sheet->buffer, "null");
    return present && sheet->mode != SHEET_CSV_HEAD;
}

void sheet_text(struct sheet *sheet, const char *name, const char *text)
{
    if (!cell(sheet, name, text != NULL))
        return;
    if (sheet->mode == SHEET_JSON)
        json_put_text(sheet->buffer, text, strlen(text));
    else
        csv_cell(sheet->buffer, text, strlen(text));
}

void sheet_id(struct sheet *sheet, const char *name, const struct id *id)
{
    sheet_text(sheet, name, id_is_set(id) ? id->text : NULL);
}

void sheet_date(struct sheet *sheet, const char *name, const struct date *date)
{
    sheet_text(sheet, name, date_is_set(date) ? date->text : NULL);
}

void sheet_count(struct sheet *sheet, const char *name, int64_t value)
{
    if (cell(sheet, name, true))
        json_put_integer(sheet->buffer, value);
}

void sheet_integer(struct sheet *sheet, const char *name, const struct integer *integer)
{
    if (cell(sheet, name, integer->known))
        json_put_integer(sheet->buffer, integer->value);
}

void sheet_number(struct sheet *sheet, const char *name, const struct number *number)
{
    if (cell(sheet, name, number->known))
        json_put_number(sheet->buffer, number->value);
}

void sheet_truth(struct sheet *sheet, const char *name, enum truth truth)
{
    if (cell(sheet, name, truth != TRUTH_UNKNOWN))
        buffer_put(sheet->buffer, truth == TRUTH_TRUE ? "true" : "false");
}
