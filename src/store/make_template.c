/* Run by the build: writes a new database to the path given. */
#include "reviewd/store.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    const char *message = "usage: make_template FILE";
    db_global_init();
    if (argc == 2 && store_build(argv[1], &message))
        return 0;
    fprintf(stderr, "make_template: %s\n", message);
    return 1;
}
