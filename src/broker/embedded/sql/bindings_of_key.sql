SELECT queue_id FROM binding WHERE exchange = ?1 AND routing_key = ?2
