/* The requests whose allocations fail: at least one of every route. */
#include "requests.h"

#include "path.h"

#include <stdio.h>

/* In a target or body, {name} stands for the id of a record of the story. */
static const struct named_request written[] = {
    {"add a person",
     {METHOD_POST, "/v1/people",
      "{\"name\":\"Nina\",\"email\":\"nina@x.org\",\"role\":\"employee\",\"department\":\"HR\"}", "ana@x.org"}},
    {"add a wrong one",
     {METHOD_POST, "/v1/people", "{\"email\":\"nina\",\"role\":\"king\",\"x~/\":1,\"version\":2,\"job_title\":7}",
      "ana@x.org"}},
    {"change a person",
     {METHOD_PATCH, "/v1/people/petra@x.org", "{\"job_title\":null,\"department\":\"HR\"}", "ana@x.org"}},
    {"change nothing", {METHOD_PATCH, "/v1/people/petra@x.org", "{\"department\":\"IT\"}", "ana@x.org"}},
    {"make an owner inactive", {METHOD_POST, "/v1/people/petra@x.org/deactivate", NULL, "ana@x.org"}},
    {"erase a person",
     {METHOD_POST, "/v1/people/ana@x.org/erase", "{\"reason\":\"Asked for it on leaving\"}", "ana@x.org",
      .key = "erase-ana-1"}},
    {"versions as they are hashed",
     {METHOD_GET, "/v1/people/petra@x.org/sealed-history?count=true", NULL, "ana@x.org"}},
    {"people of then", {METHOD_GET, "/v1/people?as_of=2026-11-21T12:00:00Z&sort=name", NULL, "ana@x.org"}},
    {"reviews of then", {METHOD_GET, "/v1/reviews?as_of=2026-11-21T12:00:00Z&status=approved", NULL, "ana@x.org"}},
    {"inputs of then", {METHOD_GET, "/v1/inputs?as_of=2026-11-21T12:00:00Z&sort=-title&limit=9", NULL, "ivo@x.org"}},
    {"an action item of then",
     {METHOD_GET, "/v1/action-items/ACT-2026-0001?as_of=2026-11-21T12:00:00Z", NULL, "ana@x.org"}},
    {"minutes of then",
     {METHOD_GET, "/v1/reviews/MR-2026-02/minutes?format=md&as_of=2026-11-21T12:00:00Z", NULL, "ivo@x.org"}},
    {"readiness of then",
     {METHOD_GET, "/v1/reviews/MR-2026-03/readiness?as_of=2026-11-21T12:00:00Z", NULL, "ivo@x.org"}},
    {"carried action items of then",
     {METHOD_GET, "/v1/reviews/MR-2026-03/carried-action-items?as_of=2026-11-21T12:00:00Z", NULL, "ana@x.org"}},
    {"a comparison of then",
     {METHOD_GET, "/v1/reviews/MR-2026-02/compare?as_of=2026-11-21T12:00:00Z", NULL, "mirko@x.org"}},
    {"the history of then",
     {METHOD_GET, "/v1/action-items/ACT-2026-0001/history?as_of=2026-11-21T12:00:00Z&count=true", NULL, "ana@x.org"}},
    {"the log of then", {METHOD_GET, "/v1/audit-log?as_of=2026-11-21T12:00:00Z&sort=-seq", NULL, "ana@x.org"}},
    {"compare with the one before", {METHOD_GET, "/v1/reviews/MR-2026-02/compare", NULL, "mirko@x.org"}},
    {"plan a review",
     {METHOD_POST, "/v1/reviews",
      "{\"title\":\"Another\",\"type\":\"extraordinary\",\"trigger\":\"other\",\"scope\":\"All\",\"period_start\":"
      "\"2026-05-01\",\"period_end\":\"2026-10-31\",\"planned_on\":\"2026-12-20\",\"chair_id\":\"vesna@x.org\","
      "\"also_covers\":[\"One\",\"Two\"]}",
      "ana@x.org"}},
    {"plan one, dry",
     {METHOD_POST, "/v1/reviews?dry_run=true",
      "{\"title\":\"Another\",\"type\":\"scheduled\",\"scope\":\"All\",\"period_start\":\"2026-05-01\",\"period_end\":"
      "\"2026-10-31\",\"planned_on\":\"2026-12-20\",\"chair_id\":\"vesna@x.org\"}",
      "ana@x.org"}},
    {"move the chair", {METHOD_PATCH, "/v1/reviews/MR-2026-04", "{\"chair_id\":\"vesna@x.org\"}", "ana@x.org"}},
    {"start a review", {METHOD_POST, "/v1/reviews/MR-2026-04/start", NULL, "ana@x.org"}},
    {"conclude too early",
     {METHOD_POST, "/v1/reviews/MR-2026-03/conclude", "{\"held_on\":\"2026-11-30\"}", "ana@x.org"}},
    {"approve a review", {METHOD_POST, "/v1/reviews/MR-2026-02/approve", NULL, "vesna@x.org"}},
    {"reopen a review",
     {METHOD_POST, "/v1/reviews/MR-2026-01/reopen", "{\"reason\":\"A finding was overlooked in it.\"}", "vesna@x.org"}},
    {"add an input",
     {METHOD_POST, "/v1/reviews/MR-2026-03/inputs",
      "{\"clause\":\"d2\",\"title\":\"Patching\",\"presenter_id\":\"ivo@x.org\",\"state\":\"considered\",\"trend\":"
      "\"stable\",\"summary\":\"It slipped.\",\"conclusion\":\"Too short.\",\"source\":{\"system\":\"Scanner\",\"url\":"
      "\"https://x.org/"
      "q4\",\"period_start\":\"2026-05-01\"},\"metrics\":[{\"name\":\"share\",\"value\":93.5,\"target\":"
      "95,\"comparator\":\"gte\"},{\"name\":\"count\",\"value\":7}]}",
      "ana@x.org"}},
    {"adopt a decision",
     {METHOD_POST, "/v1/decisions/DEC-2026-003/adopt", "{\"decided_on\":\"2026-11-21\"}", "mirko@x.org"}},
    {"change a decision",
     {METHOD_PATCH, "/v1/decisions/DEC-2026-003",
      "{\"kind\":\"isms_change\",\"affects\":[{\"kind\":\"policy\",\"title\":\"Patching\"}],\"success_criteria\":"
      "[{\"statement\":\"The procedure is known\",\"verification\":\"By other interviews\"}]}",
      "ana@x.org"}},
    {"add an action item",
     {METHOD_POST, "/v1/decisions/DEC-2026-001/action-items",
      "{\"kind\":\"change\",\"title\":\"Tell "
      "all\",\"owner_id\":\"ivo@x.org\",\"deadline\":\"2027-01-31\",\"resources\":"
      "{\"budget_amount\":1200.5,\"currency\":\"EUR\"},\"predecessor_id\":\"ACT-2026-0001\",\"success_criteria\":"
      "[{\"statement\":\"All were told\",\"verification\":\"By asking them\"}]}",
      "ana@x.org"}},
    {"block an action item",
     {METHOD_POST, "/v1/action-items/ACT-2026-0001/block", "{\"reason\":\"No money\"}", "petra@x.org"}},
    {"cancel one wrongly",
     {METHOD_POST, "/v1/action-items/ACT-2026-0001/cancel",
      "{\"reason\":\"No money\",\"approved_by_id\":\"petra@x.org\",\"also\":1}", "ana@x.org"}},
    {"amend an action item",
     {METHOD_POST, "/v1/action-items/ACT-2026-0001/amendments",
      "{\"reason\":\"The supplier is "
      "late.\",\"approved_by_id\":\"mirko@x.org\",\"owner_id\":\"ivo@x.org\",\"deadline\":"
      "\"2027-04-30\",\"success_criteria\":[{\"statement\":\"The procedure is known\",\"verification\":\"By "
      "interviews\"}]}",
      "ana@x.org"}},
    {"amend a decision",
     {METHOD_POST, "/v1/decisions/DEC-2026-001/amendments",
      "{\"reason\":\"The supplier is late.\",\"approved_by_id\":\"mirko@x.org\",\"deadline\":\"2027-09-30\"}",
      "ana@x.org"}},
    {"follow up",
     {METHOD_POST, "/v1/action-items/ACT-2026-0001/follow-ups",
      "{\"kind\":\"completion\",\"performed_by_id\":\"petra@x.org\",\"performed_on\":\"2026-11-21\",\"note\":\"Done.\","
      "\"outcome\":\"completed\",\"next_follow_up_on\":\"2027-02-01\",\"criteria_results\":[{\"criterion_id\":\"c1\","
      "\"measured_value\":96.5},{\"criterion_id\":\"c2\",\"evidence\":\"Five interviews\"}]}",
      "petra@x.org"}},
    {"follow up in a review, with a key",
     {METHOD_POST, "/v1/action-items/ACT-2026-0001/follow-ups",
      "{\"kind\":\"progress\",\"performed_by_id\":\"ana@x.org\",\"performed_on\":\"2026-11-21\",\"note\":\"On it.\","
      "\"outcome\":\"at_risk\",\"progress_percent\":40,\"review_id\":\"MR-2026-03\",\"next_follow_up_on\":"
      "\"2027-02-01\"}",
      "ana@x.org", .key = "\"follow-up-1\""}},
    {"add a file to an action item",
     {METHOD_POST, "/v1/action-items/ACT-2026-0001/attachments?description=A%20scan", NULL, "petra@x.org",
      .key = "a-file-2", .file = "host,critical\n"}},
    {"add a page", {METHOD_POST, "/v1/reviews/MR-2026-03/attachments", NULL, "ana@x.org", .file = "<html>"}},
    {"import people",
     {METHOD_POST, "/v1/imports?resource=people", NULL, "ana@x.org", .key = "an-import-1", .type = "text/csv",
      .file = "name,email,role,job_title\nNina,nina@x.org,employee,\n\"Zo \"\"Z\"\" Z\",zo@x.org,auditor,'=1\n"}},
    {"import what is wrong",
     {METHOD_POST, "/v1/imports", NULL, "ana@x.org", .type = "application/x-ndjson",
      .file =
          "{\"resource\":\"person\",\"name\":7,\"email\":\"n\",\"x\":1}\n{\"resource\":\"input\",\"clause\":\"z\"}\n"
          "{\"resource\":\"person\",\"email\":\"ivo@x.org\",\"name\":\"Other\"}\n[]\n"}},
    {"import a history",
     {METHOD_POST, "/v1/imports", NULL, "ana@x.org", .type = "application/x-ndjson",
      .file =
          "{\"resource\":\"action_item\",\"decision_id\":\"DEC-2026-001\",\"reference\":\"ACT-2020-0001\",\"kind\":"
          "\"change\","
          "\"title\":\"Old\",\"owner_id\":\"ivo@x.org\",\"deadline\":\"2020-03-01\",\"original_deadline\":\"2020-02-"
          "01\","
          "\"extension_count\":1,\"status\":\"completed\",\"completed_on\":\"2020-02-20\",\"created_at\":\"2020-01-"
          "01\","
          "\"success_criteria\":[{\"id\":\"c3\",\"statement\":\"All were told\",\"verification\":\"By asking "
          "them\"}]}\n"
          "{\"resource\":\"amendment\",\"action_item_id\":\"ACT-2020-0001\",\"reason\":\"It takes longer.\","
          "\"approved_by_id\":\"mirko@x.org\",\"deadline\":\"2020-03-01\",\"before\":{\"deadline\":\"2020-02-01\"},"
          "\"after\":{\"deadline\":\"2020-03-01\"},\"created_at\":\"2020-01-20\"}\n"
          "{\"resource\":\"follow_up\",\"action_item_id\":\"ACT-2020-0001\",\"kind\":\"completion\",\"performed_by_"
          "id\":"
          "\"ivo@x.org\",\"performed_on\":\"2020-02-20\",\"note\":\"Done\",\"outcome\":\"completed\","
          "\"next_follow_up_on\":\"2020-05-01\",\"created_at\":\"2020-02-20\"}\n"
          "{\"resource\":\"review\",\"reference\":\"MR-2020-01\",\"title\":\"Old\",\"type\":\"scheduled\",\"scope\":"
          "\"All\","
          "\"period_start\":\"2019-01-01\",\"period_end\":\"2019-12-31\",\"planned_on\":\"2020-01-31\",\"chair_id\":"
          "\"vesna@x.org\",\"status\":\"cancelled\",\"cancel_reason\":\"Nobody came\"}\n"}},
    {"read an import", {METHOD_GET, "/v1/imports?status=done&count=true", NULL, "ana@x.org"}},
    {"list files", {METHOD_GET, "/v1/attachments?q=scan&count=true", NULL, "petra@x.org"}},
    {"be refused, with a key", {METHOD_POST, "/v1/people", "{\"name\":\"Nina\"}", "ana@x.org", .key = "refused-1"}},
    {"the same again",
     {METHOD_POST, "/v1/people", "{\"name\":\"Zoran\",\"email\":\"zoran@x.org\",\"role\":\"auditor\"}", "ana@x.org",
      .key = "kept-answer-1"}},
    {"the key for another", {METHOD_POST, "/v1/people", "{}", "ana@x.org", .key = "kept-answer-1"}},
    {"with a token",
     {METHOD_PATCH, "/v1/people/ivo@x.org", "{\"name\":\"Ivo I.\"}", .authorization = world_authorization}},
    {"without If-Match", {METHOD_PATCH, "/v1/people/ivo@x.org", "{}", "ana@x.org", .if_match = ""}},
    {"with an old If-Match",
     {METHOD_PATCH, "/v1/people/ivo@x.org", "{}", "ana@x.org", .if_match = "\"0000\", W/\"1\""}},
    {"what is no JSON", {METHOD_POST, "/v1/people", "{\"name\":\"Nina\",\"name\":\"Nora\"}", "ana@x.org"}},
    {"not one's right", {METHOD_PATCH, "/v1/people/ivo@x.org", "{\"name\":\"\"}", "petra@x.org"}},
    {"list with filters",
     {METHOD_GET,
      "/v1/action-items?status=open,in_progress&owner_id=petra@x.org&overdue=false&"
      "deadline_before=2027-12-31&q=window&count=true&sort=-deadline",
      NULL, "petra@x.org"}},
    {"list page by page", {METHOD_GET, "/v1/people?limit=2&sort=name&count=true", NULL, "ana@x.org"}},
    {"list, packed", {METHOD_GET, "/v1/inputs?q=nothing", NULL, "ivo@x.org", .accept_encoding = "gzip"}},
    {"list wrongly", {METHOD_GET, "/v1/decisions?status=open&limit=0&x=1&sort=x&q=%E4", NULL, "ana@x.org"}},
    {"list as CSV", {METHOD_GET, "/v1/inputs?format=csv&sort=-title&limit=7", NULL, "ana@x.org"}},
    {"list as NDJSON, packed",
     {METHOD_GET, "/v1/people?format=ndjson", NULL, "petra@x.org", .accept_encoding = "gzip"}},
    {"list as a sheet", {METHOD_GET, "/v1/action-items?format=xlsx&q=window", NULL, "ana@x.org"}},
    {"search", {METHOD_GET, "/v1/search?q=patch+in&limit=3", NULL, "ivo@x.org"}},
    {"read a decision", {METHOD_GET, "/v1/decisions/DEC-2026-001", NULL, "ana@x.org"}},
    {"read with a token", {METHOD_GET, "/v1/reviews/MR-2026-01/decisions", .authorization = world_authorization}},
    {"read what is not there", {METHOD_GET, "/v1/reviews/MR-2026-99", NULL, "ana@x.org"}},
    {"history", {METHOD_GET, "/v1/reviews/MR-2026-01/history?limit=2", NULL, "ana@x.org"}},
    {"readiness", {METHOD_GET, "/v1/reviews/MR-2026-03/readiness", NULL, "mirko@x.org"}},
    {"report on action items",
     {METHOD_GET, "/v1/reports/action-items?group_by=department&owner_id=petra@x.org&department=IT", NULL,
      "mirko@x.org"}},
    {"report as CSV", {METHOD_GET, "/v1/reports/action-items?group_by=owner&format=csv", NULL, "ana@x.org"}},
    {"report as a plot", {METHOD_GET, "/v1/reports/action-items?group_by=quarter&format=svg", NULL, "ana@x.org"}},
    {"report on metrics", {METHOD_GET, "/v1/reports/metrics", NULL, "mirko@x.org"}},
    {"report on the schedule", {METHOD_GET, "/v1/reports/schedule", NULL, "ana@x.org"}},
    {"report on clauses", {METHOD_GET, "/v1/reports/clauses?format=svg", NULL, "ana@x.org"}},
    {"carried action items", {METHOD_GET, "/v1/reviews/MR-2026-03/carried-action-items", NULL, "ana@x.org"}},
    {"revisions", {METHOD_GET, "/v1/reviews/MR-2026-01/revisions", NULL, "ana@x.org"}},
    {"agenda", {METHOD_GET, "/v1/reviews/MR-2026-04/agenda?format=pdf", NULL, "ana@x.org"}},
    {"minutes, JSON", {METHOD_GET, "/v1/reviews/MR-2026-03/minutes?format=json", NULL, "ivo@x.org"}},
    {"minutes, HTML", {METHOD_GET, "/v1/reviews/MR-2026-03/minutes?format=html", NULL, "ana@x.org"}},
    {"minutes, Markdown", {METHOD_GET, "/v1/reviews/MR-2026-02/minutes?format=md", NULL, "ana@x.org"}},
    {"minutes, kept", {METHOD_GET, "/v1/reviews/MR-2026-01/minutes?format=pdf", NULL, "ana@x.org"}},
    {"audit log", {METHOD_GET, "/v1/audit-log?resource=review&limit=5&count=true", NULL, "ana@x.org"}},
    {"audit log as CSV", {METHOD_GET, "/v1/audit-log?format=csv&sort=-seq&resource=person", NULL, "ana@x.org"}},
    {"history as CSV", {METHOD_GET, "/v1/reviews/MR-2026-01/history?format=csv", NULL, "ana@x.org"}},
    {"versions as they are hashed, as NDJSON",
     {METHOD_GET, "/v1/people/petra@x.org/sealed-history?format=ndjson&limit=2", NULL, "ana@x.org"}},
    {"revisions as CSV", {METHOD_GET, "/v1/reviews/MR-2026-01/revisions?format=csv", NULL, "ana@x.org"}},
    {"signed heads as NDJSON", {METHOD_GET, "/v1/audit-log/checkpoints?format=ndjson", NULL, "ana@x.org"}},
    {"keys as CSV", {METHOD_GET, "/v1/keys?format=csv", NULL, "ana@x.org"}},
    {"rules as CSV, packed", {METHOD_GET, "/v1/rules?format=csv", NULL, "petra@x.org", .accept_encoding = "gzip"}},
    {"search as CSV", {METHOD_GET, "/v1/search?q=patch+in&format=csv", NULL, "ivo@x.org"}},
    {"rules", {METHOD_GET, "/v1/rules?limit=20", NULL, "petra@x.org"}},
    {"figures", {METHOD_GET, "/metrics", NULL, "ana@x.org"}},
    {"make a person active", {METHOD_POST, "/v1/people/nada@x.org/activate", NULL, "ana@x.org"}},
    {"hold a person", {METHOD_POST, "/v1/people/petra@x.org/hold", "{\"reason\":\"A court asks.\"}", "ana@x.org"}},
    {"release a person", {METHOD_POST, "/v1/people/ivo@x.org/release", "{\"reason\":\"It is settled.\"}", "ana@x.org"}},
    {"cancel a review",
     {METHOD_POST, "/v1/reviews/MR-2026-04/cancel", "{\"reason\":\"Nobody can come\"}", "ana@x.org"}},
    {"invite somebody",
     {METHOD_POST, "/v1/reviews/MR-2026-04/attendees", "{\"person_id\":\"ivo@x.org\",\"capacity\":\"guest\"}",
      "ana@x.org"}},
    {"change an attendee", {METHOD_PATCH, "/v1/attendees/{attendee}", "{\"capacity\":\"guest\"}", "ana@x.org"}},
    {"withdraw an attendee",
     {METHOD_POST, "/v1/attendees/{attendee}/withdraw", "{\"reason\":\"On leave\"}", "ana@x.org"}},
    {"change an input",
     {METHOD_PATCH, "/v1/inputs/{input}", "{\"presenter_id\":\"ivo@x.org\",\"summary\":\"Some of it happened.\"}",
      "ana@x.org"}},
    {"withdraw an input", {METHOD_POST, "/v1/inputs/{added}/withdraw", "{\"reason\":\"Twice\"}", "ana@x.org"}},
    {"propose a decision",
     {METHOD_POST, "/v1/reviews/MR-2026-03/decisions",
      "{\"title\":\"Another\",\"statement\":\"We do it.\",\"rationale\":\"Because.\",\"input_ids\":[\"{input}\"],"
      "\"decided_by_id\":\"mirko@x.org\",\"owner_id\":\"petra@x.org\",\"kind\":\"no_change\",\"no_action_reason\":"
      "\"All is well.\"}",
      "ana@x.org"}},
    {"reject a decision",
     {METHOD_POST, "/v1/decisions/DEC-2026-003/reject", "{\"reason\":\"Too dear\"}", "mirko@x.org"}},
    {"withdraw a decision",
     {METHOD_POST, "/v1/decisions/DEC-2026-003/withdraw", "{\"reason\":\"Not now\"}", "ana@x.org"}},
    {"implement a decision", {METHOD_POST, "/v1/decisions/DEC-2026-001/implement", NULL, "ana@x.org"}},
    {"supersede a decision",
     {METHOD_POST, "/v1/decisions/DEC-2026-001/supersede", "{\"superseded_by_id\":\"DEC-2026-003\"}", "ana@x.org"}},
    {"change an action item",
     {METHOD_PATCH, "/v1/action-items/ACT-2026-0001", "{\"priority\":\"high\",\"resources\":null}", "ana@x.org"}},
    {"start an action item", {METHOD_POST, "/v1/action-items/ACT-2026-0001/start", NULL, "petra@x.org"}},
    {"unblock an action item", {METHOD_POST, "/v1/action-items/ACT-2026-0002/unblock", NULL, "petra@x.org"}},
    {"make a calendar token", {METHOD_POST, "/v1/calendar-tokens", "{\"label\":\"Phone\"}", "ana@x.org"}},
    {"change a calendar token",
     {METHOD_PATCH, "/v1/calendar-tokens/{calendar_token}", "{\"label\":\"Tablet\"}", "ana@x.org"}},
    {"revoke a calendar token", {METHOD_POST, "/v1/calendar-tokens/{calendar_token}/revoke", NULL, "ana@x.org"}},
    {"add a file to an input",
     {METHOD_POST, "/v1/inputs/{input}/attachments", NULL, "ana@x.org", .file = "host,critical\n"}},
    {"add a file to a decision",
     {METHOD_POST, "/v1/decisions/DEC-2026-003/attachments", NULL, "ana@x.org", .file = "host,high\n"}},
    {"add a file to a follow-up",
     {METHOD_POST, "/v1/follow-ups/{follow_up}/attachments", NULL, "ana@x.org", .file = "host,low\n"}},
    {"withdraw a file",
     {METHOD_POST, "/v1/attachments/{attachment}/withdraw", "{\"reason\":\"The wrong one\"}", "ana@x.org"}},
    {"compare", {METHOD_GET, "/v1/reviews/MR-2026-02/compare?with=MR-2026-01", NULL, "ana@x.org"}},
    {"one rule", {METHOD_GET, "/v1/rules/access.role", NULL, "ana@x.org"}},
    {"one problem", {METHOD_GET, "/problems/rule-violation", NULL, "ana@x.org"}},
    {"the calendar", {METHOD_GET, "/v1/calendar.ics?token={feed}", NULL, .authorization = ""}},
};

