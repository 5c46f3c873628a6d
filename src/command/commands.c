#include "command.h"

static const struct option_row person_options[] = {
    {"--name", "N", true, "The person's name."},
    {"--email", "E", true, "The e-mail address: who is found by it is changed, else made."},
    {"--role", "R", true, "top_management, isms_manager, department_head, employee or auditor."},
    {"--job-title", "T", false, "The position held."},
    {"--department", "D", false, "The department."},
    {"--external", NULL, false, "The person is from outside the organisation."},
};
static const struct option_row token_options[] = {
    {"--person", "E", true, "Whose token it is: an e-mail address or an id."},
    {"--label", "L", true, "What it is for."},
    {"--expires", "90d", false, "When it expires: 12h, 90d, 2w, a day or an instant in UTC; never if left out."},
    {"--read-only", NULL, false, "It reads, and writes nothing."},
    {"--role", "R", false, "It carries no more than this role may."},
    {"--calendar", NULL, false,
     "It opens the person's calendar and nothing else: /v1/calendar.ics?token=… is what a calendar program subscribes "
     "to."},
};

static const struct option_row due_options[] = {
    {"--days", "14", false, "How many days to look ahead; 14 if left out, 0 for today."},
};

static const struct option_row verify_options[] = {
    {"--checkpoint", "FILE", false,
     "Signed heads kept elsewhere: checkpoint_file, or what the API answered as JSON or NDJSON; - is stdin."},
    {"--key", "FILE", false, "Public keys to check with, in place of those of the data folder."},
    {"--pack", "FILE", false, "An evidence pack to verify, in place of the data folder's log."},
};

static const struct option_row import_options[] = {
    {"--resource", "R", false,
     "The collection that the lines belong to: people, reviews, attendees, inputs, decisions, action-items, amendments "
     "or follow-ups. If left out, the file's name says it (people.csv), or else each line."},
    {"--partial", NULL, false, "Store the good lines without the others; else all or nothing."},
    {"--dry-run", NULL, false, "Do everything but keep it."},
};

#define OPTIONS(rows) .options = (rows), .option_count = COUNT_OF(rows)

const struct command commands[] = {
    {"serve", .run = run_serve, .summary = "migrate, then serve",
     .description = "Migrates the database, then serves until SIGTERM. Listens on loopback unless --listen says "
                    "otherwise. On an empty data folder it says how to make the first person and token."},
    {"person upsert", OPTIONS(person_options), .run = run_person_upsert, .summary = "make or change a person",
     .description = "Makes the person with this e-mail address, or changes them. Run twice it changes nothing. Prints "
                    "the id."},
    {"token create", OPTIONS(token_options), .run = run_token_create, .summary = "make a token",
     .description = "Prints a new token alone on a line, once: only its hash is kept."},
    {"token list", .run = run_token_list, .summary = "list tokens",
     .description = "Lists all tokens, those for calendars too, with state, last use, expiry, person and label."},
    {"token revoke", "ID", 1, .run = run_token_revoke, .summary = "revoke a token",
     .description = "Revokes a token; a running daemon refuses it within a second."},
    {"migrate", .run = run_migrate, .summary = "migrate the database only",
     .description = "Brings the database to this version, after a backup beside it where it holds anything."},
    {"check", .run = run_check, .summary = "check structure, references and chain",
     .description = "Checks the database's structure, schema and references, walks the audit chain and compares every "
                    "record and revision with it. Exit status 1 if anything is wrong."},
    {"backup", "FILE", 1, .run = run_backup, .summary = "copy the database while it is in use",
     .description = "Writes a consistent copy into a new file, also while the daemon runs, and verifies it."},
    {"restore", "FILE", 1, .run = run_restore, .summary = "put a backup into an empty data folder",
     .description = "Puts a backup into an empty data folder, verifies it and says what it holds."},
    {"audit verify", OPTIONS(verify_options), .run = run_audit_verify, .summary = "verify the audit chain",
     .description =
         "Walks the whole audit chain and compares every record, and every revision of an approved review, with it, "
         "then every signed head. Prints the head, or the first entry, record or signed head that does not fit (exit "
         "status 1). With --checkpoint the signed heads "
         "are those of a file that was kept elsewhere: a log that was cut short or worked out anew does not fit them. "
         "With --pack an evidence pack is verified, which needs no database: that no file was changed, taken away or "
         "added, that a known key signed the list and the head, that the entries are a chain up to the head, that "
         "each version is the one of its entry and none is missing, that each record is its last version, and that "
         "minutes and evidence are those that the records speak of."},
    {"due", OPTIONS(due_options), .run = run_due, .summary = "list what is due or overdue",
     .description = "Lists what is due within some days or overdue, the oldest first, a line each: reviews that are "
                    "planned, the next review where none is planned in time, the deadlines of adopted decisions and of "
                    "action items, and their next follow-ups. Prints nothing where nothing is due. Exit status 3 if "
                    "anything is overdue, which lets cron send it."},
    {"key show", .run = run_key_show, .summary = "print the public keys",
     .description = "Prints the public keys in minisign's form, the one that signs first, then the former ones; makes "
                    "the first key where there is none."},
    {"key rotate", .run = run_key_rotate, .summary = "put a new signing key in the present one's place",
     .description = "Makes a new key, which a running daemon signs with from then on, and prints the public keys. The "
                    "former ones stay among them, for what they have signed."},
    {"demo", .run = run_demo, .summary = "load an example into an empty data folder",
     .description =
         "Plays the story of an organisation with two reviews held and one planned into an empty data folder, "
         "so that a newcomer has something to look at."},
    {"import", "FILE", 1, OPTIONS(import_options), .run = run_import, .summary = "import records from CSV or NDJSON",
     .description =
         "Makes records of the lines of a file, by the rules of the API: CSV or NDJSON as the registers give them, - "
         "is "
         "stdin; or of a folder with a file for each collection, called after it (people.csv, action-items.ndjson). "
         "Works beside a running daemon. A history is taken with its own ids, references, states and days. What is "
         "wrong is told line by line on standard error, with exit status 1 where any line was refused."},
    {"openapi", .run = run_openapi, .summary = "print the OpenAPI description",
     .description = "Prints the OpenAPI 3.1 description of the API."},
    {"rules", .run = run_rules, .summary = "print the catalogue of rules",
     .description = "Prints every rule with the status of its violation."},
    {"version", .run = run_version, .summary = "print build and library versions",
     .description = "Prints the versions of reviewd and of the libraries that it runs with."},
    {"config", .run = run_config, .summary = "print the settings in force",
     .description = "Prints every setting with its value in force and where that came from: default, file, environment "
                    "or flag."},
    {"manual", .run = run_manual, .summary = "print the manual page",
     .description = "Prints reviewd(8) as man(7) source: deploy/reviewd.8 is made by it."},
};

const size_t command_count = COUNT_OF(commands);
