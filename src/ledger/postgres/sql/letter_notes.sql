SELECT id, at, who, text FROM {{schema}}.letter_note WHERE letter_id = $1::uuid ORDER BY id
