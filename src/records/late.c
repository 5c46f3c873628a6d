#include "late_functions.h"

#include "reviewd/log.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

struct late_functions late;

struct function {
    const char *name;
    size_t place; /* in struct late_functions */
};

#define ROW(function) {#function, offsetof(struct late_functions, function)},
static const struct function pdf_functions[] = {LATE_PDF(ROW){0}};
static const struct function sheet_functions[] = {LATE_SHEET(ROW){0}};
static const struct function zip_functions[] = {LATE_ZIP(ROW){0}};

/* Pango's library for cairo brings both along, and GLib. */
static struct family {
    const char *file; /* as the dynamic linker knows it; the build says it */
    const struct function *functions;
    bool loaded;
} pdf_family = {LATE_PDF_FILE, pdf_functions, false}, sheet_family = {LATE_SHEET_FILE, sheet_functions, false},
  zip_family = {LATE_ZIP_FILE, zip_functions, false};

static struct family *const families[] = {
    [LATE_PANGO] = &pdf_family,
    [LATE_CAIRO] = &pdf_family,
    [LATE_XLSXWRITER] = &sheet_family,
    [LATE_ARCHIVE] = &zip_family,
};

static bool family_load(struct family *family)
{
    void *handle = dlopen(family->file, RTLD_NOW | RTLD_LOCAL);
    for (const struct function *function = family->functions; handle && function->name; function++) {
        void *found = dlsym(handle, function->name);
        if (!found) {
            dlclose(handle);
            handle = NULL;
            break;
        }
        /* ISO C knows no way from an object's address to a function's; POSIX has this one. */
        *(void **)((char *)&late + function->place) = found;
    }
    if (!handle) {
        const char *reason = dlerror(); // NOLINT(concurrency-mt-unsafe): each thread has its own
        LOG(LOG_ERROR, "library.missing", LOG_TEXT("file", family->file),
            LOG_TEXT("reason", reason ? reason : "it lacks a function"));
    }
    return handle != NULL;
}

bool late_load(enum late_library library)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    struct family *family = families[library];
    pthread_mutex_lock(&mutex);
    family->loaded = family->loaded || family_load(family);
    bool loaded = family->loaded;
    pthread_mutex_unlock(&mutex);
    return loaded;
}

const char *late_version(enum late_library library)
{
    if (!late_load(library))
        return "not there";
    switch (library) {
    case LATE_PANGO:
        return late.pango_version_string();
    case LATE_CAIRO:
        return late.cairo_version_string();
    case LATE_XLSXWRITER:
        return late.lxw_version();
    case LATE_ARCHIVE:
        break;
    }
    return late.archive_version_string();
}
