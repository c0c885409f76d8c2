-- The settle script, for pgbench: one transaction settles the next batch of letters with every duty that the decision
-- table (docs/concepts.md) asks for. It is what the database alone can do, and the product is measured against it. Written before any
-- tuning of the product began, and frozen.
-- Variable: batch_letters.

SELECT nextval('reference.batch') * :batch_letters AS passed \gset

BEGIN ISOLATION LEVEL READ COMMITTED;

-- The tables are in memory: rows are fetched by their index, however small a table still is.
SET LOCAL random_page_cost = 1.1;

-- Once only: whoever comes with a key that is known is not new.
INSERT INTO reference.letter_key (key, letter_id)
SELECT key, id
FROM reference.incoming
WHERE position > :passed AND position <= :passed + :batch_letters
ORDER BY key
ON CONFLICT (key) DO NOTHING;

-- In one order for all, before anything is judged.
SELECT execution.id
FROM execution
WHERE execution.id IN (
  SELECT incoming.execution
  FROM reference.incoming
  WHERE incoming.position > :passed AND incoming.position <= :passed + :batch_letters
    AND (SELECT letter_key.letter_id = incoming.id FROM reference.letter_key WHERE letter_key.key = incoming.key))
ORDER BY execution.id
FOR NO KEY UPDATE;

WITH fresh AS MATERIALIZED (
  -- Of two letters of one execution the earlier moves it.
  SELECT incoming.*, row_number() OVER (PARTITION BY incoming.execution ORDER BY incoming.position) = 1 AS is_first
  FROM reference.incoming
  WHERE incoming.position > :passed AND incoming.position <= :passed + :batch_letters
    AND (SELECT letter_key.letter_id = incoming.id FROM reference.letter_key WHERE letter_key.key = incoming.key)
), found AS MATERIALIZED (
  SELECT execution.id, execution.status
  FROM execution
  WHERE execution.id IN (SELECT fresh.execution FROM fresh)
), moved AS (
  UPDATE execution
  SET status = 'failed', result = fresh.result::jsonb, updated = now()
  FROM fresh
  WHERE execution.id = fresh.execution AND fresh.is_first
    AND execution.status IN ('scheduled', 'running')
    AND (fresh.attempt_from IS NULL
         OR (execution.updated >= fresh.attempt_from AND execution.updated < fresh.attempt_until))
  RETURNING fresh.position, fresh.id, fresh.execution_id, fresh.event_exchange, fresh.event_routing_key, fresh.event_id,
    fresh.event_before, fresh.event_after, execution.action, execution.action_ref
), judged AS MATERIALIZED (
  SELECT fresh.*,
    CASE
      WHEN moved.position IS NOT NULL THEN 'failed'
      WHEN found.id IS NULL THEN 'not_found'
      WHEN found.status NOT IN ('scheduled', 'running') OR NOT fresh.is_first THEN 'not_failable'
      ELSE 'stale_attempt'
    END AS outcome,
    CASE
      WHEN moved.position IS NULL AND (NOT fresh.is_first
           OR found.status IN ('completed', 'failed', 'cancelled', 'timeout', 'abandoned')) THEN 'closed'
      ELSE 'open'
    END AS state
  FROM fresh
  LEFT JOIN found ON found.id = fresh.execution
  LEFT JOIN moved ON moved.position = fresh.position
), recorded AS (
  INSERT INTO reference.letter
  SELECT judged.id, judged.state, judged.outcome, '', judged.reason, judged.queue, judged.dead_letter_queue,
    judged.exchange, judged.routing_key, judged.deaths, judged.message_id, judged.correlation_id, judged.type,
    judged.action, judged.execution_id, judged.worker_id, judged.group_id, judged.died_at, judged.received_at, now(),
    CASE WHEN judged.state = 'closed' THEN now() END, judged.redelivered, octet_length(judged.body),
    judged.delivery_exchange, judged.routing_key, judged.properties, judged.headers, judged.body
  FROM judged
), event AS (
  INSERT INTO reference.outbox (letter_id, execution_id, exchange, routing_key, message_id, body, due_at)
  SELECT moved.id, moved.execution_id, moved.event_exchange, moved.event_routing_key, moved.event_id,
    moved.event_before
      || convert_to('"action_id":' || coalesce(moved.action, 0) || ',"action_ref":' || to_json(moved.action_ref), 'UTF8')
      || moved.event_after,
    now()
  FROM moved
  ORDER BY moved.position
)
SELECT judged.position, judged.outcome FROM judged ORDER BY judged.position;

COMMIT;