/* What stands for a record, and how to find it. */
static const struct {
    const char *name;
    const char *sql;
} records[] = {
    {"attendee", "SELECT id FROM attendee WHERE capacity = 'secretary' ORDER BY id DESC LIMIT 1"},
    {"input", "SELECT i.id FROM input AS i JOIN review AS r ON r.id = i.review_id WHERE r.reference = 'MR-2026-03' "
              "ORDER BY i.position LIMIT 1"},
    {"added", "SELECT id FROM input ORDER BY id DESC LIMIT 1"},
    {"amendment", "SELECT id FROM amendment ORDER BY id DESC LIMIT 1"},
    {"follow_up", "SELECT id FROM follow_up ORDER BY id DESC LIMIT 1"},
    {"attachment", "SELECT id FROM attachment ORDER BY id DESC LIMIT 1"},
    {"calendar_token", "SELECT id FROM calendar_token ORDER BY id DESC LIMIT 1"},
    {"import", "SELECT id FROM import ORDER BY id DESC LIMIT 1"},
};

/* What {id} of a route's path is, by how the path begins. */
static const struct {
    const char *collection;
    const char *key;
} keys[] = {
    {"/v1/people/", "petra@x.org"},       {"/v1/reviews/", "MR-2026-01"},
    {"/v1/decisions/", "DEC-2026-001"},   {"/v1/action-items/", "ACT-2026-0001"},
    {"/v1/attendees/", "{attendee}"},     {"/v1/inputs/", "{input}"},
    {"/v1/amendments/", "{amendment}"},   {"/v1/follow-ups/", "{follow_up}"},
    {"/v1/attachments/", "{attachment}"}, {"/v1/calendar-tokens/", "{calendar_token}"},
    {"/v1/imports/", "{import}"},         {"/v1/audit-log/checkpoints/", "1"},
};

