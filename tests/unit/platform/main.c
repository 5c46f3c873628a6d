#include "../unit.h"

#include <sodium.h>

Suite *value_suite(void);
Suite *text_suite(void);
Suite *json_put_suite(void);
Suite *memory_suite(void);
Suite *id_suite(void);
Suite *spool_suite(void);
Suite *progress_suite(void);

int main(void)
{
    if (sodium_init() < 0)
        return EXIT_FAILURE;
    Suite *suites[] = {value_suite(), text_suite(),  json_put_suite(), memory_suite(),
                       id_suite(),    spool_suite(), progress_suite()};
    return unit_run(suites, sizeof suites / sizeof *suites);
}
