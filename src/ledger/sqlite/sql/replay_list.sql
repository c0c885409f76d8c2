SELECT id, state, reason, made_by, selection, edit, exchange, routing_key, milli_rate, ramp, stop_percent,
  answer_within, created_at, ended_at, failed_again_before, succeeded_before, queue_limit
FROM deadletter_replay
WHERE {{conditions}}
ORDER BY id DESC
LIMIT ?3
