INSERT INTO queue (name, message_ttl, dead_letter_exchange, dead_letter_routing_key, max_length, delivery_limit)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
