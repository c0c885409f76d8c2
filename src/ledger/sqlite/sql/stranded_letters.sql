-- Whether any letter waits for a moment that no wait of ours reaches (bring_forward_letters.sql).
SELECT 1 FROM deadletter_letter
WHERE try_again_at > ?2 AND (outcome = 'deferred' OR try_again_at > ?3)
LIMIT 1
