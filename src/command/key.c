/* The keys that sign: show, rotate. */
#include "command.h"

#include "reviewd/keyring.h"

#include <stdio.h>

/* Public key files one after the other, the present one first: a file of them is taken by `minisign -V -p`, which reads
 * the first, and by `audit verify --key`, which reads all. */
static int print_keys(const struct known_keys *keys, bool json)
{
    struct buffer text = {0};
    for (size_t i = 0; i < keys->count; i++) {
        if (json) {
            buffer_put(&text, i ? ",\n " : "[");
            known_key_render(&text, &keys->items[i]);
        } else {
            known_key_put(&text, &keys->items[i]);
        }
    }
    if (json)
        buffer_put(&text, "]\n");
    return print(&text);
}

static int show(struct invocation *invocation)
{
    char message[400];
    bool made;
    struct known_keys keys;
    struct keyring *ring = keyring_open(invocation->settings.data, &made, message, sizeof message);
    if (!ring)
        return fail("%s", message);
    if (made)
        fprintf(stderr, "reviewd: a new key was made: back up %s/%s apart from the database\n",
                invocation->settings.data, KEYS_FOLDER);
    int status = EXIT_FAILED;
    if (keyring_known(ring, &keys)) {
        status = print_keys(&keys, invocation->json);
        known_keys_finish(&keys);
    } else {
        fail("out of memory");
    }
    keyring_close(ring);
    return status;
}

int run_key_show(struct invocation *invocation)
{
    return data_folder_make(invocation->settings.data) ? show(invocation) : EXIT_FAILED;
}

int run_key_rotate(struct invocation *invocation)
{
    char message[400];
    if (!data_folder_make(invocation->settings.data))
        return EXIT_FAILED;
    if (!keyring_rotate(invocation->settings.data, message, sizeof message))
        return fail("%s", message);
    return show(invocation);
}