enum { REQUESTS_MAX = 250 };

struct named_request requests[REQUESTS_MAX];
size_t request_count;

static bool asks_for(const struct ask_for *ask, size_t route)
{
    const char *found[PATH_KEYS_MAX];
    struct path path = {0};
    struct arena arena;
    arena_init(&arena);
    bool same = ask->method == routes[route].method && path_split(&arena, ask->target, &path) &&
                path_matches(route, &path, found);
    arena_finish(&arena);
    return same;
}

static bool is_asked_for(size_t route)
{
    for (size_t i = 0; i < request_count; i++) {
        if (asks_for(&requests[i].ask, route))
            return true;
    }
    return false;
}

const struct route *requests_lack(void)
{
    for (size_t i = 0; i < route_count; i++) {
        if (!is_asked_for(i))
            return &routes[i];
    }
    return NULL;
}

static struct arena texts; /* for good */

/* A copy with one piece replaced. */
static const char *replaced(const char *text, const char *at, size_t length, const char *by)
{
    const char *copy = arena_format(&texts, "%.*s%s%s", (int)(at - text), text, by, at + length);
    if (arena_failed(&texts))
        abort();
    return copy;
}

/* The path with what its braces stand for. */
static const char *target_of(const char *path)
{
    const char *target = path;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const char *at = strstr(target, "{id}");
        if (at && strncmp(path, keys[i].collection, strlen(keys[i].collection)) == 0)
            target = replaced(target, at, 4, keys[i].key);
    }
    static const char *const numbers[] = {"{n}", "{seq}"};
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        const char *at = strstr(target, numbers[i]);
        target = at ? replaced(target, at, strlen(numbers[i]), "1") : target;
    }
    return target;
}

