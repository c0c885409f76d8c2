UPDATE message
SET state = 1, delivered = 1, owner_id = ?2, lease_token = ?3, lease_until = ?4
WHERE id = ?1 AND state = 0
