-- Personal data, apart from what the audit chain hashes, so that it can be erased without breaking the chain.

ALTER TABLE person ADD COLUMN erased_at TEXT CHECK (length(erased_at) = 24);
ALTER TABLE person ADD COLUMN legal_hold_at TEXT CHECK (length(legal_hold_at) = 24);
ALTER TABLE person ADD COLUMN privacy_reason TEXT CHECK (length(privacy_reason) BETWEEN 1 AND 2000);

-- A version's body holds commitments, SHA-256 of salt and value; here is what they stand for. Erasing takes the salt
-- away and puts the pseudonym into the value's place.
CREATE TABLE personal (
    key INTEGER PRIMARY KEY,
    commitment TEXT NOT NULL UNIQUE CHECK (length(commitment) = 64 AND commitment NOT GLOB '*[^0-9a-f]*'),
    person_id TEXT NOT NULL REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    record_id TEXT NOT NULL CHECK (length(record_id) = 36),
    member TEXT NOT NULL,
    salt TEXT CHECK (length(salt) = 32 AND salt NOT GLOB '*[^0-9a-f]*'),
    value TEXT NOT NULL
) STRICT;
CREATE INDEX personal_person_id ON personal (person_id, record_id, member);

CREATE TRIGGER personal_kept BEFORE DELETE ON personal
BEGIN SELECT raise(ABORT, 'personal: never deleted'); END;
CREATE TRIGGER personal_not_replaced BEFORE INSERT ON personal WHEN EXISTS (SELECT 1 FROM personal WHERE commitment =
    NEW.commitment)
BEGIN SELECT raise(FAIL, 'personal: the commitment exists'); END;
CREATE TRIGGER personal_erased BEFORE UPDATE ON personal
WHEN OLD.salt IS NULL OR NEW.salt IS NOT NULL OR NEW.key <> OLD.key OR NEW.commitment <> OLD.commitment OR NEW.person_id
    <> OLD.person_id OR NEW.record_id <> OLD.record_id OR NEW.member <> OLD.member OR
    (SELECT erased_at FROM person WHERE id = OLD.person_id) IS NULL
BEGIN SELECT raise(ABORT, 'personal: a value changes once, by erasing its person'); END;

CREATE TRIGGER person_erased BEFORE UPDATE ON person WHEN OLD.erased_at IS NOT NULL
BEGIN SELECT raise(ABORT, 'person: erased'); END;
CREATE TRIGGER person_held BEFORE UPDATE ON person WHEN NEW.erased_at IS NOT NULL AND OLD.legal_hold_at IS NOT NULL
BEGIN SELECT raise(ABORT, 'person: a legal hold is on it'); END;

-- The name of an erased person also goes from attendees who were withdrawn, and of reviews that were cancelled; nothing
-- else of them changes.
DROP TRIGGER attendee_frozen_update;
CREATE TRIGGER attendee_frozen_update BEFORE UPDATE ON attendee
WHEN (SELECT status FROM review WHERE id = NEW.review_id) IN ('concluded', 'approved') OR
    ((SELECT status FROM review WHERE id = NEW.review_id) = 'cancelled' AND (
    (SELECT erased_at FROM person WHERE id = OLD.person_id) IS NULL OR NEW.person_id <> OLD.person_id OR
    NEW.capacity <> OLD.capacity OR NEW.attendance <> OLD.attendance OR
    NEW.delegate_for_id IS NOT OLD.delegate_for_id OR NEW.job_title_at_review IS NOT OLD.job_title_at_review OR
    NEW.withdrawn <> OLD.withdrawn OR NEW.withdrawn_reason IS NOT OLD.withdrawn_reason))
BEGIN SELECT raise(ABORT, 'attendee: its review is frozen'); END;

DROP TRIGGER attendee_withdrawn;
CREATE TRIGGER attendee_withdrawn BEFORE UPDATE ON attendee
WHEN OLD.withdrawn = 1 AND (
    (SELECT erased_at FROM person WHERE id = OLD.person_id) IS NULL OR NEW.person_id <> OLD.person_id OR
    NEW.capacity <> OLD.capacity OR NEW.attendance <> OLD.attendance OR
    NEW.delegate_for_id IS NOT OLD.delegate_for_id OR NEW.job_title_at_review IS NOT OLD.job_title_at_review OR
    NEW.withdrawn <> OLD.withdrawn OR NEW.withdrawn_reason IS NOT OLD.withdrawn_reason)
BEGIN SELECT raise(ABORT, 'attendee: withdrawn'); END;
