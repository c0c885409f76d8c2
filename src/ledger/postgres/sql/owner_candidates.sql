-- Executions that wait for a retry, the next of them in the order of the index.
SELECT execution_key, execution_id, replay_id
FROM {{schema}}.replay_owner
WHERE $1::bytea IS NULL OR execution_key > $1::bytea
ORDER BY execution_key
LIMIT $2::bigint
