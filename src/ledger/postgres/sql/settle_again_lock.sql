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
)
{{rest}}
