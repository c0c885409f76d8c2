-- A letter is put off for a short while only (?5): what seems to wait for longer was put off by a clock that has been
-- set back since.
SELECT part.letter_id, letter.id IS NULL, letter.dead_letter_queue, letter.delivery_exchange,
  letter.delivery_routing_key, letter.redelivered, letter.received_at, letter.properties, letter.headers, letter.body
FROM deadletter_replay_letter AS part
LEFT JOIN deadletter_letter AS letter ON letter.id = part.letter_id
WHERE part.replay_id = ?1 AND part.step = ?2 AND (part.due_at IS NULL OR part.due_at <= ?3 OR part.due_at > ?5)
-- What was put off comes after what was not: however much of it there is, it keeps nobody.
ORDER BY part.step = 'pending' AND part.due_at IS NOT NULL, part.letter_id
LIMIT ?4
