/* The run of an import: the lines are counted and read for their form on the import's own thread; what needs the
 * database is done by jobs of the writer, one for all lines or one for each slice. */
#include "import.h"

#include "reviewd/clock.h"
#include "reviewd/failpoint.h"

#include <poll.h>
#include <semaphore.h>
#include <stdlib.h>

enum {
    RETRY_MS = 20,
    WORDS_EACH =
        16384, /* rows for the index of words: all at once, at the end, would take long without a sign of life */
};

/* --- lines ---------------------------------------------------------------------------------------------------------
 */

void run_note(struct import_run *run, const struct import_part *part, const struct resource *resource, size_t line,
              struct violations *violations)
{
    source_place(part, resource, line, violations);
    for (size_t i = 0; i < violations->count; i++)
        violation_take(&run->violations, &violations->items[i]);
    run->violation_count += (int64_t)violations->count;
}

/* The reader of a part, at the place of a line. */
static struct import_reader *reader_at(struct import_run *run, size_t part, int64_t offset, size_t line)
{
    if (!run->reading || run->reader.part != &run->parts[part]) {
        if (run->reading)
            reader_close(&run->reader);
        reader_open(&run->reader, &run->spool, &run->parts[part], run->line_max);
        run->reading = true;
    }
    reader_seek(&run->reader, offset, line);
    return &run->reader;
}

json_t *run_read(struct import_run *run, const struct plan_line *line, struct violations *violations)
{
    struct import_reader *reader = reader_at(run, line->part, line->offset, line->line);
    const struct resource *resource;
    int64_t offset;
    size_t number;
    return reader_next(reader, &offset, &number) == READ_LINE ? source_parse(reader, violations, &resource) : NULL;
}

struct call *run_call(struct import_run *run, struct importing *importing)
{
    arena_reset(&run->line_arena);
    struct arena *arena = &run->line_arena;
    struct call *call = arena_alloc(arena, sizeof *call);
    struct request *request = arena_alloc(arena, sizeof *request);
    struct response *response = arena_alloc(arena, sizeof *response);
    if (!call || !request || !response)
        return NULL;
    *request = (struct request){.arena = arena, .method = METHOD_POST, .method_name = "POST"};
    call->api = run->api;
    call->request = request;
    call->response = response;
    call->arena = arena;
    call->request_id = run->request_id;
    call->caller = run->caller;
    call->view = run->view;
    call->violations.arena = arena;
    call->now = run->now;
    call->today = run->today;
    call->store = run->store;
    call->importing = importing;
    return call;
}

static bool is_blank(const struct buffer *text)
{
    size_t i = 0;
    while (i < text->length && (text->data[i] == ' ' || text->data[i] == '\t'))
        i++;
    return i == text->length;
}

/* Notes a line; false where memory is out. */
static bool scan_line(struct import_run *run, size_t part, enum import_read read, int64_t offset, size_t number)
{
    struct violations violations = {.arena = &run->line_arena};
    const struct resource *resource = run->parts[part].resource;
    json_t *object = NULL;
    arena_reset(&run->line_arena);
    struct plan_line *line = plan_add(&run->plan, offset, number, part, IMPORT_KINDS);
    if (!line)
        return false;
    if (read == READ_LONG)
        violation_add(&violations, "import.line.length", NULL, "The line is longer than the %zu bytes that are taken.",
                      run->reader.line_max);
    else
        object = source_parse(&run->reader, &violations, &resource);
    if (object) {
        line->kind = (uint8_t)import_kind_of(resource);
        if (!plan_name(&run->plan, resource, object, &violations))
            return false;
    }
    if (arena_failed(&run->line_arena))
        return false;
    run->record.lines.value++;
    if (!violations.count)
        return true;
    line->kind = IMPORT_KINDS; /* nothing more is done with it */
    line->state = LINE_REFUSED;
    run->record.refused.value++;
    run_note(run, &run->parts[part], resource, number, &violations);
    return true;
}

/* What is wrong with the file as a whole. */
static void refuse_all(struct import_run *run, size_t part, size_t line, const char *rule, const char *detail)
{
    struct violations violations = {.arena = &run->line_arena};
    violation_add(&violations, rule, NULL, "%s", detail);
    run_note(run, &run->parts[part], run->parts[part].resource, line, &violations);
    run->unreadable = true;
}

