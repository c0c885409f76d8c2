SELECT routing_key, queue_id FROM binding WHERE exchange = ?1
