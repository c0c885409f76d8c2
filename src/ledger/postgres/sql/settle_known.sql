-- What became of letters that an earlier delivery made, or an earlier one of the same batch.
SELECT letter.outcome
FROM unnest($1::uuid[], $2::bytea[]) WITH ORDINALITY AS known (id, key, position)
LEFT JOIN {{schema}}.letter_key ON letter_key.key = known.key
LEFT JOIN {{schema}}.letter ON letter.id = coalesce(letter_key.letter_id, known.id)
ORDER BY known.position
