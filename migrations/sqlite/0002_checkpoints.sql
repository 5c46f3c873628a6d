-- The head of the audit log, signed from time to time.

-- Which log this is, among those of other data folders: made with its first checkpoint, and copied with every backup.
CREATE TABLE instance (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL CHECK (length(id) = 36)
) STRICT;

CREATE TABLE checkpoint (
    seq INTEGER PRIMARY KEY REFERENCES audit_log (seq) DEFERRABLE INITIALLY DEFERRED,
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    at TEXT NOT NULL CHECK (length(at) = 24),
    key_id TEXT NOT NULL CHECK (length(key_id) = 16),
    text TEXT NOT NULL CHECK (text GLOB 'reviewd-checkpoint-1*'),
    signature TEXT NOT NULL CHECK (signature GLOB 'untrusted comment: *')
) STRICT;

CREATE TRIGGER instance_kept BEFORE DELETE ON instance
BEGIN SELECT raise(ABORT, 'instance: records are never deleted'); END;
CREATE TRIGGER instance_not_replaced BEFORE INSERT ON instance WHEN EXISTS (SELECT 1 FROM instance)
BEGIN SELECT raise(FAIL, 'instance: append-only'); END;
CREATE TRIGGER instance_appended BEFORE UPDATE ON instance
BEGIN SELECT raise(ABORT, 'instance: append-only'); END;

CREATE TRIGGER checkpoint_kept BEFORE DELETE ON checkpoint
BEGIN SELECT raise(ABORT, 'checkpoint: records are never deleted'); END;
CREATE TRIGGER checkpoint_not_replaced BEFORE INSERT ON checkpoint WHEN EXISTS (SELECT 1 FROM checkpoint WHERE seq >=
    NEW.seq)
BEGIN SELECT raise(FAIL, 'checkpoint: append-only'); END;
CREATE TRIGGER checkpoint_appended BEFORE UPDATE ON checkpoint
BEGIN SELECT raise(ABORT, 'checkpoint: append-only'); END;
