/* An evidence file (ISO/IEC 27001:2022, 9.3.3: documented information as evidence) and what it hangs from. Its bytes
 * are kept apart, once for each content (content.h); they are known here by their SHA-256. */
#ifndef REVIEWD_ATTACHMENT_H
#define REVIEWD_ATTACHMENT_H

#include "reviewd/resource.h"

struct attachment {
    struct record record;
    struct id review_id; /* always: its own, or that of what it hangs from */
    struct id input_id;  /* one of these four, or none where it hangs from the review itself */
    struct id decision_id;
    struct id action_item_id;
    struct id follow_up_id;
    const char *name;
    const char *media_type;
    struct integer size;
    const char *sha256;
    const char *description;
    enum truth withdrawn;
    const char *withdrawn_reason;
};

struct attachment_facts {
    unsigned review_status;
    bool input_withdrawn;
    unsigned decision_status;    /* of what it hangs from; 0: another kind of record */
    unsigned action_item_status; /* likewise */
    bool of_follow_up;           /* which stays open to evidence: the one that closes an item is there only then */
    size_t files;                /* that came with the request … */
    const char *name_wrong;      /* … and what is wrong with its name; NULL: nothing */
};

/* The name of a file as it is kept: without folders and white space around it, in the arena. NULL where that leaves
 * nothing that can be a name; *ret_wrong says what is wrong with it. `sent` is UTF-8, or NULL. */
const char *attachment_name(struct arena *arena, const char *sent, const char **ret_wrong);

void attachment_check(const struct attachment *after, const char *verb, const struct attachment_facts *facts,
                      struct violations *violations);

#endif
