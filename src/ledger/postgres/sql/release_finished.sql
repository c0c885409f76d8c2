-- Those that are final or gone wait no longer, unless they were sent again meanwhile.
WITH input AS MATERIALIZED (
  SELECT * FROM unnest($1::bytea[], $2::uuid[], $3::{{id_param}}[]) AS input (execution_key, replay_id, execution)
)
DELETE FROM {{schema}}.replay_owner
USING input
WHERE replay_owner.execution_key = input.execution_key AND replay_owner.replay_id = input.replay_id
  AND input.execution IS NOT NULL
  AND NOT EXISTS (
    SELECT FROM {{table}} AS e
    WHERE e.{{id}} = input.execution AND NOT coalesce(e.{{status}}::text = ANY ($4::text[]), false))
