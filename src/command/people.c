/* People and tokens. */
#include "command.h"

#include "reviewd/audit.h"
#include "reviewd/calendar_token.h"
#include "reviewd/clock.h"
#include "reviewd/id.h"
#include "reviewd/token.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

static char *person_body(const struct invocation *invocation)
{
    static const struct {
        const char *option;
        const char *member;
    } members[] = {{"--name", "name"},
                   {"--email", "email"},
                   {"--role", "role"},
                   {"--job-title", "job_title"},
                   {"--department", "department"}};
    json_t *body = json_object();
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        const char *value = option(invocation, members[i].option);
        if (value && json_object_set_new(body, members[i].member, json_string(value)) != 0) {
            json_decref(body);
            return NULL;
        }
    }
    if (option(invocation, "--external") && json_object_set_new(body, "external", json_true()) != 0) {
        json_decref(body);
        return NULL;
    }
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return text;
}

int run_person_upsert(struct invocation *invocation)
{
    struct data data;
    const char *email = option(invocation, "--email");
    char *body = person_body(invocation);
    if (!body)
        return fail("the options are not UTF-8, or memory is out");
    if (!data_open(&data, invocation)) {
        free(body);
        return EXIT_FAILED;
    }
    struct id id;
    enum found found = store_find(&data.store, &person_resource, email, &view_all, &id);
    char target[64];
    snprintf(target, sizeof target, found == FOUND ? "/v1/people/%s" : "/v1/people", id.text);
    const struct response *response =
        data_call(&data, invocation, found == FOUND ? METHOD_PATCH : METHOD_POST, target, body, NULL, NULL);
    int status = EXIT_FINE;
    if (response->status >= 300) {
        status = fail("%s", problem_line(&data.arena, response));
    } else {
        json_t *person = json_loadb(response->body.data, response->body.length, 0, NULL);
        const char *made = json_string_value(json_object_get(person, "id"));
        struct buffer text = {.failed = !made};
        if (invocation->json)
            buffer_add(&text, response->body.data, response->body.length);
        else
            buffer_format(&text, "%s", made);
        buffer_char(&text, '\n');
        json_decref(person);
        status = print(&text);
    }
    free(body);
    data_close(&data);
    return status;
}

/* --- tokens --------------------------------------------------------------------------------------------------------
 */

struct token_write {
    struct token token;
    unsigned char hash[32];
};

static bool token_audit(struct store *store, const struct token *token, const char *event)
{
    const struct audit_entry entry = {.at = token->record.updated_at, .event = event};
    return audit_append(store, &token_resource, token, &entry);
}

static bool write_token(struct store *store, struct arena *arena, void *context)
{
    (void)arena;
    struct token_write *write = context;
    return store_insert(store, &token_resource, &write->token) &&
           store_keep_secret(store, &write->token.record.id, write->hash) &&
           token_audit(store, &write->token, "token.create");
}

/* "90d", "12h", "2w" from now on; or an instant or a day. False where it is none. */
static bool parse_expiry(const char *text, struct instant *ret_at)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'h', 3600000}, {'d', 86400000}, {'w', 604800000}};
    char *end;
    long count = strtol(text, &end, 10);
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (end > text && count > 0 && count <= 36500 && end[0] == units[i].unit && !end[1]) {
            *ret_at = instant_from_ms(clock_now_ms() + count * units[i].ms);
            return true;
        }
    }
    return instant_parse(text, ret_at);
}

static bool fill_token(struct invocation *invocation, struct data *data, struct token *token)
{
    const char *person = option(invocation, "--person");
    const char *role = option(invocation, "--role");
    const char *expires = option(invocation, "--expires");
    token->label = option(invocation, "--label");
    token->read_only = option(invocation, "--read-only") ? TRUTH_TRUE : TRUTH_FALSE;
    const struct field *roles = resource_field_named(&token_resource, "role");
    struct person_brief brief;
    if (store_find(&data->store, &person_resource, person, &view_all, &token->person_id) != FOUND) {
        fail("there is no person '%s'; make one with 'reviewd person upsert'", person);
    } else if (store_person(&data->store, &token->person_id, &data->arena, &brief) != FOUND || !brief.active) {
        fail("%s is inactive and gets no token", person);
    } else if (!text_length(token->label) || !text_is_utf8(token->label, strlen(token->label)) ||
               strlen(token->label) > 200) {
        fail("a label has 1 to 200 characters");
    } else if (role && !(token->role = field_enum_value(roles, role))) {
        fail("there is no role '%s'", role);
    } else if (expires && !parse_expiry(expires, &token->expires_at)) {
        fail("'%s' is no time: give 12h, 90d, 2w, a day or an instant in UTC", expires);
    } else if (expires && strcmp(token->expires_at.text, instant_from_ms(clock_now_ms()).text) <= 0) {
        fail("'%s' is over: such a token would never be good", expires);
    } else {
        return true;
    }
    return false;
}

