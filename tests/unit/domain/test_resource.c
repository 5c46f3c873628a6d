/* src/domain/resource.c: the registry, states and verbs, required members. */
#include "domain.h"

#include "reviewd/action_item.h"
#include "reviewd/calendar_token.h"
#include "reviewd/decision.h"
#include "reviewd/review.h"

#include <stdio.h>

/* The whole of every state machine: what each state knows. */
static const struct {
    const struct resource *resource;
    unsigned state;
    const char *verbs; /* with a space before and after each */
} states[] = {
    {&person_resource, TRUTH_TRUE, " deactivate erase hold release "},
    {&person_resource, TRUTH_FALSE, " activate erase hold release "},
    {&review_resource, REVIEW_PLANNED, " start cancel "},
    {&review_resource, REVIEW_IN_PROGRESS, " conclude "},
    {&review_resource, REVIEW_CONCLUDED, " approve reopen "},
    {&review_resource, REVIEW_APPROVED, " reopen "},
    {&review_resource, REVIEW_CANCELLED, " "},
    {&attendee_resource, TRUTH_FALSE, " withdraw "},
    {&attendee_resource, TRUTH_TRUE, " "},
    {&input_resource, TRUTH_FALSE, " withdraw "},
    {&input_resource, TRUTH_TRUE, " "},
    {&decision_resource, DECISION_PROPOSED, " adopt reject withdraw "},
    {&decision_resource, DECISION_ADOPTED, " implement supersede "},
    {&decision_resource, DECISION_REJECTED, " "},
    {&decision_resource, DECISION_WITHDRAWN, " "},
    {&decision_resource, DECISION_IMPLEMENTED, " supersede "},
    {&decision_resource, DECISION_SUPERSEDED, " "},
    {&action_item_resource, ACTION_OPEN, " start block cancel "},
    {&action_item_resource, ACTION_IN_PROGRESS, " block cancel "},
    {&action_item_resource, ACTION_BLOCKED, " unblock cancel "},
    {&action_item_resource, ACTION_COMPLETED, " cancel "},
    {&action_item_resource, ACTION_CLOSED, " "},
    {&action_item_resource, ACTION_CANCELLED, " "},
    {&calendar_token_resource, CALENDAR_TOKEN_ACTIVE, " revoke "},
    {&calendar_token_resource, CALENDAR_TOKEN_REVOKED, " "},
    {&attachment_resource, TRUTH_FALSE, " withdraw "},
    {&attachment_resource, TRUTH_TRUE, " "},
};

/* … and where each verb leads, with the members that it has to be given. */
static const struct {
    const struct resource *resource;
    const char *verb;
    unsigned to;
    const char *required; /* with a space before and after each */
} verbs[] = {
    {&person_resource, "deactivate", TRUTH_FALSE, " "},
    {&person_resource, "activate", TRUTH_TRUE, " "},
    {&person_resource, "erase", TRUTH_FALSE, " reason "},
    {&person_resource, "hold", 0, " reason "},
    {&person_resource, "release", 0, " reason "},
    {&review_resource, "start", REVIEW_IN_PROGRESS, " "},
    {&review_resource, "conclude", REVIEW_CONCLUDED, " held_on suitability adequacy effectiveness next_review_on "},
    {&review_resource, "approve", REVIEW_APPROVED, " "},
    {&review_resource, "cancel", REVIEW_CANCELLED, " reason "},
    {&review_resource, "reopen", REVIEW_IN_PROGRESS, " reason "},
    {&attendee_resource, "withdraw", TRUTH_TRUE, " reason "},
    {&input_resource, "withdraw", TRUTH_TRUE, " reason "},
    {&calendar_token_resource, "revoke", CALENDAR_TOKEN_REVOKED, " "},
    {&decision_resource, "adopt", DECISION_ADOPTED, " decided_on "},
    {&decision_resource, "implement", DECISION_IMPLEMENTED, " "},
    {&decision_resource, "reject", DECISION_REJECTED, " reason "},
    {&decision_resource, "withdraw", DECISION_WITHDRAWN, " reason "},
    {&decision_resource, "supersede", DECISION_SUPERSEDED, " by reason "},
    {&action_item_resource, "start", ACTION_IN_PROGRESS, " "},
    {&action_item_resource, "block", ACTION_BLOCKED, " reason "},
    {&action_item_resource, "unblock", ACTION_IN_PROGRESS, " "},
    {&action_item_resource, "cancel", ACTION_CANCELLED, " reason approved_by_id "},
    {&attachment_resource, "withdraw", TRUTH_TRUE, " reason "},
};

/* The contract has `q=` look into the text fields; what the API shows as one plain text is one. */
START_TEST(every_text_is_searched)
{
    const struct resource *resource = resources[_i];
    for (size_t i = 0; i < resource_field_count(resource); i++) {
        const struct field *field = resource_field(resource, i);
        if (field->kind == FIELD_KIND_TEXT && !field->derived && !field->hidden && resource_is_searched(resource))
            ck_assert_msg(field->searched, "%s.%s", resource->name, field->name);
    }
}
END_TEST

static bool is_word(const char *words, const char *word)
{
    char spaced[60];
    snprintf(spaced, sizeof spaced, " %s ", word);
    return strstr(words, spaced) != NULL;
}

/* A record that is nothing but its state. */
static void *record_in(const struct resource *resource, unsigned state, void *record)
{
    memset(record, 0, resource->size);
    *(unsigned *)field_in(resource_field_named(resource, resource->state), record) = state;
    return record;
}

