-- Events of the executions that were failed, and letters that are sent again. `id` keeps their order.
INSERT INTO {{schema}}.outbox (
  kind, letter_id, execution_id, exchange, routing_key, message_id, properties, headers, body, wanted_at, due_at)
SELECT entry.kind, entry.letter_id, entry.execution_id, entry.exchange, entry.routing_key, entry.message_id,
  entry.properties, entry.headers, entry.body, entry.wanted_at, entry.wanted_at
FROM unnest($1::text[], $2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[], $6::uuid[], $7::bytea[], $8::bytea[],
            $9::bytea[], $10::timestamptz[])
  AS entry (kind, letter_id, execution_id, exchange, routing_key, message_id, properties, headers, body, wanted_at)
