-- Judges the batch, moves its executions, and records letters, events and retries: all or nothing.
WITH
{{input}},
{{judge}},
{{retry}},
record AS MATERIALIZED (
  SELECT *
  FROM unnest($30::text[], $31::text[], $32::bytea[], $33::bytea[], $34::bytea[], $35::bytea[], $36::bigint[],
              $37::bytea[], $38::bytea[], $39::bytea[], $40::bytea[], $41::bytea[], $42::bytea[], $43::timestamptz[],
              $44::timestamptz[], $45::boolean[], $46::boolean[], $47::timestamptz[], $48::bytea[], $49::bytea[],
              $50::bytea[], $51::bytea[], $52::bytea[]) WITH ORDINALITY
    AS record (rule, reason, queue, dead_letter_queue, exchange, routing_key, deaths,
               message_id, correlation_id, type, action, worker_id, group_id, died_at,
               received_at, redelivered, possible_duplicate, try_again_at, delivery_exchange, delivery_routing_key,
               properties, headers, body, position)
), recorded AS (
  INSERT INTO {{schema}}.letter (
    id, state, outcome, detail, rule, reason, queue, dead_letter_queue, exchange, routing_key, deaths, message_id,
    correlation_id, type, action, execution_id, worker_id, group_id, died_at, received_at, settled_at, closed_at,
    redelivered, possible_duplicate, size_bytes, try_again_at, delivery_exchange, delivery_routing_key, properties,
    headers, body)
  SELECT
    settled.id, settled.state, settled.outcome, settled.detail, record.rule, record.reason, record.queue,
    record.dead_letter_queue, record.exchange, record.routing_key, record.deaths, record.message_id,
    record.correlation_id, record.type, record.action, settled.execution_id, record.worker_id, record.group_id,
    record.died_at, record.received_at, terms.settled_at,
    CASE WHEN settled.state = 'closed' THEN terms.settled_at END,
    record.redelivered, record.possible_duplicate, octet_length(record.body),
    CASE WHEN settled.outcome IN ('deferred', 'refused') THEN record.try_again_at END,
    record.delivery_exchange, record.delivery_routing_key, record.properties, record.headers, record.body
  FROM settled
  JOIN record ON record.position = settled.position
  CROSS JOIN terms
  ON CONFLICT (id) DO NOTHING
  RETURNING id, state
), counted AS (
  INSERT INTO {{schema}}.letter_count (state, letters)
  SELECT recorded.state, count(*) FROM recorded GROUP BY recorded.state
), named AS (
  -- For whoever counts them later.
  INSERT INTO {{schema}}.uncounted (letters, ids)
  SELECT count(*), array_agg(recorded.id) FROM recorded HAVING count(*) > 0
), known AS (
  -- The letter that an earlier delivery made; nothing where it is of this very batch.
  SELECT input.position, coalesce(letter_key.letter_id, input.id) AS id
  FROM input
  LEFT JOIN {{schema}}.letter_key ON letter_key.key = input.key
  WHERE input.id NOT IN (SELECT recorded.id FROM recorded)
)
SELECT settled.id IS NOT NULL AND known.id IS NULL AS is_recorded,
  coalesce(settled.outcome, twin.outcome, letter.outcome) AS outcome
FROM input
LEFT JOIN settled ON settled.position = input.position
LEFT JOIN known ON known.position = input.position
LEFT JOIN settled AS twin ON twin.id = known.id
LEFT JOIN {{schema}}.letter ON letter.id = known.id
ORDER BY input.position
