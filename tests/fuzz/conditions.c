/* Headers that are lists: conditions (RFC 9110, 13), ranges (14), and what the answer may be (12). */
#include "fuzz.h"

#include <strings.h>

#define TAG "\"0123456789abcdef0123456789abcdef\""

/* A list of entity tags (RFC 9110, 8.8.3), read by hand: 1 where the tag is among them, 0 where it is not, -1 where it
 * is no list of tags. `weakly`: a weak tag will do, and what follows the tag does not matter. */
static int lists_tag(const char *list, bool weakly)
{
    bool found = false;
    for (const char *at = list;;) {
        while (*at == ' ' || *at == '\t' || *at == ',')
            at++;
        if (!*at)
            return found;
        bool weak = at[0] == 'W' && at[1] == '/';
        at += weak ? 2 : 0;
        if (*at++ != '"')
            return -1;
        char said[64] = "\"";
        size_t length = 1;
        for (; *at && *at != '"'; at++) {
            if (length < sizeof said - 2)
                said[length++] = *at;
        }
        if (*at++ != '"')
            return -1;
        while (*at == ' ' || *at == '\t')
            at++;
        if (*at && *at != ',')
            return -1;
        memcpy(said + length, "\"", 2);
        bool hit = strcmp(said, TAG) == 0 || strcmp(said, "\"0123456789abcdef0123456789abcdef-gzip\"") == 0;
        found = found || (hit && (weakly || !weak));
        if (found && weakly)
            return true;
    }
}

/* The first byte says which header. "*" is any; a tag that is put into any list of tags is in it. */
void fuzz_condition(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct arena arena;
    arena_init(&arena);
    bool match = input_byte(&input) % 2;
    const char *list = input_line(&input, &arena);
    const char *longer = arena_format(&arena, "%s, %s", TAG, list);
    if (match) {
        int status = if_match_status(list, TAG);
        bool hit = strcmp(list, "*") == 0 || lists_tag(list, false) > 0;
        REQUIRE(status == (hit ? 0 : 412), "If-Match: %s is %d", list, status);
        status = if_match_status(longer, TAG);
        REQUIRE(status == (lists_tag(list, false) >= 0 ? 0 : 412), "If-Match: %s is %d", longer, status);
    } else {
        bool hit = if_none_match_hits(list, TAG);
        bool wanted = strcmp(list, "*") == 0 || lists_tag(list, true) > 0;
        REQUIRE(hit == wanted, "If-None-Match: %s %s", list, hit ? "hits" : "does not hit");
        REQUIRE(if_none_match_hits(longer, TAG), "If-None-Match: %s does not hit", longer);
    }
    arena_finish(&arena);
}

/* One range as RFC 9110 has it: "bytes=" FIRST "-" [LAST] or "bytes=-" LENGTH, by hand. False: none that is taken. */
static bool one_range(const char *header, int64_t size, int64_t *ret_first, int64_t *ret_last)
{
    if (strncasecmp(header, "bytes=", 6) != 0)
        return false;
    const char *at = header + 6;
    __int128 numbers[2] = {-1, -1};
    for (int i = 0; i < 2; i++) {
        if (i == 1 && *at++ != '-')
            return false;
        for (; *at >= '0' && *at <= '9'; at++) {
            numbers[i] = (numbers[i] < 0 ? 0 : numbers[i]) * 10 + (*at - '0');
            numbers[i] = numbers[i] > INT64_MAX ? INT64_MAX : numbers[i];
        }
    }
    if (*at || (numbers[0] < 0 && numbers[1] < 0) || (numbers[0] >= 0 && numbers[1] >= 0 && numbers[1] < numbers[0]))
        return false;
    bool suffix = numbers[0] < 0;
    __int128 first = suffix ? (size > numbers[1] ? size - numbers[1] : 0) : numbers[0];
    __int128 last = suffix || numbers[1] < 0 || numbers[1] >= size ? size - 1 : numbers[1];
    *ret_first = (int64_t)first;
    *ret_last = (int64_t)last;
    return true;
}

void fuzz_range(const uint8_t *data, size_t size)
{
    static const int64_t sizes[] = {0, 1, 10, 32768, 5000000000};
    struct input input = {data, size};
    struct arena arena;
    arena_init(&arena);
    int64_t all = sizes[input_byte(&input) % ROWS(sizes)];
    const char *header = input_line(&input, &arena);
    int64_t first = 0, last = 0, wanted_first = 0, wanted_last = 0;
    enum range range = range_parse(header, all, &first, &last);
    bool one = one_range(header, all, &wanted_first, &wanted_last);
    if (range == RANGE_PART) {
        REQUIRE(0 <= first && first <= last && last < all, "%s of %lld is %lld to %lld", header, (long long)all,
                (long long)first, (long long)last);
        /* Blanks around it may be taken as well as refused. */
        REQUIRE(!one || (first == wanted_first && last == wanted_last), "%s is another part", header);
    }
    if (one)
        REQUIRE((range == RANGE_PART) == (wanted_first <= wanted_last && wanted_first < all), "%s of %lld is %d",
                header, (long long)all, range);
    arena_finish(&arena);
}

/* Whatever Accept says, an answer is as much wanted as 0 to 1, is in one of the route's types, and in none that it
 * rules out; what is not there in any that it wants is 406. */
void fuzz_accept(const uint8_t *data, size_t size)
{
    static const struct {
        const char *path;
        const char *types[5];
    } places[] = {
        {"/v1/people?limit=1", {"application/json", "application/x-ndjson", "text/csv"}},
        {"/v1/reports/schedule", {"application/json", "text/csv", "image/svg+xml"}},
        {"/v1/reviews/MR-2026-04/agenda", {"application/json", "text/html", "text/markdown"}},
        {"/v1/people/ana@x.org", {"application/json"}},
        {"/v1/calendar.ics", {"text/calendar"}},
    };
    struct input input = {data, size};
    struct arena arena;
    arena_init(&arena);
    uint8_t place = input_byte(&input) % ROWS(places);
    const char *accept = input_line(&input, &arena);
    double best = 0;
    for (const char *const *type = places[place].types; *type; type++) {
        double weight = accept_weight(accept, *type);
        REQUIRE(weight >= 0 && weight <= 1, "Accept: %s wants %s by %g", accept, *type, weight);
        best = weight > best ? weight : best;
    }
    if (strcasestr(accept, "xlsx") || strcasestr(accept, "spreadsheet") || strcasestr(accept, "pdf")) { /* slow */
        arena_finish(&arena);
        return;
    }
    struct request *request = fuzz_request(METHOD_GET, "GET", places[place].path);
    request->headers[HEADER_ACCEPT] = accept;
    struct response *response = fuzz_send();
    const char *type = response_get(response, "Content-Type");
    if (response->status == 200)
        REQUIRE(type && accept_weight(accept, arena_copy(&arena, type, strcspn(type, ";"))) > 0,
                "Accept: %s is answered by %s", accept, type ? type : "nothing");
    else
        REQUIRE(response->status == 406 && best <= 0, "Accept: %s is answered %d", accept, response->status);
    arena_finish(&arena);
}
