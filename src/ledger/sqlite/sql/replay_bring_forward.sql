UPDATE deadletter_replay_letter SET due_at = ?3 WHERE replay_id = ?1 AND letter_id = ?2
