/* A disk whose every flush takes a millisecond longer: LD_PRELOAD=slow_sync.so */
#include <dlfcn.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

static int slowly(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int))(intptr_t)dlsym(RTLD_NEXT, name);
    const struct timespec more = {.tv_nsec = 1000000};
    nanosleep(&more, NULL);
    return real ? real(fd) : -1;
}

int fsync(int fd)
{
    return slowly("fsync", fd);
}

int fdatasync(int fd)
{
    return slowly("fdatasync", fd);
}
