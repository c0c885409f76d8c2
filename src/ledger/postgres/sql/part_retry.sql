-- Retried letters go out through the outbox, and their executions wait for them.
retry_input AS MATERIALIZED (
  SELECT *
  FROM unnest($25::timestamptz[], $26::bytea[], $27::bytea[], $28::bytea[], $29::bytea[]) WITH ORDINALITY
    AS retry_input (at, exchange, routing_key, properties, headers, position)
), retry AS (
  INSERT INTO {{schema}}.outbox (
    kind, letter_id, execution_id, exchange, routing_key, properties, headers, wanted_at, due_at)
  SELECT 'retry', settled.id, settled.execution_id, retry_input.exchange, retry_input.routing_key,
    retry_input.properties, retry_input.headers, retry_input.at, retry_input.at
  FROM settled
  JOIN retry_input ON retry_input.position = settled.position
  WHERE settled.outcome = 'retried'
  ORDER BY settled.position
), owned AS (
  INSERT INTO {{schema}}.replay_owner (execution_key, execution_id, replay_id, row_updated)
  SELECT {{schema}}.execution_key(settled.execution_id), settled.execution_id, input.retry_replay_id,
    settled.row_updated
  FROM settled
  JOIN input ON input.position = settled.position
  WHERE settled.outcome = 'retried'
  ORDER BY 1
  ON CONFLICT (execution_key) DO UPDATE
  SET execution_id = excluded.execution_id, replay_id = excluded.replay_id, row_updated = excluded.row_updated
)
