UPDATE message
-- Nobody has seen it: it has been delivered as often as it came back, and waits for as long as it did.
SET state = 0, delivered = returns > 0, owner_id = NULL, lease_token = NULL, lease_until = NULL
WHERE id = ?1 AND state = 1 AND lease_token = ?2 AND (lease_until IS NULL OR lease_until > ?3)
RETURNING queue_id, expires_at
