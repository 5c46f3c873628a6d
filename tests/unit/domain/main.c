#include "domain.h"

Suite *action_item_suite(void);
Suite *amendment_suite(void);
Suite *attachment_suite(void);
Suite *attendee_suite(void);
Suite *criterion_suite(void);
Suite *decision_suite(void);
Suite *field_suite(void);
Suite *follow_up_suite(void);
Suite *import_suite(void);
Suite *input_suite(void);
Suite *person_suite(void);
Suite *render_suite(void);
Suite *resource_suite(void);
Suite *review_suite(void);
Suite *rule_suite(void);

int main(void)
{
    Suite *suites[] = {
        field_suite(),       rule_suite(),      resource_suite(),  render_suite(),     person_suite(),
        review_suite(),      attendee_suite(),  input_suite(),     criterion_suite(),  decision_suite(),
        action_item_suite(), amendment_suite(), follow_up_suite(), attachment_suite(), import_suite(),
    };
    return unit_run(suites, sizeof suites / sizeof *suites);
}