/* The API's answer to a request for a token, printed as the other tokens are. */
static int print_made(const struct invocation *invocation, const struct response *response)
{
    json_t *made = json_loadb(response->body.data, response->body.length, 0, NULL);
    const char *id = json_string_value(json_object_get(made, "id"));
    const char *token = json_string_value(json_object_get(made, "token"));
    struct buffer out = {.failed = !id || !token};
    if (invocation->json)
        buffer_format(&out, "{\"id\":\"%s\",\"token\":\"%s\"}\n", id, token);
    else
        buffer_format(&out, "%s\n", token);
    int status = print(&out);
    json_decref(made);
    return status;
}

/* A feed token: the API makes it, by its own rules. */
static int create_calendar_token(struct invocation *invocation, struct data *data)
{
    const char *expires = option(invocation, "--expires");
    struct instant at;
    if (option(invocation, "--role"))
        return fail("a token for a calendar shows what its person may see, and takes no --role");
    if (expires && !parse_expiry(expires, &at))
        return fail("'%s' is no time: give 12h, 90d, 2w, a day or an instant in UTC", expires);
    json_t *body = json_pack("{s:s, s:s, s:s?}", "person_id", option(invocation, "--person"), "label",
                             option(invocation, "--label"), "expires_at", expires ? at.text : NULL);
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    if (!text)
        return fail("the options are not UTF-8, or memory is out");
    const struct response *response = data_call(data, invocation, METHOD_POST, "/v1/calendar-tokens", text, NULL, NULL);
    free(text);
    return response->status < 300 ? print_made(invocation, response) : fail("%s", problem_line(&data->arena, response));
}

int run_token_create(struct invocation *invocation)
{
    struct data data;
    struct token_write write = {0};
    char text[TOKEN_TEXT_BYTES] = "";
    if (!data_open(&data, invocation))
        return EXIT_FAILED;
    int status = EXIT_FAILED;
    if (option(invocation, "--calendar")) {
        status = create_calendar_token(invocation, &data);
    } else if (fill_token(invocation, &data, &write.token)) {
        struct record *record = &write.token.record;
        token_make(text, write.hash);
        record->id = id_make();
        record->version = (struct integer){true, 1};
        record->created_at = record->updated_at = instant_from_ms(clock_now_ms());
        if (data_write(&data, invocation, write_token, &write)) {
            struct buffer out = {0};
            if (invocation->json)
                buffer_format(&out, "{\"id\":\"%s\",\"token\":\"%s\"}\n", record->id.text, text);
            else
                buffer_format(&out, "%s\n", text);
            status = print(&out);
        }
    }
    sodium_memzero(text, sizeof text);
    data_close(&data);
    return status;
}

/* --- list ----------------------------------------------------------------------------------------------------------
 */

struct listing {
    struct buffer text;
    struct data *data;
    const struct resource *resource; /* that is being listed */
    bool json;
    bool any;
    struct listed *tokens;
    size_t count;
    bool fine;
};

/* A token of either kind. */
struct listed {
    const struct resource *resource;
    union {
        struct token token;
        struct calendar_token calendar;
    } as;
};

static bool collect(void *context, const void *record)
{
    struct listing *listing = context;
    struct listed *grown = realloc(listing->tokens, (listing->count + 1) * sizeof *grown);
    if (!grown) {
        listing->fine = false;
        return false;
    }
    listing->tokens = grown;
    struct listed *listed = &grown[listing->count++];
    listed->resource = listing->resource;
    memcpy(&listed->as, record, listed->resource->size);
    const struct field *label = resource_field_named(listed->resource, "label");
    const char **text = field_in(label, &listed->as);
    *text = arena_text(&listing->data->arena, *text);
    return true;
}

