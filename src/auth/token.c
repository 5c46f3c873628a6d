#include "reviewd/caller.h"

#include "reviewd/clock.h"
#include "reviewd/digest.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum {
    CACHE_SLOTS = 256,
    CACHE_MS = 500, /* a token revoked by another process is refused within a second */
    USED_MAX = 256,
    USED_EVERY_MS = 60000,
};

struct cached {
    unsigned char hash[32];
    struct caller caller;
    struct instant expires_at;
    int64_t read_ms; /* monotonic; 0: empty */
    unsigned generation;
};

struct caller_cache {
    struct cached slots[CACHE_SLOTS];
};

static _Atomic unsigned generation = 1;

/* Tokens used since they were last written down. */
static struct {
    pthread_mutex_t mutex;
    struct {
        struct id token_id;
        int64_t at_ms;
        int64_t written_ms;
    } used[USED_MAX];
    size_t count;
} last_use = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void make(const char prefix[5], char ret_text[TOKEN_TEXT_BYTES], unsigned char ret_hash[32])
{
    unsigned char secret[32];
    randombytes_buf(secret, sizeof secret);
    memcpy(ret_text, prefix, 4);
    sodium_bin2base64(ret_text + 4, TOKEN_TEXT_BYTES - 4, secret, sizeof secret,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    digest_sha256_of(ret_text, strlen(ret_text), ret_hash);
    sodium_memzero(secret, sizeof secret);
}

void token_make(char ret_text[TOKEN_TEXT_BYTES], unsigned char ret_hash[32])
{
    make(TOKEN_PREFIX, ret_text, ret_hash);
}

void feed_token_make(char ret_text[TOKEN_TEXT_BYTES], unsigned char ret_hash[32])
{
    make(FEED_PREFIX, ret_text, ret_hash);
}

struct caller_cache *caller_cache_create(void)
{
    return calloc(1, sizeof(struct caller_cache));
}

void caller_cache_destroy(struct caller_cache *cache)
{
    free(cache);
}

void caller_forget_all(void)
{
    atomic_fetch_add(&generation, 1);
}

static void note_use(const struct id *token_id, int64_t now_ms)
{
    pthread_mutex_lock(&last_use.mutex);
    size_t i = 0;
    while (i < last_use.count && !id_equal(&last_use.used[i].token_id, token_id))
        i++;
    if (i < USED_MAX) {
        last_use.used[i].token_id = *token_id;
        last_use.used[i].at_ms = now_ms;
        if (i == last_use.count) {
            last_use.used[i].written_ms = 0;
            last_use.count++;
        }
    }
    pthread_mutex_unlock(&last_use.mutex);
}

bool caller_flush_last_use(struct store *store)
{
    bool fine = true;
    pthread_mutex_lock(&last_use.mutex);
    for (size_t i = 0; i < last_use.count && fine; i++) {
        int64_t since_ms = clock_now_ms() - last_use.used[i].written_ms;
        bool fresh = last_use.used[i].at_ms != last_use.used[i].written_ms;
        if (!fresh || (since_ms >= 0 && since_ms < USED_EVERY_MS)) /* a clock that was set back is no reason to wait */
            continue;
        struct instant at = instant_from_ms(last_use.used[i].at_ms);
        fine = store_token_used(store, &last_use.used[i].token_id, &at);
        last_use.used[i].written_ms = last_use.used[i].at_ms;
    }
    if (last_use.count == USED_MAX) /* more tokens than places: begin again */
        last_use.count = 0;
    pthread_mutex_unlock(&last_use.mutex);
    return fine;
}

/* The token of "Bearer <token>", or NULL. */
static const char *bearer(const char *authorization)
{
    if (strncasecmp(authorization, "Bearer ", 7) != 0)
        return NULL;
    const char *token = authorization + 7;
    token += strspn(token, " ");
    bool form = strncmp(token, TOKEN_PREFIX, 4) == 0 && strlen(token) == TOKEN_TEXT_BYTES - 1;
    return form ? token : NULL;
}

static struct caller caller_of(const struct token_brief *token)
{
    struct caller caller = {.person_id = token->person.id,
                            .token_id = token->token_id,
                            .role = token->person.role,
                            .token_role = token->role,
                            .read_only = token->read_only};
    if (token->person.department)
        snprintf(caller.department, sizeof caller.department, "%s", token->person.department);
    return caller;
}

static bool is_over(const struct instant *expires_at, int64_t now_ms)
{
    struct instant now = instant_from_ms(now_ms);
    return instant_is_set(expires_at) && strcmp(expires_at->text, now.text) <= 0;
}

static enum identity look_up(struct store *store, const unsigned char hash[32], struct cached *slot)
{
    struct arena arena;
    arena_init(&arena);
    struct token_brief token;
    unsigned now_generation = atomic_load(&generation);
    enum found found = store_token(store, hash, &arena, &token);
    enum identity identity = found == BROKEN || arena_failed(&arena) ? IDENTITY_BROKEN : IDENTITY_INVALID;
    if (found == FOUND && !token.revoked && token.person.active && identity == IDENTITY_INVALID) {
        *slot = (struct cached){.read_ms = clock_monotonic_us() / 1000 + 1, .generation = now_generation};
        memcpy(slot->hash, hash, sizeof slot->hash);
        slot->expires_at = token.expires_at;
        slot->caller = caller_of(&token);
        identity = IDENTITY_KNOWN;
    }
    arena_finish(&arena);
    return identity;
}

enum identity caller_identify(struct caller_cache *cache, struct store *store, const char *authorization,
                              struct caller *ret_caller)
{
    if (!authorization)
        return IDENTITY_MISSING;
    const char *token = bearer(authorization);
    if (!token)
        return IDENTITY_INVALID;
    unsigned char hash[32];
    digest_sha256_of(token, strlen(token), hash);
    struct cached *slot = &cache->slots[hash[0]];
    int64_t now_ms = clock_now_ms();
    bool fresh = slot->read_ms && clock_monotonic_us() / 1000 - slot->read_ms < CACHE_MS &&
                 slot->generation == atomic_load(&generation) && sodium_memcmp(slot->hash, hash, sizeof hash) == 0;
    if (!fresh) {
        slot->read_ms = 0;
        enum identity identity = look_up(store, hash, slot);
        if (identity != IDENTITY_KNOWN)
            return identity;
        note_use(&slot->caller.token_id, now_ms);
    }
    if (is_over(&slot->expires_at, now_ms))
        return IDENTITY_INVALID;
    *ret_caller = slot->caller;
    return IDENTITY_KNOWN;
}

enum identity caller_identify_feed(struct store *store, const char *token, struct caller *ret_caller)
{
    unsigned char hash[32];
    struct token_brief brief;
    struct arena arena;
    if (strncmp(token, FEED_PREFIX, 4) != 0 || strlen(token) != TOKEN_TEXT_BYTES - 1)
        return IDENTITY_INVALID;
    digest_sha256_of(token, strlen(token), hash);
    arena_init(&arena);
    int64_t now_ms = clock_now_ms();
    enum found found = store_calendar_token(store, hash, &arena, &brief);
    enum identity identity = found == BROKEN || arena_failed(&arena) ? IDENTITY_BROKEN : IDENTITY_INVALID;
    if (found == FOUND && identity == IDENTITY_INVALID && !brief.revoked && brief.person.active &&
        !is_over(&brief.expires_at, now_ms)) {
        *ret_caller = caller_of(&brief);
        note_use(&brief.token_id, now_ms);
        identity = IDENTITY_KNOWN;
    }
    arena_finish(&arena);
    return identity;
}
