/* The OpenAPI 3.1 description (served, printed and kept in openapi/): paths out of the route table, with what no table
 * knows - headers, problems, the few answers that are no records - from openapi/base.json. */
#include "openapi.h"

#include "version.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

extern const char openapi_base[]; /* openapi/base.json; see meson.build */

/* --- what a route is --------------------------------------------------------------------------------------------- */

static const struct special specials[] = {
    {read_readiness, "Readiness", "application/json", NULL,
     "What the next verb asks of the records and of the caller: the rules that it would break now, how far the ten "
     "clauses are covered, and the action items to revisit. Members that come with the verb itself (`summary`, "
     "`held_on` "
     "and so on) are not looked at."},
    {read_comparison, "Comparison", "application/json", NULL,
     "What changed: each figure by its name, with target and difference; findings (inputs of d1 and d3 with a "
     "severity) "
     "whose title, in any case, is that of one in the other review; decisions that were taken, by kind; action items "
     "that are still to be done, and whether this review had to revisit them. Of each review at most 1,000 inputs "
     "count, "
     "in the order of the agenda. 404 where either review may not be seen."},
    {read_sealed_history, "SealedVersionList", "application/json", NULL,
     "Newest first: what an outsider needs to work `body_sha256` out. The stored fields of a record are hashed with a "
     "salted commitment, `{\"commitment\":\"…\"}`, in the place of each personal one, so that it can be erased and "
     "the audit log still verifies. `body` is that form, whose RFC 8785 text has the SHA-256; `openings` says what its "
     "commitments stand for: each is SHA-256(\"reviewd-personal-1\" ‖ LF ‖ salt ‖ LF ‖ value) in lower-case hex. What "
     "was erased has no salt any more, and a pseudonym as its value. Why a person was erased or held stands here, and "
     "in no other answer."},
    {read_revisions, "RevisionList", "application/json", NULL,
     "Each approved revision, oldest first, as it was when it was approved."},
    {read_revision, "Revision", "application/json", NULL,
     "The review, its attendees, inputs and decisions as they were approved; readable also after it was reopened."},
    {read_search, "SearchHitList", "application/json", "Search",
     "The records in whose text fields each of the words stands, or a word that begins with it; no word weighs more "
     "for "
     "being rare, so that nothing is told of records that the caller does not see. Of each kind the 500 newest finds "
     "are weighed; the heaviest of all kinds come first, and of those of the same weight the newest."},
    {read_agenda, "Agenda", "application/json", NULL,
     "Who is invited, the inputs in the order of the meeting, and the action items to revisit, as the caller may see "
     "them. A review that is not approved says DRAFT."},
    {read_minutes, "Minutes", "application/json", NULL,
     "The review as documented information (9.3.3). Those of an approved revision were made at its approval, or when "
     "it arrived approved by an import, which they say then, and never change: the ETag is their SHA-256, which the "
     "review has in `minutes_sha256`. Who may not read all that they show "
     "of other reviews is given the extract that leaves it out. Before approval they are a draft, made anew each "
     "time."},
    {read_revision_minutes, "Minutes", "application/json", NULL,
     "As they were kept when that revision was approved; also after the review was reopened."},
    {read_pack, NULL, NULL, NULL,
     "All that the review leaves behind as a ZIP, to hand to an auditor, who checks it with standard tools and without "
     "the server: README.html in it says how. It has the minutes, every record as JSON (withdrawn ones too) with each "
     "of its versions, the registers as CSV, the evidence files, the audit log from the review's first entry to a "
     "signed head, the public keys, and SHA256SUMS with its signature in minisign's form. Follow-ups to action items "
     "of "
     "earlier reviews belong to those; the minutes show them. It is for who may read the audit log and see the review. "
     "What the newest signed head does not cover yet is signed for it. It is streamed: one that ends early is cut off "
     "and no whole ZIP. `reviewd audit verify --pack` checks all of it at once. 503 where too many are being sent."},
    {read_rules, "RuleList", "application/json", "Rules",
     "Every rule that a violation can name, with where it comes from. What is good practice, and not the text of the "
     "standard, says so."},
    {read_rule, "Rule", "application/json", "Rules", "A rule, by the name that violations give."},
    {read_audit_log, "AuditEntryList", "application/json", "Audit log",
     "One entry per write, oldest first, each with the hash of the one before: `hash` is SHA-256(\"reviewd-audit-1\" ‖ "
     "LF "
     "‖ `previous_hash` ‖ LF ‖ the RFC 8785 form of the entry without `hash`) in lower-case hex. In NDJSON each line "
     "is "
     "an entry in that form, with its `hash`; the whole log ends with what was the newest entry when it began. In CSV "
     "all "
     "of `minutes_sha256` is empty where the entry has no such member."},
    {read_audit_head, "AuditHead", "application/json", "Audit log",
     "Keep it elsewhere from time to time: a log that was rewritten has another."},
    {read_report_actions, "ActionItemReport", "application/json", "Reports",
     "States, what is overdue and for how long, whether deadlines were kept, how long it took, how far deadlines "
     "slipped, and whether what was done worked at the first verification (9.3.2 a). CSV has a line for each group, "
     "the plot a bar; without groups, one line and a bar for each state."},
    {read_report_metrics, "MetricReport", "application/json", "Reports",
     "The values of a metric that inputs report, from review to review, with target and trend (9.3.2 d). CSV has a "
     "line for each value, or for each metric's newest one; the plot is of one metric against its targets, or of how "
     "many metrics of each review are on target."},
    {read_report_schedule, "ScheduleReport", "application/json", "Reports",
     "Planned against held, gaps longer than the interval allowed, and what is due (9.3.1). CSV has a line for each "
     "review, the plot a bar for each that was held."},
    {read_report_clauses, "ClauseReport", "application/json", "Reports",
     "The inputs of each clause, how they were dealt with, and the decisions that came of them (9.3.2, 9.3.3). CSV has "
     "a line for each clause of each review, the plot a bar for each clause."},
    {read_checkpoints, "CheckpointList", "application/json", "Audit log",
     "Made every hour in which something was written, at each approval of a review, and at start and stop. Keep them "
     "elsewhere: `reviewd audit verify --checkpoint` finds by them a log that was cut short or worked out anew."},
    {read_checkpoint, "Checkpoint", "application/json", "Audit log",
     "`text` in a file and `signature` in one of that name with .minisig after it are what `minisign -V` takes."},
    {read_keys, "KeyList", "application/json", "Audit log",
     "Newest first; the one that is not retired signs. Former ones are kept for good. `minisign -V -P` takes "
     "`public_key`."},
    {read_calendar, "Calendar", "text/calendar", "Calendar",
     "iCalendar (RFC 5545, RFC 7986), to subscribe to: planned reviews and those held, the day by which the next one "
     "is "
     "due, deadlines of decisions and action items, next follow-ups, as events of a whole day; of each at most 1,000, "
     "the "
     "latest first. It holds what the caller may see. An event keeps its UID, and its SEQUENCE is raised whenever its "
     "date moves; what was cancelled, rejected, withdrawn or superseded stays, as CANCELLED. The feed token goes into "
     "the "
     "query, since calendar programs send no headers; it opens this path alone."},
    {read_problem_page, "Page", "text/html", "Operations", "The page that a problem's `type` points to."},
    {read_health, "Health", "application/json", "Operations", "Answers as long as the process can."},
    {read_ready, "Ready", "application/json", "Operations", "503 while it is starting, draining or read-only."},
    {read_metrics, "Metrics", "text/plain", "Operations", "Requests, writes, connections and the audit log's head."},
    {read_openapi, "Description", "application/json", "Operations", "What you are reading, as JSON."},
    {read_docs, "Page", "text/html", "Operations", "What you are reading; it works without the internet."},
    {read_content, "Content", NULL, NULL,
     "Byte for byte as it was sent, to be kept and not to be shown: as a file of its name. One range of it may be "
     "asked for "
     "(RFC 9110, 14); its ETag is its SHA-256."},
    {read_docs_bundle, "Script", "text/javascript", "Operations", "404 where the server has none."},
};

