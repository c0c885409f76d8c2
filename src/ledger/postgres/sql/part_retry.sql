-- Retried letters go out through the outbox, and their executions wait for the newest of them.
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
  WHERE settled.retry_replay_id IS NOT NULL
  ORDER BY settled.position
), owned AS (
  INSERT INTO {{schema}}.replay_owner (execution_id, replay_id)
  SELECT DISTINCT ON (settled.execution_id) settled.execution_id, settled.retry_replay_id
  FROM settled
  WHERE settled.retry_replay_id IS NOT NULL AND settled.execution_id IS NOT NULL
  ORDER BY settled.execution_id, settled.position DESC
  ON CONFLICT (execution_id) DO UPDATE SET replay_id = excluded.replay_id
)
