-- With the outcome that it was recorded with: one that was settled again keeps what it was in its history. As bytes, for
-- a text ends for substr() where it has a NUL.
SELECT number, id, group_id, substr(CAST(type AS BLOB), 1, ?3), substr(CAST(action AS BLOB), 1, ?3), reason,
  substr(CAST(queue AS BLOB), 1, ?3), received_at,
  CASE WHEN tries = 0 THEN outcome
    ELSE coalesce(
      (SELECT what FROM deadletter_letter_step
       WHERE letter_id = deadletter_letter.id AND what IN ('deferred', 'refused')
       ORDER BY deadletter_letter_step.number LIMIT 1),
      outcome)
  END
FROM deadletter_letter
WHERE number > ?1
ORDER BY number
LIMIT ?2
