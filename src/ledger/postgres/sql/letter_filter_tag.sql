id IN (SELECT letter_id FROM {{schema}}.letter_tag WHERE tag = $13::text)
