/* Evidence files: what a request brings becomes a record, and its bytes go into the database with it. */
#include "reviewd/attachment.h"

#include "api.h"

#include "reviewd/action_item.h"
#include "reviewd/content.h"
#include "reviewd/decision.h"
#include "reviewd/follow_up.h"
#include "reviewd/input.h"
#include "reviewd/media_type.h"

#include <strings.h>

/* --- the request, on the worker's thread ---------------------------------------------------------------------------
 */

/* What of a form is no file, and the query's description, as a JSON object. NULL where memory is out or it is none. */
static const char *make_body(struct call *call, const struct upload *upload)
{
    struct buffer body = {0};
    const char *description = query_get(call, "description");
    bool text = true;
    buffer_char(&body, '{');
    if (description) {
        buffer_put(&body, "\"description\":");
        json_put_text(&body, description, strlen(description));
    }
    for (size_t i = 0; upload && text && i < upload->field_count; i++) {
        const struct upload_field *field = &upload->fields[i];
        text = text_is_utf8(field->name, strlen(field->name)) && text_is_utf8(field->value, field->length);
        if (!text)
            break;
        buffer_put(&body, body.length > 1 ? "," : "");
        json_put_text(&body, field->name, strlen(field->name));
        buffer_char(&body, ':');
        json_put_text(&body, field->value, field->length);
    }
    buffer_char(&body, '}');
    call->arena->failed |= buffer_failed(&body);
    const char *made = text && !buffer_failed(&body) ? arena_copy(call->arena, body.data, body.length) : NULL;
    buffer_finish(&body);
    return made;
}

/* A form's file name: browsers and curl write what cannot stand there as %22, %0D and %0A (HTML, "multipart form
 * data"), and a percent sign as it is. */
static const char *form_name(struct arena *arena, const char *sent)
{
    static const struct {
        const char *coded;
        char plain;
    } codes[] = {{"%22", '"'}, {"%0D", '\r'}, {"%0A", '\n'}};
    char *name = sent ? arena_text(arena, text_as_utf8(arena, sent)) : NULL;
    if (!name || arena_failed(arena))
        return NULL;
    char *to = name;
    for (const char *from = name; *from;) {
        size_t taken = 0;
        for (size_t i = 0; !taken && i < COUNT_OF(codes); i++) {
            if (strncasecmp(from, codes[i].coded, 3) == 0) {
                *to++ = codes[i].plain;
                taken = 3;
            }
        }
        if (!taken)
            *to++ = *from;
        from += taken ? taken : 1;
    }
    *to = '\0';
    return name;
}

bool upload_answer_fault(struct call *call, int64_t max)
{
    const struct upload *upload = call->request->upload;
    if (call->request->body_too_large || (upload && upload->fault == UPLOAD_TOO_LARGE)) {
        answer_problem(call, 413, NULL, "The file is larger than the server takes: %lld bytes.", (long long)max);
        return true;
    }
    switch (upload ? upload->fault : UPLOAD_FINE) {
    case UPLOAD_FINE:
    case UPLOAD_TOO_LARGE:
        return false;
    case UPLOAD_MALFORMED:
        answer_problem(call, 400, NULL,
                       "The body is no multipart/form-data (RFC 7578) as it is taken here: %s, no transfer encoding.",
                       call->route->takes_import ? "a file for each collection, one part after the other"
                                                 : "one file, few and short texts beside it");
        return true;
    case UPLOAD_NO_ROOM:
        answer_problem(call, 507, NULL, "There is no room to take the file in; nothing was stored.");
        return true;
    case UPLOAD_BROKEN:
        break;
    }
    answer_problem(call, 503, NULL, "The file cannot be taken in now; nothing was stored.");
    return true;
}

static bool sample_type(struct call *call, const struct upload *upload, const char *declared, struct received *received)
{
    unsigned char head[MEDIA_HEAD_BYTES];
    unsigned char tail[MEDIA_TAIL_BYTES];
    const struct spool *spool = &upload->spool;
    int64_t tail_at = spool->length > (int64_t)sizeof tail ? spool->length - (int64_t)sizeof tail : 0;
    ssize_t head_length = spool_read(spool, 0, head, sizeof head);
    ssize_t tail_length = spool_read(spool, tail_at, tail, sizeof tail);
    if (head_length < 0 || tail_length < 0) {
        answer_problem(call, 503, NULL, "The file cannot be read back; nothing was stored.");
        return false;
    }
    const struct media_sample sample = {.head = head,
                                        .head_length = (size_t)head_length,
                                        .tail = tail,
                                        .tail_length = (size_t)tail_length,
                                        .is_text = spool_is_text(spool),
                                        .declared = declared,
                                        .name = received->name};
    received->media_type = media_type_of(&sample);
    return true;
}

