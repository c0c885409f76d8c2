-- One moment for all of it: a letter is recorded and named in one change.
SELECT counting.counted, counting.walk, counting.unexplained, counting.is_sure, counting.recounted_at,
  (SELECT coalesce(sum(letter_count.letters), 0)::bigint FROM {{schema}}.letter_count),
  (SELECT coalesce(sum(uncounted.letters), 0)::bigint FROM {{schema}}.uncounted),
  EXISTS (SELECT FROM {{schema}}.uncounted)
FROM {{schema}}.counting
