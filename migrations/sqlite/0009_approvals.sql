-- What a review's approval says in the audit log itself: the digests of the minutes that were kept then. Entries from
-- before have them through the hash of the record alone.
ALTER TABLE audit_log ADD COLUMN minutes_sha256 TEXT
    CHECK (minutes_sha256 IS NULL OR (json_type(minutes_sha256) = 'object' AND resource = 'review'));
