INSERT INTO deadletter_outbox (
  kind, letter_id, execution_id, exchange, routing_key, properties, headers, wanted_at, due_at, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9)
