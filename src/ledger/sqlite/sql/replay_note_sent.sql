UPDATE deadletter_replay_letter
SET step = ?3, outcome = ?4, detail = ?5, sent_at = coalesce(?6, sent_at), due_at = ?7
WHERE replay_id = ?1 AND letter_id = ?2