static void put_token(struct listing *listing, const struct listed *listed)
{
    struct person_brief person = {0};
    struct instant used;
    bool calendar = listed->resource == &calendar_token_resource;
    const struct token *token = &(struct token){.record = listed->as.calendar.record,
                                                .person_id = listed->as.calendar.person_id,
                                                .label = listed->as.calendar.label,
                                                .expires_at = listed->as.calendar.expires_at,
                                                .revoked_at = listed->as.calendar.revoked_at};
    token = calendar ? token : &listed->as.token;
    listing->fine = listing->fine &&
                    store_person(&listing->data->store, &token->person_id, &listing->data->arena, &person) == FOUND &&
                    store_token_last_use(&listing->data->store, &token->record.id, &used);
    if (!listing->fine)
        return;
    struct instant now = instant_from_ms(clock_now_ms());
    bool expired = instant_is_set(&token->expires_at) && strcmp(token->expires_at.text, now.text) <= 0;
    const char *state = instant_is_set(&token->revoked_at) ? "revoked"
                        : expired                          ? "expired"
                        : person.active                    ? "valid"
                                                           : "inactive";
    if (!listing->json) {
        buffer_format(&listing->text, "%s  %-8s  %-24s  %-24s  %s  %s%s\n", token->record.id.text, state,
                      instant_is_set(&used) ? used.text : "never used",
                      instant_is_set(&token->expires_at) ? token->expires_at.text : "no expiry", person.name,
                      token->label, calendar ? " (calendar)" : "");
        return;
    }
    buffer_put(&listing->text, listing->any ? ",\n " : "[");
    listing->any = true;
    record_render(&listing->text, listed->resource, &listed->as, RENDER_SHOWN);
    listing->text.length--;
    buffer_format(&listing->text, ",\"kind\":\"%s\"", calendar ? "calendar" : "api");
    buffer_format(&listing->text, instant_is_set(&used) ? ",\"last_used_at\":\"%s\"}" : ",\"last_used_at\":null}",
                  used.text);
}

int run_token_list(struct invocation *invocation)
{
    struct data data;
    if (!data_open(&data, invocation))
        return EXIT_FAILED;
    struct listing listing = {.data = &data, .json = invocation->json, .fine = true};
    const struct resource *const kinds[] = {&token_resource, &calendar_token_resource};
    for (size_t i = 0; i < COUNT_OF(kinds) && listing.fine; i++) {
        const struct list_query query = {.resource = kinds[i], .view = view_all, .limit = 1000000};
        listing.resource = kinds[i];
        listing.fine = store_list(&data.store, &query, &data.arena, collect, &listing) && listing.fine;
    }
    for (size_t i = 0; i < listing.count; i++)
        put_token(&listing, &listing.tokens[i]);
    if (listing.json)
        buffer_put(&listing.text, listing.any ? "]\n" : "[]\n");
    int status = EXIT_FAILED;
    if (listing.fine)
        status = print(&listing.text);
    else
        fail("cannot read the tokens: %s", db_message(data.store.db));
    buffer_finish(&listing.text);
    free(listing.tokens);
    data_close(&data);
    return status;
}

/* --- revoke --------------------------------------------------------------------------------------------------------
 */

static bool write_revoked(struct store *store, struct arena *arena, void *context)
{
    (void)arena;
    struct token *token = context;
    token->record.version.value++;
    token->record.updated_at = token->revoked_at = instant_from_ms(clock_now_ms());
    return store_update(store, &token_resource, token) && token_audit(store, token, "token.revoke");
}

/* FOUND: it was a feed token, which is revoked now. */
static enum found revoke_calendar_token(struct invocation *invocation, struct data *data, int *ret_status)
{
    struct calendar_token token;
    const struct date today = {0};
    const char *id = invocation->operands[0];
    char target[100];
    enum found found = store_load(&data->store, &calendar_token_resource, id, &view_all, &today, &data->arena, &token);
    if (found != FOUND)
        return found;
    bool active = token.status == CALENDAR_TOKEN_ACTIVE;
    snprintf(target, sizeof target, "/v1/calendar-tokens/%s%s", id, active ? "/revoke" : "");
    const struct response *response =
        data_call(data, invocation, active ? METHOD_POST : METHOD_GET, target, NULL, NULL, NULL);
    *ret_status = EXIT_FINE;
    if (response->status >= 300) {
        *ret_status = fail("%s", problem_line(&data->arena, response));
    } else if (invocation->json) {
        struct buffer out = {0};
        buffer_add(&out, response->body.data, response->body.length);
        buffer_char(&out, '\n');
        *ret_status = print(&out);
    }
    return FOUND;
}

int run_token_revoke(struct invocation *invocation)
{
    struct data data;
    struct token token;
    const struct date today = {0};
    if (!data_open(&data, invocation))
        return EXIT_FAILED;
    int status = EXIT_FINE;
    if (revoke_calendar_token(invocation, &data, &status) == FOUND) {
        data_close(&data);
        return status;
    }
    if (store_load(&data.store, &token_resource, invocation->operands[0], &view_all, &today, &data.arena, &token) !=
        FOUND)
        status = fail("there is no token with the id '%s'; 'reviewd token list' shows them", invocation->operands[0]);
    else if (!instant_is_set(&token.revoked_at) && !data_write(&data, invocation, write_revoked, &token))
        status = EXIT_FAILED;
    if (status == EXIT_FINE && invocation->json) {
        struct buffer out = {0};
        record_render(&out, &token_resource, &token, RENDER_SHOWN);
        buffer_char(&out, '\n');
        status = print(&out);
    }
    data_close(&data);
    return status;
}
