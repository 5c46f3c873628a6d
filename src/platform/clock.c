#include "reviewd/clock.h"

#include <time.h>

static int64_t pretended_ms;

int64_t clock_now_ms(void)
{
    if (pretended_ms)
        return pretended_ms;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void clock_pretend(int64_t now_ms)
{
    pretended_ms = now_ms;
}

int64_t clock_monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
