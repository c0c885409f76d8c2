WITH due AS MATERIALIZED (
  SELECT letter.id, letter.size_bytes, letter.try_again_at
  FROM {{schema}}.letter
  WHERE letter.try_again_at <= $1::timestamptz
    AND (letter.outcome = 'deferred' OR letter.state = 'open')  -- else a replay has it, or it is done
  ORDER BY letter.try_again_at
  LIMIT $2::bigint
  FOR NO KEY UPDATE SKIP LOCKED
), sized AS (
  SELECT due.id, sum(due.size_bytes) OVER (ORDER BY due.try_again_at, due.id) - due.size_bytes AS bytes_before FROM due
), taken AS (
  UPDATE {{schema}}.letter
  SET try_again_at = $4::timestamptz
  FROM sized
  WHERE letter.id = sized.id AND (sized.bytes_before < $3::bigint OR sized.bytes_before = 0)
  RETURNING letter.id, letter.dead_letter_queue, letter.delivery_exchange, letter.delivery_routing_key,
    letter.redelivered, letter.received_at, letter.properties, letter.headers, letter.body, letter.outcome,
    letter.tries
)
SELECT id, dead_letter_queue, delivery_exchange, delivery_routing_key, redelivered, received_at, properties, headers,
  body, outcome, tries::bigint
FROM taken
ORDER BY id
