/* An import on its way through: from the bytes of a file to records (import.c says how). */
#ifndef REVIEWD_API_IMPORT_H
#define REVIEWD_API_IMPORT_H

#include "worker.h"

#include "reviewd/import.h"
#include "reviewd/progress.h"
#include "reviewd/register.h"

enum {
    IMPORT_PARTS = UPLOAD_PARTS_MAX,
    IMPORT_LINES_MAX = 1000000,
    IMPORT_SLICE = 200,
    REFERENCE_YEAR_MIN = 1990,
    TELL_EACH = 64
};

/* --- source (import_source.c): lines out of the file ---------------------------------------------------------------
 */

/* A file of the form, or the body as a whole. */
struct import_part {
    const struct resource *resource; /* NULL: each line says its own */
    bool csv;
    int64_t begin;
    int64_t end;
    struct csv_head head; /* of a CSV, once it is read */
};

/* Reads one part line by line, with memory for one line. */
struct import_reader {
    const struct spool *spool;
    const struct import_part *part;
    size_t line_max;
    int64_t at;  /* of the next byte */
    size_t line; /* of the next one, from 1 */
    char window[16384];
    int64_t window_at;
    size_t window_length;
    struct buffer text; /* the line that was read, ended by NUL, which does not count */
};

enum import_read { READ_LINE, READ_LONG, READ_END, READ_BROKEN };

void reader_open(struct import_reader *ret_reader, const struct spool *spool, const struct import_part *part,
                 size_t line_max);
void reader_seek(struct import_reader *reader, int64_t offset, size_t line);
void reader_close(struct import_reader *reader);

/* Reads the next line, of a CSV the next record; where it begins and its number. READ_LONG: its text was not kept. */
MUST_USE enum import_read reader_next(struct import_reader *reader, int64_t *ret_offset, size_t *ret_line);

/* Reads the head of a CSV, and leaves the reader behind it. False after adding violations: no line of the part can be
 * read then; or where the file cannot be read or memory is out. */
bool source_head(struct import_reader *reader, struct import_part *part, struct violations *violations);

/* The line that the reader has as a JSON object in the arena of the violations; NULL after adding some, or where memory
 * is out. *ret_resource: its kind; NULL where that is not known. The line's text is spoilt. */
json_t *source_parse(struct import_reader *reader, struct violations *violations, const struct resource **ret_resource);

/* Says where in the file the violations of one line are. */
void source_place(const struct import_part *part, const struct resource *resource, size_t line,
                  struct violations *violations);

/* --- plan (import_plan.c): what lines there are, and what they call themselves ------------------------------------
 */

enum line_state { LINE_PENDING, LINE_CREATED, LINE_UNCHANGED, LINE_REFUSED };

/* One line, in few bytes: there may be many. */
struct plan_line {
    int64_t offset;
    uint32_t line;
    uint8_t part;
    uint8_t kind; /* IMPORT_KINDS: not known */
    uint8_t state;
    bool moved; /* it is of a history, and judged once more at the end */
    unsigned char id[16];
};

struct plan_name;

/* The greatest number of a reference that lines bring. */
struct plan_reference {
    const struct resource *resource;
    int year;
    int64_t number;
};

struct import_plan {
    struct plan_line *lines;
    size_t count;
    size_t capacity;
    struct plan_name *names; /* a hash table */
    size_t name_count;
    size_t name_capacity;
    struct plan_reference *references;
    size_t reference_count;
};

void plan_finish(struct import_plan *plan);

/* Adds a line; NULL where memory is out. It lives until the next one. */
struct plan_line *plan_add(struct import_plan *plan, int64_t offset, size_t line, size_t part, size_t kind);

struct id plan_id(const struct plan_line *line);

/* Notes what the last line calls itself: the id, reference and e-mail address in its object, or an id that is made.
 * Adds a violation where another line is called so. False where memory is out. */
MUST_USE bool plan_name(struct import_plan *plan, const struct resource *resource, const json_t *object,
                        struct violations *violations);

