-- Executions whose letters are sent again wait for those messages.
INSERT INTO {{schema}}.replay_owner (execution_key, execution_id, replay_id, row_updated)
SELECT {{schema}}.execution_key(retried.execution_id), retried.execution_id, retried.replay_id, retried.row_updated
FROM unnest($1::bytea[], $2::uuid[], $3::timestamptz[]) AS retried (execution_id, replay_id, row_updated)
ORDER BY 1
ON CONFLICT (execution_key) DO UPDATE
SET execution_id = excluded.execution_id, replay_id = excluded.replay_id, row_updated = excluded.row_updated
