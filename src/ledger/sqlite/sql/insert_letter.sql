INSERT INTO deadletter_letter (
  id, state, outcome, detail, rule, settled_at, closed_at, try_again_at,
  reason, queue, dead_letter_queue, exchange, routing_key, deaths,
  message_id, correlation_id, type, action, execution_id, worker_id, group_id,
  died_at, received_at, redelivered, possible_duplicate, size_bytes,
  delivery_exchange, delivery_routing_key, properties, headers, body)
VALUES (
  ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
  ?9, ?10, ?11, ?12, ?13, ?14,
  ?15, ?16, ?17, ?18, ?19, ?20, ?21,
  ?22, ?23, ?24, ?25, ?26,
  ?27, ?28, ?29, ?30, ?31)
