SELECT replay_letter.letter_id, replay_letter.step, replay_letter.outcome, replay_letter.detail, letter.execution_id,
  replay_letter.claimed_at, replay_letter.sent_at, replay_letter.ended_at
FROM {{schema}}.replay_letter
LEFT JOIN {{schema}}.letter ON letter.id = replay_letter.letter_id
WHERE replay_letter.replay_id = $1::uuid AND ($2::text IS NULL OR replay_letter.outcome = $2::text)
  AND ($3::uuid IS NULL OR replay_letter.letter_id > $3::uuid)
ORDER BY replay_letter.letter_id
LIMIT $4::bigint
