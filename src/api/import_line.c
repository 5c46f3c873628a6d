/* One line of an import becomes a record, in the writer's transaction: by the same steps as a POST of it, and where it
 * is of a history, with what the server would else set by itself. */
#include "import.h"

#include "reviewd/amendment.h"
#include "reviewd/attendee.h"
#include "reviewd/clock.h"
#include "reviewd/follow_up.h"
#include "reviewd/id.h"
#include "reviewd/input.h"
#include "reviewd/review.h"

#include <stdlib.h>
#include <strings.h>

/* --- what it hangs from --------------------------------------------------------------------------------------------
 */

/* A member that names the parent of a new record. */
static const struct {
    const struct resource *resource;
    const struct resource *parent;
    const char *member;
} parents[] = {
    {&attendee_resource, &review_resource, "review_id"},
    {&input_resource, &review_resource, "review_id"},
    {&decision_resource, &review_resource, "review_id"},
    {&action_item_resource, &decision_resource, "decision_id"},
    {&amendment_resource, &decision_resource, "decision_id"},
    {&amendment_resource, &action_item_resource, "action_item_id"},
    {&follow_up_resource, &action_item_resource, "action_item_id"},
};

/* The route by which the API makes such a record; below another kind of parent where there is none for this one. */
static const struct route *create_route(const struct resource *resource, const struct resource *parent)
{
    const struct route *route = NULL;
    for (size_t i = 0; i < route_count; i++) {
        bool fits = routes[i].write == write_create && routes[i].resource == resource;
        if (fits && (!route || routes[i].parent == parent))
            route = &routes[i];
    }
    return route;
}

/* The id that a member names, as far as the caller sees it. */
static enum found find_named(struct call *call, const struct resource *target, const char *member, struct id *ret_id)
{
    const char *key = json_string_value(json_object_get(call->body, member));
    return key ? store_find(call->store, target, key, &call->view, ret_id) : ABSENT;
}

/* An action item is of its decision's review. */
static bool check_review(struct call *call)
{
    const struct resource *resource = call->route->resource;
    struct id named;
    if (resource != &action_item_resource || json_is_null(json_object_get(call->body, "review_id")) ||
        !json_object_get(call->body, "review_id"))
        return true;
    enum found found = find_named(call, &review_resource, "review_id", &named);
    if (found == ABSENT || (found == FOUND && !id_equal(&named, &((const struct decision *)call->parent)->review_id)))
        violation_add(&call->violations, "import.parent.mismatch", "#/review_id",
                      "The decision belongs to another review; leave 'review_id' out.");
    return found != BROKEN;
}

static bool is_refused(const struct import_run *run, const struct resource *resource, const char *key)
{
    const struct plan_line *line = plan_find(&run->plan, resource, key);
    return line && line->state == LINE_REFUSED;
}

/* What happened to a record in the past comes with it: what is there already was judged without, and stays as it is
 * unless something happens now. */
static void check_past(const struct import_run *run, struct call *call, const struct resource *parent,
                       const char *member)
{
    const struct resource *resource = call->route->resource;
    const struct plan_line *line =
        plan_find(&run->plan, parent, json_string_value(json_object_get(call->body, member)));
    bool happens = resource == &amendment_resource || resource == &follow_up_resource;
    bool agenda = resource == &input_resource && json_is_true(json_object_get(call->body, "agenda"));
    bool named =
        resource == &attendee_resource && (json_string_value(json_object_get(call->body, "name_at_review")) ||
                                           json_string_value(json_object_get(call->body, "job_title_at_review")));
    if ((line && line->state == LINE_CREATED) || !(happens || agenda || named))
        return;
    violation_add(&call->violations, "import.history.parent", arena_format(call->arena, "#/%s", member),
                  agenda  ? "The %s is there already, and has its agenda; leave 'agenda' out."
                  : named ? "The %s is there already, and names people as they are called now; leave 'name_at_review' "
                            "and 'job_title_at_review' out."
                          : "The %s is there already. Leave out what the server sets ('id', 'created_at', 'before' and "
                            "the like), and it is taken as of today.",
                  parent->title);
}

