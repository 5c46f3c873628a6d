-- Evidence files: the record of each, and its bytes.

-- The bytes, once for each content, however many records have them. Never changed, never deleted.
CREATE TABLE content (
    sha256 TEXT NOT NULL PRIMARY KEY CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    size INTEGER NOT NULL CHECK (size >= 1),
    created_at TEXT NOT NULL CHECK (length(created_at) = 24)
) STRICT, WITHOUT ROWID;

-- Every piece but the last has 32,768 bytes, so that an offset is found without looking for it.
CREATE TABLE content_chunk (
    sha256 TEXT NOT NULL REFERENCES content (sha256) DEFERRABLE INITIALLY DEFERRED,
    number INTEGER NOT NULL CHECK (number >= 0),
    data BLOB NOT NULL CHECK (length(data) BETWEEN 1 AND 32768),
    PRIMARY KEY (sha256, number)
) STRICT;

-- How much there is in all; the sum would have to read every row for each file that comes.
CREATE TABLE content_total (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    bytes INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;
INSERT INTO content_total (only, bytes) VALUES (1, 0);

CREATE TRIGGER content_counted AFTER INSERT ON content
BEGIN
    UPDATE content_total SET bytes = bytes + NEW.size;
END;

CREATE TRIGGER content_kept BEFORE DELETE ON content
BEGIN SELECT raise(ABORT, 'content: evidence is never deleted'); END;
CREATE TRIGGER content_stays BEFORE UPDATE ON content
BEGIN SELECT raise(ABORT, 'content: evidence is kept as it is'); END;
CREATE TRIGGER content_not_replaced BEFORE INSERT ON content WHEN EXISTS (SELECT 1 FROM content WHERE sha256 =
    NEW.sha256)
BEGIN SELECT raise(FAIL, 'content: it is there already'); END;

CREATE TRIGGER content_chunk_kept BEFORE DELETE ON content_chunk
BEGIN SELECT raise(ABORT, 'content_chunk: evidence is never deleted'); END;
CREATE TRIGGER content_chunk_stays BEFORE UPDATE ON content_chunk
BEGIN SELECT raise(ABORT, 'content_chunk: evidence is kept as it is'); END;
-- The next piece, of the length that it has to have: nothing is put in between, and nothing behind the end.
CREATE TRIGGER content_chunk_fits BEFORE INSERT ON content_chunk
WHEN NEW.number <> (SELECT coalesce(max(number) + 1, 0) FROM content_chunk WHERE sha256 = NEW.sha256) OR
    length(NEW.data) IS NOT (SELECT min(size - NEW.number * 32768, 32768) FROM content WHERE sha256 = NEW.sha256)
BEGIN SELECT raise(FAIL, 'content_chunk: it does not continue its content'); END;

CREATE TABLE attachment (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL CHECK (length(created_at) = 24),
    created_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    updated_at TEXT NOT NULL CHECK (length(updated_at) = 24),
    updated_by TEXT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    review_id TEXT NOT NULL REFERENCES review (id) DEFERRABLE INITIALLY DEFERRED,
    input_id TEXT REFERENCES input (id) DEFERRABLE INITIALLY DEFERRED,
    decision_id TEXT REFERENCES decision (id) DEFERRABLE INITIALLY DEFERRED,
    action_item_id TEXT REFERENCES action_item (id) DEFERRABLE INITIALLY DEFERRED,
    follow_up_id TEXT REFERENCES follow_up (id) DEFERRABLE INITIALLY DEFERRED,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 255 AND instr(name, '/') = 0 AND instr(name, char(92)) = 0),
    media_type TEXT NOT NULL CHECK (length(media_type) BETWEEN 3 AND 100),
    size INTEGER NOT NULL CHECK (size >= 1),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64) REFERENCES content (sha256) DEFERRABLE INITIALLY DEFERRED,
    description TEXT CHECK (length(description) BETWEEN 0 AND 2000),
    withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
    withdrawn_reason TEXT CHECK (length(withdrawn_reason) BETWEEN 1 AND 2000),
    CHECK (withdrawn = (withdrawn_reason IS NOT NULL)),
    CHECK ((input_id IS NOT NULL) + (decision_id IS NOT NULL) + (action_item_id IS NOT NULL) + (follow_up_id IS NOT
        NULL) <= 1)
) STRICT;

CREATE INDEX attachment_review_id ON attachment (review_id, id);
CREATE INDEX attachment_input_id ON attachment (input_id, id) WHERE input_id IS NOT NULL;
CREATE INDEX attachment_decision_id ON attachment (decision_id, id) WHERE decision_id IS NOT NULL;
CREATE INDEX attachment_action_item_id ON attachment (action_item_id, id) WHERE action_item_id IS NOT NULL;
CREATE INDEX attachment_follow_up_id ON attachment (follow_up_id, id) WHERE follow_up_id IS NOT NULL;
CREATE INDEX attachment_sha256 ON attachment (sha256);
CREATE INDEX attachment_name ON attachment (name, id);
CREATE INDEX attachment_size ON attachment (size, id);
CREATE INDEX attachment_created_at ON attachment (created_at, id);
CREATE INDEX attachment_updated_at ON attachment (updated_at, id);

