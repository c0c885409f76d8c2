SELECT message.id, exchange, routing_key, properties, headers, returns, delivered, body.bytes
-- Messages whose time has passed stay for the keeper to bury. CROSS: in the order of the queue, never of the bodies.
FROM message CROSS JOIN body ON body.id = message.body_id
WHERE queue_id = ?1 AND state = 0 AND (expires_at IS NULL OR expires_at > ?2)
ORDER BY message.id
LIMIT ?3
