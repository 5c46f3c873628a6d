#include "../unit.h"

Suite *csv_suite(void);
Suite *document_suite(void);
Suite *pack_suite(void);
Suite *plot_suite(void);
Suite *report_suite(void);

int main(void)
{
    Suite *suites[] = {csv_suite(), document_suite(), pack_suite(), plot_suite(), report_suite()};
    return unit_run(suites, sizeof suites / sizeof *suites);
}
