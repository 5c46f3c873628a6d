/* Whole lists, made while they are sent, page by page. No more than a page is held while the client reads it, and
 * nothing of the database: the next page begins behind the last row of the one before. */
#include "paged.h"

#include "worker.h"

#include <stdlib.h>

enum { CAP_MAX = 1000000000, SHORT_BYTES = 8192, TURNS_AT_ONCE = 2 };

int query_cap(struct call *call)
{
    static const char *const refused[] = {"cursor", "count"};
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        const char *value = query_get(call, refused[i]);
        if (value && strcmp(value, "false") != 0)
            violation_add_parameter(&call->violations, "query.invalid", refused[i],
                                    "'%s' is for pages of JSON; this format gives the whole list.", refused[i]);
    }
    const char *text = query_get(call, "limit");
    if (!text)
        return 0;
    char *end;
    long limit = strtol(text, &end, 10);
    bool fine = *text >= '0' && *text <= '9' && !*end && limit >= 1 && limit <= CAP_MAX;
    if (!fine)
        violation_add_parameter(&call->violations, "query.invalid", "limit", "'limit' is a number from 1 to %d.",
                                CAP_MAX);
    return fine ? (int)limit : 0;
}

static ssize_t read_paged(void *context, char *data, size_t size)
{
    struct paged *paged = context;
    if (paged->sent == paged->text.length && !paged->over) {
        paged->sent = paged->text.length = 0;
        if (!worker_look(paged->call->worker) || !paged->next(paged))
            return -1;
        if (!paged->text.length && !paged->over) /* nothing found, or nothing packed yet */
            return STREAM_LATER;
    }
    size_t left = paged->text.length - paged->sent;
    size_t part = left < size ? left : size;
    if (!part) /* the last page had nothing, and no text was ever needed */
        return 0;
    memcpy(data, paged->text.data + paged->sent, part);
    paged->sent += part;
    return (ssize_t)part;
}

void paged_end(struct paged *paged)
{
    if (paged->end)
        paged->end(paged);
    buffer_finish(&paged->text);
}

static void end_paged(void *context)
{
    paged_end(context);
}

/* "action-items-2026-11-21.csv": the path's last part, and today, or the day of as_of. */
static void add_disposition(struct call *call)
{
    if (call->format == FORMAT_NDJSON)
        return;
    response_add(call->response, "Content-Disposition",
                 arena_format(call->arena, "attachment; filename=\"%s-%s.%s\"", strrchr(call->route->path, '/') + 1,
                              call->today.text, formats[call->format].name));
}

bool answer_paged(struct paged *paged)
{
    struct call *call = paged->call;
    bool fine = paged->next(paged);
    /* What is short is made whole, if it was not so far to look for. */
    for (int turn = 1; turn < TURNS_AT_ONCE && fine && !paged->over && paged->text.length < SHORT_BYTES; turn++)
        fine = paged->next(paged);
    if (fine)
        add_disposition(call);
    if (fine && !paged->over) {
        const struct body_stream body = {read_paged, end_paged, paged, -1};
        answer_stream(call, 200, &body);
        return true;
    }
    if (fine) {
        buffer_add(&call->response->body, paged->text.data, paged->text.length);
        answer_formatted(call, 200);
    }
    paged_end(paged);
    return fine;
}
