-- Of retries that were claimed, those that nobody waits for any more: they are not sent, their entries go, and their
-- letters close and say why. The platform's rows are read and not locked: whoever is about to complete one has not
-- done it yet, and a message that is on its way would meet the same.
WITH input AS MATERIALIZED (
  SELECT *
  FROM unnest($1::bigint[], $2::bytea[], $3::uuid[], $4::{{id_param}}[])
    AS input (id, execution_id, replay_id, execution)
),
{{judged_retry}},
unwanted AS MATERIALIZED (
  SELECT judged_retry.id, judged_retry.why FROM judged_retry WHERE judged_retry.why IS NOT NULL
), entry AS MATERIALIZED (
  -- One that somebody else has claimed since, for we were too slow, is left to him.
  SELECT outbox.id, outbox.letter_id, unwanted.why
  FROM {{schema}}.outbox
  JOIN unwanted ON unwanted.id = outbox.id
  ORDER BY outbox.id
  FOR UPDATE OF outbox SKIP LOCKED
), gone AS (
  DELETE FROM {{schema}}.outbox WHERE outbox.id IN (SELECT entry.id FROM entry)
), waiting AS MATERIALIZED (
  SELECT letter.id, entry.why
  FROM {{schema}}.letter
  JOIN entry ON entry.letter_id = letter.id
  WHERE letter.state = 'waiting' AND letter.outcome = 'retried'
  ORDER BY letter.id
  FOR NO KEY UPDATE OF letter
), closed AS (
  UPDATE {{schema}}.letter
  SET state = 'closed', closed_at = $6::timestamptz
  FROM waiting
  WHERE letter.id = waiting.id
  RETURNING letter.id, waiting.why
), step AS (
  INSERT INTO {{schema}}.letter_step (letter_id, at, what, detail)
  SELECT closed.id, $6::timestamptz, 'closed', closed.why FROM closed
), counted AS (
  INSERT INTO {{schema}}.letter_count (state, letters)
  SELECT change.state, sum(change.letters)
  FROM closed CROSS JOIN (VALUES ('closed', 1), ('waiting', -1)) AS change (state, letters)
  GROUP BY change.state
)
SELECT unwanted.id FROM unwanted
