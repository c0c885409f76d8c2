SELECT state, driver, answer_within, ended_at IS NOT NULL FROM deadletter_replay WHERE id = ?1
