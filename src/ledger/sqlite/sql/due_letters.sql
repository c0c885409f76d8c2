SELECT
  id, outcome, tries, dead_letter_queue, delivery_exchange, delivery_routing_key, redelivered, received_at,
  properties, headers, body
FROM deadletter_letter
WHERE try_again_at <= ?1 AND (outcome = 'deferred' OR state = 'open')  -- else a replay has it, or it is done
ORDER BY try_again_at
LIMIT ?2
