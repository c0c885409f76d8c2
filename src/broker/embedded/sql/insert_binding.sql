INSERT INTO binding (exchange, routing_key, queue_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING
