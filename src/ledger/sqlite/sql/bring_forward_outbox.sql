-- What waits for a moment that no wait of ours reaches: the clock was set back since. Only a retry that was never
-- tried has a time of its own.
UPDATE deadletter_outbox
SET due_at = ?1
WHERE due_at > ?1 AND (kind <> 'retry' OR attempts > 0) AND (attempts = 0 OR due_at > ?2)
