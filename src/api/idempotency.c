/* Idempotency-Key: the first answer is kept with the write itself, and replayed (contract, section 1: retry). */
#include "worker.h"

#include "reviewd/clock.h"
#include "reviewd/digest.h"

#include <stdlib.h>

enum { KEY_MIN = 8, KEY_MAX = 255, KEPT_MS = 24 * 60 * 60 * 1000 };

/* Keys are for POST. A change is the same when it is done twice; its key is no more than looked up, since it may be
 * that of another request. */
static bool is_kept(const struct call *call)
{
    return call->request->method == METHOD_POST;
}

bool key_read(struct call *call)
{
    const char *header = call->request->headers[HEADER_IDEMPOTENCY_KEY];
    if (!header)
        return true;
    size_t length = strlen(header);
    bool quoted = length >= 2 && header[0] == '"' && header[length - 1] == '"';
    const size_t quotes = quoted ? 2 : 0;
    const char *key = arena_copy(call->arena, header + quoted, length - quotes);
    length -= quotes;
    bool printable = length >= KEY_MIN && length <= KEY_MAX && !call->request->repeated[HEADER_IDEMPOTENCY_KEY];
    for (size_t i = 0; i < length && printable; i++)
        printable = key[i] >= 0x20 && key[i] < 0x7F;
    if (!printable && !is_kept(call))
        return true;
    if (!printable) {
        violation_add(&call->violations, "idempotency.invalid", NULL,
                      "An Idempotency-Key is one header of %d to %d printable ASCII characters.", KEY_MIN, KEY_MAX);
        return false;
    }
    if (call->dry_run) /* which stores nothing, be it done twice */
        return true;
    call->idempotency_key = key;
    /* A token that carries less than its person is told nothing that was answered to one that carries more. */
    const char rights[] = {(char)('0' + call->caller.token_role), call->caller.read_only ? 'r' : 'w', '\0'};
    const char *head =
        arena_format(call->arena, "%s%s\n%s\n", rights, call->request->method_name, call->request->target);
    struct bytes parts[] = {{head, strlen(head)}, {call->request->body, call->request->body_length}};
    if (call->received) /* the file's own digest stands for its bytes */
        parts[1] = (struct bytes){call->received->text, strlen(call->received->text)};
    digest_sha256(parts, COUNT_OF(parts), call->request_sha256);
    return true;
}

/* --- keys under way ------------------------------------------------------------------------------------------------
 */

static struct key_in_flight **bucket(struct call *call)
{
    unsigned hash = 0;
    for (const char *c = call->idempotency_key; *c; c++)
        hash = hash * 31 + (unsigned char)*c;
    return &call->api->keys[hash % KEY_BUCKETS];
}

static struct key_in_flight **find(struct call *call)
{
    struct key_in_flight **at = bucket(call);
    while (*at && !(id_equal((*at)->caller, &call->caller.person_id) && strcmp((*at)->key, call->idempotency_key) == 0))
        at = &(*at)->next;
    return at;
}

bool key_begin(struct call *call)
{
    if (!call->idempotency_key || !is_kept(call))
        return true;
    struct key_in_flight *key = arena_alloc(call->arena, sizeof *key);
    if (!key)
        return true; /* memory is out: the request fails for that */
    pthread_mutex_lock(&call->api->mutex);
    struct key_in_flight **at = find(call);
    bool first = !*at;
    if (first) {
        *key = (struct key_in_flight){NULL, &call->caller.person_id, call->idempotency_key};
        *at = key;
        call->key_in_flight = key;
    }
    pthread_mutex_unlock(&call->api->mutex);
    return first;
}

void key_end(struct call *call)
{
    if (!call->key_in_flight)
        return;
    pthread_mutex_lock(&call->api->mutex);
    for (struct key_in_flight **at = bucket(call); *at; at = &(*at)->next) {
        if (*at == call->key_in_flight) {
            *at = (*at)->next;
            break;
        }
    }
    pthread_mutex_unlock(&call->api->mutex);
    call->key_in_flight = NULL;
}

