SELECT state, driver, answer_within FROM deadletter_replay WHERE id = ?1
