-- Feed tokens: each opens the calendar of one person, and nothing else. They are no bearer tokens, so that no query that
-- looks for one can find the other.

CREATE TABLE calendar_token (
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
    expires_at TEXT CHECK (length(expires_at) = 24),
    status TEXT NOT NULL CHECK (status = 'active' OR status = 'revoked'),
    revoked_at TEXT CHECK (length(revoked_at) = 24),
    CHECK ((status = 'revoked') = (revoked_at IS NOT NULL))
) STRICT;

-- Apart from the record, which is hashed into the audit chain: the secret's hash, and when it was last used.
CREATE TABLE calendar_secret (
    calendar_token_id TEXT NOT NULL PRIMARY KEY REFERENCES calendar_token (id) DEFERRABLE INITIALLY DEFERRED,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    last_used_at TEXT CHECK (length(last_used_at) = 24)
) STRICT;

CREATE INDEX calendar_token_person_id ON calendar_token (person_id, id);
CREATE INDEX calendar_token_created_at ON calendar_token (created_at, id);
CREATE INDEX calendar_token_updated_at ON calendar_token (updated_at, id);

CREATE TRIGGER calendar_token_kept BEFORE DELETE ON calendar_token
BEGIN SELECT raise(ABORT, 'calendar_token: records are never deleted'); END;
CREATE TRIGGER calendar_token_not_replaced BEFORE INSERT ON calendar_token
WHEN EXISTS (SELECT 1 FROM calendar_token WHERE id = NEW.id)
BEGIN SELECT raise(FAIL, 'calendar_token: the record exists'); END;
CREATE TRIGGER calendar_token_versioned BEFORE UPDATE ON calendar_token
WHEN NEW.version <> OLD.version + 1 OR NEW.id <> OLD.id OR NEW.created_at <> OLD.created_at OR NEW.created_by IS NOT
    OLD.created_by
BEGIN SELECT raise(ABORT, 'calendar_token: a change raises the version by one and keeps what identifies it'); END;
CREATE TRIGGER calendar_token_bound BEFORE UPDATE ON calendar_token
WHEN NEW.person_id <> OLD.person_id OR NEW.role IS NOT OLD.role OR NEW.expires_at IS NOT OLD.expires_at
BEGIN SELECT raise(ABORT, 'calendar_token: its person, role and expiry stay'); END;
CREATE TRIGGER calendar_token_revoked BEFORE UPDATE ON calendar_token WHEN OLD.status = 'revoked'
BEGIN SELECT raise(ABORT, 'calendar_token: revoked'); END;

CREATE TRIGGER calendar_secret_kept BEFORE DELETE ON calendar_secret
BEGIN SELECT raise(ABORT, 'calendar_secret: never deleted'); END;
CREATE TRIGGER calendar_secret_not_replaced BEFORE INSERT ON calendar_secret
WHEN EXISTS (SELECT 1 FROM calendar_secret WHERE calendar_token_id = NEW.calendar_token_id OR hash = NEW.hash)
BEGIN SELECT raise(FAIL, 'calendar_secret: the token has one'); END;
CREATE TRIGGER calendar_secret_stays BEFORE UPDATE ON calendar_secret
WHEN NEW.calendar_token_id <> OLD.calendar_token_id OR NEW.hash <> OLD.hash
BEGIN SELECT raise(ABORT, 'calendar_secret: the hash of a token stays'); END;