/* The line that is called so; NULL where there is none. */
const struct plan_line *plan_find(const struct import_plan *plan, const struct resource *resource, const char *key);

/* The year and number of a reference of the resource; false where the text has not its form. */
bool reference_parse(const struct resource *resource, const char *text, int *ret_year, int64_t *ret_number);

/* --- the run (import_run.c) ----------------------------------------------------------------------------------------
 */

/* As it was before a job of the writer's, which may be run again from its beginning. */
struct import_mark {
    struct import record;
    int64_t violation_count;
    size_t violations;
};

struct import_run {
    struct api *api;
    struct arena arena;      /* of all that lives as long as the run */
    struct arena line_arena; /* of one line */
    struct caller caller;
    struct view view;
    const char *request_id;
    struct spool spool;
    size_t line_max; /* bytes */
    struct import_part parts[IMPORT_PARTS];
    size_t part_count;
    bool dry_run;
    bool waits;     /* somebody waits for its end */
    bool has_place; /* among the imports that run at once */
    bool answered;  /* the call has its answer, as it is kept for a retry */
    bool departed;  /* it was left to its thread */
    bool history;   /* the caller may move one in */
    struct instant began;
    struct instant now; /* of the job */
    struct date today;
    struct import record;
    struct import_plan plan;
    struct violations violations; /* of all lines, as far as there is room */
    struct violations listed;     /* the same in the order of the lines, once it is over */
    int64_t violation_count;
    struct progress *progress;
    bool changes_people;
    bool unreadable; /* a file as a whole: nothing is stored, be it partial */
    const struct import_mark *mark;
    size_t slice_kind;
    size_t slice_at;
    size_t slice_end;
    const char *broken;          /* why it failed, NULL: it did not */
    enum db_fault fault;         /* likewise */
    enum job_outcome outcome;    /* of the last job */
    struct call *call;           /* who waits; NULL: nobody any more */
    struct store *store;         /* in a job: the writer's */
    struct store *alone;         /* on the command line: its own */
    struct import_reader reader; /* of the part that was read last */
    bool reading;
};

/* What happens now, happens at this time. */
void run_set_time(struct import_run *run);

/* Stores the record of the import as it begins. In the writer's transaction. */
MUST_USE bool run_insert(struct import_run *run);

/* Reads the lines and stores what they bring, in jobs of the writer. Takes as long as it takes. */
void run_work(struct import_run *run);

/* Adds the violations of a line to those of all. */
void run_note(struct import_run *run, const struct import_part *part, const struct resource *resource, size_t line,
              struct violations *violations);

/* Keeps the answer for a retry by Idempotency-Key, where there is one. In the writer's transaction (import.c). */
MUST_USE bool run_keep_answer(struct import_run *run);

/* Says to all who look how far it is, and that the writer moves. */
void run_tell(struct import_run *run);

/* Whether to give up, since the server ends (import.c). */
bool run_is_over(const struct import_run *run);

/* Reads a line of the plan again: its object, in the line's arena. NULL where the file or memory fails. */
json_t *run_read(struct import_run *run, const struct plan_line *line, struct violations *violations);

/* A call of one line, in the line's arena, which is emptied. */
struct call *run_call(struct import_run *run, struct importing *importing);

/* --- one line, in the writer (import_line.c) -----------------------------------------------------------------------
 */

/* Judges a line and stores what it brings. False where the database or memory failed. */
MUST_USE bool line_write(struct import_run *run, struct plan_line *line);

/* Takes away the violations that a history is allowed. */
void line_waive(const struct import_run *run, struct call *call);

/* --- the end, in the writer (import_judge.c) -----------------------------------------------------------------------
 */

/* Gives decisions and reviews the states in which they arrived, and judges what belongs together. */
MUST_USE bool judge_all(struct import_run *run);

/* Whether the state in which a record arrives is given to it at the end; the one until then. */
bool judge_holds_back(const struct resource *resource, void *record);

#endif
