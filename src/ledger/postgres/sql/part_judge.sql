-- What each letter meets. The statement before this one has locked the rows, so that what this one's snapshot shows
-- of them, and of the retries that they wait for, is how they are. A row that it passed over is held by somebody else,
-- and stays so for us: if it were locked only now, what its holder has written since this snapshot (a retry's note
-- leaves the row itself as it was) would not be seen.
locked AS MATERIALIZED (
  SELECT locked.position FROM unnest(current_setting('deadletter.locked')::bigint[]) AS locked (position)
), seen AS MATERIALIZED (
  SELECT e.{{id}} AS execution, e.{{status}}::text AS status, {{updated}} AS updated
  FROM {{table}} AS e
  WHERE e.{{id}} IN (SELECT fresh.execution FROM fresh WHERE fresh.fixed_outcome IS NULL)
), doubled AS (
  SELECT FROM seen GROUP BY seen.execution HAVING count(*) > 1 LIMIT 1
), standing AS MATERIALIZED (
  SELECT seen.execution, seen.status, seen.updated
  FROM seen
  -- An id of two rows names neither of them: this subquery then has two rows and the whole statement fails (21000).
  WHERE (SELECT 1 FROM doubled CROSS JOIN (VALUES (1), (2)) AS two (row)) IS NULL
), owner AS MATERIALIZED (
  SELECT replay_owner.execution_id, replay_owner.replay_id, replay_owner.row_updated
  FROM {{schema}}.replay_owner
  WHERE replay_owner.execution_key IN (
    SELECT {{schema}}.execution_key(fresh.execution_id) FROM fresh WHERE fresh.fixed_outcome IS NULL)
), alone AS (
  -- As if the batch had no other letter of the same execution.
  SELECT fresh.*, standing.status, standing.updated AS row_updated,
    CASE
      WHEN fresh.fixed_outcome IS NOT NULL THEN fresh.fixed_outcome
      WHEN standing.execution IS NULL THEN 'not_found'
      WHEN locked.position IS NULL THEN 'deferred'
      WHEN NOT coalesce(standing.status = ANY (terms.failable), false) THEN 'not_failable'
      WHEN fresh.attempt_from IS NOT NULL AND NOT coalesce({{is_of_attempt}}, false) THEN 'stale_attempt'
      -- Replayed or retried since, this is not that message's letter, and it is of no later attempt either.
      WHEN owner.replay_id IS NOT NULL AND owner.replay_id IS DISTINCT FROM fresh.replay_id
        AND NOT coalesce(fresh.attempt_from > owner.row_updated, false) THEN 'stale_attempt'
      WHEN fresh.retry_replay_id IS NOT NULL THEN 'retried'
      ELSE 'failed'
    END AS outcome
  FROM fresh
  CROSS JOIN terms
  LEFT JOIN standing ON standing.execution = fresh.execution AND fresh.fixed_outcome IS NULL
  LEFT JOIN locked ON locked.position = fresh.position
  LEFT JOIN owner ON owner.execution_id = fresh.execution_id
), firsts AS (
  -- Of each execution the first letter that may fail it, and the first that may send it again.
  SELECT alone.*,
    min(alone.position) FILTER (WHERE alone.outcome = 'failed' AND alone.fixed_outcome IS NULL)
      OVER (PARTITION BY alone.execution_id) AS failer,
    min(alone.position) FILTER (WHERE alone.outcome = 'retried' AND alone.fixed_outcome IS NULL)
      OVER (PARTITION BY alone.execution_id) AS retrier
  FROM alone
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
  RETURNING together.position, together.id, together.execution_id, e.{{status}}::text AS status,
    {{action_id}} AS action_id, {{action_ref}} AS action_ref, material.event_id, material.event_before,
    material.event_after, material.event_exchange, material.event_routing_key
), judged AS (
  -- What the UPDATE did, told to the letters that it was for and to those that come after them.
  SELECT together.*, moved.position IS NOT NULL AS is_moved,
    CASE
      WHEN together.fixed_outcome IS NOT NULL THEN together.fixed_outcome
      WHEN together.taker IS NULL OR together.position < together.taker THEN together.outcome
      WHEN together.position = together.taker AND together.mover IS NULL THEN 'retried'
      WHEN together.position = together.taker AND moved.position IS NOT NULL THEN 'failed'
      WHEN moved.position IS NOT NULL THEN 'not_failable'
      WHEN together.outcome NOT IN ('failed', 'retried') THEN together.outcome
      -- No message of the retry that was just recorded can have died yet.
      WHEN together.mover IS NULL THEN 'stale_attempt'
      ELSE 'refused'
    END AS settled_outcome
  FROM together
  CROSS JOIN terms
  LEFT JOIN moved ON moved.position = together.mover AND moved.status = terms.failed
), settled AS MATERIALIZED (
  SELECT judged.position, judged.id, judged.execution_id, judged.row_updated, judged.settled_outcome AS outcome,
    CASE
      WHEN judged.fixed_outcome IS NOT NULL OR judged.settled_outcome = 'retried' THEN judged.fixed_detail
      WHEN judged.settled_outcome = 'refused' THEN 'update_suppressed'
      ELSE ''
    END AS detail,
    CASE
      WHEN coalesce(
        CASE WHEN judged.is_moved AND judged.position >= judged.mover THEN terms.failed ELSE judged.status END
          = ANY (terms.final), false) THEN state_after.if_final
      ELSE state_after.if_not_final
    END AS state
  FROM judged
  CROSS JOIN terms
  JOIN state_after ON state_after.outcome = judged.settled_outcome
), event AS (
  -- From the UPDATE alone: nobody can guess how many rows it gives, and a join with it may be done row by row.
  INSERT INTO {{schema}}.outbox (
    kind, letter_id, execution_id, exchange, routing_key, message_id, body, wanted_at, due_at)
  SELECT 'event', moved.id, moved.execution_id, moved.event_exchange, moved.event_routing_key, moved.event_id,
    moved.event_before
      || convert_to('"action_id":' || coalesce(to_json(moved.action_id)::text, '0')
                    || ',"action_ref":' || coalesce(to_json(moved.action_ref)::text, 'null'), 'UTF8')
      || moved.event_after,
    terms.settled_at, terms.settled_at
  FROM moved
  CROSS JOIN terms
  WHERE moved.status = terms.failed AND moved.event_id IS NOT NULL
  ORDER BY moved.position
)
