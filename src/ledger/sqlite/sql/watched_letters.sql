SELECT id, outcome, execution_id
FROM deadletter_letter
WHERE state = 'open' AND outcome IN ('failed', 'stale_attempt', 'not_failable', 'parked')
  AND id > ?1 AND execution_id IS NOT NULL
ORDER BY id
LIMIT ?2
