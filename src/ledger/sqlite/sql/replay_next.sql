-- A letter is put off for a short while only (?5): what seems to wait for longer was put off by a clock that has been
-- set back since. What was put off comes after what was not: however much of it there is, it keeps nobody.
SELECT part.letter_id, letter.id IS NULL, letter.dead_letter_queue, letter.delivery_exchange,
  letter.delivery_routing_key, letter.redelivered, letter.received_at, letter.properties, letter.headers, letter.body
FROM (
  SELECT letter_id, 0 AS place
  FROM (
    SELECT letter_id FROM deadletter_replay_letter
    WHERE replay_id = ?1 AND step = ?2
      AND (due_at IS NULL OR (?2 <> 'pending' AND (due_at <= ?3 OR due_at > ?5)))
    ORDER BY letter_id
    LIMIT ?4)
  UNION ALL
  SELECT letter_id, 1
  FROM (
    SELECT letter_id FROM deadletter_replay_letter
    WHERE replay_id = ?1 AND step = 'pending' AND ?2 = 'pending' AND due_at IS NOT NULL AND (due_at <= ?3 OR due_at > ?5)
    ORDER BY letter_id
    LIMIT ?4)
) AS part
LEFT JOIN deadletter_letter AS letter ON letter.id = part.letter_id
ORDER BY part.place, part.letter_id
LIMIT ?4
