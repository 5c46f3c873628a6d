/* Libraries that few processes need: those that set PDF, the one that packs XLSX, and the one for ZIP. The dynamic
 * linker would take a quarter of a start to load them, and 6 MiB of memory, so that they are loaded with their first
 * use, by the names that the build has found them under, and stay. Any thread. */
#ifndef REVIEWD_LATE_H
#define REVIEWD_LATE_H

#include <stdbool.h>

enum late_library { LATE_PANGO, LATE_CAIRO, LATE_XLSXWRITER, LATE_ARCHIVE };

/* Whether it is there; loads it where that was not done yet. What is not there is looked for again each time, and
 * logged, since it may be memory that was out. */
bool late_load(enum late_library library);

/* "1.50.12", or a text that says that it is not there. */
const char *late_version(enum late_library library);

#endif
