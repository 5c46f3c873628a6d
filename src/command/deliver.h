/* Hands signed heads of the audit log out of this machine's reach: to a file that the settings name, and to a command.
 * A thread of its own does it, so that neither the writer nor the event loops ever wait for either. */
#ifndef REVIEWD_COMMAND_DELIVER_H
#define REVIEWD_COMMAND_DELIVER_H

#include "reviewd/keyring.h"
#include "reviewd/settings.h"

struct deliverer;

/* Everything is borrowed. NULL on failure; *ret_message says why. */
struct deliverer *deliverer_create(const struct settings *settings, struct keyring *ring, const char **ret_message);

/* After what there is was handed out, which is given two seconds. Takes NULL. */
void deliverer_destroy(struct deliverer *deliverer);

#endif
