/* What the files of this floor share: a read, a write, and the parts of an answer. */
#ifndef REVIEWD_API_API_H
#define REVIEWD_API_API_H

#include "reviewd/api.h"
#include "reviewd/audit.h"
#include "reviewd/caller.h"
#include "reviewd/http.h"
#include "reviewd/store.h"

#include <jansson.h>

enum { PATH_KEYS_MAX = 2, QUERY_MAX = 64 };

struct call;
struct key_in_flight;
struct import_run;
struct pack;

/* The representations that a path may have; the first that a route has is the one for whoever takes anything. */
enum format {
    FORMAT_JSON,
    FORMAT_NDJSON,
    FORMAT_CSV,
    FORMAT_XLSX,
    FORMAT_HTML,
    FORMAT_MARKDOWN,
    FORMAT_PDF,
    FORMAT_SVG,
    FORMAT_CALENDAR,
    FORMAT_ZIP,
    FORMAT_COUNT,
};
#define FORMAT(format) (1u << FORMAT_##format)

struct format_type {
    const char *name; /* as ?format= says it */
    const char *type; /* as Accept and Content-Type say it */
    bool packed;      /* it is compressed in itself */
};
extern const struct format_type formats[FORMAT_COUNT];

/* One row of the route table: the one place that says who may do what by which path. */
struct route {
    enum method method;
    const char *path;
    enum operation operation;
    bool (*read)(struct call *call);             /* a GET … */
    enum job_result (*write)(struct call *call); /* … or what runs in the writer */
    const struct resource *resource;
    const struct resource *parent; /* of a sub-collection */
    const char *verb;
    const char *denied_rule;  /* in place of access.role */
    const char *const *query; /* parameters beside those of every list or write */
    unsigned formats;         /* bits of FORMAT(…); 0: JSON alone */
    bool list;
    bool past;         /* takes as_of: it answers as it did then */
    bool open;         /* needs no token */
    bool feed;         /* takes a feed token in the query, too */
    bool takes_file;   /* the body is one, or a form with one */
    bool takes_import; /* the body is one of CSV or NDJSON, or a form with several */
    bool gives_file;   /* in the type that it has, whatever Accept says */
    const char *summary;
};

extern const struct route routes[];
extern const size_t route_count;

struct parameter {
    const char *name;
    const char *value;
};

/* What the call that makes a record of a line of an import knows beside the line itself. */
struct importing {
    bool moves; /* the line has members that the server sets by itself: the record is as it says, and nothing follows */
    bool marked; /* the record is to say that it was imported */
    /* A record that another line will make. */
    bool (*find)(void *context, const struct resource *target, const char *key, struct id *ret_id);
    void *context;
};

/* A request on its way through: first on a worker's thread, and if it writes, then on the writer's. */
struct call {
    struct job job; /* first: the writer hands it back */
    struct api *api;
    struct api_worker *worker;
    struct request *request;
    struct response *response;
    struct arena *arena;
    const struct route *route;
    const char *request_id;
    const char *path;                /* decoded segments joined again, without the query */
    const char *keys[PATH_KEYS_MAX]; /* what stands for {id} */
    struct parameter query[QUERY_MAX];
    size_t query_count;
    enum format format; /* that the answer is to have */
    struct caller caller;
    struct view view;
    struct violations violations;
    struct instant now;
    struct date today;
    int64_t began_us; /* by a clock that never goes back */
    struct store *store;
    struct import_run *import;
    struct pack *pack; /* as it was planned */

    /* of writes */
    json_t *body; /* in the arena */
    const struct received *received;
    struct importing *importing; /* NULL: it is no line of an import */
    bool dry_run;
    const char *idempotency_key;
    unsigned char request_sha256[32];
    bool replayed;
    bool forgets_callers; /* it changes a person: what is known of callers is out of date once it is stored */
    struct key_in_flight *key_in_flight;
    const struct transition *transition;
    void *parent;
    void *before;
    void *after;
    void (*done)(struct call *call);
    void *context;
};

