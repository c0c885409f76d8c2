DELETE FROM body WHERE id IN (SELECT body_id FROM message WHERE queue_id = ?1)
