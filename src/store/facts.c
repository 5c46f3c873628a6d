/* What the rules of the domain ask of the database. */
#include "ask.h"

#include "reviewd/input.h"

#include <locale.h>
#include <wctype.h>

static void person_row(struct db_statement *statement, int column, struct arena *arena, struct person_brief *ret_person)
{
    ask_text(statement, column, ret_person->id.text, sizeof ret_person->id.text);
    const char *role = db_text(statement, column + 1);
    for (unsigned i = 1; role && i < ROLE_COUNT; i++) {
        if (strcmp(role_names[i - 1], role) == 0)
            ret_person->role = i;
    }
    ret_person->active = db_integer(statement, column + 2) != 0;
    ret_person->department = ask_copy(statement, column + 3, arena);
    ret_person->name = ask_copy(statement, column + 4, arena);
    ret_person->job_title = ask_copy(statement, column + 5, arena);
}

enum found store_person_then(struct store *store, const struct id *id, const struct instant *as_of, struct arena *arena,
                             struct person_brief *ret_person)
{
    *ret_person = (struct person_brief){0};
    struct db_statement *statement = ASK_THEN(
        store, as_of, "SELECT id, role, active, department, name, job_title FROM person WHERE id = $1", id->text);
    if (!statement)
        return BROKEN;
    enum db_step step = db_step(statement);
    if (step == DB_ROW)
        person_row(statement, 0, arena, ret_person);
    db_reset(statement);
    if (step == DB_DONE && as_of) /* a clock that was set back may have made it after what names it */
        return store_person(store, id, arena, ret_person);
    return step == DB_ROW ? FOUND : step == DB_DONE ? ABSENT : BROKEN;
}

enum found store_person(struct store *store, const struct id *id, struct arena *arena, struct person_brief *ret_person)
{
    return store_person_then(store, id, NULL, arena, ret_person);
}

/* The next code point of UTF-8 that is known to be sound. */
static uint32_t next_code_point(const char **text)
{
    const unsigned char *t = (const unsigned char *)*text;
    size_t length = *t < 0x80 ? 1 : *t < 0xE0 ? 2 : *t < 0xF0 ? 3 : 4;
    uint32_t c = length == 1 ? *t : *t & (0x7Fu >> length);
    for (size_t i = 1; i < length && t[i]; i++)
        c = c << 6 | (t[i] & 0x3F);
    *text += strnlen(*text, length);
    return c;
}

/* Equal but for case, letter by letter, beyond ASCII too. Called by whoever writes, and so by one thread at a time. */
static bool same_in_any_case(const char *a, const char *b)
{
    static locale_t unicode;
    if (!unicode)
        unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!unicode) /* a C library without it: then case counts */
        return strcmp(a, b) == 0;
    while (*a && *b) {
        if (towlower_l(next_code_point(&a), unicode) != towlower_l(next_code_point(&b), unicode))
            return false;
    }
    return *a == *b;
}

static bool is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80)
        text++;
    return !*text;
}

/* What the database compares by itself, case aside, is ASCII. Addresses beyond it are few, and only when one of them
 * is set does it take a walk through all. */
bool store_email_taken(struct store *store, const char *email, const struct id *except, bool *ret_taken)
{
    int64_t count = 0;
    if (!ask_integer(ASK(store, "SELECT count(*) FROM person WHERE email = $1 AND id <> $2", email, except->text),
                     &count))
        return false;
    *ret_taken = count > 0;
    if (*ret_taken || is_ascii(email))
        return true;
    struct db_statement *statement = ASK(store, "SELECT email FROM person WHERE id <> $1", except->text);
    enum db_step step = DB_ERROR;
    while (statement && !*ret_taken && (step = db_step(statement)) == DB_ROW)
        *ret_taken = db_text(statement, 0) && same_in_any_case(db_text(statement, 0), email);
    if (statement)
        db_reset(statement);
    return step != DB_ERROR;
}

/* Leaves what the view sees, and puts one item without an id in the place of all the rest. */
static bool fold_unseen(struct store *store, const struct view *view, struct arena *arena,
                        const struct named **ret_items, size_t *ret_count)
{
    const struct named *all = *ret_items;
    struct named *items = arena_array(arena, *ret_count + 1, sizeof *items);
    size_t seen = 0;
    if (!items)
        return false;
    for (size_t i = 0; i < *ret_count; i++) {
        struct id id;
        enum found found = store_find(store, all[i].resource, all[i].id.text, view, &id);
        if (found == BROKEN)
            return false;
        if (found == FOUND)
            items[seen++] = all[i];
    }
    if (seen < *ret_count)
        items[seen++] = (struct named){0};
    *ret_items = items;
    *ret_count = seen;
    return true;
}