/* Sets the route and the parent. False where the database or memory failed; without a parent there is a violation. */
static bool find_parent(struct import_run *run, struct call *call, const struct resource *resource)
{
    const char *missing = NULL;
    for (size_t i = 0; i < COUNT_OF(parents); i++) {
        json_t *value = json_object_get(call->body, parents[i].member);
        if (parents[i].resource != resource)
            continue;
        missing = missing ? missing : parents[i].member;
        if (!value || json_is_null(value))
            continue;
        call->route = create_route(resource, parents[i].parent);
        void *parent = arena_alloc(call->arena, parents[i].parent->size);
        const char *key = json_string_value(value);
        enum found found =
            !parent ? BROKEN
            : key   ? store_load(call->store, parents[i].parent, key, &call->view, &call->today, call->arena, parent)
                    : ABSENT;
        if (found == FOUND && behaviour_of(resource)->reads_parent && !record_expand(call, parents[i].parent, parent))
            found = BROKEN;
        call->parent = found == FOUND ? parent : NULL;
        if (found == ABSENT)
            violation_add(&call->violations, "reference.not_found",
                          arena_format(call->arena, "#/%s", parents[i].member),
                          "'%s' names nothing that there is, or that you may see%s.", parents[i].member,
                          key && is_refused(run, parents[i].parent, key) ? ": the line that it names is refused" : "");
        if (call->parent && call->importing->moves)
            check_past(run, call, parents[i].parent, parents[i].member);
        return found != BROKEN && (!call->parent || check_review(call));
    }
    if (missing)
        violation_add(&call->violations, "import.parent.required", arena_format(call->arena, "#/%s", missing),
                      "Say in '%s' what it hangs from.", missing);
    return true;
}

/* As it was when the line's record was made, as far as that matters: it has become closed since, perhaps, and was
 * amended. */
static bool take_back(struct call *call)
{
    const char *at = json_string_value(json_object_get(call->body, "created_at"));
    struct action_item *item = call->parent;
    const char *kind = json_string_value(json_object_get(call->body, "kind"));
    const char *owner = NULL;
    const char *criteria = NULL;
    struct instant made;
    if (call->route->resource != &follow_up_resource)
        return true;
    item->status = kind && strcmp(kind, "effectiveness") == 0 ? ACTION_COMPLETED : ACTION_OPEN;
    if (!at || !instant_parse(at, &made))
        return true;
    if (!store_as_amended(call->store, &action_item_resource, &item->record.id, "owner_id", &made, call->arena,
                          &owner) ||
        !store_as_amended(call->store, &action_item_resource, &item->record.id, "success_criteria", &made, call->arena,
                          &criteria))
        return false;
    if (owner && !id_parse(owner, &item->owner_id))
        return false;
    if (!criteria)
        return true;
    item->success_criteria = (struct nested){.json = criteria, .length = strlen(criteria)};
    return record_expand(call, &action_item_resource, item);
}

/* --- what is there already -----------------------------------------------------------------------------------------
 */

/* The record that the line names by its id, its reference or what else it is found by. */
static enum found find_existing(struct call *call, const struct resource *resource, struct id *ret_id)
{
    const char *const members[] = {"id", resource->reference_prefix ? "reference" : NULL, resource->found_by};
    enum found known = ABSENT;
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        struct id id;
        enum found found = members[i] ? find_named(call, resource, members[i], &id) : ABSENT;
        if (found == BROKEN)
            return BROKEN;
        if (found == ABSENT)
            continue;
        if (known == FOUND && !id_equal(&id, ret_id))
            violation_add(&call->violations, "import.exists", arena_format(call->arena, "#/%s", members[i]),
                          "'%s' is that of another record than '%s'.", members[i], members[0]);
        *ret_id = id;
        known = FOUND;
    }
    return known;
}

static bool is_nothing(const struct field *field, const void *record)
{
    const struct nested *nested = field_of(field, record);
    bool list = field->kind == FIELD_KIND_LIST || field->kind == FIELD_KIND_TEXTS || field->kind == FIELD_KIND_REFS;
    return !field_is_set(field, record) || (list && nested->length == 2);
}

