-- Takes the keys of the batch and the locks of its executions, each in one order for all, so that two settlements of
-- overlapping batches cannot deadlock. The statement after it sees what everybody committed before these locks, and
-- learns from settings that end with the transaction which letters are new and whose executions are locked.
-- A key that was taken is that of a letter without a record; without a key only the id tells, as it stood before these
-- locks: nobody settles the same letter at the same time, for an id is made anew with each delivery.
-- NO KEY: an UPDATE that leaves the id alone takes no more, and rows that refer to the execution may go on being made.
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
