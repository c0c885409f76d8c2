UPDATE message
SET state = 2, death_reason = ?2, died_at = ?3, owner_id = NULL, lease_token = NULL, lease_until = NULL
WHERE id = ?1
