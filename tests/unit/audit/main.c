#include "../world.h"

Suite *chain_suite(void);
Suite *checkpoint_suite(void);
Suite *keyring_suite(void);
Suite *sign_suite(void);
Suite *verify_suite(void);

int main(void)
{
    world_init();
    Suite *suites[] = {chain_suite(), checkpoint_suite(), keyring_suite(), sign_suite(), verify_suite()};
    return unit_run(suites, sizeof suites / sizeof *suites);
}
