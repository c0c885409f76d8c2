UPDATE deadletter_replay
SET state = iif(state IN ('running', 'paused'), 'done', state), ended_at = ?2, driver = NULL, lease_until = NULL
WHERE id = ?1 AND ended_at IS NULL
