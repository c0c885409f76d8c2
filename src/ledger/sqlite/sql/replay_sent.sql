SELECT part.letter_id, letter.execution_id
FROM deadletter_replay_letter AS part
LEFT JOIN deadletter_letter AS letter ON letter.id = part.letter_id
WHERE part.replay_id = ?1 AND part.step = 'sent' AND part.letter_id > ?2
ORDER BY part.letter_id
LIMIT ?3