bool store_commitments(struct store *store, const struct id *person, const struct view *view, struct arena *arena,
                       const struct named **ret_items, size_t *ret_count)
{
    const struct named *decisions;
    const struct named *items;
    size_t decision_count, item_count;
    if (!ask_named(ASK(store,
                       "SELECT id, reference, title FROM decision WHERE owner_id = $1 AND "
                       "(status = 'proposed' OR (status = 'adopted' AND action_required = 1)) ORDER BY id",
                       person->text),
                   &decision_resource, arena, &decisions, &decision_count) ||
        !ask_named(ASK(store,
                       "SELECT id, reference, title FROM action_item WHERE owner_id = $1 AND "
                       "status NOT IN ('closed', 'cancelled') ORDER BY id",
                       person->text),
                   &action_item_resource, arena, &items, &item_count))
        return false;
    struct named *all = arena_array(arena, decision_count + item_count + 1, sizeof *all);
    if (!all)
        return false;
    for (size_t i = 0; i < decision_count; i++)
        all[i] = decisions[i];
    for (size_t i = 0; i < item_count; i++)
        all[decision_count + i] = items[i];
    *ret_items = all;
    *ret_count = decision_count + item_count;
    return fold_unseen(store, view, arena, ret_items, ret_count);
}

enum found store_attendee_of(struct store *store, const struct id *review, const struct id *person,
                             struct id *ret_attendee)
{
    struct db_statement *statement =
        ASK(store, "SELECT id FROM attendee WHERE review_id = $1 AND person_id = $2 AND withdrawn = 0", review->text,
            person->text);
    if (!statement)
        return BROKEN;
    enum db_step step = db_step(statement);
    if (step == DB_ROW)
        ask_text(statement, 0, ret_attendee->text, sizeof ret_attendee->text);
    db_reset(statement);
    return step == DB_ROW ? FOUND : step == DB_DONE ? ABSENT : BROKEN;
}

bool store_attends(struct store *store, const struct id *review, const struct id *person, bool *ret_attends)
{
    struct id attendee;
    enum found found = store_attendee_of(store, review, person, &attendee);
    *ret_attends = found == FOUND;
    return found != BROKEN;
}

bool store_next_position(struct store *store, const struct id *review, int64_t *ret_position)
{
    return ask_integer(
        ASK(store, "SELECT min(coalesce(max(position), 0) + 1, 1000) FROM input WHERE review_id = $1", review->text),
        ret_position);
}

bool store_extensions(struct store *store, const struct id *decision, size_t *ret_count)
{
    int64_t count = 0;
    bool read = ask_integer(ASK(store,
                                "SELECT count(*) FROM amendment WHERE decision_id = $1 AND "
                                "json_extract(after, '$.deadline') > json_extract(before, '$.deadline')",
                                decision->text),
                            &count);
    *ret_count = (size_t)count;
    return read;
}

bool store_criteria_used(struct store *store, const struct id *commitment, int64_t *ret_number)
{
    return ask_integer(
        ASK(store,
            "SELECT coalesce(max(CAST(substr(json_extract(c.value, '$.id'), 2) AS INTEGER)), 0) FROM amendment AS a, "
            "json_each(a.before, '$.success_criteria') AS c WHERE a.decision_id = $1 OR a.action_item_id = $1",
            commitment->text),
        ret_number);
}

static void input_row(struct db_statement *statement, struct arena *arena, void *item)
{
    struct input_brief *input = item;
    ask_text(statement, 0, input->id.text, sizeof input->id.text);
    input->title = ask_copy(statement, 1, arena);
    input->clause = field_enum_value(resource_field_named(&input_resource, "clause"), db_text(statement, 2));
    input->state = field_enum_value(resource_field_named(&input_resource, "state"), db_text(statement, 3));
    input->severity = /* 0 for none */
        field_enum_value(resource_field_named(&input_resource, "severity"), db_text(statement, 4));
    input->corrected = db_integer(statement, 5) != 0;
}

