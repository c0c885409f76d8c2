SELECT letter.outcome
FROM deadletter_letter_key AS known
JOIN deadletter_letter AS letter ON letter.id = known.letter_id
WHERE known.key = ?1
