INSERT INTO message (queue_id, state, exchange, routing_key, properties, headers, body_id, ready_at, expires_at)
VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
