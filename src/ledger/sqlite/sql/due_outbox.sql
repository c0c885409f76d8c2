SELECT
  entry.id, entry.kind, entry.exchange, entry.routing_key, entry.attempts, entry.properties, entry.headers,
  coalesce(entry.body, letter.body), entry.execution_id, entry.letter_id
FROM deadletter_outbox AS entry
LEFT JOIN deadletter_letter AS letter ON entry.body IS NULL AND letter.id = entry.letter_id
WHERE entry.due_at <= ?1
  -- A retry whose letter is gone would be sent empty.
  AND (entry.body IS NOT NULL OR letter.id IS NOT NULL)
  -- Of the events of one execution only the oldest pending one, so that they leave in the order they were recorded;
  -- nothing else has an order to keep, and nothing else may wait: an event behind a retry that is days away, or that
  -- nobody takes, would not be heard (P6). A retry or a submission is work for a worker, who does not listen to events.
  -- Of two retries of an execution only the newer is still waited for (waits_for_replay.sql); a submission was recorded
  -- with its execution, and what comes after it was told by its own message, which is out already and merely lacks its
  -- mark.
  AND NOT EXISTS (
    SELECT 1 FROM deadletter_outbox AS older
    WHERE entry.kind = 'event' AND older.kind = 'event'
      AND older.execution_id = entry.execution_id AND older.id < entry.id)
ORDER BY entry.due_at, entry.id
LIMIT ?2
