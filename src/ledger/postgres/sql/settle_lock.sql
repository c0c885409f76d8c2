-- Takes the keys of the batch and the locks of its executions, each in one order for all, so that two settlements of
-- overlapping batches cannot deadlock. The statement after it sees what everybody committed before these locks, and
-- learns which letters' executions are locked from a setting that ends with the transaction.
-- NO KEY: an UPDATE that leaves the id alone takes no more, and rows that refer to the execution may go on being made.
WITH input AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::{{id_param}}[]) WITH ORDINALITY
    AS input (id, key, execution, position)
), new_key AS (
  INSERT INTO {{schema}}.letter_key (key, letter_id)
  SELECT DISTINCT ON (key) key, id FROM input WHERE key IS NOT NULL ORDER BY key, position
  ON CONFLICT (key) DO NOTHING
  RETURNING letter_id
), locked AS (
  SELECT e.{{id}} AS execution
  FROM {{table}} AS e
  WHERE e.{{id}} IN (
    SELECT input.execution FROM input
    WHERE input.execution IS NOT NULL
      AND (input.key IS NULL OR input.id IN (SELECT letter_id FROM new_key)))
  ORDER BY e.{{id}}
  FOR NO KEY UPDATE {{skip_locked}}
)
SELECT set_config('deadletter.locked', coalesce(array_agg(input.position), '{}')::text, true)
FROM input
JOIN locked ON locked.execution = input.execution