static bool same_value(struct call *call, const struct resource *resource, const struct field *field,
                       const void *parsed, const void *existing)
{
    if (field->kind == FIELD_KIND_RAW) {
        const struct nested *nested = field_of(field, existing);
        json_t *now = json_parse(call->arena, nested->json, nested->length, 0, NULL);
        return now && json_equal(now, json_object_get(call->body, field->name));
    }
    if (field_is_link(field)) {
        struct id named;
        enum found found = find_named(call, resource_find(field->target), field->name, &named);
        return found == FOUND
                   ? id_equal(&named, field_of(field, existing))
                   : !field_is_set(field, existing) && json_is_null(json_object_get(call->body, field->name));
    }
    if (resource->found_by && strcmp(resource->found_by, field->name) == 0 && field_is_set(field, parsed))
        return strcasecmp(*(const char *const *)field_of(field, parsed),
                          *(const char *const *)field_of(field, existing)) == 0;
    return (is_nothing(field, parsed) && is_nothing(field, existing)) || field_equal(field, parsed, existing);
}

/* What the server makes, or makes anew with every change. */
static bool is_compared(const struct field *field)
{
    static const char *const others[] = {"version", "imported", "updated_at", "updated_by", "minutes_sha256"};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (strcmp(others[i], field->name) == 0)
            return false;
    }
    return !field->derived && !field->hidden;
}

/* Judges a line whose record is there already. */
static bool compare(struct call *call, const struct resource *resource, const struct id *id)
{
    struct record *existing = record_fetch(call, resource, id);
    void *parsed = arena_alloc(call->arena, resource->size);
    if (!existing || !parsed || !record_parse(call, resource, BODY_IMPORT, parsed, existing))
        return false;
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        const char *pointer = arena_format(call->arena, "#/%s", field->name);
        if (!json_object_get(call->body, field->name) || !is_compared(field) || !resource_has(resource, field) ||
            violations_at(&call->violations, pointer) || same_value(call, resource, field, parsed, existing))
            continue;
        const char *name = existing->reference ? existing->reference : existing->id.text;
        violation_add(&call->violations, "import.exists", pointer,
                      "The %s %s is there already, with another '%s'. Leave the line out, or change the record by "
                      "itself: /v1/%s/%s.",
                      resource->title, name, field->name, resource->collection, name);
    }
    return !arena_failed(call->arena);
}

/* --- histories -----------------------------------------------------------------------------------------------------
 */

/* Whether it is what a new record has by itself. */
static bool is_plain(const struct field *field, const json_t *value)
{
    if (!value || json_is_null(value) || (json_is_array(value) && !json_array_size(value)))
        return true;
    if (field->kind == FIELD_KIND_ENUM)
        return field->initial && json_is_string(value) &&
               strcmp(json_string_value(value), field->values[field->initial - 1]) == 0;
    if (field->kind == FIELD_KIND_TRUTH)
        return field->initial && json_is_boolean(value) && json_is_true(value) == (field->initial == TRUTH_TRUE);
    return field->kind == FIELD_KIND_INTEGER && json_is_number(value) && json_number_value(value) == (double)field->min;
}

/* The first member that the server sets by itself, and that the line sets otherwise; NULL: there is none. */
static const char *moved_member(const struct resource *resource, const json_t *object)
{
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        bool own = field->read_only && !field->derived && !field_is_link(field) && strcmp(field->name, "version") != 0;
        if (own && !is_plain(field, json_object_get(object, field->name)))
            return field->name;
    }
    return NULL;
}

