-- The minutes of approved revisions, as they were made at approval (9.3.3): never made again, so that they never change
-- by a byte.

-- The SHA-256 of each form, in the record that the approval's audit entry hashes.
ALTER TABLE review ADD COLUMN minutes_sha256 TEXT CHECK (minutes_sha256 IS NULL OR (json_type(minutes_sha256) = 'object'
    AND status = 'approved'));

CREATE TABLE minutes (
    review_id TEXT NOT NULL REFERENCES review (id) DEFERRABLE INITIALLY DEFERRED,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    -- The extract leaves out what belongs to other reviews; it is there where there is such.
    extract INTEGER NOT NULL CHECK (extract = 0 OR extract = 1),
    form TEXT NOT NULL CHECK (form = 'html' OR form = 'json' OR form = 'markdown' OR form = 'pdf'),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    body BLOB NOT NULL CHECK (length(body) > 0),
    PRIMARY KEY (review_id, revision, extract, form)
) STRICT;

-- The records of other reviews that they show something of: who may not see all of them is given the extract.
CREATE TABLE minutes_outsider (
    review_id TEXT NOT NULL REFERENCES review (id) DEFERRABLE INITIALLY DEFERRED,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    resource TEXT NOT NULL CHECK (resource = 'review' OR resource = 'action_item'),
    record_id TEXT NOT NULL CHECK (length(record_id) = 36),
    PRIMARY KEY (review_id, revision, record_id)
) STRICT;

CREATE TRIGGER minutes_kept BEFORE DELETE ON minutes
BEGIN SELECT raise(ABORT, 'minutes: records are never deleted'); END;
CREATE TRIGGER minutes_appended BEFORE UPDATE ON minutes
BEGIN SELECT raise(ABORT, 'minutes: append-only'); END;
CREATE TRIGGER minutes_not_replaced BEFORE INSERT ON minutes WHEN EXISTS (SELECT 1 FROM minutes WHERE review_id =
    NEW.review_id AND revision = NEW.revision AND extract = NEW.extract AND form = NEW.form)
BEGIN SELECT raise(FAIL, 'minutes: append-only'); END;

CREATE TRIGGER minutes_outsider_kept BEFORE DELETE ON minutes_outsider
BEGIN SELECT raise(ABORT, 'minutes_outsider: records are never deleted'); END;
CREATE TRIGGER minutes_outsider_appended BEFORE UPDATE ON minutes_outsider
BEGIN SELECT raise(ABORT, 'minutes_outsider: append-only'); END;
CREATE TRIGGER minutes_outsider_not_replaced BEFORE INSERT ON minutes_outsider WHEN EXISTS (SELECT 1 FROM
    minutes_outsider WHERE review_id = NEW.review_id AND revision = NEW.revision AND record_id = NEW.record_id)
BEGIN SELECT raise(FAIL, 'minutes_outsider: append-only'); END;
