SELECT tag, owner_id FROM subscriber WHERE queue_id = ?1 ORDER BY tag
