SELECT message.id, exchange, routing_key, properties, headers, returns, returns > 0, body.bytes, queue.name
FROM message JOIN body ON body.id = message.body_id JOIN queue ON queue.id = message.queue_id
WHERE message.id = ?1 AND state = 1 AND lease_token = ?2 AND (lease_until IS NULL OR lease_until > ?3)
