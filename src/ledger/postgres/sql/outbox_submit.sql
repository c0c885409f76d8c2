INSERT INTO {{schema}}.outbox (
  kind, execution_id, exchange, routing_key, properties, headers, body, wanted_at, due_at)
SELECT 'submit', input.execution_id, input.exchange, input.routing_key, input.properties, input.headers, input.body,
  $7::timestamptz, $7::timestamptz
FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[]) WITH ORDINALITY
  AS input (execution_id, exchange, routing_key, properties, headers, body, position)
ORDER BY input.position
