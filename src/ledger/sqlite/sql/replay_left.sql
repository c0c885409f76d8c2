SELECT 1 FROM deadletter_replay_letter WHERE replay_id = ?1 AND step <> 'ended' LIMIT 1
