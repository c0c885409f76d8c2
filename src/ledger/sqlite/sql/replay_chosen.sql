SELECT count(*), coalesce(sum(outcome = 'taken'), 0) FROM deadletter_replay_letter WHERE replay_id = ?1
