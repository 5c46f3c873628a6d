#include "report.h"

struct sheet report_sheet(struct call *call)
{
    return (struct sheet){&call->response->body, call->format == FORMAT_CSV ? SHEET_CSV : SHEET_JSON, false};
}

bool report_answer(struct call *call)
{
    answer_formatted(call, 200);
    return true;
}

bool report_answer_plot(struct call *call, const struct plot *plot)
{
    if (arena_failed(call->arena)) /* its arrays may be missing */
        return false;
    plot_render(&call->response->body, plot);
    /* Nobody's text gets through; should it ever, it does not run. */
    response_add(call->response, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
    return report_answer(call);
}

struct number *plot_values(struct call *call, size_t count)
{
    return arena_array(call->arena, count + 1, sizeof(struct number));
}

const char *plain_words(struct call *call, const char *name)
{
    char *text = arena_text(call->arena, name);
    for (char *at = text; *at; at++)
        *at = *at == '_' ? ' ' : *at;
    return text;
}

void report_review_cells(struct sheet *sheet, const struct report_review *review)
{
    sheet_id(sheet, "review_id", &review->id);
    sheet_text(sheet, "review_reference", review->reference);
    sheet_text(sheet, "review_title", review->title);
    sheet_text(sheet, "review_type", review->type);
    sheet_text(sheet, "review_status", review->status);
    sheet_date(sheet, "planned_on", &review->planned_on);
    sheet_date(sheet, "held_on", &review->held_on);
}
