UPDATE message
SET state = 0, returns = returns + 1, ready_at = ?2, owner_id = NULL, lease_token = NULL, lease_until = NULL
WHERE id = ?1 AND state = 1
RETURNING queue_id, returns, expires_at
