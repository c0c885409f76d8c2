SELECT count(*) FROM deadletter_replay_letter WHERE replay_id = ?1 AND step = 'pending'
