-- The letters of the oldest names, about as many as are asked for ($2); the names go. A batch is never divided, and a
-- name without a letter means nothing.
WITH oldest AS (
  SELECT uncounted.number, uncounted.letters FROM {{schema}}.uncounted ORDER BY uncounted.number LIMIT $2::bigint
), running AS (
  SELECT oldest.number, sum(oldest.letters) OVER (ORDER BY oldest.number) - oldest.letters AS letters_before FROM oldest
), taken AS (
  DELETE FROM {{schema}}.uncounted
  WHERE uncounted.number IN (SELECT running.number FROM running WHERE running.letters_before < $2::bigint)
  RETURNING uncounted.ids
), named AS MATERIALIZED (
  SELECT DISTINCT each.id FROM taken CROSS JOIN unnest(taken.ids) AS each (id)
)
SELECT {{columns}}
FROM {{schema}}.letter
WHERE letter.id IN (SELECT named.id FROM named)
