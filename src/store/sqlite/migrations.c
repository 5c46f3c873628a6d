/* The migrations of this driver, taken into the program as they lie in migrations/sqlite. */
#include "reviewd/db.h"

#define MIGRATION(symbol, file)                                                                                        \
    __asm__(".section .rodata\n"                                                                                       \
            ".global " #symbol "\n" #symbol ":\n"                                                                      \
            ".incbin \"migrations/sqlite/" file "\"\n"                                                                 \
            ".byte 0\n"                                                                                                \
            ".previous\n");                                                                                            \
    extern const char symbol[]

MIGRATION(migration_0001_spine, "0001_spine.sql");

const struct migration *db_migrations(size_t *ret_count)
{
    static const struct migration migrations[] = {
        {1, "0001_spine", migration_0001_spine},
    };
    *ret_count = sizeof migrations / sizeof *migrations;
    return migrations;
}