void requests_make(void)
{
    arena_init(&texts);
    if (!paths_init())
        abort();
    for (size_t i = 0; i < COUNT_OF(written); i++)
        requests[request_count++] = written[i];
    for (size_t i = 0; i < route_count && request_count < REQUESTS_MAX; i++) {
        if (routes[i].method == METHOD_GET && !is_asked_for(i))
            requests[request_count++] =
                (struct named_request){routes[i].path, {METHOD_GET, target_of(routes[i].path), NULL, "ana@x.org"}};
    }
}

/* --- the story goes on ---------------------------------------------------------------------------------------------
 */

static const struct ask_for story[] = {
    {METHOD_POST, "/v1/people", "{\"name\":\"Nada\",\"email\":\"nada@x.org\",\"role\":\"employee\"}", "ana@x.org"},
    {METHOD_POST, "/v1/people/nada@x.org/deactivate", NULL, "ana@x.org"},
    {METHOD_POST, "/v1/people/ivo@x.org/hold", "{\"reason\":\"A court asks.\"}", "ana@x.org"},
    {METHOD_POST, "/v1/decisions/DEC-2026-001/action-items",
     "{\"kind\":\"change\",\"title\":\"Tell all\",\"owner_id\":\"petra@x.org\",\"deadline\":\"2027-01-31\","
     "\"success_criteria\":[{\"statement\":\"All were told\",\"verification\":\"By asking them\"}]}",
     "ana@x.org"},
    {METHOD_POST, "/v1/action-items/ACT-2026-0002/block", "{\"reason\":\"No money\"}", "petra@x.org"},
    {METHOD_POST, "/v1/action-items/ACT-2026-0002/amendments",
     "{\"reason\":\"The supplier is late.\",\"approved_by_id\":\"mirko@x.org\",\"deadline\":\"2027-04-30\"}",
     "ana@x.org"},
    {METHOD_POST, "/v1/reviews/MR-2026-03/inputs", "{\"clause\":\"g\",\"title\":\"One more\"}", "ana@x.org"},
    {METHOD_POST, "/v1/reviews/MR-2026-03/attachments", NULL, "ana@x.org", .file = "host,medium\n"},
    {METHOD_POST, "/v1/imports?resource=people", NULL, "ana@x.org", .type = "text/csv",
     .file = "name,email,role\nNora,nora@x.org,employee\n"},
    {METHOD_GET, "/openapi.json"}, /* made once, and kept (test_start.c has it made) */
    {METHOD_POST, "/v1/calendar-tokens", "{\"label\":\"Desk\"}", "ana@x.org"},
};

