SELECT id, lease_until FROM message
WHERE lease_until IS NOT NULL AND lease_until <= ?1
ORDER BY lease_until, id
LIMIT 1
