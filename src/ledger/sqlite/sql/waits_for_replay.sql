SELECT 1 FROM deadletter_replay_owner WHERE execution_id = ?1 AND replay_id = ?2