/* False where the file or memory fails. */
static bool scan_part(struct import_run *run, size_t part)
{
    struct import_reader *reader = reader_at(run, part, run->parts[part].begin, 1);
    struct violations violations = {.arena = &run->line_arena};
    int64_t offset;
    size_t number;
    enum import_read read;
    if (run->parts[part].csv && !source_head(reader, &run->parts[part], &violations)) {
        run_note(run, &run->parts[part], run->parts[part].resource, 1, &violations);
        run->unreadable = true;
        return violations.count && !arena_failed(&run->line_arena);
    }
    while ((read = reader_next(reader, &offset, &number)) == READ_LINE || read == READ_LONG) {
        if (run_is_over(run))
            return false;
        if (read == READ_LINE && is_blank(&reader->text))
            continue;
        if (run->plan.count == IMPORT_LINES_MAX) {
            run->plan.count = 0; /* which takes too long to look into any further */
            refuse_all(run, part, number, "import.lines.limit", "There are more lines; part the file.");
            return true;
        }
        if (!scan_line(run, part, read, offset, number))
            return false;
        if (run->plan.count % TELL_EACH == 0 && run->progress)
            progress_tell(run->progress, &(struct progress_figures){.lines = run->record.lines.value});
    }
    return read == READ_END;
}

/* --- jobs ----------------------------------------------------------------------------------------------------------
 */

static struct import_mark mark_set(const struct import_run *run)
{
    return (struct import_mark){run->record, run->violation_count, run->violations.count};
}

static void mark_restore(struct import_run *run, const struct import_mark *mark)
{
    run->record = mark->record;
    run->violation_count = mark->violation_count;
    run->violations.count = mark->violations;
}

struct run_job {
    struct job job;
    struct import_run *run;
    bool (*work)(struct import_run *run);
    sem_t over;
};

static enum job_result job_run(struct job *job, struct store *store)
{
    struct run_job *own = (struct run_job *)job;
    own->run->store = store;
    run_set_time(own->run);
    mark_restore(own->run, own->run->mark); /* it may be run again from its beginning */
    return own->work(own->run) ? JOB_KEEP : JOB_BREAK;
}

static void job_done(struct job *job)
{
    sem_post(&((struct run_job *)job)->over);
}

/* Has the writer do a piece of work, and waits for it. False where nothing of it was stored, or that is not known. */
static bool run_submit(struct import_run *run, bool (*work)(struct import_run *run), bool alone)
{
    struct run_job own = {
        .job = {.run = job_run, .done = job_done, .deadline_ms = INT64_MAX}, .run = run, .work = work};
    own.job.rehearsal = run->dry_run;
    own.job.heavy = true;
    own.job.alone = alone;
    if (run->alone) {
        writer_run_alone(run->alone, run->api->options.settings->data, &own.job);
    } else {
        sem_init(&own.over, 0, 0);
        while (!writer_submit(run->api->options.writer, &own.job)) { /* the queue is full */
            if (run_is_over(run)) {
                own.job.outcome = JOB_UNAVAILABLE;
                sem_post(&own.over);
                break;
            }
            poll(NULL, 0, RETRY_MS);
        }
        while (sem_wait(&own.over) != 0)
            continue;
        sem_destroy(&own.over);
    }
    run->outcome = own.job.outcome;
    run->fault = own.job.fault;
    if (run->changes_people)
        caller_forget_all();
    return own.job.outcome == JOB_ANSWERED;
}

void run_tell(struct import_run *run)
{
    const struct import *record = &run->record;
    const struct progress_figures figures = {record->lines.value, record->created.value, record->unchanged.value,
                                             record->refused.value};
    if (run->progress)
        progress_tell(run->progress, &figures);
    if (run->api->options.progress)
        run->api->options.progress(run->api->options.context, figures.created + figures.unchanged + figures.refused,
                                   figures.lines);
    if (run->api->options.writer)
        writer_moves(run->api->options.writer);
}

/* --- the record ----------------------------------------------------------------------------------------------------
 */

/* By line, and within one in the order in which they were found. */
static int by_line(const void *a, const void *b)
{
    const struct violation *const *left = a;
    const struct violation *const *right = b;
    if ((*left)->line != (*right)->line)
        return (*left)->line < (*right)->line ? -1 : 1;
    return *left < *right ? -1 : *left > *right;
}

/* The first line of a CSV that has no head is a record itself. */
static bool is_of_head(const struct violation *violation)
{
    return violation->line == 1 && violation->column && !violation->pointer;
}

