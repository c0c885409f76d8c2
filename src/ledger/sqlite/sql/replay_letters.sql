SELECT part.letter_id, part.step, part.outcome, part.detail, letter.execution_id, part.claimed_at, part.sent_at,
  part.ended_at
FROM deadletter_replay_letter AS part
LEFT JOIN deadletter_letter AS letter ON letter.id = part.letter_id
WHERE part.replay_id = ?1 AND (?2 IS NULL OR part.outcome = ?2) AND (?3 IS NULL OR part.letter_id > ?3)
ORDER BY part.letter_id
LIMIT ?4
