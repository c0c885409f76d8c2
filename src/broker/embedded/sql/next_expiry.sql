SELECT id, max(expires_at, ready_at) FROM message
WHERE state = 0 AND expires_at IS NOT NULL AND expires_at <= ?1
ORDER BY expires_at, id
LIMIT 1
