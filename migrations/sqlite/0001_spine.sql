-- The records of reviewd, their history and the audit chain.
--
-- What a database can hold by itself, it holds: types, lengths, enums, references, what is frozen, what is
-- append-only. The rest stands in src/domain. Instants and dates are text in the form in which the API shows them.
--
-- References are checked at COMMIT, and triggers before an INSERT refuse by FAIL: an INSERT of one row that cannot fail
-- half-way needs no journal of its own (which took a tenth of the time of a write).

CREATE TABLE person (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL CHECK (length(created_at) = 24),
    created_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    updated_at TEXT NOT NULL CHECK (length(updated_at) = 24),
    updated_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    email TEXT NOT NULL COLLATE NOCASE UNIQUE CHECK (length(email) BETWEEN 3 AND 254 AND email LIKE '_%@_%'),
    role TEXT NOT NULL CHECK (role = 'top_management' OR role = 'isms_manager' OR role = 'department_head' OR role =
        'employee' OR role = 'auditor'),
    job_title TEXT CHECK (length(job_title) BETWEEN 0 AND 200),
    department TEXT CHECK (length(department) BETWEEN 0 AND 200),
    external INTEGER NOT NULL CHECK (external IN (0, 1)),
    active INTEGER NOT NULL CHECK (active IN (0, 1))
) STRICT;

CREATE TABLE token (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL CHECK (length(created_at) = 24),
    created_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    updated_at TEXT NOT NULL CHECK (length(updated_at) = 24),
    updated_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    person_id TEXT NOT NULL REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    label TEXT NOT NULL CHECK (length(label) BETWEEN 1 AND 200),
    role TEXT CHECK (role = 'top_management' OR role = 'isms_manager' OR role = 'department_head' OR role =
        'employee' OR role = 'auditor'),
    read_only INTEGER NOT NULL CHECK (read_only IN (0, 1)),
    expires_at TEXT CHECK (length(expires_at) = 24),
    revoked_at TEXT CHECK (length(revoked_at) = 24)
) STRICT;

-- Apart from the token's record, which is hashed into the audit chain: the secret's hash, and when it was last used.
CREATE TABLE token_secret (
    token_id TEXT NOT NULL PRIMARY KEY REFERENCES token (id) DEFERRABLE INITIALLY DEFERRED,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    last_used_at TEXT CHECK (length(last_used_at) = 24)
) STRICT;

