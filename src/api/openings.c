/* What opens the commitments in a version's body: salts and values of personal members, for whoever checks the chain.
 */
#include "api.h"

static bool put_opening(struct call *call, const char *commitment, struct arena *arena, struct buffer *array)
{
    struct opening opening;
    enum found found = store_opening(call->store, commitment, arena, &opening);
    if (found != FOUND)
        return found == ABSENT; /* of a damaged database */
    const char *const members[][2] = {{"{\"member\":", opening.member},
                                      {",\"commitment\":", commitment},
                                      {",\"salt\":", opening.salt},
                                      {",\"value\":", opening.value}};
    buffer_put(array, array->data[array->length - 1] == '[' ? "" : ",");
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        buffer_put(array, members[i][0]);
        if (members[i][1])
            json_put_text(array, members[i][1], strlen(members[i][1]));
        else
            buffer_put(array, "null");
    }
    buffer_char(array, '}');
    return !buffer_failed(array);
}

bool openings_render(struct call *call, const struct resource *resource, const char *body, struct buffer *array)
{
    struct arena arena; /* of this version */
    arena_init(&arena);
    json_t *object = json_parse(&arena, body, strlen(body), JSON_DECODE_INT_AS_REAL, NULL);
    buffer_char(array, '[');
    bool fine = object && !buffer_failed(array);
    for (size_t i = 0; fine && i < resource->field_count; i++) {
        const struct field *field = &resource->fields[i];
        json_t *member = field->personal ? json_object_get(object, field->name) : NULL;
        const char *commitment = json_string_value(json_object_get(member, "commitment"));
        fine = !commitment || put_opening(call, commitment, &arena, array);
    }
    buffer_char(array, ']');
    arena_finish(&arena);
    return fine;
}
