SELECT queue_id, exchange, routing_key, properties, headers, body_id FROM message WHERE id = ?1
