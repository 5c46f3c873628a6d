-- Imports: records that came in by a file.

-- Whether a record came with a history that was moved in. Records from before there were imports did not: what their
-- versions do not say is false.
ALTER TABLE person ADD COLUMN imported INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1));
ALTER TABLE review ADD COLUMN imported INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1));
ALTER TABLE attendee ADD COLUMN imported INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1));
ALTER TABLE input ADD COLUMN imported INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1));
ALTER TABLE decision ADD COLUMN imported INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1));
ALTER TABLE action_item ADD COLUMN imported INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1));
ALTER TABLE amendment ADD COLUMN imported INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1));
ALTER TABLE follow_up ADD COLUMN imported INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1));

-- It stays as it is; what is append-only has no other version anyhow.
CREATE TRIGGER person_imported BEFORE UPDATE ON person WHEN NEW.imported <> OLD.imported
BEGIN SELECT raise(ABORT, 'person: whether it was imported stays'); END;
CREATE TRIGGER review_imported BEFORE UPDATE ON review WHEN NEW.imported <> OLD.imported
BEGIN SELECT raise(ABORT, 'review: whether it was imported stays'); END;
CREATE TRIGGER attendee_imported BEFORE UPDATE ON attendee WHEN NEW.imported <> OLD.imported
BEGIN SELECT raise(ABORT, 'attendee: whether it was imported stays'); END;
CREATE TRIGGER input_imported BEFORE UPDATE ON input WHEN NEW.imported <> OLD.imported
BEGIN SELECT raise(ABORT, 'input: whether it was imported stays'); END;
CREATE TRIGGER decision_imported BEFORE UPDATE ON decision WHEN NEW.imported <> OLD.imported
BEGIN SELECT raise(ABORT, 'decision: whether it was imported stays'); END;
CREATE TRIGGER action_item_imported BEFORE UPDATE ON action_item WHEN NEW.imported <> OLD.imported
BEGIN SELECT raise(ABORT, 'action_item: whether it was imported stays'); END;

CREATE TABLE import (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL CHECK (length(created_at) = 24),
    created_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    updated_at TEXT NOT NULL CHECK (length(updated_at) = 24),
    updated_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    resource TEXT CHECK (length(resource) BETWEEN 1 AND 40),
    partial INTEGER NOT NULL CHECK (partial IN (0, 1)),
    name TEXT CHECK (length(name) BETWEEN 1 AND 255),
    size INTEGER NOT NULL CHECK (size >= 0),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    status TEXT NOT NULL CHECK (status = 'running' OR status = 'done' OR status = 'refused' OR status = 'failed'),
    lines INTEGER NOT NULL CHECK (lines >= 0),
    created INTEGER NOT NULL CHECK (created >= 0),
    unchanged INTEGER NOT NULL CHECK (unchanged >= 0),
    refused INTEGER NOT NULL CHECK (refused >= 0),
    violation_count INTEGER NOT NULL CHECK (violation_count >= 0),
    violations TEXT CHECK (json_type(violations) = 'array' AND json_array_length(violations) BETWEEN 0 AND 200),
    finished_at TEXT CHECK (length(finished_at) = 24),
    reason TEXT CHECK (length(reason) BETWEEN 1 AND 2000),
    CHECK ((status = 'running') = (finished_at IS NULL)),
    CHECK ((status = 'failed') = (reason IS NOT NULL)),
    CHECK (status <> 'refused' OR created = 0)
) STRICT;

CREATE INDEX import_created_by ON import (created_by, id);
CREATE INDEX import_created_at ON import (created_at, id);
CREATE INDEX import_updated_at ON import (updated_at, id);
CREATE INDEX import_running ON import (id) WHERE status = 'running';

CREATE TRIGGER import_kept BEFORE DELETE ON import
BEGIN SELECT raise(ABORT, 'import: records are never deleted'); END;
CREATE TRIGGER import_not_replaced BEFORE INSERT ON import WHEN EXISTS (SELECT 1 FROM import WHERE id = NEW.id)
BEGIN SELECT raise(FAIL, 'import: the record exists'); END;
CREATE TRIGGER import_versioned BEFORE UPDATE ON import
WHEN NEW.version <> OLD.version + 1 OR NEW.id <> OLD.id OR NEW.created_at <> OLD.created_at OR NEW.created_by IS NOT
    OLD.created_by OR NEW.size <> OLD.size OR NEW.sha256 <> OLD.sha256 OR NEW.resource IS NOT OLD.resource OR
    NEW.partial <> OLD.partial OR NEW.name IS NOT OLD.name
BEGIN SELECT raise(ABORT, 'import: a change raises the version by one and keeps what identifies it'); END;
CREATE TRIGGER import_over BEFORE UPDATE ON import WHEN OLD.status <> 'running'
BEGIN SELECT raise(ABORT, 'import: over'); END;