const struct special *special_of(const struct route *route)
{
    for (size_t i = 0; i < COUNT_OF(specials); i++) {
        if (specials[i].read == route->read)
            return &specials[i];
    }
    return NULL;
}

unsigned route_traits(const struct route *route)
{
    bool always_open = route->read == read_health || route->read == read_problem_page;
    bool fleeting = route->read == read_health || route->read == read_ready || route->read == read_metrics;
    unsigned traits = TRAIT_ANY;
    traits |= always_open ? 0 : TRAIT_CALLER;
    traits |= route->open || route->gives_file ? 0 : TRAIT_JSON;
    traits |= route->operation != OPERATION_READ ? TRAIT_ROLE : 0;
    traits |= strchr(route->path, '{') || route->read == read_docs_bundle ? TRAIT_KEYED : 0;
    traits |= route->read && !fleeting ? TRAIT_TAGGED : 0;
    traits |= route->write ? TRAIT_WRITES : 0;
    traits |= route->write && route->write != write_create ? TRAIT_CHANGES : 0;
    traits |= route->method == METHOD_POST ? TRAIT_POSTS : 0;
    return traits;
}

/* "concludeReview", "listReviewAttendees", "getReviewRevision": unique, and stable as long as the path is. */
static void put_operation_id(struct buffer *out, const struct route *route)
{
    const struct resource *owner = route->parent ? route->parent : route->read == read_list ? NULL : route->resource;
    struct camel resource = camel(route->resource ? route->resource->name : "");
    put_name(out, "operationId");
    if (route->write == write_create) {
        buffer_format(out, "\"create%s%s\"", owner && route->parent ? camel(owner->name).text : "", resource.text);
    } else if (route->write || route->read == read_record) {
        struct camel word = camel(route->verb ? route->verb : route->write ? "update" : "get");
        buffer_format(out, "\"%c%s%s\"", word.text[0] + ('a' - 'A'), word.text + 1, resource.text);
    } else {
        bool versioned = strncmp(route->path, "/v1/", 4) == 0;
        const char *key = strchr(route->path, '}');
        char tail[100];
        snprintf(tail, sizeof tail, "%s", owner && key ? key + 1 : route->path + (versioned ? 4 : 1));
        char *last_key = strchr(tail, '{');
        if (last_key && last_key - tail > 2) { /* one of them, and what of it */
            const char *rest = strchr(last_key, '/');
            char *end = last_key - 2 + (last_key[-2] != 's');
            memmove(end, rest ? rest : "", rest ? strlen(rest) + 1 : 1);
        }
        buffer_format(out, "\"%s%s%s\"", route->list ? "list" : "get", owner ? camel(owner->name).text : "",
                      camel(tail).text);
    }
}

