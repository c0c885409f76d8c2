SELECT {{summary}}, rule, properties, headers, body,
  (SELECT replay_letter.replay_id FROM {{schema}}.replay_letter
   WHERE replay_letter.letter_id = letter.id AND replay_letter.step <> 'ended')
FROM {{schema}}.letter
WHERE id = $1::uuid
