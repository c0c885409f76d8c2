-- A letter is put off for a short while only ($5): what seems to wait for longer was put off by a clock that has been
-- set back since.
WITH due AS MATERIALIZED (
  (SELECT replay_letter.letter_id, 0 AS place
   FROM {{schema}}.replay_letter
   WHERE replay_letter.replay_id = $1::uuid AND replay_letter.step = 'unsent'
     AND (replay_letter.due_at <= $2::timestamptz OR replay_letter.due_at > $5::timestamptz)
     AND replay_letter.letter_id <> ALL ($6::uuid[])
   ORDER BY replay_letter.letter_id
   LIMIT 500)
  UNION ALL
  (SELECT pending.letter_id, pending.place
   FROM (
     (SELECT replay_letter.letter_id, 1 AS place
      FROM {{schema}}.replay_letter
      WHERE replay_letter.replay_id = $1::uuid AND replay_letter.step = 'pending' AND replay_letter.due_at IS NULL
        AND replay_letter.letter_id <> ALL ($6::uuid[])
      ORDER BY replay_letter.letter_id
      LIMIT $3::bigint)
     UNION ALL
     -- What was put off comes after what was not: however much of it there is, it keeps nobody.
     (SELECT replay_letter.letter_id, 2
      FROM {{schema}}.replay_letter
      WHERE replay_letter.replay_id = $1::uuid AND replay_letter.step = 'pending' AND replay_letter.due_at IS NOT NULL
        AND (replay_letter.due_at <= $2::timestamptz OR replay_letter.due_at > $5::timestamptz)
        AND replay_letter.letter_id <> ALL ($6::uuid[])
      ORDER BY replay_letter.due_at, replay_letter.letter_id
      LIMIT $3::bigint)) AS pending
   ORDER BY pending.place
   LIMIT $3::bigint)
), sized AS MATERIALIZED (
  SELECT due.letter_id, due.place,
    sum(coalesce(letter.size_bytes, 0)) OVER (ORDER BY due.place, due.letter_id) - coalesce(letter.size_bytes, 0)
      AS bytes_before
  FROM due
  LEFT JOIN {{schema}}.letter ON letter.id = due.letter_id
)
SELECT sized.letter_id, letter.dead_letter_queue, letter.delivery_exchange, letter.delivery_routing_key,
  letter.redelivered, letter.received_at, letter.properties, letter.headers, letter.body, letter.id IS NULL,
  sized.place = 0
FROM sized
LEFT JOIN {{schema}}.letter ON letter.id = sized.letter_id
WHERE sized.bytes_before < $4::bigint OR sized.bytes_before = 0
ORDER BY sized.place, sized.letter_id
