SELECT
  id, state, outcome, detail, reason, queue, dead_letter_queue, exchange, routing_key, deaths,
  message_id, correlation_id, type, action, execution_id, worker_id, group_id,
  died_at, received_at, settled_at, redelivered, possible_duplicate, size_bytes, replays{{more}}
FROM deadletter_letter
WHERE {{conditions}}
ORDER BY id DESC
LIMIT ?16