static bool input_briefs(struct store *store, const struct id *review, const struct view *view, struct arena *arena,
                         struct review_facts *ret_facts)
{
    struct db_statement *statement = ASK_THEN(
        store, view->as_of,
        "SELECT i.id, i.title, i.clause, i.state, i.severity, EXISTS (SELECT 1 FROM decision_input AS x "
        "JOIN decision AS d ON d.id = x.decision_id WHERE x.input_id = i.id AND d.review_id = i.review_id AND d.kind = "
        "'corrective_action' "
        "AND (d.status IN ('adopted', 'implemented') OR d.status = $2)) FROM input AS i WHERE i.review_id = $1 AND "
        "i.withdrawn = 0 ORDER BY i.position, i.id",
        review->text, ret_facts->in_retrospect ? "superseded" : "");
    void *rows;
    if (!ask_rows(statement, arena, sizeof(struct input_brief), input_row, &rows, &ret_facts->input_count))
        return false;
    ret_facts->inputs = rows;
    return true;
}

static void carried_row(struct db_statement *statement, struct arena *arena, void *item)
{
    struct carried *carried = item;
    ask_text(statement, 0, carried->id.text, sizeof carried->id.text);
    carried->reference = ask_copy(statement, 1, arena);
    carried->title = ask_copy(statement, 2, arena);
    carried->overdue = db_integer(statement, 3) != 0;
    carried->followed_up = db_integer(statement, 4) != 0;
}

#define CARRIED(more)                                                                                                  \
    "SELECT t.id, t.reference, t.title, t.status IN ('open', 'in_progress', 'blocked') AND t.deadline < $3, EXISTS "   \
    "(SELECT 1 FROM follow_up AS f WHERE f.action_item_id = t.id AND f.review_id = $1) FROM action_item AS t WHERE "   \
    "t.created_at <= $2 AND (t.ended_at IS NULL OR t.ended_at >= $2)" more " AND t.decision_id IN (SELECT d.id FROM "  \
    "review AS c JOIN decision AS d ON d.review_id = c.id WHERE c.id <> $1 AND c.started_at <= $2) ORDER BY t.id"

/* What has ended by now, and had when the review started, had by the instant that is asked for, too: of that, no
 * version need be looked up. */
#define NOT_OVER                                                                                                       \
    " AND EXISTS (SELECT 1 FROM main.action_item AS n WHERE n.id = t.id AND (n.ended_at IS NULL OR n.ended_at >= $2))"

bool store_carried(struct store *store, const struct id *review, const struct instant *started_at,
                   const struct date *today, const struct view *view, struct arena *arena,
                   const struct carried **ret_items, size_t *ret_count)
{
    struct db_statement *statement = ASK_THEN(store, view->as_of, view->as_of ? CARRIED(NOT_OVER) : CARRIED(""),
                                              review->text, started_at->text, today->text);
    void *rows;
    if (!ask_rows(statement, arena, sizeof(struct carried), carried_row, &rows, ret_count))
        return false;
    struct carried *items = rows;
    for (size_t i = 0; i < *ret_count; i++) {
        struct id seen;
        enum found found = store_find(store, &action_item_resource, items[i].id.text, view, &seen);
        if (found == BROKEN)
            return false;
        items[i].visible = found == FOUND;
    }
    *ret_items = items;
    return true;
}

static bool not_followed_up(struct store *store, const struct review *review, const struct instant *started_at,
                            const struct view *view, struct arena *arena, struct review_facts *ret_facts)
{
    const struct carried *carried;
    size_t count;
    if (!store_carried(store, &review->record.id, started_at, &ret_facts->today, view, arena, &carried, &count))
        return false;
    struct named *items = arena_array(arena, count + 1, sizeof *items);
    if (!items)
        return false;
    bool unseen = false;
    size_t *number = &ret_facts->not_followed_up_count;
    for (size_t i = 0; i < count; i++) {
        if (carried[i].followed_up)
            continue;
        if (carried[i].visible)
            items[(*number)++] =
                (struct named){&action_item_resource, carried[i].id, carried[i].reference, carried[i].title};
        else
            unseen = true;
    }
    if (unseen)
        items[(*number)++] = (struct named){0};
    ret_facts->not_followed_up = items;
    return true;
}

