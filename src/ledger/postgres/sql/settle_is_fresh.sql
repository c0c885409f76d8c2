NOT EXISTS (SELECT FROM {{schema}}.letter WHERE letter.id = input.id)
    AND (input.key IS NULL
         OR EXISTS (SELECT FROM {{schema}}.letter_key
                    WHERE letter_key.key = input.key AND letter_key.letter_id = input.id))