static void check_times(const struct import_run *run, const struct call *call, struct violations *violations)
{
    const struct record *common = call->after;
    const struct record *parent = call->parent;
    const char *now = run->now.text;
    if (instant_is_set(&common->created_at) && strcmp(common->created_at.text, now) > 0)
        violation_add(violations, "import.history.time", "#/created_at", "%s is still to come.",
                      common->created_at.text);
    if (instant_is_set(&common->updated_at) && strcmp(common->updated_at.text, now) > 0)
        violation_add(violations, "import.history.time", "#/updated_at", "%s is still to come.",
                      common->updated_at.text);
    const char *made = instant_is_set(&common->created_at) ? common->created_at.text : now;
    if (instant_is_set(&common->updated_at) && strcmp(common->updated_at.text, made) < 0)
        violation_add(violations, "import.history.time", "#/updated_at", "%s is before it was made, %s.",
                      common->updated_at.text, made);
    /* What came without the time of its making has that of its import, and is older: the parent now, the record itself
     * where it was moved once before. */
    bool moved = json_is_true(json_object_get(call->body, "imported"));
    bool known = parent && !moved && strcmp(parent->created_at.text, run->began.text) < 0;
    if (known && instant_is_set(&common->created_at) && strcmp(common->created_at.text, parent->created_at.text) < 0)
        violation_add(violations, "import.history.time", "#/created_at", "%s is before the %s was made, %s.",
                      common->created_at.text, call->route->parent->title, parent->created_at.text);
    import_check_order(call->route->resource, common, !moved, &run->now, violations);
}

/* Nothing else of somebody who was erased may come back, least of all as what cannot be erased once more. */
static void check_erased(const struct person *person, struct violations *violations)
{
    const struct pseudonym pseudonym = person_pseudonym(&person->record.id);
    if (!instant_is_set(&person->erased_at))
        return;
    if (person->name && strcmp(person->name, pseudonym.name) != 0)
        violation_add(violations, "import.person.erased", "#/name", "With 'erased_at' the name is '%s'.",
                      pseudonym.name);
    if (person->email && strcasecmp(person->email, pseudonym.email) != 0)
        violation_add(violations, "import.person.erased", "#/email", "With 'erased_at' the address is '%s'.",
                      pseudonym.email);
}

/* What the record is called: by nothing that is still to come, behind which all that follows would stand. */
static void check_names(struct call *call)
{
    const struct resource *resource = call->route->resource;
    const struct record *common = call->after;
    const int this_year = atoi(call->today.text);
    struct id id;
    int year;
    int64_t number;
    const char *given = json_string_value(json_object_get(call->body, "id"));
    int64_t made = given && id_parse(given, &id) ? id_made_ms(&id) : 0;
    if (made < 0 || made > clock_now_ms())
        violation_add(&call->violations, "import.id.form", "#/id",
                      made < 0 ? "It is no UUID of version 7; leave it out to be given one."
                               : "By its time the id is still to be made.");
    if (common->reference && (!reference_parse(resource, common->reference, &year, &number) ||
                              year < REFERENCE_YEAR_MIN || year > this_year))
        violation_add(&call->violations, "import.reference.form", "#/reference",
                      "'%.40s' is none such as %s-%d-%0*d, of a year that has come.", common->reference,
                      resource->reference_prefix, this_year, resource->reference_digits, 1);
}

/* What a verb would refuse by the record alone, and the schema with it. */
static void check_alone(struct call *call)
{
    const struct resource *resource = call->route->resource;
    const struct decision *decision = resource == &decision_resource ? call->after : NULL;
    const struct action_item *item = resource == &action_item_resource ? call->after : NULL;
    const struct review *review = resource == &review_resource ? call->after : NULL;
    const struct input *input = resource == &input_resource ? call->after : NULL;
    if (resource == &person_resource)
        check_erased(call->after, &call->violations);
    if (decision && id_equal(&decision->superseded_by_id, &decision->record.id))
        violation_add(&call->violations, "decision.supersede.other", "#/superseded_by_id",
                      "A decision cannot take its own place.");
    if (item && id_equal(&item->predecessor_id, &item->record.id))
        violation_add(&call->violations, "action_item.predecessor.self", "#/predecessor_id",
                      "An action item does not follow itself.");
    if (item && item->status == ACTION_CANCELLED && id_equal(&item->cancel_approved_by_id, &item->owner_id))
        violation_add(&call->violations, "action_item.cancel.approver", "#/cancel_approved_by_id",
                      "The owner does not approve that it is cancelled.");
    if (review && review->revision.value > 1 && !review->reopen_reason)
        violation_add(&call->violations, "import.state.incomplete", "#/reopen_reason",
                      "A review of a later revision than the first has 'reopen_reason'.");
    if (input && input->agenda == TRUTH_TRUE && input->withdrawn == TRUTH_TRUE)
        violation_add(&call->violations, "input.withdraw.agenda", "#/withdrawn",
                      "An input of the original ten is not withdrawn.");
}

