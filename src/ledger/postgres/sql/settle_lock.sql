-- Takes the keys of the batch and the locks of its executions, each in one order for all, so that two settlements of
-- overlapping batches cannot deadlock. The statement after it sees what everybody committed before these locks.
-- A key that was taken is that of a letter without a record; without a key only the id tells, as it stood before these
-- locks: nobody settles the same letter at the same time, for an id is made anew with each delivery.
WITH input AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::{{id_param}}[]) WITH ORDINALITY
    AS input (id, key, execution, position)
), new_key AS (
  INSERT INTO {{schema}}.letter_key (key, letter_id)
  SELECT DISTINCT ON (key) key, id FROM input WHERE key IS NOT NULL ORDER BY key, position
  ON CONFLICT (key) DO NOTHING
  RETURNING letter_id
), known AS MATERIALIZED (
  SELECT input.execution, input.position,
    CASE WHEN input.key IS NULL THEN NOT EXISTS (SELECT FROM {{schema}}.letter WHERE letter.id = input.id)
         ELSE input.id IN (SELECT new_key.letter_id FROM new_key) END AS is_fresh
  FROM input
)
{{rest}}
