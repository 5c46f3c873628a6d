#include "reviewd/id.h"

#include "reviewd/clock.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>

static void put_hex(char *target, const unsigned char *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        target[2 * i] = digits[bytes[i] >> 4];
        target[2 * i + 1] = digits[bytes[i] & 15];
    }
}

static struct {
    pthread_mutex_t mutex;
    uint64_t last_ms;
    unsigned counter;
} made = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* 48 bits of milliseconds, then 12 bits of a counter that begins anew at random in each millisecond (RFC 9562, 6.2,
 * method 1), then 62 random bits. */
struct id id_make(void)
{
    unsigned char bytes[16];
    randombytes_buf(bytes, sizeof bytes);
    pthread_mutex_lock(&made.mutex);
    uint64_t ms = (uint64_t)clock_now_ms();
    if (ms > made.last_ms) {
        made.last_ms = ms;
        made.counter = (unsigned)(bytes[6] & 3) << 8 | bytes[7];
    } else if (++made.counter > 0xFFF) {
        made.last_ms++;
        made.counter = 0;
    }
    ms = made.last_ms;
    unsigned count = made.counter;
    pthread_mutex_unlock(&made.mutex);
    for (int i = 0; i < 6; i++)
        bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
    bytes[6] = (unsigned char)(0x70 | count >> 8);
    bytes[7] = (unsigned char)count;
    bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3F));
    struct id id = {.text = "00000000-0000-0000-0000-000000000000"};
    put_hex(id.text, bytes, 4);
    put_hex(id.text + 9, bytes + 4, 2);
    put_hex(id.text + 14, bytes + 6, 2);
    put_hex(id.text + 19, bytes + 8, 2);
    put_hex(id.text + 24, bytes + 10, 6);
    return id;
}

void id_not_before(int64_t ms)
{
    pthread_mutex_lock(&made.mutex);
    if ((uint64_t)ms >= made.last_ms) {
        made.last_ms = (uint64_t)ms;
        made.counter =
            0xFFF; /* the next one is of the next millisecond, since nobody knows how far this one is counted */
    }
    pthread_mutex_unlock(&made.mutex);
}

int64_t id_made_ms(const struct id *id)
{
    const char *text = id->text;
    if (text[14] != '7' || !strchr("89ab", text[19]))
        return -1;
    char digits[13];
    memcpy(digits, text, 8);
    memcpy(digits + 8, text + 9, 4);
    digits[12] = '\0';
    return strtoll(digits, NULL, 16);
}

void salt_make(char ret_text[SALT_TEXT_BYTES])
{
    unsigned char bytes[16];
    randombytes_buf(bytes, sizeof bytes);
    put_hex(ret_text, bytes, sizeof bytes);
    ret_text[32] = '\0';
    sodium_memzero(bytes, sizeof bytes);
}

static uint64_t request_start;

static void request_begin(void)
{
    randombytes_buf(&request_start, sizeof request_start);
}

void request_id_make(char ret_text[17])
{
    static _Atomic uint64_t next;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, request_begin);
    uint64_t number = (atomic_fetch_add(&next, 1) + request_start) * 0x9E3779B97F4A7C15u; /* odd: never twice */
    unsigned char bytes[8];
    memcpy(bytes, &number, sizeof bytes);
    put_hex(ret_text, bytes, 8);
    ret_text[16] = '\0';
}
