-- settle_again_lock.sql where the platform's table is not even read. There is nothing to judge, so that this one tells
-- itself which letters are still waiting.
WITH input AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS input (id, execution, position)
), held AS MATERIALIZED (
  SELECT letter.id, letter.outcome = 'deferred' OR letter.state = 'open' AS is_fresh
  FROM {{schema}}.letter
  WHERE letter.id IN (SELECT input.id FROM input) AND letter.try_again_at IS NOT NULL
  ORDER BY letter.id
  FOR NO KEY UPDATE
)
SELECT input.id IN (SELECT held.id FROM held WHERE held.is_fresh) AS is_fresh
FROM input
ORDER BY input.position
