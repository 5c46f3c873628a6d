/* Every route: the one place that says who may do what by which path. A row without an operation is denied. */
#include "api.h"

#include "reviewd/action_item.h"

#define PEOPLE &person_resource
#define REVIEWS &review_resource
#define ATTENDEES &attendee_resource
#define INPUTS &input_resource
#define DECISIONS &decision_resource
#define ACTION_ITEMS &action_item_resource
#define AMENDMENTS &amendment_resource
#define FOLLOW_UPS &follow_up_resource
#define CALENDAR_TOKENS &calendar_token_resource
#define ATTACHMENTS &attachment_resource
#define IMPORTS &import_resource

/* What every list of records is there as. */
#define REGISTER (FORMAT(JSON) | FORMAT(NDJSON) | FORMAT(CSV) | FORMAT(XLSX))

/* What every other list is there as. */
#define ROWS (FORMAT(JSON) | FORMAT(NDJSON) | FORMAT(CSV))

/* The shapes that rows take; what differs from row to row stands in the row. */
#define LIST(where, what)                                                                                              \
    METHOD_GET, where, OPERATION_READ, .read = read_list, .resource = (what), .list = true, .past = true,              \
                                       .formats = REGISTER
#define RECORD(where, what) METHOD_GET, where, OPERATION_READ, .read = read_record, .resource = (what), .past = true
#define HISTORY(where, what)                                                                                           \
    METHOD_GET, where, OPERATION_READ, .read = read_history, .resource = (what), .list = true, .past = true,           \
                                       .formats = ROWS
#define SEALED_HISTORY(where, what)                                                                                    \
    METHOD_GET, where, OPERATION_AUDIT_READ, .read = read_sealed_history, .resource = (what), .list = true,            \
                                             .past = true, .formats = ROWS
#define CREATE(where, what, who) METHOD_POST, where, who, .write = write_create, .resource = (what)
#define CHANGE(where, what, who) METHOD_PATCH, where, who, .write = write_change, .resource = (what)
#define VERB(where, what, name, who) METHOD_POST, where, who, .write = write_verb, .resource = (what), .verb = (name)
#define OF_REVIEW(where, how) METHOD_GET, where, OPERATION_READ, .read = (how), .resource = REVIEWS, .past = true
#define DOCUMENT(where, how)                                                                                           \
    OF_REVIEW(where, how), .formats = FORMAT(JSON) | FORMAT(HTML) | FORMAT(MARKDOWN) | FORMAT(PDF)
#define OPEN(where, how) METHOD_GET, where, OPERATION_READ, .read = (how), .open = true

/* Files of a kind of record: those that are there, and one more. */
#define FILES_LIST(where, what) LIST(where, ATTACHMENTS), .parent = (what)
#define FILES_ADD(where, what, who)                                                                                    \
    CREATE(where, ATTACHMENTS, who), .parent = (what), .takes_file = true, .query = file_query

static const char *const file_query[] = {"description", NULL};
static const char *const import_query[] = {"resource", "partial", NULL};
static const char *const audit_query[] = {"resource",  "resource_id", "actor_id", "event",
                                          "at_before", "at_after",    "sort",     NULL};
static const char *const checkpoints_query[] = {"sort", NULL};
static const char *const compare_query[] = {"with", NULL};
static const char *const calendar_query[] = {"owner", "owner_id", "overdue", "kind", NULL};
static const char *const rules_query[] = {"resource", "status", NULL};
static const char *const search_query[] = {"q", "kind", "limit", NULL};

static const char *const report_actions_query[] = {"from",      "to",       "owner_id", "department",
                                                   "review_id", "group_by", NULL};
static const char *const report_metrics_query[] = {"name", NULL};
#define REPORT(where, how)                                                                                             \
    METHOD_GET, where, OPERATION_AUDIT_READ, .read = (how), .formats = FORMAT(JSON) | FORMAT(CSV) | FORMAT(SVG)

