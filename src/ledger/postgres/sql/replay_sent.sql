SELECT replay_letter.letter_id, letter.execution_id
FROM {{schema}}.replay_letter
LEFT JOIN {{schema}}.letter ON letter.id = replay_letter.letter_id
WHERE replay_letter.replay_id = $1::uuid AND replay_letter.step = 'sent'
  AND ($2::uuid IS NULL OR replay_letter.letter_id > $2::uuid)
ORDER BY replay_letter.letter_id
LIMIT $3::bigint
