UPDATE deadletter_replay_letter
SET step = 'claimed', outcome = NULL, detail = '', claimed_at = ?3,
  moved_from = coalesce(?4, moved_from)
WHERE replay_id = ?1 AND letter_id = ?2
