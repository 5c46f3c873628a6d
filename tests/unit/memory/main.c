#include "../unit.h"
#include "requests.h"
#include "shim.h"

Suite *requests_suite(void);
Suite *start_suite(void);
Suite *pack_suite(void);

int main(void)
{
    shim_install();
    world_init();
    requests_make();
    Suite *suites[] = {requests_suite(), start_suite(), pack_suite()};
    return unit_run(suites, sizeof suites / sizeof *suites);
}
