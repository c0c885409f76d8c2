SELECT 1 FROM message
WHERE id = ?1 AND state = 1 AND lease_token = ?2 AND (lease_until IS NULL OR lease_until > ?3)
