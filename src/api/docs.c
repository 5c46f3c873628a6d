/* /docs: the description as a page that works without the internet. */
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>

bool read_openapi(struct call *call)
{
    size_t length;
    const char *text = api_openapi(&length);
    if (!text)
        return false;
    answer_static(call, 200, "application/json", text, length);
    return true;
}

/* Redoc's bundle is read once; without the file there is none. */
static bool load_bundle(struct api *api)
{
    pthread_mutex_lock(&api->mutex);
    FILE *file = api->docs_bundle ? NULL : fopen(api->options.settings->docs_bundle, "re");
    struct buffer text = {0};
    char block[65536];
    size_t count;
    while (file && (count = fread(block, 1, sizeof block, file)) > 0)
        buffer_add(&text, block, count);
    if (file && !ferror(file) && text.length && !buffer_failed(&text)) {
        api->docs_bundle_length = text.length;
        api->docs_bundle = buffer_take(&text);
    }
    if (file)
        fclose(file);
    buffer_finish(&text);
    bool loaded = api->docs_bundle != NULL;
    pthread_mutex_unlock(&api->mutex);
    return loaded;
}

bool read_docs_bundle(struct call *call)
{
    if (!load_bundle(call->api)) {
        answer_not_found(call);
        return true;
    }
    answer_static(call, 200, "text/javascript; charset=utf-8", call->api->docs_bundle, call->api->docs_bundle_length);
    return true;
}

bool read_docs(struct call *call)
{
    static const char page[] =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\"><title>reviewd</title><link rel=\"icon\" "
        "href=\"data:,\"><style>body{margin:0}</style></head><body>"
        "<main><redoc spec-url=\"/openapi.json\" disable-google-font></redoc></main><script "
        "src=\"/docs/redoc.js\"></script>"
        "</body></html>\n";
    static const char plain[] =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\"><title>reviewd</title><style>body{font:1em/1.5 sans-serif;max-width:40em;"
        "margin:2em auto;padding:0 1em}</style></head><body><h1>reviewd</h1><p>The description of this API is at "
        "<a href=\"/openapi.json\">/openapi.json</a>, the rules are at <code>/v1/rules</code>.</p><p>To read it as a "
        "page here, fetch Redoc's bundle once (<code>npm pack redoc</code>, then "
        "<code>bundles/redoc.standalone.js</code> in the package) and name the file in the setting "
        "<code>docs_bundle</code>; <code>deploy/run</code> does both.</p></body></html>\n";
    bool bundle = load_bundle(call->api);
    response_add(call->response, "Content-Security-Policy",
                 bundle ? "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:"
                        : "default-src 'none'; style-src 'unsafe-inline'");
    answer_static(call, 200, "text/html; charset=utf-8", bundle ? page : plain, strlen(bundle ? page : plain));
    return true;
}
