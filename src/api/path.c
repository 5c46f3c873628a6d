#include "path.h"

#include "worker.h"

#include <assert.h>

enum { SEGMENT_MAX = 300 };

static unsigned marks[ROUTES_MAX];

/* Of "/v1/<collection>" and of "/<first>", with how many segments there are: none of these is ever a key. */
static unsigned mark_of(const struct path *path)
{
    bool versioned = path->count > 1 && strcmp(path->segments[0], "v1") == 0;
    unsigned mark = (unsigned)path->count;
    for (const char *at = path->segments[versioned]; *at; at++)
        mark = mark * 31 + (unsigned char)*at;
    return mark;
}

bool path_split(struct arena *arena, const char *target, struct path *ret_path)
{
    if (*target != '/')
        return false;
    for (const char *at = target + 1;;) {
        size_t length = strcspn(at, "/?");
        if (ret_path->count == SEGMENTS_MAX || length == 0 || length > SEGMENT_MAX)
            return false;
        const char *segment = percent_decode(arena, at, length, false);
        if (!segment)
            return false;
        ret_path->segments[ret_path->count++] = segment;
        at += length;
        if (*at != '/')
            break;
        at++;
    }
    ret_path->mark = mark_of(ret_path);
    return true;
}

bool paths_init(void)
{
    assert(route_count < ROUTES_MAX);
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < route_count; i++) {
        struct path path = {0};
        marks[i] = path_split(&arena, routes[i].path, &path) ? path.mark : 0;
    }
    bool fine = !arena_failed(&arena);
    arena_finish(&arena);
    return fine;
}

bool path_matches(size_t route, const struct path *path, const char *keys[PATH_KEYS_MAX])
{
    if (marks[route] != path->mark)
        return false;
    const char *pattern = routes[route].path;
    size_t key = 0;
    for (size_t i = 0; i < path->count; i++) {
        if (*pattern++ != '/')
            return false;
        size_t length = strcspn(pattern, "/");
        if (*pattern == '{')
            keys[key++] = path->segments[i];
        else if (strncmp(pattern, path->segments[i], length) != 0 || path->segments[i][length])
            return false;
        pattern += length;
    }
    return *pattern == '\0';
}
