#include "../memory/shim.h"
#include "../world.h"

Suite *commands_suite(void);

int main(void)
{
    shim_install();
    world_init();
    Suite *suites[] = {commands_suite()};
    return unit_run(suites, sizeof suites / sizeof *suites);
}
