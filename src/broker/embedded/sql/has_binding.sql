SELECT 1 FROM binding WHERE exchange = ?1 AND routing_key = ?2 AND queue_id = ?3
