-- Letters that wait for a moment that no wait of ours reaches: the clock was set back since.
UPDATE deadletter_letter
SET try_again_at = ?1
WHERE try_again_at > ?2 AND (outcome = 'deferred' OR try_again_at > ?3)
