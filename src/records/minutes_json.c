/* Agenda and minutes as JSON, and the choice of a form. */
#include "gather.h"
#include "write.h"

static void put_records(struct buffer *out, const char *name, const struct resource *resource, const void *records,
                        size_t count)
{
    buffer_format(out, ",\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_char(out, ',');
        record_render(out, resource, (const char *)records + i * resource->size, RENDER_SHOWN);
    }
    buffer_char(out, ']');
}

static void put_owners(const struct minutes *minutes, struct buffer *out)
{
    buffer_put(out, ",\"owners\":[");
    for (size_t i = 0; i < minutes->owner_count; i++) {
        buffer_format(out, "%s{\"id\":\"%s\",\"name\":", i ? "," : "", minutes->owners[i].id.text);
        json_put_text(out, minutes->owners[i].name, strlen(minutes->owners[i].name));
        buffer_char(out, '}');
    }
    buffer_char(out, ']');
}

/* Each goes on with what the review found of it. */
static void put_carried(const struct minutes *minutes, struct buffer *out)
{
    buffer_put(out, ",\"carried_action_items\":[");
    for (size_t i = 0; i < minutes->carried_count; i++) {
        const struct carried_item *carried = &minutes->carried[i];
        buffer_put(out, i ? ",{\"action_item\":" : "{\"action_item\":");
        record_render(out, &action_item_resource, &carried->item, RENDER_SHOWN);
        buffer_put(out, ",\"follow_ups\":[");
        for (size_t k = 0; k < carried->follow_up_count; k++) {
            if (k)
                buffer_char(out, ',');
            record_render(out, &follow_up_resource, carried->follow_ups[k], RENDER_SHOWN);
        }
        buffer_put(out, "]}");
    }
    buffer_char(out, ']');
}

static void put_number(struct buffer *out, const char *name, const struct number *number)
{
    buffer_format(out, ",\"%s\":", name);
    if (number->known)
        json_put_number(out, number->value);
    else
        buffer_put(out, "null");
}

static void put_readings(const struct metric_history *history, struct buffer *out)
{
    for (size_t i = 0; i < history->count; i++) {
        const struct reading *reading = &history->readings[i];
        buffer_format(out, "%s{\"review_id\":\"%s\",\"review_reference\":\"%s\",\"held_on\":\"%s\"", i ? "," : "",
                      reading->review->record.id.text, reading->review->record.reference,
                      reading->review->held_on.text);
        put_number(out, "value", &reading->value);
        put_number(out, "target", &reading->target);
        buffer_char(out, '}');
    }
}

static void put_histories(const struct minutes *minutes, struct buffer *out)
{
    buffer_put(out, ",\"previous_metrics\":[");
    for (size_t i = 0; i < minutes->history_count; i++) {
        const struct metric_history *history = &minutes->histories[i];
        buffer_format(out, "%s{\"input_id\":\"%s\",\"name\":", i ? "," : "", history->input_id.text);
        json_put_text(out, history->name, strlen(history->name));
        buffer_put(out, ",\"unit\":");
        if (history->unit)
            json_put_text(out, history->unit, strlen(history->unit));
        else
            buffer_put(out, "null");
        buffer_put(out, ",\"values\":[");
        put_readings(history, out);
        buffer_put(out, "]}");
    }
    buffer_char(out, ']');
}

static void begin_json(const struct minutes *minutes, struct buffer *out)
{
    buffer_format(out, "{\"draft\":%s,\"extract\":%s,\"review\":", minutes->draft ? "true" : "false",
                  minutes->source->this_alone ? "true" : "false");
    record_render(out, &review_resource, minutes->review, RENDER_SHOWN);
    put_owners(minutes, out);
    put_records(out, "attendees", &attendee_resource, minutes->attendees, minutes->attendee_count);
    put_records(out, "inputs", &input_resource, minutes->inputs, minutes->input_count);
    put_carried(minutes, out);
}

void minutes_json(const struct minutes *minutes, struct buffer *out)
{
    begin_json(minutes, out);
    put_records(out, "decisions", &decision_resource, minutes->decisions, minutes->decision_count);
    put_records(out, "action_items", &action_item_resource, minutes->items, minutes->item_count);
    put_histories(minutes, out);
    buffer_format(out, ",\"audit_head\":{\"seq\":%lld,\"hash\":\"%s\"}}", (long long)minutes->head.seq,
                  minutes->head.hash);
}

void agenda_json(const struct minutes *minutes, struct buffer *out)
{
    begin_json(minutes, out);
    buffer_char(out, '}');
}

static void write_form(struct minutes *minutes, struct document *document, enum minutes_form form, struct buffer *out)
{
    if (!document || minutes->broken || arena_failed(minutes->arena))
        out->failed = true;
    else if (form == MINUTES_HTML)
        document_html(document, out);
    else if (form == MINUTES_MARKDOWN)
        document_markdown(document, out);
    else
        document_pdf(document, out);
}

void minutes_write(struct minutes *minutes, enum minutes_form form, struct buffer *out)
{
    if (form == MINUTES_JSON)
        minutes_json(minutes, out);
    else
        write_form(minutes, minutes_document(minutes), form, out);
}

void agenda_write(struct minutes *minutes, enum minutes_form form, struct buffer *out)
{
    if (form == MINUTES_JSON)
        agenda_json(minutes, out);
    else
        write_form(minutes, agenda_document(minutes), form, out);
}
