-- What waits for a moment that no wait of ours reaches: the clock was set back since. Only a retry that was never
-- tried has a time of its own.
UPDATE {{schema}}.outbox
SET due_at = $1::timestamptz
WHERE outbox.id IN (
  SELECT stranded.id
  FROM {{schema}}.outbox AS stranded
  WHERE stranded.due_at > $1::timestamptz AND (stranded.kind <> 'retry' OR stranded.attempts > 0)
    AND (stranded.attempts = 0 OR stranded.due_at > $2::timestamptz)
  FOR NO KEY UPDATE SKIP LOCKED)
