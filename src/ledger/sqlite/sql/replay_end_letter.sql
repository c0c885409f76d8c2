UPDATE deadletter_replay_letter SET step = 'ended', outcome = ?3, detail = ?4, ended_at = ?5,
  moved_from = iif(?6, NULL, moved_from)
WHERE replay_id = ?1 AND letter_id = ?2