bool store_review_facts(struct store *store, const struct review *review, const struct instant *started_at,
                        const struct view *view, struct arena *arena, struct review_facts *ret_facts)
{
    const char *id = review->record.id.text;
    int64_t others = 0;
    int64_t attended = 0;
    int64_t adopted = 0;
    if (!ask_integer(ASK_THEN(store, view->as_of,
                              "SELECT count(*) FROM attendee WHERE review_id = $1 AND withdrawn = 0 AND "
                              "person_id <> $2",
                              id, review->chair_id.text),
                     &others) ||
        !ask_integer(ASK_THEN(store, view->as_of,
                              "SELECT count(*) FROM attendee AS a JOIN person AS p ON p.id = a.person_id WHERE "
                              "a.review_id = $1 AND a.withdrawn = 0 AND a.attendance = 'attended' AND "
                              "a.capacity IN ('chair', 'decision_maker') AND p.role = 'top_management'",
                              id),
                     &attended) ||
        !ask_integer(ASK_THEN(store, view->as_of,
                              "SELECT count(*) FROM decision WHERE review_id = $1 AND (status IN ('adopted', "
                              "'implemented') OR status = $2)",
                              id, ret_facts->in_retrospect ? "superseded" : ""),
                     &adopted))
        return false;
    ret_facts->other_attendees = (size_t)others;
    ret_facts->top_management_attended = attended > 0;
    ret_facts->adopted_count = (size_t)adopted;
    return input_briefs(store, &review->record.id, view, arena, ret_facts) &&
           ask_named(ASK_THEN(store, view->as_of,
                              "SELECT id, reference, title FROM decision WHERE review_id = $1 AND "
                              "status = 'proposed' ORDER BY id",
                              id),
                     &decision_resource, arena, &ret_facts->proposed, &ret_facts->proposed_count) &&
           ask_named(ASK_THEN(store, view->as_of,
                              "SELECT d.id, d.reference, d.title FROM decision AS d WHERE d.review_id = $1 AND "
                              "d.status = 'adopted' AND d.action_required = 1 AND NOT EXISTS (SELECT 1 FROM "
                              "action_item AS a WHERE a.decision_id = d.id) ORDER BY d.id",
                              id),
                     &decision_resource, arena, &ret_facts->without_action_items,
                     &ret_facts->without_action_items_count) &&
           not_followed_up(store, review, started_at, view, arena, ret_facts);
}

bool store_items_after(struct store *store, const struct id *decision, const struct date *day, const struct view *view,
                       struct arena *arena, const struct named **ret_items, size_t *ret_count)
{
    return ask_named(ASK(store,
                         "SELECT id, reference, title FROM action_item WHERE decision_id = $1 AND deadline > $2 AND "
                         "status NOT IN ('closed', 'cancelled') ORDER BY id",
                         decision->text, day->text),
                     &action_item_resource, arena, ret_items, ret_count) &&
           fold_unseen(store, view, arena, ret_items, ret_count);
}

bool store_items_of(struct store *store, const struct id *decision, const struct view *view, struct arena *arena,
                    size_t *ret_closed, const struct named **ret_unfinished, size_t *ret_count)
{
    int64_t closed = 0;
    if (!ask_integer(
            ASK(store, "SELECT count(*) FROM action_item WHERE decision_id = $1 AND status = 'closed'", decision->text),
            &closed))
        return false;
    *ret_closed = (size_t)closed;
    return ask_named(ASK(store,
                         "SELECT id, reference, title FROM action_item WHERE decision_id = $1 AND "
                         "status NOT IN ('closed', 'cancelled') ORDER BY id",
                         decision->text),
                     &action_item_resource, arena, ret_unfinished, ret_count) &&
           fold_unseen(store, view, arena, ret_unfinished, ret_count);
}

/* --- tokens ---------------------------------------------------------------------------------------------------- */

static enum found token_by_hash(struct store *store, const char *sql, const unsigned char hash[32], struct arena *arena,
                                struct token_brief *ret_token)
{
    struct db_statement *statement = db_fixed(store->db, sql);
    if (!statement)
        return BROKEN;
    db_bind_blob(statement, 1, hash, 32);
    *ret_token = (struct token_brief){0};
    enum db_step step = db_step(statement);
    if (step == DB_ROW) {
        ask_text(statement, 0, ret_token->token_id.text, sizeof ret_token->token_id.text);
        for (unsigned i = 1; i < ROLE_COUNT && !db_is_null(statement, 1); i++) {
            if (strcmp(role_names[i - 1], db_text(statement, 1)) == 0)
                ret_token->role = i;
        }
        bool unread = !db_is_null(statement, 1) && !ret_token->role; /* a role that is none must not mean all */
        ret_token->read_only = db_integer(statement, 2) != 0;
        ret_token->revoked = db_integer(statement, 3) != 0;
        ask_text(statement, 4, ret_token->expires_at.text, sizeof ret_token->expires_at.text);
        person_row(statement, 5, arena, &ret_token->person);
        if (unread || !db_whole(statement))
            step = DB_ERROR;
    }
    db_reset(statement);
    return step == DB_ROW ? FOUND : step == DB_DONE ? ABSENT : BROKEN;
}

