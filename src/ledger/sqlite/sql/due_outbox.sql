SELECT
  entry.id, entry.kind, entry.exchange, entry.routing_key, entry.attempts, entry.properties, entry.headers,
  coalesce(entry.body, letter.body)
FROM deadletter_outbox AS entry
LEFT JOIN deadletter_letter AS letter ON entry.body IS NULL AND letter.id = entry.letter_id
WHERE entry.due_at <= ?1
  -- A retry whose letter is gone would be sent empty.
  AND (entry.body IS NOT NULL OR letter.id IS NOT NULL)
  -- Of one execution only the oldest pending entry, so that its events leave in the order they were recorded.
  AND NOT EXISTS (
    SELECT 1 FROM deadletter_outbox AS older
    WHERE older.execution_id = entry.execution_id AND older.id < entry.id)
ORDER BY entry.due_at, entry.id
LIMIT ?2
