/* GET /v1/reviews/{id}/evidence-pack: what a review leaves behind, as a ZIP that an outsider checks (pack.h of the
 * records).
 *
 * A plan names the records of the review with the entries of their last versions, as they are in one transaction. All
 * else comes from what never changes (versions, audit entries, kept minutes, the bytes of files), and so may be read
 * while it is sent, each piece for itself: no transaction is held for longer than a piece takes, however slow the
 * client is, and what is written meanwhile does not mix in.
 *
 * The plan needs a signed head that covers those entries. Where the newest does not, the head is signed by a job of the
 * writer's, and the plan made in the job's own transaction, so that nothing comes between the two. */
#include "pack.h"

#include "minutes.h"

#include "reviewd/clock.h"
#include "reviewd/follow_up.h"
#include "reviewd/late.h"

#include <stdatomic.h>

enum { PACKS_AT_ONCE = 8 }; /* each holds the state of a compression, a quarter of a megabyte */

static _Atomic int under_way;

/* --- the plan ------------------------------------------------------------------------------------------------------
 */

static bool take_head(void *context, const struct checkpoint *checkpoint)
{
    struct pack *pack = context;
    struct arena *arena = pack->call->arena;
    pack->head = (struct checkpoint){.seq = checkpoint->seq,
                                     .hash = arena_text(arena, checkpoint->hash),
                                     .at = arena_text(arena, checkpoint->at),
                                     .key_id = arena_text(arena, checkpoint->key_id),
                                     .text = arena_text(arena, checkpoint->text),
                                     .signature = arena_text(arena, checkpoint->signature)};
    return false;
}

/* Whether the caller sees the review in which a follow-up was made, if in any. */
static bool sees_follow_up(struct call *call, const struct id *id, bool *ret_sees)
{
    struct follow_up follow_up;
    struct id review;
    struct arena arena; /* of this record */
    arena_init(&arena);
    enum found found =
        store_load(call->store, &follow_up_resource, id->text, &view_all, &call->today, &arena, &follow_up);
    if (found == FOUND && id_is_set(&follow_up.review_id))
        found = store_find(call->store, &review_resource, follow_up.review_id.text, &call->view, &review);
    arena_finish(&arena);
    *ret_sees = found == FOUND;
    return found != BROKEN;
}

/* Leaves out the follow-ups that were made in a review out of the caller's sight: their versions, which are hashed,
 * name it. */
static bool veil_follow_ups(struct pack *pack, struct pack_kind *kind)
{
    struct pack_record *kept = arena_array(pack->call->arena, kind->count + 1, sizeof *kept);
    size_t count = 0;
    for (size_t r = 0; kept && r < kind->count; r++) {
        bool sees;
        if (!sees_follow_up(pack->call, &kind->records[r].id, &sees))
            return false;
        if (sees)
            kept[count++] = kind->records[r];
    }
    kind->records = kept;
    kind->count = count;
    return kept != NULL;
}

static bool list_records(struct pack *pack)
{
    for (size_t i = 0; i < PACK_RESOURCES; i++) {
        struct pack_kind *kind = &pack->kinds[i];
        if (!store_pack_records(pack->call->store, pack_resources[i], &pack->review->record.id, pack->call->arena,
                                &kind->records, &kind->count))
            return false;
        if (pack_resources[i] == &follow_up_resource && !veil_follow_ups(pack, kind))
            return false;
        for (size_t r = 0; r < kind->count; r++) {
            pack->first = !pack->first || kind->records[r].first < pack->first ? kind->records[r].first : pack->first;
            pack->last = kind->records[r].last > pack->last ? kind->records[r].last : pack->last;
        }
    }
    return true;
}

/* ABSENT where the caller does not see the review. */
static enum found plan(struct call *call)
{
    const struct checkpoint_query newest = {.newest_first = true, .limit = 1};
    struct pack *pack = arena_alloc(call->arena, sizeof *pack);
    struct review *review = arena_alloc(call->arena, sizeof *review);
    call->pack = NULL;
    if (!pack || !review)
        return BROKEN;
    enum found found =
        store_load(call->store, &review_resource, call->keys[0], &call->view, &call->today, call->arena, review);
    if (found != FOUND)
        return found;
    *pack = (struct pack){.call = call, .review = review};
    if (!list_records(pack) || !checkpoint_list(call->store, &newest, take_head, pack) || arena_failed(call->arena))
        return BROKEN;
    pack->sealed = pack->head.seq >= pack->last;
    call->pack = pack;
    return FOUND;
}

