UPDATE deadletter_letter SET state = 'waiting', closed_at = NULL, replays = replays + 1 WHERE id = ?1
