SELECT 1 FROM message
WHERE queue_id = ?1 AND state = 0 AND (expires_at IS NULL OR expires_at > ?2)
LIMIT 1
