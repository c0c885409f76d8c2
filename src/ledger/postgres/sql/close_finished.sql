-- Closes those whose execution is final: a failed one only where the platform went on to another final status.
WITH input AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::{{id_param}}[], $3::boolean[]) AS input (id, execution, is_failed)
), finished AS MATERIALIZED (
  SELECT input.id, e.{{status}}::text AS status
  FROM input
  JOIN {{table}} AS e ON e.{{id}} = input.execution
  WHERE e.{{status}}::text = ANY ($4::text[]) AND NOT (input.is_failed AND e.{{status}}::text = $5::text)
), open AS MATERIALIZED (
  SELECT letter.id, finished.status
  FROM {{schema}}.letter
  JOIN finished ON finished.id = letter.id
  WHERE letter.state = 'open'
  ORDER BY letter.id
  FOR NO KEY UPDATE OF letter SKIP LOCKED
), closed AS (
  UPDATE {{schema}}.letter
  SET state = 'closed', closed_at = $6::timestamptz
  FROM open
  WHERE letter.id = open.id
  RETURNING letter.id, open.status
), step AS (
  INSERT INTO {{schema}}.letter_step (letter_id, at, what, detail)
  SELECT closed.id, $6::timestamptz, 'closed', 'the execution is ' || closed.status FROM closed
), counted AS (
  INSERT INTO {{schema}}.letter_count (state, letters)
  SELECT change.state, sum(change.letters)
  FROM closed CROSS JOIN (VALUES ('closed', 1), ('open', -1)) AS change (state, letters)
  GROUP BY change.state
)
SELECT count(*) FROM closed