CREATE TABLE review (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    reference TEXT NOT NULL UNIQUE CHECK (reference GLOB 'MR-[0-9][0-9][0-9][0-9]-[0-9]*'),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL CHECK (length(created_at) = 24),
    created_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    updated_at TEXT NOT NULL CHECK (length(updated_at) = 24),
    updated_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    type TEXT NOT NULL CHECK (type IN ('scheduled', 'extraordinary')),
    trigger TEXT CHECK (trigger = 'business_change' OR trigger = 'scope_change' OR trigger = 'standard_update' OR
        trigger = 'audit_finding' OR trigger = 'major_incident' OR trigger = 'other'),
    scope TEXT NOT NULL CHECK (length(scope) BETWEEN 1 AND 5000),
    period_start TEXT NOT NULL CHECK (period_start GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    period_end TEXT NOT NULL CHECK (period_end GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    planned_on TEXT NOT NULL CHECK (planned_on GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    chair_id TEXT NOT NULL REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    location TEXT CHECK (length(location) BETWEEN 0 AND 200),
    classification TEXT NOT NULL CHECK (classification = 'public' OR classification = 'internal' OR classification =
        'confidential' OR classification = 'restricted'),
    also_covers TEXT CHECK (json_type(also_covers) = 'array' AND json_array_length(also_covers) BETWEEN 0 AND 20),
    summary TEXT CHECK (length(summary) BETWEEN 0 AND 50000),
    status TEXT NOT NULL CHECK (status = 'planned' OR status = 'in_progress' OR status = 'concluded' OR status =
        'approved' OR status = 'cancelled'),
    held_on TEXT CHECK (held_on GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    suitability TEXT CHECK (json_type(suitability) = 'object'),
    adequacy TEXT CHECK (json_type(adequacy) = 'object'),
    effectiveness TEXT CHECK (json_type(effectiveness) = 'object'),
    next_review_on TEXT CHECK (next_review_on GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    started_at TEXT CHECK (length(started_at) = 24),
    concluded_at TEXT CHECK (length(concluded_at) = 24),
    concluded_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    approved_at TEXT CHECK (length(approved_at) = 24),
    approved_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    revision INTEGER NOT NULL CHECK (revision BETWEEN 1 AND 100000),
    cancel_reason TEXT CHECK (length(cancel_reason) BETWEEN 1 AND 2000),
    reopen_reason TEXT CHECK (length(reopen_reason) BETWEEN 20 AND 2000),
    CHECK (period_start <= period_end),
    CHECK ((type = 'extraordinary') = (trigger IS NOT NULL)),
    CHECK (status NOT IN ('concluded', 'approved') OR (held_on IS NOT NULL AND suitability IS NOT NULL AND
        adequacy IS NOT NULL AND effectiveness IS NOT NULL AND next_review_on > held_on AND coalesce(length(summary),
            0) > 0 AND
        concluded_at IS NOT NULL AND concluded_by IS NOT NULL)),
    CHECK (status <> 'approved' OR (approved_at IS NOT NULL AND approved_by IS NOT NULL AND approved_by <>
        concluded_by)),
    CHECK (status <> 'cancelled' OR cancel_reason IS NOT NULL)
) STRICT;

CREATE TABLE attendee (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL CHECK (length(created_at) = 24),
    created_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    updated_at TEXT NOT NULL CHECK (length(updated_at) = 24),
    updated_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    review_id TEXT NOT NULL REFERENCES review (id) DEFERRABLE INITIALLY DEFERRED,
    person_id TEXT NOT NULL REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    capacity TEXT NOT NULL CHECK (capacity = 'chair' OR capacity = 'secretary' OR capacity = 'decision_maker' OR
        capacity = 'contributor' OR capacity = 'observer'),
    attendance TEXT NOT NULL CHECK (attendance = 'invited' OR attendance = 'attended' OR attendance = 'apologies' OR
        attendance = 'absent'),
    delegate_for_id TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    name_at_review TEXT NOT NULL CHECK (length(name_at_review) BETWEEN 1 AND 200),
    job_title_at_review TEXT CHECK (length(job_title_at_review) BETWEEN 0 AND 200),
    withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
    withdrawn_reason TEXT CHECK (length(withdrawn_reason) BETWEEN 1 AND 2000),
    CHECK (withdrawn = (withdrawn_reason IS NOT NULL))
) STRICT;

CREATE TABLE input (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL CHECK (length(created_at) = 24),
    created_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    updated_at TEXT NOT NULL CHECK (length(updated_at) = 24),
    updated_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    review_id TEXT NOT NULL REFERENCES review (id) DEFERRABLE INITIALLY DEFERRED,
    clause TEXT NOT NULL CHECK (clause = 'a' OR clause = 'b' OR clause = 'c' OR clause = 'd1' OR clause = 'd2' OR
        clause = 'd3' OR clause = 'd4' OR clause = 'e' OR clause = 'f' OR clause = 'g'),
    title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    presenter_id TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    position INTEGER NOT NULL CHECK (position BETWEEN 1 AND 1000),
    minutes_allotted INTEGER CHECK (minutes_allotted BETWEEN 0 AND 1440),
    summary TEXT CHECK (length(summary) BETWEEN 0 AND 20000),
    conclusion TEXT CHECK (length(conclusion) BETWEEN 0 AND 20000),
    trend TEXT CHECK (trend = 'improving' OR trend = 'stable' OR trend = 'degrading' OR trend = 'insufficient_data'),
    severity TEXT CHECK (severity IN ('minor', 'major')),
    source TEXT CHECK (json_type(source) = 'object'),
    metrics TEXT CHECK (json_type(metrics) = 'array' AND json_array_length(metrics) BETWEEN 0 AND 50),
    state TEXT NOT NULL CHECK (state = 'pending' OR state = 'prepared' OR state = 'considered' OR state =
        'nothing_to_report'),
    agenda INTEGER NOT NULL CHECK (agenda IN (0, 1)),
    withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
    withdrawn_reason TEXT CHECK (length(withdrawn_reason) BETWEEN 1 AND 2000),
    CHECK (severity IS NULL OR clause IN ('d1', 'd3')),
    CHECK (json_extract(source, '$.period_start') <= json_extract(source, '$.period_end')),
    CHECK (state <> 'considered' OR coalesce(length(summary) > 0 AND length(conclusion) > 0, 0)),
    CHECK (state <> 'considered' OR clause NOT LIKE 'd_' OR (trend IS NOT NULL AND source IS NOT NULL)),
    CHECK (state <> 'nothing_to_report' OR coalesce(length(summary), 0) >= 10),
    CHECK (withdrawn = (withdrawn_reason IS NOT NULL)),
    CHECK (NOT (agenda AND withdrawn))
) STRICT;

CREATE TABLE decision (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    reference TEXT NOT NULL UNIQUE CHECK (reference GLOB 'DEC-[0-9][0-9][0-9][0-9]-[0-9]*'),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL CHECK (length(created_at) = 24),
    created_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    updated_at TEXT NOT NULL CHECK (length(updated_at) = 24),
    updated_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    review_id TEXT NOT NULL REFERENCES review (id) DEFERRABLE INITIALLY DEFERRED,
    kind TEXT NOT NULL CHECK (kind = 'continual_improvement' OR kind = 'isms_change' OR kind = 'strategy_change' OR
        kind = 'resource_allocation' OR kind = 'objective_change' OR kind = 'risk_treatment' OR kind =
            'corrective_action' OR kind = 'no_change'),
    title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    statement TEXT NOT NULL CHECK (length(statement) BETWEEN 1 AND 20000),
    rationale TEXT NOT NULL CHECK (length(rationale) BETWEEN 1 AND 20000),
    input_ids TEXT NOT NULL CHECK (json_array_length(input_ids) BETWEEN 1 AND 50),
    affects TEXT CHECK (json_type(affects) = 'array' AND json_array_length(affects) BETWEEN 0 AND 50),
    decided_by_id TEXT NOT NULL REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    owner_id TEXT NOT NULL REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    action_required INTEGER NOT NULL CHECK (action_required IN (0, 1)),
    deadline TEXT CHECK (deadline GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    success_criteria TEXT CHECK (json_type(success_criteria) = 'array' AND json_array_length(success_criteria)
        BETWEEN 1 AND 20),
    no_action_reason TEXT CHECK (length(no_action_reason) BETWEEN 1 AND 5000),
    status TEXT NOT NULL CHECK (status = 'proposed' OR status = 'adopted' OR status = 'rejected' OR status =
        'withdrawn' OR status = 'implemented' OR status = 'superseded'),
    decided_on TEXT CHECK (decided_on GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    original_deadline TEXT CHECK (original_deadline GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    superseded_by_id TEXT REFERENCES decision (id) DEFERRABLE INITIALLY DEFERRED,
    status_reason TEXT CHECK (length(status_reason) BETWEEN 1 AND 2000),
    CHECK (NOT action_required OR (deadline IS NOT NULL AND success_criteria IS NOT NULL)),
    CHECK (action_required OR no_action_reason IS NOT NULL),
    CHECK (NOT (kind = 'no_change' AND action_required)),
    CHECK (kind <> 'isms_change' OR coalesce(json_array_length(affects), 0) > 0),
    CHECK ((status <> 'adopted' AND status <> 'implemented' AND status <> 'superseded') OR decided_on IS NOT NULL),
    CHECK ((status = 'superseded') = (superseded_by_id IS NOT NULL)),
    CHECK (superseded_by_id <> id)
) STRICT;

-- The inputs that a decision rests on, kept by triggers from decision.input_ids, so that they are real references.
CREATE TABLE decision_input (
    decision_id TEXT NOT NULL REFERENCES decision (id),
    input_id TEXT NOT NULL REFERENCES input (id),
    PRIMARY KEY (decision_id, input_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE action_item (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    reference TEXT NOT NULL UNIQUE CHECK (reference GLOB 'ACT-[0-9][0-9][0-9][0-9]-[0-9]*'),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL CHECK (length(created_at) = 24),
    created_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    updated_at TEXT NOT NULL CHECK (length(updated_at) = 24),
    updated_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    review_id TEXT NOT NULL REFERENCES review (id) DEFERRABLE INITIALLY DEFERRED,
    decision_id TEXT NOT NULL REFERENCES decision (id) DEFERRABLE INITIALLY DEFERRED,
    kind TEXT NOT NULL CHECK (kind = 'correction' OR kind = 'corrective' OR kind = 'preventive' OR kind =
        'improvement' OR kind = 'change'),
    title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    description TEXT CHECK (length(description) BETWEEN 0 AND 20000),
    root_cause TEXT CHECK (length(root_cause) BETWEEN 1 AND 5000),
    owner_id TEXT NOT NULL REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    deadline TEXT NOT NULL CHECK (deadline GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    success_criteria TEXT NOT NULL CHECK (json_array_length(success_criteria) BETWEEN 1 AND 20),
    priority TEXT NOT NULL CHECK (priority = 'low' OR priority = 'medium' OR priority = 'high' OR priority =
        'critical'),
    resources TEXT CHECK (json_type(resources) = 'object'),
    predecessor_id TEXT REFERENCES action_item (id) DEFERRABLE INITIALLY DEFERRED,
    status TEXT NOT NULL CHECK (status = 'open' OR status = 'in_progress' OR status = 'blocked' OR status =
        'completed' OR status = 'closed' OR status = 'cancelled'),
    original_deadline TEXT NOT NULL CHECK (original_deadline GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    extension_count INTEGER NOT NULL CHECK (extension_count BETWEEN 0 AND 100000),
    progress_percent INTEGER CHECK (progress_percent BETWEEN 0 AND 100),
    completed_on TEXT CHECK (completed_on GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    closed_on TEXT CHECK (closed_on GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    cancelled_on TEXT CHECK (cancelled_on GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    ended_at TEXT CHECK (length(ended_at) = 24),
    status_reason TEXT CHECK (length(status_reason) BETWEEN 1 AND 2000),
    cancel_approved_by_id TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    CHECK (kind <> 'corrective' OR root_cause IS NOT NULL),
    CHECK (predecessor_id <> id),
    CHECK (status NOT IN ('completed', 'closed') OR completed_on IS NOT NULL),
    CHECK ((status = 'closed') = (closed_on IS NOT NULL)),
    CHECK ((status = 'cancelled') = (cancelled_on IS NOT NULL)),
    CHECK ((status IN ('closed', 'cancelled')) = (ended_at IS NOT NULL)),
    CHECK (status <> 'cancelled' OR (status_reason IS NOT NULL AND coalesce(cancel_approved_by_id <> owner_id, 0)))
) STRICT;

CREATE TABLE amendment (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL CHECK (length(created_at) = 24),
    created_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    updated_at TEXT NOT NULL CHECK (length(updated_at) = 24),
    updated_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    decision_id TEXT REFERENCES decision (id) DEFERRABLE INITIALLY DEFERRED,
    action_item_id TEXT REFERENCES action_item (id) DEFERRABLE INITIALLY DEFERRED,
    reason TEXT NOT NULL CHECK (length(reason) BETWEEN 10 AND 5000),
    approved_by_id TEXT NOT NULL REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    owner_id TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    deadline TEXT CHECK (deadline GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    success_criteria TEXT CHECK (json_type(success_criteria) = 'array' AND json_array_length(success_criteria)
        BETWEEN 1 AND 20),
    before TEXT NOT NULL CHECK (json_type(before) = 'object'),
    after TEXT NOT NULL CHECK (json_type(after) = 'object'),
    CHECK ((decision_id IS NULL) <> (action_item_id IS NULL)),
    CHECK (owner_id IS NOT NULL OR deadline IS NOT NULL OR success_criteria IS NOT NULL),
    CHECK (owner_id <> approved_by_id)
) STRICT;

CREATE TABLE follow_up (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL CHECK (length(created_at) = 24),
    created_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    updated_at TEXT NOT NULL CHECK (length(updated_at) = 24),
    updated_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    action_item_id TEXT NOT NULL REFERENCES action_item (id) DEFERRABLE INITIALLY DEFERRED,
    kind TEXT NOT NULL CHECK (kind = 'progress' OR kind = 'completion' OR kind = 'effectiveness'),
    performed_by_id TEXT NOT NULL REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    performed_on TEXT NOT NULL CHECK (performed_on GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    note TEXT NOT NULL CHECK (length(note) BETWEEN 1 AND 20000),
    outcome TEXT NOT NULL CHECK (outcome = 'on_track' OR outcome = 'at_risk' OR outcome = 'off_track' OR outcome =
        'completed' OR outcome = 'not_completed' OR outcome = 'effective' OR outcome = 'partially_effective' OR
            outcome = 'not_effective'),
    review_id TEXT REFERENCES review (id) DEFERRABLE INITIALLY DEFERRED,
    progress_percent INTEGER CHECK (progress_percent BETWEEN 0 AND 100),
    criteria_results TEXT CHECK (json_type(criteria_results) = 'array' AND json_array_length(criteria_results)
        BETWEEN 0 AND 20),
    next_follow_up_on TEXT CHECK (next_follow_up_on GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    supersedes_id TEXT REFERENCES follow_up (id) DEFERRABLE INITIALLY DEFERRED,
    CHECK ((outcome = 'on_track' OR outcome = 'at_risk' OR outcome = 'off_track') = (kind = 'progress')),
    CHECK (outcome IN ('completed', 'not_completed') = (kind = 'completion')),
    CHECK (outcome = 'effective' OR next_follow_up_on IS NOT NULL)
) STRICT;

-- Every version of every record, as the audit chain hashed it (RFC 8785).
CREATE TABLE version (
    seq INTEGER PRIMARY KEY REFERENCES audit_log (seq) DEFERRABLE INITIALLY DEFERRED,
    record_id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    body TEXT NOT NULL,
    UNIQUE (record_id, version)
) STRICT;

-- One entry for each version of each record; each hashes the one before.
CREATE TABLE audit_log (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL CHECK (length(at) = 24),
    actor_id TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    event TEXT NOT NULL,
    resource TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    request_id TEXT,
    body_sha256 TEXT NOT NULL CHECK (length(body_sha256) = 64),
    previous_hash TEXT NOT NULL CHECK (length(previous_hash) = 64),
    hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT;

-- An approved review as it stood, with what was frozen with it.
CREATE TABLE revision (
    review_id TEXT NOT NULL REFERENCES review (id) DEFERRABLE INITIALLY DEFERRED,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    approved_at TEXT NOT NULL CHECK (length(approved_at) = 24),
    body TEXT NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (review_id, revision)
) STRICT;

-- The next number of a year's references.
CREATE TABLE reference_counter (
    prefix TEXT NOT NULL,
    year INTEGER NOT NULL,
    last INTEGER NOT NULL CHECK (last >= 1),
    PRIMARY KEY (prefix, year)
) STRICT, WITHOUT ROWID;

-- First answers to requests with an Idempotency-Key, kept 24 hours.
CREATE TABLE idempotency (
    caller_id TEXT NOT NULL REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    idempotency_key TEXT NOT NULL,
    request_sha256 BLOB NOT NULL CHECK (length(request_sha256) = 32),
    created_at TEXT NOT NULL CHECK (length(created_at) = 24),
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (caller_id, idempotency_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_created_at ON idempotency (created_at);

-- What lists are filtered and sorted by; the id breaks ties.
CREATE INDEX person_name ON person (name, id);
CREATE INDEX person_email ON person (email, id);
CREATE INDEX person_created_at ON person (created_at, id);
CREATE INDEX person_updated_at ON person (updated_at, id);
CREATE INDEX token_person_id ON token (person_id, id);
CREATE INDEX review_title ON review (title, id);
CREATE INDEX review_planned_on ON review (planned_on, id);
CREATE INDEX review_created_at ON review (created_at, id);
CREATE INDEX review_updated_at ON review (updated_at, id);
CREATE INDEX review_held_on ON review (coalesce(held_on, ''), id);
CREATE INDEX review_next_review_on ON review (coalesce(next_review_on, ''), id);
CREATE INDEX review_chair_id ON review (chair_id, id);
CREATE INDEX attendee_review_id ON attendee (review_id, id);
CREATE INDEX attendee_person_id ON attendee (person_id, id);
CREATE INDEX attendee_created_at ON attendee (created_at, id);
CREATE INDEX attendee_updated_at ON attendee (updated_at, id);
CREATE INDEX input_review_id ON input (review_id, id);
CREATE INDEX input_title ON input (title, id);
CREATE INDEX input_position ON input (position, id);
CREATE INDEX input_created_at ON input (created_at, id);
CREATE INDEX input_updated_at ON input (updated_at, id);
CREATE INDEX decision_review_id ON decision (review_id, id);
CREATE INDEX decision_owner_id ON decision (owner_id, id);
CREATE INDEX decision_title ON decision (title, id);
CREATE INDEX decision_created_at ON decision (created_at, id);
CREATE INDEX decision_updated_at ON decision (updated_at, id);
CREATE INDEX decision_deadline ON decision (coalesce(deadline, ''), id);
CREATE INDEX decision_decided_on ON decision (coalesce(decided_on, ''), id);
CREATE INDEX decision_input_input_id ON decision_input (input_id);
CREATE INDEX action_item_review_id ON action_item (review_id, id);
CREATE INDEX action_item_decision_id ON action_item (decision_id, id);
CREATE INDEX action_item_owner_id ON action_item (owner_id, id);
CREATE INDEX action_item_title ON action_item (title, id);
CREATE INDEX action_item_deadline ON action_item (deadline, id);
CREATE INDEX action_item_completed_on ON action_item (coalesce(completed_on, ''), id);
CREATE INDEX action_item_created_at ON action_item (created_at, id);
CREATE INDEX action_item_updated_at ON action_item (updated_at, id);
CREATE INDEX action_item_ended_at ON action_item (ended_at) WHERE ended_at IS NULL;
CREATE INDEX amendment_decision_id ON amendment (decision_id, id);
CREATE INDEX amendment_action_item_id ON amendment (action_item_id, id);
CREATE INDEX amendment_created_at ON amendment (created_at, id);
CREATE INDEX amendment_updated_at ON amendment (updated_at, id);
CREATE INDEX follow_up_action_item_id ON follow_up (action_item_id, id);
CREATE INDEX follow_up_review_id ON follow_up (review_id, id);
CREATE INDEX follow_up_performed_on ON follow_up (performed_on, id);
CREATE INDEX follow_up_created_at ON follow_up (created_at, id);
CREATE INDEX follow_up_updated_at ON follow_up (updated_at, id);
CREATE INDEX follow_up_next_follow_up_on ON follow_up (coalesce(next_follow_up_on, ''), id);

CREATE UNIQUE INDEX attendee_once ON attendee (review_id, person_id) WHERE withdrawn = 0;
CREATE UNIQUE INDEX attendee_chair ON attendee (review_id) WHERE capacity = 'chair' AND withdrawn = 0;

-- Nothing is ever deleted.

CREATE TRIGGER person_kept BEFORE DELETE ON person
BEGIN SELECT raise(ABORT, 'person: records are never deleted'); END;

CREATE TRIGGER token_kept BEFORE DELETE ON token
BEGIN SELECT raise(ABORT, 'token: records are never deleted'); END;

CREATE TRIGGER review_kept BEFORE DELETE ON review
BEGIN SELECT raise(ABORT, 'review: records are never deleted'); END;

CREATE TRIGGER attendee_kept BEFORE DELETE ON attendee
BEGIN SELECT raise(ABORT, 'attendee: records are never deleted'); END;

CREATE TRIGGER input_kept BEFORE DELETE ON input
BEGIN SELECT raise(ABORT, 'input: records are never deleted'); END;

CREATE TRIGGER decision_kept BEFORE DELETE ON decision
BEGIN SELECT raise(ABORT, 'decision: records are never deleted'); END;

CREATE TRIGGER action_item_kept BEFORE DELETE ON action_item
BEGIN SELECT raise(ABORT, 'action_item: records are never deleted'); END;

CREATE TRIGGER amendment_kept BEFORE DELETE ON amendment
BEGIN SELECT raise(ABORT, 'amendment: records are never deleted'); END;

CREATE TRIGGER follow_up_kept BEFORE DELETE ON follow_up
BEGIN SELECT raise(ABORT, 'follow_up: records are never deleted'); END;

CREATE TRIGGER version_kept BEFORE DELETE ON version
BEGIN SELECT raise(ABORT, 'version: records are never deleted'); END;

CREATE TRIGGER audit_log_kept BEFORE DELETE ON audit_log
BEGIN SELECT raise(ABORT, 'audit_log: records are never deleted'); END;

CREATE TRIGGER revision_kept BEFORE DELETE ON revision
BEGIN SELECT raise(ABORT, 'revision: records are never deleted'); END;

-- What is append-only.

CREATE TRIGGER amendment_not_replaced BEFORE INSERT ON amendment WHEN EXISTS (SELECT 1 FROM amendment WHERE id =
    NEW.id)
BEGIN SELECT raise(FAIL, 'amendment: append-only'); END;
CREATE TRIGGER amendment_appended BEFORE UPDATE ON amendment
BEGIN SELECT raise(ABORT, 'amendment: append-only'); END;

CREATE TRIGGER follow_up_not_replaced BEFORE INSERT ON follow_up WHEN EXISTS (SELECT 1 FROM follow_up WHERE id =
    NEW.id)
BEGIN SELECT raise(FAIL, 'follow_up: append-only'); END;
CREATE TRIGGER follow_up_appended BEFORE UPDATE ON follow_up
BEGIN SELECT raise(ABORT, 'follow_up: append-only'); END;

CREATE TRIGGER version_not_replaced BEFORE INSERT ON version
WHEN EXISTS (SELECT 1 FROM version WHERE seq = NEW.seq) OR
    EXISTS (SELECT 1 FROM version WHERE record_id = NEW.record_id AND version = NEW.version)
BEGIN SELECT raise(FAIL, 'version: append-only'); END;
CREATE TRIGGER version_appended BEFORE UPDATE ON version
BEGIN SELECT raise(ABORT, 'version: append-only'); END;

CREATE TRIGGER audit_log_not_replaced BEFORE INSERT ON audit_log WHEN EXISTS (SELECT 1 FROM audit_log WHERE seq =
    NEW.seq)
BEGIN SELECT raise(FAIL, 'audit_log: append-only'); END;
CREATE TRIGGER audit_log_appended BEFORE UPDATE ON audit_log
BEGIN SELECT raise(ABORT, 'audit_log: append-only'); END;

CREATE TRIGGER revision_not_replaced BEFORE INSERT ON revision WHEN EXISTS (SELECT 1 FROM revision WHERE review_id =
    NEW.review_id AND revision = NEW.revision)
BEGIN SELECT raise(FAIL, 'revision: append-only'); END;
CREATE TRIGGER revision_appended BEFORE UPDATE ON revision
BEGIN SELECT raise(ABORT, 'revision: append-only'); END;

-- REPLACE INTO would delete without asking the triggers above.
CREATE TRIGGER person_not_replaced BEFORE INSERT ON person WHEN EXISTS (SELECT 1 FROM person WHERE id = NEW.id) OR
    EXISTS (SELECT 1 FROM person WHERE email = NEW.email)
BEGIN SELECT raise(FAIL, 'person: the record exists'); END;
CREATE TRIGGER token_not_replaced BEFORE INSERT ON token WHEN EXISTS (SELECT 1 FROM token WHERE id = NEW.id)
BEGIN SELECT raise(FAIL, 'token: the record exists'); END;
CREATE TRIGGER review_not_replaced BEFORE INSERT ON review WHEN EXISTS (SELECT 1 FROM review WHERE id = NEW.id) OR
    EXISTS (SELECT 1 FROM review WHERE reference = NEW.reference)
BEGIN SELECT raise(FAIL, 'review: the record exists'); END;
CREATE TRIGGER attendee_not_replaced BEFORE INSERT ON attendee WHEN EXISTS (SELECT 1 FROM attendee WHERE id = NEW.id)
BEGIN SELECT raise(FAIL, 'attendee: the record exists'); END;
CREATE TRIGGER input_not_replaced BEFORE INSERT ON input WHEN EXISTS (SELECT 1 FROM input WHERE id = NEW.id)
BEGIN SELECT raise(FAIL, 'input: the record exists'); END;
CREATE TRIGGER decision_not_replaced BEFORE INSERT ON decision WHEN EXISTS (SELECT 1 FROM decision WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM decision WHERE reference = NEW.reference)
BEGIN SELECT raise(FAIL, 'decision: the record exists'); END;
CREATE TRIGGER action_item_not_replaced BEFORE INSERT ON action_item WHEN EXISTS (SELECT 1 FROM action_item WHERE id
    = NEW.id) OR EXISTS (SELECT 1 FROM action_item WHERE reference = NEW.reference)
BEGIN SELECT raise(FAIL, 'action_item: the record exists'); END;

-- A change is a new version of the same record.

CREATE TRIGGER person_versioned BEFORE UPDATE ON person
WHEN NEW.version <> OLD.version + 1 OR NEW.id <> OLD.id OR NEW.created_at <> OLD.created_at OR NEW.created_by IS NOT
    OLD.created_by
BEGIN SELECT raise(ABORT, 'person: a change raises the version by one and keeps what identifies it'); END;

CREATE TRIGGER token_versioned BEFORE UPDATE ON token
WHEN NEW.version <> OLD.version + 1 OR NEW.id <> OLD.id OR NEW.created_at <> OLD.created_at OR NEW.created_by IS NOT
    OLD.created_by
BEGIN SELECT raise(ABORT, 'token: a change raises the version by one and keeps what identifies it'); END;

CREATE TRIGGER review_versioned BEFORE UPDATE ON review
WHEN NEW.version <> OLD.version + 1 OR NEW.id <> OLD.id OR NEW.created_at <> OLD.created_at OR NEW.created_by IS NOT
    OLD.created_by OR NEW.reference <> OLD.reference
BEGIN SELECT raise(ABORT, 'review: a change raises the version by one and keeps what identifies it'); END;

CREATE TRIGGER attendee_versioned BEFORE UPDATE ON attendee
WHEN NEW.version <> OLD.version + 1 OR NEW.id <> OLD.id OR NEW.created_at <> OLD.created_at OR NEW.created_by IS NOT
    OLD.created_by
BEGIN SELECT raise(ABORT, 'attendee: a change raises the version by one and keeps what identifies it'); END;

CREATE TRIGGER input_versioned BEFORE UPDATE ON input
WHEN NEW.version <> OLD.version + 1 OR NEW.id <> OLD.id OR NEW.created_at <> OLD.created_at OR NEW.created_by IS NOT
    OLD.created_by
BEGIN SELECT raise(ABORT, 'input: a change raises the version by one and keeps what identifies it'); END;

CREATE TRIGGER decision_versioned BEFORE UPDATE ON decision
WHEN NEW.version <> OLD.version + 1 OR NEW.id <> OLD.id OR NEW.created_at <> OLD.created_at OR NEW.created_by IS NOT
    OLD.created_by OR NEW.reference <> OLD.reference
BEGIN SELECT raise(ABORT, 'decision: a change raises the version by one and keeps what identifies it'); END;

CREATE TRIGGER action_item_versioned BEFORE UPDATE ON action_item
WHEN NEW.version <> OLD.version + 1 OR NEW.id <> OLD.id OR NEW.created_at <> OLD.created_at OR NEW.created_by IS NOT
    OLD.created_by OR NEW.reference <> OLD.reference
BEGIN SELECT raise(ABORT, 'action_item: a change raises the version by one and keeps what identifies it'); END;

-- What is frozen once its review is concluded, approved or cancelled (9.3.3).
CREATE TRIGGER review_frozen BEFORE UPDATE ON review
WHEN OLD.status IN ('concluded', 'approved', 'cancelled') AND (
    NEW.status = OLD.status OR OLD.status = 'cancelled' OR NEW.status NOT IN ('approved', 'in_progress') OR
    NEW.title <> OLD.title OR NEW.type <> OLD.type OR NEW.trigger IS NOT OLD.trigger OR NEW.scope <> OLD.scope OR
    NEW.chair_id <> OLD.chair_id OR NEW.location IS NOT OLD.location OR NEW.also_covers IS NOT OLD.also_covers OR
    (NEW.status = 'approved' AND NEW.concluded_by IS NOT OLD.concluded_by) OR
    NEW.classification <> OLD.classification OR NEW.summary IS NOT OLD.summary OR NEW.held_on IS NOT OLD.held_on OR
    NEW.suitability IS NOT OLD.suitability OR NEW.adequacy IS NOT OLD.adequacy OR
    NEW.effectiveness IS NOT OLD.effectiveness OR NEW.next_review_on IS NOT OLD.next_review_on OR
    NEW.period_start <> OLD.period_start OR NEW.period_end <> OLD.period_end OR NEW.planned_on <> OLD.planned_on)
BEGIN SELECT raise(ABORT, 'review: frozen'); END;

CREATE TRIGGER attendee_frozen_insert BEFORE INSERT ON attendee
WHEN (SELECT status FROM review WHERE id = NEW.review_id) IN ('concluded', 'approved', 'cancelled')
BEGIN SELECT raise(FAIL, 'attendee: its review is frozen'); END;

CREATE TRIGGER attendee_frozen_update BEFORE UPDATE ON attendee
WHEN (SELECT status FROM review WHERE id = NEW.review_id) IN ('concluded', 'approved', 'cancelled')
BEGIN SELECT raise(ABORT, 'attendee: its review is frozen'); END;

CREATE TRIGGER attendee_stays BEFORE UPDATE ON attendee WHEN NEW.review_id <> OLD.review_id
BEGIN SELECT raise(ABORT, 'attendee: stays in its review'); END;

CREATE TRIGGER input_frozen_insert BEFORE INSERT ON input
WHEN (SELECT status FROM review WHERE id = NEW.review_id) IN ('concluded', 'approved', 'cancelled')
BEGIN SELECT raise(FAIL, 'input: its review is frozen'); END;

CREATE TRIGGER input_frozen_update BEFORE UPDATE ON input
WHEN (SELECT status FROM review WHERE id = NEW.review_id) IN ('concluded', 'approved', 'cancelled')
BEGIN SELECT raise(ABORT, 'input: its review is frozen'); END;

CREATE TRIGGER input_stays BEFORE UPDATE ON input WHEN NEW.review_id <> OLD.review_id
BEGIN SELECT raise(ABORT, 'input: stays in its review'); END;

CREATE TRIGGER decision_frozen_insert BEFORE INSERT ON decision
WHEN (SELECT status FROM review WHERE id = NEW.review_id) IN ('concluded', 'approved', 'cancelled')
BEGIN SELECT raise(FAIL, 'decision: its review is frozen'); END;
-- What carries a decision out lives on: amendments of it, implement and supersede. What a cancelled review left proposed
-- can be rejected or withdrawn, so that it does not hold its owner for good.
CREATE TRIGGER decision_frozen_update BEFORE UPDATE ON decision
WHEN NEW.review_id <> OLD.review_id OR ((SELECT status FROM review WHERE id = NEW.review_id) IN ('concluded',
    'approved', 'cancelled') AND (
    (NEW.status <> OLD.status AND NEW.status NOT IN ('implemented', 'superseded') AND NOT (OLD.status = 'proposed' AND
        NEW.status IN ('rejected', 'withdrawn') AND (SELECT status FROM review WHERE id = NEW.review_id) = 'cancelled'))
    OR NEW.kind <> OLD.kind OR
    NEW.title <> OLD.title OR NEW.statement <> OLD.statement OR NEW.rationale <> OLD.rationale OR
    NEW.input_ids <> OLD.input_ids OR NEW.affects IS NOT OLD.affects OR NEW.decided_by_id <> OLD.decided_by_id OR
    NEW.action_required <> OLD.action_required OR NEW.no_action_reason IS NOT OLD.no_action_reason OR
    NEW.decided_on IS NOT OLD.decided_on))
BEGIN SELECT raise(ABORT, 'decision: its review is frozen'); END;
-- What was closed, cancelled, withdrawn, rejected or superseded stays as it is.
CREATE TRIGGER action_item_ended BEFORE UPDATE ON action_item WHEN OLD.status IN ('closed', 'cancelled')
BEGIN SELECT raise(ABORT, 'action_item: ended'); END;
CREATE TRIGGER attendee_withdrawn BEFORE UPDATE ON attendee WHEN OLD.withdrawn = 1
BEGIN SELECT raise(ABORT, 'attendee: withdrawn'); END;
CREATE TRIGGER input_withdrawn BEFORE UPDATE ON input WHEN OLD.withdrawn = 1
BEGIN SELECT raise(ABORT, 'input: withdrawn'); END;
CREATE TRIGGER decision_ended BEFORE UPDATE ON decision WHEN OLD.status IN ('rejected', 'withdrawn', 'superseded')
BEGIN SELECT raise(ABORT, 'decision: ended'); END;
CREATE TRIGGER action_item_made BEFORE INSERT ON action_item
WHEN (SELECT status FROM decision WHERE id = NEW.decision_id) IN ('rejected', 'withdrawn', 'superseded')
BEGIN SELECT raise(FAIL, 'action_item: its decision is not in force'); END;
-- decision_input follows decision.input_ids.
CREATE TRIGGER decision_inputs_insert AFTER INSERT ON decision
BEGIN
    INSERT INTO decision_input SELECT NEW.id, value FROM json_each(NEW.input_ids);
END;
CREATE TRIGGER decision_inputs_update AFTER UPDATE OF input_ids ON decision WHEN NEW.input_ids <> OLD.input_ids
BEGIN
    DELETE FROM decision_input WHERE decision_id = NEW.id;
    INSERT INTO decision_input SELECT NEW.id, value FROM json_each(NEW.input_ids);
END;

-- Words (`q`): an index of the text fields. The writer adds new rows to it, many at once and before anybody searches
-- (FTS5 writes out a segment for each statement, so that a trigger on INSERT would double the cost of a row); changes
-- come by triggers. Up to 16 segments wait before they are merged: half the cost of the default, 4.

-- How far each index of words goes: rows of a greater key are not in it yet.
CREATE TABLE words_indexed (
    resource TEXT NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL CHECK (last >= 0)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE person_words USING fts5 (
    name, email, job_title, department,
    content = 'person', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2',
    columnsize = 0
);
INSERT INTO person_words (person_words, rank) VALUES ('automerge', 16);

CREATE TRIGGER person_words_update AFTER UPDATE ON person WHEN NEW.name IS NOT OLD.name OR NEW.email IS NOT OLD.email
    OR NEW.job_title IS NOT OLD.job_title OR NEW.department IS NOT OLD.department
BEGIN
    INSERT INTO person_words (person_words, rowid, name, email, job_title, department) VALUES ('delete', OLD.key,
        OLD.name, OLD.email, OLD.job_title, OLD.department);
    INSERT INTO person_words (rowid, name, email, job_title, department) VALUES (NEW.key, NEW.name, NEW.email,
        NEW.job_title, NEW.department);
END;

CREATE VIRTUAL TABLE review_words USING fts5 (
    reference, title, scope, location, summary, cancel_reason, reopen_reason,
    content = 'review', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2',
    columnsize = 0
);
INSERT INTO review_words (review_words, rank) VALUES ('automerge', 16);

CREATE TRIGGER review_words_update AFTER UPDATE ON review WHEN NEW.reference IS NOT OLD.reference OR NEW.title IS NOT
    OLD.title OR NEW.scope IS NOT OLD.scope OR NEW.location IS NOT OLD.location OR NEW.summary IS NOT OLD.summary OR
    NEW.cancel_reason IS NOT OLD.cancel_reason OR NEW.reopen_reason IS NOT OLD.reopen_reason
BEGIN
    INSERT INTO review_words (review_words, rowid, reference, title, scope, location, summary, cancel_reason,
        reopen_reason) VALUES ('delete', OLD.key, OLD.reference, OLD.title, OLD.scope, OLD.location, OLD.summary,
        OLD.cancel_reason, OLD.reopen_reason);
    INSERT INTO review_words (rowid, reference, title, scope, location, summary, cancel_reason, reopen_reason) VALUES
        (NEW.key, NEW.reference, NEW.title, NEW.scope, NEW.location, NEW.summary, NEW.cancel_reason,
        NEW.reopen_reason);
END;

CREATE VIRTUAL TABLE attendee_words USING fts5 (
    name_at_review, job_title_at_review, withdrawn_reason,
    content = 'attendee', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2',
    columnsize = 0
);
INSERT INTO attendee_words (attendee_words, rank) VALUES ('automerge', 16);

CREATE TRIGGER attendee_words_update AFTER UPDATE ON attendee WHEN NEW.name_at_review IS NOT OLD.name_at_review OR
    NEW.job_title_at_review IS NOT OLD.job_title_at_review OR NEW.withdrawn_reason IS NOT OLD.withdrawn_reason
BEGIN
    INSERT INTO attendee_words (attendee_words, rowid, name_at_review, job_title_at_review, withdrawn_reason) VALUES
        ('delete', OLD.key, OLD.name_at_review, OLD.job_title_at_review, OLD.withdrawn_reason);
    INSERT INTO attendee_words (rowid, name_at_review, job_title_at_review, withdrawn_reason) VALUES (NEW.key,
        NEW.name_at_review, NEW.job_title_at_review, NEW.withdrawn_reason);
END;

CREATE VIRTUAL TABLE input_words USING fts5 (
    title, summary, conclusion, withdrawn_reason,
    content = 'input', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2',
    columnsize = 0
);
INSERT INTO input_words (input_words, rank) VALUES ('automerge', 16);

CREATE TRIGGER input_words_update AFTER UPDATE ON input WHEN NEW.title IS NOT OLD.title OR NEW.summary IS NOT
    OLD.summary OR NEW.conclusion IS NOT OLD.conclusion OR NEW.withdrawn_reason IS NOT OLD.withdrawn_reason
BEGIN
    INSERT INTO input_words (input_words, rowid, title, summary, conclusion, withdrawn_reason) VALUES ('delete',
        OLD.key, OLD.title, OLD.summary, OLD.conclusion, OLD.withdrawn_reason);
    INSERT INTO input_words (rowid, title, summary, conclusion, withdrawn_reason) VALUES (NEW.key, NEW.title,
        NEW.summary, NEW.conclusion, NEW.withdrawn_reason);
END;

CREATE VIRTUAL TABLE decision_words USING fts5 (
    reference, title, statement, rationale, no_action_reason, status_reason,
    content = 'decision', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2',
    columnsize = 0
);
INSERT INTO decision_words (decision_words, rank) VALUES ('automerge', 16);

CREATE TRIGGER decision_words_update AFTER UPDATE ON decision WHEN NEW.reference IS NOT OLD.reference OR NEW.title IS
    NOT OLD.title OR NEW.statement IS NOT OLD.statement OR NEW.rationale IS NOT OLD.rationale OR NEW.no_action_reason
    IS NOT OLD.no_action_reason OR NEW.status_reason IS NOT OLD.status_reason
BEGIN
    INSERT INTO decision_words (decision_words, rowid, reference, title, statement, rationale, no_action_reason,
        status_reason) VALUES ('delete', OLD.key, OLD.reference, OLD.title, OLD.statement, OLD.rationale,
        OLD.no_action_reason, OLD.status_reason);
    INSERT INTO decision_words (rowid, reference, title, statement, rationale, no_action_reason, status_reason) VALUES
        (NEW.key, NEW.reference, NEW.title, NEW.statement, NEW.rationale, NEW.no_action_reason, NEW.status_reason);
END;

CREATE VIRTUAL TABLE action_item_words USING fts5 (
    reference, title, description, root_cause, status_reason,
    content = 'action_item', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2',
    columnsize = 0
);
INSERT INTO action_item_words (action_item_words, rank) VALUES ('automerge', 16);

CREATE TRIGGER action_item_words_update AFTER UPDATE ON action_item WHEN NEW.reference IS NOT OLD.reference OR
    NEW.title IS NOT OLD.title OR NEW.description IS NOT OLD.description OR NEW.root_cause IS NOT OLD.root_cause OR
    NEW.status_reason IS NOT OLD.status_reason
BEGIN
    INSERT INTO action_item_words (action_item_words, rowid, reference, title, description, root_cause, status_reason)
        VALUES ('delete', OLD.key, OLD.reference, OLD.title, OLD.description, OLD.root_cause, OLD.status_reason);
    INSERT INTO action_item_words (rowid, reference, title, description, root_cause, status_reason) VALUES (NEW.key,
        NEW.reference, NEW.title, NEW.description, NEW.root_cause, NEW.status_reason);
END;

CREATE VIRTUAL TABLE amendment_words USING fts5 (
    reason,
    content = 'amendment', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2',
    columnsize = 0
);
INSERT INTO amendment_words (amendment_words, rank) VALUES ('automerge', 16);

CREATE VIRTUAL TABLE follow_up_words USING fts5 (
    note,
    content = 'follow_up', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2',
    columnsize = 0
);
INSERT INTO follow_up_words (follow_up_words, rank) VALUES ('automerge', 16);
