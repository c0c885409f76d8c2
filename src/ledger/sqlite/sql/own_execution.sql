INSERT INTO deadletter_replay_owner (execution_id, replay_id, row_updated) VALUES (?1, ?2, ?3)
-- From now on the execution waits for this replay's message.
ON CONFLICT (execution_id) DO UPDATE SET replay_id = excluded.replay_id, row_updated = excluded.row_updated
