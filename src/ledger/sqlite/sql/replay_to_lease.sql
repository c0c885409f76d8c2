-- Our own leases are renewed once half of one is over (?3); others' are taken once they are over, or so far away (?4)
-- that a clock must have been set back since.
SELECT id, driver IS NOT ?1, answer_within
FROM deadletter_replay
WHERE ended_at IS NULL
  AND (driver IS NULL OR lease_until <= ?2 OR lease_until > ?4 OR (driver = ?1 AND lease_until <= ?3))
ORDER BY id
LIMIT 100
