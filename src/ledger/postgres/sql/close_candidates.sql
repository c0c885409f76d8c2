-- Open letters whose execution may have become final, the next of them in the order of receipt.
SELECT letter.id, letter.execution_id, letter.outcome = 'failed' AS is_failed
FROM {{schema}}.letter
WHERE letter.state = 'open' AND letter.outcome IN ('failed', 'stale_attempt', 'not_failable', 'parked')
  AND letter.execution_id IS NOT NULL AND ($1::uuid IS NULL OR letter.id > $1::uuid)
ORDER BY letter.id
LIMIT $2::bigint
