#include "../world.h"

Suite *body_suite(void);
Suite *file_suite(void);
Suite *idempotency_suite(void);
Suite *negotiate_suite(void);
Suite *query_suite(void);
Suite *selection_suite(void);

int main(void)
{
    world_init();
    Suite *suites[] = {negotiate_suite(),   query_suite(), body_suite(),
                       idempotency_suite(), file_suite(),  selection_suite()};
    return unit_run(suites, sizeof suites / sizeof *suites);
}