/* What only a line of a history brings. */
static bool check_moved(struct import_run *run, struct call *call, const struct plan_line *line, const char *member)
{
    const struct resource *resource = call->route->resource;
    struct record *common = call->after;
    bool known = false;
    struct id id = plan_id(line);
    common->id = id;
    if (!run->history)
        violation_add(&call->violations, "import.history.role", arena_format(call->arena, "#/%s", member),
                      "'%s' is set by the server; leave it empty, or have an ISMS manager import it.", member);
    check_names(call);
    check_times(run, call, &call->violations);
    if (resource->state && !violations_at(&call->violations, arena_format(call->arena, "#/%s", resource->state)))
        import_check_state(resource, call->after, &call->violations);
    check_alone(call);
    if (run->history && !store_id_known(call->store, &id, &known))
        return false;
    if (known)
        violation_add(&call->violations, "import.id.taken", "#/id", "Another kind of record has the id %s.", id.text);
    return true;
}

static bool is_open(const struct action_item *item)
{
    return !action_item_is_ended(item->status);
}

/* An action item that is known to be older than its record says: it came without the day of its making. */
static bool is_older(const struct import_run *run, const struct action_item *item)
{
    struct date made = instant_date(&item->record.created_at);
    return strcmp(item->record.created_at.text, run->began.text) >= 0 || date_before(&item->original_deadline, &made);
}

static bool is_erased(const struct person *person)
{
    struct pseudonym pseudonym = person_pseudonym(&person->record.id);
    return instant_is_set(&person->erased_at) && person->email && strcasecmp(person->email, pseudonym.email) == 0;
}

/* Whether a history may break the rule: what lies in the past was in the future once, and who has left was there. */
static bool is_waived(const struct import_run *run, const struct call *call, const char *rule)
{
    const struct resource *resource = call->route->resource;
    bool moves = call->importing->moves;
    if (strcmp(rule, "decision.deadline.in_past") == 0 || strcmp(rule, "action_item.deadline.in_past") == 0)
        return true;
    if (strcmp(rule, "follow_up.next.required") == 0) { /* only for lying in the past, and not before its own */
        const struct follow_up *follow_up = call->after;
        return follow_up && date_is_set(&follow_up->next_follow_up_on) &&
               !date_before(&follow_up->next_follow_up_on, &follow_up->performed_on);
    }
    if (strcmp(rule, "follow_up.performed_on.before_action") == 0) /* whose own day of making is not known */
        return is_older(run, call->parent);
    if (strcmp(rule, "person.email.format") == 0) /* the pseudonym of somebody who was erased */
        return moves && is_erased(call->after);
    if (strcmp(rule, "reference.person.inactive") == 0 || strcmp(rule, "attendee.withdrawn") == 0 ||
        strcmp(rule, "input.withdrawn") == 0)
        return moves;
    if (strcmp(rule, "attendee.unique") == 0)
        return moves && ((const struct attendee *)call->after)->withdrawn == TRUTH_TRUE;
    if (strcmp(rule, "action_item.deadline.after_decision") == 0) /* the decision's may have been moved since */
        return moves &&
               (resource == &amendment_resource || (resource == &action_item_resource && !is_open(call->after)));
    return false;
}

void line_waive(const struct import_run *run, struct call *call)
{
    struct violations *violations = &call->violations;
    size_t kept = 0;
    for (size_t i = 0; run->history && i < violations->count; i++) {
        if (is_waived(run, call, violations->items[i].rule->name))
            call->importing->marked = true;
        else
            violations->items[kept++] = violations->items[i];
    }
    violations->count = run->history ? kept : violations->count;
}

/* --- the line ------------------------------------------------------------------------------------------------------
 */

