-- The next letters after $1 in the order of receipt, and which of them lack words of this epoch.
SELECT letter.id, letter.size_bytes,
  NOT EXISTS (
    SELECT FROM {{schema}}.letter_text WHERE letter_text.letter_id = letter.id AND letter_text.epoch = $2::bigint)
FROM {{schema}}.letter
WHERE $1::uuid IS NULL OR letter.id > $1::uuid
ORDER BY letter.id
LIMIT $3::bigint