enum found store_token(struct store *store, const unsigned char hash[32], struct arena *arena,
                       struct token_brief *ret_token)
{
    return token_by_hash(store,
                         "SELECT t.id, t.role, t.read_only, t.revoked_at IS NOT NULL, t.expires_at, p.id, p.role, "
                         "p.active, p.department, p.name, p.job_title FROM token_secret AS s JOIN token AS t ON t.id = "
                         "s.token_id JOIN person AS p ON p.id = t.person_id WHERE s.hash = $1",
                         hash, arena, ret_token);
}

enum found store_calendar_token(struct store *store, const unsigned char hash[32], struct arena *arena,
                                struct token_brief *ret_token)
{
    return token_by_hash(store,
                         "SELECT t.id, t.role, 1, t.status <> 'active', t.expires_at, p.id, p.role, p.active, "
                         "p.department, p.name, p.job_title FROM calendar_secret AS s JOIN calendar_token AS t ON "
                         "t.id = s.calendar_token_id JOIN person AS p ON p.id = t.person_id WHERE s.hash = $1",
                         hash, arena, ret_token);
}

bool store_keep_calendar_secret(struct store *store, const struct id *token, const unsigned char hash[32])
{
    struct db_statement *statement =
        ASK(store, "INSERT INTO calendar_secret (calendar_token_id, hash) VALUES ($1, $2)", token->text);
    if (statement)
        db_bind_blob(statement, 2, hash, 32);
    return ask_done(statement);
}

bool store_keep_secret(struct store *store, const struct id *token, const unsigned char hash[32])
{
    struct db_statement *statement =
        ASK(store, "INSERT INTO token_secret (token_id, hash) VALUES ($1, $2)", token->text);
    if (statement)
        db_bind_blob(statement, 2, hash, 32);
    return !DB_FAILPOINT(store->db, "token.keep") && ask_done(statement);
}

bool store_token_used(struct store *store, const struct id *token, const struct instant *at)
{
    return !DB_FAILPOINT(store->db, "token.used") &&
           ask_done(ASK(store,
                        "UPDATE token_secret SET last_used_at = $2 WHERE token_id = $1 AND "
                        "coalesce(last_used_at, '') < $2",
                        token->text, at->text)) &&
           ask_done(ASK(store,
                        "UPDATE calendar_secret SET last_used_at = $2 WHERE calendar_token_id = $1 AND "
                        "coalesce(last_used_at, '') < $2",
                        token->text, at->text));
}

bool store_token_last_use(struct store *store, const struct id *token, struct instant *ret_at)
{
    *ret_at = (struct instant){0};
    struct db_statement *statement = ASK(store,
                                         "SELECT last_used_at FROM token_secret WHERE token_id = $1 UNION ALL "
                                         "SELECT last_used_at FROM calendar_secret WHERE calendar_token_id = $1",
                                         token->text);
    if (!statement)
        return false;
    enum db_step step = db_step(statement);
    if (step == DB_ROW)
        ask_text(statement, 0, ret_at->text, sizeof ret_at->text);
    db_reset(statement);
    return step != DB_ERROR;
}

/* UNION, and not UNION ALL: it ends also where the chain has become a ring. */
#define LEADS_TO(table, member)                                                                                        \
    "WITH RECURSIVE chain (id) AS (SELECT $1 UNION SELECT t." member " FROM chain JOIN " table                         \
    " AS t ON t.id = chain.id WHERE t." member " IS NOT NULL) SELECT EXISTS (SELECT 1 FROM chain WHERE id = $2)"

bool store_leads_to(struct store *store, const struct resource *resource, const struct id *from, const struct id *to,
                    bool *ret_leads)
{
    const char *sql = resource == &action_item_resource ? LEADS_TO("action_item", "predecessor_id")
                      : resource == &decision_resource  ? LEADS_TO("decision", "superseded_by_id")
                                                        : LEADS_TO("follow_up", "supersedes_id");
    int64_t leads = 0;
    bool asked = ask_integer(ASK(store, sql, from->text, to->text), &leads);
    *ret_leads = leads > 0;
    return asked;
}
