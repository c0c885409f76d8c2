DELETE FROM message WHERE queue_id = ?1