static enum job_result seal_run(struct job *job, struct store *store)
{
    struct call *call = (struct call *)job;
    const struct instant now = instant_from_ms(clock_now_ms());
    call->store = store;
    if (!checkpoint_append(store, call_keyring(call), &now))
        return JOB_BREAK;
    return plan(call) == BROKEN ? JOB_BREAK : JOB_KEEP;
}

/* --- the answer ----------------------------------------------------------------------------------------------------
 */

static ssize_t read_nothing(void *context, char *data, size_t size)
{
    (void)context;
    (void)data;
    (void)size;
    return -1;
}

static void end(void *context)
{
    pack_end(context);
    atomic_fetch_sub(&under_way, 1);
}

static bool write_draft(struct pack *pack, struct arena *arena)
{
    struct minutes *minutes = minutes_fresh(pack->call, pack->review, arena);
    if (!minutes)
        return false;
    minutes_write(minutes, MINUTES_HTML, &pack->draft_html);
    minutes_write(minutes, MINUTES_PDF, &pack->draft_pdf);
    arena->failed |= buffer_failed(&pack->draft_html) || buffer_failed(&pack->draft_pdf);
    return !arena_failed(arena);
}

/* Only minutes that are not kept change: so they are made now. */
static bool make_draft(struct pack *pack)
{
    struct call *call = pack->call;
    const struct review *review = pack->review;
    struct kept_minutes kept;
    struct arena arena; /* of this alone: the call's lasts until all is sent */
    arena_init(&arena);
    enum found found = ABSENT;
    if (review->status == REVIEW_APPROVED)
        found = minutes_kept(call, &review->record.id, review->revision.value, MINUTES_HTML, &arena, &kept);
    bool fine = found == FOUND || (found == ABSENT && write_draft(pack, &arena));
    call->arena->failed |= arena_failed(&arena);
    arena_finish(&arena);
    return fine;
}

static void add_disposition(struct call *call, const struct review *review)
{
    response_add(call->response, "Content-Disposition",
                 arena_format(call->arena, "attachment; filename=\"%s-evidence.zip\"", review->record.reference));
}

static bool answer_pack(struct call *call)
{
    struct pack *pack = call->pack;
    if (atomic_fetch_add(&under_way, 1) >= PACKS_AT_ONCE) {
        atomic_fetch_sub(&under_way, 1);
        answer_problem(call, 503, NULL, "%d packs are being sent already. Try again.", PACKS_AT_ONCE);
        return true;
    }
    pack->folder = arena_format(call->arena, "%s-evidence/", pack->review->record.reference);
    pack->zip = zip_begin(&pack->out, ZIP_OF_ANY_SIZE);
    if (!pack->zip || !make_draft(pack)) {
        call->arena->failed |= !pack->zip;
        end(pack);
        return false;
    }
    const struct body_stream body = {pack_read, end, pack, -1};
    add_disposition(call, pack->review);
    answer_stream(call, 200, &body);
    return true;
}

bool read_pack(struct call *call)
{
    enum found found = call->pack ? FOUND : plan(call);
    if (found != FOUND) {
        answer_not_found(call);
        return found == ABSENT;
    }
    if (!late_load(LATE_ARCHIVE) || !late_load(LATE_PANGO)) {
        answer_problem(call, 503, NULL, "A library that evidence packs are made with is not there.");
        return true;
    }
    if (call->request->method == METHOD_HEAD) { /* nobody reads it, so that nothing has to be signed */
        const struct body_stream body = {read_nothing, NULL, NULL, -1};
        add_disposition(call, call->pack->review);
        answer_stream(call, 200, &body);
        return true;
    }
    if (!call_keyring(call)) {
        answer_problem(call, 503, NULL, "Only a server that has its keys makes evidence packs.");
        return true;
    }
    if (call->pack->sealed)
        return answer_pack(call);
    if (call->job.run) { /* only a review that was not to be seen for a moment */
        answer_problem(call, 503, NULL, "The review is being changed. Try again.");
        return true;
    }
    call->job.run = seal_run; /* then this is asked again */
    return true;
}
