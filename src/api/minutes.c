/* Agenda and minutes of a review: made when they are asked for, and of an approved revision those that its approval has
 * made and kept (9.3.3). */
#include "minutes.h"

#include "reviewd/digest.h"
#include "reviewd/failpoint.h"
#include "reviewd/late.h"
#include "reviewd/minutes.h"

#include <stdlib.h>

/* Nothing of it runs or is fetched; pictures are part of the page. */
static const char page_policy[] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
                                  "form-action 'none'; frame-ancestors 'none'";

static const struct {
    enum format format;
    const char *name; /* as the database and the review say it */
    const char *ending;
} forms[MINUTES_FORM_COUNT] = {
    [MINUTES_HTML] = {FORMAT_HTML, "html", "html"},
    [MINUTES_JSON] = {FORMAT_JSON, "json", "json"},
    [MINUTES_MARKDOWN] = {FORMAT_MARKDOWN, "markdown", "md"},
    [MINUTES_PDF] = {FORMAT_PDF, "pdf", "pdf"},
};

static enum minutes_form form_of(const struct call *call)
{
    enum minutes_form form = MINUTES_HTML;
    while (forms[form].format != call->format)
        form++;
    return form;
}

static bool expand(void *context, const struct resource *resource, void *record)
{
    return record_expand(context, resource, record);
}

static struct minutes_source source_of(struct call *call, const struct view *view, bool this_alone)
{
    return (struct minutes_source){.store = call->store,
                                   .arena = call->arena,
                                   .view = *view,
                                   .today = call->today,
                                   .now = *call_moment(call),
                                   .this_alone = this_alone,
                                   .imported = call->importing != NULL,
                                   .expand = expand,
                                   .context = call};
}

/* --- keeping -------------------------------------------------------------------------------------------------------
 */

/* The review as the approval leaves it, but for the digests, which cannot be part of what they are of. */
static struct review *as_approved(struct call *call, const struct review *review)
{
    struct review *shown = arena_alloc(call->arena, sizeof *shown);
    if (!shown)
        return NULL;
    *shown = *review;
    shown->record.version.value++;
    if (!call->importing) { /* which keeps the times of the past */
        shown->record.updated_at = call->now;
        shown->record.updated_by = call->caller.person_id;
    }
    shown->minutes_sha256 = (struct nested){0};
    return shown;
}

static bool keep_form(struct call *call, const struct review *review, struct minutes *minutes, enum minutes_form form,
                      bool extract, struct minutes_digests *digests)
{
    unsigned char digest[SHA256_BYTES];
    struct buffer body = {0};
    minutes_write(minutes, form, &body);
    body.failed |= FAILPOINT("minutes.render");
    struct kept_minutes kept = {.form = forms[form].name, .extract = extract, .body = body.data, .length = body.length};
    bool fine = !buffer_failed(&body) && !arena_failed(call->arena);
    call->arena->failed |= buffer_failed(&body);
    if (fine) {
        digest_sha256_of(body.data, body.length, digest);
        digest_hex(digest, sizeof digest, kept.sha256);
        const char *name = arena_format(call->arena, "%s%s", extract ? "extract_" : "", kept.form);
        const struct field *field = fields_find(minutes_digests_shape.fields, minutes_digests_shape.field_count, name);
        if (field)
            *(const char **)field_in(field, digests) = arena_text(call->arena, kept.sha256);
        fine = field && store_keep_minutes(call->store, review, &kept);
    }
    buffer_finish(&body);
    return fine;
}

static bool keep_part(struct call *call, const struct review *review, bool extract, struct minutes_digests *digests,
                      size_t *ret_outsiders)
{
    const struct minutes_source source = source_of(call, &view_all, extract);
    struct minutes *minutes = minutes_read(&source, review);
    if (!minutes)
        return false;
    for (enum minutes_form form = 0; form < MINUTES_FORM_COUNT; form++) {
        if (!keep_form(call, review, minutes, form, extract, digests))
            return false;
    }
    const struct outsider *outsiders = minutes_outsiders(minutes, ret_outsiders);
    for (size_t i = 0; i < *ret_outsiders; i++) {
        if (!store_keep_outsider(call->store, review, outsiders[i].resource, &outsiders[i].id))
            return false;
    }
    return true;
}

