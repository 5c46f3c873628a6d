/* The migrations of this driver, taken into the program as they lie in migrations/sqlite (see meson.build). */
#include "reviewd/db.h"

extern const char migration_0001_spine[];

const struct migration *db_migrations(size_t *ret_count)
{
    static const struct migration migrations[] = {
        {1, "0001_spine", migration_0001_spine},
    };
    *ret_count = sizeof migrations / sizeof *migrations;
    return migrations;
}
