-- How many of the old counts went; none: all of them are gone.
WITH groups AS (
  DELETE FROM {{schema}}.group_count
  WHERE ctid = ANY (ARRAY(SELECT group_count.ctid FROM {{schema}}.group_count LIMIT $1::bigint))
  RETURNING 1
), group_hours AS (
  DELETE FROM {{schema}}.group_hour
  WHERE ctid = ANY (ARRAY(SELECT group_hour.ctid FROM {{schema}}.group_hour LIMIT $1::bigint))
  RETURNING 1
), hours AS (
  DELETE FROM {{schema}}.letter_hour
  WHERE ctid = ANY (ARRAY(SELECT letter_hour.ctid FROM {{schema}}.letter_hour LIMIT $1::bigint))
  RETURNING 1
)
SELECT (SELECT count(*) FROM groups) + (SELECT count(*) FROM group_hours) + (SELECT count(*) FROM hours)
