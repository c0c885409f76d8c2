INSERT INTO {{schema}}.letter_key (key, letter_id) VALUES ($1::bytea, $2::uuid)
