SELECT id FROM message WHERE queue_id = ?1 AND state = 0 ORDER BY id LIMIT ?2
