-- Records letters as they were judged.
INSERT INTO {{schema}}.letter (
  id, state, outcome, detail, rule, reason, queue, dead_letter_queue, exchange, routing_key, deaths, message_id,
  correlation_id, type, action, execution_id, worker_id, group_id, died_at, received_at, settled_at, closed_at,
  redelivered, possible_duplicate, size_bytes, try_again_at, delivery_exchange, delivery_routing_key, properties,
  headers, body)
SELECT
  record.id, record.state, record.outcome, record.detail, record.rule, record.reason, record.queue,
  record.dead_letter_queue, record.exchange, record.routing_key, record.deaths, record.message_id,
  record.correlation_id, record.type, record.action, record.execution_id, record.worker_id, record.group_id,
  record.died_at, record.received_at, $1::timestamptz,
  CASE WHEN record.state = 'closed' THEN $1::timestamptz END,
  record.redelivered, record.possible_duplicate, octet_length(record.body), record.try_again_at,
  record.delivery_exchange, record.delivery_routing_key, record.properties, record.headers, record.body
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::timestamptz[], $9::text[],
            $10::bytea[], $11::bytea[], $12::bytea[], $13::bytea[], $14::bigint[], $15::bytea[], $16::bytea[],
            $17::bytea[], $18::bytea[], $19::bytea[], $20::bytea[], $21::timestamptz[], $22::timestamptz[],
            $23::boolean[], $24::boolean[], $25::bytea[], $26::bytea[], $27::bytea[], $28::bytea[], $29::bytea[])
  AS record (id, state, outcome, detail, execution_id, rule, try_again_at, reason, queue, dead_letter_queue, exchange,
             routing_key, deaths, message_id, correlation_id, type, action, worker_id, group_id, died_at, received_at,
             redelivered, possible_duplicate, delivery_exchange, delivery_routing_key, properties, headers, body)
