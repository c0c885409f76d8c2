-- As settle_lock.sql, for letters that are in the ledger: their own rows first, then their executions.
WITH input AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::{{id_param}}[]) WITH ORDINALITY AS input (id, execution, position)
), waiting AS MATERIALIZED (
  SELECT letter.id
  FROM {{schema}}.letter
  WHERE letter.id IN (SELECT input.id FROM input) AND letter.try_again_at IS NOT NULL
  ORDER BY letter.id
  FOR NO KEY UPDATE
), locked AS (
  SELECT e.{{id}} AS execution
  FROM {{table}} AS e
  WHERE e.{{id}} IN (
    SELECT input.execution FROM input
    WHERE input.execution IS NOT NULL AND input.id IN (SELECT waiting.id FROM waiting))
  ORDER BY e.{{id}}
  FOR NO KEY UPDATE {{skip_locked}}
)
SELECT set_config('deadletter.locked', coalesce(array_agg(input.position), '{}')::text, true)
FROM input
JOIN locked ON locked.execution = input.execution
