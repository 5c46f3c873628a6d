#include "api.h"
const char *api_openapi(size_t *ret_length) { *ret_length = 2; return "{}"; }
