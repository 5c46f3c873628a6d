#include "../world.h"

Suite *record_suite(void);
Suite *list_suite(void);
Suite *migrate_suite(void);
Suite *writer_suite(void);
Suite *files_suite(void);

int main(void)
{
    world_init();
    Suite *suites[] = {record_suite(), list_suite(), migrate_suite(), writer_suite(), files_suite()};
    return unit_run(suites, sizeof suites / sizeof *suites);
}
