-- Entries that are due, oldest first. A lease moves due_at. Of the events of one execution only the oldest pending one,
-- so that they leave in the order they were recorded; nothing else has an order to keep, and nothing else may wait:
-- an event behind a retry that is days away, or that nobody takes, would not be heard (P6). A retry or a submission is
-- work for a worker, who does not listen to events. Of two retries of an execution only the newer is still waited for
-- (outbox_withdraw.sql); a submission was recorded with its execution, and what comes after it was told by its own
-- message, which is out already and merely lacks its mark.
WITH due AS MATERIALIZED (
  SELECT outbox.id, outbox.due_at, outbox.letter_id, octet_length(outbox.body) AS own_bytes
  FROM {{schema}}.outbox
  WHERE outbox.due_at <= $1::timestamptz
    AND NOT EXISTS (
      SELECT FROM {{schema}}.outbox AS older
      WHERE {{schema}}.execution_key(older.execution_id) = {{schema}}.execution_key(outbox.execution_id)
        AND older.execution_id = outbox.execution_id AND older.id < outbox.id
        AND older.kind = 'event' AND outbox.kind = 'event')
  ORDER BY outbox.due_at, outbox.id
  LIMIT $2::bigint
  FOR NO KEY UPDATE SKIP LOCKED
), sized AS (
  -- Asked only where it is needed, and by key: as a join, the letters might be read whole for each claim.
  SELECT due.*,
    coalesce(due.own_bytes, (SELECT letter.size_bytes FROM {{schema}}.letter WHERE letter.id = due.letter_id), 0)
      AS bytes
  FROM due
), summed AS (
  SELECT sized.id, sized.due_at, sum(sized.bytes) OVER (ORDER BY sized.due_at, sized.id) - sized.bytes AS bytes_before,
    row_number() OVER (ORDER BY sized.due_at, sized.id) AS place
  FROM sized
), claimed AS (
  UPDATE {{schema}}.outbox
  SET due_at = $4::timestamptz, attempts = outbox.attempts + 1
  FROM summed
  WHERE outbox.id = summed.id AND (summed.place = 1 OR summed.bytes_before < $3::bigint)
  RETURNING outbox.*, summed.place
)
SELECT claimed.id, claimed.kind, claimed.exchange, claimed.routing_key, claimed.message_id, claimed.properties,
  claimed.headers,
  coalesce(claimed.body, (SELECT letter.body FROM {{schema}}.letter WHERE letter.id = claimed.letter_id)),
  (claimed.attempts - 1)::bigint, claimed.execution_id
FROM claimed
ORDER BY claimed.place
