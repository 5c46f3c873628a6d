#include "rows.h"

#include "reviewd/register.h"

#include <stdlib.h>

void rows_begin(struct rows *rows, struct call *call)
{
    const char *value = NULL;
    const char *id = NULL;
    rows->paged.call = call;
    if (rows_are_whole(rows)) {
        int cap = query_cap(call);
        rows->left = cap ? cap : -1;
        return;
    }
    rows->left = query_limit(call);
    if (query_get(call, "cursor") && cursor_read(call, &value, &id))
        rows->after = strtoll(value, NULL, 10);
}

bool query_newest_first(struct call *call)
{
    const char *sort = query_get(call, "sort");
    bool newest_first = sort && strcmp(sort, "-seq") == 0;
    if (sort && !newest_first && strcmp(sort, "seq") != 0)
        violation_add_parameter(&call->violations, "query.invalid", "sort", "'sort' takes seq or -seq.");
    return newest_first;
}

static bool page_is_full(const struct rows *rows)
{
    size_t cost = rows->paged.text.length - rows->page_began + rows->weight;
    return rows->left == 0 || (rows_are_whole(rows) && (rows->walked == PAGE_ROWS || cost >= PAGE_BYTES));
}

struct buffer *row_begin(struct rows *rows)
{
    struct call *call = rows->paged.call;
    if (page_is_full(rows)) {
        rows->more = true;
        return NULL;
    }
    rows->left -= rows->left > 0;
    rows->walked++;
    if (call->format == FORMAT_CSV) {
        rows->row.length = 0;
        return &rows->row;
    }
    if (call->format == FORMAT_NDJSON)
        return &rows->paged.text;
    if (rows->walked > 1)
        buffer_char(&call->response->body, ',');
    return &call->response->body;
}

bool row_end(struct rows *rows, int64_t number)
{
    struct call *call = rows->paged.call;
    struct buffer *text = &rows->paged.text;
    rows->after = number;
    if (call->format == FORMAT_JSON)
        return !buffer_failed(&call->response->body);
    if (call->format == FORMAT_NDJSON)
        buffer_char(text, '\n');
    else if (buffer_failed(&rows->row))
        text->failed = true;
    else
        csv_put_object(text, rows->columns, rows->row.data, rows->row.length);
    return !buffer_failed(text);
}

void rows_pause(struct rows *rows, int64_t number)
{
    rows->after = number;
    rows->more = true;
}

static bool next_page(struct paged *paged)
{
    struct rows *rows = (struct rows *)paged;
    rows->more = false;
    rows->walked = 0;
    rows->weight = 0;
    rows->page_began = paged->text.length;
    bool fine = rows->page(rows);
    paged->over = !rows->more || rows->left == 0;
    return fine && !buffer_failed(&paged->text);
}

static void end(struct paged *paged)
{
    buffer_finish(&((struct rows *)paged)->row);
}

static bool answer_page(struct rows *rows)
{
    struct call *call = rows->paged.call;
    struct buffer *body = &call->response->body;
    int64_t total = -1;
    buffer_put(body, "{\"data\":[");
    if (!rows->page(rows) || (query_is_true(call, "count") && !rows->count(rows, &total)))
        return false;
    const char *next =
        rows->more ? cursor_make(call, arena_format(call->arena, "%lld", (long long)rows->after), "") : NULL;
    if (!rows->ranked) {
        answer_list(call, body, next, total);
        return true;
    }
    buffer_put(body, "]}");
    answer_json(call, 200, body);
    return true;
}

bool answer_rows(struct rows *rows)
{
    struct paged *paged = &rows->paged;
    if (paged->call->violations.count) {
        answer_violations(paged->call);
        return true;
    }
    if (!rows_are_whole(rows))
        return answer_page(rows);
    paged->next = next_page;
    paged->end = end;
    if (paged->call->format == FORMAT_CSV) {
        buffer_put(&paged->text, rows->columns);
        buffer_put(&paged->text, "\r\n");
    }
    return answer_paged(paged);
}
