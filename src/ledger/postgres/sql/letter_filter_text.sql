id IN (
    SELECT letter_text.letter_id
    FROM {{schema}}.letter_text
    JOIN {{schema}}.text_index ON text_index.epoch = letter_text.epoch AND text_index.view = $15::text
    WHERE letter_text.words @@ $14::text::tsquery)