bool minutes_keep(struct call *call, struct review *review)
{
    if (!late_load(LATE_PANGO)) /* which says why */
        return false;
    struct minutes_digests *digests = arena_alloc(call->arena, sizeof *digests);
    const struct review *shown = as_approved(call, review);
    size_t outsiders = 0, none = 0;
    if (!digests || !shown || !keep_part(call, shown, false, digests, &outsiders))
        return false;
    if (outsiders && !keep_part(call, shown, true, digests, &none))
        return false;
    review->minutes_sha256 = (struct nested){.items = digests, .count = 1};
    return nested_render(call->arena, resource_field_named(&review_resource, "minutes_sha256"),
                         &review->minutes_sha256);
}

/* --- answers -------------------------------------------------------------------------------------------------------
 */

static void answer_document(struct call *call, const struct review *review, int64_t revision, const char *kind)
{
    const char *ending = forms[form_of(call)].ending;
    answer_formatted(call, 200);
    if (call->format == FORMAT_HTML)
        response_add(call->response, "Content-Security-Policy", page_policy);
    if (call->format != FORMAT_JSON)
        response_add(call->response, "Content-Disposition",
                     arena_format(call->arena, "inline; filename=\"%s-r%lld-%s.%s\"", review->record.reference,
                                  (long long)revision, kind, ending));
}

enum found minutes_kept(struct call *call, const struct id *review, int64_t revision, enum minutes_form form,
                        struct arena *arena, struct kept_minutes *ret_minutes)
{
    struct kept_minutes kept = {.form = forms[form].name};
    bool sees;
    if (!store_sees_outsiders(call->store, review, revision, &call->view, arena, &sees))
        return BROKEN;
    kept.extract = !sees;
    enum found found = store_kept_minutes(call->store, review, revision, arena, &kept);
    if (found == FOUND)
        *ret_minutes = kept;
    return found;
}

/* The minutes that were kept at that revision's approval. */
static enum found answer_kept(struct call *call, const struct review *review, int64_t revision)
{
    struct kept_minutes kept;
    enum found found = minutes_kept(call, &review->record.id, revision, form_of(call), call->arena, &kept);
    if (found != FOUND)
        return found;
    buffer_add(&call->response->body, kept.body, kept.length);
    answer_document(call, review, revision, "minutes");
    response_add(call->response, "ETag", arena_format(call->arena, "\"%s\"", kept.sha256));
    response_add(call->response, "Cache-Control", "private, no-cache"); /* with which the tag is as it is here */
    return FOUND;
}

struct minutes *minutes_fresh(struct call *call, struct review *review, struct arena *arena)
{
    struct minutes_source *source = arena_alloc(arena, sizeof *source);
    if (!source || !record_expand(call, &review_resource, review))
        return NULL;
    *source = source_of(call, &call->view, false);
    source->arena = arena;
    return minutes_read(source, review);
}

static bool answer_fresh(struct call *call, struct review *review, bool agenda)
{
    if (call->format == FORMAT_PDF && !late_load(LATE_PANGO)) {
        answer_problem(call, 503, NULL,
                       "A library that PDF is made with is not there; take another format until it is installed.");
        return true;
    }
    struct minutes *minutes = minutes_fresh(call, review, call->arena);
    if (!minutes)
        return false;
    (agenda ? agenda_write : minutes_write)(minutes, form_of(call), &call->response->body);
    answer_document(call, review, review->revision.value, agenda ? "agenda" : "minutes");
    return true;
}

bool read_agenda(struct call *call)
{
    bool fine;
    struct review *review = review_load(call, &fine);
    return review ? answer_fresh(call, review, true) : fine;
}

bool read_minutes(struct call *call)
{
    bool fine;
    struct review *review = review_load(call, &fine);
    if (!review)
        return fine;
    /* A revision that was approved before reviewd kept minutes has none. */
    enum found kept = review->status == REVIEW_APPROVED ? answer_kept(call, review, review->revision.value) : ABSENT;
    return kept == ABSENT ? answer_fresh(call, review, false) : kept == FOUND;
}

bool read_revision_minutes(struct call *call)
{
    bool fine;
    const struct review *review = review_load(call, &fine);
    if (!review)
        return fine;
    int64_t number = revision_number(call, review);
    enum found found = number ? answer_kept(call, review, number) : ABSENT;
    if (found == ABSENT)
        answer_not_found(call);
    return found != BROKEN;
}
