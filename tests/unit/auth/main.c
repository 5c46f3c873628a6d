#include "../world.h"

Suite *policy_suite(void);
Suite *token_suite(void);

int main(void)
{
    world_init();
    Suite *suites[] = {policy_suite(), token_suite()};
    return unit_run(suites, sizeof suites / sizeof *suites);
}