CREATE TRIGGER attachment_kept BEFORE DELETE ON attachment
BEGIN SELECT raise(ABORT, 'attachment: records are never deleted'); END;
CREATE TRIGGER attachment_not_replaced BEFORE INSERT ON attachment WHEN EXISTS (SELECT 1 FROM attachment WHERE id =
    NEW.id)
BEGIN SELECT raise(FAIL, 'attachment: the record exists'); END;

-- All that ever changes of it is that it is withdrawn.
CREATE TRIGGER attachment_versioned BEFORE UPDATE ON attachment
WHEN NEW.version <> OLD.version + 1 OR NEW.id <> OLD.id OR NEW.created_at <> OLD.created_at OR NEW.created_by IS NOT
    OLD.created_by OR NEW.review_id <> OLD.review_id OR NEW.input_id IS NOT OLD.input_id OR NEW.decision_id IS NOT
    OLD.decision_id OR NEW.action_item_id IS NOT OLD.action_item_id OR NEW.follow_up_id IS NOT OLD.follow_up_id OR
    NEW.name <> OLD.name OR NEW.media_type <> OLD.media_type OR NEW.size <> OLD.size OR NEW.sha256 <> OLD.sha256 OR
    NEW.description IS NOT OLD.description
BEGIN SELECT raise(ABORT, 'attachment: a change raises the version by one and keeps what identifies it'); END;
CREATE TRIGGER attachment_withdrawn BEFORE UPDATE ON attachment WHEN OLD.withdrawn = 1
BEGIN SELECT raise(ABORT, 'attachment: withdrawn'); END;

-- The evidence of a concluded review, its inputs and decisions is frozen with it; that of action items and follow-ups
-- lives on as they do.
CREATE TRIGGER attachment_frozen_insert BEFORE INSERT ON attachment
WHEN NEW.action_item_id IS NULL AND NEW.follow_up_id IS NULL AND
    (SELECT status FROM review WHERE id = NEW.review_id) IN ('concluded', 'approved', 'cancelled')
BEGIN SELECT raise(FAIL, 'attachment: its review is frozen'); END;
CREATE TRIGGER attachment_frozen_update BEFORE UPDATE ON attachment
WHEN NEW.action_item_id IS NULL AND NEW.follow_up_id IS NULL AND
    (SELECT status FROM review WHERE id = NEW.review_id) IN ('concluded', 'approved', 'cancelled')
BEGIN SELECT raise(ABORT, 'attachment: its review is frozen'); END;

CREATE TRIGGER attachment_ended_insert BEFORE INSERT ON attachment
WHEN (SELECT withdrawn FROM input WHERE id = NEW.input_id) = 1 OR
    (SELECT status FROM decision WHERE id = NEW.decision_id) IN ('rejected', 'withdrawn', 'superseded') OR
    (SELECT status FROM action_item WHERE id = NEW.action_item_id) IN ('closed', 'cancelled')
BEGIN SELECT raise(FAIL, 'attachment: what it hangs from has ended'); END;
CREATE TRIGGER attachment_ended_update BEFORE UPDATE ON attachment
WHEN (SELECT withdrawn FROM input WHERE id = NEW.input_id) = 1 OR
    (SELECT status FROM decision WHERE id = NEW.decision_id) IN ('rejected', 'withdrawn', 'superseded') OR
    (SELECT status FROM action_item WHERE id = NEW.action_item_id) IN ('closed', 'cancelled')
BEGIN SELECT raise(ABORT, 'attachment: what it hangs from has ended'); END;

-- It is of the review of what it hangs from.
CREATE TRIGGER attachment_placed BEFORE INSERT ON attachment
WHEN (NEW.input_id IS NOT NULL AND NEW.review_id <> (SELECT review_id FROM input WHERE id = NEW.input_id)) OR
    (NEW.decision_id IS NOT NULL AND NEW.review_id <> (SELECT review_id FROM decision WHERE id =
        NEW.decision_id)) OR
    (NEW.action_item_id IS NOT NULL AND NEW.review_id <> (SELECT review_id FROM action_item WHERE id =
        NEW.action_item_id)) OR
    (NEW.follow_up_id IS NOT NULL AND NEW.review_id <> (SELECT i.review_id FROM follow_up AS f JOIN action_item AS
        i ON i.id = f.action_item_id WHERE f.id = NEW.follow_up_id))
BEGIN SELECT raise(FAIL, 'attachment: it is of another review than what it hangs from'); END;

CREATE VIRTUAL TABLE attachment_words USING fts5 (
    name, media_type, sha256, description, withdrawn_reason,
    content = 'attachment', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2',
    columnsize = 0
);
INSERT INTO attachment_words (attachment_words, rank) VALUES ('automerge', 16);

CREATE TRIGGER attachment_words_update AFTER UPDATE ON attachment
WHEN NEW.withdrawn_reason IS NOT OLD.withdrawn_reason
BEGIN
    INSERT INTO attachment_words (attachment_words, rowid, name, media_type, sha256, description, withdrawn_reason)
        VALUES ('delete', OLD.key, OLD.name, OLD.media_type, OLD.sha256, OLD.description, OLD.withdrawn_reason);
    INSERT INTO attachment_words (rowid, name, media_type, sha256, description, withdrawn_reason) VALUES (NEW.key,
        NEW.name, NEW.media_type, NEW.sha256, NEW.description, NEW.withdrawn_reason);
END;
