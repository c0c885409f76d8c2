-- settle_lock.sql where the platform's table is not even read. $3, the executions, is taken and left alone. There is
-- nothing to judge, so that this one tells itself which letters are new.
WITH input AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::text[]) WITH ORDINALITY
    AS input (id, key, execution, position)
), new_key AS (
  INSERT INTO {{schema}}.letter_key (key, letter_id)
  SELECT DISTINCT ON (key) key, id FROM input WHERE key IS NOT NULL ORDER BY key, position
  ON CONFLICT (key) DO NOTHING
  RETURNING letter_id
)
SELECT CASE WHEN input.key IS NULL THEN NOT EXISTS (SELECT FROM {{schema}}.letter WHERE letter.id = input.id)
            ELSE input.id IN (SELECT new_key.letter_id FROM new_key) END AS is_fresh
FROM input
ORDER BY input.position
