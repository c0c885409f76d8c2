-- The rest of settle_lock.sql and settle_again_lock.sql where executions are judged: their rows are locked, and which
-- letters are new and which rows are ours is left to the statement after it, in settings that end with the transaction.
-- NO KEY: an UPDATE that leaves the id alone takes no more, and rows that refer to the execution may go on being made.
, locked AS MATERIALIZED (
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
  set_config('deadletter.fresh', coalesce(array_agg(found.is_fresh ORDER BY found.position), '{}')::text, true),
  set_config('deadletter.locked', coalesce(array_agg(found.is_locked ORDER BY found.position), '{}')::text, true)
FROM found