/* What is kept, and hashed, quotes nobody's name or address: they could not be erased from there. */
static const char *detail_kept(const struct violation *violation)
{
    const struct resource *resource = violation->resource ? resource_find(violation->resource) : NULL;
    bool inside = resource && violation->pointer && strncmp(violation->pointer, "#/", 2) == 0;
    const struct field *field = inside ? resource_field_named(resource, violation->pointer + 2) : NULL;
    return (field && field->personal) || is_of_head(violation) ? violation->rule->statement : violation->detail;
}

/* The violations in their order, in the record too. */
static bool list_violations(struct import_run *run)
{
    const struct violations *all = &run->violations;
    struct import_violation *items = arena_array(&run->arena, all->count + 1, sizeof *items);
    const struct violation **order = arena_array(&run->arena, all->count + 1, sizeof *order);
    struct violation *listed = arena_array(&run->arena, all->count + 1, sizeof *listed);
    if (!items || !order || !listed)
        return false;
    for (size_t i = 0; i < all->count; i++)
        order[i] = &all->items[i];
    qsort(order, all->count, sizeof(const struct violation *), by_line);
    for (size_t i = 0; i < all->count; i++) {
        const struct violation *violation = order[i];
        listed[i] = *violation;
        items[i] = (struct import_violation){.resource = violation->resource,
                                             .line = {violation->line > 0, (int64_t)violation->line},
                                             .column = {violation->column > 0, (int64_t)violation->column},
                                             .column_name = is_of_head(violation) ? NULL : violation->column_name,
                                             .rule = violation->rule->name,
                                             .pointer = violation->pointer,
                                             .detail = detail_kept(violation)};
    }
    run->listed = (struct violations){&run->arena, listed, all->count, all->count};
    run->record.violation_count.value = run->violation_count;
    run->record.violations = (struct nested){.items = items, .count = all->count};
    if (all->count)
        return nested_render(&run->arena, resource_field_named(&import_resource, "violations"),
                             &run->record.violations);
    run->record.violations = (struct nested){0};
    return true;
}

void run_set_time(struct import_run *run)
{
    run->now = instant_from_ms(clock_now_ms());
    run->today = instant_date(&run->now);
}

bool run_insert(struct import_run *run)
{
    struct call *call = run_call(run, NULL);
    return call && record_insert(call, &import_resource, &run->record) && !arena_failed(call->arena);
}

/* Stores the record as it is by now, and what is kept for a retry. */
static bool keep_record(struct import_run *run, const char *event)
{
    struct call *call = run_call(run, NULL);
    if (!call)
        return false;
    call->now = instant_from_ms(clock_now_ms());
    if (run->record.status != IMPORT_RUNNING)
        run->record.finished_at = call->now;
    if (!record_update(call, &import_resource, &run->record, event) || arena_failed(&run->arena))
        return false;
    return run->record.status == IMPORT_RUNNING || run_keep_answer(run);
}

static bool finish_failed(struct import_run *run)
{
    run->record.status = IMPORT_FAILED;
    run->record.reason = run->broken;
    return list_violations(run) && keep_record(run, "finish");
}

/* --- all or nothing ------------------------------------------------------------------------------------------------
 */

/* The same as run_submit(); where it fails, the run is as it was before. */
static bool run_marked(struct import_run *run, bool (*work)(struct import_run *run), bool alone)
{
    struct import_mark mark = mark_set(run);
    run->mark = &mark;
    bool fine = run_submit(run, work, alone);
    if (!fine)
        mark_restore(run, &mark);
    run->mark = NULL;
    return fine;
}

static bool raise_references(struct import_run *run)
{
    for (size_t i = 0; i < run->plan.reference_count; i++) {
        const struct plan_reference *reference = &run->plan.references[i];
        bool comes = reference->year > atoi(run->today.text); /* whose line is refused */
        if (run->history && !comes &&
            !store_raise_reference(run->store, reference->resource, reference->year, reference->number))
            return false;
    }
    return true;
}

/* Lines of one kind, from *at on, `most` of them; false where it breaks. */
static bool write_lines(struct import_run *run, size_t kind, size_t *at, size_t most)
{
    for (size_t done = 0; *at < run->plan.count && done < most; (*at)++) {
        struct plan_line *line = &run->plan.lines[*at];
        if (line->kind != kind)
            continue;
        if (done++ % TELL_EACH == 0) {
            run_tell(run);
            if (run_is_over(run) || (store_unindexed(run->store) >= WORDS_EACH && !store_index_words(run->store)))
                return false;
        }
        line->state = LINE_PENDING;
        if (DB_FAILPOINT(run->store->db, "import.line") || !line_write(run, line))
            return false;
    }
    return true;
}

