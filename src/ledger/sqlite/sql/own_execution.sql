INSERT INTO deadletter_replay_owner (execution_id, replay_id) VALUES (?1, ?2)
-- From now on the execution waits for this replay's message.
ON CONFLICT (execution_id) DO UPDATE SET replay_id = excluded.replay_id
