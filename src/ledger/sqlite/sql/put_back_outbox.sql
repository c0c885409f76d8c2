-- The claim counted an attempt that was none.
UPDATE deadletter_outbox SET due_at = ?2, detail = ?3, attempts = attempts - 1 WHERE id = ?1
