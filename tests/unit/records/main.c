#include "../unit.h"

Suite *plot_suite(void);

int main(void)
{
    Suite *suites[] = {plot_suite()};
    return unit_run(suites, sizeof suites / sizeof *suites);
}
