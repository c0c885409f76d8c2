-- Judges the batch by its executions' rows, and moves them. What it answers is recorded by the statements after it, in
-- the same transaction. The statement before this one has locked the rows, so that what this one's snapshot shows of
-- them, and of the retries that they wait for, is how they are. A row that it passed over is held by somebody else, and
-- stays so for us: if it were locked only now, what its holder has written since this snapshot (a retry's note leaves
-- the row itself as it was) would not be seen.
WITH input AS MATERIALIZED (
  SELECT *
  FROM unnest($1::{{id_param}}[], $2::bytea[], $3::timestamptz[], $4::timestamptz[], $5::uuid[], $6::boolean[],
              current_setting('deadletter.fresh')::boolean[], current_setting('deadletter.locked')::boolean[])
    WITH ORDINALITY
    AS input (execution, execution_id, attempt_from, attempt_until, replay_id, has_retry, is_fresh, is_locked, position)
), material AS (
  SELECT * FROM unnest($7::text[], $8::text[]) WITH ORDINALITY AS material (result, error, position)
), terms AS (
  SELECT $9::text[] AS failable, $10::text AS failed, $11::text[] AS final
), seen AS MATERIALIZED (
  SELECT e.{{id}} AS execution, e.{{status}}::text AS status, {{updated}} AS updated
  FROM {{table}} AS e
  WHERE e.{{id}} IN (SELECT input.execution FROM input WHERE input.is_fresh)
), doubled AS (
  SELECT FROM seen GROUP BY seen.execution HAVING count(*) > 1 LIMIT 1
), standing AS MATERIALIZED (
  SELECT seen.execution, seen.status, seen.updated
  FROM seen
  -- An id of two rows names neither of them: this subquery then has two rows and the whole statement fails (21000).
  WHERE (SELECT 1 FROM doubled CROSS JOIN (VALUES (1), (2)) AS two (row)) IS NULL
), owner AS MATERIALIZED (
  SELECT input.position, replay_owner.replay_id, replay_owner.row_updated
  FROM input
  JOIN {{schema}}.replay_owner
    ON replay_owner.execution_key = {{schema}}.execution_key(input.execution_id)
    AND replay_owner.execution_id = input.execution_id
  WHERE input.is_fresh AND input.execution IS NOT NULL
), alone AS (
  -- As if the batch had no other letter of the same execution.
  SELECT input.position, input.is_fresh, input.execution, input.attempt_from, input.attempt_until, standing.status,
    standing.updated AS row_updated,
    CASE
      WHEN NOT input.is_fresh THEN NULL
      WHEN standing.execution IS NULL THEN 'not_found'
      WHEN NOT input.is_locked THEN 'deferred'
      WHEN NOT coalesce(standing.status = ANY (terms.failable), false) THEN 'not_failable'
      WHEN input.attempt_from IS NOT NULL AND NOT coalesce({{is_of_attempt}}, false) THEN 'stale_attempt'
      -- Replayed or retried since, this is not that message's letter, and it is of no later attempt either.
      WHEN owner.replay_id IS NOT NULL AND owner.replay_id IS DISTINCT FROM input.replay_id
        AND NOT coalesce(input.attempt_from > owner.row_updated, false) THEN 'stale_attempt'
      WHEN input.has_retry THEN 'retried'
      ELSE 'failed'
    END AS outcome
  FROM input
  CROSS JOIN terms
  LEFT JOIN standing ON standing.execution = input.execution
  LEFT JOIN owner ON owner.position = input.position
), firsts AS (
  -- Of each execution the first letter that may fail it, and the first that may send it again.
  SELECT alone.*,
    min(alone.position) FILTER (WHERE alone.outcome = 'failed') OVER same AS failer,
    min(alone.position) FILTER (WHERE alone.outcome = 'retried') OVER same AS retrier
  FROM alone
  WINDOW same AS (PARTITION BY alone.execution)
), together AS MATERIALIZED (
  -- The earlier of the two it is.
  SELECT firsts.*,
    CASE WHEN firsts.failer < coalesce(firsts.retrier, firsts.failer + 1) THEN firsts.failer END AS mover,
    least(firsts.failer, firsts.retrier) AS taker
  FROM firsts
), moved AS (
  UPDATE {{table}} AS e
  SET {{assignments}}
  FROM together
  JOIN material ON material.position = together.position
  CROSS JOIN terms
  WHERE e.{{id}} = together.execution
    AND together.position = together.mover
    AND e.{{status}}::text = ANY (terms.failable)
    AND (together.attempt_from IS NULL OR {{is_still_of_attempt}})
  RETURNING together.position, e.{{status}}::text AS status, {{action_id}} AS action_id, {{action_ref}} AS action_ref
), judged AS (
  -- What the UPDATE did, told to the letters that it was for and to those that come after them.
  SELECT together.position, together.is_fresh, together.status, together.row_updated,
    moved.position IS NOT NULL AND together.position >= together.mover AS is_failed_now,
    CASE
      WHEN NOT together.is_fresh THEN NULL
      WHEN together.taker IS NULL OR together.position < together.taker THEN together.outcome
      WHEN together.position = together.taker AND together.mover IS NULL THEN 'retried'
      WHEN together.position = together.taker AND moved.position IS NOT NULL THEN 'failed'
      WHEN moved.position IS NOT NULL THEN 'not_failable'
      WHEN together.outcome NOT IN ('failed', 'retried') THEN together.outcome
      -- No message of the retry that was just recorded can have died yet.
      WHEN together.mover IS NULL THEN 'stale_attempt'
      ELSE 'refused'
    END AS outcome,
    CASE WHEN moved.position = together.position THEN to_json(moved.action_id)::text END AS action_id,
    CASE WHEN moved.position = together.position THEN to_json(moved.action_ref)::text END AS action_ref
  FROM together
  CROSS JOIN terms
  LEFT JOIN moved ON moved.position = together.mover AND moved.status = terms.failed
)
SELECT judged.is_fresh, judged.outcome,
  coalesce(CASE WHEN judged.is_failed_now THEN terms.failed ELSE judged.status END = ANY (terms.final), false) AS is_final,
  judged.row_updated, judged.action_id, judged.action_ref
FROM judged
CROSS JOIN terms
ORDER BY judged.position