/* What the bytes and the headers tell. False after answering. */
static bool receive(struct call *call, const struct upload *upload, struct received *received)
{
    const struct request *request = call->request;
    unsigned char digest[SHA256_BYTES];
    const char *disposition = request->headers[HEADER_CONTENT_DISPOSITION];
    const char *sent = upload->form ? form_name(call->arena, upload->name)
                                    : disposition_name(call->arena, disposition ? disposition : "");
    const char *declared = upload->form ? upload->type : request->headers[HEADER_CONTENT_TYPE];
    spool_digest(&upload->spool, digest);
    digest_hex(digest, sizeof digest, received->sha256);
    received->spool = &upload->spool;
    received->files = upload->files;
    received->name = attachment_name(call->arena, sent, &received->name_wrong);
    received->text =
        arena_format(call->arena, "%s\n%s\n%s\n", received->sha256, sent ? sent : "", declared ? declared : "");
    return !upload->spool.length || sample_type(call, upload, declared, received);
}

bool upload_parse(struct call *call)
{
    const struct request *request = call->request;
    const struct upload *upload = request->upload;
    if (upload_answer_fault(call, call_settings(call)->attachment_max_bytes))
        return false;
    if (request->headers[HEADER_CONTENT_ENCODING] || request->repeated[HEADER_CONTENT_TYPE] ||
        request->repeated[HEADER_CONTENT_DISPOSITION]) {
        response_add(call->response, "Accept-Post", "multipart/form-data, */*");
        answer_problem(call, 415, NULL,
                       "Send a file as it is, without a Content-Encoding, and with one Content-Type and one "
                       "Content-Disposition.");
        return false;
    }
    struct received *received = arena_alloc(call->arena, sizeof *received);
    const char *body = make_body(call, upload);
    if (!received || arena_failed(call->arena)) {
        answer_problem(call, 500, NULL, "Memory is out; nothing was stored.");
        return false;
    }
    json_error_t error = {0};
    call->body = body ? json_parse(call->arena, body, strlen(body), JSON_REJECT_DUPLICATES, &error) : NULL;
    if (!call->body) {
        if (arena_failed(call->arena))
            answer_problem(call, 500, NULL, "Memory is out; nothing was stored.");
        else
            answer_problem(call, 400, NULL, "A text beside the file is not UTF-8, or is given twice.");
        return false;
    }
    if (upload && !receive(call, upload, received))
        return false;
    received->text = arena_format(call->arena, "%s%s", received->text ? received->text : "", body);
    call->received = received;
    return true;
}

/* --- the record, in the writer's transaction -----------------------------------------------------------------------
 */

static const struct attachment *subject(const struct call *call)
{
    return call->before ? call->before : call->after;
}

/* Ties a new one to what it hangs from. */
static bool begin(struct call *call)
{
    struct attachment *after = call->after;
    const struct resource *parent = call->route->parent;
    if (parent == &review_resource) {
        after->review_id = ((const struct review *)call->parent)->record.id;
    } else if (parent == &input_resource) {
        const struct input *input = call->parent;
        after->review_id = input->review_id;
        after->input_id = input->record.id;
    } else if (parent == &decision_resource) {
        const struct decision *decision = call->parent;
        after->review_id = decision->review_id;
        after->decision_id = decision->record.id;
    } else if (parent == &action_item_resource) {
        const struct action_item *item = call->parent;
        after->review_id = item->review_id;
        after->action_item_id = item->record.id;
    } else {
        const struct follow_up *follow_up = call->parent;
        const struct action_item *item = record_fetch(call, &action_item_resource, &follow_up->action_item_id);
        if (!item)
            return false;
        after->review_id = item->review_id;
        after->follow_up_id = follow_up->record.id;
    }
    return true;
}

/* The action item that it hangs from, by a follow-up or itself; an absent id: none. False on failure. */
static bool action_item_of(struct call *call, const struct attachment *attachment, struct id *ret_id)
{
    *ret_id = attachment->action_item_id;
    if (!id_is_set(&attachment->follow_up_id))
        return true;
    const struct follow_up *follow_up = record_fetch(call, &follow_up_resource, &attachment->follow_up_id);
    if (follow_up)
        *ret_id = follow_up->action_item_id;
    return follow_up != NULL;
}

