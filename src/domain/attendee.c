#include "reviewd/attendee.h"

#include "reviewd/review.h"

#define RECORD struct attendee

static const char *const capacity_names[] = {"chair", "secretary", "decision_maker", "contributor", "observer"};
static const char *const attendance_names[] = {"invited", "attended", "apologies", "absent"};

static const struct field attendee_fields[] = {
    {"review_id", FIELD_REF(review_id, "review"), .read_only = true, .description = "The review attended.",
     .example = "\"MR-2026-01\""},
    {"person_id", FIELD_REF(person_id, "person"), .required = true, .description = "Who attends; once per review.",
     .example = "\"ana.horvat@example.org\""},
    {"capacity", FIELD_ENUM(capacity, capacity_names), .required = true, .description = "What the person is there for.",
     .example = "\"secretary\""},
    {"attendance", FIELD_ENUM(attendance, attendance_names), .initial = ATTENDANCE_INVITED,
     .description = "Whether the person came.", .example = "\"attended\""},
    {"delegate_for_id", FIELD_REF(delegate_for_id, "person"), .may_have_left = true,
     .description = "For whom the person stands in."},
    {"name_at_review", FIELD_TEXT(name_at_review), .min = 1, .read_only = true, .searched = true, .personal = true,
     .max = 200,
     .description = "The person's name when named here; a pseudonym once the person is erased, unless the review is "
                    "concluded or approved by then.",
     .example = "\"Ana Horvat\""},
    {"job_title_at_review", FIELD_TEXT(job_title_at_review), .read_only = true, .searched = true, .max = 200,
     .description = "The person's position when named here."},
    {"withdrawn", FIELD_TRUTH(withdrawn), .read_only = true, .initial = TRUTH_FALSE,
     .description = "Whether the attendee was taken back.", .example = "false"},
    {"withdrawn_reason", FIELD_TEXT(withdrawn_reason), .read_only = true, .by_verb = true, .min = 1, .searched = true,
     .description = "Why.", .example = "\"Another colleague comes instead.\""},
};

static const struct rule attendee_rules[] = {
    {"attendee.unique", "A person attends a review once.", 422, RULE_PROCEDURE, NULL, NULL},
    {"attendee.chair.single", "The review's chair, and nobody else, attends in the capacity of chair.", 422,
     RULE_PRACTICE, "9.3.1", NULL},
    {"attendee.withdraw.chair", "The chair is not withdrawn; another chair_id moves the chair.", 409, RULE_PRACTICE,
     "9.3.1", NULL},
    {"attendee.withdrawn", "A withdrawn attendee stays as it is.", 409, RULE_PRACTICE, NULL, NULL},
};

static const struct argument withdraw_arguments[] = {{"reason", "withdrawn_reason", true, 0}};
static const struct transition attendee_transitions[] = {
    {"withdraw", STATE(TRUTH_FALSE), TRUTH_TRUE, withdraw_arguments, COUNT_OF(withdraw_arguments),
     "Takes the attendee back."},
};

const struct resource attendee_resource = {
    .name = "attendee",
    .collection = "attendees",
    .title = "attendee",
    .description = "Who takes part in a review, and in what capacity.",
    .size = sizeof(struct attendee),
    .fields = attendee_fields,
    .field_count = COUNT_OF(attendee_fields),
    .state = "withdrawn",
    .transitions = attendee_transitions,
    .transition_count = COUNT_OF(attendee_transitions),
    .rules = attendee_rules,
    .rule_count = COUNT_OF(attendee_rules),
    .withdrawable = true,
    .importable = true,
};

void attendee_check(const struct attendee *after, const struct attendee *before, const char *verb,
                    const struct attendee_facts *facts, struct violations *violations)
{
    review_check_frozen(facts->review_status, violations);
    required_check(&attendee_resource, after, violations);
    bool is_chair = id_is_set(&after->person_id) && id_equal(&after->person_id, &facts->chair_id);
    if (verb) {
        if (is_chair)
            violation_add(violations, "attendee.withdraw.chair", NULL,
                          "This attendee chairs the review; give it another chair_id first.");
        return;
    }
    if (after->withdrawn == TRUTH_TRUE)
        violation_add(violations, "attendee.withdrawn", NULL, "This attendee was withdrawn; add the person anew.");
    bool named = id_is_set(&after->person_id);
    bool replaced = before && named && !id_equal(&before->person_id, &after->person_id);
    if ((!before || replaced) && after->withdrawn != TRUTH_TRUE && facts->attends_already)
        violation_add(violations, "attendee.unique", "#/person_id", "This person attends the review already.");
    if (replaced && id_equal(&before->person_id, &facts->chair_id))
        violation_add(violations, "attendee.chair.single", "#/person_id",
                      "This attendee is the review's chair; set the review's chair_id instead.");
    else if (named && after->capacity && (after->capacity == CAPACITY_CHAIR) != is_chair)
        violation_add(violations, "attendee.chair.single", "#/capacity",
                      is_chair ? "The chair's capacity is 'chair'; another chair_id of the review moves it."
                               : "Only the review's chair has this capacity; set the review's chair_id instead.");
}
