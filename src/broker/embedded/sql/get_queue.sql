SELECT id, name, message_ttl, dead_letter_exchange, dead_letter_routing_key, max_length, delivery_limit
FROM queue
WHERE id = ?1