/* Whoever may write what it hangs from. */
static bool stake(struct call *call, struct stake *ret_stake)
{
    struct id item_id;
    if (!call->before && !begin(call))
        return false;
    const struct attachment *attachment = subject(call);
    if (id_is_set(&attachment->input_id))
        return store_attends(call->store, &attachment->review_id, &call->caller.person_id, &ret_stake->attends);
    if (!action_item_of(call, attachment, &item_id))
        return false;
    if (!id_is_set(&item_id))
        return true;
    const struct action_item *item = record_fetch(call, &action_item_resource, &item_id);
    return item && owner_stake(call, &item->owner_id, ret_stake);
}

static enum operation operation(struct call *call)
{
    const struct attachment *attachment = subject(call);
    if (id_is_set(&attachment->action_item_id) || id_is_set(&attachment->follow_up_id))
        return OPERATION_ACTION_ITEM_WORK;
    return id_is_set(&attachment->input_id) ? OPERATION_INPUT_WRITE : OPERATION_REVIEW_WRITE;
}

/* The description came by the query, unless the body was a form: then a violation is the parameter's. */
static void place_violations(struct call *call)
{
    for (size_t i = 0; query_get(call, "description") && i < call->violations.count; i++) {
        struct violation *violation = &call->violations.items[i];
        if (violation->pointer && strcmp(violation->pointer, "#/description") == 0)
            violation->parameter = "description";
    }
}

static bool complete(struct call *call)
{
    struct attachment *after = call->after;
    const struct received *received = call->received;
    after->name = received->name;
    after->media_type = received->media_type;
    after->size = (struct integer){true, received->spool ? received->spool->length : 0};
    after->sha256 = received->sha256;
    place_violations(call);
    return true;
}

static bool gather(struct call *call, const struct attachment *attachment, struct attachment_facts *facts)
{
    const struct review *review = record_fetch(call, &review_resource, &attachment->review_id);
    const struct input *input = NULL;
    const struct decision *decision = NULL;
    const struct action_item *item = NULL;
    if (!review ||
        (id_is_set(&attachment->input_id) && !(input = record_fetch(call, &input_resource, &attachment->input_id))))
        return false;
    if (id_is_set(&attachment->decision_id) &&
        !(decision = record_fetch(call, &decision_resource, &attachment->decision_id)))
        return false;
    if (id_is_set(&attachment->action_item_id) &&
        !(item = record_fetch(call, &action_item_resource, &attachment->action_item_id)))
        return false;
    facts->review_status = review->status;
    facts->input_withdrawn = input && input->withdrawn == TRUTH_TRUE;
    facts->decision_status = decision ? decision->status : 0;
    facts->action_item_status = item ? item->status : 0;
    facts->of_follow_up = id_is_set(&attachment->follow_up_id);
    return true;
}

/* Answers 507 where the contents of all files would become too many. False on failure. */
static bool check_room(struct call *call)
{
    const struct received *received = call->received;
    int64_t most = (int64_t)call_settings(call)->attachments_total_max_mib << 20;
    int64_t total = 0;
    enum found found = store_content_find(call->store, received->sha256);
    if (found == BROKEN || !store_content_total(call->store, &total))
        return false;
    if (found == ABSENT && received->spool->length > most - total)
        answer_problem(call, 507, NULL, "With this file the evidence would take more than the %d MiB that it may.",
                       call_settings(call)->attachments_total_max_mib);
    return true;
}

static bool check(struct call *call)
{
    const char *verb = call->transition ? call->transition->verb : NULL;
    struct attachment_facts facts = {0};
    if (!gather(call, call->after, &facts))
        return false;
    if (call->received) {
        facts.files = call->received->files;
        facts.name_wrong = call->received->name_wrong;
    }
    attachment_check(call->after, verb, &facts, &call->violations);
    return verb || call->violations.count || check_room(call);
}

static bool after(struct call *call)
{
    /* A dry run is taken back before anybody asks for the bytes. */
    return call->transition || call->dry_run ||
           store_content_add(call->store, call->received->sha256, &call->now, call->received->spool);
}

const struct behaviour attachment_behaviour = {.resource = &attachment_resource,
                                               .operation = operation,
                                               .stake = stake,
                                               .begin = begin,
                                               .complete = complete,
                                               .check = check,
                                               .after = after};