/* --- kept answers --------------------------------------------------------------------------------------------------
 */

static void replay(struct call *call, const struct kept_answer *kept)
{
    struct response *response = call->response;
    response->status = kept->status;
    response->header_count = 0;
    buffer_add(&response->body, kept->body, kept->body_length);
    const char *line = kept->headers;
    while (*line) {
        size_t length = strcspn(line, "\n");
        char *name = arena_copy(call->arena, line, length);
        char *colon = strchr(name, ':');
        if (colon) {
            *colon = '\0';
            response_add(response, name, colon + 2);
        }
        line += length + (line[length] == '\n');
    }
    response_add(response, "Idempotent-Replayed", "true");
    call->replayed = true;
}

bool key_keep(struct call *call, struct store *store)
{
    struct response *response = call->response;
    struct buffer headers = {0};
    for (size_t i = 0; i < response->header_count; i++)
        buffer_format(&headers, "%s: %s\n", response->headers[i].name, response->headers[i].value);
    struct kept_answer kept = {
        .status = response->status, .body = response->body.data, .body_length = response->body.length};
    memcpy(kept.request_sha256, call->request_sha256, sizeof kept.request_sha256);
    char *text = buffer_take(&headers);
    kept.headers = text;
    bool fine = text && store_keep_answer(store, &call->caller.person_id, call->idempotency_key, &call->now, &kept);
    free(text);
    return fine;
}

enum found key_look_back(struct call *call, struct store *store)
{
    struct kept_answer kept;
    struct instant since = instant_from_ms(clock_now_ms() - KEPT_MS);
    enum found found =
        store_kept_answer(store, &call->caller.person_id, call->idempotency_key, &since, call->arena, &kept);
    if (found != FOUND)
        return found;
    if (memcmp(kept.request_sha256, call->request_sha256, sizeof kept.request_sha256) == 0) {
        replay(call, &kept);
        return FOUND;
    }
    violation_add(
        &call->violations, "idempotency.mismatch", NULL,
        "This Idempotency-Key came with another method, path or body before, or with a token of other rights.");
    answer_violations(call);
    call->replayed = true; /* the kept answer stays the first one's */
    return FOUND;
}

enum job_result call_run(struct job *job, struct store *store)
{
    struct call *call = (struct call *)job;
    int64_t now_ms = clock_now_ms();
    call_reset(call);
    call->store = store;
    call->now = instant_from_ms(now_ms);
    call->today = instant_date(&call->now);
    if (call->idempotency_key) {
        enum found found = key_look_back(call, store);
        if (found != ABSENT)
            return found == BROKEN ? JOB_BREAK : JOB_REFUSE;
    }
    enum job_result result = call->route->write(call);
    if (result == JOB_KEEP && !write_derive(call))
        return JOB_BREAK;
    bool keeps = call->idempotency_key && is_kept(call);
    /* Else the worker makes the answer, after COMMIT, while this thread goes on. */
    if (result == JOB_KEEP && (keeps || call->dry_run) && !write_answer(call))
        return JOB_BREAK;
    if (result == JOB_BREAK || arena_failed(call->arena) || buffer_failed(&call->response->body))
        return JOB_BREAK;
    if (call->dry_run)
        return JOB_REFUSE;
    return result == JOB_KEEP && keeps && !key_keep(call, store) ? JOB_BREAK : result;
}

bool call_keep_answer(struct job *job, struct store *store)
{
    struct call *call = (struct call *)job;
    bool keeps = call->idempotency_key && is_kept(call) && !call->replayed &&
                 call->response->status < 500; /* there may be room the next time */
    return !keeps || key_keep(call, store);
}

bool api_housekeeping(void *context, struct store *store)
{
    (void)context;
    int64_t now_ms = clock_now_ms();
    struct instant before = instant_from_ms(now_ms - KEPT_MS);
    struct instant now = instant_from_ms(now_ms);
    return store_drop_answers(store, &before, &now) && caller_flush_last_use(store);
}