/* "action-items" -> "Action items" */
static void put_tag_name(struct buffer *out, const char *name, const struct resource *resource)
{
    char text[40];
    snprintf(text, sizeof text, "%s", resource->collection);
    text[0] = (char)(text[0] - ('a' - 'A'));
    for (char *at = text; *at; at++)
        *at = *at == '-' ? ' ' : *at;
    put_string(out, name, text);
}

static void put_tags(struct buffer *out)
{
    static const char *const others[][2] = {
        {"Calendar", "What is due, for calendar programs."},
        {"Search", "Words, wherever they stand."},
        {"Rules", "The catalogue of rules."},
        {"Audit log", "Who wrote what and when, chained by hashes."},
        {"Reports", "Figures over reviews and action items, to read, to calculate with or to look at."},
        {"Operations", "What those who run the server ask it, and this description."},
    };
    put_begin(out, "tags", '[');
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        if (!resources[i]->collection)
            continue;
        put_begin(out, NULL, '{');
        put_tag_name(out, "name", resources[i]);
        put_string(out, "description", resources[i]->description);
        put_end(out, '}');
    }
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        put_begin(out, NULL, '{');
        put_string(out, "name", others[i][0]);
        put_string(out, "description", others[i][1]);
        put_end(out, '}');
    }
    put_end(out, ']');
}