/* Whether it can only be judged with what belongs to it. */
static bool needs_others(const struct resource *resource, const void *record)
{
    if (resource == &review_resource)
        return true;
    if (resource == &decision_resource)
        return ((const struct decision *)record)->status != DECISION_PROPOSED;
    if (resource == &amendment_resource)
        return true;
    if (resource == &follow_up_resource) { /* all but how it goes on changes the state of its action item */
        const unsigned outcome = ((const struct follow_up *)record)->outcome;
        return outcome > OUTCOME_OFF_TRACK && outcome != OUTCOME_NOT_COMPLETED;
    }
    if (resource != &action_item_resource)
        return false;
    const struct action_item *item = record;
    return item->status > ACTION_BLOCKED || item->extension_count.value > 0 ||
           !date_equal(&item->original_deadline, &item->deadline);
}

/* Judges a line whose record is still to be made. False where the database or memory failed. */
static bool judge(struct import_run *run, struct call *call, const struct resource *resource,
                  const struct plan_line *line)
{
    const char *member = moved_member(resource, call->body);
    call->importing->moves = call->importing->marked = member != NULL;
    if (!find_parent(run, call, resource))
        return false;
    bool needs_parent = call->route->parent != NULL;
    if (needs_parent && !call->parent) { /* all else that is wrong is told, too */
        void *record = arena_alloc(call->arena, resource->size);
        return record && record_parse(call, resource, BODY_IMPORT, record, NULL);
    }
    if (member && call->route->parent == &action_item_resource && !take_back(call))
        return false;
    switch (create_judge(call, BODY_IMPORT)) {
    case VERDICT_BROKEN:
        return false;
    case VERDICT_REFUSED:
        return true;
    case VERDICT_FINE:
        break;
    }
    if (member && !check_moved(run, call, line, member))
        return false;
    line_waive(run, call);
    if (run->record.partial == TRUTH_TRUE && member && needs_others(resource, call->after))
        violation_add(&call->violations, "import.partial.state",
                      resource->state ? arena_format(call->arena, "#/%s", resource->state) : NULL,
                      "It is judged with all that belongs to it: import it without 'partial'.");
    return !arena_failed(call->arena);
}

static bool store_line(struct import_run *run, struct call *call, struct plan_line *line)
{
    const struct resource *resource = call->route->resource;
    ((struct record *)call->after)->id = plan_id(line);
    if (call->importing->moves)
        (void)judge_holds_back(resource, call->after);
    run->changes_people |= resource == &person_resource;
    line->moved = call->importing->moves;
    line->state = LINE_CREATED;
    return create_store(call);
}

/* A line of this import that is to be stored yet: in slices nobody waits for one. */
static bool find_pending(void *context, const struct resource *target, const char *key, struct id *ret_id)
{
    struct import_run *run = context;
    const struct plan_line *line = run->record.partial == TRUTH_TRUE ? NULL : plan_find(&run->plan, target, key);
    if (!line || line->state != LINE_PENDING)
        return false;
    *ret_id = plan_id(line);
    return true;
}

bool line_write(struct import_run *run, struct plan_line *line)
{
    const struct resource *resource = import_kind(line->kind);
    struct importing importing = {.find = find_pending, .context = run};
    struct call *call = run_call(run, &importing);
    struct id id = {0};
    if (!call || !(call->body = run_read(run, line, &call->violations)))
        return false;
    enum found found = find_existing(call, resource, &id);
    call->route = create_route(resource, NULL); /* until the parent is known */
    bool fine = found == FOUND    ? compare(call, resource, &id)
                : found == ABSENT ? judge(run, call, resource, line)
                                  : false;
    if (!fine || arena_failed(call->arena))
        return false;
    if (call->violations.count) {
        line->state = LINE_REFUSED;
        run->record.refused.value++;
        run_note(run, &run->parts[line->part], resource, line->line, &call->violations);
        return true;
    }
    if (found == FOUND) {
        line->state = LINE_UNCHANGED;
        run->record.unchanged.value++;
        return true;
    }
    run->record.created.value++;
    return store_line(run, call, line);
}
