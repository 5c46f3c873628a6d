/* HTTP/1.1 (RFC 9112) by libmicrohttpd: event-loop threads that carry requests to the API and answers back. */
#ifndef REVIEWD_TRANSPORT_H
#define REVIEWD_TRANSPORT_H

#include "reviewd/api.h"

struct server;

struct server_options {
    const struct settings *settings;
    const char *data_folder;
    struct writer *writer;
};

/* Listens, and opens a read connection for each thread; nothing is answered yet. NULL on failure, ret_message says
 * why. The writer comes with server_start(). */
struct server *server_create(const struct server_options *options, char *ret_message, size_t message_size);

/* Starts the threads. False when one cannot be started. */
bool server_start(struct server *server, struct api *api, struct writer *writer);

/* Stops accepting and waits until every request under way is answered, at most grace_ms; then ends the threads. */
void server_stop(struct server *server, int grace_ms);
void server_destroy(struct server *server); /* takes NULL */

/* "127.0.0.1:8080" as it really is. */
const char *server_address(const struct server *server);

bool server_is_ready(void *server);
void server_figures(void *server, struct transport_figures *ret_figures);

#endif
