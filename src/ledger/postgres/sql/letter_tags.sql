SELECT tag FROM {{schema}}.letter_tag WHERE letter_id = $1::uuid ORDER BY tag COLLATE "C"
