INSERT INTO deadletter_replay (
  id, state, made_by, selection, edit, exchange, routing_key, milli_rate, ramp, stop_percent, answer_within, created_at,
  queue_limit)
VALUES (?1, 'running', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
