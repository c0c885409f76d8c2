INSERT INTO deadletter_submission (who, key, fingerprint, execution_ids, at) VALUES (?1, ?2, ?3, ?4, ?5)
-- Only where its time is over, and nobody has struck it out yet.
ON CONFLICT (who, key) DO UPDATE
SET fingerprint = excluded.fingerprint, execution_ids = excluded.execution_ids, at = excluded.at
