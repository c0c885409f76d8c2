SELECT id, death_reason, died_at FROM message WHERE state = 3 ORDER BY id LIMIT 1
