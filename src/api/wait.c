#include "wait.h"
#include "worker.h"

#include "reviewd/audit.h"

#include <string.h>
#include <time.h>

static enum job_result index_run(struct job *job, struct store *store)
{
    (void)job;
    return store_index_words(store) ? JOB_KEEP : JOB_BREAK;
}

static enum job_result settle_run(struct job *job, struct store *store)
{
    (void)job;
    (void)store;
    return JOB_KEEP;
}

/* An answer as of an instant is the same whenever it is asked for: an entry has its time before others see it. */
static bool must_settle(struct call *call, const struct writer *writer)
{
    const struct instant *as_of = call->view.as_of;
    bool past;
    if (!as_of || writer_is_read_only(writer) || (audit_is_past(call->store, as_of, &past) && past))
        return false;
    if (strcmp(as_of->text, call->now.text) == 0) /* what is written next is of later, if by a millisecond */
        nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
    return true;
}

bool read_waits(struct call *call)
{
    const struct writer *writer = call->api->options.writer;
    if (!writer)
        return false;
    if (query_get(call, "q") && writer_words_wait(writer))
        call->job.run = index_run;
    else if (must_settle(call, writer))
        call->job.run = settle_run;
    return call->job.run != NULL;
}

bool read_waited_in_vain(const struct call *call)
{
    enum job_outcome outcome = call->job.outcome;
    return !call->route->write && outcome != JOB_ANSWERED && outcome != JOB_FAILED;
}
