-- As settle_lock.sql, for letters that are in the ledger: their own rows first, then their executions.
WITH input AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::{{id_param}}[]) WITH ORDINALITY AS input (id, execution, position)
), held AS MATERIALIZED (
  -- As the rows are once they are locked.
  SELECT letter.id, letter.outcome = 'deferred' OR letter.state = 'open' AS is_fresh
  FROM {{schema}}.letter
  WHERE letter.id IN (SELECT input.id FROM input) AND letter.try_again_at IS NOT NULL
  ORDER BY letter.id
  FOR NO KEY UPDATE
), known AS MATERIALIZED (
  SELECT input.execution, input.position, input.id IN (SELECT held.id FROM held WHERE held.is_fresh) AS is_fresh
  FROM input
), locked AS MATERIALIZED (
  SELECT e.{{id}} AS execution
  FROM {{table}} AS e
  WHERE e.{{id}} IN (SELECT known.execution FROM known WHERE known.is_fresh AND known.execution IS NOT NULL)
  ORDER BY e.{{id}}
  FOR NO KEY UPDATE {{skip_locked}}
), found AS (
  SELECT known.position, known.is_fresh,
    coalesce(known.execution IN (SELECT locked.execution FROM locked), false) AS is_locked
  FROM known
)
SELECT
  -- If we hang before the rest comes, nobody is to wait for these rows for as long as for a statement.
  set_config('idle_in_transaction_session_timeout', '5s', true),
  set_config('deadletter.fresh', coalesce(array_agg(found.is_fresh ORDER BY found.position), '{}')::text, true),
  set_config('deadletter.locked', coalesce(array_agg(found.is_locked ORDER BY found.position), '{}')::text, true)
FROM found
