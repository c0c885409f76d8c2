-- Letters that wait for a moment that no wait of ours reaches: the clock was set back since.
UPDATE {{schema}}.letter
SET try_again_at = $1::timestamptz
WHERE letter.id IN (
  SELECT stranded.id
  FROM {{schema}}.letter AS stranded
  WHERE stranded.try_again_at > $2::timestamptz
    AND (stranded.outcome = 'deferred' OR stranded.try_again_at > $3::timestamptz)
  FOR NO KEY UPDATE SKIP LOCKED)
