SELECT step, outcome, count(*), count(claimed_at) FROM deadletter_replay_letter WHERE replay_id = ?1 GROUP BY step, outcome