static void describe_verb(const struct route *route, char *ret_text, size_t size)
{
    const struct resource *resource = route->resource;
    const struct transition *transition = resource_transition(resource, route->verb);
    const struct field *state = resource_field_named(resource, resource->state);
    int length = snprintf(ret_text, size, "%s", transition->description);
    const char *word = " From";
    for (unsigned i = 1; state->kind == FIELD_KIND_ENUM && i <= state->value_count; i++) {
        if (!(transition->from & STATE(i)) || (size_t)length >= size)
            continue;
        length += snprintf(ret_text + length, size - (size_t)length, "%s `%s`", word, state->values[i - 1]);
        word = ",";
    }
    if (state->kind == FIELD_KIND_ENUM && (size_t)length < size)
        snprintf(ret_text + length, size - (size_t)length, " to `%s`.", state->values[transition->to - 1]);
}

/* What a list is in other formats than JSON. */
static void describe_rows(const struct route *route, char *ret_text, size_t size)
{
    static const char cells[] =
        " In CSV, members of objects are columns (`source.system`), lists are JSON in "
        "a cell, an absent value is empty and an empty text `\"\"`; a text that a spreadsheet would take for a formula "
        "has an apostrophe in front (see the conventions).";
    static const char sheet[] = " In XLSX dates, instants (UTC), numbers and truths are typed, and a text longer than "
                                "32,767 characters is cut and says so.";
    bool xlsx = (route_formats(route) & FORMAT(XLSX)) != 0;
    char whole[250] = "";
    if (!(route_formats(route) & FORMAT(NDJSON)))
        return;
    if (route->list)
        snprintf(whole, sizeof whole,
                 " As CSV%s it is the whole list (of `limit` %s at most, which may be any number), "
                 "streamed; `cursor` and `count` are for JSON.",
                 xlsx ? ", NDJSON or XLSX" : " or NDJSON", xlsx ? "records" : "rows");
    snprintf(ret_text, size, "%s%s%s", whole, cells, xlsx ? sheet : "");
}

static void put_texts(struct buffer *out, const struct route *route)
{
    const struct special *special = special_of(route);
    const char *plain = special                        ? special->description
                        : route->read == read_list     ? "Sorted by id, which is by age, unless `sort` says otherwise."
                        : route->read == read_carried  ? "The action items of earlier reviews that were neither closed "
                                                         "nor cancelled when this one started (9.3.2 a)."
                        : route->read == read_history  ? "Newest first; `changes` is a merge patch (RFC 7396) from the "
                                                         "version before. What was erased of a person has its "
                                                         "pseudonym in older versions, too."
                        : route->write == write_change ? "A merge patch (RFC 7396): members left out stay as they are, "
                                                         "null clears, lists are replaced whole, objects merged. A "
                                                         "patch that changes nothing makes no new version."
                        : route->takes_import          ? import_description
                        : route->write == write_create ? "Answers the whole record, and in `Location` its path."
                                                       : NULL;
    char text[3000];
    if (route->verb)
        describe_verb(route, text, sizeof text);
    else if (plain)
        snprintf(text, sizeof text, "%s", plain);
    else
        snprintf(text, sizeof text, "%s", route->resource->description);
    size_t length = strlen(text);
    describe_rows(route, text + length, sizeof text - length);
    put_string(out, "summary", route->summary);
    put_string(out, "description", text);
    put_begin(out, "tags", '[');
    if (special && special->tag)
        put_string(out, NULL, special->tag);
    else
        put_tag_name(out, NULL, route->resource);
    put_end(out, ']');
}

/* --- bodies ------------------------------------------------------------------------------------------------------ */

