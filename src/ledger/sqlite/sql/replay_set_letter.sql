UPDATE deadletter_letter SET state = ?2, closed_at = ?3 WHERE id = ?1
