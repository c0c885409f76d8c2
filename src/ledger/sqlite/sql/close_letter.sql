UPDATE deadletter_letter SET state = 'closed', closed_at = ?3
WHERE id = ?1 AND state = 'open' AND outcome = ?2
