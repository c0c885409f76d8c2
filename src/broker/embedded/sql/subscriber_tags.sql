SELECT tag FROM subscriber WHERE queue_id = ?1 ORDER BY tag
