-- All letters have been counted anew. What is missing now will not be found by doing it again, unless somebody records
-- without naming meanwhile: then it is another number the next time.
UPDATE {{schema}}.counting
SET walk = NULL, recounted_at = $1::timestamptz, is_sure = still.missing IN (0, counting.unexplained),
  unexplained = still.missing
FROM (
  SELECT (SELECT coalesce(sum(letter_count.letters), 0)::bigint FROM {{schema}}.letter_count)
    - (SELECT coalesce(sum(uncounted.letters), 0)::bigint FROM {{schema}}.uncounted)
    - counting.counted AS missing
  FROM {{schema}}.counting) AS still