static bool write_all(struct import_run *run)
{
    for (size_t i = 0; i < run->plan.count; i++) {
        if (run->plan.lines[i].kind < IMPORT_KINDS)
            run->plan.lines[i].state = LINE_PENDING;
    }
    for (size_t kind = 0; kind < IMPORT_KINDS; kind++) {
        size_t at = 0;
        if (!write_lines(run, kind, &at, SIZE_MAX))
            return false;
    }
    run_tell(run);
    return run->violation_count > 0 || judge_all(run);
}

static bool run_whole(struct import_run *run)
{
    if ((run->dry_run && !run_insert(run)) || !store_mark(run->store) || !raise_references(run) || !write_all(run))
        return false;
    bool refused = run->violation_count && (run->record.partial != TRUTH_TRUE || run->unreadable);
    run->record.status = refused ? IMPORT_REFUSED : IMPORT_DONE;
    if (refused) {
        run->record.created.value = 0;
        run->changes_people = false;
        if (!store_return_to_mark(run->store))
            return false;
    }
    return store_leave_mark(run->store) && list_violations(run) && keep_record(run, "finish");
}

/* --- slices --------------------------------------------------------------------------------------------------------
 */

static bool run_slice(struct import_run *run)
{
    size_t at = run->slice_at;
    if (DB_FAILPOINT(run->store->db, "import.slice") || !raise_references(run) ||
        !write_lines(run, run->slice_kind, &at, IMPORT_SLICE))
        return false;
    run->slice_end = at;
    return keep_record(run, "progress");
}

static bool finish_slices(struct import_run *run)
{
    run->record.status = IMPORT_DONE;
    return !DB_FAILPOINT(run->store->db, "import.end") && list_violations(run) && keep_record(run, "finish");
}

static bool has_kind(const struct import_run *run, size_t kind, size_t from)
{
    while (from < run->plan.count && run->plan.lines[from].kind != kind)
        from++;
    return from < run->plan.count;
}

static bool work_slices(struct import_run *run)
{
    for (run->slice_kind = 0; run->slice_kind < IMPORT_KINDS; run->slice_kind++) {
        run->slice_at = 0;
        while (has_kind(run, run->slice_kind, run->slice_at)) {
            if (!run_marked(run, run_slice, false))
                return false;
            run->slice_at = run->slice_end;
        }
    }
    return run_marked(run, finish_slices, false);
}

/* --- from beginning to end -----------------------------------------------------------------------------------------
 */

static const char *why_broken(const struct import_run *run)
{
    if (run_is_over(run))
        return "The server was stopped before the import was done.";
    switch (run->fault) {
    case DB_FAULT_FULL:
        return "There was no room to store it.";
    case DB_FAULT_BUSY:
        return "The database was busy.";
    case DB_FAULT_MEMORY:
        return "Memory was out.";
    case DB_FAULT_NONE:
    case DB_FAULT_IO:
    case DB_FAULT_CORRUPT:
    case DB_FAULT_CONSTRAINT:
    case DB_FAULT_OTHER:
        break;
    }
    return "Something failed on the server's side.";
}

static bool scan(struct import_run *run)
{
    for (size_t i = 0; i < run->part_count; i++) {
        if (!scan_part(run, i))
            return false;
    }
    if (!run->plan.count && !run->violation_count)
        refuse_all(run, 0, 1, "import.empty", "There is no line that is a record.");
    return !arena_failed(&run->arena);
}

static bool work(struct import_run *run)
{
    run->fault = DB_FAULT_MEMORY;
    run->outcome = JOB_FAILED;
    if (FAILPOINT("import.scan") || !scan(run))
        return false;
    if (run->record.partial == TRUTH_TRUE && !run->dry_run &&
        !run->unreadable) /* a rehearsal is one, to be taken back */
        return work_slices(run);
    return run_marked(run, run_whole, true);
}

void run_work(struct import_run *run)
{
    if (!work(run)) {
        enum job_outcome outcome = run->outcome;
        enum db_fault fault = run->fault;
        bool lost = run->dry_run || outcome == JOB_UNKNOWN || outcome == JOB_UNAVAILABLE;
        run->broken = why_broken(run);
        if (run->record.partial != TRUTH_TRUE)
            run->record.created = run->record.unchanged = (struct integer){true, 0};
        /* Where not even that can be stored, the record says so as soon as it can: nobody is at it any more. */
        if (lost || !run_marked(run, finish_failed, false))
            run->record.status = IMPORT_FAILED;
        run->outcome = outcome;
        run->fault = fault;
    }
    progress_end(run->progress);
    run->progress = NULL;
}