static void put_content(struct buffer *out, const struct route *route, const char *type, const char *schema)
{
    const struct resource *resource = route->resource;
    put_begin(out, type, '{');
    put_ref(out, "schema", "schemas", schema, "");
    if (route->verb)
        put_verb_example(out, "example", resource, resource_transition(resource, route->verb));
    else if (route->write == write_change)
        put_change_example(out, "example", resource);
    else
        put_create_example(out, "example", resource);
    put_end(out, '}');
}

static void put_request_body(struct buffer *out, const struct route *route)
{
    const struct transition *transition = route->verb ? resource_transition(route->resource, route->verb) : NULL;
    if (!route->write || (transition && !transition->argument_count))
        return;
    if (route->takes_file || route->takes_import) {
        if (route->takes_file)
            put_upload_body(out, route);
        else
            put_import_body(out);
        return;
    }
    bool change = route->write == write_change;
    char schema[2 * sizeof(struct camel)];
    snprintf(schema, sizeof schema, "%s%s", camel(route->resource->name).text,
             camel(transition ? transition->verb
                   : change   ? "change"
                              : "create")
                 .text);
    put_begin(out, "requestBody", '{');
    put_json(out, "required", "true");
    put_begin(out, "content", '{');
    if (change)
        put_content(out, route, "application/merge-patch+json", schema);
    put_content(out, route, "application/json", schema);
    put_end(out, '}');
    put_end(out, '}');
}

static void put_operation(struct buffer *out, const struct route *route)
{
    static const char *const methods[] = {[METHOD_GET] = "get", [METHOD_POST] = "post", [METHOD_PATCH] = "patch"};
    put_begin(out, methods[route->method], '{');
    put_operation_id(out, route);
    put_texts(out, route);
    if (route->open) /* unless the setting operations_need_token says otherwise */
        put_json(out, "security", route_traits(route) & TRAIT_CALLER ? "[{},{\"bearer\":[]}]" : "[]");
    if (route->feed)
        put_json(out, "security", "[{\"feed\":[]},{\"bearer\":[]}]");
    put_parameters(out, route);
    put_request_body(out, route);
    put_responses(out, route);
    put_end(out, '}');
}

static void put_paths(struct buffer *out)
{
    put_begin(out, "paths", '{');
    for (size_t i = 0; i < route_count; i++) {
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen = seen || strcmp(routes[k].path, routes[i].path) == 0;
        if (seen)
            continue;
        put_begin(out, routes[i].path, '{');
        if (strchr(routes[i].path, '{'))
            put_path_parameters(out, &routes[i]);
        for (size_t k = i; k < route_count; k++) {
            if (strcmp(routes[k].path, routes[i].path) == 0)
                put_operation(out, &routes[k]);
        }
        put_end(out, '}');
    }
    put_end(out, '}');
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

static char *description;
static size_t description_length;

static void make_description(void)
{
    struct buffer out = {0};
    put_begin(&out, NULL, '{');
    put_json(&out, "info", "{\"version\":\"" REVIEWD_VERSION "\"}");
    put_tags(&out);
    put_paths(&out);
    put_json(&out, "components", "{\"schemas\":{");
    put_schemas(&out);
    buffer_put(&out, "}}}");
    struct arena arena;
    arena_init(&arena);
    json_t *made = buffer_failed(&out) ? NULL : json_parse(&arena, out.data, out.length, JSON_REJECT_DUPLICATES, NULL);
    json_t *whole = json_parse(&arena, openapi_base, strlen(openapi_base), JSON_REJECT_DUPLICATES, NULL);
    char *text = NULL;
    if (made && whole && json_object_update_recursive(whole, made) == 0)
        text = json_dumps(whole, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
    out.length = 0;
    if (text)
        buffer_format(&out, "%s\n", text);
    description_length = out.length;
    description = text ? buffer_take(&out) : NULL;
    free(text);
    json_decref(whole); /* changed */
    arena_finish(&arena);
    buffer_finish(&out);
}

const char *api_openapi(size_t *ret_length)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    if (!description) /* also after memory was out for it */
        make_description();
    pthread_mutex_unlock(&mutex);
    *ret_length = description_length;
    return description;
}