/* The text with one name in it replaced wherever it stands. */
static const char *filled(const char *text, const char *name, const char *by)
{
    char brace[40];
    snprintf(brace, sizeof brace, "{%s}", name);
    for (const char *at; text && (at = strstr(text, brace));)
        text = replaced(text, at, strlen(brace), by);
    return text;
}

static void fill_in(const char *name, const char *by)
{
    for (size_t i = 0; i < request_count; i++) {
        requests[i].ask.target = filled(requests[i].ask.target, name, by);
        requests[i].ask.body = filled(requests[i].ask.body, name, by);
    }
}

void requests_tell(struct world *world)
{
    for (size_t i = 0; i < COUNT_OF(story); i++) {
        const struct response *response = world_ask(world, &story[i]);
        ck_assert_msg(response && response->status < 300, "%s is answered %d: %.*s", story[i].target,
                      response ? response->status : 0, response ? (int)response->body.length : 0,
                      response ? response->body.data : "");
    }
    fill_in("feed", world_member(world, "token"));
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        struct db_statement *statement = db_query(world->store.db, records[i].sql);
        ck_assert_msg(statement && db_step(statement) == DB_ROW, "there is no %s", records[i].name);
        fill_in(records[i].name, db_text(statement, 0));
        db_reset(statement);
    }
}
