UPDATE deadletter_letter SET state = 'closed', closed_at = ?2, try_again_at = NULL WHERE id = ?1 AND state = 'open'
