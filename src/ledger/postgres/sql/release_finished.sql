-- Those that are final or gone wait no longer, unless they were sent again meanwhile. Locked in the order in which
-- settle takes them, and what another instance has in hand is passed over: it comes round again.
WITH input AS MATERIALIZED (
  SELECT * FROM unnest($1::bytea[], $2::uuid[], $3::{{id_param}}[]) AS input (execution_key, replay_id, execution)
), finished AS MATERIALIZED (
  SELECT replay_owner.execution_key, replay_owner.replay_id
  FROM {{schema}}.replay_owner
  JOIN input ON input.execution_key = replay_owner.execution_key AND input.replay_id = replay_owner.replay_id
  WHERE input.execution IS NOT NULL
    AND NOT EXISTS (
      SELECT FROM {{table}} AS e
      WHERE e.{{id}} = input.execution AND NOT coalesce(e.{{status}}::text = ANY ($4::text[]), false))
  ORDER BY replay_owner.execution_key
  FOR UPDATE OF replay_owner SKIP LOCKED
)
DELETE FROM {{schema}}.replay_owner
USING finished
WHERE replay_owner.execution_key = finished.execution_key AND replay_owner.replay_id = finished.replay_id