/* --- answers (problem.c, negotiate.c) ---------------------------------------------------------------------------- */

/* Problem details (RFC 9457). `type` is the last part of /problems/<type>; NULL: the status's own. Violations of the
 * call are listed. */
void answer_problem(struct call *call, int status, const char *type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The problem that the call's violations make. */
void answer_violations(struct call *call);

/* The same for all that may not be seen and all that is not there. */
void answer_not_found(struct call *call);

/* What the database's failure comes to: 500, 503 or 507. */
void answer_fault(struct call *call, enum db_fault fault);

/* Sets status, type and body; ETag and conditional answers follow from the body. */
void answer_json(struct call *call, int status, struct buffer *body);

/* A text that lives on. */
void answer_static(struct call *call, int status, const char *type, const char *text, size_t length);

/* ETag, 304, gzip, Prefer and the headers of every answer. Last of all. */
void answer_finish(struct call *call);

/* The strong entity tag of a body, in the arena. */
const char *etag_of(struct arena *arena, const char *body, size_t length);

/* Whether If-None-Match knows the tag. */
bool if_none_match_hits(const char *if_none_match, const char *etag);

/* Evaluates If-Match against the record's present tag: 0, 412 or 428. */
int if_match_status(const char *if_match, const char *etag);

/* How much Accept wants the type: 0 to 1. */
double accept_weight(const char *accept, const char *type);

/* The formats of a route, as bits. */
unsigned route_formats(const struct route *route);

/* Chooses the answer's format by ?format= or else by Accept. False after answering 400 or 406. */
bool format_choose(struct call *call);

/* Answers what is in the response's body by now, in the format that was chosen. */
void answer_formatted(struct call *call, int status);

/* The same of a body that is made while it is sent. Its context lives in the call's arena. */
void answer_stream(struct call *call, int status, const struct body_stream *stream);

/* Whether a member of a header's list ("gzip" in Accept-Encoding) is asked for. */
bool header_lists(const char *header, const char *token);

/* --- queries (query.c) ------------------------------------------------------------------------------------------- */

/* Percent-decodes into the arena, with `plus` also '+' to a space; NULL where that makes no UTF-8. An encoded triplet
 * has to be whole. */
const char *percent_decode(struct arena *arena, const char *text, size_t length, bool plus);

/* The feed token in the query, before that is parsed; NULL where there is none. */
const char *feed_token_of(struct call *call);

/* Splits and decodes the query; false after adding violations. */
bool query_parse(struct call *call, const char *query);
const char *query_get(const struct call *call, const char *name);
bool query_is_true(const struct call *call, const char *name);

/* Whether the route takes this parameter. */
bool query_known(const struct route *route, const char *name);

/* A filter's values, which commas separate, in the arena; NULL there when memory is out. */
size_t query_values(struct call *call, const char *name, const char *text, const char ***ret_values);

/* Whether the value has the form of a reference of the resource, or of what else names its records beside the id. */
bool resource_names(const struct resource *resource, const char *value);

/* The id that a filter's value names among the target's records: an id that nothing has where it names nothing, or has
 * not the form (that is added to the violations). NULL: the database or memory failed. */
const char *query_resolve(struct call *call, const struct resource *target, const char *name, const char *value);

/* Makes a list query of the parameters; false after adding violations. */
bool query_list(struct call *call, const struct resource *resource, struct list_query *ret_query);

/* The filter by a field that lists of the resource make of this text; adds violations. False when the database failed.
 */
bool query_filter(struct call *call, const struct resource *resource, const char *name, const char *text,
                  struct filter *ret_filter);

/* Gives the view the instant of as_of, if it is given, and `today` its day. Adds a violation where it is none. */
void query_as_of(struct call *call);

/* Now, or the instant of as_of. */
const struct instant *call_moment(const struct call *call);

/* limit, as every list takes it; 0 after adding a violation. */
int query_limit(struct call *call);

/* Answers the whole list as CSV, NDJSON or XLSX. */
bool answer_register(struct call *call, const struct list_query *query);

/* Cursors: opaque, and bound to the list that they were made for. */
const char *cursor_make(struct call *call, const char *value, const char *id);
bool cursor_read(struct call *call, const char **ret_value, const char **ret_id);

/* A list's frame around rows already in `rows`, with Link and next_cursor. */
void answer_list(struct call *call, struct buffer *rows, const char *next_cursor, int64_t total);

/* --- bodies (json.c, body.c, record_json.c)
 * --------------------------------------------------------------------------------
 */

/* jansson's json_loadb() into the arena, with which the value goes; releasing it does no harm, and is needed only once
 * jansson has changed it. NULL: memory is out where arena_failed() says so, else *ret_error (or NULL) says what is
 * wrong with the text. */
json_t *json_parse(struct arena *arena, const char *text, size_t length, size_t flags, json_error_t *ret_error);

/* Whether the text nests deeper than is parsed. */
bool json_is_deep(const char *text, size_t length);

/* Whether a Content-Type names the type, in UTF-8. */
bool media_type_is(const char *header, const char *type);

/* The types that a POST of the route takes, as Accept-Post lists them. */
const char *body_types(const struct route *route);

/* Parses the request's JSON; false after answering. An empty body is an empty object. */
bool body_parse(struct call *call);

/* BODY_IMPORT takes what the server sets by itself, too, but for the version, for what is derived and for what the
 * record hangs from; and an empty list is none. */
enum body_mode { BODY_CREATE, BODY_CHANGE, BODY_IMPORT };

/* Whether the member ties records of the resource to what they hang from. */
bool field_is_link(const struct field *field);

/* Reads the members of the body into the record; adds what is wrong with them to the violations. False: the database
 * or memory failed. */
MUST_USE bool record_parse(struct call *call, const struct resource *resource, enum body_mode mode, void *record,
                           const void *before);

/* The same of an object within an import's line, whose members are some of the resource's. */
MUST_USE bool object_parse(struct call *call, const struct resource *resource, const char *pointer, json_t *object,
                           void *record);

/* The same for the members that a verb takes. */
MUST_USE bool arguments_parse(struct call *call, const struct resource *resource, const struct transition *transition,
                              void *record, const void *before);

/* Parses the nested members of a record out of the database. False when memory is out. */
MUST_USE bool record_expand(struct call *call, const struct resource *resource, void *record);

/* Writes a nested member's canonical text anew from its items. */
MUST_USE bool nested_render(struct arena *arena, const struct field *field, struct nested *nested);

/* --- files (attachment.c, content.c, disposition.c) -----------------------------------------------------------------
 */

/* What a request brought, as far as its bytes and headers tell. */
struct received {
    const struct spool *spool;
    size_t files;
    const char *name; /* NULL: name_wrong says why */
    const char *name_wrong;
    const char *media_type; /* NULL: none that is taken */
    char sha256[65];
    const char *text; /* all that was sent but the bytes: for the Idempotency-Key */
};

/* Takes the file of a request, and its description as the body; false after answering. */
bool upload_parse(struct call *call);

/* The file's name in a Content-Disposition (RFC 6266, 8187), as UTF-8; NULL where there is none. */
const char *disposition_name(struct arena *arena, const char *header);

/* The text as UTF-8: what is none is taken for ISO 8859-1. */
const char *text_as_utf8(struct arena *arena, const char *text);

/* The Content-Disposition of an answer that is to be kept as a file. */
const char *disposition_attachment(struct arena *arena, const char *name);

/* One range of a content (RFC 9110, 14). */
enum range { RANGE_WHOLE, RANGE_PART, RANGE_UNSATISFIABLE };
enum range range_parse(const char *header, int64_t size, int64_t *ret_first, int64_t *ret_last);

/* --- imports (import.c) --------------------------------------------------------------------------------------------
 */

/* Takes the request apart, and makes call->import of it; false after answering. */
bool import_parse(struct call *call);

/* The job that puts it on record. */
enum job_result import_begin(struct job *job, struct store *store);

/* What comes next, after that job or after the import's own thread. */
enum api_next import_next(struct call *call);

/* Does here and now what call_depart() leaves to a thread. */
void import_run_here(struct call *call);

/* Whether what its lines bring is in the database. */
bool import_has_stored(const struct call *call);

/* Frees what the call has of one. */
void import_forget(struct call *call);

/* Answers what came in the way of a file; false where nothing did. */
bool upload_answer_fault(struct call *call, int64_t max);

/* --- writes (write.c) ----------------------------------------------------------------------------------------------
 */

/* What a resource does beyond what its table says. Each returns false when the database or memory failed. */
struct behaviour {
    const struct resource *resource;
    bool reads_parent;                                     /* the nested members of the parent, too */
    enum operation (*operation)(struct call *call);        /* where the body decides (follow-ups) */
    bool (*stake)(struct call *call, struct stake *stake); /* whose record it is */
    bool (*begin)(struct call *call);                      /* a new record: what comes from its parent */
    bool (*complete)(struct call *call);                   /* after the body: what follows from it */
    bool (*check)(struct call *call);                      /* asks for facts and calls the domain's check */
    bool (*apply)(struct call *call);                      /* a verb that is allowed: what it sets */
    bool (*after)(struct call *call);                      /* further records, in the same transaction */
    /* What is shown once, to who wrote it: after COMMIT, and kept in no answer. */
    void (*reveal)(struct call *call, void *shown);
};

extern const struct behaviour person_behaviour;
extern const struct behaviour review_behaviour;
extern const struct behaviour attendee_behaviour;
extern const struct behaviour input_behaviour;
extern const struct behaviour decision_behaviour;
extern const struct behaviour action_item_behaviour;
extern const struct behaviour amendment_behaviour;
extern const struct behaviour follow_up_behaviour;
extern const struct behaviour calendar_token_behaviour;
extern const struct behaviour attachment_behaviour;

/* Adds access.read_only_token and, where the role does not allow the operation, the route's rule about that; false
 * then. */
bool access_check(struct call *call, const struct route *route, enum operation operation, const struct stake *stake);

/* What several behaviours do alike. */
const struct settings *call_settings(const struct call *call);
struct keyring *call_keyring(const struct call *call); /* NULL on the command line */
bool owner_stake(struct call *call, const struct id *owner, struct stake *ret_stake);

struct follow_up;

/* Whether a follow-up supersedes one of another action item. */
MUST_USE bool follow_up_supersedes_other(struct call *call, const struct follow_up *follow_up, bool *ret_other);

/* Gives a review that is imported and not held yet what it lacks of chair and agenda. */
MUST_USE bool review_complete(struct call *call, const struct review *review);

/* Keeps an approved review as it stands, with what is frozen with it. */
MUST_USE bool review_keep_revision(struct call *call, const struct review *review);

/* Numbers new success criteria after those of before, and after `used`, and writes their text anew. */
bool criteria_complete(struct call *call, const struct resource *resource, struct nested *criteria,
                       const struct nested *before, long used);

/* Puts the record after a write into the answer. False where memory or the database fails. */
bool write_answer(struct call *call);

/* Fills what the record shows of others, in the write's own transaction: whoever answers has nothing to look up. */
bool write_derive(struct call *call);

/* Puts what is shown once into an answer that write_answer() has made. The ETag stays that of the record. */
bool write_reveal(struct call *call);

const struct behaviour *behaviour_of(const struct resource *resource);

/* Makes call->after out of the body, below call->parent, and judges it. VERDICT_FINE where there are violations, too,
 * unless they say all that there is to say. */
enum verdict { VERDICT_FINE, VERDICT_REFUSED, VERDICT_BROKEN };
MUST_USE enum verdict create_judge(struct call *call, enum body_mode mode);

/* Stores it, with what follows from it. */
MUST_USE bool create_store(struct call *call);

enum job_result write_create(struct call *call);
enum job_result write_change(struct call *call);
enum job_result write_verb(struct call *call);

/* Stamps and stores a new record, or a new version, with its audit entry: `event` is the last part of its name. What an
 * import has brought of the common members stays. */
MUST_USE bool record_insert(struct call *call, const struct resource *resource, void *record);
MUST_USE bool record_update(struct call *call, const struct resource *resource, void *record, const char *event);

/* A record by its id, copied into the arena, nested members parsed; NULL (with the call's job broken) on failure. */
void *record_fetch(struct call *call, const struct resource *resource, const struct id *id);

/* A zeroed record with the table's initial values. */
void *record_new(struct call *call, const struct resource *resource);

/* Fills fields that have an initial value and are absent. */
void record_defaults(const struct resource *resource, void *record);

/* What follows when a person was erased (erase.c): tokens are revoked, attendees of reviews that are not frozen
 * renamed, values taken from behind their commitments, out of kept answers and out of the index of words. */
MUST_USE bool erase_person(struct call *call, const struct id *person);

/* The same for a review that is frozen no more, as to attendees who were erased while it was. */
MUST_USE bool erase_unfrozen(struct call *call, const struct id *review);

/* --- reads (read.c and others) -------------------------------------------------------------------------------------
 */

bool read_record(struct call *call);

/* Writes a value of JSON as RFC 8785 has its numbers and texts; members stay in their order. */
void json_put(struct buffer *rows, json_t *value);

bool read_list(struct call *call);
bool read_import(struct call *call);
bool read_history(struct call *call);
bool read_sealed_history(struct call *call);
bool read_readiness(struct call *call);
bool read_carried(struct call *call);
bool read_search(struct call *call);
bool read_revisions(struct call *call);
bool read_revision(struct call *call);
bool read_content(struct call *call);
/* The review that the path names; NULL after answering 404, or when broken. */
struct review *review_load(struct call *call, bool *ret_fine);

/* The revision of the review that the path names; 0 where it was not approved. */
int64_t revision_number(const struct call *call, const struct review *review);

bool read_agenda(struct call *call);
bool read_minutes(struct call *call);
bool read_revision_minutes(struct call *call);
bool read_pack(struct call *call);
bool read_rules(struct call *call);
bool read_rule(struct call *call);
bool read_audit_log(struct call *call);
bool read_audit_head(struct call *call);
bool read_report_actions(struct call *call);
bool read_report_metrics(struct call *call);
bool read_report_schedule(struct call *call);
bool read_report_clauses(struct call *call);
bool read_checkpoints(struct call *call);
bool read_checkpoint(struct call *call);
bool read_keys(struct call *call);
bool read_calendar(struct call *call);
bool read_comparison(struct call *call);
bool read_problem_page(struct call *call);
bool read_health(struct call *call);
bool read_ready(struct call *call);
bool read_metrics(struct call *call);
bool read_openapi(struct call *call);
bool read_docs(struct call *call);
bool read_docs_bundle(struct call *call);

/* The record's value of what a list is sorted by, as cursors and pages hold it. */
const char *list_sort_value(struct arena *arena, const struct field *sort, const void *record);

/* Whether the caller sees the record that a veiled member names. False where the database fails. */
MUST_USE bool may_see(struct call *call, const struct field *field, json_t *id, bool *ret_sees);

/* Adds a JSON array of what opens the commitments in a version's body (RENDER_SEALED). False where memory or the
 * database fails. */
MUST_USE bool openings_render(struct call *call, const struct resource *resource, const char *body,
                              struct buffer *array);

/* Whether /v1/search has anything to look into there. */
bool search_looks_into(const struct resource *resource);

/* One rule as the catalogue shows it. */
void rule_render(struct buffer *buffer, const struct rule *rule);
void violations_render(struct buffer *buffer, const struct violations *violations);

/* Every event that an entry of the audit log can name. */
void audit_events(void (*tell)(void *context, const char *event), void *context);

/* A review as approved, with its attendees, inputs and decisions: for revisions. */
MUST_USE bool revision_render(struct call *call, const struct review *review, struct buffer *ret_body);

#endif
