"""Data sets for the measurements: a database made by `reviewd migrate`, its caller by the command line, and the rest by
SQL through the schema as it stands, each record with its version and its entry in the audit chain."""
import datetime
import hashlib
import json
import pathlib
import random
import shutil
import sqlite3
import subprocess

PEOPLE, REVIEWS, DECISIONS = 40, 100, 1000
CLAUSES = ["a", "b", "c", "d1", "d2", "d3", "d4", "e", "f", "g"]
SAMPLE = 10_000  # ids and decisions that the load asks for
NESTED = {"success_criteria", "resources", "input_ids", "affects", "also_covers", "metrics", "source", "suitability",
          "adequacy", "effectiveness"}
TRUTHS = {"imported", "external", "active", "action_required", "agenda", "withdrawn"}
LISTS = {"success_criteria", "input_ids", "affects", "also_covers", "metrics"}
WORDS = ("access account alarm analyser audit backup baseline certificate change clinic contract control criterion "
         "customer deadline department device disk document encryption endpoint evidence exercise finding firewall "
         "follow gateway incident inventory key laboratory law log maintenance measure network office owner password "
         "patch plan policy procedure process recovery register report restore review risk role rota scan segment "
         "server service site software staff supplier system target test token training update vendor window").split()


def canonical(value):
    """RFC 8785 for what we make: no fractions, ASCII names."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Maker:
    """Writes records with versions and audit entries, in the order of time."""

    def __init__(self, database, first_ms):
        self.db = database
        self.random = random.Random(9_3)
        self.ms = first_ms
        self.columns = {}
        row = database.execute("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1").fetchone()
        self.seq, self.hash = row or (0, "0" * 64)
        self.entries, self.versions, self.rows = [], [], {}

    def words(self, low, high):
        return " ".join(self.random.choices(WORDS, k=self.random.randint(low, high))).capitalize()

    def id(self):
        """UUIDv7"""
        bits = self.random.getrandbits(74)
        number = (self.ms & (1 << 48) - 1) << 80 | 7 << 76 | (bits >> 62) << 64 | 2 << 62 | bits & (1 << 62) - 1
        text = f"{number:032x}"
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

    def now(self):
        return instant(self.ms)

    def add(self, table, actor, **values):
        """One record at version 1. The caller gives every value that is not null."""
        if table not in self.columns:
            self.columns[table] = [row[1] for row in self.db.execute(f"PRAGMA table_info({table})") if row[1] != "key"]
        now = self.now()
        record = dict.fromkeys(self.columns[table])
        record |= {"id": self.id(), "version": 1, "created_at": now, "created_by": actor, "updated_at": now,
                   "updated_by": actor} | values
        if "imported" in record:
            record["imported"] = 0
        columns = [canonical(record[name]) if name in NESTED and record[name] is not None else record[name]
                   for name in self.columns[table]]
        self.rows.setdefault(table, []).append(columns)
        self.audit(table, actor, now, {name: shown(name, value) for name, value in record.items()})
        return record["id"]

    def audit(self, table, actor, now, record):
        body = canonical(record)
        self.seq += 1
        entry = {"actor_id": actor, "at": now, "body_sha256": sha256(body), "event": f"{table}.create",
                 "previous_hash": self.hash, "request_id": f"{self.random.getrandbits(64):016x}", "resource": table,
                 "resource_id": record["id"], "seq": self.seq}
        self.hash = sha256(f"reviewd-audit-1\n{self.hash}\n{canonical(entry)}")
        self.entries.append((self.seq, now, actor, entry["event"], table, record["id"], entry["request_id"],
                             entry["body_sha256"], entry["previous_hash"], self.hash))
        self.versions.append((self.seq, record["id"], 1, body))

    def flush(self):
        for table, rows in self.rows.items():
            names = ", ".join(f'"{name}"' for name in self.columns[table])
            marks = ", ".join("?" * len(self.columns[table]))
            self.db.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        self.db.executemany("INSERT INTO audit_log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)", self.entries)
        self.db.executemany("INSERT INTO version VALUES (?, ?, ?, ?)", self.versions)
        self.entries, self.versions, self.rows = [], [], {}


def shown(name, value):
    if value is None:
        return [] if name in LISTS else None
    return bool(value) if name in TRUTHS else value


def instant(ms):
    at = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def day(offset):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return str(today + datetime.timedelta(days=offset))


def criteria(maker):
    measured = {"comparator": "lte", "id": "c1", "metric": maker.words(2, 3), "statement": maker.words(4, 8),
                "target": maker.random.randint(1, 90), "unit": "h", "verification": None}
    looked_at = {"comparator": None, "id": "c2", "metric": None, "statement": "Also: " + maker.words(3, 8),
                 "target": None, "unit": None, "verification": maker.words(6, 12)}
    return [measured, looked_at][: maker.random.randint(1, 2)]


def add_people(maker, caller):
    people = [caller]
    for i in range(PEOPLE):
        role = ("department_head", "employee", "isms_manager", "auditor")[i % 4]
        people.append(maker.add("person", caller, name=maker.words(2, 2), email=f"person{i}@bench.example", role=role,
                                job_title=maker.words(2, 3), department=maker.words(1, 1), external=0, active=1))
    return people


def add_review(maker, caller, people, number, year):
    start = -730 + number * 7
    review = maker.add("review", caller, reference=f"MR-{year}-{number + 1:02d}", title=maker.words(4, 8),
                       type="scheduled", scope=maker.words(20, 40), period_start=day(start - 180), period_end=day(start),
                       planned_on=day(start + 14), chair_id=caller, revision=1, status="in_progress",
                       classification=("internal", "confidential", "public")[number % 3], started_at=maker.now())
    inputs = [maker.add("input", caller, review_id=review, clause=clause, title=maker.words(3, 6), position=i + 1,
                        summary=maker.words(20, 60), state="prepared", agenda=1, withdrawn=0)
              for i, clause in enumerate(CLAUSES)]
    for person in [caller] + maker.random.sample(people[1:], 6):
        maker.add("attendee", caller, review_id=review, person_id=person, name_at_review="As she was called then",
                  capacity="chair" if person == caller else "contributor", attendance="attended", withdrawn=0)
    return review, inputs


def add_decision(maker, caller, people, review, inputs, number, year):
    return maker.add("decision", caller, reference=f"DEC-{year}-{number + 1:03d}", review_id=review,
                     kind="continual_improvement", title=maker.words(4, 9), statement=maker.words(20, 50),
                     rationale=maker.words(15, 40), input_ids=[maker.random.choice(inputs)], decided_by_id=caller,
                     owner_id=maker.random.choice(people), action_required=1, deadline=day(5000),
                     original_deadline=day(5000), success_criteria=criteria(maker), status="adopted", decided_on=day(-1))


def add_action_item(maker, people, review, decision, number, year):
    choice = maker.random.random()
    deadline = day_cached(maker.random.randint(-700, 400))
    values = {}
    if choice < 0.25:
        values = {"status": "closed", "completed_on": deadline, "closed_on": deadline, "ended_at": maker.now()}
    elif choice < 0.30:
        values = {"status": "completed", "completed_on": deadline}
    corrective = maker.random.random() < 0.4
    return maker.add("action_item", people[0], **{
        "reference": f"ACT-{year}-{number + 1:04d}", "review_id": review, "decision_id": decision,
        "kind": "corrective" if corrective else "improvement", "title": maker.words(5, 12),
        "description": maker.words(15, 40), "root_cause": maker.words(10, 25) if corrective else None,
        "owner_id": maker.random.choice(people), "deadline": deadline, "original_deadline": deadline,
        "extension_count": 0, "success_criteria": criteria(maker),
        "priority": maker.random.choice(("low", "medium", "high")),
        "resources": {"budget_amount": None, "currency": None, "effort_days": number % 30, "note": None},
        "status": "open" if choice < 0.7 else "in_progress"} | values)


DAYS = {}


def day_cached(offset):
    if offset not in DAYS:
        DAYS[offset] = day(offset)
    return DAYS[offset]


def fill(database, caller, items, report):
    """Reviews follow each other; the items of a review spread over its ten decisions."""
    year = datetime.datetime.now(datetime.timezone.utc).year
    now_ms = int(datetime.datetime.now().timestamp() * 1000)
    maker = Maker(database, now_ms - 700 * 86_400_000)
    step_ms = max(1, 690 * 86_400_000 // (items + REVIEWS * 100))
    people = add_people(maker, caller)
    ids, decisions, done = [], [], 0
    for number in range(REVIEWS):
        review, inputs = add_review(maker, caller, people, number, year)
        own = [add_decision(maker, caller, people, review, inputs, number * 10 + i, year)
               for i in range(DECISIONS // REVIEWS)]
        decisions += own
        for i in range(items * number // REVIEWS, items * (number + 1) // REVIEWS):
            maker.ms += step_ms
            ids.append(add_action_item(maker, people, review, own[i % len(own)], i, year))
        maker.flush()
        if len(ids) - done >= 100_000:
            done = len(ids)
            report(f"{done:,} of {items:,} action items made")
    for prefix, last in (("MR", REVIEWS), ("DEC", DECISIONS), ("ACT", items)):
        database.execute("INSERT INTO reference_counter VALUES (?, ?, ?)", (prefix, year, last))
    return ids, decisions


def index_words(database):
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE sql LIKE '%USING fts5%'")]
    for table in tables:
        database.execute(f"INSERT INTO {table} ({table}) VALUES ('rebuild')")
        resource = table.removesuffix("_words")
        database.execute(f"INSERT OR REPLACE INTO words_indexed SELECT '{resource}', coalesce(max(key), 0) FROM {resource}")


def made(reviewd, folder, items, report):
    """The folder of a data set, from the cache where the schema and this file are as they were."""
    root = pathlib.Path(__file__).resolve().parents[2]
    sources = sorted((root / "migrations" / "sqlite").glob("*.sql")) + [pathlib.Path(__file__)]
    key = sha256("".join(path.read_text() for path in sources))[:8]
    place = pathlib.Path(folder) / f"set-{items}-{key}"
    if (place / "ready").exists():
        return place
    report(f"making {items:,} action items")
    for old in pathlib.Path(folder).glob(f"set-{items}-*"):
        shutil.rmtree(old)
    place.mkdir(parents=True)
    data = str(place / "data")
    email = "chair@bench.example"
    command = [reviewd, "person", "upsert", "--data", data, "--name", "Chair", "--email", email, "--role",
               "top_management"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60)
    token = subprocess.run([reviewd, "token", "create", "--data", data, "--person", email, "--label", "bench"],
                           check=True, capture_output=True, text=True, timeout=60).stdout.strip()
    database = sqlite3.connect(f"{data}/reviewd.db", isolation_level=None)
    database.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN")
    caller = database.execute("SELECT id FROM person").fetchone()[0]
    ids, decisions = fill(database, caller, items, report)
    index_words(database)
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    chooser = random.Random(items)
    sample = chooser.sample(ids, min(SAMPLE, len(ids)))
    chooser.shuffle(decisions)
    (place / "ids").write_text("\n".join(sample))
    (place / "gets").write_text("\n".join(f"/v1/action-items/{id}" for id in sample))
    (place / "posts").write_text("\n".join(f"/v1/decisions/{id}/action-items" for id in decisions))
    (place / "token").write_text(token)
    (place / "caller").write_text(caller)
    (place / "ready").touch()
    return place