START_TEST(each_state_knows_its_verbs)
{
    const struct resource *resource = states[_i].resource;
    max_align_t record[64];
    ck_assert_uint_le(resource->size, sizeof record);
    record_in(resource, states[_i].state, record);
    ck_assert_uint_eq(record_state(resource, record), states[_i].state);
    for (size_t i = 0; i < resource->transition_count; i++) {
        const struct transition *transition = &resource->transitions[i];
        bool known = is_word(states[_i].verbs, transition->verb);
        struct violations *violations = violations_new();
        bool allowed = transition_check(resource, record, transition, violations);
        ck_assert_msg(allowed == known, "%s: %s of one that is %s", resource->name, transition->verb,
                      record_state_name(resource, record));
        ck_assert_uint_eq(violations->count, !known);
        if (known)
            continue;
        ck_assert_str_eq(violations->items[0].rule->name, "transition.not_allowed");
        for (size_t j = 0; j < resource->transition_count; j++) { /* and says which it knows */
            const char *other = resource->transitions[j].verb;
            char *said = strstr(strstr(violations->items[0].detail, ". "), other);
            ck_assert_msg(!is_word(states[_i].verbs, other) || said, "%s", violations->items[0].detail);
        }
    }
}
END_TEST

START_TEST(each_verb_leads_somewhere)
{
    const struct transition *transition = resource_transition(verbs[_i].resource, verbs[_i].verb);
    ck_assert_ptr_nonnull(transition);
    ck_assert_uint_eq(transition->to, verbs[_i].to);
    size_t required = 0;
    for (size_t i = 0; i < transition->argument_count; i++) {
        const struct argument *argument = &transition->arguments[i];
        const struct field *field = resource_field_named(verbs[_i].resource, argument->field);
        ck_assert_msg(field != NULL, "%s sets a member", argument->name);
        ck_assert_msg(field->by_verb || !field->read_only, "%s", argument->field);
        ck_assert_msg(argument->required == is_word(verbs[_i].required, argument->name), "%s", argument->name);
        required += argument->required;
    }
    for (const char *c = verbs[_i].required + 1; *c; c++)
        required -= *c == ' ';
    ck_assert_uint_eq(required, 0);
}
END_TEST

START_TEST(the_tables_above_are_whole)
{
    size_t verb_count = 0, state_count = 0;
    for (size_t r = 0; r < RESOURCE_COUNT; r++) {
        verb_count += resources[r]->transition_count;
        if (!resources[r]->state)
            continue;
        const struct field *state = resource_field_named(resources[r], resources[r]->state);
        state_count += state->kind == FIELD_KIND_TRUTH ? 2 : state->value_count;
    }
    ck_assert_uint_eq(verb_count, COUNT_OF(verbs));
    ck_assert_uint_eq(state_count, COUNT_OF(states));
}
END_TEST

START_TEST(reopening_asks_for_twenty_characters)
{
    ck_assert_uint_eq(resource_transition(&review_resource, "reopen")->arguments[0].min, 20);
    ck_assert_ptr_null(resource_transition(&review_resource, "delete"));
}
END_TEST

/* --- the registry --------------------------------------------------------------------------------------------------
 */

START_TEST(every_resource_is_found_by_its_name)
{
    ck_assert_ptr_eq(resource_find(resources[_i]->name), resources[_i]);
    ck_assert_uint_eq(resource_index(resources[_i]), (size_t)_i);
    bool has_reference = resource_field_named(resources[_i], "reference") != NULL;
    ck_assert_int_eq(has_reference, resources[_i]->reference_prefix != NULL);
    ck_assert_ptr_nonnull(resource_field_named(resources[_i], "created_at"));
    ck_assert_ptr_null(resource_field_named(resources[_i], "no_such_field"));
}
END_TEST

START_TEST(a_record_that_lacks_everything_lacks_each_required_member)
{
    const struct resource *resource = resources[_i];
    max_align_t record[64] = {0};
    if (!resource->collection) /* tokens are made on the command line; no rule speaks of them */
        return;
    struct violations *violations = violations_new();
    required_check(resource, record, violations);
    size_t required = 0;
    for (size_t i = 0; i < resource->field_count; i++) {
        const struct field *field = &resource->fields[i];
        if (!field->required)
            continue;
        char pointer[80];
        snprintf(pointer, sizeof pointer, "#/%s", field->name);
        ck_assert_str_eq(violations->items[required++].pointer, pointer);
    }
    ck_assert_uint_eq(violations->count, required);
    record_fill(resource, record, false);
    violations = violations_new();
    required_check(resource, record, violations);
    ck_assert_uint_eq(violations->count, 0);
}
END_TEST

Suite *resource_suite(void)
{
    Suite *suite = suite_create("domain/resource");
    TCase *transitions = unit_case(suite, "transitions");
    tcase_add_checked_fixture(transitions, domain_begin, domain_end);
    tcase_add_loop_test(transitions, each_state_knows_its_verbs, 0, ROWS(states));
    tcase_add_loop_test(transitions, each_verb_leads_somewhere, 0, ROWS(verbs));
    tcase_add_test(transitions, the_tables_above_are_whole);
    tcase_add_test(transitions, reopening_asks_for_twenty_characters);
    TCase *registry = unit_case(suite, "registry");
    tcase_add_checked_fixture(registry, domain_begin, domain_end);
    tcase_add_loop_test(registry, every_resource_is_found_by_its_name, 0, RESOURCE_COUNT);
    tcase_add_loop_test(registry, a_record_that_lacks_everything_lacks_each_required_member, 0, RESOURCE_COUNT);
    tcase_add_loop_test(registry, every_text_is_searched, 0, RESOURCE_COUNT);
    return suite;
}
