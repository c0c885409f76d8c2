SELECT execution_id, replay_id
FROM deadletter_replay_owner
WHERE ?1 IS NULL OR execution_id > ?1
ORDER BY execution_id
LIMIT ?2