const struct route routes[] = {
    {LIST("/v1/people", PEOPLE), .summary = "List people"},
    {CREATE("/v1/people", PEOPLE, OPERATION_PERSON_WRITE), .summary = "Add a person"},
    {RECORD("/v1/people/{id}", PEOPLE), .summary = "Read a person"},
    {CHANGE("/v1/people/{id}", PEOPLE, OPERATION_PERSON_WRITE), .summary = "Change a person"},
    {VERB("/v1/people/{id}/deactivate", PEOPLE, "deactivate", OPERATION_PERSON_WRITE),
     .summary = "Make a person inactive"},
    {VERB("/v1/people/{id}/activate", PEOPLE, "activate", OPERATION_PERSON_WRITE),
     .summary = "Make a person active again"},
    {VERB("/v1/people/{id}/erase", PEOPLE, "erase", OPERATION_PERSON_WRITE),
     .summary = "Replace a person's name and address by a pseudonym"},
    {VERB("/v1/people/{id}/hold", PEOPLE, "hold", OPERATION_PERSON_WRITE), .summary = "Put a legal hold on a person"},
    {VERB("/v1/people/{id}/release", PEOPLE, "release", OPERATION_PERSON_WRITE),
     .summary = "Take the legal hold off a person"},
    {SEALED_HISTORY("/v1/people/{id}/sealed-history", PEOPLE),
     .summary = "Read a person's versions as they are hashed"},
    {HISTORY("/v1/people/{id}/history", PEOPLE), .summary = "Read every version of a person"},

    {LIST("/v1/reviews", REVIEWS), .summary = "List reviews"},
    {CREATE("/v1/reviews", REVIEWS, OPERATION_REVIEW_WRITE), .summary = "Plan a review"},
    {RECORD("/v1/reviews/{id}", REVIEWS), .summary = "Read a review"},
    {CHANGE("/v1/reviews/{id}", REVIEWS, OPERATION_REVIEW_WRITE), .summary = "Change a review"},
    {VERB("/v1/reviews/{id}/start", REVIEWS, "start", OPERATION_REVIEW_HOLD), .summary = "Start a review"},
    {VERB("/v1/reviews/{id}/conclude", REVIEWS, "conclude", OPERATION_REVIEW_HOLD), .summary = "Conclude a review"},
    {VERB("/v1/reviews/{id}/approve", REVIEWS, "approve", OPERATION_REVIEW_APPROVE),
     .denied_rule = "review.approve.role", .summary = "Approve a concluded review"},
    {VERB("/v1/reviews/{id}/cancel", REVIEWS, "cancel", OPERATION_REVIEW_MANAGE), .summary = "Cancel a planned review"},
    {VERB("/v1/reviews/{id}/reopen", REVIEWS, "reopen", OPERATION_REVIEW_APPROVE), .denied_rule = "review.reopen.role",
     .summary = "Reopen a concluded or approved review"},
    {OF_REVIEW("/v1/reviews/{id}/readiness", read_readiness), .summary = "See what the next verb still lacks"},
    {METHOD_GET, "/v1/reviews/{id}/carried-action-items", OPERATION_READ, .read = read_carried,
     .resource = ACTION_ITEMS, .parent = REVIEWS, .list = true, .past = true, .formats = REGISTER,
     .summary = "List the action items to revisit"},
    {OF_REVIEW("/v1/reviews/{id}/compare", read_comparison), .query = compare_query,
     .summary = "Compare a review with another one"},
    {OF_REVIEW("/v1/reviews/{id}/revisions", read_revisions), .list = true, .formats = ROWS,
     .summary = "List the approved revisions of a review"},
    {OF_REVIEW("/v1/reviews/{id}/revisions/{n}", read_revision), .summary = "Read an approved revision of a review"},
    {DOCUMENT("/v1/reviews/{id}/agenda", read_agenda), .summary = "Read the agenda of a review"},
    {DOCUMENT("/v1/reviews/{id}/minutes", read_minutes), .summary = "Read the minutes of a review"},
    {DOCUMENT("/v1/reviews/{id}/revisions/{n}/minutes", read_revision_minutes),
     .summary = "Read the minutes of an approved revision"},
    {METHOD_GET, "/v1/reviews/{id}/evidence-pack", OPERATION_AUDIT_READ, .read = read_pack, .resource = REVIEWS,
     .formats = FORMAT(ZIP), .summary = "Take the evidence of a review along"},
    {HISTORY("/v1/reviews/{id}/history", REVIEWS), .summary = "Read every version of a review"},

    {LIST("/v1/reviews/{id}/attendees", ATTENDEES), .parent = REVIEWS, .summary = "List a review's attendees"},
    {CREATE("/v1/reviews/{id}/attendees", ATTENDEES, OPERATION_REVIEW_WRITE), .parent = REVIEWS,
     .summary = "Add an attendee"},
    {RECORD("/v1/attendees/{id}", ATTENDEES), .summary = "Read an attendee"},
    {CHANGE("/v1/attendees/{id}", ATTENDEES, OPERATION_REVIEW_WRITE), .summary = "Change an attendee"},
    {VERB("/v1/attendees/{id}/withdraw", ATTENDEES, "withdraw", OPERATION_REVIEW_MANAGE),
     .summary = "Take an attendee back"},
    {HISTORY("/v1/attendees/{id}/history", ATTENDEES), .summary = "Read every version of an attendee"},
    {SEALED_HISTORY("/v1/attendees/{id}/sealed-history", ATTENDEES),
     .summary = "Read an attendee's versions as they are hashed"},

    {LIST("/v1/inputs", INPUTS), .summary = "List inputs across reviews"},
    {LIST("/v1/reviews/{id}/inputs", INPUTS), .parent = REVIEWS, .summary = "List a review's inputs"},
    {CREATE("/v1/reviews/{id}/inputs", INPUTS, OPERATION_INPUT_WRITE), .parent = REVIEWS, .summary = "Add an input"},
    {RECORD("/v1/inputs/{id}", INPUTS), .summary = "Read an input"},
    {CHANGE("/v1/inputs/{id}", INPUTS, OPERATION_INPUT_WRITE), .summary = "Change an input"},
    {VERB("/v1/inputs/{id}/withdraw", INPUTS, "withdraw", OPERATION_REVIEW_MANAGE), .summary = "Take an input back"},
    {HISTORY("/v1/inputs/{id}/history", INPUTS), .summary = "Read every version of an input"},

    {LIST("/v1/decisions", DECISIONS), .summary = "List decisions across reviews"},
    {LIST("/v1/reviews/{id}/decisions", DECISIONS), .parent = REVIEWS, .summary = "List a review's decisions"},
    {CREATE("/v1/reviews/{id}/decisions", DECISIONS, OPERATION_REVIEW_WRITE), .parent = REVIEWS,
     .summary = "Propose a decision"},
    {RECORD("/v1/decisions/{id}", DECISIONS), .summary = "Read a decision"},
    {CHANGE("/v1/decisions/{id}", DECISIONS, OPERATION_REVIEW_WRITE), .summary = "Change a decision"},
    {VERB("/v1/decisions/{id}/adopt", DECISIONS, "adopt", OPERATION_REVIEW_HOLD), .summary = "Adopt a decision"},
    {VERB("/v1/decisions/{id}/reject", DECISIONS, "reject", OPERATION_REVIEW_HOLD), .summary = "Reject a decision"},
    {VERB("/v1/decisions/{id}/withdraw", DECISIONS, "withdraw", OPERATION_REVIEW_MANAGE),
     .summary = "Take a proposed decision back"},
    {VERB("/v1/decisions/{id}/implement", DECISIONS, "implement", OPERATION_REVIEW_MANAGE),
     .summary = "Record that a decision is carried out"},
    {VERB("/v1/decisions/{id}/supersede", DECISIONS, "supersede", OPERATION_REVIEW_MANAGE),
     .summary = "Put another decision in its place"},
    {HISTORY("/v1/decisions/{id}/history", DECISIONS), .summary = "Read every version of a decision"},
    {LIST("/v1/decisions/{id}/amendments", AMENDMENTS), .parent = DECISIONS, .summary = "List a decision's amendments"},
    {CREATE("/v1/decisions/{id}/amendments", AMENDMENTS, OPERATION_DECISION_AMEND), .parent = DECISIONS,
     .summary = "Amend an adopted decision"},
    {LIST("/v1/decisions/{id}/action-items", ACTION_ITEMS), .parent = DECISIONS,
     .summary = "List a decision's action items"},
    {CREATE("/v1/decisions/{id}/action-items", ACTION_ITEMS, OPERATION_ACTION_ITEM_CREATE), .parent = DECISIONS,
     .summary = "Add an action item"},

    {LIST("/v1/action-items", ACTION_ITEMS), .summary = "List action items across reviews"},
    {RECORD("/v1/action-items/{id}", ACTION_ITEMS), .summary = "Read an action item"},
    {CHANGE("/v1/action-items/{id}", ACTION_ITEMS, OPERATION_ACTION_ITEM_AMEND), .summary = "Change an action item"},
    {VERB("/v1/action-items/{id}/start", ACTION_ITEMS, "start", OPERATION_ACTION_ITEM_WORK),
     .summary = "Start work on an action item"},
    {VERB("/v1/action-items/{id}/block", ACTION_ITEMS, "block", OPERATION_ACTION_ITEM_WORK),
     .summary = "Say what keeps an action item from going on"},
    {VERB("/v1/action-items/{id}/unblock", ACTION_ITEMS, "unblock", OPERATION_ACTION_ITEM_WORK),
     .summary = "Let an action item go on"},
    {VERB("/v1/action-items/{id}/cancel", ACTION_ITEMS, "cancel", OPERATION_ACTION_ITEM_CREATE),
     .summary = "Cancel an action item"},
    {HISTORY("/v1/action-items/{id}/history", ACTION_ITEMS), .summary = "Read every version of an action item"},
    {LIST("/v1/action-items/{id}/amendments", AMENDMENTS), .parent = ACTION_ITEMS,
     .summary = "List an action item's amendments"},
    {CREATE("/v1/action-items/{id}/amendments", AMENDMENTS, OPERATION_ACTION_ITEM_AMEND), .parent = ACTION_ITEMS,
     .summary = "Amend an action item"},
    {LIST("/v1/action-items/{id}/follow-ups", FOLLOW_UPS), .parent = ACTION_ITEMS,
     .summary = "List an action item's follow-ups"},
    {CREATE("/v1/action-items/{id}/follow-ups", FOLLOW_UPS, OPERATION_ACTION_ITEM_WORK), .parent = ACTION_ITEMS,
     .summary = "Follow an action item up"},

    {RECORD("/v1/amendments/{id}", AMENDMENTS), .summary = "Read an amendment"},
    {HISTORY("/v1/amendments/{id}/history", AMENDMENTS), .summary = "Read the one version of an amendment"},
    {LIST("/v1/follow-ups", FOLLOW_UPS), .summary = "List follow-ups across action items"},
    {RECORD("/v1/follow-ups/{id}", FOLLOW_UPS), .summary = "Read a follow-up"},
    {HISTORY("/v1/follow-ups/{id}/history", FOLLOW_UPS), .summary = "Read the one version of a follow-up"},

    {METHOD_GET, "/v1/calendar.ics", OPERATION_READ, .read = read_calendar, .query = calendar_query,
     .formats = FORMAT(CALENDAR), .feed = true, .summary = "Read the calendar"},
    {LIST("/v1/calendar-tokens", CALENDAR_TOKENS), .summary = "List feed tokens"},
    {CREATE("/v1/calendar-tokens", CALENDAR_TOKENS, OPERATION_CALENDAR_TOKEN), .summary = "Make a feed token"},
    {RECORD("/v1/calendar-tokens/{id}", CALENDAR_TOKENS), .summary = "Read a feed token"},
    {CHANGE("/v1/calendar-tokens/{id}", CALENDAR_TOKENS, OPERATION_CALENDAR_TOKEN), .summary = "Change a feed token"},
    {VERB("/v1/calendar-tokens/{id}/revoke", CALENDAR_TOKENS, "revoke", OPERATION_CALENDAR_TOKEN),
     .summary = "Revoke a feed token"},
    {HISTORY("/v1/calendar-tokens/{id}/history", CALENDAR_TOKENS), .summary = "Read every version of a feed token"},
    {FILES_LIST("/v1/reviews/{id}/attachments", REVIEWS),
     .summary = "List the files of a review and all that hangs from it"},
    {FILES_ADD("/v1/reviews/{id}/attachments", REVIEWS, OPERATION_REVIEW_WRITE), .summary = "Add a file to a review"},
    {FILES_LIST("/v1/inputs/{id}/attachments", INPUTS), .summary = "List an input's files"},
    {FILES_ADD("/v1/inputs/{id}/attachments", INPUTS, OPERATION_INPUT_WRITE), .summary = "Add a file to an input"},
    {FILES_LIST("/v1/decisions/{id}/attachments", DECISIONS), .summary = "List a decision's files"},
    {FILES_ADD("/v1/decisions/{id}/attachments", DECISIONS, OPERATION_REVIEW_WRITE),
     .summary = "Add a file to a decision"},
    {FILES_LIST("/v1/action-items/{id}/attachments", ACTION_ITEMS), .summary = "List an action item's files"},
    {FILES_ADD("/v1/action-items/{id}/attachments", ACTION_ITEMS, OPERATION_ACTION_ITEM_WORK),
     .summary = "Add a file to an action item"},
    {FILES_LIST("/v1/follow-ups/{id}/attachments", FOLLOW_UPS), .summary = "List a follow-up's files"},
    {FILES_ADD("/v1/follow-ups/{id}/attachments", FOLLOW_UPS, OPERATION_ACTION_ITEM_WORK),
     .summary = "Add a file to a follow-up"},
    {LIST("/v1/attachments", ATTACHMENTS), .summary = "List files across reviews"},
    {RECORD("/v1/attachments/{id}", ATTACHMENTS), .summary = "Read what is known of a file"},
    {METHOD_GET, "/v1/attachments/{id}/content", OPERATION_READ, .read = read_content, .resource = ATTACHMENTS,
     .gives_file = true, .past = true, .summary = "Read a file"},
    {VERB("/v1/attachments/{id}/withdraw", ATTACHMENTS, "withdraw", OPERATION_REVIEW_WRITE),
     .summary = "Take a file back"},
    {HISTORY("/v1/attachments/{id}/history", ATTACHMENTS), .summary = "Read every version of what is known of a file"},

    {LIST("/v1/imports", IMPORTS), .summary = "List imports"},
    {METHOD_POST, "/v1/imports", OPERATION_IMPORT, .write = write_create, .resource = IMPORTS, .query = import_query,
     .takes_import = true, .summary = "Import records"},
    {METHOD_GET, "/v1/imports/{id}", OPERATION_READ, .read = read_import, .resource = IMPORTS, .past = true,
     .summary = "See what became of an import"},
    {HISTORY("/v1/imports/{id}/history", IMPORTS), .summary = "Read every version of an import"},

    {METHOD_GET, "/v1/search", OPERATION_READ, .read = read_search, .query = search_query, .formats = ROWS,
     .summary = "Find words in all records"},

    {METHOD_GET, "/v1/rules", OPERATION_READ, .read = read_rules, .list = true, .query = rules_query, .formats = ROWS,
     .summary = "List the rules"},
    {METHOD_GET, "/v1/rules/{name}", OPERATION_READ, .read = read_rule, .summary = "Read a rule"},
    {METHOD_GET, "/v1/audit-log", OPERATION_AUDIT_READ, .read = read_audit_log, .list = true, .past = true,
     .query = audit_query, .formats = ROWS, .summary = "List the audit log"},
    {METHOD_GET, "/v1/audit-log/head", OPERATION_AUDIT_READ, .read = read_audit_head, .past = true,
     .summary = "Read the newest entry's seq and hash"},
    {METHOD_GET, "/v1/audit-log/checkpoints", OPERATION_AUDIT_READ, .read = read_checkpoints, .list = true,
     .past = true, .query = checkpoints_query, .formats = ROWS, .summary = "List the signed heads of the audit log"},
    {METHOD_GET, "/v1/audit-log/checkpoints/{seq}", OPERATION_AUDIT_READ, .read = read_checkpoint, .past = true,
     .summary = "Read a signed head of the audit log"},
    {METHOD_GET, "/v1/keys", OPERATION_READ, .read = read_keys, .list = true, .past = true, .formats = ROWS,
     .summary = "List the public keys"},

    {REPORT("/v1/reports/action-items", read_report_actions), .query = report_actions_query,
     .summary = "See what became of action items"},
    {REPORT("/v1/reports/metrics", read_report_metrics), .query = report_metrics_query,
     .summary = "See metrics over reviews"},
    {REPORT("/v1/reports/schedule", read_report_schedule), .summary = "See reviews held against plan"},
    {REPORT("/v1/reports/clauses", read_report_clauses), .summary = "See how reviews covered 9.3.2 a to g"},

    {OPEN("/problems/{name}", read_problem_page), .summary = "Read what a type of problem means"},
    {OPEN("/healthz", read_health), .summary = "Is the process alive?"},
    {OPEN("/readyz", read_ready), .summary = "Does it take requests?"},
    {OPEN("/metrics", read_metrics), .summary = "Figures for Prometheus"},
    {OPEN("/openapi.json", read_openapi), .summary = "This description"},
    {OPEN("/docs", read_docs), .summary = "This description as a page"},
    {OPEN("/docs/redoc.js", read_docs_bundle), .summary = "The script of that page"},
};

const size_t route_count = COUNT_OF(routes);
