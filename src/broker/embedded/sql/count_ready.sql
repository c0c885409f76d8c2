SELECT count(*) FROM message WHERE queue_id = ?1 AND state = 0
